import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_param_validation, parametrize_with_checks

from skltopo import Energy, PersistenceDiagrams, summaries
from skltopo.distances import sliced_wasserstein_distance
from skltopo.filtrations import LevelSet
from skltopo.kernels import SlicedWassersteinKernel
from skltopo.vectorize import (
    BettiCurve,
    PersistenceEntropy,
    PersistenceImage,
    PersistenceLandscape,
    Polynomial,
    Silhouette,
    TopKLengths,
    base,
)
from skltopo.vectorize import gram as gram_room

VECTORIZERS = [
    PersistenceImage(),
    PersistenceImage(resolution=(5, 7), weight_power=2, pixels="points", bandwidth=0.1),
    PersistenceLandscape(),
    PersistenceLandscape(n_layers=2, resolution=11, sample_range=(0, 2)),
    Silhouette(weight_power=0, resolution=20),
    BettiCurve(),
    PersistenceEntropy(),
    PersistenceEntropy(normalize=True),
    TopKLengths(k=3),
    Polynomial(max_p=2, max_q=1, i0=2),
]
TRANSFORMERS = [*VECTORIZERS, SlicedWassersteinKernel(n_directions=7)]


def random_diagrams(rng, n=12, n_max=15):
    diagrams = []
    for size in rng.integers(0, n_max, n):
        births = rng.random(size)
        diagrams.append(np.column_stack([births, births + rng.exponential(0.3, size)]))
    return diagrams


@pytest.fixture
def diagrams(rng):
    return [np.empty((0, 2)), *random_diagrams(rng), np.array([[0.5, 1.0]])]


# Rows of two numbers are functions on a line that have an essential class, and nothing else.
ESSENTIAL_ALONE = pytest.mark.filterwarnings("ignore:essential classes are left out:UserWarning")


@ESSENTIAL_ALONE
@parametrize_with_checks(TRANSFORMERS)
def test_sklearn_common_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", TRANSFORMERS, ids=str)
def test_names_set_output_clone_and_pickle(estimator, diagrams):
    estimator = clone(estimator).fit(diagrams)
    check_param_validation(type(estimator).__name__, clone(estimator))
    found = estimator.transform(diagrams)
    names = estimator.get_feature_names_out()
    assert found.shape == (len(diagrams), len(set(names)))
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(clone(estimator).fit_transform(diagrams), found)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(estimator)).transform(diagrams), found)
    frame = clone(estimator).set_output(transform="pandas").fit_transform(diagrams)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == names.tolist()


@pytest.mark.parametrize("estimator", TRANSFORMERS, ids=str)
def test_a_row_depends_on_its_diagram_alone(estimator, diagrams, rng):
    estimator = clone(estimator).fit(diagrams)
    found = estimator.transform(diagrams)
    alone = np.concatenate([estimator.transform([diagram]) for diagram in diagrams])
    np.testing.assert_allclose(alone, found, atol=1e-14)
    shuffled = estimator.transform([rng.permutation(diagram) for diagram in diagrams])
    np.testing.assert_allclose(shuffled, found, atol=1e-12)


@pytest.mark.parametrize("estimator", TRANSFORMERS, ids=str)
def test_every_way_to_give_diagrams(estimator, rng):
    images = rng.random((4, 7, 7))
    estimator = clone(estimator).set_params(dim=1)
    batch = LevelSet(2)(images)
    expected = estimator.fit_transform(batch)
    np.testing.assert_array_equal(estimator.fit_transform(list(batch)), expected)
    single = clone(estimator).set_params(dim=None)
    arrays = [d[1] for d in batch]
    np.testing.assert_array_equal(single.fit_transform(arrays), expected)
    as_objects = np.empty(4, dtype=object)
    as_objects[:] = arrays
    for container in (tuple(arrays), as_objects, pd.Series(arrays)):
        np.testing.assert_array_equal(single.fit_transform(container), expected)
    by_dimension = [[d[0], d[1]] for d in batch]
    np.testing.assert_array_equal(estimator.fit_transform(by_dimension), expected)
    np.testing.assert_array_equal(single.fit_transform([[points] for points in arrays]), expected)
    diagrams = PersistenceDiagrams(homology_dimensions=(1, 0), essential="keep")
    np.testing.assert_array_equal(
        make_pipeline(diagrams, clone(estimator)).fit_transform(images), expected
    )
    tensors = LevelSet(2)(torch.tensor(images))
    np.testing.assert_array_equal(estimator.fit_transform(tensors), expected)
    from_data = estimator.set_params(filtration="level_set").fit(images)
    np.testing.assert_array_equal(from_data.transform(images), expected)
    lines = rng.random((4, 30))
    rows = estimator.set_params(filtration=None, dim=0).fit_transform(lines)
    np.testing.assert_array_equal(rows, estimator.fit_transform(LevelSet(1)(lines)))
    same_size = rng.random((3, 5, 2))
    found = single.fit_transform(list(same_size))
    for container in (same_size, torch.tensor(same_size), np.array(list(same_size), dtype=object)):
        np.testing.assert_array_equal(single.fit_transform(container), found)
    several = np.stack([rng.random((3, 5, 2)), same_size], axis=1)
    np.testing.assert_array_equal(clone(estimator).set_params(dim=1).fit_transform(several), found)


