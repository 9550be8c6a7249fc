"""Scratch memory that one call of a kernel leaves for the next.

Memory that is new to a process is slow: the system fills each page with zeros at its first use,
which took a quarter of the time of a sweep over an image of noise.
"""


cdef class Pool:
    """Objects that hold scratch memory, each used by one thread at a time.

    Parameters
    ----------
    make : callable
        Returns a new object, without arguments.
    most : int
        Objects whose last use had a larger size are not kept. What a size counts (bytes, points)
        is up to the kernel.
    """

    def __cinit__(self, make, Py_ssize_t most):
        self.make = make
        self.idle = []
        self.most = most

    cdef object borrow(self):
        # list.pop and list.append are atomic, so threads never share an object.
        try:
            return self.idle.pop()
        except IndexError:
            return self.make()

    cdef int give_back(self, object scratch, Py_ssize_t size) except -1:
        if size <= self.most:
            self.idle.append(scratch)
        return 0
