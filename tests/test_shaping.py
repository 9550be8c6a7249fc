"""TopoShaper: what objectives do, gradients, steps, fields, and being an estimator."""

import pickle
import warnings
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_param_validation, parametrize_with_checks

from skltopo import Energy, TopoShaper
from skltopo.energies import polynomial_gradient
from skltopo.filtrations import Alpha, VietorisRips, WeakAlpha
from skltopo.shaping import OBJECTIVES
from skltopo.shaping.descent import Adam, Loss
from skltopo.shaping.fields import GaussianField, NearestField, Replay, blocks, typical_spacing

ESTIMATORS = [
    TopoShaper(max_iter=20),
    TopoShaper("clusters", filtration="rips", max_iter=5, bounds=(-20.0, 20.0), anchor=0.1),
    TopoShaper(gradient="diffeomorphic", max_iter=5),
    TopoShaper("lines", gradient="big_step", max_iter=3),
    TopoShaper("spread", optimizer="lbfgs", max_iter=3),
    TopoShaper("spread", subsample=0.5, max_iter=5, store_path=True),
]


@pytest.mark.filterwarnings("ignore:TopoShaper (took no step|diverged)")  # of odd points
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_parameters_are_validated():
    check_param_validation("TopoShaper", TopoShaper())


def uniform(n=60, d=2, seed=0):
    return np.random.default_rng(seed).random((n, d))


def total(points, dim, p=2):
    """Return the sum of lengths to the power p in PD_dim."""
    return Energy(dim=dim, p=p)(WeakAlpha(max_dim=1)(points))


# Objectives


@pytest.mark.parametrize(
    ("objective", "dim", "grows"),
    [
        ("holes", 1, True),
        ("fill", 1, False),
        ("spread", 0, True),
        ("clusters", 0, False),
        ("lines", 0, False),
    ],
)
@pytest.mark.parametrize("gradient", ["subgradient", "big_step", "diffeomorphic"])
def test_objectives_do_what_they_say(objective, dim, grows, gradient):
    X = uniform()
    moved = TopoShaper(objective, gradient=gradient).fit_transform(X)
    ratio = total(moved, dim) / total(X, dim)
    assert ratio > 2 if grows else ratio < 0.5


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("filtration", ["weak_alpha", "alpha", "rips"])
def test_optimizers_and_filtrations_go_down(optimizer, filtration):
    shaper = TopoShaper("clusters", filtration=filtration, optimizer=optimizer, max_iter=20)
    shaper.fit(uniform(30))
    assert shaper.loss_curve_[-1] < 0.9 * shaper.loss_curve_[0]
    assert len(shaper.loss_curve_) == shaper.n_iter_ + 1


@pytest.mark.parametrize("d", [1, 2, 3])
def test_points_on_a_line_in_the_plane_and_in_space(d):
    X = uniform(25, d)
    closer = TopoShaper("clusters").fit_transform(X)
    assert closer.shape == X.shape
    assert total(closer, 0) < 0.5 * total(X, 0)
    if d > 1:
        assert TopoShaper("holes", max_iter=20).fit(X).loss_curve_[-1] < 0


def test_objective_is_the_sum_of_energies_and_anchor():
    X = uniform(30)
    energies = [Energy(dim=1, p=1, weight=-2.0), Energy(dim=0, p=2, q=1, i0=3)]
    shaper = TopoShaper(energies, anchor=0.7, max_iter=15, tol=None).fit(X)
    diagram = WeakAlpha(max_dim=1)(shaper.embedding_)
    away = np.square(shaper.embedding_ - X).sum()
    expected = sum(energy(diagram) for energy in energies) + 0.7 * away
    assert shaper.loss_curve_[-1] == pytest.approx(expected, rel=1e-12)
    single = TopoShaper(Energy(dim=1, p=2, weight=-1.0), max_iter=5).fit(X)
    np.testing.assert_array_equal(
        single.embedding_, TopoShaper("holes", max_iter=5).fit(X).embedding_
    )


