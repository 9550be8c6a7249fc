// Geometric predicates and circumspheres in any dimension, exact.
//
// A Cloud holds points x of any dimension in an affine hull of dimension r, and r of their
// coordinates that determine it. Simplices of the hull are those of these coordinates, and its
// Delaunay triangulation is the projection of the lower side of the points that are lifted to the
// heights |x|^2, where x has all coordinates. So predicates take r coordinates and the heights.
//
// Each number is found in doubles first, by the solution of a system of equations, with a bound of
// its error (equations.h). Where a sign or a value is not certain then, the coordinates are taken as
// integers, multiples of a power of two, and the sign is that of a determinant by Bareiss'
// elimination, which divides without a remainder (integer.h).
//
// Bareiss, Sylvester's identity and multistep integer-preserving Gaussian elimination, 1968.
// Perturbation: Devillers, Teillaud, Perturbations for Delaunay and weighted Delaunay 3D
// triangulations, 2011.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "equations.h"
#include "expansion.h"
#include "integer.h"

namespace predicates_any {

// The same as kHalfUlp for DoubleDouble, with room.
constexpr double kFineUlp = 16 * kHalfUlp * kHalfUlp;
// Of an exact radius, when it is rounded.
constexpr double kRadiusError = 8 * kHalfUlp;

// The sign of the determinant of an n x n matrix, which is overwritten.
inline int determinant_sign(std::vector<Integer> &m, int n) {
    const auto at = [n](int i, int j) { return static_cast<std::size_t>(n * i + j); };
    int sign = 1;
    for (int c = 0; c + 1 < n; ++c) {
        int pivot = c;
        while (pivot < n && m[at(pivot, c)].sign() == 0) ++pivot;
        if (pivot == n) return 0;
        if (pivot != c) {
            for (int j = c; j < n; ++j) std::swap(m[at(c, j)], m[at(pivot, j)]);
            sign = -sign;
        }
        for (int i = c + 1; i < n; ++i)
            for (int j = c + 1; j < n; ++j) {
                Integer minor = m[at(c, c)] * m[at(i, j)] - m[at(i, c)] * m[at(c, j)];
                m[at(i, j)] = c ? minor.divided_exactly(m[at(c - 1, c - 1)]) : std::move(minor);
            }
    }
    return n ? sign * m[at(n - 1, n - 1)].sign() : sign;
}

// A radius: its square is numerator / (4 denominator) in units of the cloud.
struct SquaredRadius {
    Integer numerator, denominator;

    int compare(const SquaredRadius &b) const {
        return (numerator * b.denominator).compare(b.numerator * denominator);
    }
};

class Cloud {
  public:
    // Hold n points, rows of d coordinates below one that are multiples of 2^-343; return the rank
    // of their hull.
    int set_points(const double *points, int n, int d) {
        n_ = n;
        d_ = d;
        x_.assign(points, points + static_cast<std::ptrdiff_t>(n) * d);
        int lowest = std::numeric_limits<int>::max();
        for (const double x : x_)
            if (x != 0) lowest = std::min(lowest, lowest_exponent(x));
        unit_ = lowest == std::numeric_limits<int>::max() ? 0 : lowest;
        exact_.clear();
        exact_.reserve(x_.size());
        for (const double x : x_) exact_.emplace_back(x, -unit_);
        find_hull();
        flat_.resize(static_cast<std::size_t>(n) * axes_.size());
        for (int p = 0; p < n; ++p)
            for (std::size_t j = 0; j < axes_.size(); ++j)
                flat_[static_cast<std::size_t>(p) * axes_.size() + j] = point(p)[axes_[j]];
        return rank();
    }
    int rank() const { return static_cast<int>(axes_.size()); }
    int n_points() const { return n_; }
    // Of the rank + 1 points that are affinely independent the i-th.
    std::int32_t independent(int i) const { return independent_[static_cast<std::size_t>(i)]; }

    // The sign of det(p_1 - p_0, ..., p_r - p_0).
    int orientation(const std::int32_t *simplex) {
        const int r = rank();
        matrix_.resize(static_cast<std::size_t>(r * r));
        for (int i = 0; i < r; ++i) write_difference(simplex[i + 1], simplex[0], r * i);
        return determinant_sign(matrix_, r);
    }

