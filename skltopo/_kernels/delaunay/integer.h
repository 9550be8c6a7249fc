// Integers of any size, for exact determinants.
//
// An Integer is a sign and a magnitude in limbs, the lowest first. Numbers of up to kInline limbs
// need no memory of their own. Multiplication and exact division take quadratic time, which is best
// for the few hundred to thousand bits that determinants of coordinates have. This is a header
// because Cython can define neither operators nor templates.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

class Integer {
  public:
#ifdef __SIZEOF_INT128__
    using Limb = std::uint64_t;
    __extension__ using Wide = unsigned __int128;
    static constexpr int kBits = 64;
#else
    using Limb = std::uint32_t;
    using Wide = std::uint64_t;
    static constexpr int kBits = 32;
#endif

    Integer() {}
    Integer(const Integer &other) { *this = other; }
    Integer(Integer &&other) noexcept { *this = std::move(other); }
    Integer &operator=(const Integer &other) {
        if (this == &other) return *this;
        reserve(other.size_);
        size_ = other.size_;
        negative_ = other.negative_;
        std::copy(other.data(), other.data() + size_, data());
        return *this;
    }
    Integer &operator=(Integer &&other) noexcept {
        if (this == &other) return *this;
        size_ = other.size_;
        negative_ = other.negative_;
        heap_.swap(other.heap_);
        if (heap_.empty()) std::copy(other.inline_, other.inline_ + size_, inline_);
        other.size_ = 0;
        return *this;
    }

    // x * 2^exponent, which must be an integer.
    Integer(double x, int exponent) {
        int power;
        double rest = std::ldexp(std::frexp(std::fabs(x), &power), 53);
        std::uint64_t mantissa = static_cast<std::uint64_t>(rest);
        if (mantissa == 0) return;
        negative_ = x < 0;
        power += exponent - 53;
        for (; power < 0; ++power) mantissa >>= 1;
        const int limbs = power / kBits, bits = power % kBits;
        reserve(limbs + 4);
        std::fill(data(), data() + limbs + 4, Limb(0));
        for (int i = 0; i < 64 && mantissa >> i; ++i)
            if (mantissa >> i & 1) data()[limbs + (i + bits) / kBits] |= Limb(1) << (i + bits) % kBits;
        trim(limbs + 4);
    }
    explicit Integer(int x) : Integer(static_cast<double>(x), 0) {}

    int sign() const { return size_ == 0 ? 0 : negative_ ? -1 : 1; }
    Integer operator-() const {
        Integer result(*this);
        result.negative_ = !negative_;
        return result;
    }
    Integer operator+(const Integer &b) const { return plus(b, b.negative_); }
    Integer operator-(const Integer &b) const { return plus(b, !b.negative_); }

    Integer operator*(const Integer &b) const {
        Integer result;
        if (size_ == 0 || b.size_ == 0) return result;
        const int n = size_ + b.size_;
        result.reserve(n);
        Limb *out = result.data();
        const Limb *x = data(), *y = b.data();
        std::fill(out, out + size_, Limb(0));
        for (int j = 0; j < b.size_; ++j) {
            Limb carry = 0;
            for (int i = 0; i < size_; ++i) {
                const Wide sum = Wide(x[i]) * y[j] + out[i + j] + carry;
                out[i + j] = static_cast<Limb>(sum);
                carry = static_cast<Limb>(sum >> kBits);
            }
            out[j + size_] = carry;
        }
        result.negative_ = negative_ != b.negative_;
        result.trim(n);
        return result;
    }

    // this / b, which must be an integer, from the lowest limb on (Jebelean, An algorithm for exact
    // division, 1993).
    Integer divided_exactly(const Integer &b) const {
        Integer result;
        if (size_ == 0) return result;
        int zeros = 0;
        while (b.data()[zeros] == 0) ++zeros;
        int bits = 0;
        while (!(b.data()[zeros] >> bits & 1)) ++bits;
        const int size_b = b.size_ - zeros, n = size_ - b.size_ + 1;
        Integer divisor, rest;
        divisor.shift_right(b, zeros, bits);
        rest.shift_right(*this, zeros, bits);
        result.reserve(n);
        const Limb *y = divisor.data();
        Limb *x = rest.data(), *out = result.data();
        Limb inverse = y[0];  // right in its last three bits
        for (int right = 3; right < kBits; right *= 2) inverse *= 2 - y[0] * inverse;
        for (int i = 0; i < n; ++i) {
            const Limb q = x[i] * inverse;
            out[i] = q;
            Limb carry = 0;
            for (int j = 0; j < size_b && i + j < n; ++j) {
                const Wide product = Wide(q) * y[j] + carry;
                const Limb low = static_cast<Limb>(product);
                carry = static_cast<Limb>(product >> kBits) + (x[i + j] < low);
                x[i + j] -= low;
            }
            for (int k = i + size_b; k < n && carry; ++k) {
                const Limb before = x[k];
                x[k] -= carry;
                carry = before < carry;
            }
        }
        result.negative_ = negative_ != b.negative_;
        result.trim(n);
        return result;
    }

