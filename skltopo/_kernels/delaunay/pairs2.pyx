"""Weak Alpha and Alpha persistence of points in the plane or on a line: which edges are paired.

What is paired
    The simplices of the Delaunay triangulation, by length (weak Alpha: an edge enters at its
    length, a triangle with its longest edge) or by radius (Alpha: a simplex enters with the
    smallest circle through its corners that no point lies in, or with its first triangle if there
    is none). Edges of equal length are ordered by their vertices (i, j), so the order is strict. A
    pair of weak Alpha is a birth edge and a death edge (a vertex v is the edge (v, v)), one of
    Alpha is an edge and a triangle; of PD_0, a vertex and an edge.

How
    PD_0: edges by increasing length join components (union-find, the elder rule; vertices are born
    together, the smaller index is the elder). PD_1, by Alexander duality: edges that join nothing,
    by decreasing length, join triangles across them and the outside; the component that entered
    last, whose oldest triangle is its age, dies, and the edge gave birth to the hole that this
    triangle fills.
    An edge that enters together with a triangle beside it (weak Alpha: the longest edge of it; not
    an Urquhart edge. Alpha: not a Gabriel edge) only makes a pair of length zero: its triangles
    are joined before anything is sorted. That leaves 1.3 n of 3 n edges, random points given.
    Points on a line have no triangles, and edges between neighbours only.

Why it is correct
    A pair inside one step of a filtration can be cancelled (discrete Morse theory), whatever the
    order of these steps. Whether a triangle is obtuse or right, and four points are on one circle,
    is decided exactly; a right triangle has half its longest edge for a radius, without rounding,
    and triangles on one circle share theirs: so ties of Alpha are ties.

Complexity
    O(n) beside the triangulation (plane.pyx) and the radix sort of 1.3 n edges, O(alpha(n)) for
    each join.

Papers
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 2 (weak Alpha).
    Edelsbrunner, Mücke, Three-dimensional alpha shapes, 1994. Urquhart, Algorithms for computation
    of relative neighbourhood graph, 1980. Bauer, Edelsbrunner, The Morse theory of Čech and
    Delaunay complexes, 2017 (which simplices enter together).
"""

import numpy as np

from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy
from libcpp.algorithm cimport sort

from ..._utils.buffer cimport Buffer
from .triangulation2 cimport (
    STRIDE,
    Triangulation,
    borrow_triangulation,
    circle_sign,
    give_back_triangulation,
    next_edge,
    previous_edge,
    squared_length,
    triangulate,
    triangulate_line,
)
from .predicates2 cimport angle
from .repair2 cimport repair
from ..._utils.sorting cimport argsort_pairs
from ..._persistence cimport find_root

cdef enum:
    KEEP_BYTES = 1 << 27        # scratch memory that is worth keeping for the next call

_idle_workspaces = []


cdef class PlanarWorkspace:
    """Scratch memory of one thread, and the pairs found so far."""

    cdef Py_ssize_t n_bytes(self) noexcept nogil:
        return (
            self.longest.bytes() + self.value.bytes() + self.widest.bytes() + self.dual.bytes()
            + self.key.bytes() + self.edge.bytes() + self.u.bytes()
            + self.v.bytes() + self.left.bytes() + self.right.bytes() + self.parent.bytes()
            + self.younger.bytes() + self.joining.bytes() + self.creating.bytes()
            + self.minus_length.bytes() + self.birth.bytes() + self.items.bytes()
            + self.scratch.bytes() + self.death.bytes() + self.out0.bytes() + self.out1.bytes()
        )


cdef PlanarWorkspace borrow_workspace():
    # list.pop and list.append are atomic, so threads never share one.
    try:
        return _idle_workspaces.pop()
    except IndexError:
        return PlanarWorkspace()


cdef give_back_workspace(PlanarWorkspace w):
    if w.n_bytes() <= KEEP_BYTES:
        _idle_workspaces.append(w)


# --------------------------------------------------------------------------------------------------
# Values of triangles
# --------------------------------------------------------------------------------------------------

