"""Persistence of a filtered complex, and the answer of every kernel that computes it: `Pairs`.

Read this file first. The kernels in ``_kernels`` compute the same pairs faster.

What a filtration is
    A complex is a set of simplices (vertices, edges, triangles, ...) that holds every face of its
    simplices. A filtration adds them one by one, every simplex after its faces. Real data have
    values: a simplex enters at its value, and simplices with equal values enter in the order of
    their indices. So the order is strict, and what follows is a function of the input alone.

What a pair is
    A simplex of dimension k that enters does one of two things. It creates a class of homology in
    dimension k (a component for k = 0, a hole for k = 1, a void for k = 2), or it destroys one of
    dimension k - 1. Persistence pairs the simplex that creates a class with the one that destroys
    it. The values of the two are the birth and the death of a point of PD_k, the persistence
    diagram of dimension k. A class that is never destroyed is essential. Homology is modulo 2.

The elder rule: PD_0
    Every vertex creates a component. An edge between two components destroys one of them, the
    younger: the one whose oldest vertex entered later. A union-find keeps the oldest vertex of each
    component as its root: `find_root` and `join_elder`. Time O(m alpha(m)) for m edges, with the
    inverse Ackermann function alpha.

Duality: the last dimension
    Let every simplex of dimension D - 1 have at most two cofaces of dimension D, as in the plane
    (D = 2), in space (D = 3), and in any Delaunay complex. Seen from the end of the filtration to
    its beginning, D-simplices are then vertices of a graph whose edges are the (D - 1)-simplices,
    and the exterior, which stands for missing cofaces, is its oldest vertex. PD_{D-1} of the
    complex is PD_0 of this graph with births and deaths exchanged (Alexander duality):
    `_join_cells`.

Reduction of the boundary matrix: all other dimensions
    Column j of the matrix lists the facets of simplex j, in the order of the filtration. Columns
    are taken from left to right. While the last entry of a column is also the last entry of an
    earlier column, the earlier one is added to it modulo 2. If the column becomes empty, its
    simplex creates a class. Otherwise it destroys the class that the simplex of its last entry
    created: `Reduction`. A simplex that is known to create a class needs no column (clearing). The
    coboundary matrix, with columns and rows reversed, has the same pairs; it is used where the
    dimension below is known. Worst case cubic; a few additions for each column on Delaunay
    complexes and level sets. Memory: 4 bytes for each incidence and for each entry of a reduced
    column.

How kernels answer: Pairs
    A kernel adds each pair of a sample with its length (``reserve`` and `add_pair` for rows of two
    vertices, ``add_row`` for wider ones), then calls ``close_sample()``. What every diagram needs
    is written once, there: pairs of length zero are dropped, the longest comes first, and equal
    lengths come in the lexicographic order of their rows. Python reads ``pairs``, ``splits``,
    ``essential`` and ``essential_splits``. ``_persistence.pxd`` declares this for kernels.

Papers
    Edelsbrunner, Letscher, Zomorodian, Topological persistence and simplification, 2002. Chen,
    Kerber, Persistent homology computation with a twist, 2011 (clearing). de Silva, Morozov,
    Vejdemo-Johansson, Dualities in persistent (co)homology, 2011. Bauer, Ripser, 2021. Guillou,
    Vidal, Tierny, Discrete Morse sandwich, 2023 (extremal dimensions first).
"""

import numpy as np

from cpython.buffer cimport PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from ._utils.buffer cimport Buffer
from ._utils.pool cimport Pool
from ._utils.prefetch cimport prefetch
from ._utils.signals cimport check_signals, check_signals_every
from ._utils.sorting cimport argsort_pairs

from ._utils.sorting import argsort_keys, argsort_rows

cdef enum:
    NONE = -1
    PATIENCE = 1 << 22      # rows added between two checks for Ctrl-C
    STEPS_BETWEEN_SIGNALS = 1 << 18     # of simplices
    AHEAD = 12              # pairs between a prefetch and its use
    KEEP_BYTES = 1 << 27    # scratch memory for pairs that the next call may use (128 MB)


# --------------------------------------------------------------------------------------------------
# Pairs: the answer of every kernel
# --------------------------------------------------------------------------------------------------

cdef class PairScratch:
    """Memory of `Pairs` while a kernel fills it."""

    cdef Py_ssize_t n_bytes(self) noexcept nogil:
        return (self.key.bytes() + self.rest.bytes() + self.minus_length.bytes()
                + self.items.bytes() + self.items_scratch.bytes() + self.sorted_key.bytes()
                + self.sorted_rest.bytes())