    // Where q is to the sphere of a simplex of positive orientation: -1 inside, 0 on it, 1 outside.
    int sphere_sign(const std::int32_t *simplex, std::int32_t q) {
        const int r = rank();
        matrix_.resize(static_cast<std::size_t>((r + 1) * (r + 1)));
        for (int i = 0; i <= r; ++i) {
            const std::int32_t p = i < r ? simplex[i + 1] : q;
            write_difference(p, simplex[0], (r + 1) * i);
            Integer &height = matrix_[static_cast<std::size_t>((r + 1) * i + r)];
            height = product(p, p, simplex[0]);
        }
        return determinant_sign(matrix_, r + 1);
    }

    // Whether q is inside the sphere, without ties. Heights are thought of as raised by
    // infinitesimals, each infinitely larger than that of any point before it. Where the sign is 0
    // the last point whose height matters decides: q raised is outside; a raised corner has q
    // inside if q is on its side of the facet opposite.
    bool inside_sphere(const std::int32_t *simplex, std::int32_t q) {
        const int sign = sphere_sign(simplex, q);
        if (sign != 0) return sign < 0;
        const int r = rank();
        order_.assign(simplex, simplex + r + 1);
        order_.push_back(q);
        std::sort(order_.begin(), order_.end(), std::greater<std::int32_t>());
        replaced_.assign(simplex, simplex + r + 1);
        for (const std::int32_t p : order_) {
            if (p == q) return false;
            const std::ptrdiff_t k = std::find(simplex, simplex + r + 1, p) - simplex;
            replaced_[static_cast<std::size_t>(k)] = q;
            const int side = orientation(replaced_.data());
            replaced_[static_cast<std::size_t>(k)] = p;
            if (side != 0) return side > 0;
        }
        return false;
    }

    // An affine function of r coordinates that is `right` at the corners of a simplex but for
    // simplex[base], where it is 0: its gradient and a bound of the error of each component. For
    // corner < 0, `right` is the squared distance to the base, so that |q - base|^2 minus the
    // function is the power of q to the sphere; else it is 1 at that corner and 0 at the others.
    void write_plane(const std::int32_t *simplex, int base, int corner, double *plane) {
        const int r = rank();
        system_.resize(r);
        const std::int32_t origin = simplex[base];
        for (int i = 0, k = 0; k <= r; ++k) {
            if (k == base) continue;
            double largest = 0;
            for (int j = 0; j < r; ++j) {
                const double x = flat(simplex[k], j) - flat(origin, j);
                system_.rows[system_.at(i, j)] = x;
                largest = std::max(largest, std::fabs(x));
            }
            int power;
            std::frexp(largest, &power);
            const double factor = std::ldexp(1.0, -power);
            for (int j = 0; j < r; ++j) system_.rows[system_.at(i, j)] *= factor;
            const double right = corner < 0 ? squared_distance(simplex[k], origin) : k == corner;
            system_.right[static_cast<std::size_t>(i)] = right * factor;
            ++i;
        }
        plane[r] = system_.solve(2 * kHalfUlp, (d_ + 4) * kHalfUlp);
        for (int j = 0; j < r; ++j) plane[j] = system_.solution[static_cast<std::size_t>(j)];
    }
    // The value of a plane's function at q, and a bound of its error.
    double plane_value(const double *plane, std::int32_t base, std::int32_t q, double &error) const {
        const int r = rank();
        double value = 0, size = 0, norm = 0;
        for (int j = 0; j < r; ++j) {
            const double x = flat(q, j) - flat(base, j), term = plane[j] * x;
            value += term;
            size += std::fabs(term);
            norm += std::fabs(x);
        }
        error = (plane[r] * norm + (r + 4) * kHalfUlp * size) * (1 + 1e-9) + kTiny;
        return value;
    }
    double squared_distance(std::int32_t p, std::int32_t q) const {
        double sum = 0;
        for (int j = 0; j < d_; ++j) sum += square(point(p)[j] - point(q)[j]);
        return sum;
    }
    double height_error(double squared) const { return (d_ + 4) * kHalfUlp * squared; }

