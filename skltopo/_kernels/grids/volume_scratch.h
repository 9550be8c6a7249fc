// The memory of the kernel for volumes: what its steps leave for each other.
// C++ structs because Cython can't declare templates of its own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "buffer.h"
#include "scratch.h"

// A critical triangle or square: its highest vertex, and the directions of the two edges there.
struct Cell {
    std::int32_t vertex;
    std::int16_t a, b;
};

// A reduced column: its cell, and its edges but for the youngest, in an arena.
struct Column {
    std::int64_t start;
    std::int32_t length;
    std::int32_t cell;
};

template <class T>
struct Volume {
    Buffer<T> height;              // the swept function, padded by one voxel
    Buffer<std::uint16_t> code;    // per padded voxel: its lower star, as a row of a StarTable
    Buffer<std::uint8_t> down;     // of cubes, per padded voxel: as StarTable.down
    Buffer<std::uint32_t> mask;    // one row: which of 26 neighbours are older
    Buffer<std::uint8_t> negative; // per critical edge: whether it joins two components
    Buffer<std::int32_t> position; // of a record that is sorted among all records
    Buffer<std::int32_t> saddle;   // voxels with critical edges, in order of memory
    std::ptrdiff_t n_saddles = 0;
    Buffer<Cell> cell;             // critical cells that may end a loop
    Buffer<std::int32_t> owner;    // per critical edge: the column that it is the youngest edge of
    Buffer<Column> column;
    Buffer<std::uint32_t> arena;   // contents of columns, the low halves of keys
    Buffer<std::uint64_t> heap;    // voxels of the column that is reduced, the youngest in front
    Buffer<std::uint32_t> entry;   // and its edges, when it ends
    Buffer<std::int32_t> base;     // per block of voxels: number of the first critical edge

    template <class F>
    void each(F f) {
        f(height), f(code), f(down), f(mask), f(negative), f(position), f(saddle), f(cell);
        f(owner), f(column), f(arena), f(heap), f(entry), f(base);
    }
};

template <class T>
struct VolumeScratch {
    Volume<T> volume;
    Sweep<T> sweep;

    // Pairs of a dimension volume by volume, longest first.
    Buffer<std::uint64_t> &sorted(int dim) { return sorted_[dim]; }

    // Volumes are large, and a step gives back what the next does not need: no holes in a heap.
    VolumeScratch() {
        each([](auto &buffer) { buffer.map_from(std::size_t(1) << 19); });
    }

    std::ptrdiff_t bytes() {
        std::ptrdiff_t sum = 0;
        each([&sum](auto &buffer) { sum += buffer.bytes(); });
        return sum;
    }

  private:
    Buffer<std::uint64_t> sorted_[3];

    template <class F>
    void each(F f) {
        volume.each(f), sweep.each(f);
        for (auto &pairs : sorted_) f(pairs);
    }
};