cdef void measure_triangle(Triangulation t, PlanarWorkspace w, int32_t i,
                           bint alpha) noexcept nogil:
    """Find the longest edge of a triangle and its squared value: of that edge, or its radius."""
    cdef int32_t h = STRIDE * i, longest = h
    cdef int32_t a = t.mesh[h], b = t.mesh[h + 1], c = t.mesh[h + 2]
    cdef double ab = squared_length(t, a, b), bc = squared_length(t, b, c)
    cdef double ca = squared_length(t, c, a), most = ab, area, radius
    cdef const double* x = t.point.data()
    if bc > most or (bc == most and half_edge(t, h + 1) > half_edge(t, longest)):
        most = bc
        longest = h + 1
    if ca > most or (ca == most and half_edge(t, h + 2) > half_edge(t, longest)):
        most = ca
        longest = h + 2
    w.longest[i] = longest
    w.value[i] = most
    if not alpha:
        return
    a = t.mesh[longest]
    b = t.mesh[next_edge(longest)]
    c = t.mesh[previous_edge(longest)]
    w.widest[i] = angle(x + 2 * a, x + 2 * b, x + 2 * c)
    w.value[i] = 0.25 * most
    if w.widest[i] != 0:
        area = ((x[2 * a] - x[2 * c]) * (x[2 * b + 1] - x[2 * c + 1])
                - (x[2 * b] - x[2 * c]) * (x[2 * a + 1] - x[2 * c + 1]))
        radius = (ab / area) * (bc / area) * ca * 0.25
        w.value[i] = max(w.value[i], radius)


cdef void share_radii(Triangulation t, PlanarWorkspace w) noexcept nogil:
    """Give triangles on one circle one value: half the longest edge if one of them is right."""
    cdef int32_t i, j, h, g, root, m = <int32_t>t.n_triangles
    for i in range(m):
        w.dual[i] = i
    for i in range(m):
        if is_ghost(t, i):
            continue
        for h in range(STRIDE * i, STRIDE * i + 3):
            g = t.mesh[h + 4]
            j = g / STRIDE
            if j < i and not is_ghost(t, j) and circle_sign(
                t, t.mesh[STRIDE * i], t.mesh[STRIDE * i + 1], t.mesh[STRIDE * i + 2],
                t.mesh[previous_edge(g)],
            ) == 0:
                w.dual[find_root(w.dual, i)] = find_root(w.dual, j)
    for i in range(m):
        root = find_root(w.dual, i)
        if w.value[root] < w.value[i]:
            w.value[root] = w.value[i]
    for i in range(m):
        if w.widest[i] == 0:        # one at the most has the diameter, two share it
            w.value[find_root(w.dual, i)] = 0.25 * squared_length(
                t, t.mesh[w.longest[i]], t.mesh[next_edge(w.longest[i])]
            )
    for i in range(m):
        w.value[i] = w.value[find_root(w.dual, i)]


# --------------------------------------------------------------------------------------------------
# The dual: triangles and the outside
# --------------------------------------------------------------------------------------------------

cdef inline uint64_t triangle_key(Triangulation t, int32_t i, int which) noexcept nogil:
    """Return the original indices of a triangle, to break ties: the largest, then the others."""
    cdef int32_t a = t.rank[t.mesh[STRIDE * i]], b = t.rank[t.mesh[STRIDE * i + 1]]
    cdef int32_t c = t.rank[t.mesh[STRIDE * i + 2]]
    cdef int32_t low = min(a, min(b, c)), high = max(a, max(b, c))
    if which == 0:
        return <uint64_t>high
    return (<uint64_t>low << 32) | <uint64_t>(a ^ b ^ c ^ low ^ high)


cdef bint enters_before(Triangulation t, PlanarWorkspace w, int32_t i, int32_t j,
                        bint alpha) noexcept nogil:
    """Whether triangle i enters before triangle j; the outside enters last."""
    cdef int32_t outside = <int32_t>t.n_triangles
    cdef uint64_t first, second
    if i == outside or j == outside:
        return j == outside
    if w.value[i] != w.value[j]:
        return w.value[i] < w.value[j]
    first = triangle_key(t, i, 0) if alpha else half_edge(t, w.longest[i])
    second = triangle_key(t, j, 0) if alpha else half_edge(t, w.longest[j])
    if alpha and first == second:
        first = triangle_key(t, i, 1)
        second = triangle_key(t, j, 1)
    return first < second