cdef Pool _scratch = Pool(PairScratch, KEEP_BYTES)


cdef class Pairs:
    """The pairs of one homology dimension, for a batch of samples.

    A simplex is named by one or more vertices: a pixel by its index, an edge by its two ends. A row
    is the name of the simplex that creates a class, then the name of the one that destroys it.

    Parameters
    ----------
    birth_width : int, default=1
        Vertices that name a birth.
    death_width : int, default=1
        Vertices that name a death.
    keep_zero : bool, default=False
        Keep pairs of length zero.

    Attributes
    ----------
    pairs : (n_pairs, birth_width + death_width) int64 ndarray
        Sample by sample, by decreasing length, equal lengths in lexicographic order.
    splits : (n_samples + 1,) int64 ndarray
        Sample i has the rows splits[i]:splits[i + 1] of pairs.
    essential : (n_essential, birth_width) int64 ndarray; (n_essential,) if a row is two vertices
        Names of the births of essential classes.
    essential_splits : (n_samples + 1,) int64 ndarray
        As splits, for essential.

    Examples
    --------
    Two samples of a toy filtration, the second one without a pair:

    >>> from skltopo._persistence import Pairs
    >>> found = Pairs()
    >>> found.add_sample(pairs=[[3, 5], [2, 4]], lengths=[1.0, 2.5], essential=[0])
    >>> found.add_sample(pairs=[], lengths=[], essential=[0])
    >>> found = found.finish()
    >>> found.pairs
    array([[2, 4],
           [3, 5]])
    >>> found.splits, found.essential
    (array([0, 2, 2]), array([0, 0]))
    """

    def __init__(self, int birth_width=1, int death_width=1, bint keep_zero=False):
        if birth_width < 1 or death_width < 1:
            raise ValueError(f"widths must be at least 1, got {birth_width} and {death_width}")
        self.birth_width = birth_width
        self.width = birth_width + death_width
        self.keep_zero = keep_zero
        self.n = self.n_sorted = self.n_samples = self.n_essential = 0
        self.scratch = _scratch.borrow()

    # ----------------------------------------------------------------------------------------------
    # For kernels
    # ----------------------------------------------------------------------------------------------

    cdef int reserve(self, Py_ssize_t n) except -1 nogil:
        """Make room for n more pairs of the open sample."""
        n += self.n
        self.scratch.key.grow(n)
        self.scratch.minus_length.grow(n)
        if self.width > 2:
            self.scratch.rest.grow((self.width - 2) * n)
        return 0

    cdef int add_row(self, const int32_t* row, double length) except -1 nogil:
        """Add a pair with names of several vertices: a row of ``width`` vertices."""
        cdef Py_ssize_t at = (self.width - 2) * self.n
        cdef int k
        self.reserve(1)
        self.scratch.key[self.n] = make_pair(row[0], row[1])
        for k in range(self.width - 2):
            self.scratch.rest[at + k] = row[2 + k]
        self.scratch.minus_length[self.n] = 0.0 - length    # never -0.0, which sorts apart
        self.n += 1
        return 0

    cdef int add_essential(self, const int32_t* birth) except -1 nogil:
        """Add an essential class of the open sample."""
        cdef Py_ssize_t at = self.birth_width * self.n_essential
        cdef int k
        self.scratch.essential.grow(at + self.birth_width)
        for k in range(self.birth_width):
            self.scratch.essential[at + k] = birth[k]
        self.n_essential += 1
        return 0

    cdef int close_sample(self) except -1 nogil:
        """Drop and sort the pairs of the open sample, and open the next one."""
        cdef Py_ssize_t n, end = self.n_sorted, more = self.width - 2
        if not self.keep_zero:
            self.drop_zero()
        n = self.n
        self.scratch.sorted_key.grow(end + n)
        self.scratch.sorted_rest.grow(more * (end + n))
        if self.is_sorted():
            if n > 0:  # a buffer without items has no address, which memcpy must not be given
                memcpy(self.scratch.sorted_key.data() + end, self.scratch.key.data(), 8 * n)
            if more * n > 0:
                memcpy(self.scratch.sorted_rest.data() + more * end, self.scratch.rest.data(),
                       4 * more * n)
        else:
            argsort_pairs(self.scratch.minus_length, self.scratch.key, self.scratch.items,
                          self.scratch.items_scratch, n)
            if self.write_sorted():
                self.sort_rest()
                self.write_sorted()
        self.n_sorted += n
        self.n = 0
        self.n_samples += 1
        self.scratch.ends.grow(2 * self.n_samples)
        self.scratch.ends[2 * self.n_samples - 2] = self.n_sorted
        self.scratch.ends[2 * self.n_samples - 1] = self.n_essential
        return 0

    cdef bint is_sorted(self) noexcept nogil:
        """Tell whether the pairs of the open sample come in their order, no two of one length."""
        cdef const double* minus_length = self.scratch.minus_length.data()
        cdef Py_ssize_t i = 1
        while i < self.n and minus_length[i - 1] < minus_length[i]:
            i += 1
        return i >= self.n

    cdef bint write_sorted(self) noexcept nogil:
        """Write the pairs in the order of items; tell whether two rows with a rest have one key."""
        cdef const uint64_t* key = self.scratch.key.data()
        cdef const int32_t* rest = self.scratch.rest.data()
        cdef const uint64_t* order = self.scratch.items.data()
        cdef uint64_t* sorted_key = self.scratch.sorted_key.data() + self.n_sorted
        cdef int32_t* sorted_rest
        cdef Py_ssize_t i, k, n = self.n, more = self.width - 2
        cdef bint tied = False
        sorted_rest = self.scratch.sorted_rest.data() + more * self.n_sorted
        for i in range(n):
            if i + AHEAD < n:
                prefetch(key + <uint32_t>order[i + AHEAD])
            sorted_key[i] = key[<uint32_t>order[i]]
        if more:    # in a loop of its own: the one above has no branch then
            for i in range(n):
                tied |= i > 0 and sorted_key[i] == sorted_key[i - 1]
                for k in range(more):
                    sorted_rest[more * i + k] = rest[more * <Py_ssize_t><uint32_t>order[i] + k]
        return tied

    cdef void drop_zero(self) noexcept nogil:
        """Leave out pairs of the open sample that have no length."""
        cdef Py_ssize_t i = 0, n, more = self.width - 2, k
        cdef uint64_t* key = self.scratch.key.data()
        cdef int32_t* rest = self.scratch.rest.data()
        cdef double* minus_length = self.scratch.minus_length.data()
        while i < self.n and minus_length[i] != 0:
            i += 1
        n = i
        for i in range(i, self.n):
            key[n] = key[i]
            for k in range(more):
                rest[more * n + k] = rest[more * i + k]
            minus_length[n] = minus_length[i]
            n += minus_length[i] != 0
        self.n = n

    cdef void sort_rest(self) noexcept nogil:
        """Sort pairs with equal lengths and equal first two vertices by the others."""
        cdef Py_ssize_t i, j
        cdef uint64_t item
        cdef uint64_t* order = self.scratch.items.data()
        for i in range(1, self.n):
            item = order[i]
            j = i
            while j > 0 and self.comes_before(<uint32_t>item, <uint32_t>order[j - 1]):
                order[j] = order[j - 1]
                j -= 1
            order[j] = item

    cdef bint comes_before(self, uint32_t a, uint32_t b) noexcept nogil:
        """Tell whether pairs a and b have equal lengths and keys, and a has a smaller rest."""
        cdef Py_ssize_t more = self.width - 2, k
        cdef const int32_t* rest = self.scratch.rest.data()
        if (self.scratch.key[a] != self.scratch.key[b]
                or self.scratch.minus_length[a] != self.scratch.minus_length[b]):
            return False
        for k in range(more):
            if rest[more * a + k] != rest[more * b + k]:
                return rest[more * a + k] < rest[more * b + k]
        return False

    # ----------------------------------------------------------------------------------------------
    # For Python
    # ----------------------------------------------------------------------------------------------

    def add_sample(self, pairs, lengths, essential):
        """Add a whole sample.

        Parameters
        ----------
        pairs : (n, birth_width + death_width) array-like of int
            In any order.
        lengths : (n,) array-like of float
            How long each pair lives, not negative.
        essential : (e, birth_width) or (e * birth_width,) array-like of int

        Raises
        ------
        ValueError
            If a vertex or a length is negative, a length is NaN, or `finish` was called.
        """
        cdef const int32_t[:, ::1] rows
        cdef const double[::1] values
        cdef Py_ssize_t i
        self._check_open()
        rows = _as_vertices(pairs, self.width, "pairs")
        values = np.ascontiguousarray(lengths, dtype=np.float64)
        if values.shape[0] != rows.shape[0] or not np.all(np.asarray(values) >= 0):
            raise ValueError(
                f"lengths must be one number of at least 0 for each of {rows.shape[0]} pairs, got "
                f"{lengths}"
            )
        for i in range(rows.shape[0]):
            self.add_row(&rows[i, 0], values[i])
        rows = _as_vertices(essential, self.birth_width, "essential")
        for i in range(rows.shape[0]):
            self.add_essential(&rows[i, 0])
        self.close_sample()

    def _check_open(self):
        if self.scratch is None:
            raise ValueError("these Pairs are finished")

    cpdef Pairs finish(self):
        """Write what was found to arrays, give the scratch memory back, and return self."""
        self._check_open()
        cdef PairScratch s = self.scratch
        cdef Py_ssize_t i, k, width = self.width, more = self.width - 2
        cdef int64_t* rows
        cdef int64_t* births
        cdef int64_t* ends
        cdef int64_t* essential_ends
        self.pairs = np.empty((self.n_sorted, width), np.int64)
        self.essential = np.empty((self.n_essential, self.birth_width), np.int64)
        self.splits = np.empty(self.n_samples + 1, np.int64)
        self.essential_splits = np.empty(self.n_samples + 1, np.int64)
        rows, births, ends = data_of(self.pairs), data_of(self.essential), data_of(self.splits)
        essential_ends = data_of(self.essential_splits)
        with nogil:
            for i in range(self.n_sorted):
                rows[width * i] = <int64_t>(s.sorted_key[i] >> 32)
                rows[width * i + 1] = <int64_t>(s.sorted_key[i] & 0xFFFFFFFFu)
            for i in range(self.n_sorted if more else 0):
                for k in range(more):
                    rows[width * i + 2 + k] = s.sorted_rest[more * i + k]
            for i in range(self.birth_width * self.n_essential):
                births[i] = s.essential[i]
            ends[0] = essential_ends[0] = 0
            for i in range(self.n_samples):
                ends[i + 1] = s.ends[2 * i]
                essential_ends[i + 1] = s.ends[2 * i + 1]
        if self.width == 2:
            self.essential = self.essential.reshape(-1)
        self.scratch = None
        _scratch.give_back(s, s.n_bytes())
        return self


