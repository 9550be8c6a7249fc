// Which neighbours of a pixel enter an ascending sweep before it (one bit for each neighbour), and
// how pixels are linked by that.
//
// The compiler turns the first loops into vector instructions. They are C++ and not Cython only for
// the target attribute: older_masks is compiled for any machine, for AVX2 and for AVX-512, and one
// of them is chosen at run time, so wheels stay portable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dispatch.h"
#if SKLTOPO_DISPATCH
#include <immintrin.h>
#endif

// Pixels begin <= v < end of a padded image whose rows are width apart. Ties are broken by index:
// an equal neighbour with a smaller index is older.
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

#define SKLTOPO_OLDER_MASKS(NAME, TARGET)                                                       \
    template <class T>                                                                          \
    TARGET static void NAME(const T *f, std::uint8_t *older, std::ptrdiff_t begin,              \
                            std::ptrdiff_t end, std::ptrdiff_t width, int n_neighbours) {       \
        if (n_neighbours == 6)                                                                  \
            older_6(f, older, begin, end, width);                                               \
        else                                                                                    \
            older_8(f, older, begin, end, width);                                               \
    }

SKLTOPO_OLDER_MASKS(older_masks_any, )
#if SKLTOPO_DISPATCH
SKLTOPO_OLDER_MASKS(older_masks_avx2, SKLTOPO_AVX2)
SKLTOPO_OLDER_MASKS(older_masks_avx512, SKLTOPO_AVX512)
#endif

template <class T>
using OlderMasks = void (*)(const T *, std::uint8_t *, std::ptrdiff_t, std::ptrdiff_t,
                            std::ptrdiff_t, int);

template <class T>
static OlderMasks<T> choose_older_masks() {
#if SKLTOPO_DISPATCH
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq"))
        return older_masks_avx512<T>;
    if (__builtin_cpu_supports("avx2")) return older_masks_avx2<T>;
#endif
    return older_masks_any<T>;
}

template <class T>
static inline void older_masks(const T *f, std::uint8_t *older, std::ptrdiff_t begin,
                               std::ptrdiff_t end, std::ptrdiff_t width, int n_neighbours) {
    static const OlderMasks<T> chosen = choose_older_masks<T>();
    chosen(f, older, begin, end, width, n_neighbours);
}

// How pixels are linked: the low bits of code[mask] say by which step a pixel with this mask reaches
// an older one (any, for minima), and SPECIAL is set for minima and saddles.
struct Links {
    std::uint8_t code[256];
    std::int32_t step[8];
};

enum { SPECIAL = 16 };

// For first <= v < first + n_cols: point v at an older pixel, and list the columns of special ones,
// behind which one more may be written; 32 masks more may be read. On noise no branch could be
// predicted, so there is none for a pixel.
static inline std::ptrdiff_t link_row_any(const std::uint8_t *older, const Links &links,
                                          std::int32_t *parent, std::int32_t first,
                                          std::int32_t n_cols, std::int32_t *special) {
    std::ptrdiff_t n_special = 0;
    for (std::int32_t col = 0; col < n_cols; col++) {
        const std::uint8_t code = links.code[older[col]];
        parent[first + col] = first + col + links.step[code & 7];
        special[n_special] = col;
        n_special += code / SPECIAL;
    }
    return n_special;
}

#if SKLTOPO_DISPATCH
// Codes of 32 masks below 2^N_BITS, by tables of 16 of them. (Smooth float32 image of 256 x 256, PD_0
// with all else that it takes: 0.07 ms, and 0.12 ms where one code is read after the other.)
template <int N_BITS>
SKLTOPO_AVX2 static inline __m256i codes_of(const std::uint8_t *table, __m256i masks) {
    if constexpr (N_BITS == 4) {
        const __m128i part = _mm_loadu_si128(reinterpret_cast<const __m128i *>(table));
        const __m256i place = _mm256_and_si256(masks, _mm256_set1_epi8(15));
        return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(part), place);
    } else {
        // A blend reads the highest bit of each byte.
        return _mm256_blendv_epi8(codes_of<N_BITS - 1>(table, masks),
                                  codes_of<N_BITS - 1>(table + (1 << (N_BITS - 1)), masks),
                                  _mm256_slli_epi16(masks, 8 - N_BITS));
    }
}

template <int N_BITS>
SKLTOPO_AVX2 static inline std::ptrdiff_t link_row_avx2(const std::uint8_t *older,
                                                        const Links &links, std::int32_t *parent,
                                                        std::int32_t first, std::int32_t n_cols,
                                                        std::int32_t *special) {
    const __m256i steps = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(links.step));
    const __m256i count = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    std::ptrdiff_t n_special = 0;
    for (std::int32_t start = 0; start < n_cols; start += 32) {
        const std::int32_t left = n_cols - start;
        const __m256i masks =
            _mm256_loadu_si256(reinterpret_cast<const __m256i *>(older + start));
        const __m256i code = codes_of<N_BITS>(links.code, masks);
        std::uint8_t codes[32];
        _mm256_storeu_si256(reinterpret_cast<__m256i *>(codes), code);
        for (std::int32_t k = 0; k < 32 && k < left; k += 8) {
            const __m256i eight = _mm256_cvtepu8_epi32(
                _mm_loadl_epi64(reinterpret_cast<const __m128i *>(codes + k)));
            const std::int32_t v = first + start + k;
            const __m256i found = _mm256_add_epi32(_mm256_add_epi32(count, _mm256_set1_epi32(v)),
                                                   _mm256_permutevar8x32_epi32(steps, eight));
            if (k + 8 <= left)
                _mm256_storeu_si256(reinterpret_cast<__m256i *>(parent + v), found);
            else
                _mm256_maskstore_epi32(
                    parent + v, _mm256_cmpgt_epi32(_mm256_set1_epi32(left - k), count), found);
        }
        std::uint32_t some = _mm256_movemask_epi8(_mm256_slli_epi16(code, 3));
        if (left < 32) some &= (1u << left) - 1;
        for (; some; some &= some - 1) special[n_special++] = start + __builtin_ctz(some);
    }
    return n_special;
}
#endif

static inline std::ptrdiff_t link_row(const std::uint8_t *older, const Links &links,
                                      int n_neighbours, std::int32_t *parent, std::int32_t first,
                                      std::int32_t n_cols, std::int32_t *special) {
#if SKLTOPO_DISPATCH
    static const bool has_avx2 = instruction_level() > 0;
    if (has_avx2)
        return (n_neighbours == 6 ? link_row_avx2<6> : link_row_avx2<8>)(
            older, links, parent, first, n_cols, special);
#endif
    return link_row_any(older, links, parent, first, n_cols, special);
}