    // The radius of the smallest sphere through the k + 1 corners of a simplex, k > 0, and a bound
    // of its relative error. beyond: whether its centre is beyond the facet opposite each corner,
    // which is when that corner is inside the smallest sphere of the facet.
    double measure_sphere(const std::int32_t *simplex, int k, std::uint8_t *beyond, double &error) {
        double radius = rounded_sphere(simplex, k, beyond, error);
        if (error < kPoor) return radius;
        radius = fine_sphere(simplex, k, beyond, error);
        if (error < kPoor) return radius;
        SquaredRadius exact;
        exact_sphere(simplex, k, exact, beyond);
        error = kRadiusError;
        return radius_of(exact);
    }
    double radius_of(const SquaredRadius &exact) const {
        int above, below;
        double ratio = exact.numerator.mantissa(above);
        if (ratio == 0) return 0;
        ratio /= exact.denominator.mantissa(below);
        int power = above - below;
        if (power % 2 != 0) {
            ratio *= 2;
            --power;
        }
        return std::ldexp(std::sqrt(ratio), power / 2 + unit_ - 1);
    }
    // The squared radius exactly; where beyond is given, as measure_sphere does, too.
    void exact_sphere(const std::int32_t *simplex, int k, SquaredRadius &radius,
                      std::uint8_t *beyond = nullptr) {
        if (k == 1) {
            radius.numerator = product(simplex[1], simplex[1], simplex[0]);
            radius.denominator = Integer(1);
            if (beyond != nullptr) beyond[0] = beyond[1] = 0;
            return;
        }
        // Twice the centre is sum_i z_i e_i for the edges e_i from the first corner, where the z_i
        // solve the system of all e_i . e_j and the |e_i|^2: by elimination above and below
        // pivots, which are positive, z_i = numerator_i / determinant.
        const int width = k + 1;
        const auto at = [width](int i, int j) { return static_cast<std::size_t>(width * i + j); };
        matrix_.resize(static_cast<std::size_t>(k * width));
        for (int i = 0; i < k; ++i) {
            for (int j = 0; j < i; ++j) matrix_[at(i, j)] = matrix_[at(j, i)];
            for (int j = i; j < k; ++j)
                matrix_[at(i, j)] = product(simplex[i + 1], simplex[j + 1], simplex[0]);
            matrix_[at(i, k)] = matrix_[at(i, i)];
        }
        squares_.resize(static_cast<std::size_t>(k));
        for (int i = 0; i < k; ++i) squares_[static_cast<std::size_t>(i)] = matrix_[at(i, i)];
        for (int c = 0; c < k; ++c)
            for (int i = 0; i < k; ++i) {
                if (i == c) continue;
                for (int j = c + 1; j <= k; ++j) {
                    Integer minor =
                        matrix_[at(c, c)] * matrix_[at(i, j)] - matrix_[at(i, c)] * matrix_[at(c, j)];
                    matrix_[at(i, j)] =
                        c ? minor.divided_exactly(matrix_[at(c - 1, c - 1)]) : std::move(minor);
                }
            }
        radius.denominator = matrix_[at(k - 1, k - 1)];
        radius.numerator = Integer();
        Integer first = radius.denominator + radius.denominator;
        for (int i = 0; i < k; ++i) {
            const Integer &z = matrix_[at(i, k)];
            radius.numerator = radius.numerator + z * squares_[static_cast<std::size_t>(i)];
            first = first - z;
            if (beyond != nullptr) beyond[i + 1] = z.sign() < 0;
        }
        if (beyond != nullptr) beyond[0] = first.sign() < 0;
    }

  private:
    // A radius is computed exactly where its error is larger.
    static constexpr double kPoor = 1e-12;
    static constexpr int kRefinements = 4;

