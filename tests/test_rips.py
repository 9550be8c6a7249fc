import pickle
import threading

import numpy as np
import pytest
import torch
from oracles import reduce_boundary
from rips_oracles import rips_persistence, squared_distances
from scipy.spatial.distance import cdist, pdist, squareform
from sklearn.base import clone

from skltopo import Energy
from skltopo._kernels.rips.sweep import rips_pairs
from skltopo.filtrations import VietorisRips

NO_LIMIT = 1 << 40


def clouds(rng, n_clouds, most=11):
    """Random clouds: generic, on grids with many ties and duplicates, collinear, on a sphere."""
    for trial in range(n_clouds):
        n, d = rng.integers(1, most), rng.integers(1, 4)
        kind = trial % 5
        if kind == 0:
            yield rng.random((n, d))
        elif kind == 3:
            yield np.outer(rng.integers(0, 9, n), np.ones(d))
        elif kind == 4:
            points = rng.normal(size=(n, 3))
            yield points / np.linalg.norm(points, axis=1)[:, None]
        else:
            yield rng.integers(0, (3, 6)[kind - 1], (n, d)).astype(float)


def matrices(rng, n_matrices, most=11):
    """Random symmetric matrices: generic, with ties, with missing edges."""
    for trial in range(n_matrices):
        n = rng.integers(1, most)
        upper = rng.random((n, n)) if trial % 3 == 0 else rng.integers(0, 6, (n, n)).astype(float)
        if trial % 3 == 2:
            upper[rng.random((n, n)) < 0.3] = np.inf
        upper = np.triu(upper, 1)
        yield upper + upper.T


def assert_same(diagram, expected):
    for dim in diagram.homology_dimensions:
        np.testing.assert_array_equal(diagram.pairs[dim], expected[dim][0])
        np.testing.assert_array_equal(diagram.essential[dim], expected[dim][1])


def sample(kind, n, rng):
    if kind == "sphere":
        points = rng.normal(size=(n, 3))
        return points / np.linalg.norm(points, axis=1)[:, None]
    if kind == "circle":
        angle = 2 * np.pi * rng.random(n)
        return np.stack([np.cos(angle), np.sin(angle)], 1) + 0.1 * rng.normal(size=(n, 2))
    return rng.random((n, 3))


# Pairs