@pytest.mark.parametrize("estimator", VECTORIZERS, ids=str)
def test_superlevel_mirrors_sublevel(estimator, rng):
    """The superlevel sets of 1 - f have the intervals of f, upside down."""
    if isinstance(estimator, (PersistenceImage, Polynomial)):
        pytest.skip("these look at births or middles, which change")
    images = rng.random((3, 8, 8))
    up, down = LevelSet(2)(images), LevelSet(2, superlevel=True)(1 - images)
    sizes = {"sample_range": (0, 1)} if hasattr(estimator, "sample_range") else {}
    estimator = clone(estimator).set_params(dim=1, **sizes)
    rising, falling = estimator.fit_transform(up), estimator.fit_transform(down)
    if sizes:
        n = rising.shape[1] // getattr(estimator, "n_layers", 1)
        falling = falling.reshape(3, -1, n)[:, :, ::-1].reshape(3, -1)
    np.testing.assert_allclose(rising, falling, atol=1e-12)


# Torch


@pytest.mark.parametrize("estimator", VECTORIZERS, ids=str)
def test_torch_module_computes_the_same_columns(estimator, diagrams):
    estimator = clone(estimator).fit(diagrams)
    module = estimator.to_torch()
    assert isinstance(module, torch.nn.Module)
    found = module([torch.tensor(diagram) for diagram in diagrams])
    np.testing.assert_allclose(found.numpy(), estimator.transform(diagrams), atol=1e-12)
    assert module([torch.tensor(diagrams[3], dtype=torch.float32)]).dtype == torch.float32


@pytest.mark.parametrize("estimator", VECTORIZERS, ids=str)
def test_torch_gradients(estimator, rng):
    diagrams = random_diagrams(rng, n=3, n_max=6)
    # Fitted to others: a grid that begins at the first birth would meet the kink of its tent.
    module = clone(estimator).fit(random_diagrams(rng)).to_torch()
    points = [torch.tensor(diagram, requires_grad=True) for diagram in diagrams]
    assert torch.autograd.gradcheck(lambda *x: module(list(x)), points)
    falling = [torch.tensor(diagram[:, ::-1].copy(), requires_grad=True) for diagram in diagrams]
    assert torch.autograd.gradcheck(lambda *x: module(list(x)), falling)

    def with_essential(x):
        return module([torch.stack([torch.stack([x[0], x[0] * 0 + np.inf]), x[1:]])])

    births_and_ends = torch.tensor(
        [0.3017, 0.2113, 0.8971], dtype=torch.float64, requires_grad=True
    )
    assert torch.autograd.gradcheck(with_essential, births_and_ends)


@pytest.mark.parametrize("power", [0, 0.5, 1, 1.5])
def test_points_of_no_length_have_finite_gradients(power):
    points = torch.tensor([[0.0, 1.0], [0.5, 0.5], [0.25, np.inf]], requires_grad=True)
    weighted = [PersistenceImage(weight_power=power), Silhouette(weight_power=power)]
    for estimator in [*VECTORIZERS, *weighted]:
        module = clone(estimator).fit([[[0.0, 1.0]]]).to_torch()
        for diagram in (points, points[1:]):
            points.grad = None
            module([diagram]).sum().backward()
            assert points.grad.isfinite().all(), estimator