    int n_ = 0, d_ = 0, unit_ = 0;
    std::vector<double> x_, flat_;
    std::vector<Integer> exact_;       // coordinates in units of 2^unit
    std::vector<int> axes_;            // coordinates that determine the hull
    std::vector<std::int32_t> independent_;
    System system_;
    std::vector<Integer> matrix_, squares_;
    std::vector<std::int32_t> order_, replaced_;
    std::vector<DoubleDouble> edges_, gram_, fine_;
    std::vector<double> sizes_;

    static double square(double x) { return x * x; }
    const double *point(std::int32_t p) const { return x_.data() + static_cast<std::ptrdiff_t>(p) * d_; }
    double flat(std::int32_t p, int j) const {
        return flat_[static_cast<std::size_t>(p) * axes_.size() + static_cast<std::size_t>(j)];
    }
    const Integer &exact(std::int32_t p, int j) const {
        return exact_[static_cast<std::size_t>(p) * static_cast<std::size_t>(d_) +
                      static_cast<std::size_t>(j)];
    }

    // The exponent of the lowest bit of a number that is not 0.
    static int lowest_exponent(double x) {
        int power;
        std::uint64_t mantissa =
            static_cast<std::uint64_t>(std::ldexp(std::frexp(std::fabs(x), &power), 53));
        power -= 53;
        for (; !(mantissa & 1); mantissa >>= 1) ++power;
        return power;
    }
    // Write p - origin in the coordinates of the hull.
    void write_difference(std::int32_t p, std::int32_t origin, int at) {
        for (const int axis : axes_)
            matrix_[static_cast<std::size_t>(at++)] = exact(p, axis) - exact(origin, axis);
    }
    // (p - origin) . (q - origin), all coordinates.
    Integer product(std::int32_t p, std::int32_t q, std::int32_t origin) const {
        Integer sum;
        for (int j = 0; j < d_; ++j) {
            const Integer x = exact(p, j) - exact(origin, j);
            sum = sum + (p == q ? x * x : x * (exact(q, j) - exact(origin, j)));
        }
        return sum;
    }

    // Take points that are affinely independent, until no coordinate is free: Bareiss' elimination
    // of the differences to the first point, row by row.
    void find_hull() {
        std::vector<std::vector<Integer>> basis;
        std::vector<Integer> row(static_cast<std::size_t>(d_));
        axes_.clear();
        independent_.assign(1, 0);
        for (std::int32_t p = 1; p < n_ && rank() < d_; ++p) {
            for (int j = 0; j < d_; ++j)
                row[static_cast<std::size_t>(j)] = exact(p, j) - exact(0, j);
            for (std::size_t i = 0; i < basis.size(); ++i) {
                const std::size_t axis = static_cast<std::size_t>(axes_[i]);
                const Integer factor = row[axis];
                for (std::size_t j = 0; j < row.size(); ++j) {
                    Integer minor = basis[i][axis] * row[j] - factor * basis[i][j];
                    row[j] = i ? minor.divided_exactly(
                                     basis[i - 1][static_cast<std::size_t>(axes_[i - 1])])
                               : std::move(minor);
                }
            }
            const auto found = std::find_if(row.begin(), row.end(),
                                            [](const Integer &x) { return x.sign() != 0; });
            if (found == row.end()) continue;
            axes_.push_back(static_cast<int>(found - row.begin()));
            independent_.push_back(p);
            basis.push_back(row);
        }
    }

