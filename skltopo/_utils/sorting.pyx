"""Argsort of integers for Python, in which Ctrl-C is heard."""

import numpy as np

from libc.stdint cimport int64_t


def argsort_keys(const int64_t[::1] keys):
    """Return the order that sorts integers of at least 0, stably: np.argsort(keys, kind="stable").

    Faster than numpy for many keys. There are fewer than 2**32.
    """
    cdef Py_ssize_t n = keys.shape[0], i
    cdef int64_t bits = 0
    cdef Buffer[uint64_t] items, scratch
    order = np.empty(n, dtype=np.int64)
    cdef int64_t[::1] view = order
    with nogil:
        items.grow(n)
        scratch.grow(n)
        for i in range(n):
            bits |= keys[i]
            items[i] = (<uint64_t>keys[i] << 32) | <uint64_t>i
        radix_sort(items, scratch, 0, n)
        if bits >> 32:
            for i in range(n):
                items[i] = (<uint64_t>keys[<uint32_t>items[i]] >> 32 << 32) | <uint32_t>items[i]
            radix_sort(items, scratch, 0, n)
        for i in range(n):
            view[i] = <uint32_t>items[i]
    return order


def argsort_rows(rows, base):
    """Return the order that sorts rows of integers in range(base) lexicographically, stably.

    Parameters
    ----------
    rows : (n, k) integer ndarray
        k at least 1.
    base : int
    """
    order, columns = None, list(rows.T)
    while columns:      # the last ones first: as many at a time as one key holds
        key = columns.pop().astype(np.int64)
        factor = base
        while columns and factor * base < 2**63:
            key += factor * columns.pop()
            factor *= base
        order = argsort_keys(key) if order is None else order[argsort_keys(key[order])]
    return order
