"""Pairs of critical vertices against a boundary-matrix reduction and against gudhi."""

import gudhi
import numpy as np
import pytest
from oracles import (
    cubical_persistence,
    freudenthal_cells,
    path_cells,
    simplicial_persistence,
)

from skltopo.filtrations import LevelSet

COMPLEXES = ("freudenthal", "cubical", "cubical_cells")


def oracle_pairs(values, superlevel, complex="freudenthal"):
    """Return sorted pairs of flat indices by dimension, and the essential vertex of PD_0."""
    order = np.argsort((-values if superlevel else values).ravel(), kind="stable")
    rank = np.empty(values.size, int)
    rank[order] = np.arange(values.size)
    rank = rank.tolist()
    if values.ndim == 1:
        pairs, essential = simplicial_persistence(path_cells(values.size), rank)
    elif complex == "freudenthal":
        pairs, essential = simplicial_persistence(freudenthal_cells(*values.shape), rank)
    else:
        pairs, essential = cubical_persistence(values.shape, rank, complex == "cubical_cells")
    assert len(essential[0]) == 1
    assert not essential[1]
    assert not essential[2]
    found = {dim: sorted((order[b], order[d]) for b, d in pairs[dim]) for dim in range(2)}
    return found, order[essential[0][0]]


def sorted_pairs(diagram, dim):
    return sorted(map(tuple, diagram.pairs[dim].tolist()))


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("complex", COMPLEXES)
def test_images_agree_with_boundary_matrix(complex, superlevel, rng):
    """36 shapes x 93 images x 3 complexes x 2 directions = 20,088 cases, two thirds with ties."""
    filtration = LevelSet(2, superlevel=superlevel, complex=complex, keep_zero=True)
    n_cases = 0
    for n_rows in range(1, 7):
        for n_cols in range(1, 7):
            images = rng.integers(0, 4, (93, n_rows, n_cols)).astype(float)
            images[-30:] = rng.standard_normal((30, n_rows, n_cols))
            for image, diagram in zip(images, filtration(images), strict=True):
                expected, essential = oracle_pairs(image, superlevel, complex)
                assert sorted_pairs(diagram, 0) == expected[0], image
                assert sorted_pairs(diagram, 1) == expected[1], image
                assert diagram.essential[0].tolist() == [essential]
                assert diagram.essential[1].size == 0
                n_cases += 1
    assert n_cases == 36 * 93


@pytest.mark.parametrize("superlevel", [False, True])
def test_lines_agree_with_boundary_matrix(superlevel, rng):
    filtration = LevelSet(1, superlevel=superlevel, keep_zero=True)
    for length in range(1, 16):
        lines = rng.integers(0, 4, (150, length)).astype(float)
        lines[-50:] = rng.standard_normal((50, length))
        for line, diagram in zip(lines, filtration(lines), strict=True):
            expected, essential = oracle_pairs(line, superlevel)
            assert sorted_pairs(diagram, 0) == expected[0], line
            assert diagram.essential[0].tolist() == [essential]


@pytest.mark.parametrize("superlevel", [False, True])
def test_lines_are_images_of_one_row(superlevel, rng):
    lines = rng.integers(0, 9, (200, 40)).astype(float)
    as_lines = LevelSet(1, superlevel=superlevel)(lines)
    for complex in COMPLEXES:
        as_rows = LevelSet(2, superlevel=superlevel, complex=complex)(lines[:, None, :])
        as_columns = LevelSet(2, superlevel=superlevel, complex=complex)(lines[:, :, None])
        for other in (as_rows, as_columns):
            np.testing.assert_array_equal(other.points[0].pairs, as_lines.points[0].pairs)
            assert len(other.points[1].pairs) == 0


def gudhi_diagram(image, complex, dim):
    name = "vertices" if complex == "cubical" else "top_dimensional_cells"
    cubical = gudhi.CubicalComplex(**{name: image})
    cubical.compute_persistence()
    return cubical.persistence_intervals_in_dimension(dim)


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("complex", ["cubical", "cubical_cells"])
def test_cubical_complexes_agree_with_gudhi(complex, superlevel, rng):
    """1,000 images of 28 x 28 in each direction, a third of them with ties."""
    images = rng.random((1000, 28, 28))
    images[::3] = rng.integers(0, 20, images[::3].shape)
    sign = -1.0 if superlevel else 1.0
    diagrams = LevelSet(2, superlevel=superlevel, complex=complex)(images)
    for image, diagram in zip(images, diagrams, strict=True):
        for dim in (0, 1):
            expected = gudhi_diagram(sign * image, complex, dim).reshape(-1, 2)
            ours = sign * diagram[dim]
            np.testing.assert_array_equal(
                ours[np.lexsort(ours.T)], expected[np.lexsort(expected.T)]
            )