    // As measure_sphere, by rounded numbers; error is infinite where they decide nothing. For edges
    // e_i = h_i u_i from the first corner, of sizes h_i, the centre is scale * sum_i y_i u_i, where
    // sum_j u_i . u_j y_j = |u_i|^2 h_i / (2 scale); y_i scale / h_i is the weight of corner i.
    double rounded_sphere(const std::int32_t *simplex, int k, std::uint8_t *beyond, double &error) {
        error = kInfinity;
        const double scale = write_edges(simplex, k);
        system_.resize(k);
        double largest = 0;
        for (int i = 0; i < k; ++i)
            for (int j = 0; j <= i; ++j) {
                double sum = 0;
                for (int l = 0; l < d_; ++l) sum += edge(i, l).high * edge(j, l).high;
                system_.rows[system_.at(i, j)] = system_.rows[system_.at(j, i)] = sum;
                if (i != j) continue;
                largest = std::max(largest, sum);
                system_.right[static_cast<std::size_t>(i)] = sum * (size(i) / scale) / 2;
            }
        // Cauchy, Schwarz: the largest sum of products is one of squares.
        const double row_error = (d_ + 6) * kHalfUlp * largest;
        const double bound = system_.solve(row_error, (d_ + 4) * kHalfUlp);
        double first = 1, first_error = 4 * kHalfUlp, norm = 0;
        for (int i = 0; i < k; ++i) {
            const double y = system_.solution[static_cast<std::size_t>(i)];
            const double ratio = scale / size(i);
            if (!(std::fabs(y) > bound)) return 0;
            beyond[i + 1] = y < 0;
            first -= y * ratio;
            first_error += (bound + 2 * (k + 2) * kHalfUlp * std::fabs(y)) * ratio;
            norm += std::fabs(y);
        }
        if (!(std::fabs(first) > first_error)) return 0;
        beyond[0] = first < 0;
        // 2 y.b - y.A y is too small by the error's square in the metric of A: by the residual
        // times the error at most.
        double value = 0, total = 0, square_error = 0;
        for (int i = 0; i < k; ++i) {
            const double y = system_.solution[static_cast<std::size_t>(i)];
            double sum = 2 * system_.right[static_cast<std::size_t>(i)];
            total += std::fabs(y * sum);
            for (int j = 0; j < k; ++j) {
                const double term =
                    system_.rows[system_.at(i, j)] * system_.solution[static_cast<std::size_t>(j)];
                sum -= term;
                total += std::fabs(y * term);
            }
            value += y * sum;
            square_error += system_.residual[static_cast<std::size_t>(i)] * bound;
        }
        square_error += (3 * k + d_ + 8) * kHalfUlp * total + row_error * norm * norm;
        if (!(value > 0)) return 0;
        error = square_error / value + 4 * kHalfUlp;
        return scale * std::sqrt(value);
    }

    // The same with twice as many bits: the solution is refined by its residuals.
    double fine_sphere(const std::int32_t *simplex, int k, std::uint8_t *beyond, double &error) {
        error = kInfinity;
        const double scale = write_edges(simplex, k);
        system_.resize(k);
        gram_.resize(static_cast<std::size_t>(k * k));
        fine_.assign(static_cast<std::size_t>(k), DoubleDouble{0, 0});
        double largest = 0;
        for (int i = 0; i < k; ++i)
            for (int j = 0; j <= i; ++j) {
                DoubleDouble sum{0, 0};
                for (int l = 0; l < d_; ++l) sum = sum + edge(i, l) * edge(j, l);
                gram_[system_.at(i, j)] = gram_[system_.at(j, i)] = sum;
                system_.rows[system_.at(i, j)] = system_.rows[system_.at(j, i)] = sum.high;
                if (i == j) largest = std::max(largest, sum.high);
            }
        if (!system_.invert(2 * kHalfUlp * largest)) return 0;
        double bound = kInfinity;
        for (int round = 0; round < kRefinements; ++round) {
            if (round)
                for (int i = 0; i < k; ++i) {
                    DoubleDouble &y = fine_[static_cast<std::size_t>(i)];
                    y = y + DoubleDouble{system_.times_inverse(i, system_.right), 0};
                }
            for (int i = 0; i < k; ++i) {
                const DoubleDouble b = half_square(i, scale);
                DoubleDouble rest = b;
                double absolute = b.high, norm = 0;
                for (int j = 0; j < k; ++j) {
                    const DoubleDouble term =
                        gram_[system_.at(i, j)] * fine_[static_cast<std::size_t>(j)];
                    rest = rest - term;
                    absolute += std::fabs(term.high);
                    norm += std::fabs(fine_[static_cast<std::size_t>(j)].high);
                }
                system_.right[static_cast<std::size_t>(i)] = rest.high;
                system_.residual[static_cast<std::size_t>(i)] =
                    std::fabs(rest.high) * (1 + 1e-9) + (k + d_ + 8) * kFineUlp * absolute +
                    (d_ + 6) * kFineUlp * largest * norm;
            }
            bound = system_.solution_error();
        }
        DoubleDouble first{1, 0}, value{0, 0};
        double first_error = 8 * kFineUlp, square_error = 0;
        for (int i = 0; i < k; ++i) {
            const DoubleDouble y = fine_[static_cast<std::size_t>(i)], b = half_square(i, scale);
            const double ratio = scale / size(i);
            if (!(std::fabs(y.high) > bound)) return 0;
            beyond[i + 1] = y.high < 0;
            first = first - y * DoubleDouble{ratio, 0};
            first_error += (bound + 2 * (k + 2) * kFineUlp * std::fabs(y.high)) * ratio;
            value = value + y * b;
            square_error += b.high * (bound + (d_ + k + 8) * kFineUlp * std::fabs(y.high));
        }
        if (!(std::fabs(first.high) > first_error)) return 0;
        beyond[0] = first.high < 0;
        if (!(value.high > 0)) return 0;
        error = square_error / value.high + 4 * kHalfUlp;
        return scale * std::sqrt(value.high);
    }
    // |u_i|^2 h_i / (2 scale)
    DoubleDouble half_square(int i, double scale) const {
        const DoubleDouble &square = gram_[system_.at(i, i)];
        const double factor = size(i) / scale / 2;
        return {square.high * factor, square.low * factor};
    }

