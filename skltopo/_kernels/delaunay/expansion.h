// Sums, differences and products of doubles beyond double precision: DoubleDouble with 104 bits or
// more of the terms, and Expansion exactly.
//
// An Expansion is the unevaluated sum of doubles that do not overlap, ascending in magnitude, none
// of them zero (Shewchuk, Adaptive precision floating-point arithmetic and fast robust geometric
// predicates, 1997; comments give the numbers of his theorems). It is exact as long as nothing
// overflows or underflows; the caller ensures that by the range of its numbers. It needs IEEE
// doubles rounded to nearest even, and a compiler that does not fuse a multiplication and an
// addition (-ffp-contract=off). This is a header because Cython can define neither operators nor
// templates.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
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
    Expansion() {}
    Expansion(const Expansion &other) { copy(other, 1); }
    Expansion(Expansion &&other) noexcept { take(other); }
    Expansion &operator=(const Expansion &) = delete;
    Expansion &operator=(Expansion &&other) noexcept {
        take(other);
        return *this;
    }
    // a - b
    Expansion(double a, double b) {
        double high;
        push(two_sum(a, -b, high));
        push(high);
    }

    int sign() const { return size_ == 0 ? 0 : data()[size_ - 1] > 0 ? 1 : -1; }

    // The number, wrong by 2^-102 of it at the most.
    DoubleDouble rounded() const {
        DoubleDouble sum{0, 0};
        for (int i = 0; i < size_; ++i) sum = DoubleDouble{data()[i], 0} + sum;
        return sum;
    }

    // Fast expansion sum (theorem 13): merge by magnitude, then add up.
    Expansion operator+(const Expansion &other) const { return plus(other, 1); }
    Expansion operator-(const Expansion &other) const { return plus(other, -1); }

    // The longer one scaled by each component of the shorter one, added up.
    Expansion operator*(const Expansion &other) const {
        if (size_ < other.size_) return other * *this;
        if (other.size_ == 0) return Expansion();
        Expansion result = scaled(other.data()[0]);
        for (int i = 1; i < other.size_; ++i) result = result.plus(scaled(other.data()[i]), 1);
        return result;
    }

  private:
    static constexpr int kInline = 16;  // longer ones are on the heap

    // this + sign * other, sign 1 or -1.
    Expansion plus(const Expansion &other, double sign) const {
        Expansion result;
        if (size_ == 0 || other.size_ == 0) {
            result.copy(size_ ? *this : other, size_ ? 1 : sign);
            return result;
        }
        result.reserve(size_ + other.size_);
        const double *e = data(), *e_end = e + size_, *f = other.data(), *f_end = f + other.size_;
        // The component that comes next in magnitude.
        const auto next = [&]() {
            if (f == f_end || (e != e_end && std::fabs(*e) < std::fabs(*f))) return *e++;
            return sign * *f++;
        };
        double sum = next();
        double term = next();
        double high = term + sum;  // fast two-sum: term is the larger
        result.push(sum - (high - term));
        sum = high;
        while (e != e_end || f != f_end) {
            result.push(two_sum(sum, next(), high));
            sum = high;
        }
        result.push(sum);
        return result;
    }

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

    // Only what there is of the inline components is worth copying.
    void copy(const Expansion &other, double sign) {
        reserve(other.size_);
        for (int i = 0; i < other.size_; ++i) push(sign * other.data()[i]);
    }
    void take(Expansion &other) {
        size_ = other.size_;
        heap_ = std::move(other.heap_);
        if (heap_.empty()) std::copy(other.inline_, other.inline_ + size_, inline_);
    }
    void reserve(int n) {
        if (n > kInline) heap_.resize(static_cast<std::size_t>(n));
    }
    void push(double component) {
        if (component != 0) data()[size_++] = component;
    }
    double *data() { return heap_.empty() ? inline_ : heap_.data(); }
    const double *data() const { return heap_.empty() ? inline_ : heap_.data(); }

    double inline_[kInline];
    std::vector<double> heap_;
    int size_ = 0;
};
