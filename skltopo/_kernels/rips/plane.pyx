"""Exact Vietoris-Rips persistence of points in the plane, in near-linear time.

What is paired
    Dimensions 0 and 1 of the Vietoris-Rips filtration (all edges, at their lengths; ties by their
    vertices), as birth edge and death edge, from the Delaunay triangulation.

How
    1. The relative neighbourhood graph (RNG) has the edges with no point closer to both ends than
       the ends are to each other: the lens of the edge is empty. They are among the Urquhart edges
       of the triangulation (those that are the longest of no triangle); a search through the
       triangles that meet the lens decides which. Kruskal's algorithm on the RNG gives PD_0, and
       the edges of the RNG that join no components are the births of PD_1.
    2. Removing all other edges joins triangles to faces of the RNG. Vietoris-Rips fills a face at
       its minmax length: the least that the longest edge of a triangulation of the face can have.
       If D is the longest inner edge of the face, that is the length of the shortest edge {i, j}
       between corners of the face, at least sqrt(3)/2 D long, with
       (a) on each side a corner that is closer to i and j than they are to each other,
       (b) one of these, q, such that the half lenses of {i, q} and {q, j} towards {i, j} have no
           corners in them,
       (c) its middle in the face.
    3. Faces are joined across births, longest first: the face that was filled first dies (duality,
       as in ../delaunay/pairs2.pyx).

Why it is correct
    An edge with a point in its lens enters together with a triangle, so it creates no class: births
    are edges of the RNG. That Vietoris-Rips fills its faces at their minmax lengths is due to
    Clémot, Digne and Tierny, that 2. finds these to Edelsbrunner and Tan, for points in general
    position. Where distances tie, lengths are still right, by continuity; which of the tied edges
    are reported may differ from the order by vertices, but is a function of the points alone.
    Points that coincide up to rounding are in no position that is near a general one: rounding may
    take one twin for the nearest to a third point, where the triangulation, which is exact, has the
    edge of the other. Such edges stay, so that none is missing, and add pairs of no length. Beside
    them what is found to fill a face may, in rare cases, be longer than it has to be.

Complexity
    O(n log n), and O(m^2) for a face of m corners, unless many of its edges fail (a) to (c). Each
    of the m^2 half lenses is searched once and its answer kept as a bit, so that a candidate costs
    m / 64 words, and a search m / 16 boxes around corners and what is in them: O(m^3) at most.

Papers
    Supowit, The relative neighborhood graph, with an application to minimum spanning trees, 1983.
    Edelsbrunner, Tan, A quadratic time algorithm for the minmax length triangulation, 1993. Clémot,
    Digne, Tierny, Topological Autoencoders++: Fast and Accurate Cycle-Aware Dimensionality
    Reduction, 2025 (Vietoris-Rips from the minmax length triangulations of RNG faces).
"""

from libc.math cimport sqrt
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libcpp.algorithm cimport sort

from ..._persistence cimport Pairs, find_root
from ..._utils.bits cimport lowest_bit
from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals
from ..._utils.sorting cimport argsort_pairs
from ..delaunay.predicates2 cimport orient
from ..delaunay.triangulation2 cimport (
    STRIDE,
    Triangulation,
    borrow_triangulation,
    give_back_triangulation,
    locate_place,
    next_edge,
    squared_length,
    triangulate,
)
from ..delaunay.pairs2 cimport (
    PlanarWorkspace,
    add_edges,
    borrow_workspace,
    build_dual,
    give_back_workspace,
    half_edge,
    is_ghost,
    join_points,
    list_path,
    original_edge,
    write_components,
)

cdef enum:
    CANDIDATES = 1 << 21                # of one face that are listed at a time: 60 MB
    WORK_BETWEEN_SIGNALS = 1 << 27      # comparisons between two checks for Ctrl-C
    MOST_ROWS = 1 << 13                 # corners whose lenses are rows of bits: 32 MB
    BOX = 16                            # corners in a box; they follow a Hilbert curve

