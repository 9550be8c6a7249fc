"""Whatever one can give to penalties, solvers and losses: it works, or a sentence says why not.

Kernels that crash would end this process: the first inputs of each kind are tried in their own.
"""

import subprocess
import sys

import numpy as np
import pytest
import torch

from skltopo import (
    Energy,
    PersistenceFeatures,
    TopologicalClassifier,
    TopologicalRegression,
    TopologicalRegressionCV,
    TopoShaper,
)
from skltopo.filtrations import LevelSet
from skltopo.losses import LogisticLoss, SquaredLoss
from skltopo.nn import LevelSetEnergies
from skltopo.penalties import L1, L2, TV, TV2, Clusters, Maxima, Penalty, TopologicalPenalty
from skltopo.solvers import adam, choose_solver, plan_of, proximal, solve_path
from skltopo.vectorize import PersistenceImage, PersistenceLandscape

PENALTIES = [L1(), L2(), TV(), TV2(), Clusters(1), Clusters(3), Maxima(1), Maxima(3)]
NOT_WEIGHTS = [
    [0.0, np.nan],
    [-np.inf, 1.0, 2.0],
    np.array([1 + 2j, 0]),
    np.array([object(), 1]),
    ["a", "b"],
    [[1.0, 2.0], [3.0]],
    None,
    np.ma.masked_equal([3.0, 1.0, 3.0], 1),
    torch.tensor([1.0, np.nan]),
    torch.tensor([1j]),
    torch.eye(2).to_sparse(),
]


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_nothing_and_infinities_in_a_process_of_their_own(penalty):
    code = (
        "import numpy as np; from skltopo.penalties import *\n"
        f"p = {penalty!r}\n"
        "assert p.prox(np.empty((0, 4)), 2.0).shape == (0, 4) and p.value(np.empty((3, 0))) == 0\n"
        "for w in ([np.nan] * 40, [np.inf, 1, -np.inf] * 9, [1, np.nan, 1, np.nan, 3.0] * 7):\n"
        "    for f in (p.value, lambda w: p.prox(w, 0.25)):\n"
        "        try: f(w)\n"
        "        except ValueError as error: assert 'finite' in str(error)\n"
        "        else: raise SystemExit(3)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@pytest.mark.parametrize("coef", NOT_WEIGHTS, ids=lambda c: type(c).__name__)
def test_what_is_no_weights_is_refused(penalty, coef):
    for call in (penalty.value, lambda coef: penalty.prox(coef, 1.0)):
        with pytest.raises((ValueError, TypeError), match="coef"):
            call(coef)


def test_masks_are_named():
    masked = np.ma.masked_less([0.0, 1.0, 2.0], 1)
    with pytest.raises(ValueError, match="mask"):
        TV().value(masked)
    X, y = np.eye(4), np.arange(4.0)
    hidden = np.ma.masked_equal(X, 1)
    with pytest.raises(ValueError, match="X must have no masked"):
        TopologicalRegression().fit(hidden, y)
    with pytest.raises(ValueError, match="y must have no masked"):
        TopologicalRegression().fit(X, np.ma.masked_equal(y, 2))
    with pytest.raises(ValueError, match="sample_weight must have no masked"):
        TopologicalRegression().fit(X, y, sample_weight=np.ma.masked_equal(y, 2))
    with pytest.raises(ValueError, match="X must have no masked"):
        TopologicalRegression().fit(X, y).predict(hidden)
    with pytest.raises(ValueError, match="X must have no masked"):
        TopologicalClassifier(max_iter=2).fit(hidden, y > 1)
    with pytest.raises(ValueError, match="mask"):
        SquaredLoss(hidden, y)


@pytest.mark.parametrize("step", [-1e-9, np.nan, np.inf, "1", None, [0.5], 1j, True, 10**400])
def test_what_is_no_step_is_refused(step):
    for penalty in PENALTIES:
        with pytest.raises((ValueError, TypeError), match="step"):
            penalty.prox([1.0, 3.0], step)


def test_numbers_of_other_kinds_are_taken():
    expected = Clusters(2).prox([1.0, 5.0, 1.5], 0.125)
    for coef in (torch.tensor([1.0, 5.0, 1.5], requires_grad=True), np.float32([1, 5, 1.5])):
        for step in (0.125, np.float32(0.125), np.array(0.125), torch.tensor(0.125)):
            np.testing.assert_allclose(Clusters(2).prox(coef, step), expected)
    assert TV().value(torch.tensor([1, 3])) == 2
    assert L2().value(torch.empty(0)) == 0


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@pytest.mark.parametrize("exponent", [-1000, -499, -310, 310, 499, 980])
def test_prox_and_value_are_homogeneous_at_any_scale(penalty, exponent):
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 8, 40):
        v, step = rng.normal(size=n), rng.choice([0.0, 0.3, 5.0])
        far = np.ldexp(v, exponent)
        moved = np.ldexp(penalty.prox(far, np.ldexp(step, exponent)), -exponent)
        np.testing.assert_allclose(moved, penalty.prox(v, step), rtol=1e-9, atol=1e-11)
        for value in (penalty.value(far), penalty.value(torch.tensor(far)).item()):
            assert np.ldexp(value, -exponent) == pytest.approx(penalty.value(v), abs=1e-11)


