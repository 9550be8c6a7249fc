"""Accelerated, monotone proximal gradient descent, one loop for every loss and every penalty.

What is computed
    argmin over w of f(w) + lam * sum of P over blocks of w, where w is n_blocks blocks of equal
    length and then entries that no penalty sees (intercepts).

How
    FISTA with a restart whenever the objective would rise: momentum is dropped and the step is
    taken from the last point. From there the objective cannot rise while the step is at most 1 / L,
    with the Lipschitz constant L of the gradient. The estimate of L grows when two gradients show
    that it is too small. With an exact proximal operator this holds for penalties that are not
    convex, too. Where the gradient is affine (squared error), that at an extrapolated point is
    extrapolated, so an iteration costs one product with the Gram matrix.

Stopping value
    The largest move of a coordinate by the proximal gradient step, relative to the largest
    coordinate; zero at a fixed point.

Paper
    Beck and Teboulle, A fast iterative shrinkage-thresholding algorithm, 2009. O'Donoghue and
    Candes, Adaptive restart for accelerated gradient schemes, 2015.
"""

import numpy as np
from scipy.linalg import cython_blas

from cpython.pycapsule cimport PyCapsule_GetName, PyCapsule_GetPointer
from libc.math cimport INFINITY, fabs, isfinite, sqrt
from libc.string cimport memcpy

from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals
from .operators cimport Prox

cdef enum:
    PATIENCE = 1 << 24      # products of numbers between two checks for Ctrl-C


# scipy's BLAS is looked up when the module is imported, so that building needs no scipy.
ctypedef void (*symmetric_product)(
    char* uplo, int* n, double* alpha, double* a, int* lda, double* x, int* incx, double* beta,
    double* y, int* incy
) noexcept nogil

_capsule = cython_blas.__pyx_capi__["dsymv"]
cdef symmetric_product dsymv = <symmetric_product>PyCapsule_GetPointer(
    _capsule, PyCapsule_GetName(_capsule)
)


# --------------------------------------------------------------------------------------------------
# Losses
# --------------------------------------------------------------------------------------------------

cdef class Loss:
    """A smooth function of the weights."""

    cdef readonly bint affine       # whether the gradient is affine
    cdef readonly Py_ssize_t size   # number of weights; -1 for any

    cdef double evaluate(self, const double* w, int n, double* gradient) except? -1 nogil:
        """Write the gradient at w and return the value."""
        return 0


cdef class GramLoss(Loss):
    """w' G w - 2 q' w + c, for squared errors: G = X' X / n, q = X' y / n, c = y' y / n.

    Parameters
    ----------
    gram : (p, p) float64 ndarray, symmetric
    q : (p,) float64 ndarray
    c : float
    """

    cdef const double[:, ::1] gram
    cdef const double[::1] q
    cdef double c

    def __init__(self, const double[:, ::1] gram, const double[::1] q, double c):
        if not gram.shape[0] == gram.shape[1] == q.shape[0] > 0:
            raise ValueError(f"gram must be square and q as long, got shape ({gram.shape[0]}, "
                             f"{gram.shape[1]}) and {q.shape[0]}")
        self.size = q.shape[0]
        self.gram = gram
        self.q = q
        self.c = c
        self.affine = True

    cdef double evaluate(self, const double* w, int n, double* gradient) except? -1 nogil:
        cdef double one = 1, zero = 0, value
        cdef int inc = 1, i
        cdef char upper = b"U"
        dsymv(&upper, &n, &one, <double*>&self.gram[0, 0], &n, <double*>w, &inc, &zero, gradient,
              &inc)
        value = self.c
        for i in range(n):
            value += w[i] * (gradient[i] - 2 * self.q[i])
            gradient[i] = 2 * (gradient[i] - self.q[i])
        return value


cdef class PythonLoss(Loss):
    """Any object with ``value_and_gradient(w) -> (float, ndarray)``, and whether it is affine."""

    cdef object loss

    def __init__(self, loss, bint affine):
        self.loss = loss
        self.affine = affine
        self.size = -1

    cdef double evaluate(self, const double* w, int n, double* gradient) except? -1 nogil:
        with gil:
            value, found = self.loss.value_and_gradient(np.asarray(<const double[:n]>w))
            g = np.asarray(found, np.float64)
            if g.shape != (n,):
                raise ValueError("value_and_gradient of a loss must return a gradient of the shape "
                                 f"of the weights, ({n},), got shape {g.shape}")
            (<double[:n]>gradient)[:] = g
            return value


