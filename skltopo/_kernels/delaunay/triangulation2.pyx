"""Delaunay triangulation of points in the plane.

What it makes
    The triangulation in which no point lies inside the circle of a triangle, as a mesh of
    half-edges (see triangulation2.pxd), for kernels that pair its edges and triangles. Of points at
    one place only one is a corner; it is the twin of the others. Points on one line, or at one
    place, have no triangle: they are marked as flat and sorted along the line.

How
    Points are inserted one by one along a Hilbert curve, so that each is near the one before. A
    walk from the last triangle finds the triangle that holds the point; it is split in three (two
    triangles in four where the point is on their edge), and edges opposite the point whose circle
    holds it are flipped (Lawson). Outside of the hull every edge bounds a ghost triangle, whose
    circle is the open half-plane beyond: insertion outside the hull is no special case.

Why it is correct
    All decisions are exact (predicates2.pxd) for the coordinates as they are, except that those
    below 2**-120 of the largest count as zero. Lift every point (x, y) to height x^2 + y^2. Each
    flip lowers the surface of lifted triangles, so flipping ends, and a surface that no flip lowers
    is convex, which makes its triangulation Delaunay. Points on one circle have several Delaunay
    triangulations. There edges are flipped as long as that makes them shorter, in the strict order
    of edges (length, vertices), so that filtrations by the length of edges have short diagonals.

Complexity
    O(n log n) for points that are not adversarial: about 3 steps of the walk and 3 flips for each
    point. 64 n bytes for the mesh and 36 n beside it.

Papers
    Lawson, Software for C1 surface interpolation, 1977. Shewchuk, Delaunay refinement algorithms
    for triangular mesh generation, 2002 (ghost triangles). Amenta, Choi, Rote, Incremental
    constructions con BRIO, 2003 (order of insertion).
"""

import numpy as np

from libc.math cimport fabs, frexp, ldexp
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from ..._utils.pool cimport Pool
from ..._utils.signals cimport check_signals_every
from ..._utils.sorting cimport argsort, radix_sort
from .predicates2 cimport angle, in_circle, orient

cdef enum:
    KEEP_POINTS = 1 << 20       # memory for clouds up to this size is used again (120 MB)
    MOST_POINTS = 1 << 27       # half-edges count in int32
    POINTS_BETWEEN_SIGNALS = 1 << 16
    HILBERT_BITS = 16
    FEW = 48                    # points below which insertion sorts them


cdef class Triangulation:
    """A mesh and the scratch memory that made it."""


cdef Pool _idle = Pool(Triangulation, KEEP_POINTS)


cdef Triangulation borrow_triangulation():
    """Return a triangulation to fill; give it back after use. Fresh memory is slow memory."""
    return <Triangulation>_idle.borrow()


cdef give_back_triangulation(Triangulation t):
    _idle.give_back(t, t.rank.size())


# --------------------------------------------------------------------------------------------------
# Order of insertion
# --------------------------------------------------------------------------------------------------

cdef uint8_t[64] hilbert_step    # [state, 2 bits of x, 2 bits of y]: 4 bits of the place, state


def _fill_hilbert_step():
    """Compose two levels of the curve; bits of the state: x and y are swapped, are complemented."""
    for state in range(4):
        for x in range(4):
            for y in range(4):
                place, now = 0, state
                for bit in (1, 0):
                    rx, ry = x >> bit & 1, y >> bit & 1
                    if now & 2:
                        rx, ry = 1 - rx, 1 - ry
                    if now & 1:
                        rx, ry = ry, rx
                    place = place << 2 | (3 * rx ^ ry)
                    if not ry:
                        now ^= 3 if rx else 1
                hilbert_step[state << 4 | x << 2 | y] = place << 2 | now


_fill_hilbert_step()


