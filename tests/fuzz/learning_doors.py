"""Doors of estimators, penalties, solvers, losses, torch modules, data sets and displays."""

import tempfile
import warnings
from functools import partial

import matplotlib

matplotlib.use("Agg")  # before pyplot is imported: children have no display

import matplotlib.pyplot as plt
import numpy as np
import torch

import skltopo

from .doors import door

__all__ = []


# Vectorizers ----------------------------------------------------------------------------------


def _vectorizer(name, weight=2, **options):
    @door(name, weight)
    def make(draw):
        given = {key: draw.param(*values) for key, values in options.items() if draw.chance(0.4)}
        given |= draw.some(dim=lambda: draw.param(None, 0, 1, (0, 1), (1,)), n_jobs=draw.n_jobs)
        if name.startswith("skltopo.vectorize"):
            given |= draw.some(
                essential=lambda: draw.param("drop", "clip"),
                min_length=lambda: draw.param(0.0, 0.1, 3),
            )
        X, other = draw.diagrams(), draw.diagrams()
        kind = draw.integer(0, 9)
        if kind == 0:
            given["filtration"] = draw.param("level_set", "rips", p=0.2)
            X = other = draw.dress(draw.array(draw.size(3), 4, 4), 0.2)
        if kind == 1:
            X = other = draw.dress(draw.array(draw.size(3), draw.size(6)))
        module, _, attribute = name.rpartition(".")
        estimator = getattr(getattr(skltopo, module.rpartition(".")[2]), attribute)
        to_torch = draw.chance(0.15)

        def call():
            fitted = estimator(**given).fit(X)
            rows = fitted.transform(other)
            assert rows.shape == (len(rows), len(fitted.get_feature_names_out())), "columns"
            if to_torch and hasattr(fitted, "to_torch"):
                return rows, fitted.to_torch()(X)
            return rows

        return call


_grid = {"resolution": (1, 5, 10), "sample_range": (None, (0.0, 1.0), (-1.0, 2.0))}
_vectorizer("skltopo.vectorize.PersistenceLandscape", n_layers=(1, 3), **_grid)
_vectorizer("skltopo.vectorize.Silhouette", weight_power=(0, 1, 0.5), **_grid)
_vectorizer("skltopo.vectorize.BettiCurve", **_grid)
_vectorizer("skltopo.vectorize.PersistenceEntropy", normalize=(True, False))
_vectorizer("skltopo.vectorize.TopKLengths", k=(1, 4))
_vectorizer("skltopo.vectorize.Polynomial", max_p=(0, 2), max_q=(0, 2), i0=(1, 2))
_vectorizer(
    "skltopo.vectorize.PersistenceImage",
    resolution=((3, 4), (1, 1), [2, 2]),
    bandwidth=(None, 0.1, 2.0),
    weight_power=(1.0, 0, 2),
    birth_range=(None, (0.0, 1.0)),
    length_range=(None, (0.0, 1.0)),
    pixels=("areas", "points"),
)
_vectorizer("skltopo.kernels.SlicedWassersteinKernel", bandwidth=(1.0, 0.1), n_directions=(1, 10))


# Estimators of images and clouds --------------------------------------------------------------


def _images(draw):
    kind = draw.integer(0, 5)
    if kind == 0:
        return draw.dress(draw.array(draw.size(3), draw.size(9)))
    if kind == 1:
        return draw.dress(draw.array(draw.size(2), draw.size(3), draw.size(3), draw.size(3)))
    if kind == 2 and draw.chance(0.2):
        return draw.dress(draw.array(draw.size(2), 4, 4, draw.pick(1, 3, 4)))
    return draw.dress(draw.array(draw.size(3), draw.size(5), draw.size(5)))


