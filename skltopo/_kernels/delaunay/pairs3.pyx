"""Weak Alpha and Alpha persistence of points in space: the entry to both.

Their heads tell how: weak3.pyx for weak Alpha, alpha3.pyx and complex3.pyx for Alpha.
"""

from ..._persistence cimport Pairs
from .alpha3 cimport order_by_spheres
from .complex3 cimport Complex
from .weak3 cimport LongestEdges, borrow_edges, give_back_edges


def delaunay_pairs_in_space(const double[:, ::1] points, dims, bint alpha, bint keep_zero=False):
    """Pair the critical simplices of the weak Alpha or Alpha filtration of points in space.

    Parameters
    ----------
    points : (n, 3) C-contiguous float64, finite, n > 0
    dims : sequence of int
        Homology dimensions, of 0, 1, 2.
    alpha : bool
        Alpha, not weak Alpha.
    keep_zero : bool
        Keep pairs of different steps of the filtration with equal values.

    Returns
    -------
    {dim: Pairs}, or None if the points are on one line
        Rows are edges for weak Alpha and simplices for Alpha, as in `delaunay_pairs`.
    """
    cdef dict found = {
        dim: Pairs(dim + 1 if alpha else 2, dim + 2 if alpha else 2, keep_zero) for dim in dims
    }
    if alpha:
        flat = pair_by_spheres(points, found.get(0), found.get(1), found.get(2))
    else:
        flat = pair_by_lengths(points, found.get(0), found.get(1), found.get(2))
    if flat:
        return None
    for pairs in found.values():
        (<Pairs>pairs).close_sample()
        pairs.finish()
    return found


cdef bint pair_by_lengths(const double[:, ::1] points, Pairs found_0, Pairs found_1,
                          Pairs found_2) except -1:
    """Add the pairs of weak Alpha; return whether the points are on one line instead."""
    cdef LongestEdges c = borrow_edges()
    cdef bint flat
    with nogil:
        c.triangulation.build(&points[0, 0], points.shape[0])
        flat = c.triangulation.rank < 2
        if not flat:
            c.pair(found_0, found_1, found_2)
    give_back_edges(c)
    return flat


cdef bint pair_by_spheres(const double[:, ::1] points, Pairs found_0, Pairs found_1,
                          Pairs found_2) except -1:
    """Do the same for Alpha."""
    cdef Complex c = Complex()
    with nogil:
        c.triangulation.build(&points[0, 0], points.shape[0])
    if c.triangulation.rank < 2:
        return True
    order_by_spheres(c)
    with nogil:
        c.pair(found_0, found_1, found_2)
    return False