@pytest.mark.parametrize("max_dim", [0, 1, 2])
@pytest.mark.parametrize("keep_zero", [False, True])
def test_pairs_of_points_are_those_of_the_boundary_matrix(rng, max_dim, keep_zero):
    for points in clouds(rng, 60):
        squares = squared_distances(points)
        max_edge = np.inf if rng.random() < 0.5 else np.sqrt(rng.choice(squares.ravel()))
        expected = rips_persistence(squares, max_edge, keep_zero, np.sqrt)
        found = VietorisRips(max_dim, max_edge, keep_zero=keep_zero)(points)
        assert_same(found, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("max_dim", [0, 1, 2])
def test_pairs_of_matrices_are_those_of_the_boundary_matrix(rng, max_dim, dtype):
    for matrix in matrices(rng, 60):
        matrix = matrix.astype(dtype)
        max_edge = np.inf if rng.random() < 0.5 else float(rng.choice(matrix.ravel()))
        expected = rips_persistence(matrix, max_edge)
        assert_same(VietorisRips(max_dim, max_edge, "precomputed")(matrix), expected)


def rank_matrix(matrix):
    """Order of the edges: distances without ties, so that values of others tell the edges."""
    i, j = np.triu_indices(len(matrix), 1)
    order = np.lexsort((j, i, matrix[i, j]))
    ranks = np.zeros(matrix.shape)
    ranks[i[order], j[order]] = np.arange(1, len(order) + 1)
    return ranks + ranks.T


@pytest.mark.parametrize("kind", ["sphere", "circle", "cube", "grid", "noise"])
@pytest.mark.parametrize("max_dim", [1, 2])
def test_pairs_of_larger_clouds_are_those_of_ripser(rng, kind, max_dim):
    ripser = pytest.importorskip("ripser").ripser
    for _ in range(4):
        n = int(rng.integers(30, 70 if max_dim == 2 else 120))
        if kind == "grid":
            matrix = squared_distances(rng.integers(0, 5, (n, 3)))
        elif kind == "noise":
            matrix = squareform(rng.random(n * (n - 1) // 2))
        else:
            matrix = squared_distances(sample(kind, n, rng))
        ranks = rank_matrix(matrix)
        found = VietorisRips(max_dim, metric="precomputed")(ranks)
        expected = ripser(ranks, distance_matrix=True, maxdim=max_dim)["dgms"]
        for dim in range(1, max_dim + 1):
            pairs = sorted(map(tuple, found[dim]))
            assert pairs == sorted((float(b), float(d)) for b, d in expected[dim])


@pytest.mark.parametrize("kind", ["sphere", "circle", "cube"])
def test_diagrams_of_1000_points_are_those_of_peers(rng, kind):
    gph = pytest.importorskip("gph")
    points = sample(kind, 1000, rng)
    max_edge = 0.6
    found = VietorisRips(1, max_edge)(points)
    expected = gph.ripser_parallel(points, maxdim=1, thresh=max_edge)["dgms"]
    for dim in (0, 1):
        ours, theirs = np.asarray(found[dim]), expected[dim]
        theirs = theirs[theirs[:, 0] < theirs[:, 1]]
        # float32 makes points of no length out of short ones, and the other way round.
        ours = ours[ours[:, 1] - ours[:, 0] > 1e-6]
        theirs = theirs[theirs[:, 1] - theirs[:, 0] > 1e-6]
        ours, theirs = (x[np.lexsort(x.T)] for x in (ours, theirs))
        np.testing.assert_allclose(np.sort(ours[:, 0]), np.sort(theirs[:, 0]), atol=2e-6)
        np.testing.assert_allclose(np.sort(ours[:, 1]), np.sort(theirs[:, 1]), atol=2e-6)


@pytest.mark.parametrize(("kind", "n"), [("sphere", 1000), ("circle", 1000), ("cube", 120)])
def test_diagrams_are_those_of_redzed(rng, kind, n):
    redzed = pytest.importorskip("redzed_tda")
    max_dim = 1 if n == 1000 else 2
    matrix = squareform(pdist(sample(kind, n, rng)))
    found = VietorisRips(max_dim, metric="precomputed")(matrix)
    expected = redzed.rips(matrix, maxdim=max_dim)
    for dim in range(max_dim + 1):
        theirs = np.asarray(expected[dim])
        theirs = theirs[theirs[:, 0] < theirs[:, 1]]
        ours = np.asarray(found[dim])
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(np.sort(ours, axis=0), np.sort(theirs, axis=0), rtol=1e-6)


def test_long_lived_void_passes_from_few_triangles_to_all_vertices(rng):
    points = sample("sphere", 150, rng)
    found = VietorisRips(2)(points)
    lengths = found[2][:, 1] - found[2][:, 0]
    assert lengths[0] > 0.5
    assert (lengths[1:] < 0.25).all()


def test_h2_kernel_finds_the_same_lower_dimensions(rng):
    for kind in ("sphere", "circle", "cube"):
        matrix = squareform(pdist(sample(kind, 150, rng)))
        limit = matrix.max(1).min()
        low = rips_pairs([(matrix, limit, False, NO_LIMIT)], 1, False)
        high = rips_pairs([(matrix, limit, False, NO_LIMIT)], 2, False)
        for dim in (0, 1):
            np.testing.assert_array_equal(low[dim].pairs, high[dim].pairs)
            np.testing.assert_array_equal(low[dim].essential, high[dim].essential)


def test_unsorted_buckets_change_nothing(rng):
    """PD_1 of the H_2 kernel, which sorts all edges, is that of the lazy one, under heavy ties."""
    for n in (300, 600):
        matrix = squared_distances(rng.integers(0, 12, (n, 3)))
        low = rips_pairs([(matrix, matrix.max(), True, NO_LIMIT)], 1, True)
        high = rips_pairs([(matrix, matrix.max(), True, NO_LIMIT)], 2, True)
        for dim in (0, 1):
            np.testing.assert_array_equal(low[dim].pairs, high[dim].pairs)


@pytest.mark.parametrize("spread", [1e-12, 1e-3, 1e6])
def test_badly_spread_distances(rng, spread):
    points = rng.random((200, 2))
    points[:150] *= spread
    matrix = squared_distances(points)
    found = VietorisRips(1)(points)
    ranks = VietorisRips(1, metric="precomputed")(rank_matrix(matrix))
    for dim in (0, 1):
        kept = {tuple(row) for row in found.pairs[dim]}
        assert kept <= {tuple(row) for row in ranks.pairs[dim]}
    assert len(found.pairs[0]) == 199


def test_float64_differences_below_float32(rng):
    matrix = squareform(1 + 1e-12 * rng.permutation(190))
    ranks = VietorisRips(2, metric="precomputed", keep_zero=True)(rank_matrix(matrix))
    found = VietorisRips(2, metric="precomputed", keep_zero=True)(matrix)
    for dim in range(3):
        assert set(map(tuple, found.pairs[dim])) == set(map(tuple, ranks.pairs[dim]))


def test_only_the_metric_counts_for_permuted_points(rng):
    points = rng.random((40, 3))
    order = rng.permutation(40)
    a, b = VietorisRips(2)(points), VietorisRips(2)(points[order])
    for dim in range(3):
        np.testing.assert_array_equal(a[dim], b[dim])
        edges = np.sort(order[b.pairs[dim]].reshape(-1, 2, 2), axis=2).reshape(-1, 4)
        if dim:
            np.testing.assert_array_equal(edges, a.pairs[dim])


# Small and degenerate clouds


def test_one_and_two_points():
    one = VietorisRips(2)([[1.0, 2.0]])
    np.testing.assert_array_equal(one[0], [[0, np.inf]])
    assert one[1].shape == one[2].shape == (0, 2)
    two = VietorisRips(2)([[0.0, 0.0], [3.0, 4.0]])
    np.testing.assert_array_equal(two[0], [[0, np.inf], [0, 5]])
    np.testing.assert_array_equal(two.pairs[0], [[1, 1, 0, 1]])
    assert Energy(dim=0, essential="clip")(two) == 10


@pytest.mark.parametrize("max_dim", [0, 1, 2])
def test_all_points_the_same(max_dim):
    found = VietorisRips(max_dim)(np.ones((30, 2)))
    np.testing.assert_array_equal(found[0], [[0, np.inf]])
    assert len(VietorisRips(max_dim, keep_zero=True)(np.ones((30, 2))).pairs[0]) == 29


def test_max_edge_leaves_essential_classes():
    square = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
    found = VietorisRips(1, max_edge=4)(square)
    np.testing.assert_array_equal(found[1], [[4, np.inf]])
    np.testing.assert_array_equal(found.essential[1], [[1, 2]])
    assert Energy(dim=1, essential="clip")(found) == 0
    assert Energy(dim=0, i0=1, essential="clip")(found) == 14
    found = VietorisRips(1, max_edge=3)(square)
    np.testing.assert_array_equal(found.essential[0], [[0, 0], [2, 2]])
    found = VietorisRips(1, max_edge=0)(square)
    assert len(found.essential[0]) == 4
    assert found.as_batch().last() == [0]


def test_missing_edges_are_never_joined():
    matrix = np.full((4, 4), np.inf)
    np.fill_diagonal(matrix, 0)
    matrix[0, 1] = matrix[1, 0] = 2
    for max_dim in (0, 1, 2):
        found = VietorisRips(max_dim, metric="precomputed")(matrix)
        np.testing.assert_array_equal(found.essential[0], [[0, 0], [2, 2], [3, 3]])
        np.testing.assert_array_equal(found.pairs[0], [[1, 1, 0, 1]])
        assert found.as_batch().last() == [2]


@pytest.mark.parametrize("limit", [0.0, 1.0, 2**0.5, 3.0, 1e-140, 0.1 + 0.2])
def test_max_edge_is_compared_with_lengths_not_squares(limit):
    points = np.array([[0.0], [limit]])
    assert len(VietorisRips(1, limit, keep_zero=True)(points).essential[0]) == 1
    below = np.nextafter(limit, -1)
    if below > 0:
        assert len(VietorisRips(1, below)(points).essential[0]) == 2


# Kinds of input


@pytest.mark.parametrize("n_jobs", [None, 2, 3])
@pytest.mark.parametrize("max_dim", [0, 1, 2])
def test_batches_are_loops(rng, max_dim, n_jobs):
    points = rng.random((2, 3, 12, 2))
    rips = VietorisRips(max_dim, max_edge=0.7, n_jobs=n_jobs)
    batch = rips(points)
    assert batch.shape == (2, 3)
    ragged = [rng.random((n, 2)) for n in (1, 5, 17)]
    several = rips(ragged)
    expected = [(batch[i, j], points[i, j]) for i in range(2) for j in range(3)]
    for found, cloud in [*expected, *zip(several, ragged, strict=True)]:
        one = VietorisRips(max_dim, max_edge=0.7)(cloud)
        for dim in one.homology_dimensions:
            np.testing.assert_array_equal(found[dim], one[dim])
            np.testing.assert_array_equal(found.pairs[dim], one.pairs[dim])
            np.testing.assert_array_equal(found.essential[dim], one.essential[dim])
    np.testing.assert_array_equal(
        Energy(dim=0, essential="clip")(several),
        [Energy(dim=0, essential="clip")(rips(cloud)) for cloud in ragged],
    )


@pytest.mark.parametrize("max_dim", [0, 1])
def test_batches_of_matrices_are_loops(rng, max_dim):
    ragged = list(matrices(rng, 8))
    rips = VietorisRips(max_dim, metric="precomputed")
    for found, matrix in zip(rips(ragged), ragged, strict=True):
        one = rips(matrix)
        for dim in one.homology_dimensions:
            np.testing.assert_array_equal(found[dim], one[dim])
    batch = rips(np.stack([ragged[0], ragged[0]]))
    assert batch.shape == (2,)
    np.testing.assert_array_equal(batch[1][0], rips(ragged[0])[0])


def test_no_cloud_at_all():
    assert len(VietorisRips(1)(np.empty((0, 5, 2)))) == 0
    empty = VietorisRips(1, metric="precomputed")(torch.empty((0, 5, 5)))
    assert len(empty) == 0
    assert isinstance(Energy(dim=1)(empty), torch.Tensor)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64, ">f8", bool])
def test_dtypes_and_layouts(rng, dtype):
    points = rng.integers(0, 2 if dtype is bool else 9, (20, 6)).astype(dtype)
    expected = VietorisRips(1)(points.astype(float))
    for given in (points, np.asfortranarray(points), points[::-1][::-1], points.tolist()):
        found = VietorisRips(1)(given)
        for dim in (0, 1):
            np.testing.assert_array_equal(found.pairs[dim], expected.pairs[dim])
    matrix = cdist(points.astype(float), points.astype(float), "cityblock").astype(dtype)
    matrix.flags.writeable = False
    found = VietorisRips(1, metric="precomputed")(matrix)
    np.testing.assert_array_equal(found[0], VietorisRips(1, metric="precomputed")(matrix.copy())[0])


def test_negative_zero_is_zero():
    matrix = np.array([[0.0, -0.0, 1.0], [0.0, -0.0, 1.0], [1.0, 1.0, 0.0]])
    found = VietorisRips(2, metric="precomputed")(matrix)
    np.testing.assert_array_equal(found.pairs[0], [[2, 2, 0, 2]])


def test_homology_dimensions_are_chosen(rng):
    points = rng.random((30, 3))
    every = VietorisRips(2)(points)
    for dims in [(0,), (1,), (2,), (0, 2), ()]:
        found = VietorisRips(2, homology_dimensions=dims)(points)
        assert found.homology_dimensions == dims
        for dim in dims:
            np.testing.assert_array_equal(found[dim], every[dim])


def test_repr_and_pickle():
    rips = VietorisRips(2, 3.0, "cosine", n_jobs=2)
    assert repr(rips) == repr(pickle.loads(pickle.dumps(rips)))
    assert "metric='cosine'" in repr(rips)


def test_parameters_are_those_of_an_estimator():
    rips = VietorisRips(max_edge=2, homology_dimensions=1)
    assert rips.homology_dimensions == (1,)
    assert isinstance(rips.max_edge, float)
    assert rips.get_params()["max_edge"] == 2
    assert repr(clone(rips)) == repr(rips)
    assert rips.set_params(max_edge=1.0, homology_dimensions=None) is rips
    assert (rips.max_edge, rips.homology_dimensions) == (1.0, (0, 1))
    with pytest.raises(ValueError, match="max_edge must be at least 0"):
        rips.set_params(max_edge=-1)
    assert rips.max_edge == 1.0


def test_threads_of_the_user(rng):
    points = [rng.random((60, 3)) for _ in range(6)]
    expected = [VietorisRips(2)(x)[2] for x in points]
    found = [None] * len(points)

    def work(i):
        found[i] = VietorisRips(2)(points[i])[2]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(points))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