    // Write the edges from the first corner by powers of two, their sizes; return the largest size.
    double write_edges(const std::int32_t *simplex, int k) {
        edges_.resize(static_cast<std::size_t>(k * d_));
        sizes_.resize(static_cast<std::size_t>(k));
        const double *origin = point(simplex[0]);
        double scale = 0;
        for (int i = 0; i < k; ++i) {
            const double *end = point(simplex[i + 1]);
            double largest = 0;
            for (int l = 0; l < d_; ++l) {
                edge(i, l) = DoubleDouble::difference(end[l], origin[l]);
                largest = std::max(largest, std::fabs(edge(i, l).high));
            }
            int power;
            std::frexp(largest, &power);
            sizes_[static_cast<std::size_t>(i)] = std::ldexp(1.0, power);
            scale = std::max(scale, size(i));
            const double factor = std::ldexp(1.0, -power);
            for (int l = 0; l < d_; ++l)
                edge(i, l) = {edge(i, l).high * factor, edge(i, l).low * factor};
        }
        return scale;
    }
    DoubleDouble &edge(int i, int l) { return edges_[static_cast<std::size_t>(i * d_ + l)]; }
    double size(int i) const { return sizes_[static_cast<std::size_t>(i)]; }
};

// Spheres in the exact order of their radii.
class RadiusOrder {
  public:
    void add(Cloud &cloud, const std::int32_t *simplex, int k) {
        exact_.emplace_back();
        cloud.exact_sphere(simplex, k, exact_.back());
        rounded_.push_back(cloud.radius_of(exact_.back()));
    }
    // Write which sphere comes first, second, ..., equal ones as they were added, and the radii in
    // this order, equal ones as equal numbers. Forget all spheres.
    void sort(std::int64_t *order, double *radii) {
        const std::size_t n = exact_.size();
        const auto compare = [this](std::int64_t i, std::int64_t j) {
            const std::size_t a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
            const double margin = 2 * kRadiusError * rounded_[a];
            if (rounded_[a] < rounded_[b] - margin) return -1;
            if (rounded_[a] > rounded_[b] + margin) return 1;
            return exact_[a].compare(exact_[b]);
        };
        for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<std::int64_t>(i);
        std::stable_sort(order, order + n,
                         [&](std::int64_t a, std::int64_t b) { return compare(a, b) < 0; });
        for (std::size_t i = 0; i < n; ++i) {
            radii[i] = rounded_[static_cast<std::size_t>(order[i])];
            if (i && compare(order[i - 1], order[i]) == 0) radii[i] = radii[i - 1];
            if (i) radii[i] = std::max(radii[i], radii[i - 1]);
        }
        exact_.clear();
        rounded_.clear();
    }

  private:
    std::vector<SquaredRadius> exact_;
    std::vector<double> rounded_;
};

}  // namespace predicates_any
