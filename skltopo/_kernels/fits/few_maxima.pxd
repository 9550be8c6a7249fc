"""The closest row with few maxima, for loops in C (see few_maxima.pyx)."""

cdef int fit_row(const double* values, Py_ssize_t n, Py_ssize_t k, double* out) except -1 nogil
