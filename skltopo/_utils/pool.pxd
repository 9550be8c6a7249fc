"""Pool: scratch memory that one call of a kernel leaves for the next (see pool.pyx)."""


cdef class Pool:
    cdef object make
    cdef list idle
    cdef Py_ssize_t most

    cdef object borrow(self)
    cdef int give_back(self, object scratch, Py_ssize_t size) except -1
