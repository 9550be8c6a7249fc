"""Ask for a cache line before it is used (see prefetch.h)."""

cdef extern from "prefetch.h" nogil:
    void prefetch(const void* address)
