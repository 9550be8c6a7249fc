import _thread
import signal
import threading
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from skltopo import PersistenceDiagrams
from skltopo._kernels.matchings.matching import distances_from
from skltopo.diagrams import Diagram
from skltopo.distances import (
    bottleneck_distance,
    pairwise,
    pairwise_diagram_distances,
    sliced_wasserstein_distance,
    wasserstein_distance,
)
from skltopo.filtrations import LevelSet

DISTANCES = {
    "wasserstein": wasserstein_distance,
    "bottleneck": bottleneck_distance,
    "sliced_wasserstein": sliced_wasserstein_distance,
}


def random_diagram(rng, n, ties, n_essential=0):
    births = rng.random(n)
    points = np.column_stack([births, births + rng.exponential(0.2, n)])
    if ties:
        points = np.round(points * 6) / 6  # some of them on the diagonal
    ends = np.column_stack(
        [np.round(rng.random(n_essential) * 4) / 4, np.full(n_essential, np.inf)]
    )
    return rng.permutation(np.concatenate([points, ends]))


def random_pairs(n_pairs, seed=0):
    """Pairs of diagrams with ties and essential classes; each in ten with different numbers."""
    rng = np.random.default_rng(seed)
    for i in range(n_pairs):
        n1, n2 = rng.integers(0, 25, 2)
        e1 = int(rng.integers(0, 3))
        e2 = e1 + (i % 10 == 9)
        ties = bool(rng.integers(2))
        yield random_diagram(rng, n1, ties, e1), random_diagram(rng, n2, ties, e2)


def finite_off_diagonal(points):
    return points[np.isfinite(points[:, 1]) & (points[:, 0] != points[:, 1])]


def ground_norm(differences, ground):
    return np.linalg.norm(differences, ground, axis=-1)


def cost_matrix(first, second, ground):
    """Distances of the two diagrams, each with the projections of the other on the diagonal."""
    n, m = len(first), len(second)
    cost = np.zeros((n + m, n + m))
    cost[:n, :m] = ground_norm(first[:, None] - second[None], ground)
    for block, points in ((cost[:n, m:].T, first), (cost[n:, :m], second)):
        nearest = np.repeat(points.mean(axis=1, keepdims=True), 2, axis=1)
        block[:] = ground_norm(points - nearest, ground)
    return cost


def slow_wasserstein(first, second, p, ground):
    """Appendix 6.1 of the paper, by scipy's assignment of (n + m) x (n + m)."""
    cost = cost_matrix(finite_off_diagonal(first), finite_off_diagonal(second), ground) ** p
    births1, births2 = (np.sort(x[np.isinf(x[:, 1]), 0]) for x in (first, second))
    if len(births1) != len(births2):
        return np.inf
    total = cost[linear_sum_assignment(cost)].sum() + (abs(births1 - births2) ** p).sum()
    return total ** (1 / p)


def slow_bottleneck(first, second, ground=np.inf):
    """Least threshold at which forbidden edges can be avoided."""
    cost = cost_matrix(finite_off_diagonal(first), finite_off_diagonal(second), ground)
    births1, births2 = (np.sort(x[np.isinf(x[:, 1]), 0]) for x in (first, second))
    if len(births1) != len(births2):
        return np.inf
    values = np.unique(np.append(cost, 0))
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        forbidden = cost > values[middle]
        if forbidden[linear_sum_assignment(forbidden)].any():
            low = middle + 1
        else:
            high = middle
    return max(values[low], abs(births1 - births2).max(initial=0))


@pytest.mark.parametrize("ground", [2, np.inf])
@pytest.mark.parametrize("p", [1.0, 2.0, 3.5])
def test_wasserstein_is_the_optimal_assignment(p, ground):
    for first, second in random_pairs(300, seed=int(p * 10)):
        expected = slow_wasserstein(first, second, p, ground)
        np.testing.assert_allclose(
            wasserstein_distance(first, second, p=p, ground=ground), expected, rtol=1e-12
        )


@pytest.mark.parametrize("ground", [2, np.inf])
def test_bottleneck_is_the_least_threshold(ground):
    for first, second in random_pairs(300):
        expected = slow_bottleneck(first, second, ground)
        np.testing.assert_allclose(
            bottleneck_distance(first, second, ground=ground), expected, rtol=1e-14
        )