cdef double ROUNDED = 8 * 2.0 ** -52    # relative error of two squared lengths that are compared
cdef double TWIN = 2 * ROUNDED          # squared, in an edge: aside of it, it adds ROUNDED at most


cdef class FaceWorkspace:
    """Faces of the RNG and what filled them; scratch memory for one cloud."""

    cdef Buffer[uint64_t] incidence     # (root << 32 | corner) of every side of every RNG edge
    cdef Buffer[int32_t] corner         # of one face
    cdef Buffer[double] length          # squared, of candidates to fill it
    cdef Buffer[uint64_t] candidate     # (original edge), aligned with length
    cdef Buffer[int32_t] first, second  # their ends, as positions in corner
    # Rows of bits, one for each corner i. Bit j is set in earlier if the edge {i, j} has come, in
    # full_from if a corner is to the right of i -> j in its lens, in full_to if one is to the right
    # of j -> i, in empty_from if none is of i -> j. Where neither is set, it was not searched yet.
    cdef Buffer[uint64_t] earlier, full_from, full_to, empty_from
    cdef bint has_rows                  # unless there are too many corners
    cdef Py_ssize_t n_words, most_rows
    cdef Buffer[double] boxes           # around BOX corners each: least x, y, greatest x, y
    # The last corner found in a half lens of an edge from, or to, each corner; itself if none was.
    cdef Buffer[int32_t] witness_from, witness_to
    cdef Buffer[uint64_t] items, scratch
    cdef Buffer[int32_t] death_u, death_v   # of a root: the edge that fills its face
    cdef Buffer[int32_t] stack, seen
    cdef int32_t round
    cdef double work, checked, budget   # comparisons of distances, in faces

    cdef inline bint is_over_budget(self) noexcept nogil:
        return self.budget > 0 and self.work > self.budget


cdef inline bint comes_before(Triangulation t, int32_t a, int32_t b, double length,
                              uint64_t edge) noexcept nogil:
    """Tell whether the edge {a, b} comes before one with this squared length and these vertices."""
    cdef double ab = squared_length(t, a, b)
    return ab < length or (ab == length and original_edge(t, a, b) < edge)


# --------------------------------------------------------------------------------------------------
# The relative neighbourhood graph
# --------------------------------------------------------------------------------------------------

cdef inline bint clip_segment(double px, double py, double dx, double dy, double square,
                              double* low, double* high) noexcept nogil:
    """Cut [low, high] to the t with p + t d in the disc around 0; tell whether some are left.

    The disc is slightly enlarged, so that rounding never cuts too much.
    """
    cdef double a = dx * dx + dy * dy, b = px * dx + py * dy
    cdef double c = px * px + py * py - square * (1 + 1e-9), root
    if a == 0:
        return c < 0
    root = b * b - a * c
    if root < 0:
        return False
    root = sqrt(root)
    low[0] = max(low[0], (-b - root) / a)
    high[0] = min(high[0], (-b + root) / a)
    return low[0] <= high[0]


cdef inline bint meets_lens(Triangulation t, int32_t h, int32_t u, int32_t v,
                            double square) noexcept nogil:
    """Tell whether half-edge h passes through the lens of u and v (or very close to it)."""
    cdef int32_t a = t.mesh[h], b = t.mesh[next_edge(h)]
    cdef double ax = t.point[2 * a], ay = t.point[2 * a + 1]
    cdef double dx = t.point[2 * b] - ax, dy = t.point[2 * b + 1] - ay
    cdef double low = -1e-9, high = 1 + 1e-9
    return (clip_segment(ax - t.point[2 * u], ay - t.point[2 * u + 1], dx, dy, square, &low, &high)
            and clip_segment(ax - t.point[2 * v], ay - t.point[2 * v + 1], dx, dy, square,
                             &low, &high))


