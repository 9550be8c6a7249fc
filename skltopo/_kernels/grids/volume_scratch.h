// Memory of the kernel for volumes: what each step leaves for the next.
//
// They are C++ structs because Cython can't declare templates.
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
    bool with_loops = false;       // whether PD_1 is asked for
    Buffer<std::uint8_t> negative; // per critical edge: whether it joins two components
    Buffer<std::int32_t> position; // of the records that are sorted, among all records
    Buffer<std::int32_t> saddle;   // voxels with critical edges, in order of memory
    Buffer<Cell> cell;             // critical cells that may destroy a loop
    std::ptrdiff_t n_saddles = 0, n_edges = 0, n_cells = 0, n_columns = 0, n_arena = 0;
    Buffer<std::int32_t> owner;    // per critical edge: the column that it is the youngest edge of
    Buffer<Column> column;
    Buffer<std::uint32_t> arena;   // contents of columns, voxel << 4 | direction for each edge
    Buffer<std::uint64_t> heap;    // voxels of the column that is reduced, the youngest in front
    Buffer<std::uint32_t> entry;   // and its edges, when it is done
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

    // Volumes are large, and each step gives back what later ones don't need. Memory of the heap
    // would stay as holes, so even buffers of 512 kB are mapped.
    VolumeScratch() {
        each([](auto &buffer) { buffer.map_from(std::size_t(1) << 19); });
    }

    std::ptrdiff_t bytes() {
        std::ptrdiff_t sum = 0;
        each([&sum](auto &buffer) { sum += buffer.bytes(); });
        return sum;
    }

  private:
    template <class F>
    void each(F f) {
        volume.each(f), sweep.each(f);
    }
};