def test_large_sparse_and_dense_diagrams():
    """More than one round of pricing, and thresholds that have to rise."""
    rng = np.random.default_rng(0)
    for first, second in (
        (np.sort(rng.random((400, 2))), np.sort(rng.random((300, 2)))),
        (random_diagram(rng, 500, False), random_diagram(rng, 500, True)),
        (random_diagram(rng, 300, False), random_diagram(rng, 3, False)),
    ):
        for p, ground in ((1.0, 2), (2.0, np.inf)):
            np.testing.assert_allclose(
                wasserstein_distance(first, second, p=p, ground=ground),
                slow_wasserstein(first, second, p, ground),
                rtol=1e-12,
            )
        np.testing.assert_allclose(
            bottleneck_distance(first, second), slow_bottleneck(first, second), rtol=1e-14
        )


def test_shapes_that_ask_for_pricing():
    """Equal births, many equal points, few values, and clusters far from each other."""
    rng = np.random.default_rng(0)

    def line(n, birth):
        return np.column_stack([np.full(n, birth), birth + rng.exponential(1, n)])

    def few_values(n):
        points = np.sort(rng.integers(0, 5, (n, 2)))
        return points[points[:, 0] < points[:, 1]] / 4

    for first, second in (
        (line(60, 0.0), line(50, 0.0)),
        (line(60, 0.0), line(50, 0.25)),
        (np.tile([[0.0, 1.0]], (80, 1)), np.tile([[0.1, 1.1]], (60, 1))),
        (few_values(150), few_values(120)),
        (0.01 * rng.random((80, 2)) + [0, 1], 0.01 * rng.random((80, 2)) + [0.3, 1.2]),
    ):
        for p, ground in ((1.0, 2), (2.0, 2), (1.0, np.inf)):
            np.testing.assert_allclose(
                wasserstein_distance(first, second, p=p, ground=ground),
                slow_wasserstein(first, second, p, ground),
                rtol=1e-12,
            )
        np.testing.assert_allclose(
            bottleneck_distance(first, second), slow_bottleneck(first, second), rtol=1e-12
        )


def points_apart(rng):
    """Two diagrams of 64 points or more, most of whose boxes are disjoint, on any side."""
    spread = rng.choice([0.01, 0.2, 1.0])
    ties = rng.random() < 0.5
    diagrams = []
    for shift in (np.zeros(2), rng.choice([-1, 1], 2) * rng.choice([0, 0.5, 1, 3], 2)):
        points = spread * rng.random((int(rng.integers(32, 60)), 2))
        if ties:
            points = np.round(points * 4) / 4 + 1e-16 * rng.integers(0, 3, points.shape)
        points += shift + np.array([0, rng.choice([5.0, 12.0])])
        if rng.random() < 0.3:  # these may end on the diagonal
            points[:12, 1] = points[:12, 0] + 0.3 * rng.random(12) + 1e-3
        diagrams.append(points)
    return [x[:, ::-1] for x in diagrams] if rng.random() < 0.3 else diagrams


def test_bottleneck_of_diagrams_that_lie_apart():
    rng = np.random.default_rng(0)
    for _ in range(60):
        first, second = points_apart(rng)
        distance, matching = bottleneck_distance(first, second, return_matching=True)
        np.testing.assert_allclose(distance, slow_bottleneck(first, second), rtol=1e-15)
        i, j = matching.pairs.T
        steps = [
            *abs(first[i] - second[j]).max(axis=1),
            *abs(np.diff(first[matching.diagonal1])[:, 0] / 2),
            *abs(np.diff(second[matching.diagonal2])[:, 0] / 2),
        ]
        assert len(steps) == len(first) + len(second) - len(i)
        assert max(steps) == pytest.approx(distance, rel=1e-15)


def test_nearly_equal_diagrams_keep_their_precision():
    """Costs of 1e-12 beside lengths of 1: duals must not drown them."""
    rng = np.random.default_rng(0)
    first = np.column_stack([rng.random(200), 1 + rng.random(200)])
    second = first + 1e-6 * rng.normal(size=first.shape)
    expected = np.sqrt(((first - second) ** 2).sum())
    found = wasserstein_distance(first, second[::-1], p=2)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1e300])