cdef inline int32_t join_dual(Triangulation t, PlanarWorkspace w, int32_t i, int32_t j,
                              bint alpha) noexcept nogil:
    """Join the components of two triangles; return the triangle that dies, or -1 if there is none.

    A component is as old as the triangle in it that enters last: time runs backwards here.
    """
    cdef int32_t a = find_root(w.dual, i), b = find_root(w.dual, j), swap
    if a == b:
        return -1
    if enters_before(t, w, b, a, alpha):
        swap = a
        a = b
        b = swap
    w.dual[a] = b
    return a


cdef int build_dual(Triangulation t, PlanarWorkspace w, bint alpha) except -1 nogil:
    """Value all triangles, join those across edges that pair with one, and list the other edges."""
    cdef int32_t i, j, h, g, outside = <int32_t>t.n_triangles
    cdef Py_ssize_t n = 0
    w.longest.grow(outside)
    w.value.grow(outside)
    w.widest.grow(outside if alpha else 0)
    w.dual.grow(outside + 1)
    for i in range(outside):
        if is_ghost(t, i):
            w.longest[i] = -1
            w.value[i] = 0
            if alpha:
                w.widest[i] = 1
        else:
            measure_triangle(t, w, i, alpha)
    if alpha and t.cocircular:
        share_radii(t, w)
    for i in range(outside + 1):
        w.dual[i] = i
    reserve_edges(w, 3 * t.n_points)
    for i in range(outside):
        if w.longest[i] < 0:
            continue
        for h in range(STRIDE * i, STRIDE * i + 3):
            g = t.mesh[h + 4]
            j = g / STRIDE
            if w.longest[j] < 0:
                j = outside
            elif g < h:
                continue
            if pairs_with(w, i, h, alpha) or (j != outside and pairs_with(w, j, g, alpha)):
                join_dual(t, w, i, j, alpha)
                continue
            put_edge(t, w, n, t.mesh[h], t.mesh[g] if j != outside else t.mesh[next_edge(h)])
            w.left[n] = i
            w.right[n] = j
            n += 1
    w.n_edges = n
    return 0


cdef inline bint pairs_with(PlanarWorkspace w, int32_t i, int32_t h, bint alpha) noexcept nogil:
    """Whether half-edge h enters together with its triangle i."""
    return w.longest[i] == h and (not alpha or w.widest[i] < 0)


cdef int reserve_edges(PlanarWorkspace w, Py_ssize_t n) except -1 nogil:
    w.key.grow(n)
    w.edge.grow(n)
    w.u.grow(n)
    w.v.grow(n)
    w.left.grow(n)
    w.right.grow(n)
    return 0


cdef inline void put_edge(Triangulation t, PlanarWorkspace w, Py_ssize_t e, int32_t u,
                          int32_t v) noexcept nogil:
    w.key[e] = squared_length(t, u, v)
    w.edge[e] = original_edge(t, u, v)
    w.u[e] = u
    w.v[e] = v


cdef int list_path(Triangulation t, PlanarWorkspace w) except -1 nogil:
    """List the edges between neighbours on a line."""
    cdef int32_t i, last = 0
    cdef Py_ssize_t n = 0
    reserve_edges(w, t.n_points)
    for i in range(1, <int32_t>t.n_points):
        if t.twin[i] < 0:
            put_edge(t, w, n, last, i)
            n += 1
            last = i
    w.n_edges = n
    return 0


# --------------------------------------------------------------------------------------------------
# Pairs
# --------------------------------------------------------------------------------------------------

cdef int join_points(Triangulation t, PlanarWorkspace w) except -1 nogil:
    """Sweep the edges upwards (Kruskal): younger and joining, and creating, in order."""
    cdef Py_ssize_t n = t.n_points, k
    cdef int32_t p, e, a, b, swap
    w.parent.grow(n)
    w.younger.grow(n)
    w.joining.grow(n)
    w.creating.grow(w.n_edges)
    w.n_joining = 0
    w.n_creating = 0
    for p in range(n):
        w.parent[p] = p
    argsort_pairs(w.key, w.edge, w.items, w.scratch, w.n_edges)
    for k in range(w.n_edges):
        e = <int32_t>(<uint32_t>w.items[k])
        a = find_root(w.parent, w.u[e])
        b = find_root(w.parent, w.v[e])
        if a == b:
            w.creating[w.n_creating] = e
            w.n_creating += 1
            continue
        if t.rank[a] > t.rank[b]:
            swap = a
            a = b
            b = swap
        w.parent[b] = a
        w.younger[w.n_joining] = t.rank[b]
        w.joining[w.n_joining] = e
        w.n_joining += 1
    return 0


