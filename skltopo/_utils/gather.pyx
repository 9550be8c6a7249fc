"""Values at many indices of a long array."""

from cython cimport floating
from libc.stdint cimport int64_t

from .prefetch cimport prefetch
from .signals cimport check_signals_every

cdef enum:
    AHEAD = 48      # rows between a prefetch and its use
    PATIENCE = 1 << 20      # rows between two checks for Ctrl-C


def gather_floats(const floating[::1] values, const int64_t[:, ::1] index, floating[:, ::1] out):
    """Write values[index] to out.

    ndarray.take, but fetching ahead: pairs sorted by length jump about in memory (a line of noise
    of 1e6: 1.5 instead of 3.0 ms).
    """
    cdef Py_ssize_t i, j, n_columns = index.shape[1]
    cdef size_t at, n = values.shape[0]
    cdef bint inside = True
    with nogil:
        for i in range(index.shape[0]):
            check_signals_every(PATIENCE, i)
            if i + AHEAD < index.shape[0]:
                at = index[i + AHEAD, 0]
                if at < n:
                    prefetch(&values[at])
            for j in range(n_columns):
                at = index[i, j]    # a negative index is huge here
                if at < n:
                    out[i, j] = values[at]
                else:
                    inside = False
    if not inside:
        raise IndexError(f"an index is not one of {n} values")
