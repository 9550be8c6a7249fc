import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import check_grad

from skltopo.datasets import make_clustered_coef, make_regression_problem
from skltopo.penalties import L1, L2, TV, TV2, Clusters, Maxima, Penalty
from skltopo.solvers import (
    LogisticLoss,
    SquaredLoss,
    adam,
    choose_solver,
    proximal,
    solve_path,
)
from skltopo.solvers.subgradients import PythonSlope, differentiate, slope_of

PENALTIES = [L1(), L2(), TV(), TV2(), Clusters(1), Clusters(3), Maxima(1), Maxima(3)]


@pytest.fixture
def problem():
    coef = make_clustered_coef(12, random_state=0)
    X, y = make_regression_problem(coef, 30, random_state=0)
    return SquaredLoss(X, y)


def is_stationary(loss, penalty, lam, coef):
    """Return how far a proximal gradient step moves coef."""
    gradient = loss.value_and_gradient(coef)[1]
    step = 1 / (2.1 * np.linalg.eigvalsh(loss.X.T @ loss.X)[-1])
    return np.abs(penalty.prox(coef - step * gradient, step * lam) - coef).max()


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@pytest.mark.parametrize("lam", [1e-3, 0.1, 10.0])
def test_solutions_are_fixed_points(problem, penalty, lam):
    solution = proximal(problem, penalty, lam, problem.start(), tol=1e-10)
    assert solution.converged
    assert solution.stop <= 1e-10
    assert is_stationary(problem, penalty, lam, solution.coef) < 1e-7


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_objective_is_loss_plus_lam_times_penalty(problem, penalty):
    solution = proximal(problem, penalty, 0.1, problem.start(), tol=1e-9)
    residual = problem.y - problem.X @ solution.coef
    expected = residual @ residual + 0.1 * penalty.value(solution.coef)
    assert solution.objective[-1] == pytest.approx(expected, rel=1e-9)
    assert len(solution.objective) == solution.n_iter + 1


@pytest.mark.parametrize("penalty", [L1(), L2(), TV(), TV2(), Clusters(1)], ids=repr)
def test_steps_never_rise_and_convex_problems_are_solved(problem, penalty):
    solution = proximal(problem, penalty, 0.1, problem.start(), tol=1e-9)
    assert (np.diff(solution.objective) <= 1e-12).all()
    rng = np.random.default_rng(0)
    other = proximal(problem, penalty, 0.1, 5 * rng.normal(size=12), tol=1e-9)
    np.testing.assert_allclose(other.coef, solution.coef, atol=1e-5)


def test_a_fixed_number_of_steps_has_not_converged(problem):
    solution = proximal(problem, L1(), 0.1, np.ones(12), max_iter=2, tol=1e-12)
    assert not solution.converged
    assert solution.n_iter == 2


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_paths_are_as_good_as_single_fits(problem, penalty):
    lams = np.geomspace(10, 1e-3, 9)
    coefs, objectives = solve_path(problem, penalty, lams)
    for lam, coef, objective in zip(lams, coefs, objectives, strict=True):
        single = proximal(problem, penalty, lam, problem.start()).objective[-1]
        assert objective <= single * (1 + 1e-3) + 1e-9
        residual = problem.y - problem.X @ coef
        expected = residual @ residual + lam * penalty.value(coef)
        assert objective == pytest.approx(expected, rel=1e-6)


def test_a_penalty_of_two_methods_is_solved():
    class Ridge(Penalty):
        def value(self, coef):
            return (coef**2).sum()

        def prox(self, coef, step):
            return coef / (1 + 2 * step)

    X, y = make_regression_problem(np.arange(4.0), 20, random_state=0)
    loss = SquaredLoss(X, y, fit_intercept=False)
    coef = proximal(loss, Ridge(), 0.3, np.zeros(4), tol=1e-12).coef
    expected = np.linalg.solve(X.T @ X / 20 + 0.3 * np.eye(4), X.T @ y / 20)
    np.testing.assert_allclose(coef, expected, atol=1e-9)
    descent = adam(loss, Ridge(), 0.3, np.zeros(4), max_iter=300, learning_rate=0.3).coef
    np.testing.assert_allclose(descent, expected, atol=1e-2)