# Gradients


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3])
@pytest.mark.parametrize("q", [0, 1, 2])
@pytest.mark.parametrize("i0", [1, 3, 50])
def test_polynomial_gradient_is_that_of_torch(p, q, i0):
    points = torch.tensor(uniform(20), requires_grad=True)
    part = WeakAlpha(max_dim=1)(points).as_batch().get_points(0)
    finite = part.finite.detach().numpy()
    energy = Energy(dim=0, p=p, q=q, i0=i0, weight=-0.7)
    value, gradient = polynomial_gradient(energy, finite, 1)
    live = torch.tensor(finite, requires_grad=True)
    births, deaths = live[max(0, i0 - 2) :].T
    expected = -0.7 * (abs(deaths - births) ** p * ((births + deaths) / 2) ** q).sum()
    if expected.requires_grad and len(births):
        expected.backward()
        np.testing.assert_allclose(gradient, live.grad, rtol=1e-12, atol=1e-14)
    assert value == pytest.approx(float(expected.detach()))
    assert value == pytest.approx(float(energy(WeakAlpha(max_dim=1)(points)).detach()))


def test_polynomial_gradient_is_zero_at_points_without_length():
    for p in (0.5, 1, 2):
        value, gradient = polynomial_gradient(Energy(dim=0, p=p), np.ones((3, 2)))
        assert value == 0
        assert not gradient.any()


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
@pytest.mark.parametrize("anchor", [0.0, 2.0])
def test_gradients_are_those_of_finite_differences(objective, anchor):
    X = uniform(15)
    start = X + 0.01
    for closed_form in (True, False):
        loss = Loss(WeakAlpha(max_dim=1), OBJECTIVES[objective], anchor, start, closed_form)
        value, gradient = loss(X)
        assert value == pytest.approx(loss(X.copy())[0])
        step = 1e-6
        for i, c in np.ndindex(X.shape):
            up, down = X.copy(), X.copy()
            up[i, c] += step
            down[i, c] -= step
            slope = (loss(up)[0] - loss(down)[0]) / (2 * step)
            assert gradient[i, c] == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_gradcheck(objective):
    points = torch.tensor(uniform(12), requires_grad=True)

    def loss(points):
        diagram = WeakAlpha(max_dim=1)(points)
        return sum(energy(diagram) for energy in OBJECTIVES[objective])

    assert torch.autograd.gradcheck(loss, (points,))


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
@pytest.mark.parametrize("filtration", [WeakAlpha(max_dim=1), VietorisRips(max_dim=1)])
def test_adam_is_that_of_torch(objective, filtration):
    """Its eps, which is 1e-8 in torch, is in units of the first gradient."""
    X = uniform(30, seed=1)
    points = torch.tensor(X, requires_grad=True)
    sum(energy(filtration(points)) for energy in OBJECTIVES[objective]).backward()
    optimizer = torch.optim.Adam([points], lr=0.01, eps=1e-8 * float(points.grad.abs().max()))
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        diagram = filtration(points)
        loss = sum(energy(diagram) for energy in OBJECTIVES[objective])
        loss.backward()
        losses.append(float(loss.detach()))
        optimizer.step()
    shaper = TopoShaper(objective, filtration=filtration, learning_rate=0.01, max_iter=8, tol=None)
    shaper.fit(X)
    np.testing.assert_allclose(shaper.loss_curve_[:-1], losses, rtol=1e-9)
    np.testing.assert_allclose(shaper.embedding_, points.detach(), atol=1e-9)


def test_closed_form_is_left_where_it_does_not_hold():
    X = uniform(20)
    clipped = TopoShaper(Energy(dim=0, p=2, essential="clip"), max_iter=2).fit(X)
    diagram = WeakAlpha(max_dim=0)(X)
    assert clipped.loss_curve_[0] == pytest.approx(Energy(dim=0, p=2, essential="clip")(diagram))
    manhattan = VietorisRips(max_dim=0, metric="cityblock")
    shaper = TopoShaper("clusters", filtration=manhattan, max_iter=2).fit(X)
    assert shaper.loss_curve_[0] == pytest.approx(OBJECTIVES["clusters"][0](manhattan(X)))


def test_any_callable_is_a_filtration():
    shaper = TopoShaper("clusters", filtration=lambda points: Alpha(max_dim=0)(points), max_iter=5)
    named = TopoShaper("clusters", filtration="alpha", max_iter=5)
    X = uniform(20)
    np.testing.assert_allclose(shaper.fit_transform(X), named.fit_transform(X))


def test_a_filtration_without_tensors_is_refused():
    with pytest.raises(TypeError, match="filtration must return diagrams of tensors"):
        TopoShaper(filtration=lambda points: WeakAlpha()(points.detach().numpy())).fit(uniform(9))


# Steps


