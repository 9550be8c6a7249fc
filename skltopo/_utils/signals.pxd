"""Ctrl-C in loops that have released the GIL."""

from cpython.exc cimport PyErr_CheckSignals


cdef inline int check_signals() except -1 nogil:
    """Raise KeyboardInterrupt if Ctrl-C was pressed."""
    with gil:
        PyErr_CheckSignals()
    return 0


cdef inline int check_signals_every(Py_ssize_t n, Py_ssize_t i) except -1 nogil:
    """Do so at every n-th step i of a loop."""
    if i % n == n - 1:
        check_signals()
    return 0
