// Loops of Prim's algorithm over rows of a matrix, which vector instructions speed up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "dispatch.h"

// An edge of the tree with ends low < high.
template <class Float>
struct TreeEdge {
    Float value;
    std::int32_t low, high;
    bool operator<(const TreeEdge &other) const {
        if (value != other.value) return value < other.value;
        return low != other.low ? low < other.low : high < other.high;
    }
};

// Offer every point i an edge of length row[i] to vertex: the shorter one is kept in value and
// nearest, of equally long ones that with the smaller vertex. Points of the tree have inside[i] and
// value[i] infinite, so they keep value. Returns the least value.
template <class Float>
SKLTOPO_INLINE Float relax_row_of(const Float *row, const Float *inside, std::ptrdiff_t n,
                                  std::int32_t vertex, Float *value, std::int32_t *nearest) {
    constexpr std::ptrdiff_t LANES = 64 / sizeof(Float);
    Float least[LANES];
    std::ptrdiff_t i = 0;
    for (std::ptrdiff_t k = 0; k < LANES; k++) least[k] = value[0];
    for (; i + LANES <= n; i += LANES)
        for (std::ptrdiff_t k = 0; k < LANES; k++) {
            const Float t = row[i + k] > inside[i + k] ? row[i + k] : inside[i + k];
            const Float old = value[i + k];
            const std::int32_t from = nearest[i + k];
            const bool better = (t < old) | ((t == old) & (vertex < from));
            const Float kept = better ? t : old;
            value[i + k] = kept;
            nearest[i + k] = better ? vertex : from;
            least[k] = kept < least[k] ? kept : least[k];
        }
    Float all = value[0];
    for (; i < n; i++) {
        const Float t = row[i] > inside[i] ? row[i] : inside[i];
        if (t < value[i] || (t == value[i] && vertex < nearest[i])) {
            value[i] = t;
            nearest[i] = vertex;
        }
        all = value[i] < all ? value[i] : all;
    }
    for (std::ptrdiff_t k = 0; k < LANES; k++) all = least[k] < all ? least[k] : all;
    return all;
}

// Return the point with the first of the edges of length least, in the order of (low, high).
template <class Float>
SKLTOPO_INLINE std::ptrdiff_t first_of_least(const Float *value, const std::int32_t *nearest,
                                             std::ptrdiff_t n, Float least) {
    constexpr std::ptrdiff_t LANES = 32;
    std::ptrdiff_t best = -1;
    std::int32_t low = 0, high = 0;
    for (std::ptrdiff_t begin = 0; begin < n; begin += LANES) {
        const std::ptrdiff_t end = begin + LANES < n ? begin + LANES : n;
        int found = 0;
        for (std::ptrdiff_t i = begin; i < end; i++) found |= value[i] == least;
        if (!found) continue;
        for (std::ptrdiff_t i = begin; i < end; i++) {
            if (value[i] != least) continue;
            const std::int32_t point = static_cast<std::int32_t>(i);
            const std::int32_t a = point < nearest[i] ? point : nearest[i];
            const std::int32_t b = point < nearest[i] ? nearest[i] : point;
            if (best < 0 || a < low || (a == low && b < high)) {
                best = i;
                low = a;
                high = b;
            }
        }
    }
    return best;
}

#define SKLTOPO_ROWS(FLOAT, NAME)                                                               \
    SKLTOPO_INLINE FLOAT relax_##NAME##_body(const FLOAT *row, const FLOAT *inside,             \
                                             std::ptrdiff_t n, std::int32_t vertex,             \
                                             FLOAT *value, std::int32_t *nearest) {             \
        return relax_row_of(row, inside, n, vertex, value, nearest);                            \
    }                                                                                           \
    SKLTOPO_VARIANTS(FLOAT, relax_##NAME,                                                       \
                     (const FLOAT *row, const FLOAT *inside, std::ptrdiff_t n,                  \
                      std::int32_t vertex, FLOAT *value, std::int32_t *nearest),                \
                     (row, inside, n, vertex, value, nearest))                                  \
    SKLTOPO_INLINE std::ptrdiff_t first_##NAME##_body(                                          \
        const FLOAT *value, const std::int32_t *nearest, std::ptrdiff_t n, FLOAT least) {       \
        return first_of_least(value, nearest, n, least);                                        \
    }                                                                                           \
    SKLTOPO_VARIANTS(std::ptrdiff_t, first_##NAME,                                              \
                     (const FLOAT *value, const std::int32_t *nearest, std::ptrdiff_t n,        \
                      FLOAT least),                                                             \
                     (value, nearest, n, least))
SKLTOPO_ROWS(float, single)
SKLTOPO_ROWS(double, double)

template <class Edge>
static inline void sort_tree(Edge *edges, std::ptrdiff_t n) {
    std::sort(edges, edges + n);
}
