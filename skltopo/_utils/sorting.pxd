"""Stable argsort of floats for the kernels: radix sort on order-preserving integer keys.

LSD radix sort, three passes of 11 bits over 64-bit items (key << 32 | position): O(n) and stable,
hence ties come out by position. float64 is sorted by its rounding to float32, which is monotone. If
a value was rounded, runs of equal keys are then sorted by insertion; when that takes too long
(values that differ below the resolution of float32), the low half of 64-bit keys and then the high
half are sorted, three passes each. Many items are first parted by their highest bits, so that the
two passes that are left find each part in the cache (the pairs of a noisy line of 1e6: a seventh of
the whole time less).

Ctrl-C is heard after every PATIENCE items.
"""

from cython cimport floating
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from .buffer cimport Buffer
from .signals cimport check_signals

cdef enum:
    PATIENCE = 1 << 20      # items between two checks for Ctrl-C
    RADIX_BITS = 11
    RADIX_SIZE = 2048
    HIGH_BITS = 10  # 2 * RADIX_BITS of 32 are left
    SMALL = 48  # below this, insertion beats clearing histograms
    FEW = 1500  # below this, four small histograms beat three large ones
    MANY = 1 << 18      # above this, items do not stay in the cache of a core
    BLOCK = 64  # values whose keys are made at a time: a second look finds them in the cache


cdef inline uint32_t key32(float x) noexcept nogil:
    """Order-preserving bits of a float32; -0.0 is expected to be normalised away."""
    cdef uint32_t bits
    memcpy(&bits, &x, 4)
    return bits ^ (0xFFFFFFFFu if bits >> 31 else 0x80000000u)


cdef inline uint64_t key64(double x) noexcept nogil:
    """Order-preserving bits of a float64."""
    cdef uint64_t bits
    memcpy(&bits, &x, 8)
    return bits ^ (0xFFFFFFFFFFFFFFFFu if bits >> 63 else 0x8000000000000000u)


