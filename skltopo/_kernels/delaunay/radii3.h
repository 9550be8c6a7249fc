// Squared radii of the smallest spheres through the corners of simplices in space.
//
// Each is a quotient of two polynomials. It is computed in doubles first, with a bound of its
// relative error, then with twice as many bits, then without rounding up to the last few
// operations, which cancel nothing: the circumradius of a sliver may be wrong by any factor in
// doubles, since its volume is. `rough` allows an error of kRough, `fine` one of half a unit in the
// last place (and a millionth of that), so that equal radii are equal doubles.
//
// Differences of points are brought to (1/2, 1] by a power of two first, by which no term of
// interest underflows; a radius beyond the square root of the largest double counts as that number.
// Points come from scale_points (predicates3.h), where the bounds of errors are from, too.
#pragma once

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "predicates3.h"

namespace radii3 {

using predicates3::absolute;
using predicates3::cross;
using predicates3::dot;
using predicates3::Vector;

// Relative errors: of `rough`, and of a `fine` result before its one rounding.
constexpr double kRough = 0x1p-36, kFine = 0x1p-74;
// Of a component of the numerator, whose terms are products of at most five differences, all at
// most 1: 19 roundings (kCircleError) of at most 18 such terms; of a volume or a normal, 6 terms.
constexpr double kNumeratorTerms = 18, kVolumeTerms = 6, kNormalTerms = 2;

inline double largest(const Vector<double> &u) {
    return std::max({std::fabs(u.x), std::fabs(u.y), std::fabs(u.z)});
}

inline double finite(double x, int exponent) {
    x = std::ldexp(x, exponent);
    return x < DBL_MAX ? x : DBL_MAX;
}

inline double norm(double x, double y, double z) { return std::sqrt(x * x + y * y + z * z); }

// The exponent that brings the largest of the edges at a to (1/2, 1].
inline int exponent_of(const Point3 &a, const Point3 *others, int n) {
    double most = 0;
    for (int i = 0; i < n; ++i)
        most = std::max(most, largest(predicates3::difference(others[i], a)));
    int exponent = 0;
    std::frexp(most, &exponent);
    return -exponent;
}

inline DoubleDouble scaled(const DoubleDouble &x, double factor) {
    return {x.high * factor, x.low * factor};
}
inline DoubleDouble scaled(const Expansion &x, double factor) {
    return scaled(x.rounded(), factor);
}
template <class T>
inline Vector<DoubleDouble> scaled(const Vector<T> &u, double factor) {
    return {scaled(u.x, factor), scaled(u.y, factor), scaled(u.z, factor)};
}
inline Vector<double> scaled(const Vector<double> &u, double factor) {
    return {u.x * factor, u.y * factor, u.z * factor};
}

// numerator / (4 divisor), rounded once.
inline double quotient(const DoubleDouble &numerator, const DoubleDouble &divisor, int exponent) {
    const double first = numerator.high / divisor.high;
    if (!(first < DBL_MAX)) return DBL_MAX;
    const DoubleDouble rest = numerator - divisor * DoubleDouble{first, 0};
    return finite(first + rest.high / divisor.high, exponent - 2);
}

// |centre|^2 / (4 volume^2), where the centre has been multiplied by twice the volume.
inline double of_centre(Vector<DoubleDouble> centre, DoubleDouble volume, int exponent) {
    int thin = 0;
    std::frexp(volume.high, &thin);
    const double factor = std::ldexp(1.0, std::min(-thin, 1000));
    centre = scaled(centre, factor), volume = scaled(volume, factor);
    return quotient(dot(centre, centre), volume * volume, exponent);
}

template <class T>
void cell_terms(const Vector<T> &u, const Vector<T> &v, const Vector<T> &w, Vector<T> &centre,
                T &volume) {
    const Vector<T> x = cross(v, w), y = cross(w, u), z = cross(u, v);
    const T uu = dot(u, u), vv = dot(v, v), ww = dot(w, w);
    volume = dot(u, x);
    centre = {uu * x.x + vv * y.x + ww * z.x, uu * x.y + vv * y.y + ww * z.y,
              uu * x.z + vv * y.z + ww * z.z};
}

// Whether errors of the terms leave a quotient of a relative error below the bound.
inline bool is_good(double unit, double numerator, double numerator_terms, double divisor,
                    double divisor_terms, double bound) {
    // Twice for squares, 1.8 for three components, room for the last operations.
    return 4 * unit * (numerator_terms * divisor + divisor_terms * numerator) <
           bound * numerator * divisor;
}

// The tetrahedron p[0..3], exactly but for the last operations.
inline double fine_cell(const Point3 *p) {
    using namespace predicates3;
    const int e = exponent_of(p[0], p + 1, 3);
    const double factor = std::ldexp(1.0, e);
    Vector<DoubleDouble> centre;
    DoubleDouble volume;
    cell_terms(scaled(fine_difference(p[1], p[0]), factor),
               scaled(fine_difference(p[2], p[0]), factor),
               scaled(fine_difference(p[3], p[0]), factor), centre, volume);
    if (is_good(kFineError, norm(centre.x.high, centre.y.high, centre.z.high), kNumeratorTerms,
                std::fabs(volume.high), kVolumeTerms, kFine))
        return of_centre(centre, volume, -2 * e);
    Vector<Expansion> exact_centre;
    Expansion exact_volume;
    cell_terms(exact_difference(p[1], p[0]), exact_difference(p[2], p[0]),
               exact_difference(p[3], p[0]), exact_centre, exact_volume);
    const double factor3 = std::ldexp(1.0, 3 * e), factor4 = std::ldexp(1.0, 4 * e);
    return of_centre(scaled(exact_centre, factor4), scaled(exact_volume, factor3), -2 * e);
}

// The same in doubles where the error is below kRough.
inline double rough_cell(const Point3 *p) {
    const int e = exponent_of(p[0], p + 1, 3);
    const double factor = std::ldexp(1.0, e);
    Vector<double> centre;
    double volume;
    cell_terms(scaled(predicates3::difference(p[1], p[0]), factor),
               scaled(predicates3::difference(p[2], p[0]), factor),
               scaled(predicates3::difference(p[3], p[0]), factor), centre, volume);
    if (!is_good(predicates3::kCircleError, norm(centre.x, centre.y, centre.z), kNumeratorTerms,
                 std::fabs(volume), kVolumeTerms, kRough))
        return fine_cell(p);
    return finite(dot(centre, centre) / (4 * volume * volume), -2 * e);
}

inline double fine_triangle(const Point3 *p) {
    using namespace predicates3;
    const int e = exponent_of(p[0], p + 1, 2);
    const double factor = std::ldexp(1.0, e);
    const Vector<DoubleDouble> u = scaled(fine_difference(p[1], p[0]), factor),
                               v = scaled(fine_difference(p[2], p[0]), factor),
                               w = scaled(fine_difference(p[2], p[1]), factor);
    const DoubleDouble sides = dot(u, u) * dot(v, v) * dot(w, w);
    Vector<DoubleDouble> n = cross(u, v);
    if (!is_good(kFineError, 1, 0, norm(n.x.high, n.y.high, n.z.high), kNormalTerms, kFine))
        n = scaled(cross(exact_difference(p[1], p[0]), exact_difference(p[2], p[0])),
                   std::ldexp(1.0, 2 * e));
    return quotient(sides, dot(n, n), -2 * e);
}

inline double rough_triangle(const Point3 *p) {
    const int e = exponent_of(p[0], p + 1, 2);
    const double factor = std::ldexp(1.0, e);
    const Vector<double> u = scaled(predicates3::difference(p[1], p[0]), factor),
                         v = scaled(predicates3::difference(p[2], p[0]), factor),
                         w = scaled(predicates3::difference(p[2], p[1]), factor),
                         n = cross(u, v);
    if (!is_good(predicates3::kCircleError, 1, 0, norm(n.x, n.y, n.z), kNormalTerms, kRough))
        return fine_triangle(p);
    return finite(dot(u, u) * dot(v, v) * dot(w, w) / (4 * dot(n, n)), -2 * e);
}

inline double fine_edge(const Point3 *p) {
    const int e = exponent_of(p[0], p + 1, 1);
    const Vector<DoubleDouble> u =
        scaled(predicates3::fine_difference(p[1], p[0]), std::ldexp(1.0, e));
    return finite(dot(u, u).high, -2 * e - 2);
}

inline double fine(const Point3 *p, int n) {
    return n == 4 ? fine_cell(p) : n == 3 ? fine_triangle(p) : fine_edge(p);
}
inline double rough(const Point3 *p, int n) {
    return n == 4 ? rough_cell(p) : n == 3 ? rough_triangle(p) : fine_edge(p);
}

}  // namespace radii3