def _as_vertices(rows, int width, str name):
    """Return (n, width) int32 numbers of vertices, or raise ValueError."""
    rows = np.asarray(rows)
    if rows.size == 0:
        return np.empty((0, width), np.int32)
    if rows.dtype.kind not in "iu" or rows.size % width or rows.min() < 0 or rows.max() >= 2**31:
        raise ValueError(f"{name} must be rows of {width} vertices from 0 to 2**31 - 1, got {rows}")
    return np.ascontiguousarray(rows.reshape(-1, width), dtype=np.int32)


cdef int64_t* data_of(array) except NULL:
    """Return the memory of a new int64 array; a memoryview of it takes as long as 100 pairs."""
    cdef Py_buffer view
    PyObject_GetBuffer(array, &view, PyBUF_WRITABLE)
    PyBuffer_Release(&view)
    return <int64_t*>view.buf


cdef Pairs pairs_of_arrays(pairs, splits, essential, essential_splits):
    """Return Pairs with these arrays, which a kernel has sorted by itself."""
    cdef Pairs found = Pairs.__new__(Pairs)
    found.pairs, found.splits = pairs, splits
    found.essential, found.essential_splits = essential, essential_splits
    return found


def join_pairs(list parts):
    """Join the pairs of consecutive samples.

    Parameters
    ----------
    parts : list of {dim: Pairs}, not empty
        All with the same dimensions.

    Returns
    -------
    {dim: Pairs}
    """
    if not parts:
        raise ValueError("parts must have at least one {dim: Pairs}, got none")
    if len(parts) == 1:
        return parts[0]
    return {dim: _joined([part[dim] for part in parts]) for dim in parts[0]}


