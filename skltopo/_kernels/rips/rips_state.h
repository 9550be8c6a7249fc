// The state of a sweep over the edges of a Vietoris-Rips filtration: the graph so far, the living
// classes with their cocycles, and the pairs that were found. In C++ because a struct of Cython
// can't hold these.
#pragma once

#include <vector>

#include "buffer.h"
#include "rips_rows.h"

// A living class at a vertex that it touches: the bit row of its cocycle there (H_1), or its set of
// rows (H_2).
struct Touch {
    std::int32_t g;
    Word *row;
};

struct LivingClass {
    std::uint32_t birth;                 // the edge, packed
    bool alive;
    std::vector<std::int32_t> vertices;  // that it touches
    Word **sets = nullptr;               // H_2: its set of rows at each vertex, or null
};

struct RipsState {
    RipsState() = default;
    RipsState(const RipsState &) = delete;  // pools point into it

    std::ptrdiff_t n = 0, n_words = 0;
    Buffer<Word> rows, lens;              // neighbours of each vertex so far; the lens of an edge
    Buffer<std::int32_t> parent;          // union-find
    Buffer<std::uint8_t> touched;         // whether a class of H_1 touches a vertex
    RowPool row_pool, set_pool, table_pool;

    std::vector<LivingClass> holes;       // all of H_1 by birth
    std::vector<std::vector<Touch>> holes_at;  // by vertex
    std::vector<HoleAtEdge> edge_holes;   // those at the ends of the edge that enters
    std::vector<std::int32_t> slot;       // hole -> its position in edge_holes, or -1
    std::vector<std::int32_t> odd_holes;  // scratch
    Buffer<Word> hole_sums;               // x of edge_holes

    std::vector<LivingClass> voids;       // all of H_2 by birth
    std::vector<std::vector<Touch>> voids_at;
    std::vector<VoidAtEdge> edge_voids;
    Buffer<Word> unvisited, frontier, components;  // components: one row after the other

    std::vector<std::uint64_t> pairs[3];  // by dimension: birth edge << 32 | death edge

    std::ptrdiff_t bytes_left = 0;        // for cocycles

    void reset(std::ptrdiff_t n_vertices) {
        n = n_vertices;
        n_words = row_words(n);
        rows.grow(n * n_words);
        std::memset(rows.data(), 0, static_cast<std::size_t>(n * n_words) * sizeof(Word));
        lens.grow(n_words);
        parent.grow(n);
        touched.grow(n);
        for (std::ptrdiff_t v = 0; v < n; v++) {
            parent[v] = static_cast<std::int32_t>(v);
            touched[v] = 0;
        }
        row_pool.reset(n_words, n_words, &bytes_left);
        set_pool.reset(n_words + n + 1, n_words, &bytes_left);
        table_pool.reset(n, n, &bytes_left);
        unvisited.grow(n_words);
        frontier.grow(n_words);
        holes_at.resize(static_cast<std::size_t>(n));
        voids_at.resize(static_cast<std::size_t>(n));
    }
};

// Sort items of equal keys by the matrix entries that the keys were rounded from, ties by edge.
template <class T>
static void sort_by_entry(Word *begin, Word *end, const T *matrix, std::ptrdiff_t n) {
    std::sort(begin, end, [matrix, n](Word a, Word b) {
        const T x = matrix[first_end(a) * n + second_end(a)];
        const T y = matrix[first_end(b) * n + second_end(b)];
        return x < y || (x == y && a < b);
    });
}