def test_scale(scale):
    first, second = next(random_pairs(1, seed=4))
    first, second = finite_off_diagonal(first), finite_off_diagonal(second)
    for distance in (*DISTANCES.values(), lambda a, b: wasserstein_distance(a, b, p=4)):
        np.testing.assert_allclose(
            distance(first * scale, second * scale), distance(first, second) * scale, rtol=1e-9
        )


@pytest.mark.parametrize(("long", "short"), [(1.0, 1e-200), (1e150, 1e-100), (1e100, 1e-215)])
def test_long_points_that_coincide_leave_the_distance_of_short_ones(long, short):
    """Squares of short lengths, and lengths scaled with the long ones, once became zero."""
    first = np.array([[0, long], [2 * long, 5 * long], [1e3 * short, 1002 * short], [0, short]])
    second = first + np.array([[0, 0], [0, 0], [short / 4, short / 4], [0, 0]])
    for ground, step in ((np.inf, 0.25), (2, 0.25 * np.sqrt(2))):
        expected = pytest.approx(step * short, rel=1e-12, abs=0)
        distance, matching = bottleneck_distance(
            first, second[::-1], ground=ground, return_matching=True
        )
        assert distance == expected
        np.testing.assert_array_equal(matching.pairs, [[0, 3], [1, 2], [2, 1], [3, 0]])
        found = pairwise_diagram_distances([first], [second], metric="bottleneck", ground=ground)
        assert found[0, 0] == expected


def test_distance_to_nothing_is_the_way_to_the_diagonal():
    points = [[0.0, 2.0], [1.0, 4.0], [3.0, 3.0]]
    assert wasserstein_distance(points, [], ground=np.inf) == 2.5
    assert wasserstein_distance([], points, p=2) == pytest.approx(np.sqrt((4 + 9) / 2))
    assert bottleneck_distance(points, np.empty((0, 2))) == 1.5
    assert wasserstein_distance([], []) == bottleneck_distance([], []) == 0
    assert sliced_wasserstein_distance([], []) == 0


def test_essential_classes_go_to_their_kind():
    inf = np.inf
    first = [[0.0, inf], [3.0, -inf], [-inf, 2.0], [5.0, inf], [-inf, inf]]
    second = [[6.0, inf], [-inf, inf], [1.0, inf], [-inf, 2.5], [3.0, -inf]]
    for distance, expected in (
        (wasserstein_distance, 2.5),
        (bottleneck_distance, 1.0),
        (sliced_wasserstein_distance, 2.5),
    ):
        assert distance(first, second) == pytest.approx(expected)
        assert distance(first, second[1:]) == inf
    distance, matching = wasserstein_distance(first, second, return_matching=True)
    assert matching.pairs.tolist() == [[0, 2], [1, 4], [2, 3], [3, 0], [4, 1]]
    assert wasserstein_distance(first, second[1:], return_matching=True) == (inf, None)
    found = pairwise_diagram_distances([first, second], [second[1:], second], "bottleneck")
    np.testing.assert_array_equal(found, [[inf, 1], [inf, 0]])


def test_matching_adds_up(rng):
    for p in (1.0, 2.0):
        first, second = random_diagram(rng, 30, True, 2), random_diagram(rng, 20, True, 2)
        distance, matching = wasserstein_distance(first, second, p=p, return_matching=True)
        rows, columns = matching.pairs.T
        assert sorted([*rows, *matching.diagonal1]) == list(range(len(first)))
        assert sorted([*columns, *matching.diagonal2]) == list(range(len(second)))
        essential = np.isinf(first[rows, 1])
        total = (abs(first[rows, 0] - second[columns, 0])[essential] ** p).sum()
        pairs = matching.pairs[~essential]
        total += (ground_norm(first[pairs[:, 0]] - second[pairs[:, 1]], 2) ** p).sum()
        for points in (first[matching.diagonal1], second[matching.diagonal2]):
            total += ((np.diff(points) / np.sqrt(2)) ** p).sum()
        assert distance == pytest.approx(total ** (1 / p))


def test_superlevel_diagrams_are_mirrored(rng):
    images = rng.random((2, 9, 9))
    for dim in (0, 1):
        down, up = LevelSet(2, superlevel=True)(images), LevelSet(2)(-images)
        for distance in DISTANCES.values():
            assert distance(down[0], down[1], dim=dim) == pytest.approx(
                distance(up[0], up[1], dim=dim)
            )