def test_values_that_overflow_are_refused():
    for penalty in (TV(), TV2(), Clusters(1), L1()):
        for kind in (np.asarray, torch.from_numpy):
            with pytest.raises(ValueError, match="more than a float can hold"):
                penalty.value(kind(np.array([1.7e308, -1.7e308])))


@pytest.mark.parametrize("penalty", [TV(), TV2(), Clusters(1), Maxima(1)], ids=repr)
def test_the_longest_steps_lose_no_digits(penalty):
    v = np.array([0.25, 3.0, 1.5, 2.75, -1.0])
    np.testing.assert_allclose(penalty.prox(v, 1e25), penalty.prox(v, 100.0), rtol=1e-12)
    assert not isinstance(penalty, TV) or np.allclose(penalty.prox(v, 1e25), v.mean())


@pytest.mark.parametrize("kind", [Clusters, Maxima])
def test_more_components_than_weights(kind):
    v = np.random.default_rng(0).normal(size=50)
    for k in (25, 50, 51, 10**30):
        assert kind(k).value(torch.tensor(v)).item() == pytest.approx(kind(k).value(v), abs=1e-12)
        moved = kind(k).prox(v, 1e-3)
        assert kind(k).value(moved) <= kind(k).value(v)
    np.testing.assert_array_equal(kind(50).prox(v, 9.0), v)


def test_values_of_many_components_agree_with_those_of_the_diagram():
    v = np.random.default_rng(1).normal(size=3000)
    for k in (5, 17, 400):
        gaps = np.sort(np.diff(np.sort(v)))
        assert Clusters(k).value(v) == pytest.approx(gaps[: len(gaps) - k + 1].sum())
        lengths = Maxima(k).diagram(v)[0][1:]
        expected = abs(lengths[:, 1] - lengths[:, 0])[k - 1 :].sum()
        assert Maxima(k).value(v) == pytest.approx(expected)


def test_components_that_do_not_fit_are_refused_before_memory_is_taken():
    v = np.random.default_rng(0).normal(size=200_000)
    with pytest.raises(MemoryError, match="100000 clusters of 200000 weights takes 7"):
        Clusters(100_000).prox(v, 0.1)


def test_parameters_of_penalties():
    for shape in ((0, 3), (2.0, 3), "ab", 3, (1, 2, 3, 4), (2**40, 2**40)):
        with pytest.raises(ValueError, match="shape must"):
            Maxima(1, shape)
    with pytest.raises(ValueError, match="coef must have 6 weights"):
        Maxima(1, (2, 3)).value(np.ones(5))
    with pytest.raises(TypeError, match="filtration must be callable"):
        TopologicalPenalty(None, [])
    for energies in ([], [1], None):
        with pytest.raises(TypeError, match="energies must be"):
            TopologicalPenalty(LevelSet(1), energies)


# solvers -----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def loss():
    rng = np.random.default_rng(0)
    return SquaredLoss(rng.normal(size=(20, 4)), rng.normal(size=20))


BAD_ARGUMENTS = [
    {"lam": np.nan},
    {"lam": -1},
    {"lam": "1"},
    {"start": []},
    {"start": np.zeros(3)},
    {"start": np.zeros((1, 4))},
    {"start": [0, 0, 0, np.inf]},
    {"start": np.zeros(4) + 1j},
    {"start": np.ma.masked_equal(np.arange(4.0), 1)},
    {"tol": np.nan},
    {"tol": -1e-3},
    {"max_iter": 0},
    {"max_iter": 2.0},
    {"max_iter": 10**12},
    {"loss": None},
    {"penalty": "l1"},
    {"penalty": L1},
]


@pytest.mark.parametrize("solver", [proximal, adam])
@pytest.mark.parametrize("wrong", BAD_ARGUMENTS, ids=str)
def test_arguments_of_solvers(loss, solver, wrong):
    arguments = {"loss": loss, "penalty": Clusters(2), "lam": 0.1, "start": np.zeros(4)} | wrong
    with pytest.raises((ValueError, TypeError), match=next(iter(wrong))):
        solver(**arguments)


