// Loops over the rows of distance matrices that vector instructions speed up.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.h"

// furthest[j] = max(furthest[j], row[j]) for begin <= j < end; returns the greatest of them in row.
template <class T>
SKLTOPO_INLINE T fold_furthest(const T *row, std::ptrdiff_t begin, std::ptrdiff_t end, T *furthest) {
    const std::ptrdiff_t LANES = 64 / sizeof(T);
    T greatest[LANES];
    std::ptrdiff_t j = begin;
    for (std::ptrdiff_t k = 0; k < LANES; k++) greatest[k] = 0;
    for (; j + LANES <= end; j += LANES)
        for (std::ptrdiff_t k = 0; k < LANES; k++) {
            const T x = row[j + k];
            furthest[j + k] = furthest[j + k] < x ? x : furthest[j + k];
            greatest[k] = greatest[k] < x ? x : greatest[k];
        }
    for (; j < end; j++) {
        furthest[j] = furthest[j] < row[j] ? row[j] : furthest[j];
        greatest[0] = greatest[0] < row[j] ? row[j] : greatest[0];
    }
    for (std::ptrdiff_t k = 1; k < LANES; k++)
        greatest[0] = greatest[0] < greatest[k] ? greatest[k] : greatest[0];
    return greatest[0];
}

SKLTOPO_INLINE float fold_furthest_single_body(const float *row, std::ptrdiff_t begin,
                                               std::ptrdiff_t end, float *furthest) {
    return fold_furthest(row, begin, end, furthest);
}
SKLTOPO_VARIANTS(float, fold_furthest_single,
                 (const float *row, std::ptrdiff_t begin, std::ptrdiff_t end, float *furthest),
                 (row, begin, end, furthest))

SKLTOPO_INLINE double fold_furthest_double_body(const double *row, std::ptrdiff_t begin,
                                                std::ptrdiff_t end, double *furthest) {
    return fold_furthest(row, begin, end, furthest);
}
SKLTOPO_VARIANTS(double, fold_furthest_double,
                 (const double *row, std::ptrdiff_t begin, std::ptrdiff_t end, double *furthest),
                 (row, begin, end, furthest))

// The greatest of row[begin:end] that is at most limit; -1 if there is none.
template <class T>
SKLTOPO_INLINE T greatest_within(const T *row, std::ptrdiff_t begin, std::ptrdiff_t end, T limit) {
    const std::ptrdiff_t LANES = 64 / sizeof(T);
    T greatest[LANES];
    std::ptrdiff_t j = begin;
    for (std::ptrdiff_t k = 0; k < LANES; k++) greatest[k] = -1;
    for (; j + LANES <= end; j += LANES)
        for (std::ptrdiff_t k = 0; k < LANES; k++) {
            const T x = row[j + k] <= limit ? row[j + k] : T(-1);
            greatest[k] = greatest[k] < x ? x : greatest[k];
        }
    for (; j < end; j++)
        if (row[j] <= limit && greatest[0] < row[j]) greatest[0] = row[j];
    for (std::ptrdiff_t k = 1; k < LANES; k++)
        greatest[0] = greatest[0] < greatest[k] ? greatest[k] : greatest[0];
    return greatest[0];
}

SKLTOPO_INLINE float longest_single_body(const float *row, std::ptrdiff_t begin, std::ptrdiff_t end,
                                         float limit) {
    return greatest_within(row, begin, end, limit);
}
SKLTOPO_VARIANTS(float, longest_single,
                 (const float *row, std::ptrdiff_t begin, std::ptrdiff_t end, float limit),
                 (row, begin, end, limit))

SKLTOPO_INLINE double longest_double_body(const double *row, std::ptrdiff_t begin,
                                          std::ptrdiff_t end, double limit) {
    return greatest_within(row, begin, end, limit);
}
SKLTOPO_VARIANTS(double, longest_double,
                 (const double *row, std::ptrdiff_t begin, std::ptrdiff_t end, double limit),
                 (row, begin, end, limit))

// Whether a tile of a square matrix and its mirror image differ, or hold a negative number or NaN.
template <class T>
SKLTOPO_INLINE bool tile_is_bad(const T *matrix, std::ptrdiff_t n, std::ptrdiff_t row,
                                std::ptrdiff_t col, std::ptrdiff_t n_rows, std::ptrdiff_t n_cols) {
    T mirror[16][16];
    for (std::ptrdiff_t j = 0; j < n_cols; j++)
        for (std::ptrdiff_t i = 0; i < n_rows; i++)
            mirror[i][j] = matrix[(col + j) * n + row + i];
    int bad = 0;
    for (std::ptrdiff_t i = 0; i < n_rows; i++) {
        const T *x = matrix + (row + i) * n + col;
        for (std::ptrdiff_t j = 0; j < n_cols; j++) bad |= !(x[j] >= 0) | (x[j] != mirror[i][j]);
    }
    return bad;
}