def test_samples_without_points(diagrams):
    """Empty lists are empty diagrams, and lists of them by dimension where others are."""
    model = TopKLengths(k=1)
    assert model.fit_transform([[], [[]][0], np.empty(0), np.empty((0, 2))]).tolist() == [[0]] * 4
    several = [[[], []], [[[0, 2]], [[0, 1]]], [[], [[0, 3]]]]
    assert TopKLengths(k=1, dim=1).fit_transform(several).tolist() == [[0], [1], [3]]


def test_the_gradient_of_a_count_is_zero():
    points = torch.tensor([[0.0, 1.0], [0.5, np.inf]], requires_grad=True)
    out = BettiCurve().fit([[[0.0, 1.0]]]).to_torch()([points])
    assert out.isfinite().all()
    out.sum().backward()
    assert (points.grad == 0).all()


# What they are


def test_betti_curve_counts_intervals(rng):
    diagram = np.round(rng.random((20, 2)) * 5)
    diagram.sort(axis=1)
    essential = np.concatenate([diagram, [[1.0, np.inf]]])
    grid = np.linspace(0, 5, 11)
    expected = [((diagram[:, 0] <= t) & (t < diagram[:, 1])).sum() for t in grid]
    curve = BettiCurve(resolution=11, sample_range=(0, 5))
    np.testing.assert_array_equal(curve.fit_transform([diagram])[0], expected)
    np.testing.assert_array_equal(curve.transform([essential])[0], expected + (grid >= 1))
    falling = [((diagram[:, 0] < t) & (t <= diagram[:, 1])).sum() for t in grid]
    np.testing.assert_array_equal(curve.transform([diagram[:, ::-1]])[0], falling)
    ends = np.concatenate([diagram[:, ::-1], [[1.0, -np.inf]]])
    np.testing.assert_array_equal(curve.transform([ends])[0], falling + (grid <= 1))


def test_polynomial_is_the_energy(rng):
    batch = LevelSet(2)(rng.random((5, 7, 6)))
    for dim in (0, 1):
        for i0 in (1, 3):
            found = Polynomial(max_p=2, max_q=3, i0=i0, dim=dim).fit_transform(batch)
            expected = [Energy(dim=dim, p=p, q=q, i0=i0)(batch) for p in range(3) for q in range(4)]
            np.testing.assert_allclose(found, np.transpose(expected), rtol=1e-12)


def test_top_lengths():
    diagrams = [[[0, 1], [5, 2], [0, np.inf]], [], [[0, 4]]]
    found = TopKLengths(k=2).fit_transform(diagrams)
    np.testing.assert_array_equal(found, [[3, 1], [0, 0], [4, 0]])


def test_landscape_by_definition(diagrams):
    landscape = PersistenceLandscape(n_layers=4, resolution=17).fit(diagrams)
    for diagram, row in zip(diagrams, landscape.transform(diagrams), strict=True):
        for t, column in zip(landscape.grid_, row.reshape(4, 17).T, strict=True):
            tents = [max(0, min(t - birth, death - t)) for birth, death in diagram]
            expected = sorted([*tents, 0, 0, 0, 0], reverse=True)[:4]
            np.testing.assert_allclose(column, expected, atol=1e-15)


def test_learnt_ranges(diagrams):
    image = PersistenceImage().fit(diagrams)
    points = np.concatenate(diagrams)
    assert image.birth_range_ == (points[:, 0].min(), points[:, 0].max())
    assert image.length_range_ == (0, np.diff(points).max())
    assert image.bandwidth_ == image.length_range_[1] / 20
    curve = BettiCurve(resolution=3).fit([*diagrams, [[0.0, np.inf]]])
    assert curve.grid_[[0, 2]].tolist() == [points.min(), points.max()]
    empty = PersistenceImage().fit([[]])
    assert (empty.birth_range_, empty.length_range_) == ((0, 1), (0, 1))
    assert BettiCurve(resolution=2).fit([[]]).grid_.tolist() == [0, 1]