# Metrics


@pytest.mark.parametrize(
    "metric",
    ["minkowski", "sqeuclidean", "cityblock", "chebyshev", "cosine", "correlation", "canberra",
     "braycurtis", "seuclidean", "mahalanobis", "jensenshannon"],
)  # fmt: skip
@pytest.mark.parametrize("max_dim", [0, 1])
def test_metrics_are_those_of_scipy(rng, metric, max_dim):
    points = rng.random((25, 4))
    options = {}
    if metric == "seuclidean":
        options["V"] = points.var(axis=0, ddof=1)
    if metric == "mahalanobis":
        options["VI"] = np.linalg.inv(np.cov(points.T))
    matrix = np.triu(cdist(points, points, metric, **options), 1)
    expected = VietorisRips(max_dim, metric="precomputed")(matrix + matrix.T)
    for given in (points, torch.from_numpy(points)):
        found = VietorisRips(max_dim, metric=metric)(given)
        for dim in found.homology_dimensions:
            np.testing.assert_array_equal(found.pairs[dim], expected.pairs[dim])
            np.testing.assert_allclose(found[dim], expected[dim], rtol=1e-9)


# Gradients


@pytest.mark.parametrize(
    "metric",
    ["euclidean", "minkowski", "sqeuclidean", "cityblock", "chebyshev", "cosine", "correlation"],
)
def test_gradients_of_points(rng, metric):
    points = torch.tensor(rng.normal(size=(12, 3)), requires_grad=True)

    def total(points):
        diagram = VietorisRips(2, 1e9, metric=metric)(points)
        return torch.cat([diagram[dim][torch.isfinite(diagram[dim][:, 1])] for dim in range(3)])

    assert torch.autograd.gradcheck(total, points, eps=1e-7, atol=1e-6)


