// Loops over a row of a dense matrix of costs, compiled for several vector instructions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "dispatch.h"

// Offer a row's column j the distance base + cost[j] - dual[j], but not less than least: the nearer
// of two rows is kept. Returns the least distance of all columns.
SKLTOPO_INLINE double offer_row_body(const double *cost, const double *dual, double base,
                                     double least, std::int64_t row, std::ptrdiff_t n,
                                     double *distance, std::int64_t *via) {
    const std::ptrdiff_t LANES = 8;
    double nearest[LANES];
    std::ptrdiff_t j = 0;
    for (std::ptrdiff_t k = 0; k < LANES; k++)
        nearest[k] = std::numeric_limits<double>::infinity();
    for (; j + LANES <= n; j += LANES)
        for (std::ptrdiff_t k = 0; k < LANES; k++) {
            const double exact = base + (cost[j + k] - dual[j + k]), old = distance[j + k];
            const double offered = exact < least ? least : exact;
            const std::int64_t from = via[j + k];
            const bool better = offered < old;
            const double kept = better ? offered : old;
            distance[j + k] = kept;
            via[j + k] = better ? row : from;
            nearest[k] = kept < nearest[k] ? kept : nearest[k];
        }
    for (; j < n; j++) {
        const double exact = base + (cost[j] - dual[j]);
        const double offered = exact < least ? least : exact;
        if (offered < distance[j]) {
            distance[j] = offered;
            via[j] = row;
        }
        nearest[0] = distance[j] < nearest[0] ? distance[j] : nearest[0];
    }
    for (std::ptrdiff_t k = 1; k < LANES; k++)
        nearest[0] = nearest[k] < nearest[0] ? nearest[k] : nearest[0];
    return nearest[0];
}
SKLTOPO_VARIANTS(double, offer_row,
                 (const double *cost, const double *dual, double base, double least,
                  std::int64_t row, std::ptrdiff_t n, double *distance, std::int64_t *via),
                 (cost, dual, base, least, row, n, distance, via))
