"""Proximal operators as objects that a loop in C can call, one class for each penalty.

An operator has ``apply``, argmin over x of 1/2 |x - v|^2 + step * P(x), and ``value``, P(w). Soft
thresholding (l1), shrinking (l2) and the dual of TV2 are written here; clusters and steps (total
variation) are in proximal.pyx, maxima in maxima.pyx.
"""

import numpy as np

from libc.math cimport INFINITY, fabs, frexp, isfinite, ldexp, sqrt
from libc.stdint cimport int8_t
from libc.string cimport memcpy

from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals
from .maxima cimport MaximaScratch, best_pattern, maxima_row, maxima_value
from .proximal cimport ClustersScratch, StepsScratch, clusters_row, clusters_value, steps_row

cdef enum:
    SAFE_EXPONENT = 300     # weights below 2**300 have squares with finite sums
    MANY = 1 << 16          # weights from which a pass over them is worth a check for Ctrl-C


cdef int exponent_of(const double[::1] weights) except? -9999:
    """Return the exponent of 2 by which the largest weight becomes 1/2 to 1; 0 where it is usual.

    Raises ValueError if a weight is not finite, or if there are too many.
    """
    cdef double largest = 0
    cdef Py_ssize_t i
    cdef int exponent = 0
    if weights.shape[0] >= 2**31:
        raise ValueError(f"there must be fewer than 2**31 weights, got {weights.shape[0]}")
    for i in range(weights.shape[0]):
        if not isfinite(weights[i]):
            raise ValueError(f"coef must be finite, got {weights[i]} at index {i}; replace NaN and "
                             "infinite weights")
        largest = max(largest, fabs(weights[i]))
    frexp(largest, &exponent)
    return exponent if abs(exponent) > SAFE_EXPONENT else 0


cdef class Prox:
    """A proximal operator that a loop in C can call. One object serves one thread at a time.

    The penalties are homogeneous: P(c w) = c P(w) for c > 0. So `prox` and `evaluate` multiply
    weights that are very large or small with a power of 2, and their results back.
    """

    def prox(self, const double[::1] v, double step):
        """Return argmin of 1/2 |x - v|^2 + step * penalty(x), a new (n,) array.

        Parameters
        ----------
        v : (n,) float64
        step : float, not negative

        Raises
        ------
        ValueError
            If a weight or the step is not finite, or the step is negative.
        """
        cdef int exponent = exponent_of(v)
        cdef const double[::1] scaled = v
        cdef double[::1] view
        if not 0 <= step < INFINITY:
            raise ValueError(f"step must be a finite number of at least 0, got {step}")
        out = np.empty(v.shape[0])
        view = out
        if exponent:
            scaled = np.ldexp(v, -exponent)
        if v.shape[0]:
            with nogil:
                self.apply(&scaled[0], v.shape[0], ldexp(step, -exponent), &view[0])
        return np.ldexp(out, exponent) if exponent else out

    def evaluate(self, const double[::1] w):
        """Return the penalty at w, infinite where that is more than a float can hold.

        Raises ValueError if a weight is not finite.
        """
        cdef int exponent = exponent_of(w)
        cdef const double[::1] scaled = w
        cdef double total = 0
        if exponent:
            scaled = np.ldexp(w, -exponent)
        if w.shape[0]:
            with nogil:
                total = ldexp(self.value(&scaled[0], w.shape[0]), exponent)
        return total

    def evaluate_blocks(self, const double[::1] w, Py_ssize_t n_blocks, Py_ssize_t block):
        """Return the sum of penalties of the first n_blocks blocks of w."""
        cdef double total = 0
        cdef Py_ssize_t i
        if n_blocks < 0 or block < 1 or n_blocks * block > w.shape[0]:
            raise ValueError(f"{n_blocks} blocks of {block} are not in {w.shape[0]} weights")
        for i in range(n_blocks):
            total += self.value(&w[i * block], block)
        return total

    cdef double apply(self, const double* v, Py_ssize_t n, double step,
                      double* out) except? -1 nogil:
        """Write the proximal point of v to out and return the penalty there."""
        return 0

    cdef double value(self, const double* w, Py_ssize_t n) except? -1 nogil:
        return 0


