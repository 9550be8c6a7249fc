"""Union-find over int32 ids: the one that every kernel shares.

A root is its own parent. Callers link the younger root under the older one (the elder rule), so the
root of a component is its birth and no second array of representatives is needed.
"""

from libc.stdint cimport int32_t

from .buffer cimport Buffer


cdef inline int32_t find_root(Buffer[int32_t]& parent, int32_t x) noexcept nogil:
    """Return the root of x, halving the path on the way (amortised inverse Ackermann)."""
    cdef int32_t above
    while parent[x] != x:
        above = parent[parent[x]]
        parent[x] = above
        x = above
    return x