cdef inline void byte_sort(Buffer[uint64_t]& items, Buffer[uint64_t]& scratch,
                           Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Do as radix_sort in four passes of 8 bits: small histograms, for few items."""
    cdef uint32_t[4][256] count
    cdef uint32_t[4] total
    cdef uint32_t key, c
    cdef Py_ssize_t i, b
    cdef int digit, shift
    cdef uint64_t item
    cdef uint64_t* source
    cdef uint64_t* target
    memset(&count[0][0], 0, sizeof(count))
    for i in range(begin, end):
        key = <uint32_t>(items[i] >> 32)
        count[0][key & 255] += 1
        count[1][(key >> 8) & 255] += 1
        count[2][(key >> 16) & 255] += 1
        count[3][key >> 24] += 1
    for digit in range(4):
        total[digit] = 0
    for b in range(256):
        for digit in range(4):
            c = count[digit][b]
            count[digit][b] = total[digit]
            total[digit] += c
    for digit in range(4):
        shift = 32 + 8 * digit
        source = scratch.data() if digit & 1 else items.data()
        target = items.data() if digit & 1 else scratch.data()
        for i in range(begin, end):
            item = source[i]
            b = (item >> shift) & 255
            target[begin + count[digit][b]] = item
            count[digit][b] += 1


cdef inline int scatter(const uint64_t* source, uint64_t* target, uint32_t* place, Py_ssize_t begin,
                        Py_ssize_t end, int shift) except -1 nogil:
    """Move items to their places after begin, by RADIX_BITS bits of each."""
    cdef Py_ssize_t i, b, stop
    cdef uint64_t item
    while begin < end:
        stop = min(begin + PATIENCE, end)
        for i in range(begin, stop):
            item = source[i]
            b = (item >> shift) & (RADIX_SIZE - 1)
            target[place[b]] = item
            place[b] += 1
        begin = stop
        if begin < end:
            check_signals()
    return 0


cdef inline void to_places(uint32_t* count) noexcept nogil:
    """Turn the number of items of each digit into where the first of them goes."""
    cdef uint32_t total = 0, c
    cdef Py_ssize_t b
    for b in range(RADIX_SIZE):
        c = count[b]
        count[b] = total
        total += c


cdef inline int radix_sort(Buffer[uint64_t]& items, Buffer[uint64_t]& scratch,
                           Py_ssize_t begin, Py_ssize_t end) except -1 nogil:
    """Sort items[begin:end] by their high 32 bits, stably."""
    if end - begin < FEW:
        byte_sort(items, scratch, begin, end)
    elif end - begin < MANY:
        wide_sort(items.data() + begin, scratch.data() + begin, end - begin, 3)
    else:
        deep_sort(items, scratch, begin, end)
    return 0


cdef inline int wide_sort(uint64_t* items, uint64_t* scratch, Py_ssize_t n,
                          int n_digits) except -1 nogil:
    """Sort n items by the lower 2 or all 3 digits of RADIX_BITS of their high 32 bits."""
    cdef uint32_t[3][RADIX_SIZE] count
    cdef Py_ssize_t i
    cdef int digit
    cdef uint32_t key
    memset(&count[0][0], 0, sizeof(count))
    for i in range(n):
        key = <uint32_t>(items[i] >> 32)
        count[0][key & (RADIX_SIZE - 1)] += 1
        count[1][(key >> RADIX_BITS) & (RADIX_SIZE - 1)] += 1
        count[2][key >> (2 * RADIX_BITS)] += 1
    for digit in range(n_digits):
        to_places(count[digit])
        if digit == 1:
            scatter(scratch, items, count[1], 0, n, 32 + RADIX_BITS)
        else:
            scatter(items, scratch, count[digit], 0, n, 32 + digit * RADIX_BITS)
    if n_digits == 3:
        memcpy(items, scratch, n * sizeof(uint64_t))
    return 0


cdef inline int deep_sort(Buffer[uint64_t]& items, Buffer[uint64_t]& scratch,
                          Py_ssize_t begin, Py_ssize_t end) except -1 nogil:
    """Sort by the highest digit first: then the items of each are in the cache for the others."""
    cdef uint32_t[RADIX_SIZE] place
    cdef Py_ssize_t i, b, start = begin, stop
    cdef int shift = 64 - HIGH_BITS
    memset(place, 0, sizeof(place))
    for i in range(begin, end):
        place[items[i] >> shift] += 1
    to_places(place)
    scatter(items.data() + begin, scratch.data() + begin, place, 0, end - begin, shift)
    memcpy(items.data() + begin, scratch.data() + begin, (end - begin) * sizeof(uint64_t))
    for b in range(RADIX_SIZE):
        stop = begin + place[b]
        if stop - start >= FEW:
            wide_sort(items.data() + start, scratch.data() + start, stop - start, 2)
        elif stop - start > 1:
            byte_sort(items, scratch, start, stop)
        start = stop
    return 0


cdef inline int insert_runs(Buffer[floating]& values, Buffer[uint64_t]& items,
                            Py_ssize_t n) except -1 nogil:
    """Finish items[:n] that are sorted by rounded key; 0 when that takes more than 8 n moves.

    Values are looked up only between equal keys: each look is a cache miss.
    """
    cdef Py_ssize_t i, j, budget = 8 * n
    cdef uint64_t item
    cdef floating value
    for i in range(1, n):
        if i % PATIENCE == 0:
            check_signals()
        item = items[i]
        if item >> 32 != items[i - 1] >> 32:
            continue
        value = values[<uint32_t>item]
        j = i
        while j > 0 and items[j - 1] >> 32 == item >> 32 and values[<uint32_t>items[j - 1]] > value:
            items[j] = items[j - 1]
            j -= 1
        items[j] = item
        budget -= i - j
        if budget < 0:
            return 0
    return 1


cdef inline void insertion_argsort(Buffer[floating]& values, Buffer[uint64_t]& items,
                                   Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef floating value
    for i in range(n):
        value = values[i]
        j = i
        while j > 0 and values[<uint32_t>items[j - 1]] > value:
            items[j] = items[j - 1]
            j -= 1
        items[j] = <uint64_t>i


cdef inline bint set_keys(Buffer[floating]& values, Buffer[uint64_t]& items,
                          Py_ssize_t n) noexcept nogil:
    """Write key << 32 | position to items[:n]; tell whether float32 holds all values."""
    cdef Py_ssize_t begin = 0, end, i
    cdef int n_rounded = 0
    while begin < n:
        end = min(begin + BLOCK, n)
        if floating is double:
            if n_rounded == 0:
                for i in range(begin, end):
                    n_rounded += <float>values[i] != values[i]
        for i in range(begin, end):
            items[i] = (<uint64_t>key32(<float>values[i]) << 32) | <uint64_t>i
        begin = end
    return n_rounded == 0


cdef inline int argsort(Buffer[floating]& values, Buffer[uint64_t]& items,
                        Buffer[uint64_t]& scratch, Py_ssize_t n) except -1 nogil:
    """Sort values[:n] ascending and stably: afterwards <uint32_t>items[i] is the i-th position.

    Values are finite, and n is below 2**32. items and scratch are grown to n where shorter. Return
    1 if values are equal exactly where the high halves of items are, else 0.
    """
    cdef Py_ssize_t i
    cdef bint exact
    items.grow(n)
    if n <= SMALL:
        insertion_argsort(values, items, n)
        return 0
    scratch.grow(n)
    exact = set_keys(values, items, n)
    radix_sort(items, scratch, 0, n)
    if not exact and not insert_runs(values, items, n):
        for i in range(n):
            items[i] = (key64(values[i]) << 32) | <uint64_t>i
        radix_sort(items, scratch, 0, n)
        for i in range(n):
            items[i] = (key64(values[<uint32_t>items[i]]) >> 32 << 32) | <uint32_t>items[i]
        radix_sort(items, scratch, 0, n)
    return exact


cdef inline int argsort_pairs(Buffer[floating]& minus_length, Buffer[uint64_t]& pair,
                              Buffer[uint64_t]& items, Buffer[uint64_t]& scratch,
                              Py_ssize_t n) except -1 nogil:
    """Sort n pairs by decreasing length, ties by pair: items as in argsort."""
    cdef Py_ssize_t begin = 0, end, i, j
    cdef uint64_t item, key
    cdef bint keyed = n > SMALL     # then items carry the (rounded) length in their high half
    cdef bint exact = argsort(minus_length, items, scratch, n)
    cdef Py_ssize_t unchecked = 0   # lengths since the last check for Ctrl-C
    while begin < n:
        unchecked += 1
        if unchecked == PATIENCE:
            unchecked = 0
            check_signals()
        end = begin + 1
        while (end < n and (not keyed or items[end] >> 32 == items[begin] >> 32)
                and (exact or minus_length[<uint32_t>items[end]]
                     == minus_length[<uint32_t>items[begin]])):
            end += 1
        if end - begin > SMALL:
            for i in range(begin, end):
                j = <uint32_t>items[i]
                items[i] = (pair[j] >> 32 << 32) | <uint64_t>j
            radix_sort(items, scratch, begin, end)
        for i in range(begin + 1, end):
            item = items[i]
            key = pair[<uint32_t>item]
            j = i
            while j > begin and key < pair[<uint32_t>items[j - 1]]:
                items[j] = items[j - 1]
                j -= 1
            items[j] = item
        begin = end
    return 0
