"""Ctrl-C in loops that have released the GIL."""

from cpython.exc cimport PyErr_CheckSignals


cdef inline int check_signals() except -1 nogil:
    """Raise KeyboardInterrupt if Ctrl-C was pressed."""
    with gil:
        PyErr_CheckSignals()
    return 0