cdef inline bint is_hidden_twin(Triangulation t, int32_t i, int32_t apex, int32_t u, int32_t v,
                                double square) noexcept nogil:
    """Tell whether a corner of triangle i is a twin of u or v that the other one is not joined to.

    That is, by an edge of this triangle: another one that meets the lens may have it.
    """
    cdef double to_u = squared_length(t, apex, u), to_v = squared_length(t, apex, v)
    cdef int32_t far = v if to_u < to_v else u
    return (min(to_u, to_v) <= TWIN * square and max(to_u, to_v) >= square * (1 - ROUNDED)
            and t.mesh[STRIDE * i] != far and t.mesh[STRIDE * i + 1] != far
            and t.mesh[STRIDE * i + 2] != far)


cdef bint lens_is_empty(Triangulation t, PlanarWorkspace w, FaceWorkspace f,
                        Py_ssize_t e) except -1 nogil:
    """Tell whether the lens of edge e is empty: search the triangles that meet it.

    A point is in the lens if its edges to both ends of e come before e, and it is no hidden twin.
    """
    cdef int32_t u = w.u[e], v = w.v[e], h, g, i, apex
    cdef double square = w.key[e]
    cdef Py_ssize_t n = 0, k
    f.round += 1
    f.stack.grow(8)
    for k in range(2):
        i = w.left[e] if k == 0 else w.right[e]
        if i < t.n_triangles:
            f.seen[i] = f.round
            f.stack[n] = i
            n += 1
    while n:
        n -= 1
        i = f.stack[n]
        for h in range(STRIDE * i, STRIDE * i + 3):
            apex = t.mesh[h]
            if (apex != u and apex != v and comes_before(t, apex, u, square, w.edge[e])
                    and comes_before(t, apex, v, square, w.edge[e])
                    and not is_hidden_twin(t, i, apex, u, v, square)):
                return False
        f.stack.grow(n + 3)
        for h in range(STRIDE * i, STRIDE * i + 3):
            g = t.mesh[h + 4] / STRIDE
            if f.seen[g] != f.round and not is_ghost(t, g) and meets_lens(t, h, u, v, square):
                f.seen[g] = f.round
                f.stack[n] = g
                n += 1
    return True


cdef int keep_neighbourhood_graph(Triangulation t, PlanarWorkspace w,
                                  FaceWorkspace f) except -1 nogil:
    """Join triangles across edges outside the RNG, and keep the edges in it."""
    cdef Py_ssize_t e, n = 0
    cdef int32_t i
    f.seen.grow(t.n_triangles)
    for i in range(t.n_triangles):
        f.seen[i] = 0
    f.round = 0
    for e in range(w.n_edges):
        if lens_is_empty(t, w, f, e):
            w.key[n] = w.key[e]
            w.edge[n] = w.edge[e]
            w.u[n] = w.u[e]
            w.v[n] = w.v[e]
            w.left[n] = w.left[e]
            w.right[n] = w.right[e]
            n += 1
        else:
            join_faces(t, w, w.left[e], w.right[e])
    w.n_edges = n
    return 0


cdef void join_faces(Triangulation t, PlanarWorkspace w, int32_t i, int32_t j) noexcept nogil:
    """Join the faces of two triangles; the root is the triangle whose longest edge comes last."""
    cdef int32_t a = find_root(w.dual, i), b = find_root(w.dual, j)
    cdef int32_t outside = <int32_t>t.n_triangles
    if a == b:
        return
    if a == outside or (b != outside and (
        w.value[b] < w.value[a]
        or (w.value[b] == w.value[a] and half_edge(t, w.longest[b]) < half_edge(t, w.longest[a]))
    )):
        w.dual[b] = a
    else:
        w.dual[a] = b


# --------------------------------------------------------------------------------------------------
# The edge that fills a face
# --------------------------------------------------------------------------------------------------

cdef inline bint is_right(Triangulation t, int32_t a, int32_t b, int32_t c) noexcept nogil:
    """Tell whether c is to the right of a -> b."""
    cdef const double* x = t.point.data()
    return orient(x + 2 * a, x + 2 * b, x + 2 * c) < 0