def test_a_settled_loss_ends_the_descent():
    X = uniform(30)
    shaper = TopoShaper("clusters", learning_rate=0.01, max_iter=2000, tol=1e-3).fit(X)
    assert 10 < shaper.n_iter_ < 2000
    last = shaper.loss_curve_[-10:].min()
    best = shaper.loss_curve_[:-10].min()
    assert best - last <= 1e-3 * best
    assert TopoShaper("clusters", max_iter=40, tol=None).fit(X).n_iter_ == 40


def test_nothing_to_do_takes_no_step():
    line = np.arange(10.0)[:, np.newaxis] * [1.0, 0.0]
    with pytest.warns(ConvergenceWarning, match="took no step, as the objective has nothing to do"):
        shaper = TopoShaper("holes").fit(line)
    assert shaper.n_iter_ == 0
    np.testing.assert_array_equal(shaper.embedding_, line)
    np.testing.assert_array_equal(shaper.loss_curve_, [0.0])


def test_bounds_keep_points():
    X = uniform()
    for optimizer in ("adam", "lbfgs"):
        shaper = TopoShaper("spread", optimizer=optimizer, bounds=(0.0, 1.0)).fit(X)
        assert shaper.embedding_.min() == 0
        assert shaper.embedding_.max() == 1
        assert shaper.loss_curve_[-1] < 1.3 * shaper.loss_curve_[0]
    low, high = [0.0, -1.0], [1.0, 3.0]
    moved = TopoShaper("spread", bounds=(low, high), learning_rate=0.05).fit_transform(X)
    assert (moved >= low).all()
    assert (moved <= high).all()
    assert moved[:, 1].max() > 1.5
    far = TopoShaper("spread", bounds=(0.0, 0.5), max_iter=1)
    assert far.fit_transform(X).max() == 0.5  # also points that begin outside
    assert far.transform([[9.0, 0.2]])[0, 0] == 0.5


@pytest.mark.parametrize("bounds", [(1.0, 0.0), (0.0,), (0.0, [1.0, 2.0, 3.0]), ("a", "b")])
def test_wrong_bounds_are_refused(bounds):
    with pytest.raises(ValueError, match=r"bounds must be \(low, high\) with low <= high"):
        TopoShaper(bounds=bounds).fit(uniform())


def test_anchor_keeps_points_near():
    X = uniform()
    moves = [
        np.abs(TopoShaper("spread", anchor=anchor).fit_transform(X) - X).max()
        for anchor in (0.0, 1.0, 20.0)
    ]
    assert moves[0] > 1.5 * moves[1] > 3 * moves[2] > 0


def test_path_is_stored_if_asked_for():
    X = uniform()
    for options in ({}, {"optimizer": "lbfgs"}, {"gradient": "diffeomorphic"}):
        shaper = TopoShaper("clusters", max_iter=7, store_path=True, **options).fit(X)
        assert shaper.path_.shape == (shaper.n_iter_ + 1, *X.shape)
        np.testing.assert_array_equal(shaper.path_[0], X)
        np.testing.assert_allclose(shaper.path_[-1], shaper.embedding_, atol=1e-12)
    assert not hasattr(TopoShaper(max_iter=1).fit(X), "path_")


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_ctrl_c_leaves_a_usable_model(optimizer):
    class Interrupting(WeakAlpha):
        n_calls = 0

        def __call__(self, points):
            self.n_calls += 1
            if self.n_calls == 6:
                raise KeyboardInterrupt
            return super().__call__(points)

    X = uniform()
    shaper = TopoShaper("clusters", filtration=Interrupting(max_dim=0), optimizer=optimizer)
    with pytest.warns(ConvergenceWarning, match="was interrupted after . steps"):
        shaper.fit(X)
    whole = TopoShaper("clusters", optimizer=optimizer, max_iter=shaper.n_iter_).fit(X)
    assert 1 <= shaper.n_iter_ <= 4
    np.testing.assert_array_equal(shaper.embedding_, whole.embedding_)
    np.testing.assert_array_equal(shaper.loss_curve_, whole.loss_curve_)
    np.testing.assert_allclose(shaper.transform(X), shaper.embedding_, atol=1e-12)


def test_ctrl_c_before_the_first_loss():
    def interrupting(points):
        raise KeyboardInterrupt

    X = uniform()
    shaper = TopoShaper(filtration=interrupting)
    with pytest.warns(ConvergenceWarning, match="after 0 steps"):
        shaper.fit(X)
    np.testing.assert_array_equal(shaper.transform(X), X)
    assert shaper.n_iter_ == 0
    assert shaper.loss_curve_.shape == (0,)


