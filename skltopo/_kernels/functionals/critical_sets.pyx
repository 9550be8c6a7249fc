"""Reduction of a boundary matrix D with its records: R = D V and U = V^-1, columns over Z/2.

Columns are reduced from left to right: while the lowest entry of column k is that of a column j
before it, column j is added to k. This is the standard algorithm, without clearing: critical sets
ask for V and U of all columns, of those that become zero, too.

Neither V nor U is kept as a matrix. Column j is added to column k at most once (the lowest entry
falls), and at that moment nothing has been added to later columns; hence U = I + A with A[j, k] = 1
where j was added to k, and the record of additions says all: row t of U is {t} and the columns that
t was added to, column t of V = U^-1 is found by substitution from the right. The worst case is
cubic in the number of columns, as for every reduction; near-linear in practice for Delaunay
complexes.

Nigmetov and Morozov, Topological optimization with big steps, 2024, section 3.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t

from ..._persistence cimport PivotColumn
from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals_every

cdef enum:
    PATIENCE = 1 << 16      # additions of columns between two checks for Ctrl-C


cdef inline int32_t take_last(PivotColumn& column) noexcept nogil:
    """Remove the last entry and return it; -1 if there is none."""
    cdef int32_t last = column.last()
    if last >= 0:
        column.toggle(last)
    return last


cdef inline int append(Buffer[int32_t]& buffer, Py_ssize_t i, int32_t value) except -1 nogil:
    buffer.grow(i + 1)
    buffer[i] = value
    return 0


def reduce_columns(
    const int64_t[::1] starts,      # IN (m + 1,): column k has rows[starts[k]:starts[k + 1]]
    const int64_t[::1] rows,        # IN: each at most once in its column
    Py_ssize_t n_rows,
):
    """Reduce a matrix over Z/2.

    Returns
    -------
    low : (m,) int64 ndarray
        Lowest (largest) entry of each reduced column, -1 where it is zero.
    added_starts : (m + 1,) int64 ndarray
    added : int64 ndarray
        Columns added to column k: added[added_starts[k]:added_starts[k + 1]].

    Raises
    ------
    ValueError
        If starts do not rise to len(rows), entries are no rows, or sizes reach 2**31.
    """
    cdef Py_ssize_t m = starts.shape[0] - 1, n_entries = rows.shape[0]
    if m < 0 or starts[0] != 0 or starts[m] != n_entries or np.any(np.diff(starts) < 0):
        raise ValueError("starts must rise from 0 to the number of entries")
    if max(m, n_rows, n_entries) >= 2**31:
        raise ValueError(f"a matrix must have fewer than 2**31 columns, rows and entries, got {m}, "
                         f"{n_rows} and {n_entries}")
    if n_entries and (np.min(rows) < 0 or np.max(rows) >= n_rows):
        raise ValueError(f"rows must be between 0 and {n_rows - 1}")
    low_array = np.empty(m, np.int64)
    added_starts_array = np.zeros(m + 1, np.int64)
    cdef int64_t[::1] low = low_array, added_starts = added_starts_array
    cdef Buffer[int32_t] owner, added, reduced
    cdef Buffer[int64_t] reduced_starts
    cdef PivotColumn column
    cdef Py_ssize_t k, i, n_added = 0, n_reduced = 0
    cdef int32_t top, j
    with nogil:
        column.reset(n_rows)
        owner.grow(n_rows)
        reduced_starts.grow(m + 1)
        for i in range(n_rows):
            owner[i] = -1
        for k in range(m):
            reduced_starts[k] = n_reduced
            for i in range(starts[k], starts[k + 1]):
                column.toggle(<int32_t>rows[i])
            top = take_last(column)
            while top >= 0 and owner[top] >= 0:
                j = owner[top]
                # The lowest entries cancel; the rest of column j comes in.
                for i in range(reduced_starts[j] + 1, reduced_starts[j + 1]):
                    column.toggle(reduced[i])
                append(added, n_added, j)
                check_signals_every(PATIENCE, n_added)
                n_added += 1
                top = take_last(column)
            low[k] = top
            if top >= 0:
                owner[top] = <int32_t>k
            while top >= 0:
                append(reduced, n_reduced, top)
                n_reduced += 1
                top = take_last(column)
            reduced_starts[k + 1] = n_reduced
            added_starts[k + 1] = n_added
    added_array = np.empty(n_added, np.int64)
    cdef int64_t[::1] out = added_array
    for i in range(n_added):
        out[i] = added[i]
    return low_array, added_starts_array, added_array


def columns_of_v(
    const int64_t[::1] added_starts,    # IN (m + 1,)
    const int64_t[::1] added,           # IN: as from reduce_columns
    const int64_t[::1] columns,         # IN (q,)
):
    """Return (splits, members): the entries of V in each of the asked columns.

    Column t of V solves U v = e_t: v_t = 1, and a column k in v brings in those added to it.

    Raises
    ------
    ValueError
        If a column is not one of the matrix.
    """
    cdef Py_ssize_t m = added_starts.shape[0] - 1, n_columns = columns.shape[0]
    if n_columns and (np.min(columns) < 0 or np.max(columns) >= m):
        raise ValueError(f"columns must be between 0 and {m - 1}")
    splits_array = np.zeros(n_columns + 1, np.int64)
    cdef int64_t[::1] splits = splits_array
    cdef Buffer[int32_t] members
    cdef PivotColumn column
    cdef Py_ssize_t i, query, n_members = 0
    cdef int32_t k
    with nogil:
        column.reset(m)
        for query in range(n_columns):
            column.toggle(<int32_t>columns[query])
            k = take_last(column)
            while k >= 0:
                append(members, n_members, k)
                n_members += 1
                for i in range(added_starts[k], added_starts[k + 1]):
                    column.toggle(<int32_t>added[i])
                k = take_last(column)
            splits[query + 1] = n_members
    members_array = np.empty(n_members, np.int64)
    cdef int64_t[::1] out = members_array
    for i in range(n_members):
        out[i] = members[i]
    return splits_array, members_array