def test_areas_add_up_to_the_weights():
    image = PersistenceImage(birth_range=(-9, 9), length_range=(-9, 9), bandwidth=0.5)
    diagram = [[0.0, 1.0], [1.0, 3.0]]
    assert image.fit_transform([diagram]).sum() == pytest.approx(1 + 2)
    pixels = PersistenceImage(
        birth_range=(-9, 9), length_range=(-9, 9), bandwidth=0.5, resolution=(6, 3)
    )
    fine = image.set_params(resolution=(12, 6)).fit_transform([diagram]).reshape(6, 12)
    coarse = pixels.fit_transform([diagram]).reshape(3, 6)
    np.testing.assert_allclose(fine.reshape(3, 2, 6, 2).sum(axis=(1, 3)), coarse, atol=1e-15)


# Peers


def test_agrees_with_gudhi(rng):
    peer = pytest.importorskip("gudhi.representations")
    diagrams = [diagram for diagram in random_diagrams(rng) if len(diagram)]
    theirs = peer.PersistenceImage(
        bandwidth=0.1, weight=lambda x: x[1] ** 2, resolution=[7, 5], im_range=[0, 1, 0, 2]
    ).fit_transform(diagrams)
    ours = PersistenceImage(
        bandwidth=0.1, weight_power=2, resolution=(7, 5), birth_range=(0, 1), length_range=(0, 2),
        pixels="points",
    )  # fmt: skip
    np.testing.assert_allclose(ours.fit_transform(diagrams), theirs, rtol=1e-9, atol=1e-12)
    grid = {"resolution": 30, "sample_range": [0.0, 2.0]}
    theirs = peer.Landscape(num_landscapes=4, **grid).fit_transform(diagrams)
    ours = PersistenceLandscape(n_layers=4, **grid).fit_transform(diagrams)
    np.testing.assert_allclose(ours * np.sqrt(2), theirs, atol=1e-12)
    theirs = peer.Silhouette(weight=lambda x: x[1] - x[0], **grid).fit_transform(diagrams)
    ours = Silhouette(**grid).fit_transform(diagrams)
    np.testing.assert_allclose(ours * np.sqrt(2), theirs, atol=1e-12)
    theirs = peer.BettiCurve(**grid).fit_transform(diagrams)
    np.testing.assert_array_equal(BettiCurve(**grid).fit_transform(diagrams), theirs)
    theirs = peer.Entropy().fit_transform(diagrams)
    np.testing.assert_allclose(PersistenceEntropy().fit_transform(diagrams), theirs, atol=1e-12)


def test_agrees_with_persim(rng):
    persim = pytest.importorskip("persim")
    from persim.persistent_entropy import persistent_entropy as entropy

    diagrams = [diagram for diagram in random_diagrams(rng) if len(diagram) > 1]
    imager = persim.PersistenceImager(
        birth_range=(0, 1), pers_range=(0, 2), pixel_size=0.1, weight="persistence",
        kernel_params={"sigma": 0.02},
    )  # fmt: skip
    ours = PersistenceImage(
        bandwidth=np.sqrt(0.02), resolution=(10, 20), birth_range=(0, 1), length_range=(0, 2)
    ).fit_transform(diagrams)
    for row, diagram in zip(ours, diagrams, strict=True):
        np.testing.assert_allclose(row.reshape(20, 10).T, imager.transform(diagram), atol=1e-12)
    for normalize in (False, True):
        theirs = entropy(diagrams, normalize=normalize)
        found = PersistenceEntropy(normalize=normalize).fit_transform(diagrams)[:, 0]
        np.testing.assert_allclose(found, theirs, atol=1e-12)


# Kernel


def test_kernel_is_a_gram_matrix(diagrams):
    kernel = SlicedWassersteinKernel(bandwidth=0.7).fit(diagrams)
    gram = kernel.transform(diagrams)
    np.testing.assert_allclose(gram, gram.T, atol=1e-15)
    assert np.linalg.eigvalsh(gram).min() > -1e-12
    expected = np.exp(-sliced_wasserstein_distance(diagrams[3], diagrams[5]) / (2 * 0.49))
    assert gram[3, 5] == pytest.approx(expected)
    assert kernel.transform(diagrams[:2]).shape == (2, len(diagrams))
    assert kernel.transform([[[0.0, np.inf]]]).max() == 0


