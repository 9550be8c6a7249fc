// Which neighbours of a voxel enter an ascending sweep before it, one bit for each neighbour.
//
// C++ and not Cython for the target attribute, as in older_masks.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "older_masks.h"

// Ties are broken by index: an equal neighbour with a smaller index is older. OR_EQUAL has the bits
// of the neighbours with a smaller index. Voxels begin <= v < end of a padded volume.
template <class T, std::uint32_t OR_EQUAL, class Mask, std::size_t... K>
SKLTOPO_INLINE void older_voxels(const T *f, Mask *older, std::ptrdiff_t begin, std::ptrdiff_t end,
                                 const std::int32_t *step, std::index_sequence<K...>) {
    const T *const neighbour[] = {(f + step[K])...};
    for (std::ptrdiff_t v = begin; v < end; v++) {
        const T y = f[v];
        std::uint32_t mask = 0;
        ((mask |= static_cast<std::uint32_t>((OR_EQUAL >> K & 1) ? neighbour[K][v] <= y
                                                                 : neighbour[K][v] < y)
                  << K),
         ...);
        older[v - begin] = static_cast<Mask>(mask);
    }
}

// The 14 neighbours of the Freudenthal triangulation, and the 26 of the cubical complexes, in the
// order of volume_tables.pyx.
constexpr std::uint32_t OR_EQUAL_14 = 0x7F;
constexpr std::uint32_t OR_EQUAL_26 = 0x7 | 0x3F << 6 | 0xF << 18;

#define SKLTOPO_OLDER_VOXELS(NAME, TARGET)                                                     \
    template <class T>                                                                         \
    TARGET static void NAME##_14(const T *f, std::uint16_t *older, std::ptrdiff_t begin,       \
                                 std::ptrdiff_t end, const std::int32_t *step) {               \
        older_voxels<T, OR_EQUAL_14>(f, older, begin, end, step,                               \
                                     std::make_index_sequence<14>());                          \
    }                                                                                          \
    template <class T>                                                                         \
    TARGET static void NAME##_26(const T *f, std::uint32_t *older, std::ptrdiff_t begin,       \
                                 std::ptrdiff_t end, const std::int32_t *step) {               \
        older_voxels<T, OR_EQUAL_26>(f, older, begin, end, step,                               \
                                     std::make_index_sequence<26>());                          \
    }

SKLTOPO_OLDER_VOXELS(older_any, )
#if SKLTOPO_DISPATCH
SKLTOPO_OLDER_VOXELS(older_avx2, SKLTOPO_AVX2)
SKLTOPO_OLDER_VOXELS(older_avx512, SKLTOPO_AVX512)
#endif

// Write the masks of voxels begin <= v < end to older[0], older[1], ...
template <class T>
static inline void older_14(const T *f, std::uint16_t *older, std::ptrdiff_t begin,
                            std::ptrdiff_t end, const std::int32_t *step) {
#if SKLTOPO_DISPATCH
    if (__builtin_cpu_supports("avx512bw")) return older_avx512_14(f, older, begin, end, step);
    if (__builtin_cpu_supports("avx2")) return older_avx2_14(f, older, begin, end, step);
#endif
    older_any_14(f, older, begin, end, step);
}

template <class T>
static inline void older_26(const T *f, std::uint32_t *older, std::ptrdiff_t begin,
                            std::ptrdiff_t end, const std::int32_t *step) {
#if SKLTOPO_DISPATCH
    if (__builtin_cpu_supports("avx512bw")) return older_avx512_26(f, older, begin, end, step);
    if (__builtin_cpu_supports("avx2")) return older_avx2_26(f, older, begin, end, step);
#endif
    older_any_26(f, older, begin, end, step);
}