# --------------------------------------------------------------------------------------------------
# Descent
# --------------------------------------------------------------------------------------------------

cdef double apply_blocks(Prox prox, const double* v, Py_ssize_t n, Py_ssize_t n_blocks,
                         Py_ssize_t block, double step,
                         double* out) except? -1 nogil:
    cdef Py_ssize_t i
    cdef double penalty = 0
    for i in range(n_blocks):
        penalty += prox.apply(v + i * block, block, step, out + i * block)
    memcpy(out + n_blocks * block, v + n_blocks * block, (n - n_blocks * block) * sizeof(double))
    return penalty


cdef struct Iterates:
    # Points, and the gradient of the loss at each.
    int n
    double* w           # the last point
    double* gw
    double* z           # the point from which the next step is taken: w with momentum
    double* gz
    double* x           # where this step leads
    double* gx


cdef bint all_finite(const double* v, int n) noexcept nogil:
    """Tell whether all numbers are finite: 0 times any other is NaN."""
    cdef double total = 0
    cdef int i
    for i in range(n):
        total += 0 * v[i]
    return total == 0


cdef int check_sizes(Loss loss, Py_ssize_t n, Py_ssize_t n_blocks, Py_ssize_t block) except -1:
    """Raise ValueError if the loss or the penalty would see numbers beyond the weights."""
    if not 0 < n < 2**31:
        raise ValueError(f"there must be 1 to 2**31 - 1 weights, got {n}")
    if loss.size not in (-1, n):
        raise ValueError(f"the loss has {loss.size} weights, got a start of {n}")
    if n_blocks < 0 or block < 0 or n_blocks * block > n:
        raise ValueError(f"{n_blocks} blocks of {block} are not in {n} weights")
    return 0


cdef double curvature(const Iterates& s) noexcept nogil:
    """Return the curvature of the loss between z and x, 0 where they are too close to tell."""
    cdef double d, dot = 0, square = 0, size = 0
    cdef int i
    for i in range(s.n):
        d = s.x[i] - s.z[i]
        dot += (s.gx[i] - s.gz[i]) * d
        square += d * d
        size += s.x[i] * s.x[i]
    return dot / square if square > 1e-14 * size else 0.0


cdef void drop_momentum(const Iterates& s) noexcept nogil:
    memcpy(s.z, s.w, s.n * sizeof(double))
    memcpy(s.gz, s.gw, s.n * sizeof(double))


cdef double relative_move(const Iterates& s) noexcept nogil:
    """Return the largest move of a coordinate by this step, relative to the largest coordinate."""
    cdef double move = 0, size = 0
    cdef int i
    for i in range(s.n):
        move = max(move, fabs(s.x[i] - s.z[i]))
        size = max(size, fabs(s.x[i]))
    return move / size if size > 0 else move


cdef void accept(const Iterates& s, double momentum) noexcept nogil:
    """Make x the last point, and extrapolate from there; the gradient as if it were affine."""
    cdef int i
    for i in range(s.n):
        s.z[i] = s.x[i] + momentum * (s.x[i] - s.w[i])
        s.gz[i] = s.gx[i] + momentum * (s.gx[i] - s.gw[i])
    memcpy(s.w, s.x, s.n * sizeof(double))
    memcpy(s.gw, s.gx, s.n * sizeof(double))


