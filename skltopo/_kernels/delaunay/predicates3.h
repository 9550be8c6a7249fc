// Geometric predicates in space, exact: on which side of a plane or of a sphere a point lies.
//
// Each is the sign of a polynomial, evaluated in doubles first; the sign is right if the value
// exceeds the rounding error, which is bounded by a constant times the same sum with absolute
// values (the permanent). Where it does not, the polynomial is evaluated again with twice as many
// bits, which decides nearly degenerate cases (it is thirty times as fast for points on a sphere),
// and at last without any rounding (expansion.h). There are two short cuts. A bound of the error
// that holds for the whole cloud spares most permanents. Where all coordinates are multiples of a
// unit and the permanent is below 2^52 in that unit, as on small lattices, nothing was rounded.
//
// Points come from scale_points: multiples of 2^-178 below 2^166, so that nothing of degree 6 or
// less overflows or underflows. Shewchuk 1997 for the bounds of orient and in_sphere; perturbation:
// Devillers, Teillaud, Perturbations for Delaunay and weighted Delaunay 3D triangulations, 2011.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "expansion.h"

struct Point3 {
    double x, y, z, unused;  // 32 bytes: never across two cache lines
};

namespace predicates3 {

constexpr double kHalfUlp = std::numeric_limits<double>::epsilon() / 2;
constexpr double kOrientError = (7.0 + 56.0 * kHalfUlp) * kHalfUlp;
constexpr double kSphereError = (16.0 + 224.0 * kHalfUlp) * kHalfUlp;
// No product passes more than 19 roundings; with room for those of the bound itself.
constexpr double kCircleError = 32.0 * kHalfUlp;
// The same for DoubleDouble: 19 errors of 2^-103 at the most.
constexpr double kFineError = 64.0 * kHalfUlp * kHalfUlp * 8.0;
constexpr int kTopExponent = 165, kBottomExponent = -178;

inline int sign_of(double x) { return (x > 0) - (x < 0); }

// What holds for all points of a cloud; see measure_points.
struct Cloud {
    double orient_error, sphere_error;   // no smaller than the error of any of its determinants
    double exact2, exact3, exact5, exact6;  // permanents of that degree below: nothing was rounded
};

// Differences to a common origin, for doubles and for exact numbers.
template <class T>
struct Vector {
    T x, y, z;
};
inline Vector<double> difference(const Point3 &a, const Point3 &b) {
    return {a.x - b.x, a.y - b.y, a.z - b.z};
}
inline Vector<DoubleDouble> fine_difference(const Point3 &a, const Point3 &b) {
    return {DoubleDouble::difference(a.x, b.x), DoubleDouble::difference(a.y, b.y),
            DoubleDouble::difference(a.z, b.z)};
}
inline Vector<Expansion> exact_difference(const Point3 &a, const Point3 &b) {
    return {Expansion(a.x, b.x), Expansion(a.y, b.y), Expansion(a.z, b.z)};
}
// The sign of a polynomial whose permanent is known, by its value up to rounding; 0: unknown.
inline int fine_sign(const DoubleDouble &value, double permanent) {
    const double error = kFineError * permanent;
    return (value.high > error) - (value.high < -error);
}
template <class T>
Vector<T> cross(const Vector<T> &u, const Vector<T> &v) {
    return {u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x};
}
template <class T>
T dot(const Vector<T> &u, const Vector<T> &v) {
    return u.x * v.x + u.y * v.y + u.z * v.z;
}
// The same with absolute values of every product.
inline Vector<double> absolute(const Vector<double> &u) {
    return {std::fabs(u.x), std::fabs(u.y), std::fabs(u.z)};
}
inline Vector<double> permanent_cross(const Vector<double> &u, const Vector<double> &v) {
    return {u.y * v.z + u.z * v.y, u.z * v.x + u.x * v.z, u.x * v.y + u.y * v.x};
}

// Sign of det(b - a, c - a, d - a): positive if d sees a, b, c counterclockwise.
inline int orient(const Cloud &cloud, const Point3 &a, const Point3 &b, const Point3 &c,
                  const Point3 &d) {
    const Vector<double> u = difference(b, a), v = difference(c, a), w = difference(d, a);
    const double value = dot(u, cross(v, w));
    if (value > cloud.orient_error) return 1;
    if (value < -cloud.orient_error) return -1;
    const double permanent = dot(absolute(u), permanent_cross(absolute(v), absolute(w)));
    const double error = kOrientError * permanent;
    if (value > error) return 1;
    if (value < -error) return -1;
    if (permanent < cloud.exact3) return sign_of(value);
    const int sign = fine_sign(
        dot(fine_difference(b, a), cross(fine_difference(c, a), fine_difference(d, a))), permanent);
    if (sign != 0) return sign;
    return dot(exact_difference(b, a), cross(exact_difference(c, a), exact_difference(d, a)))
        .sign();
}

template <class T>
T sphere_determinant(const Vector<T> &a, const Vector<T> &b, const Vector<T> &c,
                     const Vector<T> &d) {
    const T ab = a.x * b.y - b.x * a.y, bc = b.x * c.y - c.x * b.y, cd = c.x * d.y - d.x * c.y,
            da = d.x * a.y - a.x * d.y, ac = a.x * c.y - c.x * a.y, bd = b.x * d.y - d.x * b.y;
    const T abc = a.z * bc - b.z * ac + c.z * ab, bcd = b.z * cd - c.z * bd + d.z * bc,
            cda = c.z * da + d.z * ac + a.z * cd, dab = d.z * ab + a.z * bd + b.z * da;
    return (dot(c, c) * dab - dot(d, d) * abc) + (dot(a, a) * bcd - dot(b, b) * cda);
}
inline double sphere_permanent(Vector<double> a, Vector<double> b, Vector<double> c,
                               Vector<double> d) {
    a = absolute(a), b = absolute(b), c = absolute(c), d = absolute(d);
    const double ab = a.x * b.y + b.x * a.y, bc = b.x * c.y + c.x * b.y, cd = c.x * d.y + d.x * c.y,
                 da = d.x * a.y + a.x * d.y, ac = a.x * c.y + c.x * a.y, bd = b.x * d.y + d.x * b.y;
    return (cd * b.z + bd * c.z + bc * d.z) * dot(a, a) +
           (da * c.z + ac * d.z + cd * a.z) * dot(b, b) +
           (ab * d.z + bd * a.z + da * b.z) * dot(c, c) +
           (bc * a.z + ac * b.z + ab * c.z) * dot(d, d);
}

// Where e is to the sphere through a, b, c, d, which have orient > 0: 1 inside, 0 on it, -1.
inline int in_sphere(const Cloud &cloud, const Point3 &a, const Point3 &b, const Point3 &c,
                     const Point3 &d, const Point3 &e) {
    const Vector<double> u = difference(a, e), v = difference(b, e), w = difference(c, e),
                         t = difference(d, e);
    const double value = sphere_determinant(u, v, w, t);
    if (value > cloud.sphere_error) return 1;
    if (value < -cloud.sphere_error) return -1;
    const double permanent = sphere_permanent(u, v, w, t);
    const double error = kSphereError * permanent;
    if (value > error) return 1;
    if (value < -error) return -1;
    if (permanent < cloud.exact5) return sign_of(value);
    const int sign = fine_sign(sphere_determinant(fine_difference(a, e), fine_difference(b, e),
                                                  fine_difference(c, e), fine_difference(d, e)),
                               permanent);
    if (sign != 0) return sign;
    return sphere_determinant(exact_difference(a, e), exact_difference(b, e),
                              exact_difference(c, e), exact_difference(d, e))
        .sign();
}

inline bool lexicographically_less(const Point3 &a, const Point3 &b) {
    if (a.x != b.x) return a.x < b.x;
    if (a.y != b.y) return a.y < b.y;
    return a.z < b.z;
}

// in_sphere without ties. Points are thought of as lifted to the paraboloid and then raised by
// infinitesimals, each infinitely larger than that of any point before in lexicographic order: no
// five are on a sphere, the Delaunay triangulation is unique and does not depend on the order of
// insertion. Where in_sphere is 0 the largest point with a nonzero coefficient decides: one of the
// five raised is pushed out of the sphere of the others.
inline bool inside_sphere(const Cloud &cloud, const Point3 &a, const Point3 &b, const Point3 &c,
                          const Point3 &d, const Point3 &e) {
    const int sign = in_sphere(cloud, a, b, c, d, e);
    if (sign != 0) return sign > 0;
    const Point3 *sorted[5] = {&a, &b, &c, &d, &e};
    std::sort(sorted, sorted + 5,
              [](const Point3 *p, const Point3 *q) { return lexicographically_less(*q, *p); });
    for (const Point3 *p : sorted) {
        if (p == &e) return false;
        const int side = p == &a   ? orient(cloud, e, b, c, d)
                         : p == &b ? orient(cloud, a, e, c, d)
                         : p == &c ? orient(cloud, a, b, e, d)
                                   : orient(cloud, a, b, c, e);
        if (side != 0) return side > 0;
    }
    return false;
}

// Where p is to the sphere with diameter ab: 1 inside, 0 on it, -1 outside.
inline int in_edge_sphere(const Cloud &cloud, const Point3 &a, const Point3 &b, const Point3 &p) {
    const Vector<double> u = difference(a, p), v = difference(b, p);
    const double value = dot(u, v), permanent = dot(absolute(u), absolute(v));
    const double error = kCircleError * permanent;
    if (value > error) return -1;
    if (value < -error) return 1;
    if (permanent < cloud.exact2) return -sign_of(value);
    return -dot(exact_difference(a, p), exact_difference(b, p)).sign();
}

// With a at the origin, n = u x v is normal to the triangle and
// (|u|^2 (v x n) + |v|^2 (n x u)) / (2 |n|^2) is the centre m of its circle; p is inside if
// |p|^2 < 2 p.m.
template <class T>
T triangle_sphere_value(const Vector<T> &u, const Vector<T> &v, const Vector<T> &p) {
    const Vector<T> n = cross(u, v);
    return dot(u, u) * dot(p, cross(v, n)) + dot(v, v) * dot(p, cross(n, u)) -
           dot(p, p) * dot(n, n);
}

// Where p is to the sphere whose great circle is the circle of a, b, c: 1 inside, 0 on it, -1.
inline int in_triangle_sphere(const Cloud &cloud, const Point3 &a, const Point3 &b, const Point3 &c,
                              const Point3 &p) {
    const Vector<double> u = difference(b, a), v = difference(c, a), w = difference(p, a);
    const double value = triangle_sphere_value(u, v, w);
    const Vector<double> x = absolute(u), y = absolute(v), z = absolute(w),
                         n = permanent_cross(x, y);
    const double permanent = dot(x, x) * dot(z, permanent_cross(y, n)) +
                             dot(y, y) * dot(z, permanent_cross(n, x)) + dot(z, z) * dot(n, n);
    const double error = kCircleError * permanent;
    if (value > error) return 1;
    if (value < -error) return -1;
    if (permanent < cloud.exact6) return sign_of(value);
    const int sign = fine_sign(triangle_sphere_value(fine_difference(b, a), fine_difference(c, a),
                                                     fine_difference(p, a)),
                               permanent);
    if (sign != 0) return sign;
    return triangle_sphere_value(exact_difference(b, a), exact_difference(c, a),
                                 exact_difference(p, a))
        .sign();
}

inline bool collinear(const Point3 &a, const Point3 &b, const Point3 &c) {
    const Vector<Expansion> n = cross(exact_difference(b, a), exact_difference(c, a));
    return n.x.sign() == 0 && n.y.sign() == 0 && n.z.sign() == 0;
}

// Write n points, multiplied by a power of two, to out. Exact, but for coordinates that are not
// multiples of the 2^-343th part (1e-103) of the largest: these are rounded to such multiples.
// Return the exponent of that power.
inline int scale_points(const double *points, std::ptrdiff_t n, Point3 *out) {
    double largest = 0;
    for (std::ptrdiff_t i = 0; i < 3 * n; ++i) largest = std::fmax(largest, std::fabs(points[i]));
    int exponent = 0;
    std::frexp(largest, &exponent);
    exponent = kTopExponent - exponent;
    const double grid = std::ldexp(1.0, kBottomExponent);
    const auto scale = [&](double x) {
        x = std::ldexp(x, exponent);
        if (std::fabs(x) < std::ldexp(grid, 52)) x = std::nearbyint(x / grid) * grid;
        return x + 0.0;  // -0.0 to 0.0
    };
    for (std::ptrdiff_t i = 0; i < n; ++i)
        out[i] = {scale(points[3 * i]), scale(points[3 * i + 1]), scale(points[3 * i + 2]), 0.0};
    return exponent;
}

// The lowest bit of a normal number or zero, as a power of two (infinite for zero).
inline double lowest_bit(double x) {
    constexpr std::uint64_t fraction = (std::uint64_t(1) << 52) - 1;
    std::uint64_t bits;
    double rest;
    x = std::fabs(x);
    if (x == 0) return HUGE_VAL;
    std::memcpy(&bits, &x, 8);
    if ((bits & fraction) == 0) return x;
    bits &= bits - 1;
    std::memcpy(&rest, &bits, 8);
    return x - rest;
}

// Bounds that hold for scaled points.
inline Cloud measure_points(const Point3 *points, std::ptrdiff_t n) {
    double low[3] = {HUGE_VAL, HUGE_VAL, HUGE_VAL}, high[3] = {-HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
    double unit = std::ldexp(1.0, kTopExponent);
    for (std::ptrdiff_t i = 0; i < n; ++i) {
        const double point[3] = {points[i].x, points[i].y, points[i].z};
        for (int k = 0; k < 3; ++k) {
            low[k] = std::fmin(low[k], point[k]);
            high[k] = std::fmax(high[k], point[k]);
            unit = std::fmin(unit, lowest_bit(point[k]));
        }
    }
    constexpr double up = 1 + 1e-9;  // for the roundings of what follows
    const double x = up * (high[0] - low[0]), y = up * (high[1] - low[1]),
                 z = up * (high[2] - low[2]), volume = up * (x * y * z);
    Cloud cloud;
    cloud.orient_error = kOrientError * 6 * volume;
    cloud.sphere_error = kSphereError * 24 * volume * (x * x + y * y + z * z);
    cloud.exact2 = std::ldexp(1.0, 52) * (unit * unit);
    cloud.exact3 = cloud.exact2 * unit;
    cloud.exact5 = cloud.exact3 * (unit * unit);
    cloud.exact6 = cloud.exact5 * unit;
    return cloud;
}

}  // namespace predicates3