@door("skltopo.persistence_diagrams.PersistenceDiagrams", 4)
def _persistence_diagrams(draw):
    options = draw.some(
        homology_dimensions=draw.dims,
        superlevel=lambda: draw.param(True, False),
        essential=lambda: draw.param("drop", "keep", "clip"),
        min_length=lambda: draw.param(0.0, 0.1, 3),
        output=lambda: draw.param("arrays", "diagrams"),
        n_jobs=draw.n_jobs,
    )
    if draw.chance(0.4):
        options["filtration"] = draw.param("rips", "weak_alpha", "alpha", "level_set")
        X = draw.clouds() if draw.chance(0.9) else _images(draw)
    else:
        X = _images(draw)
    return lambda: skltopo.PersistenceDiagrams(**options).fit_transform(X)


@door("skltopo.streaming.transform_to_store", 0.1)
def _transform_to_store(draw):
    images = draw.numbers(draw.integer(1, 5), 4, 4)
    features = skltopo.PersistenceFeatures(max_p=1, max_q=1).fit(np.eye(4)[np.newaxis])
    options = draw.some(chunk_size=lambda: draw.param(1, 2, 8), progress=lambda: False)

    def call():
        with tempfile.TemporaryDirectory() as folder:
            store = skltopo.transform_to_store(features, images, f"{folder}/rows.npy", **options)
            return np.array(store)

    return call


@door("skltopo.features.PersistenceFeatures", 2)
def _persistence_features(draw):
    options = draw.some(
        filtration=lambda: draw.param("directional", "superlevel", "sublevel"),
        n_directions=lambda: draw.param(1, 3),
        homology_dimensions=draw.dims,
        max_p=lambda: draw.param(0, 2),
        max_q=lambda: draw.param(0, 2),
        min_p=lambda: draw.param(0, 1),
        min_length=lambda: draw.param("auto", 0, 0.5),
        i0=lambda: draw.param(1, 2),
        superlevel=lambda: draw.param(True, False),
        image_shape=lambda: draw.param(None, (2, 3), (3, 3), (2, 2, 2)),
        essential=lambda: draw.param("clip", "drop"),
        complex=lambda: draw.param("freudenthal", "cubical", "cubical_cells"),
        n_jobs=draw.n_jobs,
    )
    X = _images(draw)
    to_torch = draw.chance(0.1)

    def call():
        features = skltopo.PersistenceFeatures(**options).fit(X)
        rows = features.transform(X)
        if not to_torch:
            return rows
        images = X if torch.is_tensor(X) else torch.as_tensor(np.asarray(X))
        return rows, features.to_torch()(images)

    return call


@door("skltopo.denoising.TopoDenoiser", 2)
def _denoiser(draw):
    options = draw.some(
        n_components=lambda: draw.param(1, 2, 5),
        superlevel=lambda: draw.param(True, False),
        solver=lambda: draw.param("monotone", "lower", "adam"),
        complex=lambda: draw.param("freudenthal", "cubical", "cubical_cells"),
        image_shape=lambda: draw.param(None, (2, 3)),
        learning_rate=lambda: draw.steps(0.01, 0.1),
        n_jobs=draw.n_jobs,
    )
    X, n_steps = _images(draw), draw.steps(2, 10)
    return lambda: skltopo.TopoDenoiser(n_steps=n_steps, **options).fit_transform(X)


@door("skltopo.shaping.TopoShaper", 0.3)
def _shaper(draw):
    options = draw.some(
        objective=lambda: draw.param("holes", "clusters", skltopo.Energy(dim=0), [], p=0.1),
        filtration=lambda: draw.param("weak_alpha", "rips", "alpha"),
        gradient=lambda: draw.param("subgradient", "big_steps"),
        optimizer=lambda: draw.param("adam", "sgd", "lbfgs"),
        learning_rate=lambda: draw.param(None, 0.01, 0.1),
        tol=lambda: draw.param(1e-4, 0.0),
        n_iter_no_change=lambda: draw.steps(1, 2),
        anchor=lambda: draw.param(0.0, 0.1),
        bounds=lambda: draw.param(None, (0, 1), ([0, 0], [1, 1])),
        bandwidth=lambda: draw.param(None, 0.1),
        subsample=lambda: draw.param(None, 3, 0.5),
        store_path=lambda: draw.param(True, False),
        random_state=lambda: draw.param(None, 0),
    )
    X, max_iter = draw.dress(draw.cloud(draw.pick(2, 2, 3, 1))), draw.steps(1, 3)
    more = draw.dress(draw.cloud(2), 0.2)

    def call():
        shaper = skltopo.TopoShaper(max_iter=max_iter, **options)
        out = shaper.fit_transform(X)
        return out, shaper.transform(more)

    return call


