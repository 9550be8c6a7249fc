"""The base of proximal operators, for loops in C (see operators.pyx)."""

cdef class Prox:
    cdef double apply(self, const double* v, Py_ssize_t n, double step,
                      double* out) except? -1 nogil
    cdef double value(self, const double* w, Py_ssize_t n) except? -1 nogil