@pytest.mark.parametrize("lams", [[], [1, 1], [1, 2], [np.nan], [1, -1], [[1.0]], None, ["a"]])
def test_lams_of_paths(loss, lams):
    with pytest.raises((ValueError, TypeError), match="lams"):
        solve_path(loss, TV(), lams)


def test_other_arguments_of_solvers(loss):
    for rate in (np.nan, -1.0):
        with pytest.raises(ValueError, match="learning_rate"):
            adam(loss, L1(), 0.1, np.zeros(4), learning_rate=rate)
    with pytest.raises(ValueError, match="n_init"):
        proximal(loss, L1(), 0.1, np.zeros(4), n_init=0)
    with pytest.raises(ValueError, match="solver must be"):
        choose_solver("sgd", L1())
    with pytest.raises(TypeError, match="penalty must be"):
        plan_of(None)


def test_an_objective_that_overflows_is_said(loss):
    for solver in (proximal, adam):
        with pytest.raises(ValueError, match="more than a float can hold"):
            solver(loss, L1(), 0.1, np.full(4, 1e200))


def test_what_penalties_of_users_return_is_checked(loss):
    class Wrong(Penalty):
        moved = staticmethod(lambda coef: coef)
        result = 0.0

        def value(self, coef):
            return self.result

        def prox(self, coef, step):
            return self.moved(coef)

    penalty = Wrong()
    penalty.moved = lambda coef: coef[:2]
    with pytest.raises(ValueError, match="must return weights of the shape"):
        proximal(loss, penalty, 0.1, np.zeros(4))
    penalty.moved = lambda coef: coef * np.nan
    with pytest.raises(ValueError, match="more than a float can hold"):
        proximal(loss, penalty, 0.1, np.zeros(4))
    penalty.moved, penalty.result = (lambda coef: coef), None
    with pytest.raises(TypeError, match="must return a number, got None"):
        proximal(loss, penalty, 0.1, np.zeros(4))


# losses ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("X", "name"),
    [
        (np.empty((0, 3)), "X"),
        (np.empty((3, 0)), "X"),
        (np.ones(3), "X"),
        (np.full((3, 2), np.nan), "X"),
        (np.full((3, 2), 1j), "X"),
        (np.full((3, 2), 1e150), "X"),
        (np.full((3, 2), -1e-150), "X"),
        (np.ones((4, 2)), "y"),
    ],
)
def test_data_of_losses(X, name):
    for make in (lambda: SquaredLoss(X, np.arange(3.0)), lambda: LogisticLoss(X, [0, 1, 1], 2)):
        with pytest.raises((ValueError, TypeError), match=f"{name} must|entry of {name}"):
            make()


@pytest.mark.parametrize("weight", [[-1, 1, 1], [0, 0, 0], [1, np.inf, 1], [1, 1], [[1, 1, 1]]])
def test_sample_weights_of_losses(weight):
    with pytest.raises(ValueError, match="sample_weight must"):
        SquaredLoss(np.eye(3), np.arange(3.0), weight)


def test_sample_weights_may_be_huge_and_y_is_checked():
    loss = SquaredLoss(np.eye(3), np.arange(3.0), np.full(3, 1e308))
    np.testing.assert_allclose(loss.root, 3**-0.5)
    for y in ([0, 1, 2], [0, -1, 1], [0.0, 1.0, 1.0], [0, 1]):
        with pytest.raises(ValueError, match="y must be"):
            LogisticLoss(np.eye(3), y, 2)
    with pytest.raises(ValueError, match="largest entry of y"):
        SquaredLoss(np.eye(3), np.full(3, 1e150))


# estimators --------------------------------------------------------------------------------------
def test_regressions_work_at_large_scales_or_say_what_to_do():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 4))
    y = X @ [1.0, 1.0, 3.0, 3.0]
    for a, b in ((1e60, 1e-10), (1e-60, 1e60), (1e70, 1e70)):
        coef = TopologicalRegression(n_components=2, lam=1e-3 * a * b).fit(a * X, b * y).coef_
        np.testing.assert_allclose(coef * a / b, [1, 1, 3, 3], atol=1e-2)
    with pytest.raises(ValueError, match="scale X to usual units"):
        TopologicalRegression().fit(1e150 * X, y)
    with pytest.raises(ValueError, match="scale y to usual units"):
        TopologicalRegressionCV(cv=2).fit(X, 1e-150 * y)
    with pytest.raises(ValueError, match="weights are more than a float32 can hold"):
        TopologicalRegression("l2", lam=0.0).fit(X.astype("f4"), 1e60 * y)
    model = TopologicalRegression(lam=1e-3).fit(X, y)
    with pytest.raises(ValueError, match="predictions are more than a float can hold"):
        model.predict(np.full((1, 4), 1.7e308))


