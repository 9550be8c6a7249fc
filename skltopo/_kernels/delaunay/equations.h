// Systems of linear equations in doubles, with a bound of the error of the solution.
//
// For A y = b with an approximate inverse X of A, alpha = |I - X A| < 1 and an approximate y, the
// error of y is at most |X (b - A y)| / (1 - alpha), in the norm of maxima (Rump, Verification
// methods: rigorous results using floating-point arithmetic, 2010, section 10). Roundings in A, b,
// alpha and the residual are counted.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace predicates_any {

constexpr double kHalfUlp = std::numeric_limits<double>::epsilon() / 2;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// More than all that underflows can make, for numbers below one.
constexpr double kTiny = 1e-290;

// A system of equations A y = b in doubles. Buffers are kept between systems.
class System {
  public:
    std::vector<double> rows, right, solution, residual;

    void resize(int n) {
        n_ = n;
        const std::size_t size = static_cast<std::size_t>(n);
        rows.resize(size * size);
        right.resize(size);
        solution.resize(size);
        residual.resize(size);
        work_.resize(2 * size * size);
    }
    std::size_t at(int i, int j) const { return static_cast<std::size_t>(n_ * i + j); }

    // Find an approximate inverse X of rows, whose entries are wrong by row_error at the most, and
    // alpha; return whether that is small enough.
    bool invert(double row_error) {
        if (!eliminate()) return false;
        alpha_ = 0;
        for (int i = 0; i < n_; ++i) {
            double sum = 0, size = 0, norm = 0;
            for (int j = 0; j < n_; ++j) {
                double value = i == j ? 1 : 0, absolute = value;
                for (int k = 0; k < n_; ++k) {
                    const double term = inverse(i, k) * rows[at(k, j)];
                    value -= term;
                    absolute += std::fabs(term);
                }
                sum += std::fabs(value);
                size += absolute;
                norm += std::fabs(inverse(i, j));
            }
            alpha_ = std::max(alpha_, sum + roundings() * size + n_ * row_error * norm);
        }
        return alpha_ < 0.5;
    }
    // Entry i of X times a vector.
    double times_inverse(int i, const std::vector<double> &vector) const {
        double sum = 0;
        for (int j = 0; j < n_; ++j) sum += inverse(i, j) * vector[static_cast<std::size_t>(j)];
        return sum;
    }
    // A bound of the error of each component of a solution of which residual bounds b - A y.
    double solution_error() const {
        double worst = 0;
        for (int i = 0; i < n_; ++i) {
            double sum = 0;
            for (int j = 0; j < n_; ++j)
                sum += std::fabs(inverse(i, j)) * residual[static_cast<std::size_t>(j)];
            worst = std::max(worst, sum);
        }
        worst = worst * (1 + 1e-9) / (1 - alpha_) + kTiny;
        return worst < kInfinity ? worst : kInfinity;
    }
    // Find the solution and a bound of its error; infinite if there is none. Entries of right are
    // wrong by right_error times their size.
    double solve(double row_error, double right_error) {
        if (!invert(row_error)) return kInfinity;
        for (int i = 0; i < n_; ++i)
            solution[static_cast<std::size_t>(i)] = times_inverse(i, right);
        for (int i = 0; i < n_; ++i) {
            const double b = right[static_cast<std::size_t>(i)];
            double value = b, absolute = std::fabs(b), error = right_error * absolute;
            for (int j = 0; j < n_; ++j) {
                const double y = solution[static_cast<std::size_t>(j)], term = rows[at(i, j)] * y;
                value -= term;
                absolute += std::fabs(term);
                error += row_error * std::fabs(y);
            }
            residual[static_cast<std::size_t>(i)] = std::fabs(value) + roundings() * absolute + error;
        }
        return solution_error();
    }

  private:
    int n_ = 0;
    double alpha_ = 0;
    std::vector<double> work_;

    double roundings() const { return (2 * n_ + 8) * kHalfUlp; }
    double inverse(int i, int j) const {
        return work_[static_cast<std::size_t>(2 * n_ * i + n_ + j)];
    }
    // Write an approximate inverse to the right half of work, by Gauss-Jordan elimination.
    bool eliminate() {
        const int n = n_, width = 2 * n;
        double *w = work_.data();
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j) {
                w[width * i + j] = rows[at(i, j)];
                w[width * i + n + j] = i == j ? 1 : 0;
            }
        for (int c = 0; c < n; ++c) {
            int pivot = c;
            for (int i = c + 1; i < n; ++i)
                if (std::fabs(w[width * i + c]) > std::fabs(w[width * pivot + c])) pivot = i;
            if (!(std::fabs(w[width * pivot + c]) > 1e-100)) return false;
            if (pivot != c)
                std::swap_ranges(w + width * c, w + width * (c + 1), w + width * pivot);
            const double factor = 1 / w[width * c + c];
            for (int j = c; j < width; ++j) w[width * c + j] *= factor;
            for (int i = 0; i < n; ++i) {
                const double f = w[width * i + c];
                if (i == c || f == 0) continue;
                for (int j = c; j < width; ++j) w[width * i + j] -= f * w[width * c + j];
            }
        }
        return true;
    }
};

}  // namespace predicates_any