# Gradients


@pytest.mark.parametrize("ground", [2, np.inf])
@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_wasserstein_gradcheck(p, ground, rng):
    first, second = (
        torch.tensor(finite_off_diagonal(random_diagram(rng, n, False)), requires_grad=True)
        for n in (6, 4)
    )

    def distance(a, b):
        return wasserstein_distance(a, b, p=p, ground=ground)

    assert torch.autograd.gradcheck(distance, (first, second))


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize(
    "distance",
    [
        bottleneck_distance,
        partial(bottleneck_distance, ground=2),
        sliced_wasserstein_distance,
        wasserstein_distance,
    ],
    ids=["bottleneck", "bottleneck_2", "sliced_wasserstein", "wasserstein"],
)
def test_other_gradchecks(distance, superlevel, rng):
    first, second = (random_diagram(rng, n, False) for n in (6, 4))
    if superlevel:
        first, second = first[:, ::-1].copy(), second[:, ::-1].copy()
    first, second = (torch.tensor(points, requires_grad=True) for points in (first, second))
    assert torch.autograd.gradcheck(distance, (first, second))


def test_gradient_of_essential_births_and_through_the_filtration():
    first = torch.tensor([[1.0, np.inf], [2.0, 3.0]], requires_grad=True)
    wasserstein_distance(first, [[4.0, np.inf], [2.0, 3.5]]).backward()
    assert first.grad.tolist() == [[-1.0, 0.0], [0.0, -1.0]]
    line = torch.tensor([0.0, 3.0, 1.0, 4.0, -1.0, 2.0], requires_grad=True)
    diagram = LevelSet(1)(line)
    bottleneck_distance(diagram, [[-1.0, np.inf], [0.0, 4.5], [1.0, 3.0]]).backward()
    assert line.grad.tolist() == [0, 0, 0, -1, 0, 0]


@pytest.mark.parametrize("distance", DISTANCES.values(), ids=DISTANCES)
def test_zero_and_infinite_distances_have_zero_gradients(distance):
    first = torch.tensor([[0.0, 1.0], [1.0, 1.0], [2.0, np.inf]], requires_grad=True)
    for second in (first.detach().clone(), [[0.0, 1.0]]):
        first.grad = None
        distance(first, second).backward()
        assert (first.grad == 0).all()
    same = wasserstein_distance(first, first.detach().clone(), p=3)
    same.backward()
    assert (first.grad == 0).all()


def test_tensors_and_arrays_mix(rng):
    first, second = random_diagram(rng, 9, False), random_diagram(rng, 7, False)
    for distance in DISTANCES.values():
        found = distance(torch.tensor(first, dtype=torch.float32), second)
        assert found.dtype == torch.float64
        assert found.item() == pytest.approx(distance(first, second), rel=1e-6)
        assert type(distance(first, second)) is float  # and no scalar of numpy
        assert type(distance([], [])) is float


# Axioms


coordinates = st.integers(-8, 8).map(lambda x: x / 4)
diagrams = st.lists(
    st.tuples(coordinates, coordinates).map(sorted).filter(lambda x: x[0] < x[1]), max_size=6
)


@settings(max_examples=60, deadline=None)
@given(diagrams, diagrams, diagrams, st.sampled_from([1.0, 2.0]))
def test_metric_axioms(a, b, c, p):
    def wasserstein(x, y):
        return wasserstein_distance(x, y, p=p)

    for distance in (wasserstein, bottleneck_distance, sliced_wasserstein_distance):
        assert distance(a, b) == pytest.approx(distance(b, a), abs=1e-12)
        assert distance(a, c) <= distance(a, b) + distance(b, c) + 1e-12
        assert distance(a, a[::-1]) == pytest.approx(0, abs=1e-12)
        if sorted(a) != sorted(b):
            assert distance(a, b) > 0
    assert bottleneck_distance(a, b, ground=2) <= wasserstein(a, b) + 1e-12


values = st.lists(st.integers(-20, 20), min_size=16, max_size=16)


@settings(max_examples=60, deadline=None)
@given(values, values, st.sampled_from([(1, (16,)), (2, (4, 4)), (2, (2, 8))]), st.booleans())
def test_stability(f, g, grid, superlevel):
    ndim, shape = grid
    f, g = (np.array(x, dtype=float).reshape(shape) for x in (f, g))
    filtration = LevelSet(ndim, superlevel=superlevel)
    first, second = filtration(f), filtration(g)
    for dim in range(ndim):
        assert bottleneck_distance(first, second, dim=dim) <= abs(f - g).max()