cdef inline uint32_t hilbert(uint32_t x, uint32_t y) noexcept nogil:
    """Return the place of a cell of a 2**16 x 2**16 grid along the Hilbert curve."""
    cdef uint32_t place = 0, state = 0, step
    cdef int shift = HILBERT_BITS
    while shift:
        shift -= 2
        step = hilbert_step[state << 4 | (x >> shift & 3) << 2 | (y >> shift & 3)]
        place = place << 4 | step >> 2
        state = step & 3
    return place


cdef double safe_scale(double most) noexcept nogil:
    """Return a power of two that brings coordinates where products neither over- nor underflow.

    1 for all but extreme coordinates, so that lengths between scaled points are lengths.
    """
    cdef int exponent
    frexp(most, &exponent)
    if most == 0 or -60 < exponent < 200:
        return 1.0
    return ldexp(1.0, max(-1022, min(1022, -exponent)))


cdef int sort_points(const double* points, Py_ssize_t n, Triangulation t) except -1 nogil:
    """Fill rank, point and scale: points along the Hilbert curve through their bounding box."""
    cdef double low_x = points[0], high_x = low_x, low_y = points[1], high_y = low_y
    cdef double x, y, most, side, cell, s, least
    cdef Py_ssize_t i, j
    for i in range(1, n):
        x = points[2 * i]
        y = points[2 * i + 1]
        low_x = min(low_x, x)
        high_x = max(high_x, x)
        low_y = min(low_y, y)
        high_y = max(high_y, y)
    most = max(max(fabs(low_x), fabs(high_x)), max(fabs(low_y), fabs(high_y)))
    s = t.scale = safe_scale(most)
    # Then the bits of all differences span less than 180 places, and those of products of four
    # less than 720: the exact predicates never underflow.
    t.largest = most * s
    least = t.least = t.largest * ldexp(1.0, -120)
    low_x *= s
    low_y *= s
    side = max(high_x * s - low_x, high_y * s - low_y)
    cell = ((1 << HILBERT_BITS) - 1) / side if side > 0 else 0
    t.rank.grow(n)
    t.point.grow(2 * n)
    t.items.grow(n)
    t.scratch.grow(n)
    for i in range(n):
        t.items[i] = (<uint64_t>hilbert(
            <uint32_t>((points[2 * i] * s - low_x) * cell),
            <uint32_t>((points[2 * i + 1] * s - low_y) * cell),
        ) << 32) | <uint64_t>i
    sort_items(t, n)
    for i in range(n):
        j = <uint32_t>t.items[i]
        t.rank[i] = <int32_t>j
        t.point[2 * i] = snap(points[2 * j] * s, least)
        t.point[2 * i + 1] = snap(points[2 * j + 1] * s, least)
    return 0


cdef int sort_items(Triangulation t, Py_ssize_t n) except -1 nogil:
    """Sort t.items[:n] ascending (they come in the order of their low halves)."""
    cdef Py_ssize_t i, j
    cdef uint64_t item
    if n > FEW:
        return radix_sort(t.items, t.scratch, 0, n)
    for i in range(1, n):
        item = t.items[i]
        j = i
        while j > 0 and t.items[j - 1] > item:
            t.items[j] = t.items[j - 1]
            j -= 1
        t.items[j] = item
    return 0


# --------------------------------------------------------------------------------------------------
# The mesh
# --------------------------------------------------------------------------------------------------

cdef inline bint same_place(Triangulation t, int32_t u, int32_t v) noexcept nogil:
    return t.point[2 * u] == t.point[2 * v] and t.point[2 * u + 1] == t.point[2 * v + 1]


