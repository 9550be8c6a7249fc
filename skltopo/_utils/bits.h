// Positions and numbers of bits in a word.
#pragma once

#include <cstdint>

#ifdef _MSC_VER
#include <intrin.h>
#endif

// Position of the lowest bit of a word that is not zero.
static inline int lowest_bit(std::uint64_t word) {
#ifdef _MSC_VER
    unsigned long position;
    _BitScanForward64(&position, word);
    return static_cast<int>(position);
#else
    return __builtin_ctzll(word);
#endif
}

// Position of the highest bit of a word that is not zero.
static inline int highest_bit(std::uint64_t word) {
#ifdef _MSC_VER
    unsigned long position;
    _BitScanReverse64(&position, word);
    return static_cast<int>(position);
#else
    return 63 - __builtin_clzll(word);
#endif
}

// Without the instruction for it, which not every x86-64 machine has.
static inline std::uint32_t count_bits(std::uint32_t word) {
    word -= word >> 1 & 0x55555555u;
    word = (word & 0x33333333u) + (word >> 2 & 0x33333333u);
    return ((word + (word >> 4)) & 0x0F0F0F0Fu) * 0x01010101u >> 24;
}

// For loops that are compiled for machines with the instruction (see dispatch.h).
static inline int count_word_bits(std::uint64_t word) {
#if defined(__GNUC__)
    return __builtin_popcountll(word);
#else
    return static_cast<int>(count_bits(static_cast<std::uint32_t>(word)) +
                            count_bits(static_cast<std::uint32_t>(word >> 32)));
#endif
}
