"""Print every number that is claimed for regression with topological penalties.

Squared errors are sums over the weights; each row names its bar. `workloads/regression.py` has
the times of fits.
"""

import argparse
import warnings
from time import perf_counter

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from tqdm import tqdm

from skltopo import TopologicalRegression, TopologicalRegressionCV
from skltopo._kernels.fits.maxima import prox_maxima
from skltopo._kernels.fits.proximal import prox_clusters
from skltopo.datasets import (
    make_boxcar,
    make_clustered_coef,
    make_regression_problem,
    make_sawtooth,
)

LAMS = np.logspace(-4, 1, 20)
VALUES = {"{1,2,3}": (1, 2, 3), "{-1,0,1}": (-1, 0, 1)}


def show(what, result, bar):
    """Print a row."""
    tqdm.write(f"{what:62} {result:38} bar: {bar}")


def best_time(function, n_repeats=5):
    """Return the least time of a call in seconds."""
    times = []
    for _ in range(n_repeats):
        begin = perf_counter()
        function()
        times.append(perf_counter() - begin)
    return min(times)


def proximal_operators():
    """Time both operators on long rows."""
    rng = np.random.default_rng(0)
    n = 100_000
    rows = {
        "white noise": rng.normal(size=n),
        "random walk": np.cumsum(rng.normal(size=n)),
        "noisy sine": np.sin(np.linspace(0, 12, n)) + 0.4 * rng.normal(size=n),
        "integers": rng.integers(0, 5, n).astype(float),
    }
    for name, y in rows.items():
        for step in (0.01, 0.8, 10.0):
            out = np.empty((1, n))
            for prox in (prox_clusters, prox_maxima):
                t = best_time(lambda: prox(y[np.newaxis], np.array([step]), 3, out), 2)  # noqa: B023
                show(f"{prox.__name__}, p=1e5, k=3, {name}, step {step}", f"{t:.3f} s", "1 s")


def errors_of(make_model, make_coef, n, noise, n_seeds):
    """Return squared errors over seeds, and the mean time of a fit in ms."""
    errors, begin = [], perf_counter()
    for seed in range(n_seeds):
        coef = make_coef(seed)
        X, y = make_regression_problem(coef, n, noise=noise, random_state=seed)
        model = make_model().fit(X, y)
        model = getattr(model, "best_estimator_", model)
        errors.append(np.sum((model.coef_ - coef) ** 2))
    return np.array(errors), 1e3 * (perf_counter() - begin) / n_seeds


def describe(errors):
    """Return a sentence about squared errors."""
    n_found, n = (errors < 0.01).sum(), len(errors)
    return f"{n_found}/{n}, median {np.median(errors):.2g}, mean {errors.mean():.3g}"


def fixed(penalty="clusters", **options):
    """Return a maker of estimators without intercept."""
    return lambda: TopologicalRegression(penalty, fit_intercept=False, **options)


def cross_validated(penalty="clusters", **options):
    """Return a maker of cross-validated estimators without intercept."""
    return lambda: TopologicalRegressionCV(penalty, fit_intercept=False, **options)


def searched():
    """Return a grid search over single fits."""
    return GridSearchCV(
        TopologicalRegression(n_components=3, fit_intercept=False), {"lam": LAMS}, cv=5
    )


def clusters(n_seeds):
    """Recover weights from three values."""
    for name, values in VALUES.items():

        def coef(seed, values=values):
            return make_clustered_coef(100, values, random_state=seed)

        rows = [
            ("lam=0.02", fixed(lam=0.02), n, bar)
            for n, bar in ((80, "all < 0.01"), (75, "80 %"), (70, "half"), (65, "-"), (60, "-"))
        ]
        rows += [
            ("lam=0.02, n_init=20", fixed(lam=0.02, n_init=20, random_state=0), n, "-")
            for n in (75, 70, 65)
        ]
        rows += [("GridSearchCV", searched, 95, "all"), ("GridSearchCV", searched, 85, "median")]
        rows += [("CV, 5 folds", cross_validated(), n, "-") for n in (75, 85, 95)]
        rows += [("CV, 20 folds", cross_validated(cv=20), 75, "median")]
        for title, make, n, bar in tqdm(rows, desc=name, leave=False):
            errors, ms = errors_of(make, coef, n, 0.05, n_seeds)
            show(f"{name}, n={n}, {title}", f"{describe(errors)} ({ms:.1f} ms)", bar)
        for n in (45, 60, 75, 90, 105, 120, 135):
            means = {
                penalty: errors_of(
                    cross_validated(penalty, n_components=k), coef, n, 0.05, n_seeds
                )[0].mean()
                for penalty, k in (("clusters", 3), ("l1", 1), ("l2", 1), (None, 1))
            }
            means["Top1"] = errors_of(cross_validated(n_components=1), coef, n, 0.05, n_seeds)[
                0
            ].mean()
            ours = means.pop("clusters")
            best = min(means.values())
            show(
                f"{name}, n={n}, mean error against the best other",
                f"{ours:.3g} / {best:.3g}",
                "not worse",
            )


def lines(n_seeds):
    """Recover sawtooth and boxcar."""
    bars = {
        ("sawtooth", 75): 0.06,
        ("sawtooth", 45): 0.5,
        ("boxcar", 75): 0.02,
        ("boxcar", 45): 0.1,
    }
    makers = {"sawtooth": make_sawtooth, "boxcar": make_boxcar}
    for (name, n), bar in bars.items():
        for n_init in (1, 100):
            for rule in ("best", "one_standard_error"):
                make = cross_validated("maxima", n_init=n_init, rule=rule, random_state=0)
                errors, ms = errors_of(make, lambda seed: makers[name](100), n, 0.1, n_seeds)  # noqa: B023
                what = f"{name}, n={n}, CV, {rule}, n_init={n_init}"
                show(what, f"mean {errors.mean():.3g} ({ms:.0f} ms)", bar)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", choices=["proximal", "clusters", "lines"])
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    parts = {
        "proximal": proximal_operators,
        "clusters": lambda: clusters(options.seeds),
        "lines": lambda: lines(options.seeds),
    }
    for name, part in parts.items():
        if options.only in (None, name):
            part()