cdef bint first_triangle(Triangulation t) noexcept nogil:
    """Make the first triangle and its three ghosts; False if all points are on one line."""
    cdef int32_t n = <int32_t>t.n_points, a = 0, b = 1, c, k
    while b < n and same_place(t, a, b):
        b += 1
    c = b + 1
    while c < n and turn(t, a, b, c) == 0:
        c += 1
    if c >= n:
        return False
    # The three go first; the order of the others is kept.
    for k in range(b, 1, -1):
        swap_points(t, k, k - 1)
    for k in range(c, 2, -1):
        swap_points(t, k, k - 1)
    b = 1
    c = 2
    if turn(t, 0, 1, 2) < 0:
        b = 2
        c = 1
    set_corners(t, 0, a, b, c)
    set_corners(t, STRIDE, b, a, n)
    set_corners(t, 2 * STRIDE, c, b, n)
    set_corners(t, 3 * STRIDE, a, c, n)
    join(t, 0, STRIDE)
    join(t, 1, 2 * STRIDE)
    join(t, 2, 3 * STRIDE)
    join(t, STRIDE + 1, 3 * STRIDE + 2)
    join(t, 2 * STRIDE + 1, STRIDE + 2)
    join(t, 3 * STRIDE + 1, 2 * STRIDE + 2)
    t.n_triangles = 4
    return True


cdef inline void swap_points(Triangulation t, int32_t u, int32_t v) noexcept nogil:
    cdef int32_t rank = t.rank[u]
    cdef double x = t.point[2 * u], y = t.point[2 * u + 1]
    t.rank[u] = t.rank[v]
    t.point[2 * u] = t.point[2 * v]
    t.point[2 * u + 1] = t.point[2 * v + 1]
    t.rank[v] = rank
    t.point[2 * v] = x
    t.point[2 * v + 1] = y


cdef int32_t locate(Triangulation t, int32_t p, int32_t start, bint* on_edge) noexcept nogil:
    """Walk from the triangle of half-edge start to one that holds p, and return a half-edge of it.

    With on_edge set, p lies on that half-edge. A ghost triangle holds p if p is strictly beyond its
    hull edge. A walk through a Delaunay triangulation visits no triangle twice.
    """
    cdef int32_t ghost = <int32_t>t.n_points, h = start - (start & 7), g, f
    cdef int first, second
    for g in range(h, h + 3):
        if t.mesh[g] == ghost:      # start inside: the hull edge is opposite the ghost
            h = t.mesh[next_edge(g) + 4]
            break
    first = turn(t, t.mesh[h], t.mesh[next_edge(h)], p)
    on_edge[0] = first == 0
    if first < 0:
        h = t.mesh[h + 4]
    while True:
        g = next_edge(h)
        f = previous_edge(h)
        if t.mesh[f] == ghost:
            return h
        first = turn(t, t.mesh[g], t.mesh[f], p)
        if first < 0:
            h = t.mesh[g + 4]
            on_edge[0] = False
            continue
        second = turn(t, t.mesh[f], t.mesh[h], p)
        if second < 0:
            h = t.mesh[f + 4]
            on_edge[0] = False
            continue
        if first == 0 or second == 0:
            on_edge[0] = True
            return g if first == 0 else f
        return h


cdef int32_t locate_place(Triangulation t, double x, double y, int32_t start) noexcept nogil:
    """Walk from triangle start to the one that holds (x, y); -1 if that is outside the hull."""
    cdef int32_t ghost = <int32_t>t.n_points, h = STRIDE * start, g, f
    cdef double[2] place
    cdef const double* p = t.point.data()
    place[0] = x
    place[1] = y
    if orient(p + 2 * t.mesh[h], p + 2 * t.mesh[next_edge(h)], place) < 0:
        h = t.mesh[h + 4]
    while True:
        g = next_edge(h)
        f = previous_edge(h)
        if t.mesh[f] == ghost:
            return -1
        if orient(p + 2 * t.mesh[g], p + 2 * t.mesh[f], place) < 0:
            h = t.mesh[g + 4]
        elif orient(p + 2 * t.mesh[f], p + 2 * t.mesh[h], place) < 0:
            h = t.mesh[f + 4]
        else:
            return h / STRIDE


