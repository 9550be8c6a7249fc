"""Functions of diagrams that are called directly: what they refuse, and extreme lengths."""

import numpy as np
import pytest
import torch

from skltopo import summaries
from skltopo.diagrams.selection import without_short

POINTS = np.array([[0.0, 1.0], [0.0, 3.0], [1.0, 2.0]])
SPLITS = np.array([0, 2, 3])
GRID = np.linspace(0, 3, 4)

CALLS = {
    "landscapes": lambda points, splits: summaries.landscapes(points, splits, GRID, 2),
    "silhouettes": lambda points, splits: summaries.silhouettes(points, splits, GRID, 2.0),
    "betti_curves": lambda points, splits: summaries.betti_curves(points, splits, GRID),
    "entropies": lambda points, splits: summaries.entropies(points, splits, False),
    "top_lengths": lambda points, splits: summaries.top_lengths(points, splits, 2),
    "polynomials": lambda points, splits: summaries.polynomials(points, splits, 1, 1, 1),
    "persistence_images": lambda points, splits: summaries.persistence_images(
        points, splits, (0, 1), (0, 1), (2, 2), 0.1, 1.0, "areas"
    ),
    "drop_essential": summaries.drop_essential,
}
of_each = pytest.mark.parametrize("name", CALLS)


@of_each
@pytest.mark.parametrize(
    "splits",
    [[0, 2, 9], [0, 2, 2], [1, 2, 3], [0, 3, 2, 3], [0, 2**40, 3], [], [0.0, 3.0], [[0, 3]], None],
)
@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_splits_that_do_not_fit_are_refused(name, splits, make):
    with pytest.raises((TypeError, ValueError), match="splits must"):
        CALLS[name](make(POINTS), splits)


@of_each
@pytest.mark.parametrize("points", [[1.0, 2.0], [[1.0, 2.0, 3.0]], [[0.0, np.nan]]])
def test_points_that_are_no_diagrams_are_refused(name, points):
    with pytest.raises(ValueError, match="points must"):
        CALLS[name](np.array(points), [0, 1])


@pytest.mark.parametrize(
    "name", sorted(set(CALLS) - {"betti_curves", "polynomials", "drop_essential"})
)
def test_essential_classes_are_refused_where_they_have_no_meaning(name):
    with pytest.raises(ValueError, match="drop_essential"):
        CALLS[name](np.array([[0.0, np.inf]]), [0, 1])


@pytest.mark.parametrize(
    "grid", [[0.0, np.inf], [], [[0.0, 1.0]], [1.0, 0.0], [0.0, 1.0, 5.0], [np.nan, 1.0]]
)
def test_grids_that_are_none_are_refused(grid):
    for call in (
        lambda: summaries.landscapes(POINTS, SPLITS, grid, 2),
        lambda: summaries.silhouettes(POINTS, SPLITS, grid, 1.0),
        lambda: summaries.betti_curves(POINTS, SPLITS, grid),
    ):
        with pytest.raises(ValueError, match="grid must"):
            call()


def test_sizes_beyond_memory_are_refused():
    for call in (
        lambda: summaries.top_lengths(POINTS, SPLITS, 2**50),
        lambda: summaries.landscapes(POINTS, SPLITS, GRID, 2**50),
        lambda: summaries.persistence_images(
            POINTS, SPLITS, (0, 1), (0, 1), (2**25, 2**25), 0.1, 1.0, "areas"
        ),
    ):
        with pytest.raises(MemoryError, match="GiB"):
            call()


@pytest.mark.parametrize("scale", [1e-150, 1e-75, 1e75, 1e150])
@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_weights_and_shares_know_no_unit(scale, make):
    points, big = make(POINTS), make(POINTS * scale)
    for power in (0.5, 2.0, 5.0):
        small = summaries.silhouettes(points, SPLITS, GRID, power)
        large = summaries.silhouettes(big, SPLITS, GRID * scale, power)
        np.testing.assert_allclose(large / scale, small, rtol=1e-9, atol=1e-12)
    for normalize in (False, True):
        np.testing.assert_allclose(
            summaries.entropies(big, SPLITS, normalize),
            summaries.entropies(points, SPLITS, normalize),
            rtol=1e-9,
            atol=1e-12,
        )


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_powers_that_overflow_are_refused(make):
    def images(power):
        return summaries.persistence_images(
            make(POINTS * 1e150), SPLITS, (0, 1e150), (0, 1e150), (2, 2), 1e149, power, "areas"
        )

    assert np.isfinite(np.asarray(images(2.0))).all()
    with pytest.raises(ValueError, match="overflow; scale"):
        images(3.0)


def test_betti_curves_of_many_large_half_precision_points_are_counts():
    """The sum of the births overflows in float16, but the counts do not depend on it."""
    points = torch.tensor([[-6e4, 1.0], [-6e4, -5e4], [-6e4, 2.0]], dtype=torch.float16)
    curves = summaries.betti_curves(points, [0, 3], np.array([-5.5e4, 0.0]))
    assert curves.tolist() == [[3, 2]]


def test_powers_may_be_numpy_integers_of_few_bits():
    points = np.random.default_rng(0).random((40, 2))
    few = summaries.polynomials(points, [0, 40], np.uint8(3), np.int8(3), 1)
    assert np.array_equal(few, summaries.polynomials(points, [0, 40], 3, 3, 1))


def test_sparse_diagrams_are_refused_by_join():
    sparse = torch.eye(2).to_sparse()
    with pytest.raises(TypeError, match=r"diagrams\[1\]"):
        summaries.join([torch.eye(2), sparse])


@pytest.mark.parametrize("pixels", ["areas", "points"])
@pytest.mark.parametrize("bandwidth", [10**30, 1e-300])
def test_images_of_any_bandwidth_are_finite_without_a_warning(pixels, bandwidth):
    for points in (np.array([[-1.0, 3.0]]), torch.tensor([[-1.0, 3.0]], dtype=torch.float64)):
        image = summaries.persistence_images(
            points, np.array([0, 1]), (0.1, 1e150), (0.0, 1.0), (3, 4), bandwidth, 1, pixels
        )
        assert np.isfinite(np.asarray(image)).all()


def test_a_min_length_beyond_float32_leaves_no_point():
    points = np.array([[0.0, 1.0]], dtype=np.float32)
    assert len(without_short(points, 1e300)) == 0
