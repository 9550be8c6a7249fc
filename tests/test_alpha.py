"""Weak Alpha and Alpha: pairs against the boundary matrix and peers, gradients, bad input."""

import pickle

import gudhi
import numpy as np
import pytest
import torch
from cloud_oracles import alpha_points, degenerate_clouds, weak_alpha_pairs
from sklearn.base import clone

from skltopo import Energy
from skltopo.diagrams import Diagram, DiagramBatch
from skltopo.filtrations import Alpha, WeakAlpha

BOTH = pytest.mark.parametrize("filtration", [WeakAlpha, Alpha])


def finite(diagram, dim):
    return diagram.as_batch().points[dim].finite


# Pairs


def test_weak_alpha_equals_the_boundary_matrix(rng):
    for points in degenerate_clouds(rng, 420):
        for keep_zero in (False, True):
            diagram = WeakAlpha(keep_zero=keep_zero)(points)
            expected = weak_alpha_pairs(points, keep_zero)
            for dim in (0, 1):
                assert sorted(map(tuple, diagram.pairs[dim].tolist())) == expected[dim], points


def test_alpha_equals_the_boundary_matrix(rng):
    for points in degenerate_clouds(rng, 420):
        diagram = Alpha()(points)
        expected = alpha_points(points)
        for dim in (0, 1):
            squares = sorted(map(tuple, (finite(diagram, dim) ** 2).tolist()))
            assert len(squares) == len(expected[dim]), points
            np.testing.assert_allclose(
                np.reshape(squares, (-1, 2)), np.reshape(expected[dim], (-1, 2)), rtol=1e-12
            )


def test_weak_alpha_of_a_thousand_points_equals_geoph(rng):
    geoph = pytest.importorskip("geoph")
    for _ in range(5):
        points = rng.normal(size=(1000, 2))
        diagram = WeakAlpha()(points)
        expected = geoph.delaunayRipsPersistenceDiagram(points)
        for dim in (0, 1):
            _assert_same_points(finite(diagram, dim), expected[dim])


def _assert_same_points(found, expected, rtol=1e-9):
    expected = np.asarray(expected, dtype=float).reshape(-1, 2)
    assert len(found) == len(expected)
    np.testing.assert_allclose(
        found[np.lexsort(found.T)], expected[np.lexsort(expected.T)], rtol=rtol, atol=1e-12
    )


def test_alpha_of_a_thousand_points_equals_gudhi(rng):
    for _ in range(5):
        points = rng.random((1000, 2))
        diagram = Alpha()(points)
        tree = gudhi.AlphaComplex(points).create_simplex_tree()
        tree.compute_persistence()
        for dim in (0, 1):
            expected = tree.persistence_intervals_in_dimension(dim)
            expected = expected[np.isfinite(expected[:, 1])]
            _assert_same_points(finite(diagram, dim) ** 2, expected, rtol=1e-6)


def test_a_line_is_paired_alike_in_one_and_two_dimensions(rng):
    x = rng.integers(0, 30, 25).astype(float)
    alone, flat = WeakAlpha()(x[:, None]), WeakAlpha()(np.stack([x, 2 - x], axis=1))
    np.testing.assert_array_equal(alone.pairs[0], flat.pairs[0])
    np.testing.assert_allclose(np.sqrt(2) * alone[0][1:], flat[0][1:])
    gaps = np.diff(np.sort(x))
    np.testing.assert_array_equal(alone[0][1:, 1], -np.sort(-gaps[gaps > 0]))


def test_order_of_points_by_length_then_birth(rng):
    for points in degenerate_clouds(rng, 140, most=40):
        diagram = WeakAlpha(keep_zero=True)(points)
        for dim in (0, 1):
            births, deaths = finite(diagram, dim).T
            rows = list(zip(births - deaths, diagram.pairs[dim].tolist(), strict=True))
            assert rows == sorted(rows)


def test_permuted_points_have_the_same_diagram(rng):
    points = rng.normal(size=(200, 2))
    order = rng.permutation(200)
    for filtration in (WeakAlpha(), Alpha()):
        for dim in (0, 1):
            np.testing.assert_allclose(
                filtration(points[order])[dim], filtration(points)[dim], rtol=1e-12
            )