def test_gradients_of_a_matrix(rng):
    upper = torch.tensor(np.triu(rng.random((12, 12)), 1), requires_grad=True)

    def total(upper):
        diagram = VietorisRips(2, metric="precomputed")(upper.triu(1) + upper.triu(1).T)
        return torch.cat([diagram[dim][torch.isfinite(diagram[dim][:, 1])] for dim in range(3)])

    assert torch.autograd.gradcheck(total, upper, eps=1e-7, atol=1e-6)
    matrix = (upper.triu(1) + upper.triu(1).T).detach().requires_grad_()
    VietorisRips(1, metric="precomputed")(matrix)[1].sum().backward()
    assert matrix.grad.any()
    assert torch.equal(matrix.grad, matrix.grad.T)


@pytest.mark.parametrize(
    "metric", ["euclidean", "sqeuclidean", "cityblock", "chebyshev", "cosine", "correlation"]
)
@pytest.mark.parametrize("max_dim", [0, 1])
def test_gradients_at_coincident_points_are_finite(metric, max_dim):
    points = torch.tensor([[1.0, 2.0], [1.0, 2.0], [3.0, 1.0], [3.0, 1.0]], requires_grad=True)
    diagram = VietorisRips(max_dim, metric=metric, keep_zero=True)(points)
    sum(diagram[d][torch.isfinite(diagram[d])].sum() for d in range(max_dim + 1)).backward()
    assert torch.isfinite(points.grad).all()


