import pytest
from sklearn.utils.estimator_checks import check_param_validation, parametrize_with_checks

from skltopo import TopologicalClassifier, TopologicalRegression, TopologicalRegressionCV

ESTIMATORS = [
    TopologicalRegression(),
    TopologicalRegression(penalty="maxima", n_components=1, lam=0.01, tol=1e-9),
    TopologicalRegression(penalty="l1", lam=0.01),
    TopologicalRegression(penalty="tv2", lam=0.01),
    TopologicalRegression(penalty=None),
    TopologicalRegression(solver="adam", max_iter=5, tol=10.0),
    TopologicalRegressionCV(lams=4, cv=3),
    TopologicalClassifier(lam=0.01, tol=1e-3),
    TopologicalClassifier(penalty="maxima", lam=0.01, tol=1e-3),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "estimator", [TopologicalRegression(), TopologicalRegressionCV(), TopologicalClassifier()]
)
def test_parameters_are_validated(estimator):
    check_param_validation(type(estimator).__name__, estimator)
