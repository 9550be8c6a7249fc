"""Adam on loss + lam * penalty, one loop for every loss and every penalty.

What is computed
    Steps of Adam on f(w) + lam * sum of P over blocks of w (as in descent.pyx), with a subgradient
    of P. The learning rate falls to zero along a half cosine.

Which subgradient
    The one of automatic differentiation: zero for the absolute value and the norm at zero; for
    clusters and maxima that of the gaps and of the pairs that count. Equal weights are in the order
    of their indices, and so are equal gaps; equal pairs as in `Pairs`.

Complexity
    O(n log n) for a step with clusters, O(n) with the others, and what the loss takes.

Paper
    Kingma and Ba, Adam: a method for stochastic optimization, 2015. Loshchilov and Hutter, SGDR:
    stochastic gradient descent with warm restarts, 2017.
"""

import numpy as np

from libc.math cimport M_PI, INFINITY, cos, fabs, fmax, isfinite, sqrt
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memcpy
from libcpp.algorithm cimport nth_element, sort
from libcpp.utility cimport pair
from libcpp.vector cimport vector

from ..._persistence cimport Pairs
from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals
from ..grids.images cimport Workspace
from ..grids.lines cimport pair_line

ctypedef pair[double, int32_t] Entry        # a number, and its index, which breaks ties
ctypedef pair[double, uint64_t] LengthEntry     # minus the length, and the key of a pair

cdef enum:
    PATIENCE = 1 << 20      # weights times steps between two checks for Ctrl-C


# --------------------------------------------------------------------------------------------------
# Subgradients of penalties
# --------------------------------------------------------------------------------------------------

cdef class Slope:
    """A penalty and its subgradient. One object serves one thread at a time."""

    cdef double add(self, const double* w, Py_ssize_t n, double factor,
                    double* gradient) except? -1:
        """Add factor times a subgradient at w to gradient, and return the penalty."""
        return 0

    def value_and_gradient(self, const double[::1] w):
        """Return the penalty at w and a subgradient.

        Parameters
        ----------
        w : (n,) float64 ndarray, finite, n from 1 to 2**31 - 1

        Returns
        -------
        value : float
        gradient : (n,) float64 ndarray
        """
        cdef double[::1] gradient = np.zeros(w.shape[0])
        if not 0 < w.shape[0] < 2**31:
            raise ValueError(f"w must have 1 to 2**31 - 1 entries, got {w.shape[0]}")
        return self.add(&w[0], w.shape[0], 1, &gradient[0]), np.asarray(gradient)


cdef class PythonSlope(Slope):
    """Any function ``(n,) ndarray -> (float, (n,) ndarray)``."""

    cdef object function

    def __init__(self, function):
        self.function = function

    cdef double add(self, const double* w, Py_ssize_t n, double factor,
                    double* gradient) except? -1:
        cdef Py_ssize_t i
        cdef const double[::1] slope
        value, found = self.function(np.array(<const double[:n]>w))
        slope = found
        if slope.shape[0] != n:
            raise ValueError(f"a gradient must have {n} entries, got {slope.shape[0]}")
        for i in range(n):
            gradient[i] += factor * slope[i]
        return value


cdef inline double sign_of(double x) noexcept nogil:
    return (x > 0) - (x < 0)


cdef class L1Slope(Slope):
    cdef double add(self, const double* w, Py_ssize_t n, double factor,
                    double* gradient) except? -1:
        cdef Py_ssize_t i
        cdef double total = 0
        for i in range(n):
            total += fabs(w[i])
            gradient[i] += factor * sign_of(w[i])
        return total


cdef class TVSlope(Slope):
    cdef double add(self, const double* w, Py_ssize_t n, double factor,
                    double* gradient) except? -1:
        cdef Py_ssize_t i
        cdef double total = 0, slope
        for i in range(n - 1):
            total += fabs(w[i + 1] - w[i])
            slope = factor * sign_of(w[i + 1] - w[i])
            gradient[i] -= slope
            gradient[i + 1] += slope
        return total


