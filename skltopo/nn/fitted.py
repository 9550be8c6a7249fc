"""FittedModule, which `to_torch` returns, and what is known of a fitted estimator as a whole."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sklearn.base import is_classifier, is_outlier_detector, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from .._utils.typing import Module, Names, Tensor
from .inputs import as_live, as_samples, check_scores

__all__ = ["FittedModule", "drops", "has_scores", "inner_estimator", "last_step", "passes"]


class FittedModule(torch.nn.Module):
    """The module that `to_torch` returns.

    Parameters
    ----------
    body : torch.nn.Module
        Takes X as the estimator does, and returns its scores, or rows.
    fitted : estimator
        What it was made of, whose classes and names are copied.
    head : torch.nn.Module, default=None
        Makes logits of scores.

    Attributes
    ----------
    classes_ : (n_classes,) ndarray
        Only of a classifier.
    n_features_in_ : int
        Numbers in a sample, where all samples have as many.
    feature_names_in_ : (n_features_in_,) ndarray of str
        Only if X in fit was a DataFrame.

    Examples
    --------
    >>> import torch
    >>> from sklearn.linear_model import Perceptron
    >>> from skltopo.nn import to_torch
    >>> module = to_torch(Perceptron().fit([[0.0], [1.0]], ["a", "b"]))
    >>> module.classes_.tolist(), module(torch.tensor([[2.0]])).shape
    (['a', 'b'], torch.Size([1]))
    """

    def __init__(self, body: Module, fitted: Any, head: Module | None = None) -> None:
        super().__init__()
        self.body = body
        self.head = head
        known = {name: getattr(fitted, name, None) for name in ("classes_", "feature_names_in_")}
        known["n_features_in_"] = _columns_in(fitted)
        for name, value in known.items():
            if value is not None:
                setattr(self, name, copy.copy(value))
        self._names_out = _names_out(fitted)

    def forward(self, X: Tensor | Sequence[Tensor]) -> Tensor:
        """Compute the scores.

        Parameters
        ----------
        X : (n, ...) torch.Tensor, or list of torch.Tensor
            Samples, as the estimator takes them. If it has ``n_features_in_``, samples of any shape
            with so many numbers are taken, such as (n, 1, height, width). Integers become float64.

        Returns
        -------
        torch.Tensor
            As `to_torch` says.

        Raises
        ------
        TypeError
            If X is neither.
        ValueError
            If X has no sample, a NaN or an infinity, or samples of another size; or if scores
            overflow.
        """
        scores = check_scores(self.body(self._as_samples(X)))
        return scores if self.head is None else self.head(scores)

    def get_feature_names_out(self) -> Names:
        """Return the names of the columns that ``transform`` makes, or that the last step sees.

        Returns
        -------
        (n_columns,) ndarray of str objects

        Raises
        ------
        AttributeError
            If a step gives no names to its columns.
        """
        if self._names_out is None:
            raise AttributeError("the estimator gave no names to its columns")
        return self._names_out.copy()

    def _as_samples(self, X):
        n_columns = getattr(self, "n_features_in_", None)
        if n_columns is None:
            return as_samples(X)
        X = as_live(X)
        if X.ndim == 2 and X.shape[1] == n_columns:
            return X
        if X.ndim < 2 or X.shape[1:].numel() != n_columns:
            raise ValueError(
                f"X must have samples of {n_columns} numbers, as in fit, got shape {tuple(X.shape)}"
            )
        return X.reshape(len(X), n_columns)


# Estimators -------------------------------------------------------------------------------------


def passes(step):
    """Tell whether a step of a Pipeline does nothing."""
    return step is None or (isinstance(step, str) and step == "passthrough")


def drops(step):
    """Tell whether a part of a FeatureUnion or ColumnTransformer is left out."""
    return isinstance(step, str) and step == "drop"


def inner_estimator(estimator):
    """Return what a search has found, or what is frozen; None for other estimators."""
    if isinstance(estimator, FrozenEstimator):
        return estimator.estimator
    if not isinstance(estimator, BaseSearchCV):
        return None
    if not hasattr(estimator, "best_estimator_"):
        raise NotFittedError(
            f"{type(estimator).__name__} has no best_estimator_; call fit, with refit=True"
        )
    return estimator.best_estimator_


def has_scores(estimator):
    """Tell whether the scores of an estimator are wanted, and not its rows."""
    if any(kind(estimator) for kind in (is_classifier, is_regressor, is_outlier_detector)):
        return True
    return not hasattr(estimator, "transform")


def _steps(pipeline):
    """Return the steps of a Pipeline that do something."""
    return [step for _, step in pipeline.steps if not passes(step)]


def last_step(estimator):
    """Return the last step of nested Pipelines and searches."""
    inner = inner_estimator(estimator)
    if isinstance(estimator, Pipeline):
        inner = next(reversed(_steps(estimator)), None)
    return estimator if inner is None else last_step(inner)


def _columns_in(estimator):
    """Return how many numbers a sample has; None where samples differ, or it is not known."""
    if isinstance(estimator, Pipeline):
        # The first step that looks at its columns.
        steps = (step for step in _steps(estimator) if not isinstance(step, FunctionTransformer))
        return _columns_in(next(steps, None))
    inner = inner_estimator(estimator)
    return getattr(estimator, "n_features_in_", None) if inner is None else _columns_in(inner)


def _names_out(estimator):
    """Return names of the columns that come out, or that a last step with scores sees, or None."""
    inner = inner_estimator(estimator)
    if inner is not None:
        return _names_out(inner)
    if has_scores(estimator):
        if not isinstance(estimator, Pipeline) or len(estimator) == 1:
            return getattr(estimator, "feature_names_in_", None)
        estimator = estimator[:-1]
    try:
        return np.asarray(estimator.get_feature_names_out(), dtype=object)
    except AttributeError:  # a step has no names, as a Pipeline finds out while it asks
        return None