def test_cross_validation_checks_its_folds_and_lams():
    X, y = np.random.default_rng(0).normal(size=(12, 2)), np.arange(12.0)
    for cv in ([], [([0, 1], [99])], [([0, 1], [])]):
        with pytest.raises(ValueError, match="cv must"):
            TopologicalRegressionCV(cv=cv, lams=2).fit(X, y)
    for lams in ([np.nan], [], [[1, 2]], [-1.0], ["a"], np.ma.masked_equal([1.0, 2.0], 1)):
        with pytest.raises((ValueError, TypeError), match="lams"):
            TopologicalRegressionCV(cv=2, lams=lams).fit(X, y)
    with pytest.raises(MemoryError, match="weights for 1000000000000 lams"):
        TopologicalRegressionCV(cv=2, lams=10**12).fit(X, y)
    for n_jobs in (0, True):
        with pytest.raises((ValueError, TypeError), match="n_jobs"):
            TopologicalRegressionCV(cv=2, n_jobs=n_jobs).fit(X, y)


def test_a_warm_start_of_another_size_is_refused():
    X, y = np.random.default_rng(0).normal(size=(12, 3)), np.arange(12.0)
    model = TopologicalRegression(warm_start=True, lam=0.1).fit(X, y)
    with pytest.raises(ValueError, match="warm_start needs the features"):
        model.fit(X[:, :2], y)
    with pytest.raises(ValueError, match="warm_start needs the features"):
        model.fit(X, np.column_stack([y, y]))


def test_classes_may_be_tensors_of_any_kind():
    X, y = np.eye(4), [0, 1, 1, 0]
    value = LogisticLoss(X, y, 2).value_and_gradient(np.zeros(5))[0]
    for labels in (torch.tensor(y), torch._neg_view(-torch.tensor(y))):
        assert LogisticLoss(X, labels, 2).value_and_gradient(np.zeros(5))[0] == value
    with pytest.raises(ValueError, match="class indices"):
        LogisticLoss(X, torch.tensor([0.0, 1.0, 1.0, 0.0], requires_grad=True), 2)


def test_modules_without_dimensions_are_refused():
    with pytest.raises(ValueError, match="homology_dimensions must have a dimension"):
        LevelSetEnergies(
            np.ones((1, 3, 3)), homology_dimensions=[], superlevel=False, complex="freudenthal",
            max_p=1, max_q=1, i0=1, essential="drop",
        )  # fmt: skip


@pytest.mark.parametrize(
    "w", [[1.0, 2.0], [np.nan] * 4, [np.inf, 0, 0, 0], [1e200] * 4, [[1.0] * 4], ["a"] * 4, None]
)
def test_weights_of_losses(w):
    X = np.arange(12.0).reshape(3, 4)
    for loss in (SquaredLoss(X, np.arange(3.0)), LogisticLoss(X, [0, 1, 1], 2, None, False)):
        if np.size(w) == 4 and w[0] == 1e200 and isinstance(loss, LogisticLoss):
            assert np.isfinite(loss.value_and_gradient(w)[1]).all()
            continue
        with pytest.raises((TypeError, ValueError), match=r"\bw\b"):
            loss.value_and_gradient(w)


def test_integers_of_few_bits_are_integers(rng):
    """Products of them, as sizes are, would overflow."""
    few = np.uint8
    images, X, y = rng.random((3, 6, 6)), rng.normal(size=(20, 3)), rng.normal(size=20)
    for make in (
        lambda kind: PersistenceFeatures(
            n_directions=kind(20), max_p=kind(5), max_q=kind(9)
        ).fit_transform(images),
        lambda kind: TopologicalRegression("l2", tol=kind(2)).fit(X, y).coef_,
        lambda kind: PersistenceLandscape("level_set", dim=0, n_layers=kind(40)).fit_transform(
            images
        ),
        lambda kind: PersistenceImage(
            "level_set", dim=0, resolution=(kind(20), kind(20))
        ).fit_transform(images),
        lambda kind: TopoShaper("fill", n_iter_no_change=kind(1), max_iter=5).fit_transform(X),
    ):
        assert np.array_equal(make(few), make(int))


def test_weights_of_energies_may_be_huge_integers():
    image = torch.tensor([[0.0, 3.0, 1.0, 2.0]], requires_grad=True)
    energy = Energy(dim=0, weight=10**30)(LevelSet(2)(image))
    assert energy.item() == pytest.approx(2e30)