# Many pairs


@pytest.mark.parametrize("metric", DISTANCES)
def test_pairwise_is_the_loop(metric):
    first, second = zip(*random_pairs(12), strict=True)
    second = second[:7]
    expected = [[DISTANCES[metric](a, b) for b in second] for a in first]
    found = pairwise_diagram_distances(first, second, metric)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    square = pairwise_diagram_distances(first, metric=metric, n_jobs=2)
    np.testing.assert_array_equal(square, square.T)
    np.testing.assert_array_equal(np.diag(square), 0)
    np.testing.assert_allclose(
        square, [[DISTANCES[metric](a, b) for b in first] for a in first], rtol=1e-12, atol=1e-14
    )
    assert pairwise_diagram_distances([], second, metric).shape == (0, 7)


def test_pairwise_parameters_and_batches(rng):
    batch = LevelSet(2)(rng.random((2, 3, 6, 6)))
    found = pairwise_diagram_distances(batch, p=3.0, ground=np.inf, dim=1)
    assert found.shape == (6, 6)
    expected = wasserstein_distance(batch[0][2], batch[1][0], p=3.0, ground=np.inf, dim=1)
    assert found[2, 3] == pytest.approx(expected)
    listed = pairwise_diagram_distances([d for row in batch for d in row], p=3.0, ground=np.inf,
                                        dim=1)  # fmt: skip
    np.testing.assert_array_equal(found, listed)
    images = rng.random((4, 6, 6))
    arrays = PersistenceDiagrams(essential="keep").fit_transform(images)
    expected = pairwise_diagram_distances(LevelSet(2)(images), dim=1)
    np.testing.assert_array_equal(pairwise_diagram_distances(arrays, dim=1), expected)
    single = [both[1] for both in arrays]
    np.testing.assert_array_equal(pairwise_diagram_distances(arrays, single, dim=1), expected)
    assert wasserstein_distance(arrays[0], single[1], dim=1) == pytest.approx(expected[0, 1])
    tensors = [torch.tensor(d[1]) for row in batch for d in row]
    np.testing.assert_array_equal(
        pairwise_diagram_distances(tensors, metric="bottleneck"),
        pairwise_diagram_distances(batch, metric="bottleneck", dim=1),
    )


def test_p_of_pairs():
    """Infinite p is the bottleneck distance; sliced distances have no p, also essential classes."""
    first, second = zip(*random_pairs(8, seed=5), strict=True)
    for ground in (2, np.inf):
        limit = pairwise_diagram_distances(first, second, p=np.inf, ground=ground)
        for i, j in ((0, 0), (2, 3), (7, 1)):
            expected = bottleneck_distance(first[i], second[j], ground=ground)
            found = wasserstein_distance(first[i], second[j], p=np.inf, ground=ground)
            assert found == expected
            assert limit[i, j] == pytest.approx(expected)
    pair = first[0], second[0]
    _, matching = wasserstein_distance(*pair, p=np.inf, return_matching=True)
    np.testing.assert_array_equal(
        matching.pairs, bottleneck_distance(*pair, ground=2, return_matching=True)[1].pairs
    )
    sliced = partial(pairwise_diagram_distances, first, second, "sliced_wasserstein")
    np.testing.assert_array_equal(sliced(p=3), sliced())