cdef Pairs _joined(list parts):
    return pairs_of_arrays(
        np.concatenate([part.pairs for part in parts]),
        _joined_splits([part.splits for part in parts]),
        np.concatenate([part.essential for part in parts]),
        _joined_splits([part.essential_splits for part in parts]),
    )


cdef _joined_splits(list splits):
    cdef Py_ssize_t i, n = 0
    cdef const int64_t[::1] part
    joined = np.zeros(sum([len(one) - 1 for one in splits]) + 1, dtype=np.int64)
    cdef int64_t[::1] view = joined
    for one in splits:
        part = one
        for i in range(1, part.shape[0]):
            view[n + 1] = view[n] + part[i] - part[i - 1]
            n += 1
    return joined


def without_essential(Pairs found):
    """Return the pairs without essential classes."""
    return pairs_of_arrays(found.pairs, found.splits, found.essential[:0],
                           np.zeros_like(found.essential_splits))


def no_pairs(Py_ssize_t n_samples, int birth_width=1, int death_width=1):
    """Return the Pairs of samples in which there is nothing to pair."""
    cdef Pairs found = Pairs(birth_width, death_width)
    cdef Py_ssize_t _
    for _ in range(n_samples):
        found.close_sample()
    return found.finish()


# --------------------------------------------------------------------------------------------------
# Columns modulo 2
# --------------------------------------------------------------------------------------------------