cdef int32_t split_triangle(Triangulation t, int32_t h, int32_t p) noexcept nogil:
    """Split the triangle of h in three around p; return the number of edges put on the stack."""
    cdef int32_t first = h - (h & 7), second = <int32_t>(STRIDE * t.n_triangles)
    cdef int32_t third = second + STRIDE
    cdef int32_t a = t.mesh[first], b = t.mesh[first + 1], c = t.mesh[first + 2]
    cdef int32_t twin_b = t.mesh[first + 5], twin_c = t.mesh[first + 6]
    t.n_triangles += 2
    set_corners(t, first, a, b, p)
    set_corners(t, second, b, c, p)
    set_corners(t, third, c, a, p)
    join(t, second, twin_b)
    join(t, third, twin_c)
    join(t, first + 1, second + 2)
    join(t, second + 1, third + 2)
    join(t, third + 1, first + 2)
    t.stack[0] = first
    t.stack[1] = second
    t.stack[2] = third
    return 3


cdef int32_t split_edge(Triangulation t, int32_t h, int32_t p) noexcept nogil:
    """Split h and the two triangles beside it at p; return the number of edges on the stack."""
    cdef int32_t g = t.mesh[h + 4], a = t.mesh[h], b = t.mesh[g]
    cdef int32_t c = t.mesh[previous_edge(h)], d = t.mesh[previous_edge(g)]
    cdef int32_t bc = t.mesh[next_edge(h) + 4], ca = t.mesh[previous_edge(h) + 4]
    cdef int32_t ad = t.mesh[next_edge(g) + 4], db = t.mesh[previous_edge(g) + 4]
    cdef int32_t first = h - (h & 7), second = g - (g & 7)
    cdef int32_t third = <int32_t>(STRIDE * t.n_triangles), fourth = third + STRIDE
    t.n_triangles += 2
    set_corners(t, first, c, a, p)
    set_corners(t, second, a, d, p)
    set_corners(t, third, d, b, p)
    set_corners(t, fourth, b, c, p)
    join(t, first, ca)
    join(t, second, ad)
    join(t, third, db)
    join(t, fourth, bc)
    join(t, first + 1, second + 2)
    join(t, second + 1, third + 2)
    join(t, third + 1, fourth + 2)
    join(t, fourth + 1, first + 2)
    t.stack[0] = first
    t.stack[1] = second
    t.stack[2] = third
    t.stack[3] = fourth
    return 4


cdef inline bint conflicts(Triangulation t, int32_t a, int32_t b, int32_t d,
                           int32_t p) noexcept nogil:
    """Whether p is inside the circle of the triangle (b, a, d), beyond the edge a -> b of p's."""
    cdef int32_t ghost = <int32_t>t.n_points
    if d == ghost:
        return False        # p is not beyond the hull
    if a == ghost:
        return turn(t, d, b, p) > 0
    if b == ghost:
        return turn(t, a, d, p) > 0
    return circle_sign(t, b, a, d, p) > 0


cdef void legalise(Triangulation t, int32_t n_stack) noexcept nogil:
    """Flip edges opposite the new point, starting from the n_stack half-edges on the stack."""
    cdef int32_t h, g
    while n_stack:
        n_stack -= 1
        h = t.stack[n_stack]
        g = t.mesh[h + 4]
        if conflicts(t, t.mesh[h], t.mesh[g], t.mesh[previous_edge(g)],
                     t.mesh[previous_edge(h)]):
            t.stack[n_stack] = h - (h & 7)
            t.stack[n_stack + 1] = flip(t, h)
            n_stack += 2


cdef inline void keep_oldest(Triangulation t, int32_t corner, int32_t p) noexcept nogil:
    """Make p the twin of a corner at the same place, whose index is the smallest there."""
    cdef int32_t rank = t.rank[p]
    t.twin[p] = corner
    t.n_twins += 1
    if rank < t.rank[corner]:
        t.rank[p] = t.rank[corner]
        t.rank[corner] = rank