@pytest.mark.parametrize("n_directions", [1, 2, 7, 10])
def test_sliced_kernel_is_the_loop(n_directions, rng):
    """Odd numbers of lines, ties, signs, no points."""
    diagrams = [random_diagram(rng, n, ties) for n in (0, 1, 2, 9, 30) for ties in (False, True)]
    diagrams += [-diagrams[-1], diagrams[-2][:, ::-1], np.full((3, 2), 2.0)]
    found = pairwise_diagram_distances(
        diagrams, metric="sliced_wasserstein", n_directions=n_directions
    )
    expected = [
        [sliced_wasserstein_distance(a, b, n_directions=n_directions) for b in diagrams]
        for a in diagrams
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
    both = pairwise_diagram_distances(
        diagrams, diagrams, "sliced_wasserstein", n_directions=n_directions
    )
    np.testing.assert_array_equal(both, found)


def test_projections_end_with_the_only_infinity():
    """The kernel goes on until it meets one: a projection that overflows must not look like it."""
    huge = np.full((4, 2), 1.7e308)
    with np.errstate(over="ignore"):
        *sides, splits = pairwise._sorted_projections([huge, -huge, huge[:0]], np.array([0.7, 0]))
    for side in sides:
        assert np.flatnonzero(np.isinf(side[0])).tolist() == (splits[1:] - 1).tolist()


@pytest.mark.parametrize("metric", DISTANCES)
def test_n_jobs_reaches_the_workers(metric, monkeypatch):
    first, second = zip(*random_pairs(6), strict=True)
    one = pairwise_diagram_distances(first, second, metric)
    asked = []
    run = pairwise.run
    monkeypatch.setattr(pairwise, "run", lambda tasks, n: asked.append(n) or run(tasks, n))
    np.testing.assert_array_equal(pairwise_diagram_distances(first, second, metric, n_jobs=2), one)
    assert asked == [2]


# Peers


def comparable(first, second):
    """Hera crashes where a diagram has no finite point off the diagonal."""
    return min(len(finite_off_diagonal(x)) for x in (first, second)) > 0


@pytest.mark.parametrize(("p", "ground"), [(1.0, 2.0), (2.0, np.inf), (1.0, np.inf), (2.0, 2.0)])
def test_agrees_with_hera_and_gudhi(p, ground):
    hera = pytest.importorskip("gudhi.hera")
    pytest.importorskip("ot")
    peer = pytest.importorskip("gudhi.wasserstein")
    for first, second in random_pairs(250, seed=int(10 * p)):
        if not comparable(first, second):
            continue
        found = wasserstein_distance(first, second, p=p, ground=ground)
        options = {"order": p, "internal_p": ground}
        expected = hera.wasserstein_distance(first, second, delta=1e-10, **options)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-15)
        if np.isfinite(expected):  # else it warns
            expected = peer.wasserstein_distance(first, second, **options)
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-15)
        if ground == np.inf:
            expected = hera.bottleneck_distance(first, second, 0)
            assert bottleneck_distance(first, second) == pytest.approx(expected, rel=1e-9)


def test_agrees_with_persim():
    persim = pytest.importorskip("persim")
    for first, second in random_pairs(40):
        first, second = finite_off_diagonal(first), finite_off_diagonal(second)
        if not comparable(first, second):
            continue
        # Its distances lose half of their digits (Gram matrices), its directions are float32.
        assert wasserstein_distance(first, second) == pytest.approx(
            persim.wasserstein(first, second), rel=1e-6
        )
        assert bottleneck_distance(first, second) == pytest.approx(
            persim.bottleneck(first, second), rel=1e-9
        )
        assert sliced_wasserstein_distance(first, second, n_directions=20) == pytest.approx(
            persim.sliced_wasserstein(first, second, M=20), rel=1e-5
        )


def test_sliced_agrees_with_gudhi(rng):
    """gudhi takes the mean over all of n directions but the last, which is left out twice here."""
    metrics = pytest.importorskip("gudhi.representations.metrics")
    first, second = random_diagram(rng, 20, False), random_diagram(rng, 15, False)
    n = 10
    theirs = metrics.SlicedWassersteinDistance(num_directions=n)(first, second)
    angle = np.pi * ((n - 1) / n - 0.5)
    line = np.array([np.cos(angle), np.sin(angle)])
    middles = [np.repeat(x.mean(axis=1, keepdims=True), 2, axis=1) for x in (first, second)]
    ahead = np.sort(np.concatenate([first, middles[1]]) @ line)
    behind = np.sort(np.concatenate([second, middles[0]]) @ line)
    last = abs(ahead - behind).sum()
    expected = ((n - 1) * theirs + last) / n
    found = sliced_wasserstein_distance(first, second, n_directions=n)
    assert found == pytest.approx(expected, rel=1e-12)


# Bad input