cdef class Reduction:
    cdef int reset(self, Py_ssize_t n_rows, Py_ssize_t n_columns) except -1 nogil:
        cdef Py_ssize_t i
        self.pivot.reset(n_rows)
        self.owner.grow(n_rows)
        self.stored.grow(n_columns)
        for i in range(n_rows):
            self.owner[i] = NONE
        self.n_stored = 0
        self.work = 0
        return 0

    cdef inline void own(self, int32_t row, int32_t column) noexcept nogil:
        """Pair a column, as it is, with its last row, which no earlier column has."""
        self.owner[row] = column
        self.stored[column] = NONE

    cdef int32_t add(self, int32_t column, const int32_t* rows,
                     const int64_t* starts) except -2 nogil:
        """Reduce rows[starts[column]:starts[column + 1]] by the columns before; its row or NONE.

        Later calls may read the rows of any column that was paired.
        """
        cdef int64_t i, begin = starts[column], end = starts[column + 1]
        cdef int32_t last = NONE, by
        for i in range(begin, end):
            last = max(last, rows[i])
        if last == NONE:
            return NONE
        if self.owner[last] == NONE:
            self.own(last, column)
            return last
        for i in range(begin, end):
            self.pivot.toggle(rows[i])
        while True:
            last = self.pivot.last()
            if last == NONE:
                return NONE
            by = self.owner[last]
            if by == NONE:
                break
            if self.stored[by] == NONE:
                for i in range(starts[by], starts[by + 1]):
                    self.pivot.toggle(rows[i])
                self.work += starts[by + 1] - starts[by]
            else:
                # The length stands before the rows.
                begin = self.stored[by]
                for i in range(begin + 1, begin + 1 + self.store[begin]):
                    self.pivot.toggle(self.store[i])
                self.work += self.store[begin]
            if self.work > PATIENCE:
                self.work = 0
                check_signals()
        self.owner[last] = column
        self.stored[column] = begin = self.n_stored
        end = begin + 1
        while last != NONE:
            self.store.grow(end + 1)
            self.store[end] = last
            end += 1
            self.pivot.toggle(last)
            last = self.pivot.last()
        self.store[begin] = <int32_t>(end - begin - 1)
        self.n_stored = end
        return self.store[begin + 1]


cdef reduced_pairs(Buffer[int32_t]& rows, Buffer[int64_t]& starts, Py_ssize_t n_rows,
                   Py_ssize_t n_columns):
    """Reduce a matrix; return (row, column) for every row that is the last of a column, ascending.
    """
    cdef Reduction reduction = Reduction()
    cdef Py_ssize_t i, n = 0
    pairs = np.empty((min(n_rows, n_columns), 2), dtype=np.int64)
    cdef int64_t[:, ::1] view = pairs
    with nogil:
        reduction.reset(n_rows, n_columns)
        for i in range(n_columns):
            check_signals_every(STEPS_BETWEEN_SIGNALS, i)
            reduction.add(<int32_t>i, rows.data(), starts.data())
        for i in range(n_rows):
            if reduction.owner[i] != NONE:
                view[n, 0] = i
                view[n, 1] = reduction.owner[i]
                n += 1
    return pairs[:n]


def _reduce_boundary(const int64_t[:, ::1] facets, Py_ssize_t n_rows, const uint8_t[::1] skip,
                     const uint8_t[::1] drop):
    """Return pairs (row, column) of a boundary matrix, without columns skip and rows drop."""
    cdef Py_ssize_t n_columns = facets.shape[0], i, j, n = 0
    cdef Buffer[int32_t] rows
    cdef Buffer[int64_t] starts
    with nogil:
        rows.grow(n_columns * facets.shape[1])
        starts.grow(n_columns + 1)
        for j in range(n_columns):
            check_signals_every(STEPS_BETWEEN_SIGNALS, j)
            starts[j] = n
            if not skip[j]:
                for i in range(facets.shape[1]):
                    if not drop[facets[j, i]]:
                        rows[n] = <int32_t>facets[j, i]
                        n += 1
        starts[n_columns] = n
    return reduced_pairs(rows, starts, n_rows, n_columns)


