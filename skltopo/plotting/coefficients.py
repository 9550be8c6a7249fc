"""Displays of the weights of linear models, with their clusters or maxima marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._utils.checks import check_number
from .._utils.typing import Array, ArrayLike, Floats, Self
from ..penalties import Clusters, Maxima, Penalty
from .feature_names import as_names, model_and_names, name_features
from .pictures import (
    BLUE,
    PALEST,
    VERMILION,
    Display,
    as_drawn,
    draw_legend_above,
    merge_style,
    pop_cmap,
    shades,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CoefficientDisplay", "CoefficientPathDisplay"]

LETTER = 4.4  # width in points, about
MOST_LABELS = 10  # of lines beside a path


def _penalty_of(model):
    """Return the penalty of a fitted model, None for the models of scikit-learn."""
    return model._make_penalty(model.n_features_in_) if hasattr(model, "_make_penalty") else None


def _keep_apart(heights, least):
    """Return heights in their order, moved so that neighbours are at least `least` apart."""
    order = np.argsort(heights, kind="stable")
    steps = least * np.arange(len(heights))
    lowest = np.maximum.accumulate(heights[order] - steps)
    highest = np.minimum.accumulate((heights[order] - steps)[::-1])[::-1]
    moved = np.empty(len(heights))
    moved[order] = (lowest + highest) / 2 + steps
    return moved


class CoefficientDisplay(Display):
    """The weights of one model in the order of the features.

    Clusters have a colour and a line at their mean each, free maxima have a mark.

    Parameters
    ----------
    coef : (n_features,) ndarray
    penalty : Penalty, default=None
        Decides what is marked.
    truth : (n_features,) array-like, default=None
        Drawn behind the weights.
    feature_names : (n_features,) array-like of str, default=None
        None for numbers.
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

    def __init__(
        self,
        *,
        coef: Array,
        penalty: Penalty | None = None,
        truth: ArrayLike | None = None,
        feature_names: ArrayLike | None = None,
        title: str | None = None,
    ) -> None:
        self.coef = coef
        self.penalty = penalty
        self.truth = truth
        self.feature_names = feature_names
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        truth: ArrayLike | None = None,
        feature_names: ArrayLike | None = None,
        title: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the display of a fitted estimator with one row of weights.

        Parameters
        ----------
        estimator : TopologicalRegression, TopologicalRegressionCV or TopologicalClassifier
            Or another linear model, or a fitted Pipeline or search that ends in one.
        truth : array-like, default=None
            True weights, if known.
        feature_names : array-like of str, default=None
            None for those that the steps of a Pipeline give, or those of the data in fit.
        title : str, default=None
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Keyword arguments of the marks of weights, such as ``s``, ``alpha`` or ``color``;
            ``cmap`` chooses the colours of clusters.

        Returns
        -------
        CoefficientDisplay

        Raises
        ------
        TypeError
            If the model has no weights, or a keyword argument is unknown.
        ValueError
            If there are several rows of weights, or another number of names.
        """
        model, names = model_and_names(estimator)
        coef = np.asarray(model.coef_, dtype=np.float64)
        if coef.size != model.n_features_in_:
            raise ValueError(
                f"the estimator must have one row of weights, got coef_ of shape {coef.shape}"
            )
        return cls(
            coef=coef.ravel(),
            penalty=_penalty_of(model),
            truth=truth,
            feature_names=names if feature_names is None else feature_names,
            title=title,
        ).plot(ax=ax, **kwargs)

    def _draw(self, ax, style):
        self.coef = as_drawn(self.coef, "coef", 1)
        index = np.arange(len(self.coef))
        names = as_names(self.feature_names, len(index))
        if self.truth is not None:
            truth = as_drawn(np.ravel(self.truth), "truth", 1, len(index))
            ax.plot(index, truth, color="0.75", lw=3, label="truth", zorder=0)
        if isinstance(self.penalty, Clusters):
            self._plot_clusters(ax, index, self.penalty, style)
        else:
            look = {"s": 10, "color": BLUE, "label": "weights"}
            look = merge_style("PathCollection", look, style)
            if names is None:
                ax.plot(index, self.coef, color=look["color"], lw=0.8)
            else:  # their order means nothing
                ax.vlines(index, 0, self.coef, colors=look["color"], linewidths=0.8)
                ax.axhline(0, color="0.6", lw=0.8, zorder=0)
            self.points_ = ax.scatter(index, self.coef, **look)
        if isinstance(self.penalty, Maxima) and self.penalty.has_prox:
            self._mark_maxima(ax, self.penalty)
        ax.set(xlabel="feature", ylabel="weight", title=self.title)
        if names is not None:
            name_features(ax, names)
        if self.truth is not None or isinstance(self.penalty, Maxima) or "label" in style:
            draw_legend_above(ax, self.title)

    def _plot_clusters(self, ax, index, penalty, style):
        labels = penalty.labels(self.coef)
        look = {"s": 14, "c": labels, "cmap": "viridis", "zorder": 2}
        look |= {"vmin": 0, "vmax": max(1, labels.max()) / PALEST}
        self.points_ = ax.scatter(index, self.coef, **merge_style("PathCollection", look, style))
        sizes = np.bincount(labels)
        means = np.bincount(labels, weights=self.coef) / sizes
        low, high = ax.get_ylim()
        heights = _keep_apart(means, 0.05 * (high - low))
        for mean, size, height in zip(means, sizes, heights, strict=True):
            ax.axhline(mean, color="0.6", lw=0.8, zorder=1)
            ax.annotate(
                f"{mean:.3g} ({size})", (1.01, height), xycoords=("axes fraction", "data"),
                va="center", fontsize=8,
            )  # fmt: skip

    def _mark_maxima(self, ax, penalty):
        diagram = penalty.diagram(self.coef)
        free = diagram.pairs[0][: penalty.n_components - 1, 0]
        peaks = np.concatenate([diagram.essential[0], free])
        ax.scatter(
            peaks, self.coef[peaks], s=70, facecolors="none", edgecolors=VERMILION, linewidths=1.8,
            zorder=3, label="free maxima",
        )  # fmt: skip


class CoefficientPathDisplay(Display):
    """The weights against lam, with the chosen lam, and the cross-validated error.

    Clusters have a colour and a name each, "mean (size)" at the chosen lam. Without clusters the
    ten largest weights have one, with the name of their feature.

    Parameters
    ----------
    lams : (n_lams,) ndarray
    coef_path : (n_lams, n_features) ndarray
    mse_path : (n_lams, n_folds) ndarray
    lam : float
        The chosen one.
    labels : (n_features,) int ndarray, default=None
        Groups that share a colour.
    feature_names : (n_features,) array-like of str, default=None
        None for numbers.

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

    def __init__(
        self,
        *,
        lams: Floats,
        coef_path: Array,
        mse_path: Array,
        lam: float,
        labels: Array | None = None,
        feature_names: ArrayLike | None = None,
    ) -> None:
        self.lams = lams
        self.coef_path = coef_path
        self.mse_path = mse_path
        self.lam = lam
        self.labels = labels
        self.feature_names = feature_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        feature_names: ArrayLike | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the display of a fitted `TopologicalRegressionCV`.

        Parameters
        ----------
        estimator : TopologicalRegressionCV
            Or a fitted Pipeline that ends in one.
        feature_names : array-like of str, default=None
            None for those that the steps of a Pipeline give, or those of the data in fit.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Keyword arguments of the lines of weights, such as ``linewidth`` or ``alpha``; ``cmap``
            chooses their colours.

        Returns
        -------
        CoefficientPathDisplay

        Raises
        ------
        TypeError
            If the model has no path, or a keyword argument is unknown.
        ValueError
            If there is another number of names.
        """
        model, names = model_and_names(estimator)
        if not hasattr(model, "coef_path_"):
            raise TypeError(
                f"estimator must be a TopologicalRegressionCV, got {type(model).__name__}, which "
                "has no path of weights"
            )
        if np.ndim(model.coef_) != 1:
            raise ValueError(
                f"the estimator must have one output, got coef_ of shape {model.coef_.shape}"
            )
        labels = model.labels_ if isinstance(_penalty_of(model), Clusters) else None
        return cls(
            lams=model.lams_,
            coef_path=model.coef_path_,
            mse_path=model.mse_path_,
            lam=model.lam_,
            labels=labels,
            feature_names=names if feature_names is None else feature_names,
        ).plot(ax=ax, **kwargs)

    def _draw(self, ax, style):
        self.lams = as_drawn(self.lams, "lams", 1)
        self.coef_path = as_drawn(self.coef_path, "coef_path", 2, len(self.lams))
        self.mse_path = as_drawn(self.mse_path, "mse_path", 2, len(self.lams))
        check_number("lam", self.lam)
        style, cmap = pop_cmap(style, "viridis")
        label = style.pop("label", None)
        groups, texts = self._groups()
        colors = shades(cmap, len(groups))
        color_of = {i: color for group, color in zip(groups, colors, strict=True) for i in group}
        self.lines_ = []
        for i, weights in enumerate(self.coef_path.T):
            look = {"color": color_of.get(i, "0.75"), "lw": 0.8, "alpha": 0.8}
            look["zorder"] = 2 if i in color_of else 1.5
            look = merge_style("Line2D", look, style)
            self.lines_.append(ax.plot(self.lams, weights, **look)[0])
        if label is not None:
            self.lines_[0].set_label(label)
        ax.axvline(self.lam, color="0.3", ls=":", lw=1)
        ax.set(xscale="log", xlabel="lam", ylabel="weight")
        self._write_texts(ax, groups, texts, colors)
        self._draw_error(ax)

    def _groups(self):
        """Return the features of each colour, and what to write beside them."""
        chosen = self.coef_path[np.argmin(abs(self.lams - self.lam))]
        if self.labels is not None:
            labels = np.asarray(self.labels)
            groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
            return groups, [f"{chosen[group].mean():.3g} ({len(group)})" for group in groups]
        names = as_names(self.feature_names, len(chosen))
        sizes = abs(chosen)
        largest = np.argsort(-sizes, kind="stable")[:MOST_LABELS]
        largest = largest[sizes[largest] >= 0.02 * sizes.max()]
        largest = largest[np.argsort(chosen[largest], kind="stable")]
        return [[i] for i in largest], [str(i) if names is None else names[i] for i in largest]

    def _write_texts(self, ax, groups, texts, colors):
        """Write texts in a margin beside the smallest lam, apart from each other."""
        first = np.argmin(self.lams)
        low, high = self.lams.min(), self.lams.max()
        width = ax.get_window_extent().width * 72 / ax.figure.dpi
        part = min((LETTER * max(map(len, texts)) + 10) / width, 0.45)  # of the axes
        room = (high / low if high > low > 0 else 10.0) ** (part / (1 - part))
        bottom, top = ax.get_ylim()
        ends = np.array([self.coef_path[first, group].mean() for group in groups])
        heights = _keep_apart(ends, 0.05 * (top - bottom))
        for end, height, text, color in zip(ends, heights, texts, colors, strict=True):
            ax.annotate(
                text, (low, end), (low / room**0.1, height), ha="right", va="center", fontsize=8,
                arrowprops={"arrowstyle": "-", "color": color, "lw": 0.6, "shrinkA": 0},
            )  # fmt: skip
        if high > low > 0:
            ax.set_xlim(low / room**1.05, high * (high / low) ** 0.03)

    def _draw_error(self, ax):
        self.error_ax_ = ax.twinx()
        self.error_ax_.grid(visible=False)
        mean, spread = self.mse_path.mean(axis=1), self.mse_path.std(axis=1)
        self.error_ax_.plot(self.lams, mean, color=VERMILION, lw=2)
        low = np.maximum(mean - spread, mean / 10)
        self.error_ax_.fill_between(self.lams, low, mean + spread, color=VERMILION, alpha=0.15)
        self.error_ax_.set(yscale="log")
        self.error_ax_.set_ylabel("error on left-out samples", color=VERMILION)