def test_gradients_of_ragged_clouds_and_essential_births(rng):
    ragged = [torch.tensor(rng.random((n, 2)), requires_grad=True) for n in (20, 30)]
    batch = VietorisRips(1, max_edge=0.3)(ragged)
    (Energy(dim=1, essential="clip")(batch) + Energy(dim=0)(batch)).sum().backward()
    assert all(torch.isfinite(x.grad).all() and x.grad.any() for x in ragged)


def test_float32_tensors_stay_float32(rng):
    points = torch.tensor(rng.random((20, 2)), dtype=torch.float32)
    assert VietorisRips(1)(points)[1].dtype == torch.float32
    matrix = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    assert VietorisRips(1, metric="precomputed")(matrix)[1].dtype == torch.float32


# Bad input


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.empty((0, 2)), "must not be empty"),
        (np.empty((3, 0)), "must not be empty"),
        ([1.0, 2.0], r"shape \(n_points, n_dimensions\)"),
        ([[1.0, np.nan]], "must be finite"),
        ([[1.0, np.inf]], "must be finite"),
        ([[1.0, 1e200]], "overflow"),
        ([[1.0], [1.0, 2.0]], "rectangular"),
        ([np.ones((2, 2)), np.ones((2, 3))], "same dimension"),
    ],
)
def test_bad_points(points, message):
    with pytest.raises(ValueError, match=message):
        VietorisRips(1)(points)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ((0, 1, 2.0), r"symmetric, got 2.0 at \[0, 1\] and 1.0 at \[1, 0\]"),
        ((2, 1, 2.0), r"symmetric, got 1.0 at \[1, 2\] and 2.0 at \[2, 1\]"),
        ((2, 2, 1.0), r"diagonal of zeros, got 1.0 at \[2, 2\]"),
        ((0, 2, np.nan), r"no NaN, got nan at \[0, 2\]"),
        ((1, 1, np.nan), "no NaN"),
        ((2, 0, -1.0), "symmetric"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [3, 20, 50])