cdef class PythonProx(Prox):
    """A penalty object with ``value(w)`` and ``prox(w, step)``."""

    cdef object penalty

    def __init__(self, penalty):
        self.penalty = penalty

    cdef double apply(self, const double* v, Py_ssize_t n, double step,
                      double* out) except? -1 nogil:
        with gil:
            moved = np.asarray(self.penalty.prox(np.asarray(<const double[:n]>v), step), np.float64)
            if moved.shape != (n,):
                raise ValueError(f"prox of {self.penalty!r} must return weights of the shape it is "
                                 f"given, ({n},), got shape {moved.shape}")
            (<double[:n]>out)[:] = moved
        return self.value(out, n)

    cdef double value(self, const double* w, Py_ssize_t n) except? -1 nogil:
        with gil:
            value = self.penalty.value(np.asarray(<const double[:n]>w))
            try:
                return float(value)
            except (TypeError, ValueError):
                raise TypeError(
                    f"value of {self.penalty!r} must return a number, got {value!r}"
                ) from None


cdef class L1Prox(Prox):
    cdef double apply(self, const double* v, Py_ssize_t n, double step,
                      double* out) except? -1 nogil:
        cdef Py_ssize_t i
        for i in range(n):
            out[i] = v[i] - min(max(v[i], -step), step)
        return self.value(out, n)

    cdef double value(self, const double* w, Py_ssize_t n) except? -1 nogil:
        cdef Py_ssize_t i
        cdef double total = 0
        for i in range(n):
            total += fabs(w[i])
        return total


cdef class L2Prox(Prox):
    cdef double apply(self, const double* v, Py_ssize_t n, double step,
                      double* out) except? -1 nogil:
        cdef Py_ssize_t i
        cdef double norm = self.value(v, n)
        cdef double factor = 1 - step / norm if norm > step else 0.0
        for i in range(n):
            out[i] = factor * v[i]
        return factor * norm

    cdef double value(self, const double* w, Py_ssize_t n) except? -1 nogil:
        cdef Py_ssize_t i
        cdef double total = 0
        for i in range(n):
            total += w[i] * w[i]
        return sqrt(total)


cdef class TVProx(Prox):
    cdef StepsScratch scratch
    cdef Buffer[double] price

    cdef double apply(self, const double* v, Py_ssize_t n, double step,
                      double* out) except? -1 nogil:
        cdef Py_ssize_t i
        cdef double mean = 0, total = 0, greatest = 0
        for i in range(n):
            mean += v[i] / n
        for i in range(n):
            total += v[i] - mean
            greatest = max(greatest, fabs(total))
        if step >= greatest:    # the dual variables, these sums, are within the step
            for i in range(n):
                out[i] = mean
            return 0
        self.price.grow(n)
        for i in range(n):
            self.price[i] = step
        steps_row(v, n, self.price.data(), self.price.data(), out, self.scratch)
        return self.value(out, n)

    cdef double value(self, const double* w, Py_ssize_t n) except? -1 nogil:
        cdef Py_ssize_t i
        cdef double total = 0
        for i in range(n - 1):
            total += fabs(w[i + 1] - w[i])
        return total


cdef class TV2Prox(Prox):
    """Norm of the differences D w. The dual is a least squares problem in a ball: out = v - D' u,
    (D D' + s) u = D v, with s = 0 if then |u| <= step and |u| = step otherwise."""

    cdef Buffer[double] work

    cdef double solve(self, Py_ssize_t n, double s, const double* right, double* u) noexcept nogil:
        """Solve (D D' + s) u = right and return |u|^2; D D' has 2 on and -1 off its diagonal."""
        cdef double* factor = self.work.data()
        cdef double pivot = 2 + s, square = 0
        cdef Py_ssize_t i
        u[0] = right[0] / pivot
        for i in range(1, n):
            factor[i] = -1 / pivot
            pivot = 2 + s + factor[i]
            u[i] = (right[i] + u[i - 1]) / pivot
        for i in range(n - 2, -1, -1):
            u[i] -= factor[i + 1] * u[i + 1]
        for i in range(n):
            square += u[i] * u[i]
        return square

    cdef double apply(self, const double* v, Py_ssize_t n, double step,
                      double* out) except? -1 nogil:
        cdef Py_ssize_t i
        cdef int _
        cdef double s = 0, square, dot
        cdef double* u
        cdef double* d
        cdef double* du
        self.work.grow(4 * n)
        d = self.work.data() + n
        u = d + n
        du = u + n
        if n > 1:
            for i in range(n - 1):
                d[i] = v[i + 1] - v[i]
            square = self.solve(n - 1, s, d, u)
            # Newton on 1 / |u(s)|, which is nearly affine and concave: it comes from the left.
            for _ in range(50):
                if square <= step * step * (1 + 1e-12):
                    break
                if n > MANY:
                    check_signals()
                self.solve(n - 1, s, u, du)
                dot = 0
                for i in range(n - 1):
                    dot += u[i] * du[i]
                s += (sqrt(square) / step - 1) * square / dot if step > 0 else INFINITY
                if s == INFINITY:
                    break
                square = self.solve(n - 1, s, d, u)
        if n == 1 or s == INFINITY:
            memcpy(out, v, n * sizeof(double))
            return self.value(out, n)
        out[0] = v[0] + u[0]
        for i in range(1, n - 1):
            out[i] = v[i] + u[i] - u[i - 1]
        out[n - 1] = v[n - 1] - u[n - 2]
        return self.value(out, n)

    cdef double value(self, const double* w, Py_ssize_t n) except? -1 nogil:
        cdef Py_ssize_t i
        cdef double total = 0
        for i in range(n - 1):
            total += (w[i + 1] - w[i]) ** 2
        return sqrt(total)


