// The memory of one sweep of an image or a line: what its steps leave for each other.
// A C++ struct because Cython can't declare a template of its own.
#pragma once

#include <cstdint>

#include "buffer.h"

// A saddle, and two pixels of its arcs; later the minima below these, which it joins.
struct Record {
    std::int32_t a, b, saddle;
};

template <class T>
struct Sweep {
    Buffer<T> block;                     // a few padded rows of the image
    Buffer<std::uint8_t> older;          // the same rows: bit k set if neighbour k is older
    Buffer<std::int32_t> special;        // one row: its minima and saddles
    Buffer<std::int32_t> parent;         // per padded pixel: an older pixel, or ~id of its minimum
    Buffer<Record> record;               // in order of memory
    Buffer<T> record_height;
    Buffer<std::int32_t> root;           // union-find over ids of minima

    std::ptrdiff_t n_minima = 0;
    Buffer<std::int32_t> minimum;        // id -> padded pixel; id 0 is the exterior if there is one
    Buffer<T> minimum_height;

    std::ptrdiff_t n_merged = 0;
    Buffer<std::int32_t> merged;         // the minimum with this id ...
    Buffer<std::int32_t> merged_at;      // ... dies at this padded pixel
    Buffer<T> merged_height;

    Buffer<std::int32_t> extremum;       // of a line; a stack overwrites its beginning
    Buffer<T> extremum_height;

    Buffer<std::uint64_t> pair;          // birth << 32 | death, not yet sorted
    Buffer<T> minus_length;
    Buffer<std::uint64_t> sorted;        // pairs sample by sample, longest first
    Buffer<std::uint64_t> items, items_scratch;  // sorting

    // Call f with every buffer.
    template <class F>
    void each(F f) {
        f(block), f(older), f(special), f(parent), f(record), f(record_height), f(root);
        f(minimum), f(minimum_height), f(merged), f(merged_at), f(merged_height);
        f(extremum), f(extremum_height), f(pair), f(minus_length), f(sorted), f(items);
        f(items_scratch);
    }

    std::ptrdiff_t bytes() {
        std::ptrdiff_t sum = 0;
        each([&sum](auto &buffer) { sum += buffer.bytes(); });
        return sum;
    }
};