@BOTH
def test_clouds_without_triangles(filtration):
    one = filtration()([[3.0, 4.0]])
    np.testing.assert_array_equal(one[0], [[0, np.inf]])
    assert one[1].shape == (0, 2)
    same = filtration()(np.ones((5, 2)))
    np.testing.assert_array_equal(same[0], [[0, np.inf]])
    zeros = filtration(keep_zero=True)(np.ones((5, 2)))
    assert zeros[0].shape == (5, 2)
    assert zeros.pairs[0][:, -2:].tolist() == [[0, 1], [0, 2], [0, 3], [0, 4]]
    line = filtration()(np.array([[0.0, 0], [2, 2], [1, 1], [2, 2]]))
    unit = np.sqrt(2) if filtration is WeakAlpha else np.sqrt(0.5)
    np.testing.assert_allclose(line[0], [[0, np.inf], [0, unit], [0, unit]])
    assert line[1].shape == (0, 2)


def test_ties_of_alpha_are_ties():
    # Corners of a rotated square: the diagonal is born with the circle that fills it.
    for angle in np.linspace(0, 3, 50):
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        hexagon = np.stack([np.cos(np.arange(6) * np.pi / 3), np.sin(np.arange(6) * np.pi / 3)], 1)
        assert len(Alpha()(hexagon @ turn)[1]) == 1
    for side in (0.1, 0.3, 1.0, 7.0):
        lattice = side * np.stack(np.meshgrid(np.arange(5), np.arange(6)), -1).reshape(-1, 2)
        diagram = Alpha()(lattice)
        assert len(diagram[1]) == 20
        np.testing.assert_allclose(diagram[1], np.tile([side / 2, side / 2**0.5], (20, 1)))


# Gradients


@BOTH
@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_gradcheck(rng, filtration, d):
    points = torch.tensor(rng.normal(size=(8 + d, d)), requires_grad=True)

    def births_and_deaths(points):
        batch = filtration(max_dim=d)(points).as_batch()
        return tuple(batch.points[dim].finite for dim in range(d + 1))

    assert torch.autograd.gradcheck(births_and_deaths, points)
    assert torch.autograd.gradgradcheck(births_and_deaths, points)


def test_gradient_of_the_topology_layer(rng):
    """Equal to what the paper's code does: unit vectors at the ends of critical edges."""
    points = rng.random((60, 2))
    tensor = torch.tensor(points, requires_grad=True)
    diagram = WeakAlpha()(tensor)
    Energy(dim=1, p=2, q=0)(diagram).backward()
    expected = np.zeros_like(points)
    for bu, bv, du, dv in diagram.pairs[1]:
        birth, death = points[bu] - points[bv], points[du] - points[dv]
        length = np.linalg.norm(death) - np.linalg.norm(birth)
        for (u, v), difference, sign in (((bu, bv), birth, -1), ((du, dv), death, 1)):
            step = sign * 2 * length * difference / np.linalg.norm(difference)
            expected[u] += step
            expected[v] -= step
    np.testing.assert_allclose(tensor.grad, expected, rtol=1e-12)


@BOTH
def test_coincident_points_have_a_finite_gradient(filtration):
    points = torch.tensor([[0.0, 0], [0, 0], [1, 0], [1, 1], [1, 1]], requires_grad=True)
    diagram = filtration(keep_zero=True)(points)
    (finite(diagram, 0).sum() + finite(diagram, 1).sum()).backward()
    assert torch.isfinite(points.grad).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_tensors_keep_their_dtype(rng, dtype):
    points = torch.tensor(rng.random((30, 2)), dtype=dtype, requires_grad=True)
    for filtration in (WeakAlpha(), Alpha()):
        diagram = filtration(points)
        assert diagram[0].dtype == diagram[1].dtype == dtype
        points.grad = None
        finite(diagram, 1).sum().backward()
        assert points.grad.dtype == dtype
        same = filtration(points.detach().double().numpy())
        np.testing.assert_array_equal(same.pairs[1], diagram.pairs[1])


def test_two_forwards_before_one_backward(rng):
    x, y = (torch.tensor(rng.random((20, 2)), requires_grad=True) for _ in range(2))
    first, second = WeakAlpha()(x), WeakAlpha()(y)
    (finite(first, 1).sum() + finite(second, 1).sum()).backward()
    alone = torch.tensor(x.detach().numpy(), requires_grad=True)
    finite(WeakAlpha()(alone), 1).sum().backward()
    np.testing.assert_array_equal(x.grad, alone.grad)
    assert y.grad.abs().sum() > 0


# Containers


