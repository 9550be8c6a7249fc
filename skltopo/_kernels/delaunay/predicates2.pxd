"""Exact signs of the determinants that planar geometry asks for, fast where the sign is clear.

What is decided
    orient: on which side of the line a -> b the point c lies. in_circle: whether d lies inside the
    circle through a, b, c. angle: whether a is seen from c at less, exactly or more than a right
    angle to b.

Why the sign is right
    The determinant is computed in float64 together with a bound on its rounding error. Where the
    bound does not exclude the other sign, it is computed again without any error, as an expansion:
    a sum of float64 numbers that do not overlap, whose sign is that of the largest. This needs
    products of up to four coordinate differences to neither overflow nor underflow; callers scale
    their points (see triangulate).

Complexity
    Constant: about 10 flops, or 30 for in_circle; the exact branch is taken for (nearly)
    collinear or cocircular points only, and is short where differences of coordinates are exact,
    as on integer grids, since zero terms are left out.

Paper
    Shewchuk, Adaptive precision floating-point arithmetic and fast robust geometric predicates,
    1997.
"""

from libc.math cimport fabs

cdef enum:
    PRODUCT = 8             # terms of a product of two differences
    CROSS = 16              # terms of a sum of two of these
    CUBIC = 512             # terms of a product of two crosses
    CIRCLE = 1536           # terms of a sum of three of these


cdef inline void two_sum(double a, double b, double* high, double* low) noexcept nogil:
    """Split a + b into its rounding and the error of that."""
    cdef double s = a + b
    cdef double b_part = s - a
    cdef double a_part = s - b_part
    high[0] = s
    low[0] = (a - a_part) + (b - b_part)


cdef inline void split(double a, double* high, double* low) noexcept nogil:
    """Split a into two halves of 26 bits, whose products are exact."""
    cdef double c = 134217729.0 * a     # 2**27 + 1
    high[0] = c - (c - a)
    low[0] = a - high[0]


cdef inline void two_product(double a, double b, double* high, double* low) noexcept nogil:
    """Split a * b into its rounding and the error of that."""
    cdef double a_high, a_low, b_high, b_low, p = a * b
    split(a, &a_high, &a_low)
    split(b, &b_high, &b_low)
    high[0] = p
    low[0] = a_low * b_low - (((p - a_high * b_high) - a_low * b_high) - a_high * b_low)


cdef inline int add(const double* e, int n, const double* f, int m, double* out) noexcept nogil:
    """Write e + f to out (neither e nor f); return its length."""
    cdef int i = 0, j = 0, k = 0
    cdef double q = 0, error, term
    while i < n or j < m:
        if j == m or (i < n and fabs(e[i]) <= fabs(f[j])):
            term = e[i]
            i += 1
        else:
            term = f[j]
            j += 1
        two_sum(q, term, &q, &error)
        if error != 0:
            out[k] = error
            k += 1
    if q != 0:
        out[k] = q
        k += 1
    return k


cdef inline int scale(const double* e, int n, double b, double* out) noexcept nogil:
    """Write e * b to out, at most 2 n terms; return its length."""
    cdef int i, m = 0
    cdef double q = 0, error, high, low
    for i in range(n):
        two_product(e[i], b, &high, &low)
        two_sum(q, low, &q, &error)
        if error != 0:
            out[m] = error
            m += 1
        two_sum(high, q, &q, &error)
        if error != 0:
            out[m] = error
            m += 1
    if q != 0:
        out[m] = q
        m += 1
    return m


cdef inline int multiply(const double* e, int n, const double* f, int m, double* out,
                         double* scratch, double* scaled) noexcept nogil:
    """Write e * f to out, at most 2 n m terms; scratch is as long, scaled 2 n."""
    cdef int i, k, length = 0
    for i in range(m):
        k = scale(e, n, f[i], scaled)
        length = add(scaled, k, out, length, scratch)
        for k in range(length):
            out[k] = scratch[k]
    return length


cdef inline int difference(double a, double b, double* out) noexcept nogil:
    """Write a - b to out without error, at most 2 terms."""
    cdef double high, low
    two_sum(a, -b, &high, &low)
    if low != 0:
        out[0] = low
        out[1] = high
        return 2
    out[0] = high
    return high != 0


cdef inline int sign_of(const double* e, int n) noexcept nogil:
    return 0 if n == 0 else (1 if e[n - 1] > 0 else -1)


cdef inline int exact_cross(const double* x, int nx, const double* y, int ny,
                            const double* z, int nz, const double* w, int nw,
                            double sign, double* out) noexcept nogil:
    """Write x y + sign z w to out, for expansions of at most 2 terms; at most 16 terms."""
    cdef double[PRODUCT] xy, zw, scratch
    cdef double[4] scaled
    cdef int i, n, m
    n = multiply(x, nx, y, ny, xy, scratch, scaled)
    m = multiply(z, nz, w, nw, zw, scratch, scaled)
    for i in range(m):
        zw[i] *= sign
    return add(xy, n, zw, m, out)


