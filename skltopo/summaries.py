"""Vectors of diagrams as functions of all their points at once, for numpy arrays and tensors.

Every function takes the points of many diagrams one after the other, (n_points, 2) with those of
diagram i in the rows splits[i]:splits[i + 1], and returns one row per diagram. Births may be above
deaths (superlevel sets): lengths are absolute, and an interval is the same in both directions. Only
`betti_curves` and `polynomials` take essential classes.
"""

from itertools import pairwise

import numpy as np

from ._kernels.functionals.curves import landscape_rows, silhouette_rows, top_rows
from ._utils.arrays import is_tensor
from .diagrams.containers import DiagramBatch, Points, concatenate
from .energies import polynomial_energies, segment_sum

__all__ = [
    "betti_curves",
    "drop_essential",
    "entropies",
    "join",
    "landscapes",
    "of_finite",
    "persistence_images",
    "polynomials",
    "silhouettes",
    "top_lengths",
]

# Points whose Gaussians are in memory at once: they stay in the cache, too.
CHUNK_POINTS = 1 << 11


def join(diagrams):
    """Return (points, splits) of a list of diagrams, tensors if one of them is."""
    splits = np.concatenate([[0], np.cumsum([len(d) for d in diagrams])]).astype(np.int64)
    tensors = [d for d in diagrams if is_tensor(d)]
    if not tensors:
        points = np.concatenate([np.empty((0, 2)), *diagrams])
        return points, splits
    import torch

    device = tensors[0].device
    return torch.cat([torch.as_tensor(d, device=device) for d in diagrams]), splits


def drop_essential(points, splits):
    """Return (finite points, splits, number of essential classes of each diagram)."""
    infinite = abs(points) == np.inf
    finite = ~(infinite[:, 0] | infinite[:, 1])
    plain = finite.cpu().numpy() if is_tensor(finite) else finite
    if plain.all():
        return points, splits, np.zeros(len(splits) - 1, np.int64)
    kept = np.concatenate([[0], np.cumsum(plain)])[splits]
    return points[finite], kept, np.diff(splits) - np.diff(kept)


def of_finite(function, points, splits):
    """Call function with the finite points alone."""
    return function(*drop_essential(points, splits)[:2])


def _like(values, points):
    """Return a numpy array in the kind, dtype and device of points."""
    if not is_tensor(points):
        return values
    import torch

    return torch.as_tensor(values, device=points.device).to(points.dtype)


def _stack(rows, points, width):
    """Return rows as a matrix, also if there are none."""
    if is_tensor(points):
        import torch

        return torch.stack(rows) if rows else points.new_zeros((0, width))
    return np.stack(rows) if rows else np.zeros((0, width))


def _namespace(points):
    if is_tensor(points):
        import torch

        return torch
    return np


def _lengths(points):
    return abs(points[:, 1] - points[:, 0])


def _powers(lengths, power):
    """Return lengths**power, whose gradient is 0, and not infinite, where a length is 0."""
    if not is_tensor(lengths) or power == 0 or power >= 1:
        return lengths**power
    import torch

    # The inner where keeps the infinite slope at 0 out of the graph; 0 * inf would be NaN.
    return torch.where(lengths > 0, torch.where(lengths > 0, lengths, 1) ** power, 0)


def _normal_cdf(z):
    if is_tensor(z):
        import torch

        return torch.special.ndtr(z)
    from scipy.special import ndtr

    return ndtr(z)


def _gaussians(centers, low, high, n, bandwidth, pixels):
    """Return (n_points, n) values of normal densities on an axis: of pixels, or at points."""
    if pixels == "areas":
        edges = _like(np.linspace(low, high, n + 1), centers)
        cdf = _normal_cdf((edges - centers[:, None]) / bandwidth)
        return cdf[:, 1:] - cdf[:, :-1]
    z = (_like(np.linspace(low, high, n), centers) - centers[:, None]) / bandwidth
    return _namespace(centers).exp(-(z**2) / 2) / (bandwidth * (2 * np.pi) ** 0.5)


def persistence_images(
    points, splits, birth_range, length_range, resolution, bandwidth, weight_power, pixels
):
    """Return the sum of Gaussians around (birth, length), a row of lengths after the other."""
    n_births, n_lengths = resolution
    rows = []
    for part, part_splits in _chunks(points, splits):
        lengths = _lengths(part)
        along_births = _gaussians(part[:, 0], *birth_range, n_births, bandwidth, pixels)
        along_lengths = _gaussians(lengths, *length_range, n_lengths, bandwidth, pixels)
        weighted = along_lengths * _powers(lengths, weight_power)[:, None]
        rows += [
            (weighted[i:j].T @ along_births[i:j]).reshape(-1) for i, j in pairwise(part_splits)
        ]
    return _stack(rows, points, n_births * n_lengths)


def _chunks(points, splits):
    """Yield (points, splits) of some diagrams after the other, so that memory is bounded."""
    start = 0
    while start < len(splits) - 1:
        full = np.searchsorted(splits, splits[start] + CHUNK_POINTS, side="right") - 1
        stop = max(full, start + 1)
        yield points[splits[start] : splits[stop]], splits[start : stop + 1] - splits[start]
        start = stop


