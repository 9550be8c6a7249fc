"""Slow, obvious proximal operators: every partition, every pattern, for whole batches at once.

And signals with few maxima, by every place where their runs may meet.
"""

from itertools import combinations_with_replacement

import numpy as np
from sklearn.isotonic import isotonic_regression

from skltopo import Energy
from skltopo._kernels.fits.proximal import prox_steps
from skltopo.filtrations import LevelSet


def clusters_value(x, k):
    """Sum of all but the k - 1 largest gaps of each row."""
    gaps = np.sort(np.diff(np.sort(x, axis=1), axis=1), axis=1)
    return gaps[:, : max(0, gaps.shape[1] - (k - 1))].sum(axis=1)


def maxima_value(x, k):
    """E(1, 0, k + 1; PD_0) of each row, by the pairs of critical vertices."""
    return Energy(dim=0, p=1, q=0, i0=k + 1)(LevelSet(ndim=1, superlevel=True)(x))


def range_cost(y, step):
    """min over x of 1/2 |x - y|^2 + step * range(x), by all numbers of clipped entries."""
    y = np.sort(y, axis=1)
    n = y.shape[1]
    best = 0.5 * ((y - y.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    for i in range(1, n):
        low = (y[:, :i].sum(axis=1) + step) / i
        for j in range(1, n - i + 1):
            high = (y[:, n - j :].sum(axis=1) - step) / j
            x = np.clip(y, low[:, None], high[:, None])
            cost = 0.5 * ((x - y) ** 2).sum(axis=1) + step * np.ptp(x, axis=1)
            best = np.where(low <= high, np.minimum(best, cost), best)
    return best


def best_partition_cost(y, step, k):
    """Least cost over all partitions of the entries of each row into at most k groups."""
    n = y.shape[1]
    cost = np.zeros((1 << n, len(y)))
    for subset in range(1, 1 << n):
        cost[subset] = range_cost(y[:, [i for i in range(n) if subset >> i & 1]], step)
    best = cost.copy()
    for _ in range(k - 1):
        before, best = best, best.copy()
        for subset in range(1, 1 << n):
            part = (subset - 1) & subset
            while part:
                np.minimum(best[subset], before[part] + cost[subset ^ part], out=best[subset])
                part = (part - 1) & subset
    return best[-1]


def rising_patterns(n, k):
    """All ways to let n - 1 steps rise or fall in 2 k runs up, down, up, ..., down."""
    found = set()
    for cuts in combinations_with_replacement(range(n), 2 * k - 1):
        run = np.searchsorted(cuts, np.arange(n - 1), side="right")
        found.add(tuple(run % 2 == 0))
    return sorted(found)


def best_pattern_cost(y, step, k):
    """Least cost over all patterns; the convex problem of each is solved by prox_steps."""
    best = np.full(len(y), np.inf)
    for pattern in rising_patterns(y.shape[1], k):
        rising = np.array([*pattern, True])
        down = np.where(rising, step[:, None], 0.0)
        up = np.where(rising, 0.0, step[:, None])
        x = np.empty_like(y)
        prox_steps(y, up, down, x)
        d = np.diff(x, axis=1)
        pay = up[:, :-1] * np.maximum(d, 0) + down[:, :-1] * np.maximum(-d, 0)
        np.minimum(best, 0.5 * ((x - y) ** 2).sum(axis=1) + pay.sum(axis=1), out=best)
    return best


def monotone_change(y):
    """Squared change of the isotonic regression of y[i:j], for all i <= j."""
    n = len(y)
    change = np.zeros((n + 1, n + 1))
    for i in range(n):
        for j in range(i + 1, n + 1):
            change[i, j] = ((isotonic_regression(y[i:j]) - y[i:j]) ** 2).sum()
    return change


def few_maxima_change(y, k):
    """Least squared change of y to at most k maxima, over all places where 2 k runs may meet."""
    runs = monotone_change(y), monotone_change(-y)
    best = runs[0][0]
    for run in range(1, 2 * k):
        best = np.array(
            [(best[: j + 1] + runs[run % 2][: j + 1, j]).min() for j in range(len(y) + 1)]
        )
    return best[-1]
