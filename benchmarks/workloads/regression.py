"""Regression.

A step multiplies the weights with the Gram matrix and applies a proximal operator, which sorts the
weights (clusters) or fits runs that rise and fall (maxima). The number of steps, those of a
continuation in lam among them, bounds short problems, the products long ones. Adam, the paper's
solver, is bound by the overhead of torch.
"""

import warnings
from functools import partial

from ..agree import same_values
from ..workload import OURS, Workload

ORDER = 10
SIZES = (50, 100, 200, 400)


def problem(kind):
    """Return a maker of X and y: three samples for four features."""

    def make(size, rng):
        from skltopo.datasets import make_clustered_coef, make_regression_problem, make_sawtooth

        coef = (
            make_sawtooth(size) if kind == "maxima" else make_clustered_coef(size, random_state=0)
        )
        noise = 0.1 if kind == "maxima" else 0.05
        return make_regression_problem(coef, 3 * size // 4, noise=noise, random_state=0)

    return make


def fit(penalty, lam=None, **parameters):
    """Return a contestant: one fit, or a path with cross-validation if lam is None."""

    def contestant(data):
        from skltopo import TopologicalRegression, TopologicalRegressionCV

        given = {} if lam is None else {"lam": lam}
        kind = TopologicalRegressionCV if lam is None else TopologicalRegression
        model = kind(penalty, fit_intercept=False, **given, **parameters)
        if parameters.get("solver") == "adam":
            return partial(model.fit, *data), lambda found: found.loss_curve_.min()
        return partial(model.fit, *data), lambda found: found.coef_

    return contestant


def lasso(data):
    """Fit scikit-learn's Lasso, to the accuracy of the proximal solver."""
    from sklearn.linear_model import Lasso

    warnings.simplefilter("ignore")
    model = Lasso(alpha=0.05, fit_intercept=False, tol=1e-8, max_iter=100_000)
    return partial(model.fit, *data), lambda found: found.coef_


def adam_by_torch(data):
    """Take 100 steps of the paper's solver as few lines of torch."""
    import torch

    X, y = map(torch.from_numpy, data)

    def call():
        start = torch.linalg.lstsq(X, y, driver="gelsd").solution
        w = start.clone().requires_grad_()
        rate = 0.1 * float(start.square().mean().sqrt())
        slope = float((2 / len(y) * (y @ X)).abs().max())
        optimizer = torch.optim.Adam([w], lr=rate, eps=1e-8 * slope)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 100)
        curve = []
        for _ in range(101):  # the last step is that of a loss that is not taken
            optimizer.zero_grad()
            gaps = w.sort().values.diff().sort().values
            loss = (X @ w - y).square().mean() + 0.02 * gaps[: len(gaps) - 2].sum()
            curve.append(loss.item())
            loss.backward()
            optimizer.step()
            schedule.step()
        return curve

    return call, min


def classify(X):
    """Fit our classifier to the sign of the first feature."""
    from skltopo import TopologicalClassifier

    y = (X[:, 0] > 0).astype(int)
    return partial(TopologicalClassifier(lam=0.05).fit, X, y), lambda found: found.coef_


WORKLOADS = [
    Workload(
        "clusters", SIZES, problem("clusters"), {OURS: fit("clusters", 0.02)}, "features",
        "three clusters of {size} weights", agree=same_values,
    ),
    Workload(
        "maxima", SIZES, problem("maxima"), {OURS: fit("maxima", 0.1)}, "features",
        "three maxima of {size} weights", agree=same_values,
    ),
    Workload(
        "clusters, path", (25, 50, 100), problem("clusters"), {OURS: fit("clusters")},
        "features", "clusters of {size} weights, 20 lams, 5 folds", agree=same_values,
    ),
    Workload(
        "lasso", SIZES, problem("clusters"),
        {OURS: fit("l1", 0.1, tol=1e-8), "scikit-learn": lasso}, "features",
        "L1 of {size} weights", agree=same_values, tolerance=1e-4,
    ),
    Workload(
        "clusters, Adam", SIZES, problem("clusters"),
        {OURS: fit("clusters", 0.02, solver="adam", max_iter=100), "torch": adam_by_torch},
        "features", "100 Adam steps, clusters of {size} weights", agree=same_values,
        tolerance=1e-6,
    ),
    Workload(
        "classifier", (25, 50, 100), lambda size, rng: rng.normal(size=(3 * size, size)),
        {OURS: classify}, "features", "classifier of {size} features", agree=same_values,
    ),
]  # fmt: skip
