"""Declarations for other kernels: the term of one point in a polynomial energy."""

from libc.math cimport fabs, pow


cdef inline double power(double x, double exponent) noexcept nogil:
    """Return x**exponent, without a call for the usual exponents; 0**0 is 1."""
    if exponent == 0:
        return 1
    if exponent == 1:
        return x
    if exponent == 2:
        return x * x
    return pow(x, exponent)


cdef inline double point_energy(double birth, double death, double p, double q,
                                double* by_birth, double* by_death) noexcept nogil:
    """Return |death - birth|^p ((death + birth) / 2)^q, and write its derivatives.

    A point of no length adds nothing for p > 0, whatever its middle. The derivative of a length is
    zero where the length is, as torch has it, and that of a root of the middle where the middle is.
    """
    cdef double length = death - birth, middle = 0.5 * (birth + death)
    cdef double sign = 1.0 if length > 0 else (-1.0 if length < 0 else 0.0)
    cdef double by_length = 0, by_middle = 0
    by_birth[0] = by_death[0] = 0
    if p != 0 and sign == 0:
        return 0
    length = fabs(length)
    if p != 0:
        by_length = sign * p * power(length, p - 1) * power(middle, q)
    if q >= 1 or (q != 0 and middle != 0):
        by_middle = 0.5 * q * power(length, p) * power(middle, q - 1)
    by_birth[0] = by_middle - by_length
    by_death[0] = by_middle + by_length
    return power(length, p) * power(middle, q)
