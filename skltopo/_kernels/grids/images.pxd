"""Declarations for other kernels of grids: scratch memory, the image sweep, the elder rule."""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from ..._persistence cimport find_root
from ..._utils.buffer cimport Buffer
from ..._utils.pool cimport Pool
from ..._utils.prefetch cimport prefetch
from ..._utils.signals cimport check_signals_every
from ..._utils.sorting cimport argsort

cdef enum:
    AHEAD = 12      # records between a prefetch and its use
    RECORDS_BETWEEN_SIGNALS = 1 << 18


cdef extern from "scratch.h" nogil:
    cdef cppclass Record:
        int32_t a, b, saddle

    cdef cppclass Sweep[T]:
        Buffer[T] block, record_height, minimum_height, merged_height, extremum_height
        Buffer[T] product, minus_length
        Buffer[uint8_t] older
        Buffer[int32_t] special, parent, root, minimum, merged, merged_at, extremum
        Buffer[Record] record
        Buffer[uint64_t] pair, items, items_scratch
        Py_ssize_t n_records, n_minima, n_merged
        Py_ssize_t bytes()


cdef extern from "older_masks.h" nogil:
    cdef struct Links:
        uint8_t[256] code
        int32_t[8] step


cdef struct ImageGrid:
    # An image that is padded by one pixel, and one sweep of it: all but its values.
    Py_ssize_t n_rows, n_cols       # without padding; at most those that the grid was made for
    int32_t width                   # from a padded pixel to the one in the next row
    bint negate                     # sweep -image, not image
    bint exterior                   # sweep downwards, with the exterior (PD_1), not upwards (PD_0)
    bint[4] is_open                 # sides, as they are swept, behind which there is no exterior
    int n_neighbours
    uint8_t[256] n_arcs             # of each mask
    Links links                     # to an older pixel
    int32_t[256][4] arc_step        # from a pixel to one pixel of each arc


cdef class Workspace:
    cdef Sweep[float] single
    cdef Sweep[double] double

    cdef Py_ssize_t n_bytes(self) noexcept


cdef Pool workspaces


cdef inline Sweep[floating]* sweep_of(Workspace workspace, const floating* of_type) noexcept:
    """Return the memory for values of a type."""
    if floating is float:
        return &workspace.single
    else:
        return &workspace.double


cdef ImageGrid make_image_grid(Py_ssize_t n_rows, Py_ssize_t n_cols, str complex, int dim,
                               bint negate) except *
cdef int find_minima(const floating* image, const ImageGrid& grid,
                     Sweep[floating]& s) except -1 nogil
cdef int sweep_image(const floating* image, const ImageGrid& grid,
                     Sweep[floating]& s) except -1 nogil
cdef int32_t oldest_minimum(Sweep[floating]& s) noexcept nogil
cdef int rank_merged(Sweep[floating]& s, bint exterior) except -1 nogil


cdef inline int32_t pixel(int32_t v, int32_t width) noexcept nogil:
    """Turn a padded pixel into a pixel of the image."""
    return v - width - 2 * (v // width) + 1


# --------------------------------------------------------------------------------------------------
# The elder rule at saddles; inline, so that the compiler leaves out joins where none are wanted
# --------------------------------------------------------------------------------------------------

cdef inline int32_t minimum_below(Buffer[int32_t]& parent, int32_t v) noexcept nogil:
    """Return the id of the minimum to which the parents of v lead, and store it along the path."""
    cdef int32_t x = v, above, label
    while parent[x] >= 0:
        x = parent[x]
    label = parent[x]
    while parent[v] >= 0:
        above = parent[v]
        parent[v] = label
        v = above
    return ~label


cdef inline bint is_older(Sweep[floating]& s, int32_t a, int32_t b) noexcept nogil:
    """Tell whether minimum a is older than b. Ids follow the index, so they break ties."""
    return (s.minimum_height[a] < s.minimum_height[b]
            or (s.minimum_height[a] == s.minimum_height[b] and a < b))


cdef inline Py_ssize_t find_joining(
    Sweep[floating]& s,         # IN: parent, minimum*, record*; OUT: record* of two minima each
    int32_t* position,          # OUT: where these were among all records; NULL without joins
    uint8_t* joins,             # OUT: zeros, one for each record; or NULL
) except -1 nogil:
    """Turn pixels of records into minima, and return how many records have two different ones.

    Saddles whose arcs lead to the same minimum join nothing.
    """
    cdef Py_ssize_t i, n = 0
    cdef Record record
    for i in range(s.n_records):
        check_signals_every(RECORDS_BETWEEN_SIGNALS, i)
        record = s.record[i]
        record.a = minimum_below(s.parent, record.a)
        record.b = minimum_below(s.parent, record.b)
        s.record[n] = record
        s.record_height[n] = s.record_height[i]
        if joins != NULL:
            joins[i] = 0
            position[n] = <int32_t>i
        n += record.a != record.b
    return n


cdef inline int start_joining(Sweep[floating]& s, Py_ssize_t n) except -1 nogil:
    """Make each minimum a component of its own, nothing merged, and sort n records into s.items."""
    cdef Py_ssize_t i
    s.n_merged = 0
    s.root.grow(s.n_minima)
    s.merged.grow(s.n_minima)
    s.merged_at.grow(s.n_minima)
    s.merged_height.grow(s.n_minima)
    for i in range(s.n_minima):
        s.root[i] = <int32_t>i
    argsort(s.record_height, s.items, s.items_scratch, n)
    return 0


cdef inline int64_t next_joining(Sweep[floating]& s, Py_ssize_t i, Py_ssize_t n) except -1 nogil:
    """Return which record is the i-th of n in order, and ask for the memory of those after it."""
    cdef uint32_t k
    check_signals_every(RECORDS_BETWEEN_SIGNALS, i)
    if i + 2 * AHEAD < n:
        prefetch(&s.record[<uint32_t>s.items[i + 2 * AHEAD]])
        k = <uint32_t>s.items[i + AHEAD]
        prefetch(&s.root[s.record[k].a])
        prefetch(&s.root[s.record[k].b])
    return <uint32_t>s.items[i]


cdef inline void merge_minima(Sweep[floating]& s, int32_t young, uint32_t k) noexcept nogil:
    """Append that a minimum dies at the saddle of record k."""
    s.merged[s.n_merged] = young
    s.merged_at[s.n_merged] = s.record[k].saddle
    s.merged_height[s.n_merged] = s.record_height[k]
    s.n_merged += 1


cdef inline int join_minima(
    Sweep[floating]& s,         # IN: parent, minimum*, record*; OUT: n_merged, merged*
    int32_t* position,          # scratch memory for n_records; NULL without joins
    uint8_t* joins,             # OUT: for each record, whether it joins two components; NULL: none
) except -1 nogil:
    """Take saddles in the order of the filtration, and list which minimum dies where."""
    cdef Py_ssize_t i, n = find_joining(s, position, joins)
    cdef int32_t a, b
    cdef uint32_t k
    start_joining(s, n)
    for i in range(n):
        k = <uint32_t>next_joining(s, i, n)
        a = find_root(s.root, s.record[k].a)
        b = find_root(s.root, s.record[k].b)
        if a == b:
            continue
        if is_older(s, a, b):
            a, b = b, a
        s.root[a] = b
        merge_minima(s, a, k)
        if joins != NULL:
            joins[position[k]] = 1
    return 0