cdef int write_components(Triangulation t, PlanarWorkspace w, bint alpha,
                          bint keep_zero) except -1 nogil:
    """Append the pairs of PD_0: longest first, equal lengths by vertex."""
    cdef Py_ssize_t begin, end, k, columns = 3 if alpha else 4
    cdef int32_t e, p
    cdef double length
    w.scratch.grow(t.n_points)
    w.out0.grow(w.n_out0 + columns * t.n_points)
    end = w.n_joining
    while end > 0:
        length = sqrt(w.key[w.joining[end - 1]])
        if length == 0 and not keep_zero:
            break
        begin = end - 1
        while begin > 0 and sqrt(w.key[w.joining[begin - 1]]) == length:
            begin -= 1
        for k in range(begin, end):
            w.scratch[k] = (<uint64_t>w.younger[k] << 32) | <uint64_t>w.joining[k]
        if end - begin > 1:
            sort(w.scratch.data() + begin, w.scratch.data() + end)
        for k in range(begin, end):
            e = <int32_t>(<uint32_t>w.scratch[k])
            write_component(w, <int64_t>(w.scratch[k] >> 32), w.edge[e], alpha)
        end = begin
    if keep_zero:
        # Duplicates: each but the smallest index ends where it begins.
        begin = 0
        for p in range(t.n_points):
            if t.twin[p] >= 0:
                w.scratch[begin] = ((<uint64_t>t.rank[p] << 32)
                                    | <uint64_t>t.rank[t.twin[p]])
                begin += 1
        sort(w.scratch.data(), w.scratch.data() + begin)
        for k in range(begin):
            write_component(w, <int64_t>(w.scratch[k] >> 32),
                            (w.scratch[k] << 32) | (w.scratch[k] >> 32), alpha)
    return 0


cdef inline void write_component(PlanarWorkspace w, int64_t vertex, uint64_t edge,
                                 bint alpha) noexcept nogil:
    cdef int64_t* out = w.out0.data() + w.n_out0
    out[0] = vertex
    if alpha:
        out[1] = <int64_t>(edge >> 32)
        out[2] = <int64_t>(<uint32_t>edge)
        w.n_out0 += 3
    else:
        out[1] = vertex
        out[2] = <int64_t>(edge >> 32)
        out[3] = <int64_t>(<uint32_t>edge)
        w.n_out0 += 4


cdef int pair_holes(Triangulation t, PlanarWorkspace w, bint alpha,
                    bint keep_zero) except -1 nogil:
    """Sweep edges that join no points downwards, and append the pairs of PD_1, longest first."""
    cdef Py_ssize_t k, n = 0, columns = 5 if alpha else 4
    cdef int32_t e, dying
    cdef double birth, death
    w.minus_length.grow(w.n_creating)
    w.birth.grow(w.n_creating)
    w.death.grow(w.n_creating)
    for k in range(w.n_creating - 1, -1, -1):
        e = w.creating[k]
        dying = join_dual(t, w, w.left[e], w.right[e], alpha)
        if dying < 0:
            continue
        birth = sqrt(0.25 * w.key[e]) if alpha else sqrt(w.key[e])
        death = sqrt(w.value[dying])
        if birth == death and not keep_zero:
            continue
        w.minus_length[n] = birth - death
        w.birth[n] = w.edge[e]
        w.death[n] = dying
        n += 1
    argsort_pairs(w.minus_length, w.birth, w.items, w.scratch, n)
    w.out1.grow(w.n_out1 + columns * n)
    for k in range(n):
        e = <int32_t>(<uint32_t>w.items[k])
        write_hole(t, w, w.birth[e], w.death[e], alpha)
    return 0


