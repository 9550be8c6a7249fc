"""Repair of a planar Delaunay triangulation after a few of its points have moved.

How
    Points are moved one by one. A point moves at once if all triangles around it stay
    counterclockwise; then edges are flipped, starting with those of these triangles, until all
    circles are empty (Lawson). A point that would turn a triangle over moves half of its way first,
    and so on. That fails for points on the hull, for duplicates, and where points are on one
    circle, so that the triangulation is not unique. Then the caller triangulates anew. So a
    repaired triangulation equals the one that would be built.

Complexity
    O(n) to see which points have moved, about a microsecond for each of them, and once O(n) to find
    the triangles of the points.

Paper
    de Castro, Tournois, Alliez, Devillers, Filtering relocations on a Delaunay triangulation, 2009.
"""

from libc.stdint cimport int32_t

from .triangulation2 cimport (
    STRIDE,
    Triangulation,
    circle_sign,
    flip,
    next_edge,
    previous_edge,
    snap,
    turn,
)

cdef enum:
    HALVINGS = 4        # of a step that would turn a triangle over
    # The share of points, one of so many, that may have moved. Measured with pairing, for 1e3 to
    # 1e5 points: 2.5 to 5 times faster where one in 1000 moved, no gain where one in 20 did.
    LARGEST_PART = 64


cdef void find_out(Triangulation t) noexcept nogil:
    """Find a half-edge that starts at each corner."""
    cdef int32_t i, h
    for i in range(t.n_triangles):
        for h in range(STRIDE * i, STRIDE * i + 3):
            t.out[t.mesh[h]] = h
    t.has_out = True


cdef int32_t push_star(Triangulation t, int32_t p) except -2 nogil:
    """Put the edges of the triangles around p on the stack; return how many.

    -1 if p is on the hull, or if a triangle is not counterclockwise.
    """
    cdef int32_t ghost = <int32_t>t.n_points, first = t.out[p], h = first, n = 0, a, b
    while True:
        a = t.mesh[next_edge(h)]
        b = t.mesh[previous_edge(h)]
        if a == ghost or b == ghost or turn(t, p, a, b) <= 0:
            return -1
        t.stack.grow(n + 2)
        t.stack[n] = h
        t.stack[n + 1] = next_edge(h)
        n += 2
        h = t.mesh[previous_edge(h) + 4]
        if h == first:
            return n


cdef bint make_delaunay(Triangulation t, int32_t n_stack) except -1 nogil:
    """Flip edges on the stack until their circles are empty; False if points are on one circle."""
    cdef int32_t ghost = <int32_t>t.n_points, h, g, a, b, c, d
    cdef int inside
    while n_stack:
        n_stack -= 1
        h = t.stack[n_stack]
        g = t.mesh[h + 4]
        a = t.mesh[h]
        b = t.mesh[g]
        c = t.mesh[previous_edge(h)]
        d = t.mesh[previous_edge(g)]
        if c == ghost or d == ghost:
            continue
        inside = circle_sign(t, b, a, d, c)
        if inside == 0:
            return False
        if inside < 0:
            continue
        g = flip(t, h)
        h -= h & 7
        t.out[a] = h
        t.out[d] = h + 1
        t.out[c] = h + 2
        t.out[b] = g + 1
        t.stack.grow(n_stack + 4)
        t.stack[n_stack] = h
        t.stack[n_stack + 1] = h + 2
        t.stack[n_stack + 2] = g
        t.stack[n_stack + 3] = g + 1
        n_stack += 4
    return True


cdef bint move_point(Triangulation t, int32_t p, double x, double y) except -1 nogil:
    """Move point p to (x, y) in steps that turn no triangle over; False if that fails."""
    cdef double from_x, from_y, step = 1
    cdef int32_t n
    cdef int halvings = 0
    while True:
        from_x = t.point[2 * p]
        from_y = t.point[2 * p + 1]
        t.point[2 * p] = x if step == 1 else from_x + step * (x - from_x)
        t.point[2 * p + 1] = y if step == 1 else from_y + step * (y - from_y)
        n = push_star(t, p)
        if n < 0:
            t.point[2 * p] = from_x
            t.point[2 * p + 1] = from_y
            halvings += 1
            if halvings > HALVINGS:
                return False
            step *= 0.5
            continue
        if not make_delaunay(t, n):
            return False
        if step == 1:
            return True
        step = 1


cdef bint repair(const double* points, Py_ssize_t n, Triangulation t) except -1 nogil:
    """Move the points of a triangulation to new places.

    Returns whether it is the Delaunay triangulation of these; else it is none any more, and has to
    be built anew.
    """
    cdef Py_ssize_t i, j, n_moved = 0
    cdef double x, y
    if (t.n_points != n or t.n_triangles == 0 or t.flat or t.cocircular or t.n_twins > 0
            or t.scale != 1):
        return False
    t.unsorted.grow(3 * (n // LARGEST_PART + 1))
    for i in range(n):
        j = t.rank[i]
        x = snap(points[2 * j], t.least)
        y = snap(points[2 * j + 1], t.least)
        if x != t.point[2 * i] or y != t.point[2 * i + 1]:
            if n_moved == n // LARGEST_PART:
                return False
            t.unsorted[3 * n_moved] = <double>i
            t.unsorted[3 * n_moved + 1] = x
            t.unsorted[3 * n_moved + 2] = y
            n_moved += 1
    if n_moved and not t.has_out:
        t.out.grow(n + 1)
        find_out(t)
    for i in range(n_moved):
        if not move_point(t, <int32_t>t.unsorted[3 * i], t.unsorted[3 * i + 1],
                          t.unsorted[3 * i + 2]):
            t.n_triangles = 0
            return False
    return True
