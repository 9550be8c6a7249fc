// Which neighbours of a pixel enter an ascending sweep before it: one bit a neighbour.
//
// A loop of compares that the compiler turns into vector instructions. It is C++ and not Cython for the
// target attribute alone: the same loop is compiled once for any machine and once for AVX2, and chosen
// when it runs, so wheels stay portable. (Measured on 2048 x 2048 float64: 13.6 ms without, 4.2 ms with.)
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__GNUC__) && defined(__x86_64__)
#define SKLTOPO_DISPATCH 1
#define SKLTOPO_INLINE static inline __attribute__((always_inline))
#define SKLTOPO_AVX2 __attribute__((target("avx2")))
#else
#define SKLTOPO_DISPATCH 0
#define SKLTOPO_INLINE static inline
#endif

// Pixels begin <= v < end of a padded image whose rows are width apart. Ties are broken by index: an
// equal neighbour with a smaller index is older.
template <class T>
SKLTOPO_INLINE void older_6(const T *f, std::uint8_t *older, std::ptrdiff_t begin,
                            std::ptrdiff_t end, std::ptrdiff_t width) {
    for (std::ptrdiff_t v = begin; v < end; v++) {
        const T y = f[v];
        older[v] = static_cast<std::uint8_t>(
            (f[v + 1] < y) | (f[v + width + 1] < y) << 1 | (f[v + width] < y) << 2 |
            (f[v - 1] <= y) << 3 | (f[v - width - 1] <= y) << 4 | (f[v - width] <= y) << 5);
    }
}

template <class T>
SKLTOPO_INLINE void older_8(const T *f, std::uint8_t *older, std::ptrdiff_t begin,
                            std::ptrdiff_t end, std::ptrdiff_t width) {
    for (std::ptrdiff_t v = begin; v < end; v++) {
        const T y = f[v];
        older[v] = static_cast<std::uint8_t>(
            (f[v + 1] < y) | (f[v + width + 1] < y) << 1 | (f[v + width] < y) << 2 |
            (f[v + width - 1] < y) << 3 | (f[v - 1] <= y) << 4 | (f[v - width - 1] <= y) << 5 |
            (f[v - width] <= y) << 6 | (f[v - width + 1] <= y) << 7);
    }
}

template <class T>
static void older_masks_any(const T *f, std::uint8_t *older, std::ptrdiff_t begin,
                            std::ptrdiff_t end, std::ptrdiff_t width, int n_neighbours) {
    if (n_neighbours == 6)
        older_6(f, older, begin, end, width);
    else
        older_8(f, older, begin, end, width);
}

#if SKLTOPO_DISPATCH
template <class T>
SKLTOPO_AVX2 static void older_masks_avx2(const T *f, std::uint8_t *older, std::ptrdiff_t begin,
                                          std::ptrdiff_t end, std::ptrdiff_t width,
                                          int n_neighbours) {
    if (n_neighbours == 6)
        older_6(f, older, begin, end, width);
    else
        older_8(f, older, begin, end, width);
}
#endif

template <class T>
static inline void older_masks(const T *f, std::uint8_t *older, std::ptrdiff_t begin,
                               std::ptrdiff_t end, std::ptrdiff_t width, int n_neighbours) {
#if SKLTOPO_DISPATCH
    static const bool has_avx2 = __builtin_cpu_supports("avx2");
    if (has_avx2) {
        older_masks_avx2(f, older, begin, end, width, n_neighbours);
        return;
    }
#endif
    older_masks_any(f, older, begin, end, width, n_neighbours);
}

static inline void prefetch(const void *address) {
#if defined(__GNUC__)
    __builtin_prefetch(address);
#else
    (void)address;
#endif
}
