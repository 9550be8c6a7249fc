"""Volumes against a boundary-matrix reduction, gudhi and cripser; batches, threads, gradients."""

from itertools import permutations

import gudhi
import numpy as np
import pytest
import torch
from oracles import cubical_persistence, freudenthal_cells, simplicial_persistence

from skltopo import Energy, PersistenceFeatures
from skltopo._kernels.grids.volume_tables import describe_tables
from skltopo.filtrations import LevelSet

COMPLEXES = ("freudenthal", "cubical", "cubical_cells")
NAMES = ("finite", "pairs", "splits", "births", "essential")


def oracle_pairs(values, superlevel, complex):
    """Return sorted pairs of flat indices by dimension, and the essential vertex of PD_0."""
    order = np.argsort((-values if superlevel else values).ravel(), kind="stable")
    rank = np.empty(values.size, int)
    rank[order] = np.arange(values.size)
    rank = rank.tolist()
    if complex == "freudenthal":
        pairs, essential = simplicial_persistence(freudenthal_cells(*values.shape), rank)
    else:
        pairs, essential = cubical_persistence(values.shape, rank, complex == "cubical_cells")
    assert [len(essential[dim]) for dim in range(4)] == [1, 0, 0, 0]
    found = {dim: sorted((order[b], order[d]) for b, d in pairs[dim]) for dim in range(3)}
    return found, order[essential[0][0]]


def sorted_pairs(diagram, dim):
    return sorted(map(tuple, diagram.pairs[dim].tolist()))


def intervals(points):
    return points[np.lexsort(points.T)]


# Up to 4 x 4 x 3 in every orientation, one and two voxels thick in every direction.
SMALL_SHAPES = sorted(
    {
        shape
        for sizes in [(4, 4, 3), (3, 3, 3), (2, 3, 4), (2, 4, 4), (2, 2, 3), (2, 2, 2), (1, 3, 4),
                      (1, 4, 4), (1, 2, 2), (1, 1, 4), (1, 1, 1)]
        for shape in permutations(sizes)
    }
)  # fmt: skip


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("complex", COMPLEXES)
def test_volumes_agree_with_boundary_matrix(complex, superlevel, rng):
    """2,700 volumes of each complex and direction, two thirds with ties."""
    filtration = LevelSet(3, superlevel=superlevel, complex=complex, keep_zero=True)
    n_volumes = -(-2700 // len(SMALL_SHAPES))
    for shape in SMALL_SHAPES:
        volumes = rng.standard_normal((n_volumes, *shape))
        volumes[::3] = rng.integers(0, 4, volumes[::3].shape)
        volumes[1::3] = rng.integers(0, 40, volumes[1::3].shape)
        for volume, diagram in zip(volumes, filtration(volumes), strict=True):
            expected, essential = oracle_pairs(volume, superlevel, complex)
            for dim in range(3):
                assert sorted_pairs(diagram, dim) == expected[dim], volume
            assert diagram.essential[0].tolist() == [essential]
            assert diagram.essential[1].size == diagram.essential[2].size == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "make",
    [
        lambda rng: rng.random((9, 8, 7)),
        lambda rng: rng.integers(0, 3, (9, 8, 7)),
        # Below the resolution of float32, by which float64 is ordered first.
        lambda rng: 1e6 + 1e-9 * rng.integers(0, 50, (9, 8, 7)),
        lambda rng: rng.choice([-0.0, 0.0, 0.0, -1.0], (9, 8, 7)),
        lambda rng: 1e-310 * rng.random((9, 8, 7)),
        lambda rng: 1e30 * rng.standard_normal((9, 8, 7)),
        lambda rng: np.indices((9, 8, 7)).sum(axis=0) % 2,
    ],
    ids=["noise", "ties", "fine-ties", "zeros", "denormal", "huge", "checkers"],
)  # fmt: skip
def test_larger_volumes_agree_with_gudhi_on_ranks(make, dtype, rng):
    volume = make(rng).astype(dtype)
    order = np.argsort(volume.ravel(), kind="stable")
    rank = np.empty(volume.size)
    rank[order] = np.arange(volume.size)
    tree = gudhi.SimplexTree()
    for cell in freudenthal_cells(*volume.shape):
        tree.insert(cell, max(rank[v] for v in cell))
    tree.compute_persistence(homology_coeff_field=2)
    diagram = LevelSet(3, keep_zero=True)(volume)
    for dim in range(3):
        points = tree.persistence_intervals_in_dimension(dim).reshape(-1, 2)
        finite = points[np.isfinite(points[:, 1])].astype(int)
        assert sorted_pairs(diagram, dim) == sorted(map(tuple, order[finite].tolist()))


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("complex", ["cubical", "cubical_cells"])
@pytest.mark.parametrize("ties", [False, True])
def test_cubical_complexes_agree_with_gudhi_and_cripser(complex, superlevel, ties, rng):
    cripser = pytest.importorskip("cripser")
    volume = rng.integers(0, 20, (16, 16, 16)).astype(float) if ties else rng.random((16, 16, 16))
    sign = -1.0 if superlevel else 1.0
    diagram = LevelSet(3, superlevel=superlevel, complex=complex)(volume)
    name = "vertices" if complex == "cubical" else "top_dimensional_cells"
    cubes = gudhi.CubicalComplex(**{name: sign * volume})
    cubes.compute_persistence()
    compute = cripser.computePH if complex == "cubical" else cripser.computePH_T
    rows = np.asarray(compute(sign * volume, maxdim=2))
    for dim in range(3):
        ours = intervals(sign * diagram[dim])
        theirs = cubes.persistence_intervals_in_dimension(dim).reshape(-1, 2)
        np.testing.assert_array_equal(ours, intervals(theirs))
        points = rows[rows[:, 0] == dim, 1:3]
        points[points[:, 1] > 1e300, 1] = np.inf
        points = points[points[:, 0] < points[:, 1]]
        np.testing.assert_array_equal(ours, intervals(points))


