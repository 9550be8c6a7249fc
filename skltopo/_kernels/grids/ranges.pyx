"""Pairs of one sample that several threads found, sorted by several threads.

Each thread sorts a range of lengths, which it picks from the pairs of all parts. Equal lengths fall
into one range, so that the ranges, one after the other, are in the order of `Pairs`.

Complexity: each thread reads all n lengths, and sorts its share of the pairs in O(n) (radix).
"""

from functools import partial

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t

from ..._persistence cimport Pairs, add_pair, pairs_of_arrays

cdef enum:
    SAMPLED = 2000  # pairs that are looked at to cut all into ranges of length


def open_pairs(const int64_t[:, ::1] rows, const double[::1] lengths, const int64_t[::1] essential):
    """Return Pairs of two vertices each, not sorted, which `sorted_together` takes as a part.

    Parameters
    ----------
    rows : (n, 2) C-contiguous int64 ndarray
        From 0 to 2**31 - 1; those of length zero are not dropped.
    lengths : (n,) C-contiguous float64 ndarray
        Not negative.
    essential : (e,) int64 ndarray
    """
    cdef Pairs found = Pairs(keep_zero=True)
    cdef Py_ssize_t i
    cdef int32_t birth
    found.reserve(rows.shape[0])
    for i in range(rows.shape[0]):
        add_pair(found, <int32_t>rows[i, 0], <int32_t>rows[i, 1], lengths[i])
    for i in range(essential.shape[0]):
        birth = <int32_t>essential[i]
        found.add_essential(&birth)
    return found


def rows_of(Pairs found):
    """Return the pairs of the open sample of Pairs, not sorted, whose memory is given back.

    Returns
    -------
    (n, 2) int64 ndarray
    """
    cdef Py_ssize_t i
    rows = np.empty((found.n, 2), dtype=np.int64)
    cdef int64_t[:, ::1] view = rows
    with nogil:
        for i in range(found.n):
            view[i, 0] = <int64_t>(found.scratch.key[i] >> 32)
            view[i, 1] = <int64_t>(found.scratch.key[i] & 0xFFFFFFFFu)
    found.n = 0
    with nogil:
        found.close_sample()
    found.finish()
    return rows


cdef list cut_lengths(list parts, int n_ranges):
    """Return bounds of minus_length with about as many pairs between each two."""
    cdef Pairs part
    cdef Py_ssize_t i, n = 0, step = max(1, sum([(<Pairs>one).n for one in parts]) // SAMPLED)
    sample = np.empty(sum([((<Pairs>one).n + step - 1) // step for one in parts]))
    cdef double[::1] view = sample
    for part in parts:
        for i in range(0, part.n, step):
            view[n] = part.scratch.minus_length[i]
            n += 1
    sample.sort()
    inner = [sample[sample.size * i // n_ranges] for i in range(1, n_ranges)] if n else []
    return [-np.inf, *inner, np.inf]


def sort_range(list parts, double low, double high):
    """Return the pairs of all parts with low <= minus_length < high, sorted."""
    cdef Pairs part, found = Pairs(keep_zero=True)
    cdef const uint64_t* pair
    cdef const double* minus_length
    cdef uint64_t* pair_out
    cdef double* out
    cdef Py_ssize_t i, n
    for part in parts:
        pair = part.scratch.key.data()
        minus_length = part.scratch.minus_length.data()
        found.reserve(part.n + 1)       # the loop writes one ahead
        pair_out = found.scratch.key.data()
        out = found.scratch.minus_length.data()
        n = found.n
        with nogil:
            for i in range(part.n):
                pair_out[n] = pair[i]
                out[n] = minus_length[i]
                n += (low <= out[n]) & (out[n] < high)
        found.n = n
    with nogil:
        found.close_sample()
    return found.finish().pairs


def sorted_together(list parts, run, int n_ranges):
    """Return the Pairs of one sample, of which each part has some.

    Parameters
    ----------
    parts : list of Pairs, not finished, whose sample is open
        Without pairs of length zero if these are not kept. Their memory is given back.
    run : callable
        Takes a list of callables without arguments and returns their results in order.
    n_ranges : int
        How many ranges of length there are: one for each thread.
    """
    cdef Pairs part
    bounds = cut_lengths(parts, n_ranges)
    pairs = np.concatenate(
        run([partial(sort_range, parts, low, high) for low, high in zip(bounds, bounds[1:])])
    )
    for part in parts:
        part.n = 0
        part.close_sample()
        part.finish()       # gives memory back
    essential = np.concatenate([part.essential for part in parts])
    splits = [np.array([0, len(rows)], dtype=np.int64) for rows in (pairs, essential)]
    return pairs_of_arrays(pairs, splits[0], essential, splits[1])
