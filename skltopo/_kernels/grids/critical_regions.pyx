"""Critical sets of images: all pixels that must move so that a point of a diagram moves far.

The critical pixels of a point are one minimum and one saddle (of a sweep upwards; the other cases
are this one for -f, or for -f in reversed order with the exterior, as in `images`). They say where
a point goes at first. If it is to go as far as `reach`, other pixels take their place on the way,
and have to move, too. Let m be the minimum, s the saddle, and C the component of m in the pixels
before s.

m rises by reach
    All pixels of C below f(m) + reach.
m falls
    m alone.
s falls by reach
    The pixels above f(s) - reach on the path from m, through s, to a pixel older than m, on which
    the highest pixel is as low as can be.
s rises by reach
    The pixels beside C below f(s) + reach: a wall around C. Those that lead to no older pixel need
    not move, and do.

Each member gets the derivative of its point, times the part of reach that is left from it to the
target, so that with small reach this is the gradient.

How
    The component is flooded from m, lowest pixel first, until a pixel older than m is reached (as
    in Prim's algorithm). Pixels that are flooded before s are C, those seen but not flooded then
    the wall, parents the path. One flood for each point, O(k log k) for k flooded pixels.

Papers
    Nigmetov and Morozov, Topological optimization with big steps, 2024, whose critical sets these
    are for PD_0, and for PD_1 by duality.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t
from libcpp.pair cimport pair
from libcpp.queue cimport priority_queue
from libcpp.vector cimport vector

from ..._utils.signals cimport check_signals_every

from .images import COMPLEXES, CONNECTIVITY

cdef enum:
    FLOODS = 256        # floods between two checks for Ctrl-C

ctypedef pair[double, int32_t] Place    # -value and -pixel: the lowest pixel is the largest place


cdef cppclass Flood:
    # One flood at a time in images of one shape.
    vector[int32_t] stamp           # the number of the flood that has last seen a pixel
    vector[int32_t] parent
    vector[int32_t] seen            # in the order in which they were seen
    vector[int32_t] flooded
    Py_ssize_t n_component, n_seen  # pixels that were flooded, and seen, before s was flooded


cdef inline bint is_older(const double* f, int32_t a, int32_t b) noexcept nogil:
    return f[a] < f[b] or (f[a] == f[b] and a < b)


cdef int32_t fill(Flood& flood, const double* f, const int32_t[::1] steps, int32_t m, int32_t s,
                  int32_t number) except -2 nogil:
    """Flood from m until a pixel is older, and return that; -1 if there is none."""
    cdef int32_t v, w
    cdef Py_ssize_t k
    cdef priority_queue[Place] beside
    flood.seen.clear()
    flood.flooded.clear()
    flood.n_component, flood.n_seen = -1, 0
    flood.stamp[m] = number
    flood.parent[m] = -1
    flood.seen.push_back(m)
    beside.push(Place(-f[m], -m))
    while not beside.empty():
        v = -beside.top().second
        beside.pop()
        if flood.n_component < 0 and not is_older(f, v, s):
            flood.n_component = flood.flooded.size()
            flood.n_seen = flood.seen.size()
        if is_older(f, v, m):
            return v
        flood.flooded.push_back(v)
        for k in range(steps.shape[0]):
            w = v + steps[k]
            if flood.stamp[w] != number and f[w] != INFINITY:
                flood.stamp[w] = number
                flood.parent[w] = v
                flood.seen.push_back(w)
                beside.push(Place(-f[w], -w))
    return -1


cdef void move_minimum(Flood& flood, const double* f, int32_t m, double derivative, double reach,
                       double* out) noexcept nogil:
    """Add the derivatives of the pixels that move with m."""
    cdef Py_ssize_t i
    cdef int32_t v
    if derivative < 0:
        out[m] += derivative
        return
    for i in range(flood.n_component):
        v = flood.flooded[i]
        if f[v] < f[m] + reach:
            out[v] += derivative * (f[m] + reach - f[v]) / reach


cdef void move_saddle(Flood& flood, const double* f, int32_t s, int32_t older, double derivative,
                      double reach, double* out) noexcept nogil:
    """Add the derivatives of the pixels that move with s."""
    cdef Py_ssize_t i
    cdef int32_t v
    if derivative < 0:
        v = older
        while v >= 0:
            if f[v] > f[s] - reach:
                out[v] += derivative * (f[v] - f[s] + reach) / reach
            v = flood.parent[v]
        return
    for i in range(flood.n_seen):
        v = flood.seen[i]
        if not is_older(f, v, s) and f[v] < f[s] + reach:
            out[v] += derivative * (f[s] + reach - f[v]) / reach


def _sweep(const double[:, ::1] f, const int32_t[::1] steps, const int64_t[::1] sample,
           const int32_t[:, ::1] pairs, const double[:, ::1] derivatives, double reach,
           double[:, ::1] out):
    """Add the derivatives of the critical sets of pairs to out; all images are padded."""
    cdef Flood flood
    cdef Py_ssize_t i
    cdef int32_t m, s, older
    cdef const double* image
    cdef double* target
    with nogil:
        flood.stamp.assign(f.shape[1], -1)
        flood.parent.assign(f.shape[1], -1)
        for i in range(sample.shape[0]):
            check_signals_every(FLOODS, i)
            m, s = pairs[i, 0], pairs[i, 1]
            image, target = &f[sample[i], 0], &out[sample[i], 0]
            if not (derivatives[i, 0] > 0 or derivatives[i, 1] != 0):   # m moves alone, if at all
                target[m] += derivatives[i, 0]
                continue
            older = fill(flood, image, steps, m, s, <int32_t>i)
            if derivatives[i, 0] != 0:
                move_minimum(flood, image, m, derivatives[i, 0], reach, target)
            if derivatives[i, 1] != 0:
                move_saddle(flood, image, s, older, derivatives[i, 1], reach, target)


def critical_set_gradient(images, dim, pairs, splits, derivatives, *, superlevel, complex, reach):
    """Compute the gradient of a function of births and deaths, spread over critical sets.

    Parameters
    ----------
    images : (n, height, width) float32 or float64 ndarray
    dim : {0, 1}
    pairs : (m, 2) int64 ndarray
        Critical pixels (birth, death) of points of PD_dim, image by image, as `image_pairs` finds
        them.
    splits : (n + 1,) int64 ndarray
        Image i has pairs[splits[i]:splits[i + 1]].
    derivatives : (m, 2) float64 ndarray
        With respect to births and deaths, of a function that shall increase.
    superlevel : bool
    complex : str
        As in `LevelSet`.
    reach : float
        Positive: how far births and deaths shall move.

    Returns
    -------
    (n, height, width) float64 ndarray
    """
    n, n_rows, n_cols = images.shape
    if n_rows * n_cols == 0 or n == 0:
        return np.zeros(images.shape)
    upwards = (-1.0 if superlevel else 1.0) * (-1.0 if dim else 1.0)
    flip = slice(None, None, -1) if dim else slice(None)
    padded = np.full((n, n_rows + 2, n_cols + 2), -np.inf if dim else np.inf)
    padded[:, 1:-1, 1:-1] = upwards * images[:, flip, flip]
    moves = CONNECTIVITY[COMPLEXES[complex][dim]][1]
    steps = np.array([row * (n_cols + 2) + col for row, col in moves], dtype=np.int32)
    rows, cols = np.divmod(pairs, n_cols)
    if dim:  # the hole is born at its minimum in reversed order
        rows, cols = n_rows - 1 - rows[:, ::-1], n_cols - 1 - cols[:, ::-1]
        derivatives = derivatives[:, ::-1]
    places = ((rows + 1) * (n_cols + 2) + cols + 1).astype(np.int32)
    sample = np.repeat(np.arange(n), np.diff(splits))
    out = np.zeros((n, padded[0].size))
    moving = derivatives.any(axis=1)
    _sweep(
        padded.reshape(n, -1), steps, sample[moving], np.ascontiguousarray(places[moving]),
        np.ascontiguousarray(upwards * derivatives[moving]), reach, out,
    )
    return upwards * out.reshape(padded.shape)[:, 1:-1, 1:-1][:, flip, flip]