template <class T>
SKLTOPO_INLINE std::ptrdiff_t find_bad_tile(const T *matrix, std::ptrdiff_t n, std::ptrdiff_t row) {
    const std::ptrdiff_t n_rows = n - row < 16 ? n - row : 16;
    for (std::ptrdiff_t col = row; col < n; col += 16) {
        const bool whole = n_rows == 16 && n - col >= 16;
        if (whole ? tile_is_bad(matrix, n, row, col, 16, 16)
                  : tile_is_bad(matrix, n, row, col, n_rows, n - col < 16 ? n - col : 16))
            return col;
    }
    return -1;
}

// First column of a bad tile in the strip of 16 rows from row on, or -1.
SKLTOPO_INLINE std::ptrdiff_t bad_tile_single_body(const float *matrix, std::ptrdiff_t n,
                                                   std::ptrdiff_t row) {
    return find_bad_tile(matrix, n, row);
}
SKLTOPO_VARIANTS(std::ptrdiff_t, bad_tile_single,
                 (const float *matrix, std::ptrdiff_t n, std::ptrdiff_t row), (matrix, n, row))

SKLTOPO_INLINE std::ptrdiff_t bad_tile_double_body(const double *matrix, std::ptrdiff_t n,
                                                   std::ptrdiff_t row) {
    return find_bad_tile(matrix, n, row);
}
SKLTOPO_VARIANTS(std::ptrdiff_t, bad_tile_double,
                 (const double *matrix, std::ptrdiff_t n, std::ptrdiff_t row), (matrix, n, row))

// Buckets of the entries of a row from column begin on, those up to limit: entry x goes to bucket
// x * scale, the last one at the most. Returns how many there are; their columns go to column.
template <class T>
SKLTOPO_INLINE std::ptrdiff_t bucket_row(const T *row, std::ptrdiff_t begin, std::ptrdiff_t end,
                                         double limit, double scale, std::int32_t last,
                                         std::int32_t *bucket, std::int32_t *column) {
    const std::ptrdiff_t BLOCK = 256;
    std::int32_t place[BLOCK], kept[BLOCK];
    std::ptrdiff_t n = 0;
    for (std::ptrdiff_t start = begin; start < end; start += BLOCK) {
        const std::ptrdiff_t m = end - start < BLOCK ? end - start : BLOCK;
        for (std::ptrdiff_t k = 0; k < m; k++) {
            const double x = static_cast<double>(row[start + k]);
            const double inside = x <= limit ? x : 0;
            const std::int32_t b = static_cast<std::int32_t>(inside * scale);
            place[k] = b < last ? b : last;
            kept[k] = x <= limit;
        }
        // Without branches, which can't be predicted here.
        for (std::ptrdiff_t k = 0; k < m; k++) {
            bucket[n] = place[k];
            column[n] = static_cast<std::int32_t>(start + k);
            n += kept[k];
        }
    }
    return n;
}

SKLTOPO_INLINE std::ptrdiff_t bucket_row_single_body(const float *row, std::ptrdiff_t begin,
                                                     std::ptrdiff_t end, double limit,
                                                     double scale, std::int32_t last,
                                                     std::int32_t *bucket, std::int32_t *column) {
    return bucket_row(row, begin, end, limit, scale, last, bucket, column);
}
SKLTOPO_VARIANTS(std::ptrdiff_t, bucket_row_single,
                 (const float *row, std::ptrdiff_t begin, std::ptrdiff_t end, double limit,
                  double scale, std::int32_t last, std::int32_t *bucket, std::int32_t *column),
                 (row, begin, end, limit, scale, last, bucket, column))

SKLTOPO_INLINE std::ptrdiff_t bucket_row_double_body(const double *row, std::ptrdiff_t begin,
                                                     std::ptrdiff_t end, double limit,
                                                     double scale, std::int32_t last,
                                                     std::int32_t *bucket, std::int32_t *column) {
    return bucket_row(row, begin, end, limit, scale, last, bucket, column);
}
SKLTOPO_VARIANTS(std::ptrdiff_t, bucket_row_double,
                 (const double *row, std::ptrdiff_t begin, std::ptrdiff_t end, double limit,
                  double scale, std::int32_t last, std::int32_t *bucket, std::int32_t *column),
                 (row, begin, end, limit, scale, last, bucket, column))