def test_bad_matrices(entry, message, dtype, n):
    i, j, value = entry
    matrix = (1 - np.eye(n)).astype(dtype)
    matrix[i, j] = value
    for rips in (VietorisRips(0, metric="precomputed"), VietorisRips(1, metric="precomputed")):
        with pytest.raises(ValueError, match=message):
            rips(matrix)
    with pytest.raises(ValueError, match=rf"points\[1\] must.*{message[:8]}"):
        VietorisRips(1, metric="precomputed")([np.zeros((1, 1)), matrix])


def test_bad_shapes_of_matrices():
    rips = VietorisRips(1, metric="precomputed")
    with pytest.raises(ValueError, match=r"square matrix of distances.*\(2, 3\)"):
        rips(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"square matrix of distances.*\(3,\)"):
        rips(np.ones(3))
    with pytest.raises(ValueError, match="must not be empty"):
        rips(np.ones((0, 0)))
    with pytest.raises(ValueError, match="at least 0, got -1"):
        rips([[0.0, -1.0], [-1.0, 0.0]])
    with pytest.raises(TypeError, match="real numbers"):
        rips(np.array([["a", "b"], ["c", "d"]]))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"max_dim": 3}, ValueError, "max_dim must be 0, 1 or 2, got 3"),
        ({"max_dim": -1}, ValueError, "max_dim must be 0, 1 or 2"),
        ({"max_dim": 1.0}, TypeError, "max_dim must be an integer"),
        ({"max_dim": True}, TypeError, "max_dim must be an integer"),
        ({"max_edge": -1}, ValueError, "max_edge must be at least 0"),
        ({"max_edge": np.nan}, ValueError, "max_edge must be at least 0"),
        ({"max_edge": "1"}, TypeError, "max_edge must be a number"),
        ({"metric": "nothing"}, ValueError, "metric must be 'precomputed' or a metric of scipy"),
        ({"metric": abs}, TypeError, "metric must be the name of a metric"),
        ({"homology_dimensions": (2,)}, ValueError, "homology_dimensions for max_dim=1"),
        ({"homology_dimensions": (0, 0)}, ValueError, "each dimension once"),
        ({"homology_dimensions": (True,)}, ValueError, "among .*, got True"),
        ({"keep_zero": 1}, TypeError, "keep_zero must be True or False"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
    ],
)
def test_bad_parameters(arguments, error, message):
    with pytest.raises(error, match=message):
        VietorisRips(**arguments)


def test_metric_without_gradient_says_so(rng):
    points = torch.tensor(rng.random((5, 2)), requires_grad=True)
    with pytest.raises(ValueError, match="got a tensor that requires grad and 'canberra'"):
        VietorisRips(1, metric="canberra")(points)