@pytest.mark.parametrize(
    ("first", "parameters", "error", "sentence"),
    [
        ([[0.0, np.nan]], {}, ValueError, r"dgm1 must not have NaN, got \[0.0, nan\] in row 0"),
        ([[0.0, 1.0, 2.0]], {}, ValueError, r"dgm1 must have shape \(n, 2\).*got \(1, 3\)"),
        ([0.0, 1.0], {}, ValueError, r"dgm1 must have shape \(n, 2\).*got \(2,\)"),
        ([[0.0, 1.0], [2.0]], {}, ValueError, "dgm1 must be a rectangular array"),
        ([["a", "b"]], {}, TypeError, "dgm1 must be an array of real numbers"),
        ([[1j, 2.0]], {}, TypeError, "dgm1 must be an array of real numbers"),
        ([[0.0, 1.0]], {"p": 0.5}, ValueError, "p must be a number from 1 to 100, or inf, got 0.5"),
        ([[0.0, 1.0]], {"p": -np.inf}, ValueError, "p must be a number"),
        ([[0.0, 1.0]], {"p": np.nan}, ValueError, "p must be a number"),
        ([[0.0, 1.0]], {"p": True}, ValueError, "p must be a number"),
        ([[0.0, 1.0]], {"p": "2"}, ValueError, "p must be a number"),
        ([[0.0, 1.0]], {"ground": 1}, ValueError, "ground must be 2 or inf, got 1"),
        ([[0.0, 1.0]], {"ground": "inf"}, ValueError, "ground must be 2 or inf, got 'inf'"),
        ([[0.0, 1.0]], {"ground": np.array([1, 2])}, ValueError, "ground must be 2 or inf, got"),
        ([[0.0, 1.0]], {"ground": None}, ValueError, "ground must be 2 or inf, got None"),
        ([[0.0, 1.0]], {"dim": 1}, ValueError, "dim=1 picks .* dgm1 and dgm2 are single arrays"),
        (
            [[[0.0, 1.0]], [[0.0, 1.0]]],
            {},
            ValueError,
            "dim must say which of the 2 arrays of dgm1",
        ),
        (None, {}, TypeError, r"dgm1 must have shape \(n, 2\), .* got NoneType"),
    ],
)
def test_bad_input(first, parameters, error, sentence):
    with pytest.raises(error, match=sentence):
        wasserstein_distance(first, [[0.0, 1.0]], **parameters)


def test_bad_dimensions_and_lists(rng):
    diagram = LevelSet(2)(rng.random((4, 4)))
    assert isinstance(diagram, Diagram)
    with pytest.raises(ValueError, match=r"dim must say which of the dimensions \(0, 1\) of dgm1"):
        bottleneck_distance(diagram, diagram[0])
    line = LevelSet(1)(rng.random(4))
    with pytest.raises(ValueError, match=r"differ: \(0, 1\) in dgm1 and \(0,\) in dgm2"):
        bottleneck_distance(diagram, line)
    with pytest.raises(ValueError, match=r"dim must be one of .* \(0, 1\) of dgm1, got 2"):
        bottleneck_distance(diagram, diagram, dim=2)
    for n in (0, True, 2.0, "3"):
        with pytest.raises(ValueError, match=f"n_directions must be an integer .* got {n!r}"):
            sliced_wasserstein_distance([], [], n_directions=n)
    with pytest.raises(ValueError, match=r"metric must be one of .* got 'cosine'"):
        pairwise_diagram_distances([], metric="cosine")
    with pytest.raises(ValueError, match=r"X must be a list of diagrams, got a single one"):
        pairwise_diagram_distances(diagram, dim=0)
    with pytest.raises(ValueError, match=r"X must be a list of diagrams, got a single one"):
        pairwise_diagram_distances([[0.0, 1.0], [0.0, 2.0]])
    with pytest.raises(TypeError, match=r"X must be a list of diagrams, got int"):
        pairwise_diagram_distances(3)
    with pytest.raises(ValueError, match=r"dim=1 picks .* the diagrams are single arrays"):
        pairwise_diagram_distances([[[0, 1]]], [[[0, 2]]], dim=1)
    with pytest.raises(ValueError, match=r"differ: \(0, 1\) in X\[0\] and \(0,\) in X\[1\]"):
        pairwise_diagram_distances([diagram, line])
    with pytest.raises(ValueError, match=r"dim must be one of the dimensions \(0,\) of Y\[0\]"):
        pairwise_diagram_distances([diagram], [line, line])
    volume = LevelSet(3)(rng.random((3, 3, 3)))
    with pytest.raises(ValueError, match=r"differ: \(0, 1\) in X\[0\] and \(0, 1, 2\) in Y\[0\]"):
        pairwise_diagram_distances([diagram], [volume])
    with pytest.raises(ValueError, match=r"dim must be different integers of at least 0, got"):
        bottleneck_distance(diagram, diagram, dim=(0, 0))
    with pytest.raises(ValueError, match=r"Y\[1\] must not have NaN"):
        pairwise_diagram_distances([[[0, 1]]], [[[0, 1]], [[0, np.nan]]])