# Weights --------------------------------------------------------------------------------------


def _weights(draw):
    if draw.chance(0.05):
        return draw.wrong()
    shape = [draw.size(12)] if draw.chance(0.8) else [draw.size(4), draw.size(4)]
    return draw.dress(draw.array(*shape))


def _penalty(name, *arguments):
    @door(f"skltopo.penalties.{name}", 2.5)
    def make(draw):
        given = [draw.param(*values, p=0.15) for values in arguments if draw.chance(0.8)]
        coef, step = _weights(draw), draw.steps(0.0, 0.1, 1.0, 1e-150, 1e150, p=0.1)
        kind = draw.pick("value", "prox", "prox", "diagram")

        def call():
            penalty = getattr(skltopo.penalties, name)(*given)
            if kind == "prox":
                return penalty.prox(coef, step)
            return getattr(penalty, kind)(coef)

        return call


for _name in ("L1", "L2", "TV", "TV2"):
    _penalty(_name)
_penalty("Clusters", (1, 2, 3))
_penalty("Maxima", (1, 2, 3), (None, None, (3, 4), (12,), (2, 2, 3)))


@door("skltopo.penalties.TopologicalPenalty", 1)
def _topological_penalty(draw):
    filtration = draw.param(skltopo.filtrations.LevelSet(1), skltopo.filtrations.LevelSet(2))
    energies = draw.param(skltopo.Energy(), [skltopo.Energy(dim=0), skltopo.Energy(dim=0, p=2)], [])
    shape, coef = draw.param(None, (3, 4), (12,)), _weights(draw)
    return lambda: skltopo.penalties.TopologicalPenalty(filtration, energies, shape).value(coef)


@door("skltopo.penalties.Penalty", 0.2, (NotImplementedError,))
def _base_penalty(draw):
    coef = _weights(draw)
    return lambda: skltopo.penalties.Penalty().value(coef)


def _problem(draw):
    n, p = draw.integer(1, 9), draw.integer(1, 8)
    X = draw.array(n, p, p_poison=0.02)
    y = draw.array(n, p_poison=0.02) if draw.chance(0.9) else draw.array(draw.size(9))
    if draw.chance(0.2):
        X, y = draw.dress(X, 0.7), draw.dress(y, 0.7)
    return X, y


def _make_penalty(draw):
    names = skltopo.penalties
    return draw.param(
        names.L1(), names.L2(), names.TV(), names.TV2(), names.Clusters(2), names.Maxima(2),
        names.Maxima(1, shape=(2, 2)), p=0.05,
    )  # fmt: skip


def _n_rows(values):
    """Return how many rows an array, a matrix or a list has, whatever is in it."""
    shape = getattr(values, "shape", None)
    if shape is not None:
        return shape[0] if len(shape) else 0
    return len(values) if hasattr(values, "__len__") else 1


def _sample_weight(draw, n):
    return draw.param(None, None, np.ones(n), np.zeros(n), -np.ones(n), p=0.04)


@door("skltopo.losses.SquaredLoss", 1)
def _squared_loss(draw):
    X, y = _problem(draw)
    weight, intercept = _sample_weight(draw, _n_rows(y)), draw.param(True, False)
    w = draw.dress(draw.array(draw.integer(1, 8)), 0.1)

    def call():
        loss = skltopo.losses.SquaredLoss(X, y, weight, intercept)
        return loss.value_and_gradient(w if draw.chance(0.2) else loss.start())

    return call