cdef inline void write_hole(Triangulation t, PlanarWorkspace w, uint64_t birth, int32_t death,
                            bint alpha) noexcept nogil:
    cdef int64_t* out = w.out1.data() + w.n_out1
    cdef uint64_t edge, key
    out[0] = <int64_t>(birth >> 32)
    out[1] = <int64_t>(<uint32_t>birth)
    if alpha:
        key = triangle_key(t, death, 1)
        out[2] = <int64_t>(key >> 32)
        out[3] = <int64_t>(<uint32_t>key)
        out[4] = <int64_t>triangle_key(t, death, 0)
        w.n_out1 += 5
    else:
        edge = half_edge(t, w.longest[death])
        out[2] = <int64_t>(edge >> 32)
        out[3] = <int64_t>(<uint32_t>edge)
        w.n_out1 += 4


cdef int pair_cloud(const double* points, Py_ssize_t n, int d, bint alpha, bint holes,
                    bint keep_zero, bint warm, Triangulation t,
                    PlanarWorkspace w) except -1 nogil:
    if d == 1:
        triangulate_line(points, n, t)
    elif not (warm and repair(points, n, t)):
        triangulate(points, n, t)
    if t.flat:
        list_path(t, w)
    else:
        build_dual(t, w, alpha)
    join_points(t, w)
    write_components(t, w, alpha, keep_zero)
    if holes and not t.flat:
        pair_holes(t, w, alpha, keep_zero)
    return 0


cdef rows(Buffer[int64_t]& values, Py_ssize_t n, int columns):
    """Return values[:n] as a new array of rows."""
    out = np.empty((n // columns, columns), dtype=np.int64)
    cdef int64_t[:, ::1] view = out
    if n:
        memcpy(&view[0, 0], values.data(), n * sizeof(int64_t))
    return out


def planar_alpha_pairs(const double[:, ::1] points, const int64_t[::1] splits, bint alpha,
                       bint holes=True, bint keep_zero=False, Triangulation previous=None):
    """Pair the critical simplices of clouds on a line or in the plane.

    Parameters
    ----------
    points : (n_points, d) C-contiguous float64, finite, d = 1 or 2
        The clouds one after the other.
    splits : (n_clouds + 1,) int64
        Cloud i has points[splits[i]:splits[i + 1]], at least one and fewer than 2**27.
    alpha : bool
        Alpha if true, weak Alpha if not.
    holes : bool
        Whether to find PD_1, too.
    keep_zero : bool
        Keep pairs of different edges (duplicate points) with equal values.
    previous : Triangulation, default=None
        One that this function was given before, and no other thread uses: it is repaired where few
        points have moved, and holds the triangulation of the last cloud afterwards.

    Returns
    -------
    pairs_0 : (n_pairs, 4) int64, or (n_pairs, 3) for Alpha
        (v, v, i, j): vertex v is joined to an older component by edge {i, j}, numbered within their
        cloud; (v, i, j) for Alpha. Cloud by cloud, longest first.
    splits_0 : (n_clouds + 1,) int64
        Cloud i has pairs_0[splits_0[i]:splits_0[i + 1]].
    pairs_1 : (n_pairs, 4) int64, or (n_pairs, 5) for Alpha
        (bu, bv, du, dv): birth and death edges; for Alpha a birth edge and a death triangle.
    splits_1 : (n_clouds + 1,) int64
    """
    cdef Py_ssize_t i, n_clouds = splits.shape[0] - 1
    cdef int d = <int>points.shape[1], columns_0 = 3 if alpha else 4, columns_1 = 5 if alpha else 4
    cdef bint warm = previous is not None
    cdef Triangulation t = previous if warm else borrow_triangulation()
    cdef PlanarWorkspace w = borrow_workspace()
    splits_0 = np.zeros(n_clouds + 1, dtype=np.int64)
    splits_1 = np.zeros(n_clouds + 1, dtype=np.int64)
    cdef int64_t[::1] ends_0 = splits_0, ends_1 = splits_1
    w.n_out0 = w.n_out1 = 0
    with nogil:
        for i in range(n_clouds):
            pair_cloud(&points[splits[i], 0], splits[i + 1] - splits[i], d, alpha, holes,
                       keep_zero, warm, t, w)
            ends_0[i + 1] = w.n_out0 // columns_0
            ends_1[i + 1] = w.n_out1 // columns_1
    pairs_0 = rows(w.out0, w.n_out0, columns_0)
    pairs_1 = rows(w.out1, w.n_out1, columns_1)
    if not warm:
        give_back_triangulation(t)
    give_back_workspace(w)
    return pairs_0, splits_0, pairs_1, splits_1