@BOTH
def test_batch_is_a_loop_for_any_number_of_threads(rng, filtration):
    clouds = rng.random((3, 4, 17, 2))
    batch = filtration()(clouds)
    assert isinstance(batch, DiagramBatch)
    assert batch.shape == (3, 4)
    threads = filtration(n_jobs=2)(clouds)
    for i in range(3):
        for j in range(4):
            alone = filtration()(clouds[i, j])
            for dim in (0, 1):
                for other in (batch, threads):
                    np.testing.assert_array_equal(other[i, j][dim], alone[dim])
                    np.testing.assert_array_equal(other[i, j].pairs[dim], alone.pairs[dim])
                    np.testing.assert_array_equal(other[i, j].essential[dim], alone.essential[dim])


@BOTH
def test_ragged_lists(rng, filtration):
    clouds = [rng.random((n, 2)) for n in (5, 1, 30)]
    batch = filtration()(clouds)
    assert batch.shape == (3,)
    for cloud, diagram in zip(clouds, batch, strict=True):
        for dim in (0, 1):
            np.testing.assert_array_equal(diagram[dim], filtration()(cloud)[dim])
    tensors = [torch.tensor(cloud, requires_grad=True) for cloud in clouds]
    Energy(dim=0)(filtration()(tensors)).sum().backward()
    assert all(tensor.grad is not None for tensor in tensors)
    assert tensors[2].grad.abs().sum() > 0


def test_containers_of_one_cloud(rng):
    points = rng.integers(0, 9, (12, 2))
    expected = WeakAlpha()(points.astype(float))
    readonly = points.astype(float)
    readonly.flags.writeable = False
    for same in (
        points,
        points.tolist(),
        points.astype(">f8"),
        np.asfortranarray(points.astype(float)),
        np.repeat(points, 2, axis=0)[::2],
        points.astype(np.float16),
        readonly,
        torch.tensor(points),
    ):
        diagram = WeakAlpha()(same)
        assert isinstance(diagram, Diagram)
        np.testing.assert_array_equal(np.asarray(diagram[1]), expected[1])
        np.testing.assert_array_equal(diagram.pairs[0], expected.pairs[0])


@BOTH
@pytest.mark.parametrize("d", [3, 4])
def test_space_as_a_user_meets_it(rng, filtration, d):
    clouds = rng.random((3, 30, d))
    clouds[1] = np.round(3 * clouds[1])
    clouds[2, 1] = clouds[2, 0]
    batch, threads = filtration(max_dim=3)(clouds), filtration(max_dim=3, n_jobs=2)(list(clouds))
    for i, cloud in enumerate(clouds):
        alone = filtration(max_dim=3)(torch.tensor(cloud))
        assert len(alone[0]) == len(np.unique(cloud, axis=0))
        assert len(alone[1]) > 0
        for dim in range(4):
            for other in (batch[i], threads[i]):
                np.testing.assert_array_equal(other.pairs[dim], alone.pairs[dim])
                np.testing.assert_allclose(other[dim], alone[dim], rtol=1e-13)
    last = Energy(dim=0, p=1, essential="clip")(filtration()(clouds[0]))
    assert last > Energy(dim=0, p=1)(filtration()(clouds[0])) + filtration()(clouds[0])[1].max()
    one = filtration(max_dim=2)(np.ones((1, d)))
    assert [len(one[dim]) for dim in range(3)] == [1, 0, 0]


def test_a_plane_in_space_is_the_plane(rng):
    plane = rng.random((40, 2))
    frame = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    for d in (3, 4):
        for filtration in (WeakAlpha(), Alpha()):
            flat, expected = (
                filtration(plane @ frame[:2, :d] if d == 4 else np.pad(plane, ((0, 0), (0, 1)))),
                filtration(plane),
            )
            for dim in (0, 1):
                np.testing.assert_allclose(flat[dim], expected[dim], rtol=1e-9)


def test_dimensions(rng):
    points = rng.random((20, 2))
    assert WeakAlpha(max_dim=0)(points).homology_dimensions == (0,)
    only = WeakAlpha(homology_dimensions=(1,))(points)
    assert only.homology_dimensions == (1,)
    np.testing.assert_array_equal(only[1], WeakAlpha()(points)[1])
    high = Alpha(max_dim=2)(points)
    assert high[2].shape == (0, 2)
    assert high.pairs[2].shape == (0, 7)
    assert repr(Alpha(max_dim=2)) == "Alpha(max_dim=2, homology_dimensions=(0, 1, 2))"


