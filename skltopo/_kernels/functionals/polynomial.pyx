"""The energy E(p, q, i0) of points of a diagram and its derivative, in one pass.

In numpy or torch this takes a dozen calls, each of which costs more than a loop over the few
points of a small diagram. The derivatives with respect to birth b and death d, for the length
l = |d - b| and the middle m = (b + d) / 2, are:

    dE/dd =  p l^(p-1) sign(d - b) m^q + q/2 l^p m^(q-1),
    dE/db = -p l^(p-1) sign(d - b) m^q + q/2 l^p m^(q-1).
"""

from libc.stdint cimport int64_t


def polynomial_energy(const double[:, :] points, const int64_t[::1] splits,
                      const int64_t[::1] essential_splits, double p, double q, int64_t i0,
                      double[::1] out, double[:, ::1] derivative):
    """Write the energy of every sample to out, and its derivative.

    Parameters
    ----------
    points : (n, 2) float64
        Births and deaths, within a sample by decreasing length.
    splits : (n_samples + 1,) int64
        Sample i has the rows splits[i]:splits[i + 1].
    essential_splits : (n_samples + 1,) int64
        Sample i has essential_splits[i + 1] - essential_splits[i] points that rank before these.
    p, q : float
    i0 : int
        Rank, from 1, of the first point that counts.
    out : (n_samples,) C-contiguous float64
    derivative : (n, 2) C-contiguous float64
    """
    cdef Py_ssize_t sample, i, first
    cdef double total
    with nogil:
        for sample in range(out.shape[0]):
            first = splits[sample] + max(
                <int64_t>0, i0 - 1 - (essential_splits[sample + 1] - essential_splits[sample])
            )
            total = 0
            for i in range(splits[sample], splits[sample + 1]):
                if i < first:
                    derivative[i, 0] = derivative[i, 1] = 0
                    continue
                total += point_energy(points[i, 0], points[i, 1], p, q,
                                      &derivative[i, 0], &derivative[i, 1])
            out[sample] = total
