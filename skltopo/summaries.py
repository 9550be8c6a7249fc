"""Vectors of diagrams as functions of all their points at once, for numpy arrays and tensors.

Every function takes the points of many diagrams one after the other, (n_points, 2) with those of
diagram i in the rows splits[i]:splits[i + 1], and returns one row for each diagram. Births may be
above deaths (superlevel sets): lengths are absolute, and an interval is the same in both
directions. Only `betti_curves`, `polynomials` and `drop_essential` take essential classes.
"""

from itertools import pairwise
from typing import Any

import numpy as np

from ._kernels.functionals.curves import landscape_rows, silhouette_rows, top_rows
from ._utils.arrays import as_floats, as_numbers
from ._utils.checks import check_flag, check_integer, check_number
from ._utils.memory import check_memory
from ._utils.namespace import is_tensor, namespace_of
from ._utils.scales import powers, segment_exponents, spread
from .diagrams import DiagramBatch, Points
from .energies import polynomial_energies

__all__ = [
    "betti_curves",
    "check_vectors",
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
# Lengths to a power beyond 2 to this, or below its inverse, are scaled before.
SAFE_EXPONENT = 300
# Lengths beyond 2 to this, or below its inverse, are scaled before they are summed, in float32 too.
SAFE_SUMMAND = 60
PIXELS = ("areas", "points")


def _check(points, splits, essential=False):
    """Return points and splits as functions here read them, or raise TypeError or ValueError.

    essential: whether infinite births and deaths are taken.
    """
    live, plain = as_floats(as_numbers(points, "points"))
    if plain.ndim != 2 or plain.shape[1] != 2:
        raise ValueError(f"points must have shape (n, 2), births and deaths, got {plain.shape}")
    finite = np.isfinite(plain)
    bad = () if finite.all() else np.isnan(plain) if essential else ~finite
    if np.any(bad):
        row = int(np.argmax(np.any(bad, axis=1)))
        wanted = "not have NaN" if essential else "be finite"
        way_out = "" if essential else "; drop_essential leaves essential classes out"
        raise ValueError(f"points must {wanted}, got {plain[row].tolist()} in row {row}{way_out}")
    if not is_tensor(live):
        live = np.ascontiguousarray(plain, dtype=np.float64)
    return live, _check_splits(splits, len(plain))


def _check_splits(splits, n_points):
    splits = np.asarray(splits)
    if splits.dtype.kind not in "iu" or splits.ndim != 1:
        raise TypeError(f"splits must be a row of integers, got dtype {splits.dtype}")
    splits = np.ascontiguousarray(splits, dtype=np.int64)
    if not len(splits) or splits[0] != 0 or splits[-1] != n_points or (np.diff(splits) < 0).any():
        raise ValueError(f"splits must ascend from 0 to the {n_points} points, got {splits}")
    return splits


def _check_grid(grid):
    """Return grid as a C-contiguous float64 array, or raise ValueError."""
    grid = np.ascontiguousarray(namespace_of(grid).plain(as_numbers(grid, "grid")), np.float64)
    if grid.ndim != 1 or not len(grid) or not np.isfinite(grid).all():
        raise ValueError(f"grid must be a row of finite numbers, got shape {grid.shape}")
    steps = np.diff(grid / 2)  # halves, because a difference of floats may overflow
    if len(steps) and (steps < 0).any():
        raise ValueError("grid must ascend")
    if len(steps) and np.ptp(steps) > 1e-6 * steps.max():
        raise ValueError("grid must be evenly spaced, as by numpy.linspace")
    return grid


def _check_pixels(resolution, birth_range, length_range, bandwidth, pixels):
    for name, pair in (("resolution", resolution), ("birth_range", birth_range),
                       ("length_range", length_range)):  # fmt: skip
        if not isinstance(pair, (tuple, list, np.ndarray)) or len(pair) != 2:
            raise TypeError(f"{name} must be two numbers, got {pair!r}")
    for n in resolution:
        check_integer("resolution", n, 1)
    for name, (low, high) in (("birth_range", birth_range), ("length_range", length_range)):
        if not check_number(name, low) < check_number(name, high):
            raise ValueError(f"{name} must be (low, high) with low < high, got {(low, high)!r}")
    if check_number("bandwidth", bandwidth) <= 0:
        raise ValueError(f"bandwidth must be positive, got {bandwidth!r}")
    if not isinstance(pixels, str) or pixels not in PIXELS:
        raise ValueError(f"pixels must be one of {PIXELS}, got {pixels!r}")


def join(diagrams):
    """Return (points, splits) of a list of diagrams, tensors if one of them is.

    Parameters
    ----------
    diagrams : list of (n, 2) ndarray or torch.Tensor
    """
    shapes: list[Any] = [getattr(points, "shape", ()) for points in diagrams]
    for i, shape in enumerate(shapes):
        if len(shape) != 2 or shape[1] != 2:
            raise ValueError(
                f"diagrams[{i}] must be an array or a tensor of shape (n, 2), births and deaths, "
                f"got {getattr(diagrams[i], 'shape', type(diagrams[i]).__name__)}"
            )
    splits = np.zeros(len(shapes) + 1, np.int64)
    np.cumsum([shape[0] for shape in shapes], out=splits[1:])
    xp = namespace_of(*diagrams)
    if xp.has_gradients:
        tensors = [
            as_numbers(points, f"diagrams[{i}]") if is_tensor(points) else points
            for i, points in enumerate(diagrams)
        ]
        return xp.concat(xp.as_one_kind(*tensors)), splits
    return np.concatenate([np.empty((0, 2)), *diagrams]), splits


def drop_essential(points, splits):
    """Return (finite points, splits, number of essential classes of each diagram)."""
    points, splits = _check(points, splits, essential=True)
    xp = namespace_of(points)
    plain = xp.plain(points)
    is_finite = np.isfinite(plain)
    is_finite = is_finite[:, 0] & is_finite[:, 1]
    if is_finite.all():
        return points, splits, np.zeros(len(splits) - 1, np.int64)
    kept = np.concatenate([[0], np.cumsum(is_finite)])[splits]
    # A point whose coordinates are the same infinity is on the diagonal.
    is_class = ~is_finite & (plain[:, 0] != plain[:, 1])
    n_classes = np.diff(np.concatenate([[0], np.cumsum(is_class)])[splits])
    return xp.take(points, is_finite), kept, n_classes


def check_vectors(rows):
    """Return the vectors of diagrams, or raise ValueError where they overflow."""
    if not np.isfinite(namespace_of(rows).plain(rows)).all():
        raise ValueError(
            "the vectors of these diagrams have values that are more than a float can hold; scale "
            "births and deaths, or take smaller powers"
        )
    return rows


def of_finite(function, points, splits):
    """Call function with the finite points alone."""
    return function(*drop_essential(points, splits)[:2])


def _lengths(points):
    return abs(points[:, 1] - points[:, 0])


def _scaled_lengths(points, splits, most, xp):
    """Return lengths; where some are beyond 2**most or its inverse, relative to the longest."""
    lengths = _lengths(points)
    plain = xp.plain(lengths)
    largest = 2.0 ** (most - 1)
    if 1 / largest < float(plain.min(initial=1)) and float(plain.max(initial=1)) < largest:
        return lengths
    exponents = segment_exponents(plain, splits)
    if abs(exponents).max(initial=0) < most:
        return lengths
    return lengths * xp.operand(spread(np.ldexp(1.0, -exponents), splits), lengths)


def _check_powers(points, power):
    """Raise ValueError if lengths to a power are beyond the largest float."""
    lengths = namespace_of(points).plain(_lengths(points / 2))
    top = 2 * float(lengths.max(initial=0))
    if top > 1 and power * np.log(top) >= np.log(float(np.finfo(lengths.dtype).max)):
        raise ValueError(
            f"lengths of up to {top:g} to the power weight_power={power} overflow; scale the "
            "diagrams, or take a smaller weight_power"
        )


def _gaussians(centers, span, n, bandwidth, pixels, xp):
    """Return (n_points, n) values of normal densities on an axis: of pixels, or at points."""
    low, high = span
    with np.errstate(over="ignore"):  # far away the density is 0
        if pixels == "areas":
            edges = xp.operand(np.linspace(low, high, n + 1), centers)
            return xp.normal_areas((edges - centers[:, None]) / bandwidth)
        z = (xp.operand(np.linspace(low, high, n), centers) - centers[:, None]) / bandwidth
        return xp.exp(-(z**2) / 2) / (bandwidth * (2 * np.pi) ** 0.5)


def persistence_images(
    points, splits, birth_range, length_range, resolution, bandwidth, weight_power, pixels
):
    """Return the sum of Gaussians around (birth, length), a row of lengths after the other."""
    points, splits = _check(points, splits)
    _check_pixels(resolution, birth_range, length_range, bandwidth, pixels)
    check_number("weight_power", weight_power, 0)
    _check_powers(points, weight_power)
    xp, bandwidth = namespace_of(points), float(bandwidth)
    n_births, n_lengths = map(int, resolution)
    check_memory(8 * n_births * n_lengths * len(splits), "the persistence images")
    rows = [xp.zeros((0, n_births * n_lengths), points)]
    for part, part_splits in _chunks(points, splits):
        lengths = _lengths(part)
        along_births = _gaussians(part[:, 0], birth_range, n_births, bandwidth, pixels, xp)
        along_lengths = _gaussians(lengths, length_range, n_lengths, bandwidth, pixels, xp)
        weighted = along_lengths * powers(lengths, weight_power, xp)[:, None]
        rows += [
            (weighted[i:j].T @ along_births[i:j]).reshape(1, -1) for i, j in pairwise(part_splits)
        ]
    owners = _owners_of_chunks(splits)
    if len(owners) == len(splits) - 1:
        return xp.concat(rows)
    return xp.segment_sum(xp.concat(rows), np.searchsorted(owners, np.arange(len(splits))))


def _owners_of_chunks(splits):
    """Return the diagram of every row that `_chunks` make: a large diagram has several."""
    n_parts = np.maximum(1, -(-np.diff(splits) // CHUNK_POINTS))
    return np.repeat(np.arange(len(n_parts)), n_parts)


def _cut(splits):
    """Return splits so that diagrams of more than CHUNK_POINTS points are in several parts."""
    owners = _owners_of_chunks(splits)
    if len(owners) == len(splits) - 1:
        return splits
    first = np.searchsorted(owners, owners)
    starts = splits[:-1][owners] + (np.arange(len(owners)) - first) * CHUNK_POINTS
    return np.append(starts, splits[-1])


def _chunks(points, splits):
    """Yield (points, splits) of some diagrams after the other, so that memory is bounded."""
    splits = _cut(splits)
    start = 0
    while start < len(splits) - 1:
        full = np.searchsorted(splits, splits[start] + CHUNK_POINTS, side="right") - 1
        stop = max(full, start + 1)
        yield points[splits[start] : splits[stop]], splits[start : stop + 1] - splits[start]
        start = stop


def _is_half(points, xp):
    return xp.has_gradients and points.element_size() < 4


def _tents(points, grid, xp):
    """Return (n_points, n_grid) heights of the triangles over the intervals."""
    middles = (points[:, :1] + points[:, 1:]) / 2
    return (_lengths(points)[:, None] / 2 - abs(xp.operand(grid, points) - middles)).clip(0)


def landscapes(points, splits, grid, n_layers):
    """Return the k-th greatest tent at every point of the grid, layer after layer."""
    points, splits = _check(points, splits)
    grid = _check_grid(grid)
    n_layers = check_integer("n_layers", n_layers, 1)
    check_memory(8 * n_layers * len(grid) * len(splits), "the landscapes")
    xp = namespace_of(points)
    if _is_half(points, xp):  # births and deaths may add up beyond half precision
        return xp.cast(landscapes(xp.double(points), splits, grid, n_layers), points)
    if not xp.has_gradients:
        out = np.zeros((len(splits) - 1, n_layers, len(grid)))
        landscape_rows(points, splits, grid, out)
        return out.reshape(len(out), -1)
    rows = [xp.zeros((0, n_layers * len(grid)), points)]
    for i, j in pairwise(splits):
        top = _tents(points[i:j], grid, xp).topk(min(n_layers, int(j - i)), dim=0).values
        none = xp.zeros((n_layers - len(top), len(grid)), points)
        rows.append(xp.concat([top, none]).reshape(1, -1))
    return xp.concat(rows)


def silhouettes(points, splits, grid, weight_power):
    """Return the mean of the tents, weighted by powers of their lengths; 0 without points."""
    points, splits = _check(points, splits)
    grid = _check_grid(grid)
    weight_power = check_number("weight_power", weight_power, 0)
    xp = namespace_of(points)
    if _is_half(points, xp):  # weights may be beyond half precision
        return xp.cast(silhouettes(xp.double(points), splits, grid, weight_power), points)
    most = SAFE_EXPONENT / max(weight_power, 1)
    weights = powers(_scaled_lengths(points, splits, most, xp), weight_power, xp)
    totals = xp.segment_sum(weights, splits)
    totals = xp.where(totals > 0, totals, 1)[:, None]
    if not xp.has_gradients:
        out = np.zeros((len(splits) - 1, len(grid)))
        silhouette_rows(points, splits, weights, grid, out)
        return out / totals
    # The weight is a column beside the points, so that both are cut into the same chunks.
    weighted = xp.concat([points.T, weights[None]]).T
    rows = [
        xp.segment_sum(part[:, 2:] * _tents(part[:, :2], grid, xp), part_splits)
        for part, part_splits in _chunks(weighted, splits)
    ]
    rows = xp.concat([xp.zeros((0, len(grid)), points), *rows])
    owners = _owners_of_chunks(splits)
    return xp.segment_sum(rows, np.searchsorted(owners, np.arange(len(splits)))) / totals


def betti_curves(points, splits, grid):
    """Return how many intervals contain each value of the grid; births belong to them."""
    points, splits = _check(points, splits, essential=True)
    grid = _check_grid(grid)
    check_memory(16 * (len(grid) + 1) * len(splits), "the Betti curves")
    xp = namespace_of(points)
    births, deaths = xp.plain(points).T
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
    # A count is constant almost everywhere.
    return xp.operand(counts, points) + xp.zero_of(points)


def entropies(points, splits, normalize):
    """Return the Shannon entropy of the lengths, in one column; 0 without points."""
    points, splits = _check(points, splits)
    check_flag("normalize", normalize)
    xp = namespace_of(points)
    lengths = _scaled_lengths(points, splits, SAFE_SUMMAND, xp)
    totals = xp.segment_sum(lengths, splits)
    counts = np.diff(splits)
    share = lengths / xp.where(totals > 0, totals, 1)[np.repeat(np.arange(len(counts)), counts)]
    # A point of length zero adds nothing; the inner where keeps its gradient finite.
    terms = xp.where(share > 0, share * xp.log(xp.where(share > 0, share, 1)), 0)
    out = -xp.segment_sum(terms, splits) + 0.0
    if normalize:
        out = out / xp.operand(np.log(np.maximum(counts, 2)), points)
    return out[:, None]


def _by_length(points, splits):
    """Return the rows of every diagram by decreasing length; equal lengths keep their order."""
    lengths = namespace_of(points).plain(_lengths(points))
    counts = np.diff(splits)
    return np.lexsort([-lengths, np.repeat(np.arange(len(counts)), counts)])


def top_lengths(points, splits, k):
    """Return the k greatest lengths, greatest first, zeros where there are fewer."""
    points, splits = _check(points, splits)
    check_integer("k", k, 1)
    check_memory(8 * int(k) * len(splits), "the greatest lengths")
    xp = namespace_of(points)
    counts = np.diff(splits)
    if not xp.has_gradients:
        out = np.zeros((len(counts), k))
        top_rows(points, splits, out)
        return out
    order = _by_length(points, splits)
    sample = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(order)) - splits[:-1][sample]
    # Where there is no point, the row after the last one is taken, a zero.
    rows = np.full((len(counts), k), len(order))
    rows[sample[rank < k], rank[rank < k]] = order[rank < k]
    return xp.take(xp.concat([_lengths(points), xp.zeros(1, points)]), rows)


def polynomials(points, splits, max_p, max_q, i0):
    """Return E(p, q, i0) in the column p * (max_q + 1) + q; essential classes take their ranks."""
    for name, most in (("max_p", max_p), ("max_q", max_q)):
        check_integer(name, most, 0)
    check_integer("i0", i0, 1)
    points, splits, n_essential = drop_essential(points, splits)
    n_columns = (int(max_p) + 1) * (int(max_q) + 1)
    check_memory(24 * n_columns * (len(points) + 1), "the powers")
    finite = points[_by_length(points, splits)]
    essential_splits = np.concatenate([[0], np.cumsum(n_essential)])
    # Energies that drop essential classes look at their numbers only.
    none: Any = None
    found = Points(finite, none, splits, finite[:0, 0], none, essential_splits)
    batch = DiagramBatch({0: found}, (len(splits) - 1,), False, None)
    return polynomial_energies(batch, 0, max_p, max_q, i0, "drop")
