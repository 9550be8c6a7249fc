import pickle
import re
import warnings

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, LeaveOneGroupOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_param_validation, parametrize_with_checks

from skltopo import TopologicalClassifier, TopologicalRegression, TopologicalRegressionCV
from skltopo.datasets import (
    make_boxcar,
    make_circle,
    make_clustered_coef,
    make_regression_problem,
    make_sawtooth,
)
from skltopo.losses import SquaredLoss
from skltopo.penalties import Clusters, Maxima, Penalty
from skltopo.plotting import CoefficientDisplay, CoefficientPathDisplay
from skltopo.regression_cv import largest_lam

ESTIMATORS = [
    TopologicalRegression(),
    TopologicalRegression(penalty="maxima", n_components=1, lam=0.01, tol=1e-9),
    TopologicalRegression(penalty="l1", lam=0.01),
    TopologicalRegression(penalty="tv2", lam=0.01),
    TopologicalRegression(penalty=None),
    # Lengths leave most weights at the least squares, where Adam divides rounding by 1e-8: too much
    # for the check of sample weights.
    TopologicalRegression(penalty="tv2", solver="adam", max_iter=5, tol=10.0),
    TopologicalRegressionCV(lams=4, cv=3),
    TopologicalClassifier(lam=0.01, tol=1e-3),
    TopologicalClassifier(penalty="maxima", lam=0.01, tol=1e-3),
]


@pytest.mark.filterwarnings("ignore:lam_=")  # of few lams, one is at an end
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "estimator", [TopologicalRegression(), TopologicalRegressionCV(), TopologicalClassifier()]
)
def test_parameters_are_validated(estimator):
    check_param_validation(type(estimator).__name__, estimator)


def squared_error(model, coef):
    return np.sum((model.coef_ - coef) ** 2)


def recoveries(values, n, n_seeds, make_model):
    """Return the squared error of each of n_seeds problems with 100 weights from three values."""
    errors = []
    for seed in range(n_seeds):
        coef = make_clustered_coef(100, values, random_state=seed)
        X, y = make_regression_problem(coef, n, random_state=seed)
        errors.append(squared_error(make_model().fit(X, y), coef))
    return np.array(errors)


@pytest.fixture
def problem():
    coef = make_clustered_coef(10, random_state=0)
    return make_regression_problem(coef, 30, random_state=0)


# Limits


@pytest.mark.parametrize("penalty", ["clusters", "maxima", "l1", "tv2"])
@pytest.mark.parametrize("n", [6, 30])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_lam_zero_is_least_squares_of_minimum_norm(penalty, n, fit_intercept):
    X, y = make_regression_problem(np.arange(10.0), n, random_state=0)
    model = TopologicalRegression(penalty, lam=0.0, fit_intercept=fit_intercept).fit(X + 1, y)
    expected = LinearRegression(fit_intercept=fit_intercept).fit(X + 1, y)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-9)
    assert model.intercept_ == pytest.approx(expected.intercept_)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_huge_lam_gives_k_values_and_k_maxima(problem, k):
    X, y = problem
    clusters = TopologicalRegression(n_components=k, lam=1e4).fit(X, y)
    assert len(np.unique(clusters.coef_.round(9))) <= k
    maxima = TopologicalRegression("maxima", n_components=k, lam=1e4).fit(X, y)
    assert Maxima(k).value(maxima.coef_) < 1e-9


