"""What must hold of whatever a call returns."""

import numbers

import numpy as np
import torch

from skltopo.diagrams import Diagram, DiagramBatch

from .inputs import strided

__all__ = ["check_diagrams", "check_same", "has_nan", "largest", "same_in_other_forms"]


def _plain(values):
    if isinstance(values, torch.Tensor):
        values = values.detach().resolve_neg()
        return (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    return np.asarray(values)


def has_nan(result, depth=3):
    """Tell whether there is a NaN in what a call returned."""
    if isinstance(result, Diagram):
        return any(has_nan(result[dim]) for dim in result.homology_dimensions)
    if isinstance(result, DiagramBatch):
        parts = result.points.values()
        return any(has_nan(part.finite) or has_nan(part.births) for part in parts)
    if isinstance(result, torch.Tensor):
        return bool(result.detach().isnan().any())
    if isinstance(result, np.ndarray):
        return result.dtype.kind == "f" and bool(np.isnan(result).any())
    if isinstance(result, numbers.Real):
        return result != result
    if isinstance(result, (list, tuple)) and depth:
        return any(has_nan(one, depth - 1) for one in result)
    return False


def _diagrams(result):
    if isinstance(result, Diagram):
        return [result]
    if isinstance(result, DiagramBatch) and result.shape:
        return list(result.flat())
    return []


def largest(values):
    """Return the largest absolute number in arrays, tensors and lists of them."""
    if isinstance(values, (list, tuple)):
        return max(map(largest, values), default=0.0)
    return float(np.abs(_plain(values).astype(float)).max(initial=0))


def check_diagrams(result, size=0.0):
    """Assert that births and deaths are ordered as a diagram promises.

    size is that of coordinates, of which computed values have the rounding.
    """
    for diagram in _diagrams(result):
        for dim in diagram.homology_dimensions:
            points = _plain(diagram[dim]).astype(float)
            n_essential = len(diagram.essential[dim])
            assert points.shape == (n_essential + len(diagram.pairs[dim]), 2), "shape"
            assert np.isfinite(points[:, 0]).all(), "a birth is not finite"
            finite = points[n_essential:]
            assert np.isfinite(finite).all(), "a death of a finite point is not finite"
            sign = -1 if diagram.superlevel else 1
            with np.errstate(over="ignore"):
                lengths = sign * (finite[:, 1] - finite[:, 0])
            # float16 and bfloat16 are paired in float32 and shown rounded.
            # With keep_zero, computed values that are equal up to rounding differ by that.
            unit = 1e-2 if _is_short(diagram[dim]) else 1e-13
            # Beside usual lengths, squares of those below 1e-160 are 0 (1e-150 is promised).
            rounding = max(unit * np.abs(finite).max(initial=size), 1e-160)
            assert (lengths >= -rounding).all(), "a death comes before its birth"
            assert (np.diff(lengths) <= rounding + 1e-6 * lengths.max(initial=0)).all(), "order"
            assert (points[:n_essential, 1] == sign * np.inf).all(), "an essential death is finite"


def _is_short(points):
    return points.dtype in (np.float16, np.float32, torch.float16, torch.bfloat16, torch.float32)


def check_same(result, other, what, rounding=0.0):
    """Assert that two calls returned the same diagrams.

    rounding is by how much values may differ, in units of the largest.
    """
    first, second = _diagrams(result), _diagrams(other)
    assert len(first) == len(second), f"{what}: {len(first)} and {len(second)} diagrams"
    for one, two in zip(first, second, strict=True):
        for dim in one.homology_dimensions:
            assert np.array_equal(one.pairs[dim], two.pairs[dim]), f"{what}: pairs differ"
            assert np.array_equal(one.essential[dim], two.essential[dim]), f"{what}: essential"
            a, b = _plain(one[dim]), _plain(two[dim])
            finite = np.isfinite(a)
            most = rounding * np.abs(a[finite]).max(initial=0)
            same = np.array_equal(finite, np.isfinite(b))
            assert same, f"{what}: essential deaths"
            far = np.abs(a[finite] - b[finite]) > most
            assert not far.any(), f"{what}: values differ"


def same_in_other_forms(draw, filtration, values, result):
    """Assert that memory order, threads and batches do not change diagrams of a float64 array."""
    if not isinstance(values, np.ndarray) or values.dtype != np.float64:
        return
    kind = draw.integer(0, 4)
    if kind == 0:
        check_same(result, filtration(np.asfortranarray(values)), "Fortran order")
    elif kind == 1:
        check_same(result, filtration(strided(values)), "a strided view")
    elif kind == 2:
        # Distances of tensors are computed by torch.
        check_same(result, filtration(torch.from_numpy(values.copy())), "a tensor", 1e-12)
    elif kind == 3 and isinstance(result, Diagram):
        # np.stack of two np.matrix writes beyond its memory, in numpy 2.
        both = np.stack([np.asarray(values), np.asarray(values)])
        check_same(result, filtration(both)[1], "a batch")
    elif kind == 4:
        check_same(result, filtration.set_params(n_jobs=2)(values), "two threads")