def test_stars_are_paired_perfectly():
    """Critical edges and triangles of a star are the loops and components of its lower link."""
    freudenthal, cubical = describe_tables()
    for mask, n_edges, n_triangles, n_down in freudenthal:
        if 0 < mask < (1 << 14) - 1:
            assert n_triangles == n_down
            assert n_edges <= 5
    assert freudenthal[0][1:] == (0, 0, 0)
    assert freudenthal[-1][1:] == (0, 0, 0)
    assert len(cubical) > 10_000
    assert max(n_squares for _, _, n_squares in cubical) <= 7


@pytest.mark.parametrize("complex", COMPLEXES)
def test_volumes_one_voxel_thick_are_images(complex, rng):
    images = rng.integers(0, 9, (20, 7, 6)).astype(float)
    expected = LevelSet(2, complex=complex)(images)
    for axis in (1, 2, 3):
        found = LevelSet(3, complex=complex)(np.expand_dims(images, axis))
        for dim in (0, 1):
            for name in NAMES:
                np.testing.assert_array_equal(
                    getattr(found.points[dim], name), getattr(expected.points[dim], name)
                )
        assert len(found.points[2].pairs) == 0


@pytest.mark.parametrize("complex", COMPLEXES)
def test_threads_batches_and_chosen_dimensions_change_nothing(complex, rng):
    volumes = rng.integers(0, 50, (30, 6, 7, 5)).astype(float)
    serial = LevelSet(3, complex=complex)(volumes)
    threads = LevelSet(3, complex=complex, n_jobs=2)(volumes)
    for dim in range(3):
        alone = LevelSet(3, complex=complex, homology_dimensions=[dim])(volumes)
        for name in NAMES:
            expected = getattr(serial.points[dim], name)
            np.testing.assert_array_equal(getattr(threads.points[dim], name), expected)
            np.testing.assert_array_equal(getattr(alone.points[dim], name), expected)
    for volume, diagram in zip(volumes, serial, strict=True):
        alone = LevelSet(3, complex=complex)(volume)
        for dim in range(3):
            np.testing.assert_array_equal(alone.pairs[dim], diagram.pairs[dim])
            np.testing.assert_array_equal(alone[dim], diagram[dim])


