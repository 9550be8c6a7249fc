// Sums, differences and products of doubles beyond double precision: DoubleDouble with 104 bits or
// more of the terms, and Expansion exactly.
//
// An Expansion is the unevaluated sum of doubles that do not overlap, ascending in magnitude, none zero
// (Shewchuk, Adaptive precision floating-point arithmetic and fast robust geometric predicates,
// 1997: the numbers of his theorems are given). Exact as long as nothing overflows or underflows,
// which the caller sees to by the range of what goes in. Needs IEEE doubles rounded to nearest even
// and a compiler that does not fuse a multiplication and an addition (-ffp-contract=off).
// A header because Cython can define neither operators nor templates.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

// a + b = high + what is returned, exactly.
inline double two_sum(double a, double b, double &high) {
    high = a + b;
    const double b_virtual = high - a, a_virtual = high - b_virtual;
    return (a - a_virtual) + (b - b_virtual);
}

inline void split(double a, double &high, double &low) {
    const double c = 134217729.0 * a;  // 2^27 + 1
    high = c - (c - a);
    low = a - high;
}

// a * b = high + what is returned, exactly; b = b_high + b_low from split.
inline double two_product(double a, double b, double b_high, double b_low, double &high) {
    double a_high, a_low;
    high = a * b;
    split(a, a_high, a_low);
    return a_low * b_low - (((high - a_high * b_high) - a_low * b_high) - a_high * b_low);
}

// high + low, low below half a bit of high. A sum is wrong by 2^-104 of its terms' magnitudes at
// most, a product by 2^-103 of its own (Joldes, Muller, Popescu, Tight and rigorous error bounds
// for basic building blocks of double-word arithmetic, 2017).
struct DoubleDouble {
    double high, low;

    DoubleDouble operator+(const DoubleDouble &b) const {
        double sum;
        const double rest = two_sum(high, b.high, sum) + (low + b.low);
        return normal(sum, rest);
    }
    DoubleDouble operator-(const DoubleDouble &b) const {
        return *this + DoubleDouble{-b.high, -b.low};
    }
    DoubleDouble operator*(const DoubleDouble &b) const {
        double b_high, b_low, product;
        split(b.high, b_high, b_low);
        const double rest = two_product(high, b.high, b_high, b_low, product);
        return normal(product, rest + (high * b.low + low * b.high));
    }
    static DoubleDouble difference(double a, double b) {
        double high;
        const double low = two_sum(a, -b, high);
        return {high, low};
    }

  private:
    static DoubleDouble normal(double a, double b) {
        const double high = a + b;
        return {high, b - (high - a)};
    }
};

class Expansion {
  public:
    Expansion() = default;
    Expansion(Expansion &&) = default;
    Expansion(const Expansion &other) { *this = other; }
    Expansion &operator=(Expansion &&) = default;
    Expansion &operator=(const Expansion &other) {
        size_ = 0;
        reserve(other.size_);
        for (int i = 0; i < other.size_; ++i) push(other.data()[i]);
        return *this;
    }
    // a - b
    Expansion(double a, double b) {
        double high;
        push(two_sum(a, -b, high));
        push(high);
    }

    int sign() const { return size_ == 0 ? 0 : data()[size_ - 1] > 0 ? 1 : -1; }

    Expansion operator-() const {
        Expansion result(*this);
        for (int i = 0; i < size_; ++i) result.data()[i] = -result.data()[i];
        return result;
    }

    // Fast expansion sum (theorem 13): merge by magnitude, then add up.
    Expansion operator+(const Expansion &other) const {
        if (size_ == 0) return other;
        if (other.size_ == 0) return *this;
        Expansion result;
        result.reserve(size_ + other.size_);
        const double *e = data(), *e_end = e + size_, *f = other.data(), *f_end = f + other.size_;
        double sum = next(e, e_end, f, f_end);
        double term = next(e, e_end, f, f_end);
        double high = term + sum;  // fast two-sum: term is the larger
        result.push(sum - (high - term));
        sum = high;
        while (e != e_end || f != f_end) {
            term = next(e, e_end, f, f_end);
            result.push(two_sum(sum, term, high));
            sum = high;
        }
        result.push(sum);
        return result;
    }
    Expansion operator-(const Expansion &other) const { return *this + -other; }

    // The longer one scaled by each component of the shorter one, added up.
    Expansion operator*(const Expansion &other) const {
        if (size_ < other.size_) return other * *this;
        Expansion result;
        for (int i = 0; i < other.size_; ++i) result = result + scaled(other.data()[i]);
        return result;
    }

  private:
    static constexpr int kInline = 16;  // longer ones are on the heap

    // Scale an expansion (theorem 19).
    Expansion scaled(double b) const {
        Expansion result;
        result.reserve(2 * size_);
        double b_high, b_low, high, sum;
        split(b, b_high, b_low);
        const double *e = data();
        result.push(two_product(e[0], b, b_high, b_low, sum));
        for (int i = 1; i < size_; ++i) {
            double term;
            const double low = two_product(e[i], b, b_high, b_low, term);
            result.push(two_sum(sum, low, high));
            sum = term + high;  // fast two-sum: term is the larger
            result.push(high - (sum - term));
        }
        result.push(sum);
        return result;
    }

    // The component that comes next in magnitude.
    static double next(const double *&e, const double *e_end, const double *&f,
                       const double *f_end) {
        if (f == f_end || (e != e_end && std::fabs(*e) < std::fabs(*f))) return *e++;
        return *f++;
    }

    void reserve(int n) {
        if (n > kInline) heap_.resize(static_cast<std::size_t>(n));
    }
    void push(double component) {
        if (component != 0) data()[size_++] = component;
    }
    double *data() { return heap_.empty() ? inline_ : heap_.data(); }
    const double *data() const { return heap_.empty() ? inline_ : heap_.data(); }

    double inline_[kInline] = {};
    std::vector<double> heap_;
    int size_ = 0;
};