cdef inline bint is_shorter(Triangulation t, int32_t a, int32_t b, int32_t c,
                            int32_t d) noexcept nogil:
    """Whether the edge {a, b} comes before {c, d}: by length, then by original indices."""
    cdef double ab = squared_length(t, a, b), cd = squared_length(t, c, d)
    cdef int32_t i = t.rank[a], j = t.rank[b], k = t.rank[c], m = t.rank[d]
    if ab != cd:
        return ab < cd
    if min(i, j) != min(k, m):
        return min(i, j) < min(k, m)
    return max(i, j) < max(k, m)


cdef int shorten_diagonals(Triangulation t) except -1 nogil:
    """Flip edges between triangles on one circle as long as that makes them shorter."""
    cdef int32_t ghost = <int32_t>t.n_points, h, g, a, b, c, d
    cdef Py_ssize_t i, k, n_stack
    for i in range(t.n_triangles):
        check_signals_every(POINTS_BETWEEN_SIGNALS, i)
        for k in range(3):
            n_stack = 1
            t.stack[0] = <int32_t>(STRIDE * i + k)
            if t.mesh[t.stack[0] + 4] < t.stack[0]:
                continue
            while n_stack:
                n_stack -= 1
                h = t.stack[n_stack]
                g = t.mesh[h + 4]
                a = t.mesh[h]
                b = t.mesh[g]
                c = t.mesh[previous_edge(h)]
                d = t.mesh[previous_edge(g)]
                if a == ghost or b == ghost or c == ghost or d == ghost:
                    continue
                if circle_sign(t, b, a, d, c) != 0:
                    continue
                t.cocircular = True
                if is_shorter(t, c, d, a, b):
                    g = flip(t, h)
                    h -= h & 7
                    t.stack.grow(n_stack + 4)
                    t.stack[n_stack] = h
                    t.stack[n_stack + 1] = h + 2
                    t.stack[n_stack + 2] = g
                    t.stack[n_stack + 3] = g + 1
                    n_stack += 4
    return 0


cdef int line_up(Triangulation t) except -1 nogil:
    """Sort points that lie on one line along it, and mark duplicates."""
    cdef Py_ssize_t n = t.n_points, i, j
    cdef double low_x = t.point[0], high_x = low_x, low_y = t.point[1], high_y = low_y
    cdef int32_t axis, last = 0
    for i in range(1, n):
        low_x = min(low_x, t.point[2 * i])
        high_x = max(high_x, t.point[2 * i])
        low_y = min(low_y, t.point[2 * i + 1])
        high_y = max(high_y, t.point[2 * i + 1])
    axis = 0 if high_x > low_x else 1
    t.along.grow(n)
    t.unsorted.grow(2 * n)
    t.stack.grow(n)
    for i in range(n):
        t.along[i] = t.point[2 * i + axis]
        t.unsorted[2 * i] = t.point[2 * i]
        t.unsorted[2 * i + 1] = t.point[2 * i + 1]
        t.stack[i] = t.rank[i]
    argsort(t.along, t.items, t.scratch, n)
    for i in range(n):
        j = <uint32_t>t.items[i]
        t.point[2 * i] = t.unsorted[2 * j]
        t.point[2 * i + 1] = t.unsorted[2 * j + 1]
        t.rank[i] = t.stack[j]
        if i > 0 and same_place(t, last, <int32_t>i):
            keep_oldest(t, last, <int32_t>i)
        else:
            last = <int32_t>i
    return 0