@pytest.mark.parametrize("complex", COMPLEXES)
def test_points_are_sorted_by_persistence_then_birth_index(complex, rng):
    for volume in (rng.random((16, 15, 14)), rng.integers(0, 5, (16, 15, 14)).astype(float)):
        diagram = LevelSet(3, complex=complex)(volume)
        for dim in range(3):
            births, deaths = volume.ravel()[diagram.pairs[dim]].T
            assert len(births) > 1
            assert (deaths > births).all()
            order = np.lexsort([diagram.pairs[dim][:, 0], births - deaths])
            np.testing.assert_array_equal(order, np.arange(len(order)))


@pytest.mark.parametrize("complex", COMPLEXES)
def test_superlevel_is_minus_sublevel_of_minus(complex, rng):
    volume = rng.integers(-3, 4, (6, 7, 8)).astype(float)
    up = LevelSet(3, superlevel=True, complex=complex)(volume)
    down = LevelSet(3, complex=complex)(-volume)
    for dim in range(3):
        np.testing.assert_array_equal(up.pairs[dim], down.pairs[dim])
        np.testing.assert_array_equal(up[dim], -down[dim])


def test_shapes_that_everyone_knows():
    """A hollow ball has a void, a ring a loop; two pieces are two components."""
    z, y, x = np.indices((21, 21, 21)) - 10
    radius = np.sqrt(z**2 + y**2 + x**2)
    for complex in COMPLEXES:
        filtration = LevelSet(3, complex=complex)
        ball = filtration(np.abs(radius - 6))
        assert [np.sum(ball[k][:, 1] - ball[k][:, 0] > 2) for k in range(3)] == [1, 0, 1]
        ring = filtration(np.hypot(np.hypot(y, x) - 6, z))
        assert [np.sum(ring[k][:, 1] - ring[k][:, 0] > 2) for k in range(3)] == [1, 1, 0]
        pieces = filtration(np.minimum(np.abs(z - 6), np.abs(z + 6)).astype(float))
        assert [len(pieces[k]) for k in range(3)] == [2, 0, 0]


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("complex", COMPLEXES)
def test_gradients(complex, superlevel, rng):
    volumes = torch.tensor(rng.random((2, 4, 5, 4)), requires_grad=True)
    filtration = LevelSet(3, superlevel=superlevel, complex=complex)

    def energies(x):
        batch = filtration(x)
        return (
            *(Energy(dim=dim, p=2, q=1)(batch) for dim in range(3)),
            Energy(dim=0, p=3, essential="clip")(batch),
            filtration(x[0])[1],
        )

    assert torch.autograd.gradcheck(energies, (volumes,))


def test_layout_and_dtype_do_not_matter(rng):
    volume = rng.integers(0, 9, (6, 7, 5)).astype(float)
    expected = LevelSet(3)(volume)
    for other in [
        np.asfortranarray(volume),
        volume[::-1, ::-1].copy()[::-1, ::-1],
        volume.astype(">f8"),
        volume.astype(np.float16),
        volume.astype(np.int8),
        volume.tolist(),
        torch.from_numpy(volume).to(torch.bfloat16),
    ]:
        found = LevelSet(3)(other)
        for dim in range(3):
            np.testing.assert_array_equal(found.pairs[dim], expected.pairs[dim])
    assert LevelSet(3)(volume.astype(np.float32))[1].dtype == np.float32


