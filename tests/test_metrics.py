"""Metrics of generated samples equal their definitions."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist
from scipy.special import softmax

from skltopo.distances import pairwise_diagram_distances, wasserstein_distance
from skltopo.filtrations import LevelSet, VietorisRips
from skltopo.metrics import coverage, inception_score, minimum_matching_distance

BOTH = [minimum_matching_distance, coverage]
SUPERLEVEL = LevelSet(ndim=2, superlevel=True, homology_dimensions=(0,))


def brute_force(reference, generated, distance):
    """Return (minimum matching distance, coverage) by their definitions."""
    nearest = [min(distance(x, y) for y in generated) for x in reference]
    matched = set()
    for y in generated:
        distances = [distance(x, y) for x in reference]
        matched.add(distances.index(min(distances)))
    return sum(nearest) / len(nearest), len(matched) / len(reference)


def euclidean(x, y):
    return float(np.sqrt(((np.asarray(x, float) - np.asarray(y, float)) ** 2).sum()))


def check(reference, generated, distance, by_hand, **options):
    for metric, expected in zip(BOTH, brute_force(reference, generated, by_hand), strict=True):
        found = metric(reference, generated, distance, **options)
        assert type(found) is float
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.fixture
def images(rng):
    return rng.random((7, 5, 6)), rng.random((9, 5, 6))


# Values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_distance_of_values_equals_brute_force(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 4, rng.integers(1, 4)))
    sets = [rng.integers(0, 3, (rng.integers(1, 7), *shape)) / 2 for _ in range(2)]  # with ties
    check(*sets, "l2", euclidean)


def test_l2_is_the_default_and_has_the_names_of_scipy(images):
    first, second = images
    for metric in BOTH:
        assert metric(first, second) == metric(first, second, "euclidean")
    check(first, second, "cityblock", lambda x, y: abs(x - y).sum())
    check(first, second, "sqeuclidean", lambda x, y: ((x - y) ** 2).sum())
    check(first, second, "chebyshev", lambda x, y: abs(x - y).max())


def test_metrics_that_scale_by_all_samples_see_all_of_them(rng):
    first, second = rng.random((40, 3)), rng.random((30, 3)) + 1
    for name in ("seuclidean", "mahalanobis"):
        expected = cdist(first, second, name).min(axis=1).mean()
        assert minimum_matching_distance(first, second, name) == pytest.approx(expected)
    with pytest.raises(ValueError, match="which is singular; take more samples"):
        minimum_matching_distance(np.ones((4, 3)), np.ones((4, 3)), "mahalanobis")


def test_cosine_of_parallel_samples_is_no_negative_distance():
    first = np.outer(np.arange(1, 30), np.array([0.1, 0.3, 0.7]))
    assert minimum_matching_distance(first, first, "cosine") == pytest.approx(0, abs=1e-12)


def test_a_set_matches_itself(images):
    assert minimum_matching_distance(images[0], images[0]) == 0
    assert coverage(images[0], images[0]) == 1
    assert coverage(images[0], images[0][:1]) == 1 / 7


def test_tensors_lists_and_integers_are_samples(images):
    expected = [metric(*images) for metric in BOTH]
    live = [torch.tensor(one, requires_grad=True) for one in images]
    narrow = [torch.tensor(one, dtype=torch.float16) for one in images]
    assert [metric(*live) for metric in BOTH] == expected
    assert [metric(*[one.tolist() for one in images]) for metric in BOTH] == expected
    assert minimum_matching_distance(*narrow) == pytest.approx(expected[0], rel=1e-2)
    assert minimum_matching_distance([[0], [4]], [[1]]) == 2.0


# Functions and matrices -----------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
def test_any_function_of_two_samples(n_jobs, capsys):
    words = ["ab", "abc", "x", "zzzz"], ["abc", "yy", "abcdefgh"]
    check(*words, lambda x, y: abs(len(x) - len(y)), lambda x, y: abs(len(x) - len(y)),
          n_jobs=n_jobs)  # fmt: skip
    check(*words, lambda x, y: torch.tensor(1.0), lambda x, y: 1.0, n_jobs=n_jobs)
    assert minimum_matching_distance(*words, lambda x, y: 10**400, n_jobs=n_jobs) == np.inf
    coverage(*words, lambda x, y: 1, n_jobs=n_jobs, verbose=1)
    assert "4/4" in capsys.readouterr().err


def test_matrix_stands_for_samples(images):
    matrix = cdist(*[one.reshape(len(one), -1) for one in images])
    for metric in BOTH:
        assert metric(*images, matrix) == metric(*images)
        assert metric(None, None, matrix) == metric(*images)
        assert metric(None, None, torch.tensor(matrix)) == metric(*images)
        assert metric(None, None, matrix.tolist()) == metric(*images)


# Diagrams -------------------------------------------------------------------------------------


def test_wasserstein_of_images_is_that_of_superlevel_components(images):
    diagrams = [SUPERLEVEL(one) for one in images]

    def distance(x, y):
        return wasserstein_distance(x, y, p=1, dim=0)

    expected = brute_force(*[list(one) for one in diagrams], distance)
    as_given = {
        "arrays": images,
        "with channels": [one[:, None] for one in images],
        "tensors": [torch.tensor(one, requires_grad=True) for one in images],
        "diagrams": diagrams,
        "lists of diagrams": [list(one) for one in diagrams],
    }
    for name, sets in as_given.items():
        for n_jobs in (None, 2):
            found = [metric(*sets, "wasserstein", n_jobs=n_jobs) for metric in BOTH]
            np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("distance", ["wasserstein", "bottleneck", "sliced_wasserstein"])
def test_diagrams_as_arrays_and_of_other_filtrations(distance, images, rng):
    arrays = [[np.sort(rng.random((n, 2))) for n in (3, 0, 2)] for _ in range(2)]
    arrays[0][1] = []
    matrix = pairwise_diagram_distances(*arrays, metric=distance)
    clouds = [rng.random((4, 6, 2)), rng.random((3, 6, 2))]
    rips = VietorisRips(max_dim=0)
    of_clouds = pairwise_diagram_distances(*map(rips, clouds), metric=distance)
    for metric in BOTH:
        assert metric(*arrays, distance) == metric(None, None, matrix)
        assert metric(*clouds, distance, filtration=rips) == metric(None, None, of_clouds)
    holes = LevelSet(ndim=2, homology_dimensions=(1,))
    of_holes = pairwise_diagram_distances(*map(holes, images), metric=distance)
    assert coverage(*images, distance, filtration=holes) == coverage(None, None, of_holes)


def test_wasserstein_of_volumes(rng):
    volumes = rng.random((3, 4, 4, 4)), rng.random((2, 4, 4, 4))
    layer = LevelSet(ndim=3, superlevel=True, homology_dimensions=(0,))
    expected = pairwise_diagram_distances(*map(layer, volumes)).min(axis=1).mean()
    for sets in (volumes, [one[:, None] for one in volumes]):
        assert minimum_matching_distance(*sets, "wasserstein") == pytest.approx(expected)


# Inception score ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_inception_score_equals_its_definition(seed):
    rng = np.random.default_rng(seed)
    n, k = rng.integers(1, 9), rng.integers(1, 6)
    each = softmax(4 * rng.standard_normal((n, k)), axis=1)
    marginal = [sum(each[i, c] for i in range(n)) / n for c in range(k)]
    divergences = [
        sum(each[i, c] * np.log(each[i, c] / marginal[c]) for c in range(k)) for i in range(n)
    ]
    assert inception_score(each) == pytest.approx(np.exp(sum(divergences) / n), rel=1e-12)


def test_inception_score_of_extremes():
    assert inception_score(np.eye(10)) == pytest.approx(10)
    assert inception_score(np.tile(np.eye(10)[:4], (5, 1))) == pytest.approx(4)
    assert inception_score(np.full((6, 10), 0.1)) == pytest.approx(1)
    assert inception_score(torch.eye(3, requires_grad=True)) == pytest.approx(3)
    half = torch.softmax(torch.randn(50, 10, generator=torch.manual_seed(0)), 1).half()
    assert inception_score(half) == pytest.approx(inception_score(half.double()), rel=1e-2)


# Sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", [-1060, -600, 500, 1000])
def test_distances_whose_squares_vanish_and_overflow(exponent):
    rng = np.random.default_rng(0)
    sets = [rng.integers(-3, 4, (n, 3)).astype(float) for n in (6, 5)]
    scaled = [np.ldexp(one, exponent) for one in sets]
    for name in ("l2", "minkowski", "cityblock", "chebyshev"):
        expected, found = (minimum_matching_distance(*both, name) for both in (sets, scaled))
        assert found == pytest.approx(np.ldexp(expected, exponent), rel=1e-12)
        assert coverage(*scaled, name) == coverage(*sets, name)
    sets = [one + 10 for one in sets]
    scaled = [np.ldexp(one, exponent) for one in sets]
    for name in ("cosine", "correlation"):
        expected, found = (minimum_matching_distance(*both, name) for both in (sets, scaled))
        assert found == pytest.approx(expected, abs=1e-12)


def test_distances_that_overflow_are_said_and_means_do_not():
    far = np.full((1, 2), 1e308), np.full((1, 2), -1e308)
    for name in ("l2", "sqeuclidean", "chebyshev"):
        with pytest.raises(ValueError, match="of these samples is more than a float can hold"):
            minimum_matching_distance(*far, name)
    assert minimum_matching_distance(None, None, np.full((3, 2), 1.5e308)) == 1.5e308
    assert minimum_matching_distance(None, None, [[np.inf], [1.0]]) == np.inf


# Bad input ------------------------------------------------------------------------------------

IMAGES = np.arange(12.0).reshape(2, 2, 3)


@pytest.mark.parametrize("metric", BOTH)
@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ((IMAGES, IMAGES, "manhattan2"), ValueError, "distance must be 'l2', one of"),
        ((IMAGES, IMAGES, "precomputed"), ValueError, "must be the matrix itself"),
        ((IMAGES, IMAGES, 3), TypeError, "distance must be a name, a function .* got int"),
        ((IMAGES, IMAGES, np.ones((2, 3))), ValueError, r"got shape \(2, 3\) and 2 samples in"),
        ((None, None, np.ones(3)), ValueError, r"distance must have shape \(n_reference"),
        ((None, None, [[1.0, np.nan]]), ValueError, "got nan for reference sample 0 and .* 1"),
        ((None, None, [[1.0], [-1.0]]), ValueError, "got -1.0 for reference sample 1 and .* 0"),
        ((IMAGES, IMAGES, lambda x, y: "near"), TypeError, "must return a number, got 'near'"),
        ((IMAGES, IMAGES, lambda x, y: np.ma.masked), TypeError, "must return a number"),
        ((IMAGES, IMAGES, lambda x, y: torch.ones((), device="meta")), TypeError, "a number"),
        (({1, 2}, IMAGES, lambda x, y: 1), TypeError, "reference must be a sequence .* got set"),
        ((IMAGES, {"a": 1}, lambda x, y: 1), TypeError, "generated must be a sequence .* got dict"),
        ((csr_array(IMAGES[0]), IMAGES), TypeError, "sequence of samples, got csr_array"),
        ((IMAGES, IMAGES, lambda x, y: np.nan), ValueError, "at least 0 for all pairs, got nan"),
        ((IMAGES[:0], IMAGES), ValueError, "reference must have at least one sample"),
        ((IMAGES, []), ValueError, "generated must have at least one sample"),
        ((IMAGES, 3.0), TypeError, "generated must be a sequence of samples, got float"),
        ((IMAGES, [1.0, 2.0]), ValueError, r"generated must have shape \(n, \.\.\.\)"),
        ((IMAGES, IMAGES[:, :1]), ValueError, "must have samples of one shape"),
        ((IMAGES, IMAGES * np.nan), ValueError, "generated must be finite, got nan"),
        ((IMAGES, [["a"]]), TypeError, "generated"),
        ((IMAGES[:, 0], IMAGES[:, 0], "wasserstein"), ValueError, "must be diagrams, images"),
        ((IMAGES, IMAGES + np.inf, "wasserstein"), ValueError, "generated must be finite"),
        ((SUPERLEVEL(IMAGES[0]), IMAGES, "wasserstein"), TypeError, "sequence of samples"),
    ],
)
def test_bad_input_gets_a_sentence(metric, arguments, error, sentence):
    with np.errstate(invalid="ignore"), pytest.raises(error, match=sentence):
        metric(*arguments)


def test_bad_options_get_a_sentence():
    with pytest.raises(ValueError, match="filtration must be None unless distance is one of"):
        coverage(IMAGES, IMAGES, filtration=SUPERLEVEL)
    with pytest.raises(TypeError, match="filtration must be a filtration"):
        coverage(IMAGES, IMAGES, "wasserstein", filtration=3)
    with pytest.raises(ValueError, match="n_jobs must not be 0"):
        coverage(IMAGES, IMAGES, n_jobs=0)
    with pytest.raises(ValueError, match="verbose must be an integer"):
        coverage(IMAGES, IMAGES, verbose=-1)


@pytest.mark.parametrize(
    ("probabilities", "sentence"),
    [
        ([0.5, 0.5], r"must have shape \(n, n_classes\)"),
        (np.empty((0, 3)), "not be empty"),
        ([[0.5, np.nan]], "must be finite"),
        ([[0.5, 0.5], [1.5, -0.5]], "got .* in row 1; take the softmax"),
        ([[2.0, 3.0]], "add up to 1 for each sample"),
    ],
)
def test_inception_score_wants_probabilities(probabilities, sentence):
    with pytest.raises(ValueError, match=sentence):
        inception_score(probabilities)
