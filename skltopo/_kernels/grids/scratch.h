// Memory for one sweep of a line, an image or a volume: what each step leaves for the next.
//
// It is a C++ struct because Cython can't declare templates.
#pragma once

#include <cstdint>

#include "buffer.h"

// A saddle v, and one pixel of each of two components of its older neighbours. Later a and b are the
// minima under these pixels, which v joins.
struct Record {
    std::int32_t a, b, saddle;
};

template <class T>
struct Sweep {
    Buffer<T> block;                     // a few padded rows of the image
    Buffer<std::uint8_t> older;          // the same rows: bit k is set if neighbour k is older
    Buffer<std::int32_t> special;        // columns of the minima and saddles of one row
    Buffer<std::int32_t> parent;         // per padded pixel: an older pixel, or ~id of its minimum

    std::ptrdiff_t n_records = 0;
    Buffer<Record> record;               // in the order of the sweep
    Buffer<T> record_height;
    Buffer<std::int32_t> root;           // union-find over ids of minima

    std::ptrdiff_t n_minima = 0;
    Buffer<std::int32_t> minimum;        // id -> padded pixel; id 0 is the exterior if there is one
    Buffer<T> minimum_height;

    std::ptrdiff_t n_merged = 0;
    Buffer<std::int32_t> merged;         // the minimum with this id ...
    Buffer<std::int32_t> merged_at;      // ... dies at this padded pixel
    Buffer<T> merged_height;

    Buffer<std::int32_t> extremum;       // of a line; those that are not paired yet come first
    Buffer<T> extremum_height;

    Buffer<T> product;                   // an image times a weight (features.pyx)
    Buffer<std::uint64_t> pair;          // birth << 32 | death of merged minima (features.pyx)
    Buffer<T> minus_length;
    Buffer<std::uint64_t> items, items_scratch;  // sorting

    // Call f with every buffer.
    template <class F>
    void each(F f) {
        f(block), f(older), f(special), f(parent), f(record), f(record_height), f(root);
        f(minimum), f(minimum_height), f(merged), f(merged_at), f(merged_height);
        f(extremum), f(extremum_height), f(product), f(pair), f(minus_length), f(items);
        f(items_scratch);
    }

    std::ptrdiff_t bytes() {
        std::ptrdiff_t sum = 0;
        each([&sum](auto &buffer) { sum += buffer.bytes(); });
        return sum;
    }
};