@door("skltopo.losses.LogisticLoss", 1)
def _logistic_loss(draw):
    X, _ = _problem(draw)
    n = _n_rows(X)
    n_classes = draw.param(2, 3)
    y = draw.rng.integers(0, draw.pick(2, 2, 2, 4), n)
    y = draw.dress(y.astype(float), 0.3) if draw.chance(0.1) else y
    weight, intercept = _sample_weight(draw, n), draw.param(True, False)

    def call():
        loss = skltopo.losses.LogisticLoss(X, y, n_classes, weight, intercept)
        return loss.value_and_gradient(loss.start())

    return call


def _loss(draw):
    """Return a sound loss of few weights."""
    n, p = draw.integer(2, 8), draw.integer(1, 6)
    X = draw.rng.normal(size=(n, p)) * draw.scale()
    if draw.chance(0.7):
        return skltopo.losses.SquaredLoss(X, draw.rng.normal(size=n))
    return skltopo.losses.LogisticLoss(X, draw.rng.integers(0, 2, n), 2)


def _start(draw, loss):
    start = draw.array(len(loss.start()))
    return start if draw.chance(0.9) else draw.dress(draw.array(draw.size(7)), 1.0)


@door("skltopo.solvers.proximal", 1)
def _proximal(draw):
    loss, penalty = _loss(draw), _make_penalty(draw)
    lam, start = draw.param(0.1, 0.0, 10.0, 1e150, p=0.15), _start(draw, loss)
    options = draw.some(
        tol=lambda: draw.param(1e-5, 0.1),
        n_init=lambda: draw.steps(1, 2),
        rng=lambda: draw.param(np.random.default_rng(0), p=0.1),
        continuation=lambda: draw.param(True, False),
    )
    max_iter = draw.steps(1, 5, 20)
    return lambda: (
        skltopo.solvers.proximal(loss, penalty, lam, start, max_iter=max_iter, **options).coef
    )


@door("skltopo.solvers.adam", 0.3)
def _adam(draw):
    loss, penalty = _loss(draw), _make_penalty(draw)
    lam, start = draw.param(0.1, 0.0, 10.0, p=0.15), _start(draw, loss)
    options = draw.some(tol=lambda: draw.param(1e-5), learning_rate=lambda: draw.steps(0.1, 1.0))
    max_iter = draw.steps(1, 3)
    return lambda: (
        skltopo.solvers.adam(loss, penalty, lam, start, max_iter=max_iter, **options).coef
    )


@door("skltopo.solvers.solve_path", 0.5)
def _solve_path(draw):
    loss, penalty = _loss(draw), _make_penalty(draw)
    lams = draw.param([1.0, 0.1], [1.0], np.array([2.0, 1.0, 0.0]), [0.1, 1.0], [], p=0.15)
    max_iter, tol = draw.steps(1, 5), draw.param(1e-5, 0.1)
    return lambda: skltopo.solvers.solve_path(loss, penalty, lams, max_iter=max_iter, tol=tol)


@door("skltopo.solvers.choose_solver", 0.3)
def _choose_solver(draw):
    solver, penalty = draw.param("auto", "adam", "proximal", p=0.2), _make_penalty(draw)
    return lambda: skltopo.solvers.choose_solver(solver, penalty)


@door("skltopo.solvers.plan_of", 0.3)
def _plan_of(draw):
    penalty = _make_penalty(draw)
    return lambda: skltopo.solvers.plan_of(penalty)


@door("skltopo.solvers.Plan", 0.1)
def _plan(draw):
    operator = draw.param(skltopo.penalties.L1)
    return lambda: skltopo.solvers.Plan(operator)


@door("skltopo.solvers.Solution", 0.1)
def _solution(draw):
    curve = draw.numbers(3)
    return lambda: skltopo.solvers.Solution(curve, curve, 0.0, True).n_iter