@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
def test_divergence_leaves_finite_points_and_warns(optimizer):
    shaper = TopoShaper("spread", optimizer=optimizer, learning_rate=1e9, max_iter=500, tol=None)
    with pytest.warns(ConvergenceWarning, match="diverged after"):
        shaper.fit(uniform())
    assert np.isfinite(shaper.embedding_).all()
    assert np.isfinite(shaper.loss_curve_).all()


# Units


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("gradient", ["subgradient", "big_step", "diffeomorphic"])
@pytest.mark.parametrize("scale", [3e-13, 1e-5, 7e8])
def test_points_move_at_any_scale_as_they_do_at_others(optimizer, gradient, scale):
    if optimizer == "lbfgs" and gradient != "subgradient":
        return
    X = uniform(25, seed=5)
    options = {"gradient": gradient, "optimizer": optimizer, "max_iter": 6}
    near = TopoShaper("clusters", **options).fit(X)
    for rate in (None, scale * near.learning_rate_):
        far = TopoShaper("clusters", learning_rate=rate, **options).fit(scale * X)
        assert far.learning_rate_ == pytest.approx(scale * 0.01 * np.ptp(X, axis=0).max())
        np.testing.assert_allclose(far.embedding_ / scale, near.embedding_, atol=1e-5)
        assert near.loss_curve_[-1] < near.loss_curve_[0]


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "lbfgs"])
def test_the_best_points_are_kept(optimizer):
    X = uniform(30, seed=2)
    X[::3] = np.round(X[::3], 1)
    for objective, gradient in (("holes", "subgradient"), ("fill", "diffeomorphic")):
        gradient = "subgradient" if optimizer == "lbfgs" else gradient
        options = {"gradient": gradient, "optimizer": optimizer, "store_path": True}
        shaper = TopoShaper(objective, learning_rate=0.06, max_iter=40, tol=None, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            shaper.fit(X)
        at = shaper.loss_curve_.argmin()
        np.testing.assert_allclose(shaper.embedding_, shaper.path_[at], atol=1e-12)
        np.testing.assert_allclose(shaper.transform(X), shaper.embedding_, atol=1e-10)
        (energy,) = OBJECTIVES[objective]
        end = energy(WeakAlpha(max_dim=1)(shaper.embedding_))
        assert end == pytest.approx(shaper.loss_curve_.min())
        assert end <= shaper.loss_curve_[0]


def test_a_loss_that_ends_above_its_start_warns():
    X = uniform(20)
    with pytest.warns(ConvergenceWarning, match="diverged: .* try a learning_rate smaller than 3"):
        shaper = TopoShaper("clusters", learning_rate=3, max_iter=5).fit(X)
    np.testing.assert_array_equal(shaper.embedding_, X)
    assert shaper.loss_curve_[1:].min() > shaper.loss_curve_[0]


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "lbfgs"])
def test_an_objective_without_points_to_change_warns(optimizer):
    X = uniform(12, 3)
    for energy, sentence in (
        (Energy(dim=3, p=1), "points with 3 features have holes up to dimension 2"),
        (Energy(dim=0, i0=13), "no point of the diagram of X counts in"),
        (Energy(dim=0, p=0), "nothing to do"),
    ):
        with pytest.warns(ConvergenceWarning, match=sentence) as caught:
            shaper = TopoShaper(energy, optimizer=optimizer).fit(X)
        assert len(caught) == 1
        assert shaper.n_iter_ == 0
        np.testing.assert_array_equal(shaper.embedding_, X)


def test_names_of_columns_are_looked_at_before_missing_entries():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(uniform(20), columns=["x", "y"])
    shaper = TopoShaper(max_iter=2).fit(frame)
    for missing in (np.nan, pandas.NA):
        wrong = frame.rename(columns={"x": "z"}).astype(object)
        wrong.iloc[0, 0] = missing
        with pytest.raises(ValueError, match="feature names should match"):
            shaper.transform(wrong)


def test_verbose_shows_a_bar(capsys):
    TopoShaper(max_iter=3).fit(uniform())
    assert capsys.readouterr().err == ""
    for optimizer in ("adam", "lbfgs"):
        TopoShaper(max_iter=3, verbose=1, optimizer=optimizer).fit(uniform())
        assert "TopoShaper: 100%" in capsys.readouterr().err


# Fields


