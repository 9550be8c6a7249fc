// Loops of Prim's algorithm over points that are not in the tree, which vector instructions speed up.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.h"

// out[i] = the squared distance of point i to p, coordinates in order, begin <= i < end. Coordinate
// k of point i is coordinates[k * stride + i].
SKLTOPO_INLINE void squared_lengths_body(const double *coordinates, std::ptrdiff_t stride,
                                         std::ptrdiff_t begin, std::ptrdiff_t end,
                                         std::ptrdiff_t n_dims, const double *p, double *out) {
    for (std::ptrdiff_t i = begin; i < end; i++) {
        const double step = coordinates[i] - p[0];
        out[i - begin] = step * step;
    }
    for (std::ptrdiff_t k = 1; k < n_dims; k++) {
        const double *x = coordinates + k * stride;
        for (std::ptrdiff_t i = begin; i < end; i++) {
            const double step = x[i] - p[k];
            out[i - begin] += step * step;
        }
    }
}
SKLTOPO_VARIANTS(void, squared_lengths,
                 (const double *coordinates, std::ptrdiff_t stride, std::ptrdiff_t begin,
                  std::ptrdiff_t end, std::ptrdiff_t n_dims, const double *p, double *out),
                 (coordinates, stride, begin, end, n_dims, p, out))

// Offer every point i an edge of value offered[i] to vertex: the smaller value is kept, of equal
// values the smaller vertex. Returns the least value over all points.
SKLTOPO_INLINE double relax_body(const double *offered, std::ptrdiff_t n, std::int64_t vertex,
                                 double *value, std::int64_t *nearest) {
    const std::ptrdiff_t LANES = 8;
    double least[LANES];
    std::ptrdiff_t i = 0;
    for (std::ptrdiff_t k = 0; k < LANES; k++) least[k] = value[0];
    for (; i + LANES <= n; i += LANES)
        for (std::ptrdiff_t k = 0; k < LANES; k++) {
            const double t = offered[i + k], old = value[i + k];
            const std::int64_t from = nearest[i + k];
            const bool better = (t < old) | ((t == old) & (vertex < from));
            const double kept = better ? t : old;
            value[i + k] = kept;
            nearest[i + k] = better ? vertex : from;
            least[k] = kept < least[k] ? kept : least[k];
        }
    for (; i < n; i++) {
        if (offered[i] < value[i] || (offered[i] == value[i] && vertex < nearest[i])) {
            value[i] = offered[i];
            nearest[i] = vertex;
        }
        least[0] = value[i] < least[0] ? value[i] : least[0];
    }
    for (std::ptrdiff_t k = 1; k < LANES; k++) least[0] = least[k] < least[0] ? least[k] : least[0];
    return least[0];
}
SKLTOPO_VARIANTS(double, relax,
                 (const double *offered, std::ptrdiff_t n, std::int64_t vertex, double *value,
                  std::int64_t *nearest),
                 (offered, n, vertex, value, nearest))