def _linear(name, weight, **more):
    @door(name, weight)
    def make(draw):
        options = draw.some(
            penalty=lambda: draw.param(
                "clusters", "maxima", "l1", "l2", "tv", "tv2", skltopo.penalties.TV(),
            ),
            n_components=lambda: draw.param(1, 2, 3),
            solver=lambda: draw.param("auto", "proximal"),
            coef_shape=lambda: draw.param(None, (2, 2), (4,)),
            fit_intercept=lambda: draw.param(True, False),
            n_init=lambda: draw.steps(1, 2),
            tol=lambda: draw.param(1e-5, 0.1),
            random_state=lambda: draw.param(None, 0),
            **{key: partial(draw.param, *values) for key, values in more.items()},
        )  # fmt: skip
        X, y = _problem(draw)
        if name.endswith("Classifier"):
            y = draw.rng.integers(0, draw.pick(1, 2, 2, 2, 3), _n_rows(X))
        max_iter = draw.steps(1, 5, 20)
        fit = {} if draw.chance(0.9) else {"sample_weight": _sample_weight(draw, _n_rows(y))}
        estimator = getattr(skltopo, name.rpartition(".")[2])

        def call():
            model = estimator(max_iter=max_iter, **options).fit(X, y, **fit)
            return model.coef_, model.intercept_, model.predict(X), model.diagram_

        return call


_linear("skltopo.regression.TopologicalRegression", 1, lam=(0.1, 0.0, 1e150, 10))
_linear(
    "skltopo.classification.TopologicalClassifier",
    0.6,
    lam=(0.1, 0.0, 10),
    class_weight=(None, "balanced", {0: 2.0}),
)
_linear(
    "skltopo.regression.TopologicalRegressionCV",
    0.15,
    lams=(3, [1.0, 0.1]),
    eps=(1e-5, 0.5),
    cv=(2, 3),
    rule=("best", "one_standard_error"),
    n_jobs=(None, 2),
)


@door("skltopo.embedding.DelayEmbedding", 1)
def _delay_embedding(draw):
    options = draw.some(
        dimension=lambda: draw.param(1, 2, 3),
        delay=lambda: draw.param(1, 2),
        stride=lambda: draw.param(1, 3),
    )
    n, lengths = draw.size(4), [draw.integer(3, 12) for _ in range(5)]
    if draw.chance(0.3):
        X = [draw.array(length) for length in lengths[: n + 1]]
    else:
        shape = (n, lengths[0]) if draw.chance(0.5) else (n, 2, lengths[0])
        X = draw.dress(draw.array(*shape), 0.2)
    return lambda: skltopo.DelayEmbedding(**options).fit_transform(X)


# torch ----------------------------------------------------------------------------------------


@door("skltopo.nn.LevelSetEnergies", 1)
def _level_set_energies(draw):
    weights = draw.dress(draw.array(draw.size(2), 3, 3), 0.2)
    images = draw.array(draw.size(2), 3, 3)
    images = draw.torch(images) if draw.chance(0.9) else draw.dress(images, 1.0)
    options = {
        "homology_dimensions": draw.param((0, 1), (0,)),
        "superlevel": draw.param(True, False),
        "complex": draw.param("freudenthal", "cubical"),
        "max_p": draw.steps(0, 2),
        "max_q": draw.steps(0, 2),
        "i0": draw.param(1, 2),
        "essential": draw.param("clip", "drop"),
        "min_p": draw.param(0, 0, 1),
        "min_length": draw.param(0, 0.5),
        "n_jobs": draw.n_jobs(),
    }
    return lambda: skltopo.nn.LevelSetEnergies(weights, **options)(images)


@door("skltopo.nn.DiagramVectors", 1)
def _diagram_vectors(draw):
    function = partial(skltopo.summaries.entropies, normalize=False)
    function = partial(skltopo.summaries.of_finite, function)
    dim, diagrams = draw.param(None, 0, 1), draw.diagrams()
    return lambda: skltopo.nn.DiagramVectors(function, dim)(diagrams)


# Data sets ------------------------------------------------------------------------------------


def _dataset(name, *arguments, **options):
    @door(f"skltopo.datasets.{name}", 0.6)
    def make(draw):
        given = [argument(draw) for argument in arguments]
        named = {key: value(draw) for key, value in options.items() if draw.chance(0.5)}
        return lambda: getattr(skltopo.datasets, name)(*given, **named)


def _few(draw):
    return draw.param(1, 3, 10, p=0.2)


