"""The Delaunay triangulation of points in any dimension.

What is built
    Simplices whose circumspheres have no point inside, of distinct points in their affine hull,
    which may be of a lower dimension than the space. All signs are exact (predicates_any.h), so
    simplices fit together and none is flat, however close points are to a common sphere or
    hyperplane. Where more points than a simplex has are on an empty sphere, their hull has several
    triangulations; the one that is chosen does not depend on the order of insertion.

How, and why it is correct
    Points are inserted one by one (Bowyer, Watson): all simplices whose sphere has the point inside
    are removed, and the facets around them joined to the point. A vertex at infinity closes the
    hull: a simplex with it stands for the outer side of a facet of the hull, and has inside what is
    beyond that facet; a point in the facet's hyperplane is inside if it is for the simplex behind.
    The first simplex with the point inside is found by a walk. The triangulation is the lower side
    of points lifted to a paraboloid, which is convex: going from a simplex to the neighbour whose
    hyperplane is highest above the point ends where the point is. The walk is in doubles; where it
    ends elsewhere, all simplices are tried.

Complexity
    The number of simplices that are made, O(n) of uniform points on average and O(n^ceil(d/2)) at
    worst, times O(d^3), and a walk for each point.

Papers
    Bowyer, Computing Dirichlet tessellations, 1981. Watson, Computing the n-dimensional Delaunay
    tessellation, 1981. Boissonnat, Devillers, Hornus, Incremental construction of the Delaunay
    triangulation and the Delaunay graph in medium dimension, 2009.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t

from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals
from .predicates_any cimport Cloud

cdef enum:
    INFINITE = -1
    DEAD = -2
    PATIENCE = 1 << 12      # simplices that are tried between two checks for Ctrl-C
    MAX_SIMPLICES = 1 << 30


cdef class Triangulation:
    # Simplex s has the vertices vertex[width * s : width * (s + 1)], in positive orientation if a
    # point of the outer side stands for infinity; beside has the simplices across the facets
    # opposite. plane has the hyperplane of its lifted corners, or for one with infinity that of its
    # facet, as the simplex behind sees it: origin is a corner of the facet.
    cdef Cloud* cloud
    cdef int rank, width
    cdef Py_ssize_t n_simplices, n_free, n_cavity, n_fresh, n_tried
    cdef Buffer[int32_t] vertex, beside, origin, free, cavity, fresh, made
    cdef Buffer[double] plane
    cdef Buffer[int64_t] mark       # 2 * number of the point, + 1 where it is inside
    cdef int32_t last

    cdef int build(self, Cloud* cloud, const int32_t[::1] order) except -1 nogil:
        """Triangulate the points of a cloud of rank 2 or more, inserted in this order."""
        cdef Py_ssize_t i, s
        cdef int k
        cdef bint is_first
        self.cloud = cloud
        self.rank = cloud.rank()
        self.width = self.rank + 1
        self.add_first()
        for i in range(order.shape[0]):
            is_first = False
            for k in range(self.width):
                is_first |= cloud.independent(k) == order[i]
            if not is_first:
                s = self.find_conflict(order[i])
                self.dig(<int32_t>s, order[i])
                self.fill(order[i])
        return 0

    cdef int32_t new_simplex(self) except -1 nogil:
        if self.n_free:
            self.n_free -= 1
            return self.free[self.n_free]
        cdef Py_ssize_t n = self.n_simplices + 1
        if n > MAX_SIMPLICES:
            raise_too_many()
        self.vertex.grow(self.width * n)
        self.beside.grow(self.width * n)
        self.made.grow(self.width * n)
        self.plane.grow(self.width * n)
        self.origin.grow(n)
        self.mark.grow(n)
        self.n_simplices = n
        return <int32_t>(n - 1)

    cdef int add_first(self) except -1 nogil:
        """Make the simplex of the first independent points, and those beyond its facets."""
        cdef int k, j, _, w = self.width
        cdef int32_t s
        for _ in range(w + 1):
            self.new_simplex()
        for k in range(w):
            self.vertex[k] = self.cloud.independent(k)
            self.beside[k] = k + 1
        if self.cloud.orientation(self.vertex.data()) < 0:
            self.vertex[0], self.vertex[1] = self.vertex[1], self.vertex[0]
        for k in range(w):
            for j in range(w):
                self.vertex[w * (k + 1) + j] = self.vertex[j]
                self.beside[w * (k + 1) + j] = j + 1
            self.vertex[w * (k + 1) + k] = INFINITE
            self.beside[w * (k + 1) + k] = 0
            swap(self.vertex, w * (k + 1))
            swap(self.beside, w * (k + 1))
        for s in range(w + 1):
            self.mark[s] = -2
            self.write_plane(s)
        self.last = 0
        return 0

    cdef int place(self, int32_t s, int32_t v) noexcept nogil:
        """Return which vertex of s is v, -1 for none."""
        cdef int k
        for k in range(self.width):
            if self.vertex[self.width * s + k] == v:
                return k
        return -1

    cdef int across(self, int32_t s, int32_t t) noexcept nogil:
        """Return which vertex of s is opposite the facet that it shares with t."""
        cdef int k = 0
        while self.beside[self.width * s + k] != t:
            k += 1
        return k

    cdef int write_plane(self, int32_t s) except -1 nogil:
        cdef int infinite = self.place(s, INFINITE), corner, base
        cdef int32_t t = s
        if infinite < 0:
            self.origin[s] = self.vertex[self.width * s]
            self.cloud.write_plane(&self.vertex[self.width * s], 0, -1, &self.plane[self.width * s])
            return 0
        t = self.beside[self.width * s + infinite]
        corner = self.across(t, s)
        base = 1 if corner == 0 else 0
        self.origin[s] = self.vertex[self.width * t + base]
        self.cloud.write_plane(&self.vertex[self.width * t], base, corner,
                               &self.plane[self.width * s])
        return 0

    # ----------------------------------------------------------------------------------------------
    # Insertion of a point
    # ----------------------------------------------------------------------------------------------

    cdef bint is_finite(self, int32_t s) noexcept nogil:
        return self.place(s, INFINITE) < 0

    cdef double power(self, int32_t s, int32_t q, double& error) noexcept nogil:
        """Return the power of q to the sphere of a simplex, up to an error."""
        cdef double height = self.cloud.squared_distance(q, self.origin[s]), value
        value = self.cloud.plane_value(&self.plane[self.width * s], self.origin[s], q, error)
        (&error)[0] += self.cloud.height_error(height)
        return height - value

    cdef bint conflicts(self, int32_t s, int32_t q) except -1 nogil:
        """Tell whether q is inside the sphere of s, or beyond its facet."""
        cdef double error = 0, value
        cdef int infinite = self.place(s, INFINITE), side
        cdef int32_t t
        self.n_tried += 1
        if self.n_tried % PATIENCE == 0:
            check_signals()
        if infinite < 0:
            value = self.power(s, q, error)
            if value < -error:
                return True
            if value > error:
                return False
            return self.cloud.inside_sphere(&self.vertex[self.width * s], q)
        value = self.cloud.plane_value(&self.plane[self.width * s], self.origin[s], q, error)
        if value < -error:
            return True
        if value > error:
            return False
        self.vertex[self.width * s + infinite] = q
        side = self.cloud.orientation(&self.vertex[self.width * s])
        self.vertex[self.width * s + infinite] = INFINITE
        if side != 0:
            return side > 0
        t = self.beside[self.width * s + infinite]
        return self.conflicts(t, q)

    cdef int32_t find_conflict(self, int32_t q) except -1 nogil:
        """Return a simplex with q inside."""
        cdef int32_t s = self.last, t, best = s, from_s = INFINITE
        cdef double value, error = 0, least = self.power(s, q, error)
        cdef int k
        while True:
            if least < -error:
                return s
            for k in range(self.width):
                t = self.beside[self.width * s + k]
                if t != from_s and self.is_finite(t):
                    value = self.power(t, q, error)
                    if value < least:
                        least = value
                        best = t
            if best == s:
                break
            from_s = s
            s = best
            least = self.power(s, q, error)
        for k in range(self.width):
            if self.conflicts(self.beside[self.width * s + k], q):
                return self.beside[self.width * s + k]
        for s in range(<int32_t>self.n_simplices):
            if self.vertex[self.width * s] != DEAD and self.conflicts(s, q):
                return s
        raise_no_conflict()
        return -1

    cdef bint is_inside(self, int32_t s, int32_t q) except -1 nogil:
        """Do as conflicts, once for each simplex."""
        if self.mark[s] >> 1 != q:
            self.mark[s] = 2 * <int64_t>q + self.conflicts(s, q)
        return self.mark[s] & 1

    cdef int dig(self, int32_t s, int32_t q) except -1 nogil:
        """Write to cavity all simplices with q inside, from one of them."""
        cdef Py_ssize_t i = 0
        cdef int k
        cdef int32_t t
        self.mark[s] = 2 * <int64_t>q + 1
        self.cavity.grow(1)
        self.cavity[0] = s
        self.n_cavity = 1
        while i < self.n_cavity:
            s = self.cavity[i]
            i += 1
            for k in range(self.width):
                t = self.beside[self.width * s + k]
                if self.mark[t] >> 1 != q and self.is_inside(t, q):
                    self.cavity.grow(self.n_cavity + 1)
                    self.cavity[self.n_cavity] = t
                    self.n_cavity += 1
        return 0

    cdef int fill(self, int32_t q) except -1 nogil:
        """Join q to the facets around the cavity."""
        cdef Py_ssize_t i
        cdef int k, j, w = self.width
        cdef int32_t s, t, new
        self.n_fresh = 0
        for i in range(self.n_cavity):
            s = self.cavity[i]
            for k in range(w):
                t = self.beside[w * s + k]
                if self.mark[t] & 1 and self.mark[t] >> 1 == q:
                    continue
                new = self.new_simplex()
                self.made[w * s + k] = new
                for j in range(w):
                    self.vertex[w * new + j] = self.vertex[w * s + j]
                self.vertex[w * new + k] = q
                self.beside[w * new + k] = t
                self.beside[w * t + self.across(t, s)] = new
                self.mark[new] = 2 * <int64_t>q
                self.fresh.grow(3 * self.n_fresh + 3)
                self.fresh[3 * self.n_fresh] = new
                self.fresh[3 * self.n_fresh + 1] = s
                self.fresh[3 * self.n_fresh + 2] = k
                self.n_fresh += 1
        for i in range(self.n_fresh):
            for j in range(w):
                k = self.fresh[3 * i + 2]
                if j != k:
                    self.beside[w * self.fresh[3 * i] + j] = self.around(
                        self.fresh[3 * i + 1], k, j, q)
        for i in range(self.n_fresh):
            new = self.fresh[3 * i]
            self.write_plane(new)
            if self.is_finite(new):
                self.last = new
        for i in range(self.n_cavity):
            self.vertex[w * self.cavity[i]] = DEAD
            self.free.grow(self.n_free + 1)
            self.free[self.n_free] = self.cavity[i]
            self.n_free += 1
        return 0

    cdef int32_t around(self, int32_t s, int out, int cross, int32_t q) noexcept nogil:
        """Return the new simplex beside another, which joined q to the facet opposite out of s.

        They share q and s without out and cross: turn about that, inside the cavity.
        """
        cdef int w = self.width
        cdef int32_t t, v
        while True:
            t = self.beside[w * s + cross]
            if self.mark[t] != 2 * <int64_t>q + 1:
                return self.made[w * s + cross]
            v = self.vertex[w * s + out]
            out = self.across(t, s)
            cross = self.place(t, v)
            s = t


cdef void swap(Buffer[int32_t]& items, Py_ssize_t at) noexcept nogil:
    cdef int32_t first = items[at]
    items[at] = items[at + 1]
    items[at + 1] = first


cdef int raise_too_many() except -1 nogil:
    with gil:
        raise ValueError(
            "points have more than 2**30 Delaunay simplices; take fewer points or dimensions")


cdef int raise_no_conflict() except -1 nogil:
    with gil:
        raise RuntimeError("the Delaunay triangulation of these points failed; please report them")


def exact_rank(const double[:, ::1] points):
    """Return the dimension of the affine hull of points as `triangulate` takes them."""
    cdef Cloud cloud
    return cloud.set_points(&points[0, 0], <int>points.shape[0], <int>points.shape[1])


def triangulate(const double[:, ::1] points, const int32_t[::1] order):
    """Return the Delaunay simplices of distinct points in their affine hull.

    Parameters
    ----------
    points : (n, d) C-contiguous float64
        Each point once, below one in size, multiples of 2**-343.
    order : (n,) int32
        Order of insertion, which has no influence on the result.

    Returns
    -------
    (m, r + 1) int64
        Simplices of the hull, r its dimension; none if it is less than 2.
    """
    cdef Cloud cloud
    cdef Triangulation triangulation = Triangulation()
    cdef Py_ssize_t s, n = 0
    cdef int k
    cloud.set_points(&points[0, 0], <int>points.shape[0], <int>points.shape[1])
    if cloud.rank() < 2:
        return np.empty((0, cloud.rank() + 1), dtype=np.int64)
    with nogil:
        triangulation.build(&cloud, order)
    out = np.empty((triangulation.n_simplices, triangulation.width), dtype=np.int64)
    cdef int64_t[:, ::1] view = out
    for s in range(triangulation.n_simplices):
        if triangulation.vertex[triangulation.width * s] != DEAD and triangulation.is_finite(s):
            for k in range(triangulation.width):
                view[n, k] = triangulation.vertex[triangulation.width * s + k]
            n += 1
    return out[:n].copy()
