"""Declarations for kernels that pair points in the plane: scratch memory, rows of pairs, steps."""

from libc.stdint cimport int8_t, int32_t, uint64_t

from ..._persistence cimport Pairs, add_pair, make_pair
from ..._utils.buffer cimport Buffer
from .triangulation2 cimport STRIDE, Triangulation, next_edge


cdef class PlanarWorkspace:
    # Of a triangle: its longest half-edge, its squared value and, for Alpha, the sign of the angle
    # opposite that half-edge (1 acute, 0 right, -1 obtuse).
    cdef Buffer[int32_t] longest
    cdef Buffer[double] value
    cdef Buffer[int8_t] widest
    # The union-find over triangles; the outside of the hull is its last node. The root of a
    # component is the triangle in it that enters last.
    cdef Buffer[int32_t] dual
    # Edges that are no pair of length zero: squared length, vertices as rows of the input
    # (i << 32 | j), the points of both ends, the triangles on both sides.
    cdef Buffer[double] key
    cdef Buffer[uint64_t] edge
    cdef Buffer[int32_t] u, v, left, right
    cdef Py_ssize_t n_edges
    # PD_0: the union-find over points; vertices whose component an edge destroys, these edges, and
    # the other edges, which create holes.
    cdef Buffer[int32_t] parent, younger, joining, creating
    cdef Py_ssize_t n_joining, n_creating
    cdef Buffer[uint64_t] items, scratch    # of sorting


cdef inline uint64_t original_edge(Triangulation t, int32_t u, int32_t v) noexcept nogil:
    """Pack the ends of an edge, as rows of the input, so that edges compare by (i, j), i < j."""
    cdef int32_t i = t.rank[u], j = t.rank[v]
    if i < j:
        return (<uint64_t>i << 32) | <uint64_t>j
    return (<uint64_t>j << 32) | <uint64_t>i


cdef inline uint64_t half_edge(Triangulation t, int32_t h) noexcept nogil:
    """Do the same for the edge of a half-edge."""
    return original_edge(t, t.mesh[h], t.mesh[next_edge(h)])


cdef inline bint is_ghost(Triangulation t, int32_t triangle) noexcept nogil:
    """Whether a triangle stands for the outside of an edge of the hull."""
    cdef int32_t first = STRIDE * triangle, ghost = <int32_t>t.n_points
    return t.mesh[first] == ghost or t.mesh[first + 1] == ghost or t.mesh[first + 2] == ghost


cdef PlanarWorkspace borrow_workspace()
cdef give_back_workspace(PlanarWorkspace w)
cdef int build_dual(Triangulation t, PlanarWorkspace w, bint alpha) except -1 nogil
cdef int list_path(Triangulation t, PlanarWorkspace w) except -1 nogil
cdef int join_points(Triangulation t, PlanarWorkspace w) except -1 nogil
cdef int write_components(
    Triangulation t, PlanarWorkspace w, Pairs found, bint alpha
) except -1 nogil


cdef inline void add_edges(Pairs found, uint64_t birth, uint64_t death,
                           double length) noexcept nogil:
    """Add a pair of two edges (i << 32 | j), for which `reserve` has made room."""
    cdef int32_t* rest = found.scratch.rest.data() + 2 * found.n
    found.scratch.key[found.n] = birth
    rest[0] = <int32_t>(death >> 32)
    rest[1] = <int32_t>(death & 0xFFFFFFFFu)
    found.scratch.minus_length[found.n] = 0.0 - length      # never -0.0, which sorts apart
    found.n += 1


cdef inline void add_component(Pairs found, int32_t vertex, uint64_t edge,
                               double length) noexcept nogil:
    """Add a pair of PD_0: a vertex v, named (v, v) where births have two vertices, and an edge."""
    if found.birth_width == 2:
        add_edges(found, make_pair(vertex, vertex), edge, length)
        return
    found.scratch.rest[found.n] = <int32_t>(edge & 0xFFFFFFFFu)
    add_pair(found, vertex, <int32_t>(edge >> 32), length)