@pytest.mark.parametrize("penalty", ["clusters", "maxima"])
@pytest.mark.parametrize("k", [10, 50])
def test_as_many_components_as_weights_is_least_squares(problem, penalty, k):
    X, y = problem
    model = TopologicalRegression(penalty, n_components=k, lam=1.0, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(model.coef_, LinearRegression().fit(X, y).coef_, atol=1e-6)


def test_permuting_columns_permutes_clusters(problem):
    X, y = problem
    order = np.random.default_rng(0).permutation(10)
    model = TopologicalRegression(lam=0.1, tol=1e-10)
    coef = model.fit(X, y).coef_
    np.testing.assert_allclose(model.fit(X[:, order], y).coef_, coef[order], atol=1e-6)


def test_reversing_columns_reverses_maxima(problem):
    X, y = problem
    model = TopologicalRegression("maxima", n_components=1, lam=0.1, tol=1e-10)
    coef = model.fit(X, y).coef_
    np.testing.assert_allclose(model.fit(X[:, ::-1], y).coef_, coef[::-1], atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_objective_is_the_mean_square_plus_lam_times_the_penalty(problem, weighted):
    X, y = problem
    weight = np.random.default_rng(0).random(30) if weighted else None
    model = TopologicalRegression(lam=0.3, n_components=2).fit(X, y, weight)
    error = np.average((y - X @ model.coef_ - model.intercept_) ** 2, weights=weight)
    expected = error + 0.3 * Clusters(2).value(model.coef_)
    assert model.loss_curve_[-1] == pytest.approx(expected, rel=1e-9)


# Recovery (the full table is benchmarks/studies/regression.py)


@pytest.mark.parametrize("values", [(1, 2, 3), (-1, 0, 1)])
def test_three_values_are_recovered_from_fewer_samples_than_weights(values):
    def make():
        return TopologicalRegression(n_components=3, lam=0.02, fit_intercept=False)

    assert (recoveries(values, 80, 5, make) < 0.01).all()
    assert (recoveries(values, 75, 5, make) < 0.01).mean() >= 0.8


def test_cross_validated_recovery_and_one_standard_error():
    def make(rule="best"):
        return TopologicalRegressionCV(n_components=3, fit_intercept=False, rule=rule)

    assert np.median(recoveries((1, 2, 3), 85, 3, make)) < 0.01
    X, y = make_regression_problem(make_clustered_coef(30, random_state=0), 40, random_state=0)
    best, careful = make().fit(X, y), make("one_standard_error").fit(X, y)
    assert careful.lam_ >= best.lam_
    mean = best.mse_path_.mean(axis=1)
    assert best.lam_ == best.lams_[mean.argmin()]


def test_sawtooth_and_boxcar_are_recovered_in_the_middle_of_the_solutions():
    errors = {}
    for make, lam in ((make_sawtooth, 0.3), (make_boxcar, 0.3)):
        coef = make(100)
        X, y = make_regression_problem(coef, 75, noise=0.1, random_state=0)
        model = TopologicalRegression(
            "maxima", lam=lam, n_init=20, random_state=0, fit_intercept=False
        )
        errors[make] = squared_error(model.fit(X, y), coef)
    assert errors[make_sawtooth] < 0.15
    assert errors[make_boxcar] < 0.03


# Units


@pytest.mark.parametrize("penalty", ["clusters", "maxima", "l1", "l2", "tv", "tv2"])
@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_largest_lam_leaves_nothing_free(problem, penalty, k, fit_intercept):
    X, y = problem
    if not fit_intercept and penalty in ("tv", "tv2"):
        X = X - 0.3
    loss = SquaredLoss(X, y, None, fit_intercept)
    model = TopologicalRegression(penalty, n_components=k, fit_intercept=fit_intercept)
    measure = model._make_penalty(10)
    top = largest_lam(loss, measure)
    size = abs(loss.least_squares()).max()
    assert measure.value(model.set_params(lam=1.001 * top).fit(X, y).coef_) < 1e-6 * size
    if k == 1 and penalty != "maxima":  # others are bounds
        assert measure.value(model.set_params(lam=0.98 * top).fit(X, y).coef_) > 1e-5 * size


@pytest.mark.filterwarnings("ignore:lam_=")
@pytest.mark.parametrize("penalty", ["clusters", "maxima", "l1", "tv2"])
@pytest.mark.parametrize("scale", [1e-6, 7e-3, 3e6])
def test_results_are_scaled_with_y_and_with_columns(penalty, scale):
    coef = make_boxcar(30) if penalty != "clusters" else make_clustered_coef(30, random_state=3)
    X, y = make_regression_problem(coef, 40, noise=0.5, random_state=3)
    model = TopologicalRegressionCV(penalty, n_components=3)
    error = squared_error(model.fit(X, y), coef)
    path, lam = model.coef_path_, model.lam_
    model.fit(X, scale * y)
    assert squared_error(model, scale * coef) / scale**2 == pytest.approx(error, rel=0.01)
    assert model.lam_ == pytest.approx(scale * lam)
    np.testing.assert_allclose(model.coef_path_ / scale, path, atol=1e-3)
    units = np.geomspace(1e-3, 1e3, 30)
    pipe = make_pipeline(StandardScaler(), clone(model))
    predicted = pipe.fit(X, y).predict(X)
    np.testing.assert_allclose(pipe.fit(units * X, y).predict(units * X), predicted, rtol=1e-6)


def test_penalties_of_users_have_a_grid_that_is_scaled():
    class Ridge(Penalty):
        def value(self, coef):
            return (coef**2).sum()

        def prox(self, coef, step):
            return coef / (1 + 2 * step)

    X, y = make_regression_problem(np.arange(8.0), 40, noise=2.0, random_state=0)
    small, large = (
        TopologicalRegressionCV(Ridge(), lams=12).fit(X, scale * y) for scale in (1e-5, 1e5)
    )
    np.testing.assert_allclose(small.coef_ * 1e5, large.coef_ / 1e5, rtol=1e-6)
    np.testing.assert_allclose(small.lams_, large.lams_)  # of a square, lam has no unit of y


@pytest.mark.parametrize("y", [np.zeros(20), np.full(20, 3.0), np.full(20, 0.1)])
def test_nothing_to_fit_has_a_grid(y):
    X = np.random.default_rng(0).normal(size=(20, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for penalty in ("clusters", "l1"):
            model = TopologicalRegressionCV(penalty, lams=4).fit(X, y)
            assert (model.lams_ > 0).all()
            np.testing.assert_allclose(model.coef_, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("lams", "sentence"),
    [
        ([1e-9, 1e-1], "is the largest of the given lams: larger"),
        ([3e3, 8.0], "is the smallest of the given lams: smaller"),
        ([1e-9, 1e-8], "of the given lams, which all leave the same weights"),
    ],
)
def test_a_lam_at_an_end_warns_once(lams, sentence):
    X = np.random.default_rng(0).normal(size=(30, 6))
    y = X @ [1, 2, 0, 0, 1, 2] + 5 * np.random.default_rng(1).normal(size=30)
    with pytest.warns(ConvergenceWarning, match=sentence) as caught:
        TopologicalRegressionCV("l2", lams=lams, tol=1e-3).fit(X, y)
    assert len(caught) == 1


def test_ends_of_a_grid_warn():
    rng = np.random.default_rng(0)
    X, noise = rng.normal(size=(60, 5)), rng.normal(size=60)
    with pytest.warns(ConvergenceWarning, match="largest of the lams, which leaves nothing free"):
        TopologicalRegressionCV("l1", rule="one_standard_error").fit(X, noise)
    with pytest.warns(ConvergenceWarning, match="smallest of the lams: a smaller eps"):
        TopologicalRegressionCV("l1", eps=0.5).fit(X, X @ [1, 2, 3, 4, 5])
    for quiet in ([0.0, 1.0], [0.1]):  # there is nothing below 0, and of one there is no choice
        TopologicalRegressionCV("l1", lams=quiet).fit(X, X @ [1, 2, 3, 4, 5])
    TopologicalRegressionCV(None, lams=3).fit(X, noise)
    TopologicalRegressionCV("l1", lams=2).fit(X, noise)  # both are ends


def test_of_lams_that_leave_the_same_weights_the_smallest_is_taken():
    coef = make_clustered_coef(20, random_state=1)
    X, y = make_regression_problem(coef, 30, random_state=1)
    model = TopologicalRegressionCV(rule="one_standard_error").fit(X, y)
    at = int(np.flatnonzero(model.lams_ == model.lam_)[0])
    assert 0 < at < 19
    np.testing.assert_allclose(model.coef_path_[0], model.coef_, rtol=1e-3)
    assert abs(model.coef_path_[at + 1] - model.coef_).max() > 1e-4 * abs(model.coef_).max()


# The estimators


def test_grid_search_pipeline_clone_and_pickle(problem):
    X, y = problem
    search = GridSearchCV(
        make_pipeline(StandardScaler(), TopologicalRegression()),
        {
            "topologicalregression__lam": [0.01, 0.1],
            "topologicalregression__n_components": [1, 3],
        },
        cv=3,
    ).fit(X, y)
    assert search.score(X, y) > 0.98
    copied = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(copied.predict(X), search.predict(X))
    model = TopologicalRegression(Maxima(2), lam=0.5)
    assert clone(model).penalty.n_components == 2


def test_float32_gives_float32(problem):
    X, y = problem
    for model in (TopologicalRegression(lam=0.1), TopologicalRegressionCV(lams=9, cv=3)):
        single = clone(model).fit(X.astype(np.float32), y.astype(np.float32))
        assert single.coef_.dtype == np.float32
        np.testing.assert_allclose(single.coef_, model.fit(X, y).coef_, atol=1e-3)


def test_sparse_X_is_refused(problem):
    with pytest.raises(TypeError, match="dense data is required"):
        TopologicalRegression().fit(csr_array(problem[0]), problem[1])


def test_several_outputs_are_fitted_one_by_one(problem):
    X, y = problem
    both = TopologicalRegression(lam=0.1).fit(X, np.stack([y, -2 * y], axis=1))
    single = TopologicalRegression(lam=0.1).fit(X, y)
    np.testing.assert_allclose(both.coef_[0], single.coef_)
    assert both.predict(X).shape == (30, 2)
    assert len(both.diagram_) == 2


def test_threads_do_not_change_the_result(problem):
    a, b = (TopologicalRegressionCV(lams=5, n_jobs=n).fit(*problem) for n in (1, 2))
    np.testing.assert_array_equal(a.mse_path_, b.mse_path_)
    np.testing.assert_array_equal(a.coef_path_, b.coef_path_)


def test_a_fit_that_did_not_converge_warns(problem):
    with pytest.warns(ConvergenceWarning, match="did not converge in 1 steps"):
        TopologicalRegression("l1", lam=0.1, max_iter=1, tol=1e-12).fit(*problem)


def test_warm_start_is_at_the_solution(problem):
    X, y = problem
    model = TopologicalRegression(lam=0.1, warm_start=True, tol=1e-8).fit(X, y)
    first, coef = model.n_iter_, model.coef_
    model.fit(X, y)
    assert model.n_iter_ < first / 4
    np.testing.assert_allclose(model.coef_, coef, atol=1e-6)


def test_adam_comes_near_the_proximal_solution(problem):
    X, y = problem
    exact = TopologicalRegression("tv", lam=0.1).fit(X, y)
    adam = TopologicalRegression("tv", lam=0.1, solver="adam", max_iter=400, tol=0.01).fit(X, y)
    assert adam.loss_curve_.min() < 1.01 * exact.loss_curve_[-1]
    assert isinstance(adam.coef_, np.ndarray)


@pytest.mark.parametrize("label", [3, "a", True])
def test_one_class_is_named_as_it_was_given(label):
    with pytest.raises(ValueError, match=rf"got only one class: {re.escape(repr(label))}$"):
        TopologicalClassifier().fit(np.eye(4), [label] * 4)


def test_maxima_on_a_grid():
    coef = make_circle(6)
    X, y = make_regression_problem(coef, 25, random_state=0)
    model = TopologicalRegression(
        "maxima", n_components=1, lam=0.1, coef_shape=(6, 6), max_iter=150, tol=1.0
    ).fit(X, y)
    free = TopologicalRegression(None).fit(X, y)
    penalty = Maxima(1, (6, 6))
    assert penalty.value(model.coef_) < 0.2 * penalty.value(free.coef_)
    with pytest.raises(ValueError, match="coef_shape must have as many entries"):
        TopologicalRegression("maxima", coef_shape=(5, 6)).fit(X, y)
    with pytest.raises(TypeError, match="no proximal operator"):
        TopologicalRegression("maxima", coef_shape=(6, 6), solver="proximal").fit(X, y)


@pytest.mark.parametrize("lams", [[], [-1.0], [np.inf]])
def test_lams_are_checked(problem, lams):
    with pytest.raises(ValueError, match="lams must be finite"):
        TopologicalRegressionCV(lams=lams).fit(*problem)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classifier_matches_scikit_learn_and_clusters(n_classes):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 8))
    y = np.digitize(X[:, :4].sum(axis=1) + rng.normal(size=300), [0, 1][: n_classes - 1])
    free = TopologicalClassifier(penalty=None, tol=1e-7).fit(X, y)
    expected = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(free.predict_proba(X), expected.predict_proba(X), atol=1e-4)
    model = TopologicalClassifier(n_components=2, lam=0.05).fit(X, y)
    assert all(len(np.unique(row.round(6))) <= 2 for row in model.coef_)
    assert model.score(X, y) > 0.6


@pytest.mark.parametrize("n_classes", [2, 4])
def test_log_probabilities_are_exact_far_out(n_classes):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(80, 3)), rng.integers(0, n_classes, 80)
    model = TopologicalClassifier("l2", lam=0.01, tol=1e-3).fit(X, y)
    log_p = model.predict_log_proba(X)
    np.testing.assert_allclose(np.exp(log_p), model.predict_proba(X), rtol=1e-12)
    far = model.predict_log_proba(1e5 * X)
    assert np.isfinite(far).all()
    assert far.min() < -1000
    assert model.predict_proba(1e5 * X).min() >= 0


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("kind", ["balanced", "dict"])
def test_class_weights_multiply_those_of_samples(n_classes, kind):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(90, 4))
    y = np.array(["b", "a", "c"])[np.minimum(rng.geometric(0.6, 90) - 1, n_classes - 1)]
    class_weight = "balanced" if kind == "balanced" else {"a": 3.0, "b": 0.25}
    given = {c: 90 / n_classes / (y == c).sum() for c in set(y)}
    given = given if kind == "balanced" else {"c": 1.0} | class_weight
    weight = rng.random(90)
    model = TopologicalClassifier(lam=0.02, class_weight=class_weight).fit(X, y, weight)
    expected = TopologicalClassifier(lam=0.02).fit(X, y, weight * [given[c] for c in y])
    np.testing.assert_allclose(model.coef_, expected.coef_)
    assert abs(model.coef_ - TopologicalClassifier(lam=0.02).fit(X, y, weight).coef_).max() > 1e-3
    for wrong in ("unbalanced", 3, {"b": -1.0}):
        with pytest.raises(ValueError, match=r"class_weight|must not be negative"):
            TopologicalClassifier(class_weight=wrong).fit(X, y)