@pytest.mark.parametrize("dim", [(0, 1), None, (1, 0)])
def test_several_dimensions(dim, rng):
    batch = LevelSet(2)(rng.random((3, 6, 6)))
    others = [[diagram[0], diagram[1]] for diagram in batch]
    first, second = batch[0], batch[1]
    for distance, metric, parameters, p in (
        (wasserstein_distance, "wasserstein", {}, 1),
        (wasserstein_distance, "wasserstein", {"p": 3.0, "ground": np.inf}, 3.0),
        (bottleneck_distance, "bottleneck", {}, np.inf),
        (sliced_wasserstein_distance, "sliced_wasserstein", {"n_directions": 7}, 1),
    ):
        each = [distance(first, second, dim=k, **parameters) for k in (0, 1)]
        expected = np.linalg.norm(each, p)
        assert distance(first, second, dim=dim, **parameters) == pytest.approx(expected)
        assert distance(first, others[1], dim=dim, **parameters) == pytest.approx(expected)
        for Y in (None, others):
            found = pairwise_diagram_distances(batch, Y, metric, dim=dim, **parameters)
            assert found[0, 1] == pytest.approx(expected)
    total, matchings = wasserstein_distance(first, second, dim=dim, return_matching=True)
    assert sorted(matchings) == [0, 1]
    for k, matching in matchings.items():
        alone = wasserstein_distance(first, second, dim=k, return_matching=True)[1]
        np.testing.assert_array_equal(matching.pairs, alone.pairs)
    images = torch.tensor(rng.random((2, 5, 5)), requires_grad=True)
    live = LevelSet(2)(images)
    total = wasserstein_distance(live[0], live[1], dim=dim, p=2)
    total.backward()
    assert images.grad.abs().sum() > 0
    no_class = [[[0.0, 1.0]], [[0.0, 1.0]]]
    assert wasserstein_distance(no_class, first, dim=dim, p=2) == np.inf
    assert pairwise_diagram_distances([no_class], [others[0]], dim=dim, p=2)[0, 0] == np.inf


def test_integers_and_odd_memory(rng):
    first = rng.integers(0, 9, (6, 4))[:, ::2]
    second = np.asfortranarray(rng.integers(0, 9, (5, 2)).astype(">f4"))
    second.flags.writeable = False
    expected = wasserstein_distance(first.astype(float), second.astype(float))
    assert wasserstein_distance(first, second) == pytest.approx(expected)


@pytest.mark.parametrize(("bottleneck", "n"), [(False, 30_000), (True, 200_000)])
def test_ctrl_c_ends_a_long_computation(rng, bottleneck, n):
    first, second = np.sort(rng.random((2, n, 2)))
    out = np.array([np.nan])  # a kernel that runs to its end writes it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, _thread.interrupt_main)

    def compute():
        timer.start()
        distances_from(first, second, np.array([0, n]), 1.0, True, bottleneck, out)

    try:
        with pytest.raises(KeyboardInterrupt):
            compute()
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
    assert np.isnan(out[0])


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("metric", ["wasserstein", "bottleneck", "sliced_wasserstein"])
def test_verbose_shows_a_bar_and_changes_nothing(metric, n_jobs, rng, capsys):
    diagrams = [np.sort(rng.random((4, 2)), axis=1) for _ in range(5)]
    expected = pairwise_diagram_distances(diagrams, metric=metric)
    assert capsys.readouterr().err == ""
    found = pairwise_diagram_distances(diagrams, metric=metric, n_jobs=n_jobs, verbose=1)
    np.testing.assert_array_equal(found, expected)
    assert "5/5" in capsys.readouterr().err
    with pytest.raises(ValueError, match="verbose must be an integer of at least 0"):
        pairwise_diagram_distances(diagrams, verbose=-1)