def test_gaussian_field_has_the_given_moves_and_fades():
    anchors, moves = uniform(30), uniform(30, seed=1) - 0.5
    field = GaussianField(anchors, moves, 0.08)
    np.testing.assert_allclose(field(field.anchors), field.moves, atol=1e-6)
    assert np.abs(field(anchors + 5)).max() < 1e-12
    assert field(np.empty((0, 2))).shape == (0, 2)


def test_blocks_of_points_change_nothing_but_the_time():
    points = uniform(3000)
    cut = list(blocks(points))
    assert max(len(block) for block in cut) <= 512
    np.testing.assert_array_equal(np.sort(np.concatenate(cut)), np.arange(3000))
    field = GaussianField(uniform(40, seed=1), uniform(40, seed=2), 0.02)
    square = np.square(points[:, np.newaxis] - field.anchors).sum(axis=-1)
    expected = np.exp(-square / (2 * 0.02**2)) @ field.coef
    np.testing.assert_allclose(field(points), expected, atol=1e-14)


def test_near_duplicate_anchors_are_merged():
    anchors = np.array([[0.0, 0.0], [0.001, 0.0], [1.0, 0.0], [1.0, 0.0]])
    moves = np.array([[1.0, 0.0], [-1.0, 2.0], [0.5, 0.0], [0.5, 1.0]])
    field = GaussianField(anchors, moves, 0.1)
    np.testing.assert_allclose(field.anchors, [[0.0005, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(field.moves, [[0.0, 1.0], [0.5, 0.5]])
    assert np.abs(field.coef).max() < 2


def test_of_many_anchors_the_strongest_stay(monkeypatch):
    monkeypatch.setattr("skltopo.shaping.fields.MAX_ANCHORS", 5)
    anchors = np.arange(20.0)[:, np.newaxis]
    moves = np.where(np.arange(20) % 4 == 1, 1.0, 0.1)[:, np.newaxis]
    field = GaussianField(anchors, moves, 0.3)
    np.testing.assert_array_equal(field.anchors[:, 0], [1, 5, 9, 13, 17])


@pytest.mark.parametrize("d", [1, 2, 3])
def test_damped_steps_can_be_undone(d):
    rng = np.random.default_rng(0)
    field = GaussianField(rng.random((20, d)), 3 * rng.normal(size=(20, d)), 0.2).damp()
    points = rng.random((200, d))
    back, converged = field.undo(points + field(points), 1e-13)
    assert converged
    np.testing.assert_allclose(back, points, atol=1e-12)
    small = GaussianField(np.zeros((1, d)), np.full((1, d), 1e-3), 0.2)
    np.testing.assert_array_equal(small.damp().moves, 1e-3)


def test_damping_does_not_depend_on_the_origin():
    anchors, moves = uniform(20), uniform(20, seed=1)
    near, far = (GaussianField(anchors + shift, moves, 0.2).damp() for shift in (0, 1e6))
    np.testing.assert_allclose(near.moves, far.moves, rtol=1e-5)


def test_steep_steps_warn_when_undone():
    field = GaussianField(np.zeros((1, 1)), np.full((1, 1), -9.0), 0.5)
    with pytest.warns(RuntimeWarning, match="inverse_transform is not exact"):
        Replay([field], None).undo(np.linspace(-1, 1, 9)[:, np.newaxis])


def test_nearest_field_is_exact_continuous_and_far_reaching():
    points, moves = uniform(50), uniform(50, seed=1)
    field = NearestField(points, moves)
    np.testing.assert_array_equal(field(points), moves)
    np.testing.assert_allclose(field(points + 1e-7), moves, atol=1e-3)
    line = np.linspace(0, 1, 20001)[:, np.newaxis] * [1.0, 0.7]
    assert np.abs(np.diff(field(line), axis=0)).max() < 0.02
    low, high = moves.min(axis=0), moves.max(axis=0)
    far = field([[1e6, -1e6]])
    assert (far >= low).all()
    assert (far <= high).all()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_nearest_field_of_few_points(n):
    points = np.arange(float(n))[:, np.newaxis]
    field = NearestField(points, 2 * points)
    np.testing.assert_array_equal(field(points), 2 * points)
    assert np.isfinite(field([[0.3], [7.0]])).all()


def test_typical_spacing():
    assert typical_spacing(np.arange(5.0)[:, np.newaxis]) == 2
    assert typical_spacing(np.zeros((4, 2))) == 1
    assert typical_spacing(np.zeros((1, 2))) == 1


# Transforming


@pytest.mark.parametrize("gradient", ["subgradient", "big_step", "diffeomorphic"])
@pytest.mark.parametrize("objective", ["holes", "spread"])
def test_transform_carries_training_points_to_the_embedding_and_back(gradient, objective):
    X = uniform()
    shaper = TopoShaper(objective, gradient=gradient, max_iter=30).fit(X)
    np.testing.assert_allclose(shaper.transform(X), shaper.embedding_, atol=1e-12)
    np.testing.assert_allclose(shaper.inverse_transform(shaper.embedding_), X, atol=1e-7)


def test_diffeomorphic_transform_is_smooth_and_invertible_everywhere():
    X, new = uniform(), uniform(500, seed=3)
    shaper = TopoShaper("holes", gradient="diffeomorphic").fit(X)
    moved = shaper.transform(new)
    np.testing.assert_allclose(shaper.inverse_transform(moved), new, atol=1e-8)
    assert np.abs(moved - new).max() > 0.1
    shifted = shaper.transform(new + 1e-7)
    assert np.abs(shifted - moved).max() < 1e-3  # neighbours stay neighbours


def test_subsample_is_shaped_and_the_others_are_carried():
    X = uniform(2000)
    for gradient in ("subgradient", "diffeomorphic"):
        shaper = TopoShaper(
            "holes", gradient=gradient, subsample=100, random_state=0, max_iter=30
        ).fit(X)
        assert len(shaper.sample_indices_) == 100
        assert shaper.embedding_.shape == X.shape
        np.testing.assert_allclose(shaper.transform(X), shaper.embedding_, atol=1e-12)
        alone = TopoShaper("holes", gradient=gradient, max_iter=30)
        alone.fit(X[shaper.sample_indices_])
        np.testing.assert_allclose(
            shaper.embedding_[shaper.sample_indices_], alone.embedding_, atol=1e-12
        )
        again = clone(shaper).fit(X)
        np.testing.assert_array_equal(again.embedding_, shaper.embedding_)
    assert len(TopoShaper(subsample=0.1, max_iter=1).fit(X).sample_indices_) == 200
    assert len(TopoShaper(subsample=5000, max_iter=1).fit(X).sample_indices_) == 2000


def test_inverse_with_bounds_is_interpolated():
    X = uniform()
    shaper = TopoShaper("holes", gradient="diffeomorphic", bounds=(0.0, 1.0), max_iter=20).fit(X)
    np.testing.assert_allclose(shaper.transform(X), shaper.embedding_, atol=1e-12)
    back = shaper.inverse_transform(shaper.embedding_)
    assert np.median(np.abs(back - X)) < 1e-9


# Data


@pytest.mark.parametrize("gradient", ["subgradient", "big_step", "diffeomorphic"])
@pytest.mark.parametrize("objective", ["holes", "lines"])
@pytest.mark.parametrize(
    "X",
    [
        np.zeros((1, 2)),
        np.zeros((6, 2)),
        np.array([[0.0, 0.0], [1.0, 1.0]]),
        np.repeat(uniform(10), 2, axis=0),
        np.random.default_rng(0).integers(0, 4, (40, 2)),
        np.arange(12.0)[:, np.newaxis],
    ],
    ids=["one", "same", "two", "duplicates", "grid", "line"],
)
@pytest.mark.filterwarnings("ignore:TopoShaper (took no step|diverged)")
def test_points_that_are_few_or_coincide(X, objective, gradient):
    shaper = TopoShaper(objective, gradient=gradient, max_iter=10).fit(X)
    assert shaper.embedding_.shape == X.shape
    assert np.isfinite(shaper.embedding_).all()
    assert np.isfinite(shaper.transform(X)).all()


def test_above_five_features_rips_stands_in():
    shaper = TopoShaper("clusters", max_iter=5).fit(uniform(20, 6))
    assert isinstance(shaper.filtration_, VietorisRips)
    assert isinstance(TopoShaper(max_iter=1).fit(uniform(20, 2)).filtration_, WeakAlpha)


def test_float32_gives_float32():
    X = uniform().astype(np.float32)
    shaper = TopoShaper("holes", max_iter=10).fit(X)
    assert shaper.embedding_.dtype == np.float32
    assert shaper.transform(X).dtype == np.float32
    assert shaper.inverse_transform(X).dtype == np.float32
    double = TopoShaper("holes", max_iter=10).fit(X.astype(np.float64))
    np.testing.assert_allclose(shaper.embedding_, double.embedding_, atol=1e-6)


def test_pickle_pipeline_and_pandas():
    X = uniform()
    for gradient in ("subgradient", "diffeomorphic"):
        shaper = TopoShaper("holes", gradient=gradient, bounds=(-1, 2), max_iter=5).fit(X)
        copied = pickle.loads(pickle.dumps(shaper))
        np.testing.assert_array_equal(copied.transform(X), shaper.transform(X))
    pipeline = make_pipeline(StandardScaler(), TopoShaper("holes", max_iter=5))
    frame = pipeline.set_output(transform="pandas").fit_transform(X)
    assert list(frame.columns) == ["x0", "x1"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"objective": []}, TypeError, "objective must be a name, an Energy or a list"),
        ({"objective": ["holes"]}, TypeError, "objective must be a name, an Energy or a list"),
        ({"objective": "hole"}, ValueError, "'objective' parameter"),
        (
            {"optimizer": "lbfgs", "gradient": "big_step"},
            ValueError,
            'optimizer="lbfgs" goes with gradient="subgradient"',
        ),
        (
            {"filtration": "alpha", "gradient": "big_step"},
            ValueError,
            'gradient="big_step" needs filtration="weak_alpha" or "rips"',
        ),
        (
            {"filtration": VietorisRips(metric="cityblock"), "gradient": "big_step"},
            ValueError,
            'gradient="big_step" needs filtration="weak_alpha" or "rips"',
        ),
    ],
)
def test_wrong_parameters_get_a_sentence(options, error, message):
    with pytest.raises(error, match=message):
        TopoShaper(**options).fit(uniform(10))


