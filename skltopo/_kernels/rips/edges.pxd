"""The edges of a distance matrix: placed into buckets by length, each sorted only if needed.

Edges are in the order of (matrix entry, i, j), i < j; only entries above the diagonal are read. An
edge is an item of 64 bits: the entry rounded to float32, i, j. Two passes over the matrix place
items into buckets of equal width (counting sort), in the order of (i, j). A bucket whose order
matters is sorted by finer buckets, one for each item, then by insertion; if that takes long (many
equal or badly spread entries), by std::sort. Runs of items whose rounded entries are equal are then
sorted by the entries themselves.
"""

from cython cimport floating
from libc.math cimport isfinite
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy
from libcpp.algorithm cimport sort

from ..._utils.signals cimport check_signals_every
from ..._utils.buffer cimport Buffer

cdef extern from "rips_state.h" nogil:
    void sort_by_entry[T](uint64_t* begin, uint64_t* end, const T* matrix, Py_ssize_t n) except +

cdef extern from "distances.h" nogil:
    Py_ssize_t bucket_row_single(const float* row, Py_ssize_t begin, Py_ssize_t end, double limit,
                                 double scale, int32_t last, int32_t* bucket, int32_t* column)
    Py_ssize_t bucket_row_double(const double* row, Py_ssize_t begin, Py_ssize_t end, double limit,
                                 double scale, int32_t last, int32_t* bucket, int32_t* column)

cdef enum:
    EDGES_PER_BUCKET = 512  # they stay in the first cache
    MOST_BUCKETS = 4096     # positions at which so many are written stay in the second
    SMALL_BUCKET = 24       # sorted by insertion
    ROWS_BETWEEN_SIGNALS = 1024
    MOVES = 16              # by insertion for each item, on average, before std::sort is used