def _reduce_coboundary(const int64_t[:, ::1] facets, Py_ssize_t n_columns,
                       const uint8_t[::1] skip):
    """Return pairs (facet, simplex) by cofacets of the facets that are not skip, last ones first.

    Positions count from the end in here, so that the last row of a column is its first cofacet.
    """
    cdef Py_ssize_t n_rows = facets.shape[0], i, j, column
    cdef Buffer[int32_t] rows
    cdef Buffer[int64_t] starts
    with nogil:
        rows.grow(n_rows * facets.shape[1])
        starts.grow(n_columns + 2)
        for j in range(n_columns + 2):
            starts[j] = 0
        for i in range(n_rows):
            check_signals_every(STEPS_BETWEEN_SIGNALS, i)
            for j in range(facets.shape[1]):
                if not skip[facets[i, j]]:
                    starts[n_columns - 1 - facets[i, j] + 2] += 1
        for j in range(n_columns):
            starts[j + 2] += starts[j + 1]
        for i in range(n_rows):
            check_signals_every(STEPS_BETWEEN_SIGNALS, i)
            for j in range(facets.shape[1]):
                if not skip[facets[i, j]]:
                    column = n_columns - 1 - facets[i, j]
                    rows[starts[column + 1]] = <int32_t>(n_rows - 1 - i)
                    starts[column + 1] += 1
    pairs = reduced_pairs(rows, starts, n_rows, n_columns)
    return np.stack([n_columns - 1 - pairs[::-1, 1], n_rows - 1 - pairs[::-1, 0]], axis=1)


# --------------------------------------------------------------------------------------------------
# Union-finds: the first dimension, and the last one by duality
# --------------------------------------------------------------------------------------------------

def _join_components(const int64_t[:, ::1] edges, Py_ssize_t n_vertices):
    """Return pairs (vertex, edge) of PD_0."""
    cdef Buffer[int32_t] parent
    cdef Py_ssize_t i, n = 0
    cdef int32_t dying
    pairs = np.empty((min(len(edges), max(n_vertices - 1, 0)), 2), dtype=np.int64)
    cdef int64_t[:, ::1] view = pairs
    with nogil:
        parent.grow(n_vertices)
        for i in range(n_vertices):
            parent[i] = <int32_t>i
        for i in range(edges.shape[0]):
            check_signals_every(STEPS_BETWEEN_SIGNALS, i)
            dying = join_elder(parent, <int32_t>edges[i, 0], <int32_t>edges[i, 1])
            if dying != NONE:
                view[n, 0] = dying
                view[n, 1] = i
                n += 1
    return pairs[:n]


def _join_cells(const int64_t[:, ::1] facets, Py_ssize_t n_facets):
    """Return pairs (facet, cell) by duality; None if a facet belongs to more than two cells."""
    cdef Buffer[int32_t] beside, parent
    cdef Py_ssize_t i, j, f, n = 0, n_cells = facets.shape[0]
    cdef int32_t a, b, exterior = <int32_t>n_cells
    cdef bint manifold = True
    pairs = np.empty((min(n_facets, n_cells), 2), dtype=np.int64)
    cdef int64_t[:, ::1] view = pairs
    with nogil:
        beside.grow(2 * n_facets)
        parent.grow(n_cells + 1)
        for i in range(2 * n_facets):
            beside[i] = exterior
        for i in range(n_cells + 1):
            parent[i] = <int32_t>i
        for i in range(n_cells):
            check_signals_every(STEPS_BETWEEN_SIGNALS, i)
            for j in range(facets.shape[1]):
                f = 2 * facets[i, j]
                if beside[f] == exterior:
                    beside[f] = <int32_t>i
                elif beside[f + 1] == exterior:
                    beside[f + 1] = <int32_t>i
                else:
                    manifold = False
        if manifold:
            for i in range(n_facets - 1, -1, -1):
                check_signals_every(STEPS_BETWEEN_SIGNALS, i)
                a = find_root(parent, beside[2 * i])
                b = find_root(parent, beside[2 * i + 1])
                if a != b:
                    parent[min(a, b)] = max(a, b)
                    view[n, 0] = i
                    view[n, 1] = min(a, b)
                    n += 1
    return pairs[:n][::-1] if manifold else None


# --------------------------------------------------------------------------------------------------
# From simplices to boundaries
# --------------------------------------------------------------------------------------------------