# Labels, outputs, groups and metadata


def test_labels_are_those_of_clusters():
    coef = np.array([3.0, 1.0, 2.0, 1.0, 3.0, 3.0])
    X, y = make_regression_problem(coef, 30, random_state=0)
    model = TopologicalRegression(lam=0.5).fit(X, y)
    np.testing.assert_array_equal(model.labels_, [2, 0, 1, 0, 2, 2])
    both = model.fit(X, np.stack([y, -y], axis=1))
    np.testing.assert_array_equal(both.labels_, [[2, 0, 1, 0, 2, 2], [0, 2, 1, 2, 0, 0]])
    single = TopologicalRegression(n_components=1, lam=0.5).fit(X, y)
    assert len(np.unique(single.labels_)) == 1
    classifier = TopologicalClassifier(Clusters(2), lam=0.01).fit(X, y > 0)
    assert classifier.labels_.shape == (1, 6)
    chosen = TopologicalRegressionCV().fit(X.astype(np.float32), y)
    np.testing.assert_array_equal(chosen.labels_, model.fit(X, y).labels_)
    for penalty in ("l1", None, Maxima(2)):
        assert not hasattr(TopologicalRegression(penalty, lam=0.1).fit(X, y), "labels_")
    assert not hasattr(TopologicalRegression(), "labels_")


