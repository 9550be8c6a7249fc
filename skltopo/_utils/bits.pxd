"""Positions and numbers of bits in a word (see bits.h)."""

from libc.stdint cimport uint32_t, uint64_t


cdef extern from "bits.h" nogil:
    int lowest_bit(uint64_t word)
    int highest_bit(uint64_t word)
    uint32_t count_bits(uint32_t word)