def test_metric_that_is_no_number_says_so():
    with pytest.raises(ValueError, match="'cosine' is not a number between points"):
        VietorisRips(1, metric="cosine")([[0.0, 0.0], [1.0, 1.0]])


def test_too_many_points_say_so():
    points = np.zeros((65537, 3))
    with pytest.raises(ValueError, match="at most 65536 points, got 65537"):
        VietorisRips(1)(points)
    assert len(VietorisRips(0)(points)[0]) == 1


def test_the_plane_has_no_limit(rng):
    points = rng.random((70_000, 2))
    diagram = VietorisRips(1)(points)
    assert len(diagram[0]) == 70_000
    births, deaths = diagram[1].T
    assert (births < deaths).all()


def test_planar_clouds_are_cut_like_others(rng):
    """The same points, by their triangulation and, in three dimensions, by all edges."""
    for points in (rng.random((300, 2)), rng.integers(0, 12, (300, 2)).astype(float)):
        lifted = np.pad(points, ((0, 0), (0, 1)))
        for max_edge in (np.inf, 0.05, 1.0, 1.5):
            found, expected = (VietorisRips(1, max_edge)(x) for x in (points, lifted))
            for dim in (0, 1):
                np.testing.assert_array_equal(found[dim], expected[dim])
            np.testing.assert_array_equal(found.pairs[0], expected.pairs[0])
            if points.max() < 1:
                np.testing.assert_array_equal(found.pairs[1], expected.pairs[1])
                np.testing.assert_array_equal(found.essential[1], expected.essential[1])


def test_planar_clouds_with_large_faces_fall_back_on_all_edges(rng, monkeypatch):
    angle = 7 * rng.random(300)
    points = np.stack([np.cos(angle), np.sin(angle)], 1) + 0.001 * rng.normal(size=(300, 2))
    expected = VietorisRips(1)(points)
    monkeypatch.setattr("skltopo.filtrations.rips.PLANAR_WORK", 1e-9)
    np.testing.assert_array_equal(VietorisRips(1)(points).pairs[1], expected.pairs[1])


def test_too_little_memory_says_so(rng, monkeypatch):
    points = rng.random((300, 3))
    with monkeypatch.context() as patch:
        patch.setattr("skltopo.filtrations.rips.available_memory", lambda: 1000)
        with pytest.raises(MemoryError, match="distances of 300 points take"):
            VietorisRips(1)(points)
    matrix = squareform(pdist(points))
    with pytest.raises(MemoryError, match="44850 edges of 300 points"):
        rips_pairs([(matrix, matrix.max(), False, 100_000)], 1, False)
    matrix = squareform(pdist(sample("sphere", 100, rng)))
    with pytest.raises(MemoryError):
        rips_pairs([(matrix, matrix.max(), False, 100_000)], 2, False)


def test_oracle_knows_an_octahedron():
    cells = rips_persistence(squared_distances(np.vstack([np.eye(3), -np.eye(3)])), length=np.sqrt)
    assert [len(pairs) for pairs, _ in cells] == [5, 0, 1]
    assert reduce_boundary([]) == ({}, {})


@pytest.mark.parametrize("metric", ["cosine", "correlation"])
@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
def test_points_in_one_direction_are_at_distance_zero(metric, kind, rng):
    rows = rng.random((1, 7)) * rng.uniform(0.5, 2, (9, 1))  # cosines of 1, up to rounding
    rips = VietorisRips(metric=metric)
    diagram = rips(kind(rows))
    assert [len(diagram.finite(dim)) for dim in (0, 1)] == [0, 0]
    two = np.concatenate([rows, rows[:, ::-1]])
    assert len(rips(kind(two)).finite(0)) == 1


def test_a_limit_of_zero_ends_where_subnormal_numbers_are_zero():
    points = np.array([[0.0, 0], [0, 0], [1, 0]])
    filtration = VietorisRips(0, max_edge=0.0, keep_zero=True)
    expected = filtration(points)
    torch.set_flush_denormal(True)
    try:
        found = filtration(points)
    finally:
        torch.set_flush_denormal(False)
    np.testing.assert_array_equal(found[0], expected[0])
    assert len(found.essential[0]) == 2