def test_gaps_of_rounding_are_no_cuts():
    for dtype in (np.float64, np.float32):
        coef = np.array([1, 1, 7], dtype) + np.array([0, 3, 0], dtype) * np.finfo(dtype).eps
        np.testing.assert_array_equal(Clusters(3).labels(coef), [0, 0, 1])
    np.testing.assert_array_equal(Clusters(2).labels([5, 1, 4]), [1, 0, 1])
    with pytest.raises(ValueError, match="coef must be finite"):
        Clusters(2).labels([1.0, np.nan])


def test_outputs_have_a_lam_each(problem):
    X, y = problem
    noise = np.random.default_rng(0).normal(size=30)
    outputs = np.stack([y + noise, -1e5 * y, 1e-5 * (y - 3 * noise)], axis=1)
    model = TopologicalRegressionCV(lams=15, cv=3, n_init=2, random_state=0).fit(X, outputs)
    assert model.coef_.shape == (3, 10)
    assert model.intercept_.shape == model.lam_.shape == (3,)
    assert model.lams_.shape == (3, 15)
    assert model.mse_path_.shape == (3, 15, 3)
    assert model.coef_path_.shape == (3, 15, 10)
    assert model.predict(X).shape == (30, 3)
    assert len(model.diagram_) == len(model.loss_curve_) == 3
    for i, output in enumerate(outputs.T):
        single = TopologicalRegressionCV(lams=15, cv=3, n_init=2, random_state=0).fit(X, output)
        np.testing.assert_array_equal(model.coef_[i], single.coef_)
        assert model.lam_[i] == single.lam_
    column = TopologicalRegressionCV(lams=15, cv=3).fit(X, y[:, np.newaxis])
    assert column.coef_.shape == (1, 10)
    assert column.predict(X).shape == (30, 1)
    with pytest.raises(ValueError, match="the estimator must have one output"):
        CoefficientPathDisplay.from_estimator(model)