cdef class ClustersProx(Prox):
    cdef Py_ssize_t k
    cdef ClustersScratch scratch

    def __init__(self, Py_ssize_t k):
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        self.k = k

    cdef double apply(self, const double* v, Py_ssize_t n, double step,
                      double* out) except? -1 nogil:
        return clusters_row(v, n, step, self.k, out, self.scratch)

    cdef double value(self, const double* w, Py_ssize_t n) except? -1 nogil:
        return clusters_value(w, n, self.k, self.scratch)


cdef class MaximaProx(Prox):
    """The exact operator; or, 40 times as fast, the better of two descents over patterns of runs.

    With a fixed pattern, the cost of x is convex, not less than the penalty, and equal to it where
    the pattern is the best one of x. So solving with the best pattern of the last result, again and
    again, never goes up. Descents start from the pattern of v and from that of the last result.
    """

    cdef Py_ssize_t k
    cdef public bint exact
    cdef MaximaScratch scratch
    cdef StepsScratch steps
    cdef Buffer[double] cost
    cdef Buffer[int8_t] stays
    cdef Buffer[int8_t] rising
    cdef Buffer[double] work
    cdef Py_ssize_t n_last

    def __init__(self, Py_ssize_t k, bint exact=True):
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        self.k = k
        self.exact = exact
        self.n_last = 0

    cdef double follow(self, const double* v, Py_ssize_t n, double step, const double* start,
                       double* out, double* penalty) except? -1 nogil:
        """Descend over patterns from that of start; return the objective."""
        cdef Py_ssize_t t, rounds
        cdef double objective, before = INFINITY
        cdef double* up = self.work.data()
        cdef double* down = up + n
        cdef int8_t* rising = self.rising.data()
        for rounds in range(20):
            best_pattern(start if rounds == 0 else out, n, min(self.k, (n + 1) // 2), self.cost,
                         self.stays, rising)
            for t in range(n - 1):
                up[t] = 0 if rising[t] else step
                down[t] = step if rising[t] else 0
            steps_row(v, n, up, down, out, self.steps)
            penalty[0] = self.value(out, n)
            objective = step * penalty[0]
            for t in range(n):
                objective += 0.5 * (out[t] - v[t]) * (out[t] - v[t])
            if objective >= before - 1e-12 * before:
                break
            before = objective
        return objective

    cdef double apply(self, const double* v, Py_ssize_t n, double step,
                      double* out) except? -1 nogil:
        cdef double penalty, other_penalty
        cdef double* other
        cdef double* last
        if self.exact:
            maxima_row(v, n, step, self.k, out, self.scratch)
            return self.value(out, n)
        self.rising.grow(n)
        self.work.grow(4 * n)
        other = self.work.data() + 2 * n
        last = other + n
        if self.n_last != n:
            self.follow(v, n, step, v, out, &penalty)
        elif (self.follow(v, n, step, v, out, &penalty)
                > self.follow(v, n, step, last, other, &other_penalty)):
            memcpy(out, other, n * sizeof(double))
            penalty = other_penalty
        memcpy(last, out, n * sizeof(double))
        self.n_last = n
        return penalty

    cdef double value(self, const double* w, Py_ssize_t n) except? -1 nogil:
        return maxima_value(w, n, self.k, self.cost)
