"""Buffer[T]: uninitialised scratch memory that grows (see buffer.h)."""

cdef extern from "buffer.h" nogil:
    cdef cppclass Buffer[T]:
        Py_ssize_t size()
        Py_ssize_t bytes()
        T* data()
        void grow(Py_ssize_t n) except +
        void release()
        T& operator[](Py_ssize_t i)
