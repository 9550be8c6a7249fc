"""Weak Alpha and Alpha persistence of points in the plane or on a line.

What is paired
    The simplices of the Delaunay triangulation, by length (weak Alpha: an edge enters at its
    length, a triangle with its longest edge) or by radius (Alpha: a simplex enters with the
    smallest circle through its corners that no point lies in, or with its first triangle if there
    is none). Edges of equal length are ordered by their vertices (i, j), so the order is strict. A
    pair of PD_0 is a vertex and an edge. A pair of PD_1 is an edge and a triangle; weak Alpha names
    the triangle by its longest edge.

How
    PD_0: edges, by increasing length, join components of points (the elder rule; all vertices enter
    at 0, those of smaller index first).
    PD_1: every other edge creates a hole. By Alexander duality these edges are taken by decreasing
    length, and each joins the two triangles beside it, where the outside of the hull counts as a
    triangle that enters last. A component of triangles is represented by the triangle in it that
    enters last. Where an edge joins two components, the one whose triangle enters first ends: this
    triangle destroys the hole that the edge creates.
    An edge that enters together with a triangle beside it makes a pair of length zero with it. For
    weak Alpha that is an edge which is the longest of a triangle (no Urquhart edge), for Alpha one
    that is no Gabriel edge. The triangles beside such edges are joined before anything is sorted,
    which leaves 1.3 n of 3 n edges for n random points.
    Points on a line have no triangles, and only edges between neighbours.

Why it is correct
    An edge and a triangle that enter at one step can be cancelled (discrete Morse theory), whatever
    the order of these steps. Exact predicates decide whether a triangle is obtuse or right, and
    whether four points are on one circle. The radius of a right triangle is half its longest edge,
    without rounding, and triangles on one circle share one radius, so equal radii are equal to the
    last bit, and an acute one enters last. Where radii are nearly equal, or an angle is very small,
    they are computed with no more than one rounding (radii3.h). Births and deaths of Alpha that
    differ by a few units in the last place of the largest coordinate are equal.

Complexity
    O(n) beside the triangulation (triangulation2.pyx) and the radix sort of 1.3 n edges, and
    O(alpha(n)) for each union, with the inverse Ackermann function alpha.

Papers
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 2 (weak Alpha).
    Edelsbrunner, Mücke, Three-dimensional alpha shapes, 1994. Urquhart, Algorithms for computation
    of relative neighbourhood graph, 1980. Bauer, Edelsbrunner, The Morse theory of Čech and
    Delaunay complexes, 2017 (which simplices enter together).
"""

from libc.float cimport DBL_EPSILON
from libc.math cimport fabs, sqrt
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from ..._persistence cimport Pairs, add_pair, find_root
from ..._utils.pool cimport Pool
from ..._utils.signals cimport check_signals_every
from ..._utils.sorting cimport argsort_pairs
from .predicates2 cimport angle
from .predicates3 cimport Point3
from .repair2 cimport repair
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

cdef extern from "radii3.h" namespace "radii3" nogil:
    double fine_triangle(const Point3* corners)

# The relative error of a squared radius in doubles, and what an area must be at least, beside the
# terms that it is the difference of, for this.
cdef double NEAR = 1.5e-11, THIN = 1e-4
# Radii are equal if they differ by less than this part of the radius or of the largest coordinate.
cdef double ROUNDING = 16 * DBL_EPSILON

cdef enum:
    KEEP_POINTS = 1 << 19       # memory for clouds up to this size is used again (about 100 MB)
    PATIENCE = 1 << 17          # triangles or edges between two checks for Ctrl-C


cdef class PlanarWorkspace:
    """Scratch memory of one thread."""


cdef Pool _idle = Pool(PlanarWorkspace, KEEP_POINTS)


cdef PlanarWorkspace borrow_workspace():
    """Return scratch memory; give it back after use. Fresh memory is slow memory."""
    return <PlanarWorkspace>_idle.borrow()


cdef give_back_workspace(PlanarWorkspace w):
    _idle.give_back(w, w.parent.size())


# --------------------------------------------------------------------------------------------------
# Values of triangles
# --------------------------------------------------------------------------------------------------

cdef void measure_triangle(Triangulation t, PlanarWorkspace w, int32_t i,
                           bint alpha) noexcept nogil:
    """Find the longest edge of a triangle and its squared value: of that edge, or its radius."""
    cdef int32_t h = STRIDE * i, longest = h
    cdef int32_t a = t.mesh[h], b = t.mesh[h + 1], c = t.mesh[h + 2]
    cdef double ab = squared_length(t, a, b), bc = squared_length(t, b, c)
    cdef double ca = squared_length(t, c, a), most = ab
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
    # Rounded lengths may be equal or in the wrong order; an angle that is not acute says which edge
    # is the longest.
    w.widest[i] = angle_opposite(t, longest)
    for h in range(h, h + 3):
        if w.widest[i] > 0 and h != longest and squared_length(
            t, t.mesh[h], t.mesh[next_edge(h)]
        ) >= (1 - NEAR) * most and angle_opposite(t, h) <= 0:
            w.longest[i] = longest = h
            w.widest[i] = angle_opposite(t, h)
    w.value[i] = 0.25 * most
    if w.widest[i] != 0:
        w.value[i] = max(w.value[i], squared_radius(t, i, ab, bc, ca))