cdef double norm_of(const double* v, Py_ssize_t n) noexcept nogil:
    """Return the Euclidean norm; squares of what is scaled to at most 1 do not overflow."""
    cdef Py_ssize_t i
    cdef double largest = 0, total = 0
    for i in range(n):
        largest = fmax(largest, fabs(v[i]))
    if largest == 0 or not isfinite(largest):
        return largest
    for i in range(n):
        total += (v[i] / largest) * (v[i] / largest)
    return largest * sqrt(total)


cdef class L2Slope(Slope):
    cdef double add(self, const double* w, Py_ssize_t n, double factor,
                    double* gradient) except? -1:
        cdef Py_ssize_t i
        cdef double norm = norm_of(w, n)
        if norm > 0:
            for i in range(n):
                gradient[i] += factor * (w[i] / norm)
        return norm


cdef class TV2Slope(Slope):
    cdef Buffer[double] step

    cdef double add(self, const double* w, Py_ssize_t n, double factor,
                    double* gradient) except? -1:
        cdef Py_ssize_t i
        cdef double norm, slope
        self.step.grow(n)
        for i in range(n - 1):
            self.step[i] = w[i + 1] - w[i]
        norm = norm_of(self.step.data(), n - 1)
        if norm > 0:
            for i in range(n - 1):
                slope = factor * (self.step[i] / norm)
                gradient[i] -= slope
                gradient[i + 1] += slope
        return norm


cdef class ClustersSlope(Slope):
    """The sum of all but the k - 1 widest gaps between sorted weights."""

    cdef Py_ssize_t k
    cdef vector[Entry] weight, gap

    def __init__(self, Py_ssize_t k):
        self.k = k

    cdef double add(self, const double* w, Py_ssize_t n, double factor,
                    double* gradient) except? -1:
        cdef Py_ssize_t i, count = n - self.k       # gaps that count, the smallest
        cdef int32_t at
        cdef double total = 0
        if count <= 0:
            return 0
        self.weight.resize(n)
        self.gap.resize(n - 1)
        for i in range(n):
            self.weight[i] = Entry(w[i], <int32_t>i)
        sort(self.weight.begin(), self.weight.end())
        for i in range(n - 1):
            self.gap[i] = Entry(self.weight[i + 1].first - self.weight[i].first, <int32_t>i)
        nth_element(self.gap.begin(), self.gap.begin() + (count - 1), self.gap.end())
        for i in range(count):
            total += self.gap[i].first
            at = self.gap[i].second
            gradient[self.weight[at].second] -= factor
            gradient[self.weight[at + 1].second] += factor
        return total


cdef class MaximaSlope(Slope):
    """The total length of all but the k - 1 longest finite pairs of superlevel sets of a line."""

    cdef Py_ssize_t k
    cdef Workspace workspace
    cdef Pairs found
    cdef vector[LengthEntry] entry

    def __init__(self, Py_ssize_t k):
        self.k = k
        self.workspace = Workspace()
        self.found = Pairs()

    cdef double add(self, const double* w, Py_ssize_t n, double factor,
                    double* gradient) except? -1:
        cdef Py_ssize_t i, free = self.k - 1
        cdef double total = 0
        self.found.n = self.found.n_essential = 0
        pair_line(w, n, True, self.workspace.double, self.found)
        self.found.drop_zero()
        if self.found.n <= free:
            return 0
        self.entry.resize(self.found.n)
        for i in range(self.found.n):
            self.entry[i] = LengthEntry(self.found.scratch.minus_length[i],
                                        self.found.scratch.key[i])
        nth_element(self.entry.begin(), self.entry.begin() + free, self.entry.end())
        for i in range(free, self.found.n):
            total -= self.entry[i].first
            gradient[self.entry[i].second >> 32] += factor
            gradient[<uint32_t>self.entry[i].second] -= factor
        return total


