"""Displays of the weights of linear models, with their clusters or maxima marked."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._utils.checks import check_number
from ..penalties import Clusters, Maxima
from .pictures import Display, as_drawn

__all__ = ["CoefficientDisplay", "CoefficientPathDisplay"]

MARK = "tab:orange"
LINE = "tab:blue"


class CoefficientDisplay(Display):
    """The weights of one model in the order of the features.

    Clusters have a colour and a line at their mean each, free maxima have a mark.

    Parameters
    ----------
    coef : (n_features,) ndarray
    penalty : Penalty or None
        Decides what is marked.
    truth : (n_features,) array-like, default=None
        Drawn behind the weights.
    title : str, default=None

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    points_ : matplotlib PathCollection
        The weights.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import TopologicalRegression
    >>> from skltopo.plotting import CoefficientDisplay
    >>> X = np.random.default_rng(0).normal(size=(20, 4))
    >>> model = TopologicalRegression(n_components=2).fit(X, X @ [1, 1, 3, 3])
    >>> display = CoefficientDisplay.from_estimator(model)
    >>> display.ax_.get_ylabel()
    'weight'
    """

    def __init__(self, *, coef, penalty=None, truth=None, title=None):
        self.coef = coef
        self.penalty = penalty
        self.truth = truth
        self.title = title

    @classmethod
    def from_estimator(cls, estimator, *, truth=None, title=None, ax=None):
        """Draw the display of a fitted estimator with one row of weights.

        Parameters
        ----------
        estimator : TopologicalRegression, TopologicalRegressionCV or TopologicalClassifier
        truth : array-like, default=None
            True weights, if known.
        title : str, default=None
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        CoefficientDisplay
        """
        check_is_fitted(estimator)
        coef = np.asarray(estimator.coef_, dtype=np.float64)
        if coef.size != estimator.n_features_in_:
            raise ValueError(
                f"the estimator must have one row of weights, got coef_ of shape {coef.shape}"
            )
        penalty = estimator._make_penalty(estimator.n_features_in_)
        return cls(coef=coef.ravel(), penalty=penalty, truth=truth, title=title).plot(ax=ax)

    def _draw(self, ax):
        self.coef = as_drawn(self.coef, "coef", 1)
        index = np.arange(len(self.coef))
        if self.truth is not None:
            truth = as_drawn(np.ravel(self.truth), "truth", 1, len(index))
            ax.plot(index, truth, color="0.75", lw=3, label="truth", zorder=0)
        if isinstance(self.penalty, Clusters):
            self._plot_clusters(ax, index)
        else:
            ax.plot(index, self.coef, color=LINE, lw=0.8)
            self.points_ = ax.scatter(index, self.coef, s=10, color=LINE, label="weights")
        if isinstance(self.penalty, Maxima) and self.penalty.has_prox:
            self._mark_maxima(ax)
        ax.set(xlabel="feature", ylabel="weight", title=self.title)
        if self.truth is not None or isinstance(self.penalty, Maxima):
            ax.legend(frameon=False, loc="best")

    def _plot_clusters(self, ax, index):
        labels = self.penalty.labels(self.coef)
        self.points_ = ax.scatter(index, self.coef, s=14, c=labels, cmap="viridis", zorder=2)
        for label in np.unique(labels):
            members = self.coef[labels == label]
            ax.axhline(members.mean(), color="0.6", lw=0.8, zorder=1)
            ax.annotate(
                f"{members.mean():.3g} ({len(members)})",
                (1.01, members.mean()), xycoords=("axes fraction", "data"), va="center", fontsize=8,
            )  # fmt: skip

    def _mark_maxima(self, ax):
        diagram = self.penalty.diagram(self.coef)
        free = diagram.pairs[0][: self.penalty.n_components - 1, 0]
        peaks = np.concatenate([diagram.essential[0], free])
        ax.scatter(
            peaks, self.coef[peaks], s=70, facecolors="none", edgecolors=MARK, linewidths=1.8,
            zorder=3, label="free maxima",
        )  # fmt: skip


class CoefficientPathDisplay(Display):
    """The weights against lam, with the chosen lam, and the cross-validated error below.

    Parameters
    ----------
    lams : (n_lams,) ndarray
    coef_path : (n_lams, n_features) ndarray
    mse_path : (n_lams, n_folds) ndarray
    lam : float
        The chosen one.
    labels : (n_features,) int ndarray, default=None
        Groups that share a colour.

    Attributes
    ----------
    ax_ : matplotlib Axes
    error_ax_ : matplotlib Axes
        The axes of the error, on the right.
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import TopologicalRegressionCV
    >>> from skltopo.plotting import CoefficientPathDisplay
    >>> X = np.random.default_rng(0).normal(size=(20, 4))
    >>> model = TopologicalRegressionCV(n_components=2, lams=5).fit(X, X @ [1, 1, 3, 3])
    >>> display = CoefficientPathDisplay.from_estimator(model)
    >>> len(display.lines_)
    4
    """

    def __init__(self, *, lams, coef_path, mse_path, lam, labels=None):
        self.lams = lams
        self.coef_path = coef_path
        self.mse_path = mse_path
        self.lam = lam
        self.labels = labels

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the display of a fitted `TopologicalRegressionCV`.

        Parameters
        ----------
        estimator : TopologicalRegressionCV
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        CoefficientPathDisplay
        """
        check_is_fitted(estimator)
        if np.ndim(estimator.coef_) != 1:
            raise ValueError(
                f"the estimator must have one output, got coef_ of shape {estimator.coef_.shape}"
            )
        penalty = estimator._make_penalty(estimator.n_features_in_)
        labels = estimator.labels_ if isinstance(penalty, Clusters) else None
        return cls(
            lams=estimator.lams_,
            coef_path=estimator.coef_path_,
            mse_path=estimator.mse_path_,
            lam=estimator.lam_,
            labels=labels,
        ).plot(ax=ax)

    def _draw(self, ax):
        import matplotlib.pyplot as plt

        self.lams = as_drawn(self.lams, "lams", 1)
        self.coef_path = as_drawn(self.coef_path, "coef_path", 2, len(self.lams))
        self.mse_path = as_drawn(self.mse_path, "mse_path", 2, len(self.lams))
        check_number("lam", self.lam)
        labels = np.arange(self.coef_path.shape[1]) if self.labels is None else self.labels
        colors = plt.get_cmap("viridis")(labels / max(1, labels.max()))
        self.lines_ = [
            ax.plot(self.lams, weights, color=color, lw=0.8, alpha=0.7)[0]
            for weights, color in zip(self.coef_path.T, colors, strict=True)
        ]
        ax.axvline(self.lam, color="0.3", ls=":", lw=1)
        ax.set(xscale="log", xlabel="lam", ylabel="weight")
        self.error_ax_ = ax.twinx()
        mean, spread = self.mse_path.mean(axis=1), self.mse_path.std(axis=1)
        self.error_ax_.plot(self.lams, mean, color=MARK, lw=2)
        low = np.maximum(mean - spread, mean / 10)
        self.error_ax_.fill_between(self.lams, low, mean + spread, color=MARK, alpha=0.15)
        self.error_ax_.set(yscale="log")
        self.error_ax_.set_ylabel("error on left-out samples", color=MARK)