@pytest.mark.parametrize("estimator", TRANSFORMERS, ids=str)
def test_n_jobs_reaches_the_workers(estimator, rng, monkeypatch):
    X = rng.random((5, 7, 7))
    estimator = clone(estimator).set_params(filtration="level_set", dim=1)
    one = estimator.fit(X).transform(X)
    asked = []
    for room, name in (
        (base, "PersistenceDiagrams"),
        (gram_room, "pairwise_diagram_distances"),
    ):
        function = getattr(room, name)

        def spy(*args, function=function, **parameters):
            asked.append(parameters["n_jobs"])
            return function(*args, **parameters)

        monkeypatch.setattr(room, name, spy)
    np.testing.assert_array_equal(estimator.set_params(n_jobs=2).fit(X).transform(X), one)
    assert len(asked) >= 2
    assert set(asked) == {2}


def test_kernel_of_fit_is_symmetric_and_computed_once(diagrams, monkeypatch):
    given = []
    function = gram_room.pairwise_diagram_distances
    monkeypatch.setattr(
        gram_room,
        "pairwise_diagram_distances",
        lambda X, Y, *a, **k: given.append(Y) or function(X, Y, *a, **k),
    )
    kernel = SlicedWassersteinKernel()
    gram = kernel.fit_transform(diagrams)
    assert given == [None]
    np.testing.assert_array_equal(gram, gram.T)
    np.testing.assert_array_equal(gram, kernel.transform(diagrams))


def test_curves_by_kernel_and_by_torch(rng):
    """Few and many layers, grids of one value, beside and inside the points, ties, chunks."""
    diagrams = [np.round(rng.random((n, 2)) * 8) / 8 for n in (0, 1, 3, 40, 2500)]
    for grid in (np.linspace(0, 1, 9), np.linspace(-3, -2, 4), np.linspace(2, 3, 4),
                 np.linspace(0.2, 0.2, 1), np.linspace(0.4, 0.43, 5)):  # fmt: skip
        for function in (
            partial(summaries.landscapes, grid=grid, n_layers=1),
            partial(summaries.landscapes, grid=grid, n_layers=16),
            partial(summaries.landscapes, grid=grid, n_layers=17),
            partial(summaries.landscapes, grid=grid, n_layers=60),
            partial(summaries.silhouettes, grid=grid, weight_power=0.5),
            partial(summaries.top_lengths, k=7),
            partial(summaries.persistence_images, birth_range=(0, 1), length_range=(0, 1),
                    resolution=(3, 4), bandwidth=0.1, weight_power=1, pixels="areas"),
        ):  # fmt: skip
            points, splits = summaries.join(diagrams)
            found = function(points, splits)
            np.testing.assert_allclose(found, function(torch.tensor(points), splits), atol=1e-11)