def list_faces(simplices, max_dim=None):
    """List all faces of some simplices, and which are facets of which.

    Parameters
    ----------
    simplices : int array of shape (m, k + 1), or a list of such arrays
        Vertices, non-negative, of simplices of one dimension, or of several.
    max_dim : int, default=None
        Leave out faces of a higher dimension; None for none.

    Returns
    -------
    faces : list of (n_k, k + 1) int64 arrays, one for each dimension k from 0
        Vertices ascending, rows in lexicographic order, each once.
    facets : list of (n_k, k + 1) int64 arrays
        facets[k][i, j] is the row of faces[k - 1] with the vertices of faces[k][i] without the
        j-th. facets[0] has shape (n_0, 0).
    """
    if isinstance(simplices, np.ndarray):
        simplices = [simplices]
    given = {}
    for rows in simplices:
        rows = np.sort(np.asarray(rows, dtype=np.int64), axis=1)
        given.setdefault(rows.shape[1] - 1, []).append(rows)
    top = max(given, default=-1)
    faces, facets = [None] * (top + 1), [None] * (top + 1)
    split = np.empty((0, top + 2), dtype=np.int64)      # facets of what is one dimension higher
    for dim in range(top, -1, -1):
        check_signals()     # compiled, so that Python does not do it between two lines
        rows = np.concatenate([split.reshape(-1, dim + 1), *given.get(dim, [])])
        faces[dim], position = _unique_rows(rows)
        if dim < top:
            facets[dim + 1] = position[: split.shape[0] * (dim + 2)].reshape(-1, dim + 2)
        if dim:
            split = np.stack([np.delete(faces[dim], j, axis=1) for j in range(dim + 1)], axis=1)
    if faces:
        facets[0] = np.empty((len(faces[0]), 0), dtype=np.int64)
    if max_dim is not None:
        faces, facets = faces[: max_dim + 1], facets[: max_dim + 1]
    return faces, facets


def _unique_rows(rows):
    """Return rows of non-negative integers in lexicographic order, each once, and the inverse."""
    order = argsort_rows(rows, int(rows.max(initial=0)) + 1)
    ordered = rows[order]
    check_signals()
    new = (np.diff(ordered, axis=0) != 0).any(axis=1)
    check_signals()
    first = np.concatenate([np.ones(min(len(rows), 1), dtype=bool), new])
    inverse = np.empty(len(rows), dtype=np.int64)
    inverse[order] = np.cumsum(first) - 1
    return ordered[first], inverse


def filter_facets(facets, orders):
    """Bring the facets of a complex into the order of its filtration.

    Parameters
    ----------
    facets : list of (n_k, k + 1) int64 arrays
        As from `list_faces`.
    orders : list of (n_k,) int arrays
        orders[k][i] is the row of the i-th simplex of dimension k in the filtration.

    Returns
    -------
    list of (n_k, k + 1) int64 arrays
        What `reduce_complex` takes: rows in filtration order, of positions in filtration order.
    """
    filtered = [facets[0][orders[0]]] if facets else []
    for dim in range(1, len(facets)):
        check_signals()
        rank = np.empty(len(orders[dim - 1]), dtype=np.int64)
        rank[orders[dim - 1]] = np.arange(len(rank))
        ordered = facets[dim][orders[dim]]
        check_signals()
        filtered.append(rank[ordered])
    return filtered


# --------------------------------------------------------------------------------------------------
# All dimensions of any complex
# --------------------------------------------------------------------------------------------------

UNNAMED = (
    "a pair of positive length has a simplex that enters with another one; this is an error of "
    "skltopo: please report it with the input"
)