_noise = {
    "noise": lambda draw: draw.param(0.0, 0.1, p=0.2),
    "random_state": lambda draw: draw.param(None, 0, np.random.RandomState(0), p=0.2),
}
_values = {"values": lambda draw: draw.param((1.0, 2.0), [0], p=0.3)}
_dataset("make_boxcar", _few, _few)
_dataset("make_sawtooth", _few, _few)
_dataset("make_circle", _few)
_dataset("make_chair", _few, **_noise)
_dataset("make_voxel_shapes", _few, size=lambda draw: draw.param(12, 16, p=0.2),
         random_state=_noise["random_state"])  # fmt: skip
_dataset("make_clustered_coef", _few, random_state=_noise["random_state"], **_values)
_dataset("make_regression_problem", lambda draw: _weights(draw), _few, **_noise)


# Displays -------------------------------------------------------------------------------------


def _display(name, **arguments):
    @door(f"skltopo.plotting.{name}", 0.02)
    def make(draw):
        given = {key: value(draw) for key, value in arguments.items()}

        def call():
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # those of matplotlib
                    function = getattr(skltopo.plotting, name)
                    if "points" in given:
                        return function.from_diagram(given["points"])
                    return function(**given).plot()
            finally:
                plt.close("all")

        return call


_display("PersistenceDiagramDisplay", points=lambda draw: draw.diagram())
_display("BarcodeDisplay", points=lambda draw: draw.diagram())
_display(
    "CoefficientDisplay",
    coef=_weights,
    feature_names=lambda draw: draw.param(None, "ab", ["a", "b", "c"], p=0.2),
)
_display(
    "CoefficientPathDisplay",
    lams=lambda draw: draw.param([1.0, 0.1]),
    coef_path=lambda draw: draw.param(np.ones((2, 3))),
    mse_path=lambda draw: draw.param(np.ones((2, 5))),
    lam=lambda draw: draw.param(0.1),
)
_display(
    "DiagramCurveDisplay",
    grid=lambda draw: np.linspace(0, 1, 4),
    curves=lambda draw: draw.param(np.ones((2, 4))),
    labels=lambda draw: ["a", "b"],
    ylabel=lambda draw: "b",
)
_display("DiagramBarDisplay", rows=lambda draw: draw.param(np.ones((2, 3))), labels=lambda _: "abc")
_display(
    "PersistenceImageDisplay",
    image=lambda draw: draw.dress(draw.array(3, 4)),
    birth_range=lambda draw: draw.param((0.0, 1.0)),
    length_range=lambda draw: draw.param((0.0, 1.0)),
)
_display(
    "TopoShaperDisplay",
    before=lambda draw: draw.dress(draw.cloud(2)),
    after=lambda draw: draw.dress(draw.cloud(2)),
)


@door("skltopo.plotting.MatchingDisplay", 0.02)
def _matching_display(draw):
    dgm1, dgm2 = draw.diagram(), draw.diagram()
    given = draw.some(
        metric=lambda: draw.param("wasserstein", "bottleneck", p=0.2),
        p=lambda: draw.param(1.0, 2.0),
        ground=lambda: draw.param(None, 2, np.inf),
        dim=lambda: draw.param(None, 0, 1),
        alpha=lambda: draw.param(0.5, None, p=0.0),
    )

    def call():
        try:
            return skltopo.plotting.MatchingDisplay.from_diagrams(dgm1, dgm2, **given)
        finally:
            plt.close("all")

    return call


@door("skltopo.plotting.CriticalPointsDisplay", 0.02)
def _critical_points(draw):
    if draw.chance(0.5):
        filtration, sample = skltopo.filtrations.LevelSet(2), draw.dress(draw.grid(2, 0))
    else:
        filtration, sample = skltopo.filtrations.VietorisRips(), draw.dress(draw.cloud(2))
    dim, n_points = draw.param(0, 1), draw.param(1, 3)
    points = draw.param(None, [0], [True], p=0.3)

    def call():
        try:
            return skltopo.plotting.CriticalPointsDisplay.from_sample(
                filtration, sample, dim=dim, n_points=n_points, points=points
            )
        finally:
            plt.close("all")

    return call