cdef inline int angle_opposite(Triangulation t, int32_t h) noexcept nogil:
    """Return the sign of the angle opposite a half-edge: 1 acute, 0 right, -1 obtuse."""
    cdef const double* x = t.point.data()
    return angle(x + 2 * t.mesh[h], x + 2 * t.mesh[next_edge(h)], x + 2 * t.mesh[previous_edge(h)])


cdef inline double squared_radius(Triangulation t, int32_t i, double ab, double bc,
                                  double ca) noexcept nogil:
    """Return the squared circumradius, with a relative error below NEAR."""
    cdef const double* x = t.point.data()
    cdef int32_t a = t.mesh[STRIDE * i], b = t.mesh[STRIDE * i + 1], c = t.mesh[STRIDE * i + 2]
    cdef double left = (x[2 * a] - x[2 * c]) * (x[2 * b + 1] - x[2 * c + 1])
    cdef double right = (x[2 * b] - x[2 * c]) * (x[2 * a + 1] - x[2 * c + 1])
    cdef double area = left - right
    if fabs(area) < THIN * (fabs(left) + fabs(right)):
        return exact_radius(t, i)
    return (ab / area) * (bc / area) * ca * 0.25


cdef double exact_radius(Triangulation t, int32_t i) noexcept nogil:
    """Return the squared circumradius of a triangle, rounded once."""
    cdef Point3[3] corner
    cdef int32_t[3] v
    cdef int j, k
    # Corners in a fixed order: what is rounded must not depend on the order of insertion.
    for k in range(3):
        j = k
        while j > 0 and t.rank[v[j - 1]] > t.rank[t.mesh[STRIDE * i + k]]:
            v[j] = v[j - 1]
            j -= 1
        v[j] = t.mesh[STRIDE * i + k]
    for k in range(3):
        corner[k].x = t.point[2 * v[k]]
        corner[k].y = t.point[2 * v[k] + 1]
        corner[k].z = 0
    return fine_triangle(corner)


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
        if w.widest[i] == 0:        # a right triangle: its longest edge is a diameter of the circle
            w.value[find_root(w.dual, i)] = 0.25 * squared_length(
                t, t.mesh[w.longest[i]], t.mesh[next_edge(w.longest[i])]
            )
    for i in range(m):
        w.value[i] = w.value[find_root(w.dual, i)]


# --------------------------------------------------------------------------------------------------
# The dual: triangles and the outside
# --------------------------------------------------------------------------------------------------

cdef inline uint64_t triangle_key(Triangulation t, int32_t i, int which) noexcept nogil:
    """Return the vertices of a triangle as rows of the input: the largest (0), the others (1)."""
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
    cdef double x, y
    if i == outside or j == outside:
        return j == outside
    x = w.value[i]
    y = w.value[j]
    if alpha and x != y and fabs(x - y) <= 3 * NEAR * max(x, y):
        x = exact_radius(t, i)
        y = exact_radius(t, j)
    if x != y:
        return x < y
    # Of triangles on one circle, or nearly, the one that its centre is in destroys the hole.
    if alpha and (w.widest[i] > 0) != (w.widest[j] > 0):
        return w.widest[j] > 0
    first = triangle_key(t, i, 0) if alpha else half_edge(t, w.longest[i])
    second = triangle_key(t, j, 0) if alpha else half_edge(t, w.longest[j])
    if alpha and first == second:
        first = triangle_key(t, i, 1)
        second = triangle_key(t, j, 1)
    return first < second