cdef inline int exact_orient(const double* a, const double* b, const double* c) noexcept nogil:
    cdef double[2] abx, aby, acx, acy
    cdef double[CROSS] det
    cdef int n_abx = difference(b[0], a[0], abx), n_aby = difference(b[1], a[1], aby)
    cdef int n_acx = difference(c[0], a[0], acx), n_acy = difference(c[1], a[1], acy)
    return sign_of(det, exact_cross(abx, n_abx, acy, n_acy, aby, n_aby, acx, n_acx, -1, det))


cdef inline int exact_angle(const double* a, const double* b, const double* c) noexcept nogil:
    cdef double[2] cax, cay, cbx, cby
    cdef double[CROSS] dot
    cdef int n_cax = difference(a[0], c[0], cax), n_cay = difference(a[1], c[1], cay)
    cdef int n_cbx = difference(b[0], c[0], cbx), n_cby = difference(b[1], c[1], cby)
    return sign_of(dot, exact_cross(cax, n_cax, cbx, n_cbx, cay, n_cay, cby, n_cby, 1, dot))


cdef inline int exact_in_circle(const double* a, const double* b, const double* c,
                                const double* d) noexcept nogil:
    cdef double[3][2] x, y
    cdef int[3] nx, ny
    cdef double[CROSS] cross, lift
    cdef double[2 * CROSS] scaled
    cdef double[CUBIC] term, scratch
    cdef double[CIRCLE] det, sum_
    cdef int i, j, k, n_cross, n_lift, n_term, length = 0
    nx[0] = difference(a[0], d[0], x[0])
    ny[0] = difference(a[1], d[1], y[0])
    nx[1] = difference(b[0], d[0], x[1])
    ny[1] = difference(b[1], d[1], y[1])
    nx[2] = difference(c[0], d[0], x[2])
    ny[2] = difference(c[1], d[1], y[2])
    for i in range(3):
        j = (i + 1) % 3
        k = (i + 2) % 3
        n_lift = exact_cross(x[i], nx[i], x[i], nx[i], y[i], ny[i], y[i], ny[i], 1, lift)
        n_cross = exact_cross(x[j], nx[j], y[k], ny[k], y[j], ny[j], x[k], nx[k], -1, cross)
        n_term = multiply(lift, n_lift, cross, n_cross, term, scratch, scaled)
        length = add(det, length, term, n_term, sum_)
        for n_term in range(length):
            det[n_term] = sum_[n_term]
    return sign_of(det, length)


cdef inline int orient(const double* a, const double* b, const double* c) noexcept nogil:
    """Return 1 if a, b, c turn left, -1 if right, 0 if they are collinear."""
    cdef double left = (b[0] - a[0]) * (c[1] - a[1])
    cdef double right = (b[1] - a[1]) * (c[0] - a[0])
    cdef double det = left - right, error = 3.3306690738754716e-16 * (fabs(left) + fabs(right))
    if det > error:
        return 1
    if det < -error:
        return -1
    return exact_orient(a, b, c)


cdef inline int angle(const double* a, const double* b, const double* c) noexcept nogil:
    """Return the sign of (a - c) . (b - c): 1 for an acute angle at c, 0 right, -1 obtuse."""
    cdef double x = (a[0] - c[0]) * (b[0] - c[0]), y = (a[1] - c[1]) * (b[1] - c[1])
    cdef double dot = x + y, error = 3.3306690738754716e-16 * (fabs(x) + fabs(y))
    if dot > error:
        return 1
    if dot < -error:
        return -1
    return exact_angle(a, b, c)


cdef inline int in_circle(const double* a, const double* b, const double* c,
                          const double* d) noexcept nogil:
    """Return 1 if d is inside the circle of a, b, c (which turn left), -1 outside, 0 on it."""
    cdef double ax = a[0] - d[0], ay = a[1] - d[1], bx = b[0] - d[0], by = b[1] - d[1]
    cdef double cx = c[0] - d[0], cy = c[1] - d[1]
    cdef double bc = bx * cy, cb = cx * by, ca = cx * ay, ac = ax * cy, ab = ax * by, ba = bx * ay
    cdef double a2 = ax * ax + ay * ay, b2 = bx * bx + by * by, c2 = cx * cx + cy * cy
    cdef double det = a2 * (bc - cb) + b2 * (ca - ac) + c2 * (ab - ba)
    cdef double error = 1.1102230246251577e-15 * (
        (fabs(bc) + fabs(cb)) * a2 + (fabs(ca) + fabs(ac)) * b2 + (fabs(ab) + fabs(ba)) * c2
    )
    if det > error:
        return 1
    if det < -error:
        return -1
    return exact_in_circle(a, b, c, d)