def test_products_with_X_and_with_the_gram_matrix_agree():
    X, y = make_regression_problem(make_clustered_coef(400, random_state=0), 60, random_state=0)
    wide = SquaredLoss(X, y)
    narrow = SquaredLoss(X[:, :300], y)
    assert type(wide.kernel()).__name__ == "PythonLoss"
    assert type(narrow.kernel()).__name__ == "GramLoss"
    solution = proximal(wide, L1(), 0.5, wide.start(), tol=1e-8)
    assert solution.converged
    gradient = wide.value_and_gradient(solution.coef)[1]
    assert np.abs(gradient).max() < 0.5 * (1 + 1e-4)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_gradients_of_the_logistic_loss(n_classes, fit_intercept):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 4)), rng.integers(0, n_classes, 20)
    loss = LogisticLoss(X, y, n_classes, rng.random(20), fit_intercept)
    w = rng.normal(size=len(loss.start()))
    error = check_grad(
        lambda w: loss.value_and_gradient(w)[0], lambda w: loss.value_and_gradient(w)[1], w
    )
    assert error < 1e-6
    import torch

    assert loss.torch_value(torch.tensor(w)).item() == pytest.approx(loss.value_and_gradient(w)[0])


@pytest.mark.parametrize("n", [8, 12, 40])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_start_is_least_squares_of_minimum_norm(n, fit_intercept):
    rng = np.random.default_rng(0)
    X, y, weight = rng.normal(size=(n, 12)), rng.normal(size=n), rng.random(n)
    loss = SquaredLoss(X, y, weight, fit_intercept)
    np.testing.assert_allclose(loss.start(), loss.least_squares(), atol=1e-8)
    other = loss.other_start(loss.start(), rng)
    np.testing.assert_allclose(loss.X @ other, loss.X @ loss.start(), atol=1e-8)


def test_many_starts_find_the_middle():
    # y tells the sum of two weights; with one free maximum any split of it is a solution.
    coef = np.sin(np.linspace(0, np.pi, 40))
    X, y = make_regression_problem(coef, 20, noise=0.0, random_state=0)
    loss = SquaredLoss(X, y, fit_intercept=False)
    rng = np.random.default_rng(0)
    one = proximal(loss, Maxima(1), 1.0, loss.start())
    many = proximal(loss, Maxima(1), 1.0, loss.start(), n_init=20, rng=rng)
    assert many.objective[-1] < 1e-4
    assert np.sum((many.coef - coef) ** 2) < 0.7 * np.sum((one.coef - coef) ** 2)


def test_more_starts_never_raise_the_objective_of_clusters():
    coef = make_clustered_coef(40, random_state=0)
    for seed in range(5):
        X, y = make_regression_problem(coef, 22, random_state=seed)
        loss = SquaredLoss(X, y)
        one = proximal(loss, Clusters(3), 0.02, loss.start())
        many = proximal(
            loss, Clusters(3), 0.02, loss.start(), n_init=6, rng=np.random.default_rng(0)
        )
        assert many.objective[-1] <= one.objective[-1]
        assert many.converged


def test_solver_names():
    assert choose_solver("auto", L1()) == "proximal"
    assert choose_solver("auto", Maxima(1, shape=(3, 4))) == "adam"
    assert choose_solver("adam", L1()) == "adam"
    with pytest.raises(TypeError, match="no proximal operator"):
        choose_solver("proximal", Maxima(1, shape=(3, 4)))


LINE_PENALTIES = [*PENALTIES, Clusters(20), Maxima(2, shape=(9,)), Maxima(70)]


def weights_of_every_kind(rng):
    """Yield weights without ties, with ties, with near ties, all equal, and of large units."""
    for _ in range(20):
        yield rng.normal(size=9)
        yield rng.integers(-2, 3, 9).astype(float)
        yield rng.integers(-1, 2, 9) + 1e-16 * rng.integers(0, 3, 9)
        yield np.full(9, rng.normal())
        yield 1e150 * rng.integers(-2, 3, 9)


@pytest.mark.parametrize("penalty", LINE_PENALTIES, ids=repr)
def test_compiled_subgradients_are_those_of_torch(rng, penalty):
    slope = slope_of(penalty, 9)
    assert not isinstance(slope, PythonSlope)
    for w in weights_of_every_kind(rng):
        value, gradient = slope.value_and_gradient(w)
        expected, by_torch = differentiate(penalty, w.copy())
        np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-13 * abs(w).max())
        np.testing.assert_allclose(gradient, by_torch, rtol=1e-13, atol=1e-13)