cdef int triangulate_line(const double* points, Py_ssize_t n, Triangulation t) except -1 nogil:
    """Do as triangulate for n > 0 points x of a line: they become (x, 0)."""
    cdef double most = 0
    cdef Py_ssize_t i
    check_size(n)
    t.n_points = n
    t.n_triangles = 0
    t.cocircular = False
    t.flat = True
    t.n_twins = 0
    t.rank.grow(n)
    t.point.grow(2 * n)
    t.twin.grow(n)
    for i in range(n):
        most = max(most, fabs(points[i]))
    t.scale = safe_scale(most)
    t.largest = most * t.scale
    for i in range(n):
        t.rank[i] = <int32_t>i
        t.point[2 * i] = points[i] * t.scale
        t.point[2 * i + 1] = 0
        t.twin[i] = -1
    return line_up(t)


cdef inline int check_size(Py_ssize_t n) except -1 nogil:
    if n >= MOST_POINTS:
        raise ValueError(f"a cloud must have fewer than {MOST_POINTS} points, got {n}")
    return 0


cdef int triangulate(const double* points, Py_ssize_t n, Triangulation t) except -1 nogil:
    """Triangulate n > 0 finite points (x, y); see triangulation2.pxd for the result."""
    cdef int32_t p, h = 0, k, corner
    cdef bint on_edge
    check_size(n)
    t.n_points = n
    t.n_triangles = 0
    t.cocircular = False
    t.n_twins = 0
    t.has_out = False
    sort_points(points, n, t)
    t.mesh.grow(STRIDE * (2 * n + 2))
    t.stack.grow(4 * n + 8)
    t.twin.grow(n)
    for p in range(n):
        t.twin[p] = -1
    t.flat = not first_triangle(t)
    if t.flat:
        return line_up(t)
    for p in range(3, <int32_t>n):
        check_signals_every(POINTS_BETWEEN_SIGNALS, p)
        h = locate(t, p, h, &on_edge)
        for k in range(3):
            corner = t.mesh[h - (h & 7) + k]
            if corner < n and same_place(t, corner, p):
                keep_oldest(t, corner, p)
                break
        if t.twin[p] < 0:
            legalise(t, split_edge(t, h, p) if on_edge else split_triangle(t, h, p))
    return shorten_diagonals(t)


# --------------------------------------------------------------------------------------------------
# From Python
# --------------------------------------------------------------------------------------------------

def delaunay_triangles(const double[:, ::1] points):
    """Return the triangles of the Delaunay triangulation of points in the plane.

    Parameters
    ----------
    points : (n, 2) C-contiguous float64, finite

    Returns
    -------
    (n_triangles, 3) int64
        Counterclockwise corners; none if the points lie on one line. Of points at one place, only
        one is a corner.
    """
    cdef Triangulation t = borrow_triangulation()
    cdef Py_ssize_t i, k, m = 0
    cdef int32_t ghost = <int32_t>points.shape[0]
    if points.shape[0] == 0 or points.shape[1] != 2:
        raise ValueError(f"points must have shape (n, 2) with n > 0, got {np.shape(points)}")
    with nogil:
        triangulate(&points[0, 0], points.shape[0], t)
    triangles = np.empty((t.n_triangles, 3), dtype=np.int64)
    cdef int64_t[:, ::1] out = triangles
    for i in range(t.n_triangles):
        if (t.mesh[STRIDE * i] != ghost and t.mesh[STRIDE * i + 1] != ghost
                and t.mesh[STRIDE * i + 2] != ghost):
            for k in range(3):
                out[m, k] = t.rank[t.mesh[STRIDE * i + k]]
            m += 1
    give_back_triangulation(t)
    return triangles[:m].copy()


def predicate_signs(const double[:, ::1] points):
    """Return the signs (orient(a, b, c), angle(a, b, c), in_circle(a, b, c, d)) of points a to d.

    in_circle expects that a, b, c turn left. For tests: kernels use them without Python.
    """
    if points.shape[0] != 4 or points.shape[1] != 2:
        raise ValueError("points must have shape (4, 2)")
    cdef const double* p = &points[0, 0]
    return orient(p, p + 2, p + 4), angle(p, p + 2, p + 4), in_circle(p, p + 2, p + 4, p + 6)