def test_degenerate_volumes():
    for complex in COMPLEXES:
        for shape in [(1, 1, 1), (2, 2, 2), (5, 4, 3), (1, 3, 1)]:
            diagram = LevelSet(3, complex=complex)(np.full(shape, 2.0))
            np.testing.assert_array_equal(diagram[0], [[2.0, np.inf]])
            assert diagram[1].shape == diagram[2].shape == (0, 2)
    assert len(LevelSet(3)(np.empty((0, 3, 3, 3)))) == 0
    assert len(LevelSet(3)(np.empty((0, 3, 1, 3)))) == 0


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.ones((3, 3)), r"at least 3 axes for ndim=3, got shape \(3, 3\)"),
        (np.full((2, 2, 2), np.nan), r"must be finite, got nan at index \(0, 0, 0\)"),
        (np.empty((3, 0, 3)), "must not be empty"),
        (np.broadcast_to(np.float32(0), (1 << 10, 1 << 10, 1 << 10)), r"fewer than 2\*\*28"),
    ],
)
def test_bad_values(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        LevelSet(3)(values)


# Features of volumes


def test_features_of_volumes_are_energies_of_directional_functions(rng):
    volumes = rng.random((3, 5, 6, 4))
    features = PersistenceFeatures(
        n_directions=7, homology_dimensions=[2, 0, 1], complex="cubical", min_length=0
    )
    found = features.fit_transform(volumes)
    assert found.shape == (3, 7 * 3 * 25)
    assert features.directions_.shape == (7, 3)
    np.testing.assert_allclose(np.linalg.norm(features.directions_, axis=1), 1)
    columns = {name: i for i, name in enumerate(features.get_feature_names_out())}
    z, y, x = np.indices((5, 6, 4))
    for i, (along_z, along_y, along_x) in enumerate(features.directions_):
        weight = along_z * z + along_y * y + along_x * x
        weight = np.round((weight - weight.min()) / (weight.max() - weight.min()), 12)
        diagrams = LevelSet(3, superlevel=True, complex="cubical")(volumes * weight)
        for dim, p, q in [(0, 1, 0), (1, 2, 1), (2, 1, 3)]:
            expected = Energy(dim=dim, p=p, q=q, essential="clip")(diagrams)
            np.testing.assert_allclose(found[:, columns[f"dir{i}_H{dim}_p{p}_q{q}"]], expected)


def test_features_of_volumes_in_rows_with_threads_and_in_torch(rng):
    volumes = rng.random((9, 4, 5, 6)).astype(np.float32)
    features = PersistenceFeatures(n_directions=2).fit(volumes)
    expected = features.transform(volumes)
    assert expected.dtype == np.float32
    assert features.image_shape_ == (4, 5, 6)
    np.testing.assert_array_equal(features.set_params(n_jobs=2).transform(volumes), expected)
    rows = PersistenceFeatures(n_directions=2, image_shape=(4, 5, 6))
    np.testing.assert_array_equal(rows.fit_transform(volumes.reshape(9, -1)), expected)
    x = torch.tensor(volumes, requires_grad=True)
    in_torch = features.to_torch()(x)
    np.testing.assert_allclose(in_torch.detach(), expected, rtol=1e-4)
    in_torch.sum().backward()
    assert torch.isfinite(x.grad).all()
    plain = PersistenceFeatures("sublevel", homology_dimensions=(2,)).fit_transform(volumes)
    assert plain.shape == (9, 25)


def test_directions_cover_the_sphere():
    directions = PersistenceFeatures(n_directions=200).fit(np.ones((1, 2, 2, 2))).directions_
    np.testing.assert_allclose(directions.mean(axis=0), 0, atol=0.01)
    np.testing.assert_allclose(directions.T @ directions / 200, np.eye(3) / 3, atol=0.01)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"homology_dimensions": (3,)}, r"among \[0, 1, 2\], .* got \[3\]"),
        ({"image_shape": (2, 2)}, r"image_shape=\(2, 2\), got images of \(2, 2, 2\)"),
    ],
)
def test_bad_features_of_volumes(parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        PersistenceFeatures(**parameters).fit(np.ones((2, 2, 2, 2)))