cdef inline uint64_t lens_word(FaceWorkspace f, Py_ssize_t m, Py_ssize_t i, Py_ssize_t j,
                               Py_ssize_t word) noexcept nogil:
    """Return 64 bits: which corners from 64 word on may be in the lens of corners i and j.

    These are the common neighbours of i and j in the graph of earlier edges; all without rows.
    """
    if f.has_rows:
        return f.earlier[i * f.n_words + word] & f.earlier[j * f.n_words + word]
    return ~<uint64_t>0 >> max(0, 64 * (word + 1) - m)


cdef inline uint64_t apex_word(FaceWorkspace f, Py_ssize_t m, Py_ssize_t i, Py_ssize_t j,
                               Py_ssize_t word) noexcept nogil:
    """Return 64 bits: which corners from 64 word on may satisfy (b) to the right of i -> j.

    These are in the lens of i and j, and no corner is known to be right of j -> q or of q -> i.
    """
    cdef uint64_t bits = lens_word(f, m, i, j, word)
    if f.has_rows:
        bits &= ~(f.full_from[j * f.n_words + word] | f.full_to[i * f.n_words + word])
    return bits


cdef inline void set_bit(FaceWorkspace f, uint64_t* rows, Py_ssize_t i,
                         Py_ssize_t j) noexcept nogil:
    """Set bit j of row i, where there are rows."""
    if f.has_rows:
        rows[i * f.n_words + (j >> 6)] |= <uint64_t>1 << (j & 63)


cdef inline bint box_is_left(const double* a, const double* b, const double* box) noexcept nogil:
    """Tell whether all points of a box (least x, y, greatest x, y) are to the left of a -> b."""
    cdef double[2] last
    last[0] = box[2] if b[1] >= a[1] else box[0]
    last[1] = box[1] if b[0] >= a[0] else box[3]
    return orient(a, b, last) > 0