def descend(Loss loss, Prox prox, double[::1] w, double[::1] curve, *, double lam, double lipschitz,
            Py_ssize_t n_blocks, Py_ssize_t block, int max_iter, double tol, double slack):
    """Minimise loss + lam * penalty from w, in place.

    Parameters
    ----------
    loss : Loss
    prox : Prox
    w : (n,) float64
        Start; overwritten by the result.
    curve : (max_iter + 1,) float64
        Written: the objective at the start and after each iteration.
    lam : float
    lipschitz : float
        Estimate of the Lipschitz constant of the gradient; raised where it is too small.
    n_blocks, block : int
        The penalty sees w[: n_blocks * block], block by block.
    max_iter : int
    tol : float
    slack : float
        Rises of the objective up to this are rounding errors.

    Returns
    -------
    n_iter : int
    stop : float
        Stopping value; the loop has converged if it is at most tol.
    lipschitz : float

    Raises
    ------
    ValueError
        If numbers overflow, or sizes differ.
    """
    cdef int n = <int>w.shape[0], i, n_iter = 0
    cdef Buffer[double] memory
    cdef double stop = INFINITY, t = 1, t_next, momentum = 0, ratio, f, penalty, objective
    cdef double* v
    cdef Iterates s
    cdef Py_ssize_t work = 0
    cdef bint fits = True
    check_sizes(loss, w.shape[0], n_blocks, block)
    if max_iter < 0 or curve.shape[0] <= max_iter:
        raise ValueError(f"curve must have max_iter + 1 entries, got {curve.shape[0]} for "
                         f"max_iter={max_iter}")
    memory.grow(6 * n)
    s.n = n
    s.w = &w[0]
    s.gw = memory.data()
    s.z = s.gw + n
    s.gz = s.z + n
    s.x = s.gz + n
    s.gx = s.x + n
    v = s.gx + n
    with nogil:
        objective = loss.evaluate(s.w, n, s.gw)
        for i in range(<int>n_blocks):
            objective += lam * prox.value(s.w + i * block, block)
        curve[0] = objective
        drop_momentum(s)
        while n_iter < max_iter:
            for i in range(n):
                v[i] = s.z[i] - s.gz[i] / lipschitz
            fits = all_finite(v, n)
            if not fits:
                break
            work += <Py_ssize_t>n * n
            if work > PATIENCE:
                work = 0
                check_signals()
            penalty = apply_blocks(prox, v, n, n_blocks, block, lam / lipschitz, s.x)
            f = loss.evaluate(s.x, n, s.gx)
            fits = isfinite(f + lam * penalty)
            if not fits:
                break
            n_iter += 1
            curve[n_iter] = objective
            ratio = curvature(s)
            if ratio > lipschitz * (1 + 1e-6):
                lipschitz = 1.1 * ratio
                continue
            if f + lam * penalty > objective + slack and momentum > 0:
                drop_momentum(s)
                t = 1
                momentum = 0
                continue
            stop = relative_move(s)
            if f + lam * penalty > objective + slack:       # the last point is the better one
                break
            t_next = 0.5 * (1 + sqrt(1 + 4 * t * t))
            momentum = (t - 1) / t_next
            t = t_next
            accept(s, momentum)
            if not loss.affine and momentum > 0:
                loss.evaluate(s.z, n, s.gz)
            objective = f + lam * penalty
            curve[n_iter] = objective
            if stop <= tol:
                break
    if not (fits and isfinite(curve[0])):
        raise ValueError("the objective is more than a float can hold: scale X and y to usual "
                         "units, or take a smaller lam")
    return n_iter, stop, lipschitz


def largest_curvature(Loss loss, Py_ssize_t n, int n_iter=12):
    """Estimate the Lipschitz constant of the gradient at zero, by the power method."""
    cdef Buffer[double] memory
    cdef double* w
    cdef double* g
    cdef double* g0
    cdef double norm = 0, slope = 0, size = 1
    cdef Py_ssize_t i
    cdef int _
    check_sizes(loss, n, 0, 0)
    start = np.random.default_rng(0).normal(size=n) / sqrt(n)
    cdef double[::1] start_view = start
    memory.grow(3 * n)
    w = memory.data()
    g = w + n
    g0 = g + n
    with nogil:
        for i in range(n):
            w[i] = 0
        loss.evaluate(w, <int>n, g0)
        for i in range(n):
            slope += g0[i] * g0[i]
        slope = sqrt(slope)
        memcpy(w, &start_view[0], n * sizeof(double))
        for _ in range(n_iter):
            loss.evaluate(w, <int>n, g)
            norm = 0
            for i in range(n):
                g[i] -= g0[i]
                norm += g[i] * g[i]
            norm = sqrt(norm)
            if norm == 0:
                break
            for i in range(n):
                w[i] = g[i] / norm
            norm /= size
            # The difference of two gradients is as long as the first, so that it loses no digits.
            if loss.affine and slope > 0:
                size = slope / norm
                for i in range(n):
                    w[i] *= size
    return norm
