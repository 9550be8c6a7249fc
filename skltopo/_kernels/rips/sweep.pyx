"""Vietoris-Rips persistence of a distance matrix: the edges in their order, and what they pair.

Edges are placed into buckets by length (edges.pxd), and enter bucket by bucket: by loops.pyx for
dimensions 0 and 1, by voids.pyx for dimensions 0 to 2. What they have paired is written to `Pairs`
at the end, with lengths from the matrix.
"""

from cython cimport floating
from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libcpp cimport bool
from libcpp.vector cimport vector

from ..._persistence cimport Pairs
from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals
from .edges cimport count_edges, n_buckets_for, place_edges, sort_bucket
from .loops cimport Edge, LivingClass, RipsState, insert_edge, sweep_loops, unpack_edge
from .voids cimport sweep_voids

cdef extern from "rips_state.h" nogil:
    bool all_quiet(const uint64_t* items, Py_ssize_t n_items, const uint64_t* rows,
                   Py_ssize_t n_words, const uint8_t* touched)

cdef enum:
    MOST_VERTICES = 1 << 16     # two ends of an edge in 32 bits
    # Edges between two checks for Ctrl-C: those of dimension 2 take longer.
    MANY_EDGES = 1 << 16
    FEW_EDGES = 1 << 12


#: The most points that rips_pairs takes.
MAX_VERTICES = MOST_VERTICES


cdef int take_memory(RipsState& s, Py_ssize_t n, Py_ssize_t n_edges,
                     Py_ssize_t max_bytes) except -1 nogil:
    """Begin with n vertices, unless the graph and the edges take more than max_bytes."""
    cdef Py_ssize_t needed = 8 * n_edges + n * n // 8 + 128 * n
    if needed > max_bytes:
        with gil:
            raise MemoryError(
                f"{n_edges} edges of {n} points take {needed / 2**30:.1f} GiB, and "
                f"{max_bytes / 2**30:.1f} GiB are free; take fewer points or a smaller max_edge"
            )
    s.bytes_left = max_bytes - needed
    s.reset(n)
    return 0


cdef int sweep_edges(RipsState& s, int top, const floating* matrix, Py_ssize_t n, double limit,
                     Py_ssize_t max_bytes) except -1 nogil:
    """Enter all edges up to limit."""
    cdef Py_ssize_t n_buckets = n_buckets_for(n), n_edges, b, i, start = 0, stop, since = 0
    cdef Py_ssize_t most = MANY_EDGES if top == 1 else FEW_EDGES
    cdef Buffer[int64_t] ends, fine
    cdef Buffer[int32_t] row_buckets
    cdef Buffer[uint64_t] items, scratch
    n_edges = count_edges(matrix, n, limit, n_buckets, ends, row_buckets)
    take_memory(s, n, n_edges, max_bytes)
    items.grow(n_edges)
    place_edges(matrix, n, limit, n_buckets, ends, row_buckets, items.data())
    for b in range(n_buckets):
        stop = ends[b]
        if top == 1 and all_quiet(items.data() + start, stop - start, s.rows.data(), s.n_words,
                                  s.touched.data()):
            for i in range(start, stop):
                insert_edge(s.rows.data(), s.n_words, items[i])
        else:
            sort_bucket(matrix, n, items.data() + start, stop - start, scratch, fine)
            if top == 1:
                sweep_loops(s, items.data() + start, stop - start)
            else:
                sweep_voids(s, items.data() + start, stop - start)
        since += stop - start
        start = stop
        if since >= most:
            since = 0
            check_signals()
    return 0


# --------------------------------------------------------------------------------------------------
# From and to Python
# --------------------------------------------------------------------------------------------------

cdef double measure(const floating* matrix, Py_ssize_t n, Edge e, bint squared) noexcept nogil:
    """Return the length of an edge, 0 for a vertex."""
    cdef double length = matrix[e.u * n + e.v] if e.u < e.v else 0
    return sqrt(length) if squared else length


cdef int fill_pairs(Pairs found, RipsState& s, int dim, const floating* matrix,
                    bint squared) except -1 nogil:
    """Add the pairs of one dimension, and the classes that are alive at the end."""
    cdef vector[LivingClass]* classes = &s.holes if dim == 1 else &s.voids
    cdef int32_t[4] row
    cdef Edge birth, death
    cdef size_t i
    cdef int32_t v
    for i in range(s.pairs[dim].size()):
        birth = unpack_edge(s.pairs[dim][i] >> 32)
        death = unpack_edge(s.pairs[dim][i])
        row[0], row[1], row[2], row[3] = birth.u, birth.v, death.u, death.v
        found.add_row(row, measure(matrix, s.n, death, squared)
                      - measure(matrix, s.n, birth, squared))
    if dim == 0:
        for v in range(<int32_t>s.n):
            if s.parent[v] == v:
                row[0] = row[1] = v
                found.add_essential(row)
    else:
        for i in range(classes.size()):
            if classes[0][i].alive:
                birth = unpack_edge(classes[0][i].birth)
                row[0], row[1] = birth.u, birth.v
                found.add_essential(row)
    return found.close_sample()


def _add_sample(const floating[:, ::1] matrix, list found, double limit, bint squared,
                Py_ssize_t max_bytes):
    """Add the pairs of one matrix to found, the Pairs of dimension 0, 1, ..."""
    cdef RipsState s
    cdef int dim, top = <int>len(found) - 1
    cdef Pairs pairs
    with nogil:
        sweep_edges(s, top, &matrix[0, 0], matrix.shape[0], limit, max_bytes)
    for dim in range(top + 1):
        pairs = found[dim]
        with nogil:
            fill_pairs(pairs, s, dim, &matrix[0, 0], squared)


def rips_pairs(samples, int top, bint keep_zero):
    """Pair the edges of Vietoris-Rips filtrations of distance matrices.

    Parameters
    ----------
    samples : iterable of (matrix, limit, squared, max_bytes)
        matrix : (n, n) C-contiguous float32 or float64, not NaN and not negative. Only entries
        above the diagonal are read; 1 <= n <= 65536. limit : float, the longest edge that enters,
        finite; negative for none. squared : bool, whether entries, and limit, are squared lengths.
        max_bytes : int, memory that may be taken, beyond which MemoryError is raised.
    top : {1, 2}
        Largest homology dimension.
    keep_zero : bool
        Keep pairs of length zero.

    Returns
    -------
    {dim: Pairs}
        For dimensions 0 to top. Rows are edges (bu, bv, du, dv); births of essential classes are
        edges (u, v), in the order of the filtration.
    """
    cdef list found = [Pairs(2, 2, keep_zero) for _ in range(top + 1)]
    for matrix, limit, squared, max_bytes in samples:
        _add_sample(matrix, found, limit, squared, max_bytes)
    return {dim: found[dim].finish() for dim in range(top + 1)}