    // -1, 0, 1 as this is less than b, b, or more.
    int compare(const Integer &b) const {
        if (sign() != b.sign()) return sign() < b.sign() ? -1 : 1;
        return negative_ ? -compare_magnitudes(b) : compare_magnitudes(b);
    }

    // The number is the returned m * 2^exponent, 1/2 <= |m| < 1, up to 2^-51 of it.
    double mantissa(int &exponent) const {
        exponent = 0;
        if (size_ == 0) return 0;
        double m = 0;
        for (int i = std::max(0, size_ - 1 - 64 / kBits); i < size_; ++i)
            m = std::ldexp(m, -kBits) + static_cast<double>(data()[i]);
        m = std::frexp(m, &exponent);
        exponent += kBits * (size_ - 1);
        return negative_ ? -m : m;
    }

  private:
    static constexpr int kInline = 2048 / kBits;

    Integer plus(const Integer &b, bool b_negative) const {
        if (b.size_ == 0) return *this;
        Integer result;
        if (negative_ == b_negative || size_ == 0) {
            result.add(*this, b);
            result.negative_ = b_negative;
            return result;
        }
        const int order = compare_magnitudes(b);
        if (order == 0) return result;
        if (order > 0)
            result.subtract(*this, b);
        else
            result.subtract(b, *this);
        result.negative_ = order > 0 ? negative_ : b_negative;
        return result;
    }
    void add(const Integer &a, const Integer &b) {
        if (a.size_ < b.size_) return add(b, a);
        reserve(a.size_ + 1);
        const Limb *x = a.data(), *y = b.data();
        Limb *out = data(), carry = 0;
        for (int i = 0; i < a.size_; ++i) {
            const Wide sum = Wide(x[i]) + (i < b.size_ ? y[i] : 0) + carry;
            out[i] = static_cast<Limb>(sum);
            carry = static_cast<Limb>(sum >> kBits);
        }
        out[a.size_] = carry;
        trim(a.size_ + 1);
    }
    // |a| - |b|, which must be positive.
    void subtract(const Integer &a, const Integer &b) {
        reserve(a.size_);
        const Limb *x = a.data(), *y = b.data();
        Limb *out = data(), borrow = 0;
        for (int i = 0; i < a.size_; ++i) {
            const Wide taken = Wide(i < b.size_ ? y[i] : 0) + borrow;
            borrow = Wide(x[i]) < taken;
            out[i] = static_cast<Limb>(x[i] - taken);
        }
        trim(a.size_);
    }
    int compare_magnitudes(const Integer &b) const {
        if (size_ != b.size_) return size_ < b.size_ ? -1 : 1;
        for (int i = size_ - 1; i >= 0; --i)
            if (data()[i] != b.data()[i]) return data()[i] < b.data()[i] ? -1 : 1;
        return 0;
    }
    void shift_right(const Integer &a, int limbs, int bits) {
        const int n = a.size_ - limbs;
        reserve(n);
        for (int i = 0; i < n; ++i) {
            Limb limb = a.data()[i + limbs] >> bits;
            if (bits && i + 1 < n) limb |= a.data()[i + limbs + 1] << (kBits - bits);
            data()[i] = limb;
        }
        size_ = n;
    }
    void trim(int n) {
        while (n > 0 && data()[n - 1] == 0) --n;
        size_ = n;
    }
    void reserve(int n) {
        if (n > kInline && heap_.size() < static_cast<std::size_t>(n))
            heap_.resize(static_cast<std::size_t>(n));
    }
    Limb *data() { return heap_.empty() ? inline_ : heap_.data(); }
    const Limb *data() const { return heap_.empty() ? inline_ : heap_.data(); }

    Limb inline_[kInline];
    std::vector<Limb> heap_;
    int size_ = 0;
    bool negative_ = false;
};