def test_who_differentiates_a_penalty():
    class Half(L1):
        def value(self, coef):
            return super().value(coef) / 2

    for penalty in (Half(), Maxima(1, shape=(3, 3)), Maxima(1, shape=(8,))):
        assert isinstance(slope_of(penalty, 9), PythonSlope)
    with pytest.raises(ValueError, match="8 weights"):
        adam(SquaredLoss(np.eye(9), np.ones(9)), Maxima(1, shape=(8,)), 0.1, np.zeros(9))


@pytest.mark.parametrize("penalty", [L1(), Clusters(2), Maxima(2), Maxima(1, shape=(3, 2))])
@pytest.mark.parametrize("n_classes", [None, 2, 3])
def test_adam_takes_the_steps_of_torch(rng, penalty, n_classes):
    import torch

    X = rng.normal(size=(15, 6))
    if n_classes is None:
        loss = SquaredLoss(X, rng.normal(size=15))
    else:
        loss = LogisticLoss(X, rng.integers(0, n_classes, 15), n_classes)
    start = rng.normal(size=loss.n_weights)
    w = torch.tensor(start, requires_grad=True)
    slope = abs(loss.value_and_gradient(np.zeros(len(start)))[1]).max()
    rate = 0.1 * np.sqrt(np.mean(start**2))
    optimizer = torch.optim.Adam([w], lr=rate, eps=1e-8 * slope)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 25)
    curve = []
    for step in range(26):
        optimizer.zero_grad()
        blocks = w[: loss.n_blocks * 6].reshape(-1, 6)
        value = loss.torch_value(w) + 0.2 * sum(penalty.value(block) for block in blocks)
        curve.append(float(value.detach()))
        if step < 25:
            value.backward()
            optimizer.step()
            schedule.step()
    solution = adam(loss, penalty, 0.2, start, max_iter=25)
    np.testing.assert_allclose(solution.objective, curve, rtol=1e-9)
    if np.argmin(curve) == 25:
        np.testing.assert_allclose(solution.coef, w.detach(), rtol=1e-7, atol=1e-9)


def test_adam_says_what_overflows():
    loss = SquaredLoss(np.eye(4), np.ones(4))
    flat = SquaredLoss(np.zeros((3, 4)), np.ones(3))
    with pytest.raises(ValueError, match="the objective is more than a float can hold"):
        adam(loss, L1(), 0.1, np.ones(4), learning_rate=1e300)
    with pytest.raises(ValueError, match="the penalty of these weights is more"):
        adam(flat, L1(), 0.1, np.full(4, 1e308))


def test_torch_is_imported_where_it_differentiates_only():
    program = (
        "import sys, numpy as np\n"
        "from skltopo import TopologicalRegression\n"
        "X = np.random.default_rng(0).normal(size=(9, 4))\n"
        "for penalty in ('clusters', 'maxima', 'tv', None):\n"
        "    TopologicalRegression(penalty).fit(X, X[:, 0])\n"
        "TopologicalRegression('maxima', solver='adam', max_iter=3, tol=1e3).fit(X, X[:, 0])\n"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("scale", [2.0**-60, 2.0**50])
@pytest.mark.parametrize("solver", [adam, proximal])
def test_solvers_know_no_units(scale, solver):
    coef = make_clustered_coef(8, random_state=0)
    X, y = make_regression_problem(coef, 30, random_state=0)
    found = []
    for c in (1.0, scale):
        loss = SquaredLoss(X, c * y)
        found.append(solver(loss, TV(), 0.1 * c, loss.start(), max_iter=30))
    np.testing.assert_allclose(found[1].coef / scale, found[0].coef, rtol=1e-5)
    assert found[1].stop == pytest.approx(found[0].stop, abs=1e-5)


def test_as_many_maxima_as_no_index_can_count(rng):
    loss = SquaredLoss(rng.random((5, 8)), rng.random(5))
    start = np.zeros(8)
    many = proximal(loss, Maxima(2**63), 0.1, start)
    np.testing.assert_allclose(many.coef, proximal(loss, Maxima(8), 0.1, start).coef)


def test_a_huge_tol_is_no_overflow(rng):
    loss = SquaredLoss(np.zeros((9, 8)), 1e8 * rng.random(9))
    path = solve_path(loss, Clusters(2), [10.0, 1.0], tol=1e300)
    assert all(np.isfinite(coef).all() for coef in path)