def reduce_complex(facets, steps=None, values=None, names=None, bint keep_zero=True,
                   rounding=None):
    """Pair the simplices of a filtered complex.

    Parameters
    ----------
    facets : list of (n_k, k + 1) int64 arrays, one for each dimension k from 0
        Row i lists the positions, in the order of dimension k - 1, of the facets of the i-th
        simplex of dimension k in the filtration; facets[0] has shape (n_0, 0). `list_faces` and
        `filter_facets` make such arrays.
    steps : list of (n_k,) int64 arrays, default=None
        The step at which each simplex enters, in the order of the filtration. A pair of
        simplices of one step is dropped. None: each is a step of its own.
    values : (n_steps,) array of float, default=None
        Value of each step. None: all are equal, so pairs are sorted by their births.
    names : list of (n_k, width) int arrays, default=None
        Vertices that name each simplex, in the order of the filtration. None: its position. Rows
        of -1: simplices without a name. A pair with one of them is left out; its length is zero.
    keep_zero : bool, default=True
        Keep pairs of different steps with equal values.
    rounding : (n_steps,) array of float, default=None
        A pair of dimension 1 or more that is no longer than this number of its death's step has
        length zero. None: 0 for all.

    Returns
    -------
    {dim: Pairs}
        One sample, for each dimension of the complex; essential classes in the order of the
        filtration. To know PD_k and its essential classes give dimensions up to k + 1 (if the
        complex has them).

    Raises
    ------
    ValueError
        If a dimension has 2**31 simplices or more, or a facet is not a position in its dimension.
    RuntimeError
        If a pair of positive length has a simplex without a name.
    """
    cdef Pairs sample
    cdef const int64_t[:, ::1] positions, births, deaths
    cdef const int64_t[::1] alive, first, last
    cdef const double[::1] value, rounded
    cdef Buffer[int32_t] row
    cdef Py_ssize_t i, k
    cdef int64_t birth, death
    cdef double length
    cdef bint single = values is not None and values.dtype == np.float32, above
    ends = np.cumsum([0, *map(len, facets)])
    if steps is None:
        steps = [np.arange(ends[dim], ends[dim + 1]) for dim in range(len(facets))]
    if names is None:
        names = [np.arange(len(step))[:, np.newaxis] for step in steps]
    value = np.zeros(ends[len(facets)]) if values is None else values.astype(np.float64)
    rounded = np.zeros(value.shape[0]) if rounding is None else rounding
    # Nothing destroys classes of the highest dimension.
    steps = [*steps, np.empty(0, dtype=np.int64)]
    names = [*names, np.empty((0, 1), dtype=np.int64)]
    found = {}
    for dim, (pairs, essential) in enumerate(_pair_positions(facets)):
        positions, alive, first, last = pairs, essential, steps[dim], steps[dim + 1]
        above = dim > 0
        births, deaths = names[dim], names[dim + 1]
        sample = Pairs(births.shape[1], deaths.shape[1], keep_zero)
        with nogil:
            row.grow(births.shape[1] + deaths.shape[1])
            for i in range(positions.shape[0]):
                check_signals_every(STEPS_BETWEEN_SIGNALS, i)
                birth, death = positions[i, 0], positions[i, 1]
                if first[birth] == last[death]:
                    continue
                length = value[last[death]] - value[first[birth]]
                if above and length <= rounded[last[death]]:
                    length = 0
                if births[birth, 0] < 0 or deaths[death, 0] < 0:
                    if length > 0:
                        with gil:
                            raise RuntimeError(UNNAMED)
                    continue
                for k in range(births.shape[1]):
                    row[k] = <int32_t>births[birth, k]
                for k in range(deaths.shape[1]):
                    row[births.shape[1] + k] = <int32_t>deaths[death, k]
                sample.add_row(row.data(), <float>length if single else length)
            for i in range(alive.shape[0]):
                for k in range(births.shape[1]):
                    row[k] = <int32_t>births[alive[i], k]
                sample.add_essential(row.data())
            sample.close_sample()
        found[dim] = sample.finish()
    return found


def _pair_positions(facets):
    """Return [(pairs, essential)] by dimension: positions of births (ascending) and of deaths."""
    facets = [np.ascontiguousarray(f, dtype=np.int64) for f in facets]
    sizes = [len(f) for f in facets]
    if max(sizes, default=0) >= 2**31 - 1:
        raise ValueError(
            f"a complex must have fewer than 2**31 simplices of a dimension, got {sizes}"
        )
    for dim in range(1, len(facets)):
        check_signals()
        found = facets[dim]
        if found.min(initial=0) < 0 or found.max(initial=-1) >= sizes[dim - 1]:
            raise ValueError(
                f"facets[{dim}] must hold positions below {sizes[dim - 1]}, got values from "
                f"{found.min()} to {found.max()}"
            )
    top = len(facets) - 1
    empty = np.empty((0, 2), dtype=np.int64)
    pairs = [empty] * (top + 1)
    creates = [np.zeros(n, dtype=np.uint8) for n in sizes]      # a class that is destroyed
    destroys = [np.zeros(n, dtype=np.uint8) for n in sizes]     # one of the dimension below

    def record(dim, found):
        check_signals()
        pairs[dim] = found[argsort_keys(np.ascontiguousarray(found[:, 0]))]
        creates[dim][found[:, 0]] = 1
        destroys[dim + 1][found[:, 1]] = 1

    if top >= 1:
        record(0, _join_components(facets[1], sizes[0]))
    cells = _join_cells(facets[top], sizes[top - 1]) if top >= 2 else None
    if cells is not None:
        record(top - 1, cells)
        for dim in range(top - 2, 0, -1):
            found = _reduce_boundary(facets[dim + 1], sizes[dim], creates[dim + 1], destroys[dim])
            record(dim, found)
    else:
        for dim in range(1, top):
            record(dim, _reduce_coboundary(facets[dim + 1], sizes[dim], destroys[dim]))
    return [
        (pairs[dim], np.flatnonzero((creates[dim] | destroys[dim]) == 0)) for dim in range(top + 1)
    ]