cdef inline uint64_t on_the_right(Triangulation t, FaceWorkspace f, int32_t a, int32_t b,
                                  Py_ssize_t word, uint64_t bits) noexcept nogil:
    """Return those of 64 bits whose corners are in no box that is to the left of a -> b."""
    cdef const double* x = t.point.data()
    cdef uint64_t box = (<uint64_t>1 << BOX) - 1
    cdef Py_ssize_t k
    for k in range(64 // BOX):
        if bits & box and box_is_left(x + 2 * a, x + 2 * b,
                                      f.boxes.data() + 4 * (64 // BOX * word + k)):
            bits &= ~box
        box <<= BOX
    return bits


cdef inline bint is_in_right_half(Triangulation t, int32_t a, int32_t b, int32_t q, double square,
                                  uint64_t edge) noexcept nogil:
    """Tell whether q is in the half lens to the right of a -> b, an edge of this squared length."""
    return (q != a and q != b and comes_before(t, a, q, square, edge)
            and comes_before(t, b, q, square, edge) and is_right(t, a, b, q))


cdef bint search_right_half(Triangulation t, FaceWorkspace f, Py_ssize_t m, Py_ssize_t i,
                            Py_ssize_t j) noexcept nogil:
    """Tell whether a corner is in the half lens to the right of corner i -> corner j.

    A corner that sticks into a lens near i is in most lenses of edges from i, so the last one is
    tried first.
    """
    cdef int32_t a = f.corner[i], b = f.corner[j]
    cdef double square = squared_length(t, a, b)
    cdef uint64_t edge = original_edge(t, a, b), bits
    cdef Py_ssize_t k, word
    f.work += 2
    if (is_in_right_half(t, a, b, f.corner[f.witness_from[i]], square, edge)
            or is_in_right_half(t, a, b, f.corner[f.witness_to[j]], square, edge)):
        return True
    for word in range(f.n_words):
        bits = on_the_right(t, f, a, b, word, lens_word(f, m, i, j, word))
        f.work += 64 // BOX
        while bits:
            k = 64 * word + lowest_bit(bits)
            bits &= bits - 1
            f.work += 1
            if is_in_right_half(t, a, b, f.corner[k], square, edge):
                f.witness_from[i] = f.witness_to[j] = <int32_t>k
                return True
    return False


cdef bint right_is_empty(Triangulation t, FaceWorkspace f, Py_ssize_t m, Py_ssize_t i,
                         Py_ssize_t j) noexcept nogil:
    """Tell whether no corner is in the half lens to the right of corner i -> corner j.

    All that could be there are known once the edge {i, j} has come, so rows keep the answer.
    """
    if f.has_rows and f.empty_from[i * f.n_words + (j >> 6)] >> (j & 63) & 1:
        return True
    if search_right_half(t, f, m, i, j):
        set_bit(f, f.full_from.data(), i, j)
        set_bit(f, f.full_to.data(), j, i)
        return False
    set_bit(f, f.empty_from.data(), i, j)
    return True


cdef bint has_apex(Triangulation t, FaceWorkspace f, Py_ssize_t m, Py_ssize_t i,
                   Py_ssize_t j) noexcept nogil:
    """Tell whether a corner in the half lens to the right of corner i -> corner j satisfies (b)."""
    cdef int32_t a = f.corner[i], b = f.corner[j], q
    cdef double square = squared_length(t, a, b)
    cdef uint64_t edge = original_edge(t, a, b), bits
    cdef Py_ssize_t k, word
    f.work += f.n_words
    for word in range(f.n_words):
        bits = apex_word(f, m, i, j, word)
        while bits:
            k = 64 * word + lowest_bit(bits)
            bits &= bits - 1
            q = f.corner[k]
            f.work += 1
            # With rows, the half lenses come first: each is searched once, and its answer is kept.
            if ((f.has_rows or is_in_right_half(t, a, b, q, square, edge))
                    and right_is_empty(t, f, m, j, k) and right_is_empty(t, f, m, k, i)
                    and is_right(t, a, b, q)):
                return True
    return False


cdef bint fills(Triangulation t, PlanarWorkspace w, FaceWorkspace f, Py_ssize_t m, Py_ssize_t i,
                Py_ssize_t j, int32_t root) noexcept nogil:
    """Tell whether corners i and j satisfy (a), (b) and (c) in the face of root with m corners."""
    cdef const double* x = t.point.data() + 2 * f.corner[i]
    cdef const double* y = t.point.data() + 2 * f.corner[j]
    cdef int32_t triangle
    if not has_apex(t, f, m, i, j) or not has_apex(t, f, m, j, i):
        return False
    triangle = locate_place(t, 0.5 * (x[0] + y[0]), 0.5 * (x[1] + y[1]), root)
    return triangle >= 0 and find_root(w.dual, triangle) == root


cdef inline void connect(FaceWorkspace f, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
    """Add the edge between corners i and j to the graph of earlier edges, where it has rows."""
    set_bit(f, f.earlier.data(), i, j)
    set_bit(f, f.earlier.data(), j, i)


cdef int start_face(Triangulation t, FaceWorkspace f, Py_ssize_t m) except -1 nogil:
    """Begin with m corners without edges, of which nothing is known but the boxes around them."""
    cdef Py_ssize_t i
    cdef double x, y
    cdef double* box
    f.n_words = (m + 63) // 64
    f.has_rows = m <= f.most_rows
    if f.has_rows:
        f.earlier.grow(m * f.n_words)
        f.full_from.grow(m * f.n_words)
        f.full_to.grow(m * f.n_words)
        f.empty_from.grow(m * f.n_words)
        for i in range(m * f.n_words):
            f.earlier[i] = f.full_from[i] = f.full_to[i] = f.empty_from[i] = 0
    f.witness_from.grow(m)
    f.witness_to.grow(m)
    f.boxes.grow(4 * (64 // BOX) * f.n_words)
    for i in range(m):
        f.witness_from[i] = f.witness_to[i] = <int32_t>i
        x = t.point[2 * f.corner[i]]
        y = t.point[2 * f.corner[i] + 1]
        box = f.boxes.data() + 4 * (i // BOX)
        if i % BOX == 0:
            box[0] = box[2] = x
            box[1] = box[3] = y
        box[0] = min(box[0], x)
        box[1] = min(box[1], y)
        box[2] = max(box[2], x)
        box[3] = max(box[3], y)
    return 0


cdef Py_ssize_t list_candidates(Triangulation t, FaceWorkspace f, Py_ssize_t m, double least,
                                double most) except -1 nogil:
    """List edges between corners with least <= squared length < most, in order.

    Shorter edges, all of which come before, are added to the graph.
    """
    cdef Py_ssize_t a, b, n = 0
    cdef double square
    for a in range(m):
        for b in range(a + 1, m):
            square = squared_length(t, f.corner[a], f.corner[b])
            if square < least:
                connect(f, a, b)
            elif square < most:
                reserve_candidates(f, n + 1)
                f.length[n] = square
                f.candidate[n] = original_edge(t, f.corner[a], f.corner[b])
                f.first[n] = <int32_t>a
                f.second[n] = <int32_t>b
                n += 1
    argsort_pairs(f.length, f.candidate, f.items, f.scratch, n)
    return n


cdef int fill_face(Triangulation t, PlanarWorkspace w, FaceWorkspace f, int32_t root,
                   Py_ssize_t m) except -1 nogil:
    """Find the edge that fills the face of root, whose m corners are in f.corner.

    The shortest candidates usually do: those of a large face are listed in rounds of increasing
    length, which keeps them in memory. The graph of all earlier edges, in rows of bits, tells which
    corners may be in a lens.
    """
    cdef double least = 0.75 * (1 - 1e-12) * w.value[root], most = w.value[root] * (1 + 1e-12)
    cdef Py_ssize_t n_rounds = 1 + m * m // CANDIDATES, i, k, n, e
    start_face(t, f, m)
    for i in range(n_rounds):
        n = list_candidates(t, f, m, least + (most - least) * i / n_rounds,
                            least + (most - least) * (i + 1) / n_rounds)
        f.work += m * m
        for k in range(n):
            e = <uint32_t>f.items[k]
            if f.work > f.checked:
                f.checked = f.work + WORK_BETWEEN_SIGNALS
                check_signals()
            if f.is_over_budget():
                return 0
            if fills(t, w, f, m, f.first[e], f.second[e], root):
                f.death_u[root] = f.corner[f.first[e]]
                f.death_v[root] = f.corner[f.second[e]]
                w.value[root] = f.length[e]
                return 0
            connect(f, f.first[e], f.second[e])
    # The longest edge of the triangulation always fills it.
    f.death_u[root] = t.mesh[w.longest[root]]
    f.death_v[root] = t.mesh[next_edge(w.longest[root])]
    return 0


cdef inline int reserve_candidates(FaceWorkspace f, Py_ssize_t n) except -1 nogil:
    f.length.grow(n)
    f.candidate.grow(n)
    f.first.grow(n)
    f.second.grow(n)
    return 0


cdef int fill_faces(Triangulation t, PlanarWorkspace w, FaceWorkspace f) except -1 nogil:
    """Find the edge that fills each bounded face; its squared length becomes the root's value."""
    cdef int32_t outside = find_root(w.dual, <int32_t>t.n_triangles), root, corner
    cdef Py_ssize_t e, k, n = 0, m
    f.death_u.grow(t.n_triangles)
    f.death_v.grow(t.n_triangles)
    f.incidence.grow(4 * w.n_edges)
    for e in range(w.n_edges):
        for k in range(2):
            root = find_root(w.dual, w.left[e] if k == 0 else w.right[e])
            if root != outside:
                f.incidence[n] = (<uint64_t>root << 32) | <uint64_t>w.u[e]
                f.incidence[n + 1] = (<uint64_t>root << 32) | <uint64_t>w.v[e]
                n += 2
    sort(f.incidence.data(), f.incidence.data() + n)
    k = 0
    while k < n:
        root = <int32_t>(f.incidence[k] >> 32)
        m = 0
        while k < n and <int32_t>(f.incidence[k] >> 32) == root:
            corner = <int32_t>(<uint32_t>f.incidence[k])
            if m == 0 or f.corner[m - 1] != corner:
                f.corner.grow(m + 1)
                f.corner[m] = corner
                m += 1
            k += 1
        fill_face(t, w, f, root, m)
        if f.is_over_budget():
            return 0
    return 0


# --------------------------------------------------------------------------------------------------
# Pairs
# --------------------------------------------------------------------------------------------------

cdef inline bint fills_before(Triangulation t, PlanarWorkspace w, FaceWorkspace f, int32_t a,
                              int32_t b, int32_t outside) noexcept nogil:
    """Tell whether the face of root a is filled before that of b; the outside is never filled."""
    if a == outside or b == outside:
        return b == outside
    if w.value[a] != w.value[b]:
        return w.value[a] < w.value[b]
    return (original_edge(t, f.death_u[a], f.death_v[a])
            < original_edge(t, f.death_u[b], f.death_v[b]))


cdef int pair_faces(Triangulation t, PlanarWorkspace w, FaceWorkspace f,
                    Pairs found) except -1 nogil:
    """Join faces across births, longest first, and add the pairs of PD_1."""
    cdef int32_t outside = find_root(w.dual, <int32_t>t.n_triangles), e, a, b, swap
    cdef Py_ssize_t k
    found.reserve(w.n_creating)
    for k in range(w.n_creating - 1, -1, -1):
        e = w.creating[k]
        a = find_root(w.dual, w.left[e])
        b = find_root(w.dual, w.right[e])
        if a == b:
            continue
        if fills_before(t, w, f, b, a, outside):
            swap = a
            a = b
            b = swap
        w.dual[a] = b
        add_edges(found, w.edge[e], original_edge(t, f.death_u[a], f.death_v[a]),
                  sqrt(w.value[a]) - sqrt(w.key[e]))
    return 0


def planar_rips_pairs(const double[:, ::1] points, double budget=0, int most_rows=MOST_ROWS):
    """Pair the critical edges of the Vietoris-Rips filtration of a cloud in the plane.

    Parameters
    ----------
    points : (n, 2) C-contiguous float64, finite, 0 < n < 2**27
    budget : float, default=0
        Give up after about so many comparisons of distances in large faces; 0 for never.
    most_rows : int, default=8192
        Keep what is known of corners in m^2 / 2 bytes for faces of m <= most_rows of them.

    Returns
    -------
    {0: Pairs, 1: Pairs}, or None if the budget was exceeded
        Rows are (bu, bv, du, dv), a birth and a death edge.
    """
    cdef Triangulation t = borrow_triangulation()
    cdef PlanarWorkspace w = borrow_workspace()
    cdef FaceWorkspace f = FaceWorkspace()
    cdef Pairs found_0 = Pairs(2, 2), found_1 = Pairs(2, 2)
    f.work = f.checked = 0
    f.budget = budget
    f.most_rows = most_rows
    with nogil:
        triangulate(&points[0, 0], points.shape[0], t)
        if t.flat:
            list_path(t, w)
        else:
            build_dual(t, w, False)
            keep_neighbourhood_graph(t, w, f)
        join_points(t, w)
        write_components(t, w, found_0, False)
        if not t.flat:
            fill_faces(t, w, f)
            if not f.is_over_budget():
                pair_faces(t, w, f, found_1)
        found_0.close_sample()
        found_1.close_sample()
    give_back_triangulation(t)
    give_back_workspace(w)
    return None if f.is_over_budget() else {0: found_0.finish(), 1: found_1.finish()}