def noisy_rings(rng, n=24):
    rows, cols = np.indices((9, 9)) - 4
    radius = np.hypot(rows, cols)
    images = np.array([(radius < 3.5) & (radius > hole) for hole in [1.5, -1] * (n // 2)], float)
    return -images + 0.05 * rng.random(images.shape), np.tile([1, 0], n // 2)


def test_kernel_in_a_grid_search(rng):
    X, y = noisy_rings(rng)
    model = make_pipeline(
        SlicedWassersteinKernel("level_set", dim=1, n_directions=10), SVC(kernel="precomputed")
    )
    search = GridSearchCV(model, {"slicedwassersteinkernel__bandwidth": [0.1, 1.0]}, cv=3)
    assert search.fit(X, y).best_score_ == 1


@pytest.mark.parametrize("estimator", VECTORIZERS, ids=str)
def test_vectors_in_a_pipeline(estimator, rng):
    X, y = noisy_rings(rng)
    vectorizer = clone(estimator).set_params(filtration="level_set", dim=1)
    model = make_pipeline(vectorizer, StandardScaler(), LogisticRegression())
    assert model.fit(X[:16], y[:16]).score(X[16:], y[16:]) >= 0.75


# Bad input


ONE = [[0.0, 1.0], [2.0, 3.0]]
TWO = [np.array(ONE), np.array([[0.0, 5.0]])]


@pytest.mark.parametrize(
    ("estimator", "X", "sentence"),
    [
        (TopKLengths(), [[[0.0, np.nan]]], r"X\[0\] must not have NaN"),
        (TopKLengths(), [np.array([[0.0, np.nan]])], r"X\[0\] must not have NaN"),
        (TopKLengths(), [[[0.0, 1.0]], np.ones((2, 3))], r"X\[1\] must have shape \(n, 2\)"),
        (TopKLengths(), np.ones((2, 3, 4)), r"array of shape \(2, 3, 4\); if these are images"),
        (
            TopKLengths(),
            [np.ones((3, 4))],
            r"a list of arrays of shape \(3, 4\); if these are images",
        ),
        (TopKLengths(dim=0), np.ones((2, 3, 4, 5)), "if these are images, volumes or"),
        (TopKLengths(), np.ones((2, 3, 4)).tolist(), r"X\[0\] must have shape \(n, 2\)"),
        (
            TopKLengths(),
            [[[0, 1], [1]]],
            r"X\[0\] must be a rectangular .* rows of \[1, 2\] numbers",
        ),
        (TopKLengths(), np.ones((2, 3, 4, 5, 2)), "X must be a list of diagrams, or an array of"),
        (TopKLengths(), [], "X must have at least one diagram"),
        (TopKLengths(), LevelSet(2)(np.eye(3)), "X must be a list of diagrams, got a single one"),
        (
            TopKLengths(),
            [LevelSet(2)(np.eye(3)), LevelSet(1)(np.eye(3))[0]],
            r"dim must say which .*\(0, 1\) in X\[0\] and \(0,\) in X\[1\]",
        ),
        (TopKLengths(dim=2), LevelSet(2)(np.ones((2, 3, 3))), "dim must be one of"),
        (TopKLengths(dim=7), [ONE, ONE], "dim=7 picks one of several .* leave dim out"),
        (TopKLengths(dim=0), [np.array(ONE)], "dim=0 picks one of several"),
        (
            TopKLengths(),
            [TWO, [*TWO, TWO[0]]],
            r"dim must say which homology .* \(0, 1\) in X\[0\] and",
        ),
        (TopKLengths(dim=2), [TWO], r"dim must be a position in the list X\[0\] of 2 arrays"),
        (TopKLengths(dim=0), [TWO, TWO[:1]], r"got 2 in X\[0\] and 1 in X\[1\]"),
        (TopKLengths(dim=0), [TWO, TWO[0]], r"got a list in X\[0\] but not in X\[1\]"),
        (TopKLengths(dim=-1), [TWO], "'dim' parameter"),
        (PersistenceImage(resolution=(3, 0)), [[[0, 1]]], "resolution must be two positive"),
        (PersistenceImage(resolution=(3, "a")), [[[0, 1]]], "resolution must be two positive"),
        (PersistenceImage(resolution=[3, 4, 5]), [[[0, 1]]], "resolution must be two positive"),
        (PersistenceImage(resolution=3), [[[0, 1]]], "'resolution' parameter"),
        (PersistenceImage(birth_range=(1, 0)), [[[0, 1]]], "birth_range must be two finite"),
        (PersistenceImage(birth_range=(0, None)), [[[0, 1]]], "birth_range must be two finite"),
        (PersistenceImage(length_range=np.ones(3)), [[[0, 1]]], "length_range must be two finite"),
        (BettiCurve(sample_range=(0, np.inf)), [[[0, 1]]], "sample_range must be two finite"),
        (BettiCurve(sample_range=("a", 1)), [[[0, 1]]], "sample_range must be two finite"),
        (BettiCurve(sample_range=np.ones((2, 2))), [[[0, 1]]], "sample_range must be two finite"),
        (BettiCurve(resolution=(3, 4)), [[[0, 1]]], "'resolution' parameter"),
    ],
)
def test_bad_input(estimator, X, sentence):
    with pytest.raises(ValueError, match=sentence):
        estimator.fit(X)


@pytest.mark.parametrize(
    ("X", "sentence"),
    [
        ((x for x in [ONE]), "X must be a list of diagrams, got generator"),
        ({"a": ONE}, "X must be a list of diagrams, got dict"),
        ("ab", "X must be a list of diagrams, got str"),
        (3, "X must be a list of diagrams, got int"),
        (None, "X must be a list of diagrams, got NoneType"),
        ([None], r"X\[0\] must have shape \(n, 2\), births and deaths, got NoneType"),
        ([ONE, {}], r"X\[1\] must have shape \(n, 2\), births and deaths, got dict"),
        ([[["a", "b"]]], r"X\[0\] must be an array of real numbers"),
    ],
)
def test_wrong_kinds(X, sentence):
    with pytest.raises(TypeError, match=sentence):
        TopKLengths().fit(X)


@ESSENTIAL_ALONE
@pytest.mark.parametrize("single", [ONE, np.array(ONE), np.array(ONE)[:, ::-1], torch.tensor(ONE)])
def test_a_single_diagram_is_not_rows_of_data(single):
    """Rows of two numbers that all rise, or all fall, are births and deaths unless we are told."""
    with pytest.raises(ValueError, match="looks like a single one; put it in a list"):
        TopKLengths().fit(single)
    fitted = TopKLengths(k=2).fit([single])
    with pytest.raises(ValueError, match="looks like a single one; put it in a list"):
        fitted.transform(single)
    assert TopKLengths("level_set", k=2).fit_transform(single).tolist() == [[0, 0], [0, 0]]
    data = TopKLengths().fit([[0.0, 1.0], [3.0, 2.0]])
    assert data.n_features_in_ == 2
    assert (data.transform(single) == 0).all()


def test_tensors_with_a_graph(rng):
    """Numbers are taken; gradients flow through `to_torch`."""
    lines = rng.random((4, 9))
    live = torch.tensor(lines, requires_grad=True)
    np.testing.assert_array_equal(
        TopKLengths().fit_transform(live), TopKLengths().fit_transform(lines)
    )
    rows = [[torch.tensor([0.0, 1.0], requires_grad=True), torch.tensor([0.0, 3.0])]]
    assert TopKLengths(k=2).fit_transform(rows).tolist() == [[3, 1]]


def test_ranges_and_resolutions_of_any_kind(diagrams):
    given = {"resolution": (3, 4), "birth_range": (0, 1), "length_range": (0.0, 2.0)}
    expected = PersistenceImage(**given).fit_transform(diagrams)
    for kind in (list, np.array):
        same = PersistenceImage(**{name: kind(pair) for name, pair in given.items()})
        np.testing.assert_array_equal(same.fit_transform(diagrams), expected)
        assert same.birth_range_ == (0, 1)
    grid = BettiCurve(sample_range=np.array([0, 2]), resolution=np.int64(3)).fit(diagrams).grid_
    assert grid.tolist() == [0, 1, 2]


@pytest.mark.parametrize("estimator", [TopKLengths(), SlicedWassersteinKernel()], ids=str)
def test_columns_are_forgotten_when_diagrams_are_fitted(estimator, diagrams, rng):
    frame = pd.DataFrame(rng.random((3, 5)), columns=list("abcde"))
    estimator = clone(estimator).fit(frame)
    assert estimator.feature_names_in_.tolist() == list("abcde")
    assert len(estimator.get_feature_names_out(list("abcde")))
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        estimator.get_feature_names_out(list("abcdf"))
    name = type(estimator).__name__
    estimator.fit(frame.to_numpy())
    assert not hasattr(estimator, "feature_names_in_")
    with pytest.raises(ValueError, match=f"X has 4 features, but {name} is expecting 5"):
        estimator.transform(rng.random((3, 4)))
    with pytest.raises(ValueError, match="should have length equal to number of features"):
        estimator.get_feature_names_out(list("ab"))
    estimator.fit(diagrams)
    assert not hasattr(estimator, "n_features_in_")
    assert len(estimator.get_feature_names_out(list("ab")))
    estimator.transform(rng.random((2, 9)))  # nothing to compare its columns with


@pytest.mark.parametrize("dim", [1, (0, 1)])
def test_parameters_set_after_fit_are_heeded_as_for_one_dimension(dim, rng):
    diagrams = LevelSet(2)(rng.random((4, 6, 6)))
    vectorizer = TopKLengths(k=5, dim=dim, essential="clip").fit(diagrams)
    before = vectorizer.transform(diagrams)
    vectorizer.set_params(k=2)
    expected = TopKLengths(k=2, dim=dim, essential="clip").fit_transform(diagrams)
    np.testing.assert_array_equal(vectorizer.transform(diagrams), expected)
    assert len(vectorizer.get_feature_names_out()) == expected.shape[1] < before.shape[1]
    np.testing.assert_array_equal(vectorizer.to_torch()(diagrams).numpy(), expected)