def test_adam_counts_its_steps():
    rule = Adam(0.1)
    first = rule.step(np.array([2.0, -3.0, 0.0]))
    np.testing.assert_allclose(first, [-0.1, 0.1, 0.0], rtol=1e-6)
    assert rule.n_steps == 1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_points_that_leave_their_dtype_are_said(rng):
    points = (2e38 * rng.random((12, 2))).astype(np.float32)
    shaper = TopoShaper("spread", learning_rate=1e38, max_iter=30, tol=None)
    with pytest.raises(ValueError, match="more than a float32 can hold"):
        shaper.fit(points)
    with pytest.raises(NotFittedError):
        shaper.transform(points)


@pytest.mark.parametrize("filtration", ["weak_alpha", "alpha"])
def test_steps_of_adam_know_no_units(filtration, rng):
    """Of scales that are powers of two, bit by bit."""
    points = rng.normal(size=(40, 2))
    shaper = TopoShaper("holes", filtration=filtration, max_iter=15, tol=None)
    moved = shaper.fit_transform(points)
    for scale in (2.0**-20, 2.0**14):
        np.testing.assert_array_equal(shaper.fit_transform(scale * points), scale * moved)


def test_an_energy_that_can_never_count_is_said():
    objective = [Energy(dim=0), Energy(dim=2)]
    with pytest.warns(ConvergenceWarning, match=r"nothing to do for \[Energy\(.*dimension 1"):
        shaper = TopoShaper(objective, max_iter=3).fit(uniform(20))
    assert shaper.n_iter_ == 3
    TopoShaper(objective, filtration=VietorisRips(max_dim=2), max_iter=3).fit(uniform(20))


