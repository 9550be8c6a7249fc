"""PD_0 of a batch of distance matrices, from their minimum spanning trees by Prim's algorithm.

What is paired
    An edge of the minimum spanning tree destroys the component whose smallest vertex is the larger
    of the two: all components are born at 0, and of equal births the smaller vertex is the older.
    The tree is that of the strict order of edges (length, i, j), i < j, so it is unique. Edges
    longer than the limit, and infinite ones, leave several components.

Why it is correct
    The edges that destroy components are those that join two components when edges enter in that
    order: Kruskal's algorithm, whose tree is the same.

Complexity
    Each row of a matrix is read once, in the matrix's own precision: time O(n^2) in vector
    instructions, memory O(n), for each matrix of n points. Points are not moved when they join the
    tree, so that rows are read as they lie in memory.

Paper
    Prim, Shortest connection networks and some generalizations, 1957.
"""

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int32_t

from ..._persistence cimport Pairs, join_elder
from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals_every

cdef extern from "dense_trees.h" nogil:
    cdef cppclass TreeEdge[T]:
        T value
        int32_t low, high
    float relax_single(const float* row, const float* inside, Py_ssize_t n, int32_t vertex,
                       float* value, int32_t* nearest)
    double relax_double(const double* row, const double* inside, Py_ssize_t n, int32_t vertex,
                        double* value, int32_t* nearest)
    Py_ssize_t first_single(const float* value, const int32_t* nearest, Py_ssize_t n, float least)
    Py_ssize_t first_double(const double* value, const int32_t* nearest, Py_ssize_t n, double least)
    void sort_tree[Edge](Edge* edges, Py_ssize_t n)

cdef enum:
    ENTRIES_BETWEEN_SIGNALS = 1 << 22


cdef Py_ssize_t grow_tree(const floating[:, ::1] matrix, Buffer[floating]& value,
                          Buffer[floating]& inside, Buffer[int32_t]& nearest,
                          Buffer[TreeEdge[floating]]& edges) except -1 nogil:
    """Write the finite edges of the tree in the order in which points join; return their number."""
    cdef Py_ssize_t n = matrix.shape[0], i, step, found, n_edges = 0
    cdef Py_ssize_t patience = ENTRIES_BETWEEN_SIGNALS // n + 1
    cdef int32_t vertex = 0
    cdef floating least
    for i in range(n):
        value[i] = INFINITY
        inside[i] = 0
        nearest[i] = <int32_t>n
    inside[0] = INFINITY
    for step in range(n - 1):
        check_signals_every(patience, step)
        if floating is float:
            least = relax_single(&matrix[vertex, 0], inside.data(), n, vertex, value.data(),
                                 nearest.data())
        else:
            least = relax_double(&matrix[vertex, 0], inside.data(), n, vertex, value.data(),
                                 nearest.data())
        if least == INFINITY:       # another component begins, without an edge
            found = 0
            while inside[found] == INFINITY:
                found += 1
        else:
            if floating is float:
                found = first_single(value.data(), nearest.data(), n, least)
            else:
                found = first_double(value.data(), nearest.data(), n, least)
            edges[n_edges].value = least
            edges[n_edges].low = min(<int32_t>found, nearest[found])
            edges[n_edges].high = max(<int32_t>found, nearest[found])
            n_edges += 1
        vertex = <int32_t>found
        value[vertex] = inside[vertex] = INFINITY
    return n_edges


def dense_tree_pairs(const floating[:, :, ::1] matrices, double limit, bint keep_zero):
    """Pair the edges of minimum spanning trees of distance matrices in dimension 0.

    Parameters
    ----------
    matrices : (n_samples, n, n) C-contiguous float32 or float64, n at least 1
        Symmetric, not NaN and not negative; inf is no edge.
    limit : float
        Length of the longest edge that enters.
    keep_zero : bool
        Keep pairs of length zero.

    Returns
    -------
    {0: Pairs}
        For each sample rows (v, v, i, j): the edge {i, j} destroys the component whose smallest
        vertex is v. Births of essential classes are (v, v), in ascending order.
    """
    cdef Pairs pairs = Pairs(2, 2, keep_zero)
    cdef Buffer[floating] value, inside
    cdef Buffer[int32_t] nearest, parent
    cdef Buffer[TreeEdge[floating]] edges
    cdef int32_t[4] row
    cdef Py_ssize_t n = matrices.shape[1], sample, k, n_edges
    with nogil:
        value.grow(n)
        inside.grow(n)
        nearest.grow(n)
        parent.grow(n)
        edges.grow(n)
        for sample in range(matrices.shape[0]):
            n_edges = grow_tree(matrices[sample], value, inside, nearest, edges)
            sort_tree(edges.data(), n_edges)
            for k in range(n):
                parent[k] = <int32_t>k
            for k in range(n_edges):
                if edges[k].value > limit:
                    break
                row[2] = edges[k].low
                row[3] = edges[k].high
                row[0] = row[1] = join_elder(parent, row[2], row[3])
                pairs.add_row(row, edges[k].value)
            for k in range(n):
                if parent[k] == k:
                    row[0] = row[1] = <int32_t>k
                    pairs.add_essential(row)
            pairs.close_sample()
    return {0: pairs.finish()}