# --------------------------------------------------------------------------------------------------
# Steps
# --------------------------------------------------------------------------------------------------

cdef struct Means:
    # Running means of the gradients and of their squares, and their decay up to now.
    double* first
    double* second
    double first_decay
    double second_decay


cdef bint all_finite(const double* v, Py_ssize_t n) noexcept nogil:
    """Tell whether all numbers are finite: 0 times any other is NaN."""
    cdef double total = 0
    cdef Py_ssize_t i
    for i in range(n):
        total += 0 * v[i]
    return total == 0


cdef void move(double* w, const double* gradient, Py_ssize_t n, double rate, double eps,
               Means& means) noexcept nogil:
    """Take one step of Adam, with the decays 0.9 and 0.999."""
    cdef Py_ssize_t i
    cdef double step, root
    means.first_decay *= 0.9
    means.second_decay *= 0.999
    step = rate / (1 - means.first_decay)
    root = sqrt(1 - means.second_decay)
    for i in range(n):
        means.first[i] += (1 - 0.9) * (gradient[i] - means.first[i])
        means.second[i] = 0.999 * means.second[i] + (1 - 0.999) * gradient[i] * gradient[i]
        w[i] -= step * means.first[i] / (sqrt(means.second[i]) / root + eps)


def descend_by_adam(evaluate, Slope penalty, double[::1] w, double[::1] curve, *, double lam,
                    double learning_rate, double eps, Py_ssize_t n_blocks, Py_ssize_t block):
    """Take len(curve) - 1 steps of Adam from w.

    Parameters
    ----------
    evaluate : callable
        Returns the loss at w and its gradient, which may be infinite or NaN.
    penalty : Slope
    w : (n,) float64 ndarray
        Start; overwritten by the last point.
    curve : (n_steps + 1,) float64 ndarray
        Written: the objective at the start and after each step.
    lam, learning_rate : float
    eps : float
        Added to root mean squares of gradients.
    n_blocks, block : int
        The penalty sees w[: n_blocks * block], block by block.

    Returns
    -------
    best : (n,) float64 ndarray
        The point with the least objective.
    n_done : int
        Points with a finite objective: len(curve), or fewer where the loop stopped at w.
    """
    cdef Py_ssize_t n = w.shape[0], n_steps = curve.shape[0] - 1, i, step, work = 0
    cdef double value, least = INFINITY
    cdef double* gradient
    cdef const double[::1] slope
    cdef double[::1] best = np.array(w)
    cdef Buffer[double] memory
    cdef Means means
    if n_steps < 0 or n_blocks < 0 or block < 1 or n_blocks * block > n:
        raise ValueError(f"{n_blocks} blocks of {block} must be in {n} weights, and curve not be "
                         "empty")
    memory.grow(3 * n)
    gradient = memory.data()
    means.first = gradient + n
    means.second = means.first + n
    means.first_decay = means.second_decay = 1
    for i in range(2 * n):
        means.first[i] = 0
    for step in range(n_steps + 1):
        work += n
        if work > PATIENCE:
            work = 0
            check_signals()
        if not all_finite(&w[0], n):
            return best.base, step
        value, slope = evaluate(w.base)
        if slope.shape[0] != n:
            raise ValueError(f"the gradient of the loss must have {n} entries, got "
                             f"{slope.shape[0]}")
        memcpy(gradient, &slope[0], n * sizeof(double))
        for i in range(n_blocks):
            value += lam * penalty.add(&w[i * block], block, lam, gradient + i * block)
        curve[step] = value
        if not isfinite(value):
            return best.base, step
        if value < least:
            least = value
            best[:] = w
        if step < n_steps:
            move(&w[0], gradient, n, learning_rate * (1 + cos(M_PI * step / n_steps)) / 2, eps,
                 means)
    return best.base, n_steps + 1