def test_lbfgs_says_where_the_loss_has_no_minimum():
    with pytest.warns(ConvergenceWarning, match="diverged after"):
        shaper = TopoShaper(Energy(dim=0, weight=-1.0), optimizer="lbfgs").fit(uniform(20))
    assert np.isfinite(shaper.embedding_).all()
    assert abs(shaper.embedding_).max() < 1e9


def test_points_are_carried_where_squares_of_distances_overflow():
    near = uniform(6)
    X = np.concatenate([near, 1e149 * uniform(6), [[1e150, 1e150]]])
    with pytest.warns(ConvergenceWarning):
        shaper = TopoShaper(Energy(dim=1, weight=-1.0), anchor=0.1).fit(X)
    assert np.isfinite(shaper.transform(near + 0.01)).all()


@pytest.mark.parametrize("options", [
    {}, {"optimizer": "sgd"}, {"optimizer": "lbfgs"}, {"gradient": "big_step"},
    {"gradient": "diffeomorphic"}, {"filtration": "rips"}, {"filtration": "alpha"},
    {"filtration": WeakAlpha(max_dim=1)}, {"anchor": 0.1}, {"bounds": (0.2, 0.9)},
    {"subsample": 15, "random_state": 0}, {"learning_rate": 0.02},
    {"gradient": "diffeomorphic", "bandwidth": 0.1},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("exponent", [-1020, -600, -540, -300, 300, 500])
def test_points_move_where_squares_vanish_and_overflow(options, exponent):
    """The unit of the points is their extent."""
    close = partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-12)
    X, scale = uniform(25, seed=5), 2.0**exponent
    given = {
        name: np.multiply(scale, options[name])
        for name in ("learning_rate", "bandwidth")
        if name in options
    }
    if "bounds" in options:
        given["bounds"] = tuple(scale * bound for bound in options["bounds"])
    shaper = TopoShaper("holes", max_iter=6, store_path=True, **options)
    near = clone(shaper).fit(X)
    far = clone(shaper).set_params(**given).fit(scale * X)
    assert near.loss_curve_[-1] < near.loss_curve_[0]
    close(far.embedding_ / scale, near.embedding_)
    close(far.path_ / scale, near.path_)
    close(far.transform(scale * X) / scale, near.transform(X))
    back = far.inverse_transform(far.embedding_) / scale
    close(back, near.inverse_transform(near.embedding_))
    np.testing.assert_allclose(far.loss_curve_, np.ldexp(near.loss_curve_, 2 * exponent), rtol=1e-9)
    # Points of other sizes stay finite.
    assert np.isfinite(far.transform([[1.0, -1.0], [1e300, 0.0], [0.0, 1e-300]])).all()


def test_terms_of_other_powers_count_as_in_the_units_of_the_points():
    X = uniform(25, seed=5)
    shaper = TopoShaper([Energy(dim=0, p=1), Energy(dim=1, p=3, weight=-50.0)], max_iter=5)
    plain = clone(shaper).set_params(filtration=lambda points: WeakAlpha(max_dim=1)(points))
    for scale in (0.01, 1.0, 30.0):
        expected, found = plain.fit(scale * X), clone(shaper).fit(scale * X)
        np.testing.assert_allclose(found.embedding_, expected.embedding_, rtol=1e-9)
        np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-12)
    ones = TopoShaper(Energy(dim=0), max_iter=5).fit(2.0**-700 * X)
    both = clone(shaper).fit(2.0**-700 * X)
    np.testing.assert_array_equal(ones.embedding_, both.embedding_)


