"""Ctrl-C in loops that have released the GIL; ``signals.pyx`` says who hears it."""

cpdef int check_signals() except -1 nogil


cdef inline int check_signals_every(Py_ssize_t n, Py_ssize_t i) except -1 nogil:
    """Do so at every n-th step i of a loop."""
    if i % n == n - 1:
        check_signals()
    return 0
