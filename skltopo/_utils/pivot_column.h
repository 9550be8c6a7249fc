// PivotColumn: a column of a boundary matrix modulo 2 while it is being reduced.
// A set of rows as bits, under levels of bits that tell which 64-bit words below are not zero:
// toggling a row and finding the last one touch one word a level. Unlike a heap it never holds a
// row twice, so its memory is that of the rows however long a reduction takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bits.h"
#include "buffer.h"

class PivotColumn {
  public:
    // Make room for rows 0 .. n_rows - 1, all of them absent.
    void reset(std::ptrdiff_t n_rows) {
        std::ptrdiff_t words = (n_rows + 63) / 64, total = 0;
        n_levels_ = 0;
        do {
            begin_[n_levels_++] = total;
            total += words;
            words = (words + 63) / 64;
        } while (total - begin_[n_levels_ - 1] > 1);
        bits_.grow(total);
        if (total) std::memset(bits_.data(), 0, static_cast<std::size_t>(total) * 8);
    }

    void toggle(std::int32_t row) {
        std::ptrdiff_t position = row;
        for (int level = 0; level < n_levels_; ++level) {
            std::uint64_t &word = bits_[begin_[level] + (position >> 6)];
            const bool was_empty = word == 0;
            word ^= std::uint64_t(1) << (position & 63);
            if (was_empty == (word == 0)) return;  // the levels above know already
            position >>= 6;
        }
    }

    // The last row that is present, -1 if none is.
    std::int32_t last() {
        std::ptrdiff_t position = 0;
        for (int level = n_levels_ - 1; level >= 0; --level) {
            const std::uint64_t word = bits_[begin_[level] + position];
            if (word == 0) return -1;  // only on the top level
            position = position * 64 + highest_bit(word);
        }
        return static_cast<std::int32_t>(position);
    }

  private:
    Buffer<std::uint64_t> bits_;
    std::ptrdiff_t begin_[8] = {};  // 64^6 > 2^31
    int n_levels_ = 0;
};