def test_clipped_essential_class_ends_with_the_last_simplex():
    points = np.array([[0.0, 0], [3, 0], [3, 4], [0, 4]])
    assert Energy(dim=0, i0=1, essential="clip")(WeakAlpha()(points)) == 5 + 4 + 3 + 3
    assert Energy(dim=0, i0=1, essential="clip")(Alpha()(points)) == 2.5 + 2 + 1.5 + 1.5
    line = np.array([[0.0, 0], [1, 1], [4, 4]])
    last = np.sqrt(18)
    assert Energy(dim=0, essential="clip")(WeakAlpha()(line)) == pytest.approx(2 * last + 2**0.5)
    assert Energy(dim=0, essential="clip")(WeakAlpha()([[1.0, 2.0]])) == 0


@BOTH
def test_warm_start_changes_nothing(rng, filtration):
    warm, cold = filtration(warm_start=True, keep_zero=True), filtration(keep_zero=True)
    for trial in range(12):
        points = rng.random((300, 2)) if trial % 3 else np.round(rng.random((300, 2)), 2)
        for _ in range(12):
            diagram, expected = warm(points), cold(points)
            for dim in (0, 1):
                np.testing.assert_array_equal(diagram.pairs[dim], expected.pairs[dim])
            points = points.copy()
            moved = rng.choice(300, rng.integers(0, 6), replace=False)
            points[moved] += 10.0 ** -rng.integers(0, 5) * rng.normal(size=(len(moved), 2))
    warm(rng.random((40, 2)))
    warm(rng.random((40, 1)))
    again = pickle.loads(pickle.dumps(warm))
    np.testing.assert_array_equal(again(points)[1], cold(points)[1])


# Bad input


@pytest.mark.parametrize(
    ("points", "error", "sentence"),
    [
        ([1.0, 2.0], ValueError, r"points must have shape \(n_points, n_dimensions\)"),
        (np.zeros((0, 2)), ValueError, "a cloud must not be empty"),
        (np.zeros((3, 0)), ValueError, "a cloud must not be empty"),
        ([[0.0, np.nan]], ValueError, "points must be finite"),
        ([[0.0, np.inf]], ValueError, "points must be finite"),
        ([[1.0], [1.0, 2.0]], ValueError, "points must be a rectangular array"),
        ([["a", "b"]], TypeError, "points must be an array of real numbers"),
        ([[1j, 2]], TypeError, "points must be an array of real numbers"),
        ([np.zeros((2, 2)), np.zeros((2, 1))], ValueError, "same dimension, got 2 in points"),
        ([np.zeros((2, 2)), np.zeros((0, 2))], ValueError, r"points\[1\] must have shape"),
        ([np.zeros((2, 2)), np.zeros(2)], ValueError, r"points\[1\] must have shape"),
    ],
)
def test_bad_points(points, error, sentence):
    with pytest.raises(error, match=sentence):
        WeakAlpha()(points)


@pytest.mark.parametrize(
    ("parameters", "error", "sentence"),
    [
        ({"max_dim": -1}, ValueError, "max_dim must be at least 0"),
        ({"max_dim": 1.5}, TypeError, "max_dim must be an integer"),
        ({"homology_dimensions": (2,)}, ValueError, r"must be among \[0, 1\], got 2"),
        ({"homology_dimensions": (0, 0)}, ValueError, "each dimension once"),
        ({"homology_dimensions": (True,)}, ValueError, r"for max_dim=1 must be among \[0, 1\]"),
        ({"keep_zero": 1}, TypeError, "keep_zero must be True or False"),
        ({"warm_start": "yes"}, TypeError, "warm_start must be True or False"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
    ],
)
def test_bad_parameters(parameters, error, sentence):
    with pytest.raises(error, match=sentence):
        WeakAlpha(**parameters)


@BOTH
def test_parameters_are_those_of_an_estimator(rng, filtration):
    points = rng.random((20, 2))
    warm = filtration(max_dim=2, homology_dimensions=1, warm_start=True)
    assert warm.homology_dimensions == (1,)
    expected = warm(points)[1]
    copy = clone(warm)
    assert (
        copy.get_params()
        == warm.get_params()
        == {
            "max_dim": 2,
            "homology_dimensions": 1,
            "keep_zero": False,
            "warm_start": True,
            "n_jobs": None,
        }
    )
    np.testing.assert_array_equal(copy(points)[1], expected)
    assert copy.set_params(homology_dimensions=None, max_dim=0)(points).homology_dimensions == (0,)
    with pytest.raises(ValueError, match="max_dim must be at least 0"):
        copy.set_params(max_dim=-1)
    assert copy.max_dim == 0
    assert len(pickle.dumps(warm)) < 1000  # without the triangulation that it keeps
