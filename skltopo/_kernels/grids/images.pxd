"""What other kernels may use: scratch memory, sorted output, and the image sweep."""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from ..._utils.buffer cimport Buffer


cdef extern from "scratch.h" nogil:
    cdef cppclass Record:
        int32_t a, b, saddle

    cdef cppclass Sweep[T]:
        Buffer[T] block, record_height, minimum_height, merged_height, minus_length, extremum_height
        Buffer[uint8_t] older
        Buffer[int32_t] special, parent, root, minimum, merged, merged_at
        Buffer[int32_t] extremum
        Buffer[Record] record
        Buffer[uint64_t] pair, sorted, items, items_scratch
        Py_ssize_t n_minima, n_merged
        Py_ssize_t bytes()


cdef extern from "older_masks.h" nogil:
    cdef struct MaskLink:
        int32_t step, special


cdef struct Links:
    # A connectivity in a padded image whose rows are width apart; see link_table.
    int32_t width
    int n_neighbours
    uint8_t[256] n_arcs             # of each mask
    MaskLink[256] masks             # the step from a pixel to its parent
    int32_t[256][4] arc_step        # from a pixel to one pixel of each arc


cdef class Workspace:
    cdef Sweep[float] single
    cdef Sweep[double] double


cdef Links make_links(int connectivity, Py_ssize_t width) except *
cdef int sweep_image(
    const floating* image, Py_ssize_t n_rows, Py_ssize_t n_cols, const Links& links,
    bint negate, bint exterior, Sweep[floating]& s
) except -1 nogil
cdef Workspace borrow_workspace()
cdef give_back_workspace(Workspace workspace)
cdef Py_ssize_t append_sorted(Sweep[floating]& s, Py_ssize_t n, Buffer[uint64_t]& out,
                              Py_ssize_t at) except -1 nogil
cdef void unpack_pairs(
    const uint64_t* packed, Py_ssize_t n, int64_t[:, ::1] out, Py_ssize_t at
) noexcept nogil
cdef unpacked(const uint64_t* packed, Py_ssize_t n)


cdef inline uint64_t make_pair(int32_t birth, int32_t death) noexcept nogil:
    """Pack a pair so that pairs compare by birth, then by death."""
    return (<uint64_t>birth << 32) | <uint64_t>death


cdef inline int32_t minimum_below(Buffer[int32_t]& parent, int32_t v) noexcept nogil:
    """Return the id of the minimum under v, and remember it along the path."""
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
    """Whether minimum a is older than b. Ids follow the index, so they break ties."""
    return (s.minimum_height[a] < s.minimum_height[b]
            or (s.minimum_height[a] == s.minimum_height[b] and a < b))


cdef inline void merge(Sweep[floating]& s, int32_t dying, int32_t survivor, int32_t saddle,
                       floating height) noexcept nogil:
    s.root[dying] = survivor
    s.merged[s.n_merged] = dying
    s.merged_at[s.n_merged] = saddle
    s.merged_height[s.n_merged] = height
    s.n_merged += 1