def test_losses_that_overflow_are_refused_and_ones_that_vanish_are_said():
    with pytest.raises(ValueError, match="loss of points of this size is more than a float"):
        TopoShaper("holes", max_iter=2).fit(1e160 * uniform(20))
    shaper = TopoShaper("holes", filtration=lambda points: WeakAlpha(max_dim=1)(points), max_iter=3)
    with pytest.warns(ConvergenceWarning, match="took 3 steps of a loss that is less than a float"):
        shaper.fit(1e-200 * uniform(20))
    TopoShaper(Energy(dim=0), max_iter=2).fit(1e300 * uniform(20))


@pytest.mark.parametrize(("optimizer", "rate"), [("adam", 1e110), ("sgd", 1e60)])
def test_cubes_of_lengths_diverge_with_a_warning(optimizer, rate):
    objective = Energy(dim=0, p=3, weight=-1.0)
    shaper = TopoShaper(objective, optimizer=optimizer, learning_rate=rate, tol=None)
    with pytest.warns(ConvergenceWarning, match="diverged after"):
        shaper.fit(uniform(20))
    assert np.isfinite(shaper.embedding_).all()


@pytest.mark.parametrize("power", [-300, 300])
def test_high_powers_of_short_lengths_have_squares(power):
    """Squares of the gradients would vanish, or overflow."""
    X = uniform(20)
    expected = TopoShaper(Energy(dim=0), max_iter=4, tol=None).fit(X)
    weighted = TopoShaper(Energy(dim=0, weight=10.0**power), max_iter=4, tol=None).fit(X)
    np.testing.assert_allclose(weighted.embedding_, expected.embedding_, rtol=1e-9)


@pytest.mark.filterwarnings("ignore:TopoShaper diverged")
@pytest.mark.parametrize("bandwidth", [1e-300, 1e300])
def test_bandwidths_whose_squares_vanish_and_overflow(bandwidth):
    shaper = TopoShaper(gradient="diffeomorphic", bandwidth=bandwidth, max_iter=3)
    assert np.isfinite(shaper.fit_transform(uniform(20))).all()