cdef inline int32_t join_dual(Triangulation t, PlanarWorkspace w, int32_t i, int32_t j,
                              bint alpha) noexcept nogil:
    """Join the components of two triangles; return the root that enters first, which ends.

    -1 if both are in one component.
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
    """Measure all triangles and list the edges, apart from those that enter with a triangle.

    The triangles on both sides of such an edge are joined.
    """
    cdef int32_t i, j, h, g, outside = <int32_t>t.n_triangles
    cdef Py_ssize_t n = 0
    w.longest.grow(outside)
    w.value.grow(outside)
    w.widest.grow(outside if alpha else 0)
    w.dual.grow(outside + 1)
    for i in range(outside):
        check_signals_every(PATIENCE, i)
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
        check_signals_every(PATIENCE, i)
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
    """Make room for n edges."""
    w.key.grow(n)
    w.edge.grow(n)
    w.u.grow(n)
    w.v.grow(n)
    w.left.grow(n)
    w.right.grow(n)
    return 0


cdef inline void put_edge(Triangulation t, PlanarWorkspace w, Py_ssize_t e, int32_t u,
                          int32_t v) noexcept nogil:
    """Write the e-th edge, between points u and v."""
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
    """Sort the edges and tell those that join components (Kruskal) from those that create holes."""
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
        check_signals_every(PATIENCE, k)
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


cdef int write_components(Triangulation t, PlanarWorkspace w, Pairs found,
                          bint alpha) except -1 nogil:
    """Add the pairs of PD_0 and its essential class, which vertex 0 creates.

    Rows are (v, v, i, j), or (v, i, j) for Alpha: edge {i, j} joins vertex v to an older component.
    """
    cdef int32_t[2] oldest
    cdef Py_ssize_t k
    cdef int32_t p
    oldest[0] = oldest[1] = 0
    found.add_essential(oldest)
    found.reserve(t.n_points)
    for k in range(w.n_joining - 1, -1, -1):    # the longest first, which spares a sort
        add_component(found, w.younger[k], w.edge[w.joining[k]], sqrt(w.key[w.joining[k]]))
    if found.keep_zero and t.n_twins:
        # Of points at one place, each but the one of the smallest index dies at once.
        for p in range(t.n_points):
            if t.twin[p] >= 0:
                add_component(found, t.rank[p], original_edge(t, p, t.twin[p]), 0)
    return 0


cdef int pair_holes(Triangulation t, PlanarWorkspace w, Pairs found, bint alpha) except -1 nogil:
    """Add the pairs of PD_1: join triangles across the edges that create holes, longest first."""
    cdef Py_ssize_t k
    cdef int32_t e, ending
    cdef double birth, death, length
    found.reserve(w.n_creating)
    for k in range(w.n_creating - 1, -1, -1):
        check_signals_every(PATIENCE, k)
        e = w.creating[k]
        ending = join_dual(t, w, w.left[e], w.right[e], alpha)
        if ending < 0:
            continue
        birth = sqrt(0.25 * w.key[e]) if alpha else sqrt(w.key[e])
        death = sqrt(w.value[ending])
        if alpha:
            length = death - birth
            if length <= ROUNDING * max(death, t.largest):
                length = 0
            add_hole(t, found, w.edge[e], ending, length)
        else:
            add_edges(found, w.edge[e], half_edge(t, w.longest[ending]), death - birth)
    return 0


cdef inline void add_hole(Triangulation t, Pairs found, uint64_t birth, int32_t death,
                          double length) noexcept nogil:
    """Add a pair of Alpha, of an edge and a triangle."""
    cdef int32_t* rest = found.scratch.rest.data() + 3 * found.n
    cdef uint64_t low = triangle_key(t, death, 1)
    rest[0] = <int32_t>(low >> 32)
    rest[1] = <int32_t>(low & 0xFFFFFFFFu)
    rest[2] = <int32_t>triangle_key(t, death, 0)
    add_pair(found, <int32_t>(birth >> 32), <int32_t>(birth & 0xFFFFFFFFu), length)


cdef int pair_cloud(Triangulation t, PlanarWorkspace w, Pairs found_0, Pairs found_1,
                    bint alpha) except -1 nogil:
    """Add the pairs of a cloud that has been triangulated; PD_0 alone if found_1 is None."""
    if t.flat:
        list_path(t, w)
    else:
        build_dual(t, w, alpha)
    join_points(t, w)
    write_components(t, w, found_0, alpha)
    found_0.close_sample()
    if found_1 is not None:
        if not t.flat:
            pair_holes(t, w, found_1, alpha)
        found_1.close_sample()
    return 0


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
    {dim: Pairs}
        Dimension 0, and 1 if holes. Vertices are numbered within their cloud. Weak Alpha has rows
        (bu, bv, du, dv) of a birth and a death edge, where a vertex v is (v, v). Alpha has rows
        (v, i, j) of a vertex and an edge, and (i, j, a, b, c) of an edge and a triangle.
    """
    cdef Py_ssize_t i, n
    cdef bint warm = previous is not None
    cdef int d = <int>points.shape[1]
    cdef Triangulation t = previous if warm else borrow_triangulation()
    cdef PlanarWorkspace w = borrow_workspace()
    cdef Pairs found_0 = Pairs(1 if alpha else 2, 2, keep_zero)
    cdef Pairs found_1 = Pairs(2, 3 if alpha else 2, keep_zero) if holes else None
    with nogil:
        for i in range(splits.shape[0] - 1):
            n = splits[i + 1] - splits[i]
            if d == 1:
                triangulate_line(&points[splits[i], 0], n, t)
            elif not (warm and repair(&points[splits[i], 0], n, t)):
                triangulate(&points[splits[i], 0], n, t)
            pair_cloud(t, w, found_0, found_1, alpha)
    if not warm:
        give_back_triangulation(t)
    give_back_workspace(w)
    if not holes:
        return {0: found_0.finish()}
    return {0: found_0.finish(), 1: found_1.finish()}