def rank_pairs_by_gudhi(image):
    """Pairs on the Freudenthal triangulation for images too large for the slow oracle."""
    n_rows, n_cols = image.shape
    order = np.argsort(image.ravel(), kind="stable")
    rank = np.empty(image.size)
    rank[order] = np.arange(image.size)
    tree = gudhi.SimplexTree()
    for cell in freudenthal_cells(n_rows, n_cols):
        tree.insert(cell, max(rank[v] for v in cell))
    tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True)
    out = {}
    for dim in (0, 1):
        intervals = tree.persistence_intervals_in_dimension(dim).reshape(-1, 2)
        finite = intervals[np.isfinite(intervals[:, 1])].astype(int)
        out[dim] = sorted(map(tuple, order[finite].tolist()))
    return out


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: rng.random((40, 33)),
        lambda rng: rng.integers(0, 3, (40, 33)).astype(float),
        # Below the resolution of float32, by which float64 is sorted first.
        lambda rng: 1e6 + 1e-7 * rng.random((40, 33)),
        lambda rng: 1e6 + 1e-9 * rng.integers(0, 50, (40, 33)),
        lambda rng: np.where(rng.random((40, 33)) < 0.5, -0.0, 0.0) - (rng.random((40, 33)) < 0.1),
        lambda rng: 1e-310 * rng.random((40, 33)),
        lambda rng: 1e300 * rng.standard_normal((40, 33)),
        lambda rng: np.add.outer(np.arange(40) % 2, np.arange(33) % 2).astype(float),
    ],
    ids=["noise", "ties", "fine", "fine-ties", "zeros", "denormal", "huge", "checkers"],
)
def test_larger_images_agree_with_gudhi_on_ranks(make, rng):
    image = make(rng)
    for dtype in (np.float64, np.float32):
        values = image if dtype is np.float64 else (image / np.abs(image).max()).astype(dtype)
        expected = rank_pairs_by_gudhi(values)
        diagram = LevelSet(2, keep_zero=True)(values)
        for dim in (0, 1):
            assert sorted_pairs(diagram, dim) == expected[dim]


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("ndim", [1, 2])
def test_points_are_sorted_by_persistence_then_birth_index(ndim, superlevel, rng):
    shape = (3000,) if ndim == 1 else (60, 60)
    for values in (rng.random(shape), rng.integers(0, 5, shape).astype(float)):
        diagram = LevelSet(ndim, superlevel=superlevel)(values)
        for dim in diagram.homology_dimensions:
            births, deaths = values.ravel()[diagram.pairs[dim]].T
            length = np.abs(deaths - births)
            assert len(length) > 50
            assert (length > 0).all()
            order = np.lexsort([diagram.pairs[dim][:, 0], -length])
            np.testing.assert_array_equal(order, np.arange(len(length)))


def test_zero_length_points_are_left_out_unless_asked_for():
    line = np.array([0.0, 0.0, 1.0, 1.0, 1.0])
    assert len(LevelSet(1)(line).pairs[0]) == 0
    # Equal values enter by index: pixel 2 is a minimum until pixel 5 joins it to the others.
    image = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    assert len(LevelSet(2)(image).pairs[0]) == 0
    kept = LevelSet(2, keep_zero=True)(image)
    assert kept.pairs[0].tolist() == [[2, 5]]
    np.testing.assert_array_equal(kept[0], [[0.0, np.inf], [0.0, 0.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pairs_without_length_are_sorted_by_vertex(dtype, rng):
    """-0.0 and 0.0 are equal, and so are lengths between them."""
    line = rng.choice([-0.0, 0.0, -1.0, 1.0], 3000).astype(dtype)
    diagram = LevelSet(1, keep_zero=True)(line)
    births, deaths = diagram.pairs[0].T
    order = np.lexsort([births, line[births] - line[deaths]])
    assert (line[births] == line[deaths]).sum() > 50
    np.testing.assert_array_equal(order, np.arange(len(order)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ndim", [1, 2])
def test_lengths_are_those_of_the_dtype(ndim, dtype, rng):
    """float32 lengths that differ in float64 are ties."""
    values = (1 + 2e-4 * rng.random((2000,) if ndim == 1 else (60, 60))).astype(dtype)
    diagram = LevelSet(ndim)(values)
    for dim in range(ndim):
        births, deaths = values.ravel()[diagram.pairs[dim]].T
        assert (births - deaths).dtype == dtype
        order = np.lexsort([diagram.pairs[dim][:, 0], births - deaths])
        np.testing.assert_array_equal(order, np.arange(len(order)))


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("n_jobs", [2, 3])
@pytest.mark.parametrize("kind", ["noise", "ties", "walk", "up", "down", "constant"])
def test_long_line_in_blocks_is_the_same_line(kind, n_jobs, superlevel, rng):
    n = 140_003
    line = {
        "noise": rng.random(n),
        "ties": rng.integers(0, 4, n).astype(float),
        "walk": np.cumsum(rng.standard_normal(n)),
        "up": np.arange(n, dtype=float),
        "down": -np.arange(n, dtype=float),
        "constant": np.ones(n),
    }[kind]
    serial = LevelSet(1, superlevel=superlevel)(line)
    threads = LevelSet(1, superlevel=superlevel, n_jobs=n_jobs)(line)
    np.testing.assert_array_equal(threads.pairs[0], serial.pairs[0])
    np.testing.assert_array_equal(threads.essential[0], serial.essential[0])
    np.testing.assert_array_equal(threads[0], serial[0])


@pytest.mark.parametrize("complex", COMPLEXES)
def test_threads_and_batches_change_nothing(complex, rng):
    images = rng.integers(0, 50, (300, 20, 17)).astype(float)
    serial = LevelSet(2, complex=complex)(images)
    threads = LevelSet(2, complex=complex, n_jobs=2)(images)
    for dim in (0, 1):
        for name in ("finite", "pairs", "splits", "births", "essential"):
            np.testing.assert_array_equal(
                getattr(threads.points[dim], name), getattr(serial.points[dim], name)
            )
    for image, diagram in zip(images, serial, strict=True):
        alone = LevelSet(2, complex=complex)(image)
        for dim in (0, 1):
            np.testing.assert_array_equal(alone.pairs[dim], diagram.pairs[dim])
            np.testing.assert_array_equal(alone[dim], diagram[dim])