def _tents(points, grid):
    """Return (n_points, n_grid) heights of the triangles over the intervals."""
    middles = (points[:, :1] + points[:, 1:]) / 2
    return (_lengths(points)[:, None] / 2 - abs(_like(grid, points) - middles)).clip(0)


def _largest(values, k):
    """Return the k largest values of each column, largest first, zeros where there are fewer."""
    import torch

    found = min(k, len(values))
    top = values.topk(found, dim=0).values
    return torch.cat([top, values.new_zeros((k - found, values.shape[1]))])


def landscapes(points, splits, grid, n_layers):
    """Return the k-th greatest tent at every point of the grid, layer after layer."""
    if is_tensor(points):
        rows = [_largest(_tents(points[i:j], grid), n_layers) for i, j in pairwise(splits)]
        return _stack([row.reshape(-1) for row in rows], points, n_layers * len(grid))
    out = np.zeros((len(splits) - 1, n_layers, len(grid)))
    landscape_rows(points, splits, grid, out)
    return out.reshape(len(out), -1)


def silhouettes(points, splits, grid, weight_power):
    """Return the mean of the tents, weighted by powers of their lengths; 0 without points."""
    weights = _powers(_lengths(points), weight_power)
    totals = segment_sum(weights, splits)
    totals = _namespace(points).where(totals > 0, totals, 1)
    if is_tensor(points):
        # The weight is a column beside the points, so that both are cut into the same chunks.
        both = concatenate([points.T, weights[None]]).T
        rows = [
            segment_sum(part[:, 2:] * _tents(part[:, :2], grid), part_splits)
            for part, part_splits in _chunks(both, splits)
        ]
        return concatenate([points.new_zeros((0, len(grid))), *rows]) / totals[:, None]
    out = np.zeros((len(splits) - 1, len(grid)))
    silhouette_rows(points, splits, weights, grid, out)
    return out / totals[:, None]


def betti_curves(points, splits, grid):
    """Return how many intervals contain each value of the grid; births belong to them."""
    plain = points.detach().cpu().numpy() if is_tensor(points) else points
    births, deaths = plain.T
    is_rising = births <= deaths
    # The first values of the grid at which a class is there, and at which it is no longer.
    begins = np.where(
        is_rising, np.searchsorted(grid, births), np.searchsorted(grid, deaths, side="right")
    )
    ends = np.where(
        is_rising, np.searchsorted(grid, deaths), np.searchsorted(grid, births, side="right")
    )
    n_diagrams, width = len(splits) - 1, len(grid) + 1
    offsets = np.repeat(np.arange(n_diagrams) * width, np.diff(splits))
    steps = np.bincount(offsets + begins, minlength=n_diagrams * width)
    steps -= np.bincount(offsets + ends, minlength=n_diagrams * width)
    counts = np.cumsum(steps.reshape(n_diagrams, width)[:, :-1], axis=1).astype(np.float64)
    if not is_tensor(points):
        return counts
    # A count is constant almost everywhere: part of the graph, with a zero gradient.
    import torch

    anchor = torch.where(torch.isfinite(points), points, 0).sum() * 0
    return _like(counts, points) + anchor


def entropies(points, splits, normalize):
    """Return the Shannon entropy of the lengths, in one column; 0 without points."""
    xp = _namespace(points)
    lengths = _lengths(points)
    totals = segment_sum(lengths, splits)
    counts = np.diff(splits)
    share = lengths / xp.where(totals > 0, totals, 1)[np.repeat(np.arange(len(counts)), counts)]
    # A point of length zero adds nothing; the inner where keeps its gradient finite.
    terms = xp.where(share > 0, share * xp.log(xp.where(share > 0, share, 1)), 0)
    out = -segment_sum(terms, splits) + 0.0
    if normalize:
        out = out / _like(np.log(np.maximum(counts, 2)), points)
    return out[:, None]


def _by_length(points, splits):
    """Return the rows of every diagram by decreasing length; equal lengths keep their order."""
    lengths = _lengths(points)
    plain = lengths.detach().cpu().numpy() if is_tensor(lengths) else lengths
    counts = np.diff(splits)
    return np.lexsort([-plain, np.repeat(np.arange(len(counts)), counts)])


def top_lengths(points, splits, k):
    """Return the k greatest lengths, greatest first, zeros where there are fewer."""
    counts = np.diff(splits)
    if not is_tensor(points):
        out = np.zeros((len(counts), k))
        top_rows(points, splits, out)
        return out
    import torch

    order = _by_length(points, splits)
    sample = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(order)) - splits[:-1][sample]
    kept = rank < k
    index = torch.from_numpy(sample[kept] * k + rank[kept]).to(points.device)
    flat = points.new_zeros(len(counts) * k)
    return flat.index_copy(0, index, _lengths(points)[order[kept]]).reshape(len(counts), k)


def polynomials(points, splits, max_p, max_q, i0):
    """Return E(p, q, i0) in the column p * (max_q + 1) + q; essential classes take their ranks."""
    points, splits, n_essential = drop_essential(points, splits)
    finite = points[_by_length(points, splits)]
    essential_splits = np.concatenate([[0], np.cumsum(n_essential)])
    # Energies that drop essential classes look at their numbers only.
    found = Points(finite, None, splits, finite[:0, 0], None, essential_splits)
    batch = DiagramBatch({0: found}, (len(splits) - 1,), False, None)
    return polynomial_energies(batch, 0, max_p, max_q, i0, "drop")