cdef inline Py_ssize_t n_buckets_for(Py_ssize_t n) noexcept nogil:
    """Return the number of buckets for n points."""
    return min(<Py_ssize_t>MOST_BUCKETS, n * n // (2 * EDGES_PER_BUCKET) + 1)


cdef inline uint32_t length_key(double x) noexcept nogil:
    """Bits of x >= 0 rounded to float32, which have its order."""
    cdef float rounded = <float>x + <float>0.0    # -0.0 becomes 0.0
    cdef uint32_t bits
    memcpy(&bits, &rounded, 4)
    return bits


cdef inline double bucket_scale(double limit, Py_ssize_t n_buckets) noexcept nogil:
    """Return the factor that turns an entry up to limit into its bucket."""
    cdef double scale = n_buckets / limit if limit > 0 else 0.0
    return scale if isfinite(scale) else 0.0


cdef inline Py_ssize_t bucket_row(const floating* row, Py_ssize_t begin, Py_ssize_t end,
                                  double limit, Py_ssize_t n_buckets, int32_t* bucket,
                                  int32_t* column) noexcept nogil:
    """List entries up to limit by their buckets and columns; return how many there are."""
    cdef double scale = bucket_scale(limit, n_buckets)
    cdef int32_t last = <int32_t>(n_buckets - 1)
    if floating is float:
        return bucket_row_single(row, begin, end, limit, scale, last, bucket, column)
    else:
        return bucket_row_double(row, begin, end, limit, scale, last, bucket, column)


cdef inline Py_ssize_t count_edges(const floating* matrix, Py_ssize_t n, double limit,
                                   Py_ssize_t n_buckets, Buffer[int64_t]& begin,
                                   Buffer[int32_t]& row_buckets) except -1 nogil:
    """Count entries up to limit: begin[b] is where bucket b starts; return how many there are."""
    cdef Py_ssize_t i, k, m, b
    cdef int64_t total = 0, count
    cdef int64_t* at
    cdef int32_t* bucket
    begin.grow(n_buckets)
    row_buckets.grow(2 * n + 2)
    bucket = row_buckets.data()
    at = begin.data()
    for b in range(n_buckets):
        at[b] = 0
    for i in range(n):
        m = bucket_row(matrix + i * n, i + 1, n, limit, n_buckets, bucket, bucket + n + 1)
        for k in range(m):
            at[bucket[k]] += 1
        check_signals_every(ROWS_BETWEEN_SIGNALS, i)
    for b in range(n_buckets):
        count = at[b]
        at[b] = total
        total += count
    return total


cdef inline int place_edges(const floating* matrix, Py_ssize_t n, double limit,
                            Py_ssize_t n_buckets, Buffer[int64_t]& begin,
                            Buffer[int32_t]& row_buckets, uint64_t* items) except -1 nogil:
    """Write items into their buckets: begin[b] becomes the end of bucket b."""
    cdef Py_ssize_t i, j, k, m
    cdef const floating* row
    cdef int32_t* bucket = row_buckets.data()
    cdef int32_t* column = bucket + n + 1
    cdef int64_t* at = begin.data()
    for i in range(n):
        row = matrix + i * n
        m = bucket_row(row, i + 1, n, limit, n_buckets, bucket, column)
        for k in range(m):
            j = column[k]
            items[at[bucket[k]]] = (<uint64_t>length_key(row[j]) << 32) | <uint64_t>(i << 16 | j)
            at[bucket[k]] += 1
        check_signals_every(ROWS_BETWEEN_SIGNALS, i)
    return 0


cdef inline bint insert_items(uint64_t* items, Py_ssize_t n) noexcept nogil:
    """Sort nearly sorted items; return False if that takes too long."""
    cdef Py_ssize_t i, j, budget = MOVES * n
    cdef uint64_t item
    for i in range(1, n):
        item = items[i]
        j = i
        while j > 0 and items[j - 1] > item:
            items[j] = items[j - 1]
            j -= 1
        items[j] = item
        budget -= i - j
        if budget < 0:
            return False
    return True


cdef inline int sort_keys(uint64_t* items, Py_ssize_t n, Buffer[uint64_t]& scratch,
                          Buffer[int64_t]& fine) except -1 nogil:
    """Sort items as integers: by rounded entry, i, j."""
    cdef Py_ssize_t i
    cdef uint64_t low = items[0], high = items[0]
    cdef uint64_t factor
    cdef int64_t total = 0, count
    cdef uint64_t* copy
    cdef int64_t* at
    if n > SMALL_BUCKET:
        for i in range(1, n):
            low = min(low, items[i])
            high = max(high, items[i])
        low >>= 32
        # Key k goes to the finer bucket (k - low) * n / (high - low + 1), by a shift.
        factor = (<uint64_t>n << 32) // ((high >> 32) - low + 1)
        scratch.grow(n)
        fine.grow(n + 1)
        copy = scratch.data()
        at = fine.data()
        for i in range(n + 1):
            at[i] = 0
        for i in range(n):
            copy[i] = items[i]
            at[((items[i] >> 32) - low) * factor >> 32] += 1
        for i in range(n):
            count = at[i]
            at[i] = total
            total += count
        for i in range(n):
            items[at[((copy[i] >> 32) - low) * factor >> 32]] = copy[i]
            at[((copy[i] >> 32) - low) * factor >> 32] += 1
    if not insert_items(items, n):
        sort(items, items + n)
    return 0


cdef inline int sort_ties(const floating* matrix, Py_ssize_t n_vertices, uint64_t* items,
                          Py_ssize_t n) except -1 nogil:
    """Sort runs of equal keys by the entries that were rounded."""
    cdef Py_ssize_t begin = 0, end
    cdef floating here, after
    cdef bint in_order
    while begin < n:
        end = begin + 1
        in_order = True
        if end < n and items[end] >> 32 == items[begin] >> 32:
            here = matrix[((items[begin] >> 16) & 0xFFFF) * n_vertices + (items[begin] & 0xFFFF)]
            while end < n and items[end] >> 32 == items[begin] >> 32:
                after = matrix[((items[end] >> 16) & 0xFFFF) * n_vertices + (items[end] & 0xFFFF)]
                in_order = in_order and here <= after
                here = after
                end += 1
        if not in_order:
            sort_by_entry(items + begin, items + end, matrix, n_vertices)
        begin = end
    return 0


cdef inline int sort_bucket(const floating* matrix, Py_ssize_t n_vertices, uint64_t* items,
                            Py_ssize_t n, Buffer[uint64_t]& scratch,
                            Buffer[int64_t]& fine) except -1 nogil:
    """Sort n items by (entry, i, j)."""
    if n > 1:
        sort_keys(items, n, scratch, fine)
        if floating is double:      # keys of float32 are exact
            sort_ties(matrix, n_vertices, items, n)
    return 0