def test_one_warning_tells_of_all_outputs(problem):
    X, y = problem
    outputs = np.stack([y, 2 * y], axis=1)
    with pytest.warns(ConvergenceWarning, match="for 2 of 2 outputs is the smallest") as caught:
        TopologicalRegressionCV("l1", eps=0.5).fit(X, outputs)
    assert len(caught) == 1


def test_groups_decide_the_folds(problem):
    X, y = problem
    groups = np.random.default_rng(0).permutation(np.repeat(["a", "b", "c", "d", "e"], 6))
    for cv in (LeaveOneGroupOut(), GroupKFold(5)):
        model = TopologicalRegressionCV("l2", cv=cv).fit(X, y, groups=groups)
        given = TopologicalRegressionCV("l2", cv=list(cv.split(X, y, groups))).fit(X, y)
        np.testing.assert_array_equal(model.mse_path_, given.mse_path_)
    with pytest.raises(ValueError, match="groups"):
        TopologicalRegressionCV(cv=GroupKFold(5)).fit(X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        TopologicalRegressionCV(cv=GroupKFold(5)).fit(X, y, groups=groups[1:])
    with pytest.raises((TypeError, ValueError), match="colour"):
        TopologicalRegressionCV().fit(X, y, colour=groups)


class Recorder(GroupKFold):
    """A splitter that asks for more than groups."""

    __metadata_request__split = {"tides": True}

    def split(self, X, y=None, groups=None, tides=None):
        self.seen = groups, tides
        return super().split(X, y, groups)


@pytest.mark.filterwarnings("ignore:lam_=")
def test_metadata_are_routed(problem):
    X, y = problem
    groups, weight = np.repeat(range(6), 5), np.random.default_rng(0).random(30)
    plain = TopologicalRegressionCV("l2", cv=GroupKFold(3)).fit(X, y, weight, groups=groups)
    with config_context(enable_metadata_routing=True):
        splitter = Recorder(3)
        model = TopologicalRegressionCV("l2", cv=splitter).set_fit_request(sample_weight=True)
        routed = clone(model).set_params(cv=splitter)
        pipe = make_pipeline(StandardScaler(with_mean=False, with_std=False), routed)
        pipe.named_steps["standardscaler"].set_fit_request(sample_weight=False)
        pipe.fit(X, y, sample_weight=weight, groups=groups, tides=weight)
        assert splitter.seen[0] is groups
        assert splitter.seen[1] is weight
        np.testing.assert_array_equal(pipe[-1].mse_path_, plain.mse_path_)
        with pytest.raises(TypeError, match="groups"):
            TopologicalRegressionCV("l2", cv=3).fit(X, y, groups=groups)


def test_verbose_tells_of_folds(problem, capsys):
    TopologicalRegressionCV(lams=6, cv=3).fit(*problem)
    assert capsys.readouterr().out == ""
    TopologicalRegressionCV(lams=6, cv=3, verbose=1).fit(*problem)
    printed = capsys.readouterr().out
    assert "TopologicalRegressionCV: fold 3 of 3, error" in printed
    assert "objective" in printed


@pytest.mark.parametrize("missing", ["nan", "NA"])
def test_names_of_columns_are_looked_at_before_missing_entries(problem, missing):
    pandas = pytest.importorskip("pandas")
    X, y = problem
    frame = pandas.DataFrame(X).add_prefix("f")
    wrong = frame.rename(columns={"f3": "g"}).astype(object)
    wrong.iloc[2, 3] = {"nan": np.nan, "NA": pandas.NA}[missing]
    regression = TopologicalRegression(lam=0.5).fit(frame, y)
    classifier = TopologicalClassifier("l2", lam=0.1).fit(frame, y > 0)
    assert list(regression.feature_names_in_) == list(frame.columns)
    for call in (regression.predict, classifier.predict, classifier.predict_log_proba):
        with pytest.raises(ValueError, match="feature names should match"):
            call(wrong)


@pytest.mark.parametrize("estimator", ESTIMATORS[::3], ids=lambda e: type(e).__name__)
def test_wrong_keywords_name_the_class(estimator):
    name = type(estimator).__name__
    with pytest.raises(TypeError, match=rf"{name}.__init__\(\) got an unexpected"):
        type(estimator)(penalty="l1", alpha=0.1)


def test_displays_mark_clusters_and_maxima(problem):
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    X, y = problem
    display = CoefficientDisplay.from_estimator(TopologicalRegression(lam=0.1).fit(X, y))
    assert len(set(display.points_.get_array().tolist())) == 3
    model = TopologicalRegression("maxima", n_components=2).fit(X, y)
    _, ax = plt.subplots()
    display = CoefficientDisplay.from_estimator(model, truth=model.coef_, ax=ax)
    assert display.ax_ is ax
    assert len(ax.collections[-1].get_offsets()) == 2
    path = CoefficientPathDisplay.from_estimator(TopologicalRegressionCV(lams=4).fit(X, y))
    assert len(path.lines_) == 10
    assert path.error_ax_.get_yscale() == "log"
    with pytest.raises(ValueError, match="one row of weights"):
        CoefficientDisplay.from_estimator(TopologicalRegression().fit(X, np.stack([y, y], axis=1)))
    plt.close("all")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_metadata_routing_without_metadata(rng):
    X, y = rng.normal(size=(24, 4)), rng.normal(size=24)
    plain = TopologicalRegressionCV("l2", cv=3, lams=3).fit(X, y).coef_
    with config_context(enable_metadata_routing=True):
        routed = TopologicalRegressionCV("l2", cv=3, lams=3).fit(X, y).coef_
    np.testing.assert_array_equal(routed, plain)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("penalty", ["clusters", "maxima", "tv", "l1", None])
@pytest.mark.parametrize("value", [1.0, 0.1, 1e6 + 0.1])
def test_constant_features_have_no_say(penalty, value, rng):
    y = rng.normal(size=20)
    model = TopologicalRegressionCV(penalty, cv=3, lams=4).fit(np.full((20, 4), value), y)
    assert not model.coef_.any()
    assert model.intercept_ == pytest.approx(y.mean())
    X = rng.normal(size=(20, 4))
    X[:, 2] = value
    constant = TopologicalRegression(penalty, lam=0.1).fit(X, y).coef_
    X[:, 2] = 0
    np.testing.assert_allclose(constant, TopologicalRegression(penalty, lam=0.1).fit(X, y).coef_)
