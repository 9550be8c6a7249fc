"""
Figures 5 and 6: error against the number of samples
====================================================

Figures 5 and 6 of the paper: error of the weights against the number of samples.

Four vectors of 100 weights, seven penalties, lam from a log grid: the paper's on [1e-4, 10], here
from the lam that leaves nothing free down to 1e-5 of it. The paper's code chooses lam by looking at
the true weights; here cross-validation chooses it (lines, with bands from the lower to the upper
quartile of trials), and the other is drawn dotted.
"""

import warnings
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import sizes
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from tqdm import tqdm

from skltopo import TopologicalRegressionCV
from skltopo.datasets import (
    make_boxcar,
    make_clustered_coef,
    make_regression_problem,
    make_sawtooth,
)

P = 100
PROBLEMS = {
    "weights from {-1, 0, 1}": (lambda s: make_clustered_coef(P, (-1, 0, 1), random_state=s), 0.05),
    "weights from {1, 2, 3}": (lambda s: make_clustered_coef(P, (1, 2, 3), random_state=s), 0.05),
    "sawtooth": (lambda s: make_sawtooth(P), 0.1),
    "boxcar": (lambda s: make_boxcar(P), 0.1),
}
COLORS = {
    "OLS": "0.2", "L1": "tab:olive", "L2": "tab:brown", "TV": "tab:green", "TV2": "tab:cyan",
    "Top1": "tab:blue", "Top2": "tab:red",
}  # fmt: skip


# %%
# Seven penalties, lam by cross-validation
# ----------------------------------------
# Every trial draws a problem, and fits all penalties.


def make_model(name, topology, n_lams):
    """Return the cross-validated estimator of a name in the legend."""
    penalty = {"OLS": None, "Top1": topology, "Top2": topology}.get(name, name.lower())
    return TopologicalRegressionCV(
        penalty, n_components=3 if name == "Top2" else 1, lams=n_lams, fit_intercept=False
    )


def run_trial(problem, n, trial, n_lams):
    """Return {penalty: (error with cross-validated lam, error with the best lam)}."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    make_coef, noise = PROBLEMS[problem]
    coef = make_coef(trial)
    X, y = make_regression_problem(coef, n, noise=noise, random_state=1000 * n + trial)
    topology = "clusters" if problem.startswith("weights") else "maxima"
    errors = {}
    for name in COLORS:
        model = make_model(name, topology, n_lams).fit(X, y)
        path = np.sum((model.coef_path_ - coef) ** 2, axis=1)
        errors[name] = np.sum((model.coef_ - coef) ** 2), path.min()
    return errors


def run_all(samples, n_trials, n_lams, n_jobs):
    """Return errors as an array (problem, size, trial, penalty, 2)."""
    tasks = [(p, n, t) for p in PROBLEMS for n in samples for t in range(n_trials)]
    runs = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(run_trial)(*task, n_lams) for task in tasks
    )
    found = [
        [errors[name] for name in COLORS] for errors in tqdm(runs, total=len(tasks), desc="trials")
    ]
    return np.array(found).reshape(len(PROBLEMS), len(samples), n_trials, len(COLORS), 2)


# %%
# One panel for each problem.


def plot(problems, errors, samples, name):
    """Draw one panel for each problem."""
    figure, axes = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
    for ax, problem, per_problem in zip(axes, problems, errors, strict=True):
        for i, (penalty, color) in enumerate(COLORS.items()):
            chosen, best = np.moveaxis(per_problem[:, :, i], -1, 0)
            lower, median, upper = np.quantile(chosen, [0.25, 0.5, 0.75], axis=1)
            ax.plot(samples, median, "o-", color=color, ms=3, lw=1.8, label=penalty)
            ax.fill_between(samples, lower, upper, color=color, alpha=0.12, lw=0)
            ax.plot(samples, np.median(best, axis=1), ":", color=color, lw=1)
        ax.axvline(P, color="0.85", lw=1, zorder=0)
        ax.set(title=problem, xlabel="number of samples", yscale="log")
        ax.set_ylabel("squared error of the weights (median of trials)")
        ax.spines[["top", "right"]].set_visible(False)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside lower center", ncol=7, frameon=False,
        title="penalty; lam by 5-fold cross-validation (dotted: lam chosen by the truth)",
    )  # fmt: skip
    sizes.save(figure, name, dpi=150)


# %%
# All trials
# ----------
# Ten of each number of samples, on two processes; two of each in quick size.

samples = sizes.pick(np.array([45, 75, 105]), np.linspace(25, 135, 12).astype(int))
begin = perf_counter()
errors = run_all(samples, sizes.pick(2, 10), 20, sizes.pick(1, 2))
print(f"all trials: {perf_counter() - begin:.0f} s")
names = list(PROBLEMS)

# %%
# Figure 5: weights of three values. Top1 and Top2 leave one cluster free, and three.

plot(names[:2], errors[:2], samples, "figure_5.png")

# %%
# Figure 6: weights along a line. Top1 and Top2 leave one maximum free, and three.

plot(names[2:], errors[2:], samples, "figure_6.png")
