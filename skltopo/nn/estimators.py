"""Modules of scikit-learn's fitted steps: scalers, projections, linear models, networks.

Two tables say what is known. A function of `TRANSFORMS` returns the module of ``transform``. One of
`SCORES` returns that of ``decision_function`` of a classifier, or of ``predict`` of a regressor; of
`MLPClassifier`, which has no ``decision_function``, logits whose softmax is ``predict_proba``.

What a fit has minimised (weights and intercepts) are parameters that require no gradient, until
``module.requires_grad_()`` lets them be trained. Everything else (means, scales, axes) are buffers.
All are kept in float64 and cast to the dtype and device of what comes in.
"""

import numpy as np
import torch
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import SelectorMixin
from sklearn.linear_model._base import LinearClassifierMixin, LinearModel
from sklearn.linear_model._stochastic_gradient import BaseSGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)

__all__ = ["SCORES", "TRANSFORMS", "Columns", "Linear", "Logits", "Target", "inverse_of"]


def as_tensor(values):
    """Return numbers, also those of a sparse matrix, as a float64 tensor of their own memory."""
    values = values.toarray() if hasattr(values, "toarray") else values
    return torch.tensor(np.asarray(values, dtype=np.float64))


class Linear(torch.nn.Linear):
    """A linear layer whose weights are cast to the dtype and device of what comes in.

    Parameters
    ----------
    weight : (n_out, n_in) array-like
    bias : (n_out,) array-like or float, default=0.0
    """

    def __init__(self, weight, bias=0.0):
        weight = as_tensor(weight)
        n_out, n_in = weight.shape
        super().__init__(n_in, n_out, dtype=weight.dtype, device="meta")
        bias = as_tensor(bias).expand(n_out).clone()
        self.weight = torch.nn.Parameter(weight, requires_grad=False)
        self.bias = torch.nn.Parameter(bias, requires_grad=False)

    def forward(self, rows):
        """Return rows @ weight.T + bias."""
        return torch.nn.functional.linear(rows, self.weight.to(rows), self.bias.to(rows))


class Scale(torch.nn.Module):
    """(rows - center) / scale, or its inverse; None leaves a step out."""

    def __init__(self, center=None, scale=None, inverse=False):
        super().__init__()
        self.inverse = inverse
        self.register_buffer("center", None if center is None else as_tensor(center))
        self.register_buffer("scale", None if scale is None else as_tensor(scale))

    def forward(self, rows):
        """Scale rows."""
        if self.inverse:
            rows = rows if self.scale is None else rows * self.scale.to(rows)
            return rows if self.center is None else rows + self.center.to(rows)
        rows = rows if self.center is None else rows - self.center.to(rows)
        return rows if self.scale is None else rows / self.scale.to(rows)


class Clip(torch.nn.Module):
    """Rows with values between two bounds."""

    def __init__(self, low, high):
        super().__init__()
        self.low, self.high = float(low), float(high)

    def forward(self, rows):
        """Clip rows."""
        return rows.clamp(self.low, self.high)


class Normalize(torch.nn.Module):
    """Rows of norm 1; a row of zeros stays as it is."""

    def __init__(self, norm):
        super().__init__()
        self.order = {"l1": 1, "l2": 2, "max": torch.inf}[norm]

    def forward(self, rows):
        """Divide rows by their norms."""
        norms = torch.linalg.vector_norm(rows, self.order, dim=1, keepdim=True)
        return rows / torch.where(norms == 0, torch.ones_like(norms), norms)


class Project(torch.nn.Module):
    """(rows - mean) @ axes.T, the mean projected before it is subtracted as scikit-learn does."""

    def __init__(self, axes, mean=None):
        super().__init__()
        self.register_buffer("axes", as_tensor(axes))
        self.register_buffer("mean", None if mean is None else as_tensor(mean))

    def forward(self, rows):
        """Project rows."""
        axes = self.axes.to(rows).T
        projected = rows @ axes
        return projected if self.mean is None else projected - self.mean.to(rows) @ axes


class Columns(torch.nn.Module):
    """Some columns of rows."""

    def __init__(self, index):
        super().__init__()
        self.register_buffer("index", torch.tensor(np.asarray(index, dtype=np.int64)))

    def forward(self, rows):
        """Select columns."""
        return rows[:, self.index.to(rows.device)]


class Exp(torch.nn.Module):
    """Exponentials."""

    def forward(self, rows):
        """Return exp(rows)."""
        return rows.exp()


class TwoColumns(torch.nn.Module):
    """Scores s of the second of two classes as logits [0, s] of both."""

    def forward(self, scores):
        """Return (n, 2) logits of (n,) or (n, 1) scores."""
        scores = scores.reshape(-1)
        return torch.stack([torch.zeros_like(scores), scores], 1)


class Logits(torch.nn.Module):
    """Scores of a classifier as (n, n_classes) logits.

    Parameters
    ----------
    n_classes : int
    is_one_versus_one : bool
        Whether there is a score for each pair of more than two classes.
    """

    def __init__(self, n_classes, is_one_versus_one=False):
        super().__init__()
        self.n_classes = n_classes
        self.of_two = TwoColumns()
        self.votes = Votes(n_classes) if is_one_versus_one and n_classes > 2 else None

    def forward(self, scores):
        """Return logits."""
        if self.votes is not None:
            return self.votes(scores)
        if self.n_classes == 2 and (scores.ndim == 1 or scores.shape[1] == 1):
            return self.of_two(scores)
        if scores.ndim != 2 or scores.shape[1] != self.n_classes:
            raise ValueError(
                f"scores of {self.n_classes} classes must have shape (n, {self.n_classes}), got "
                f"{tuple(scores.shape)}"
            )
        return scores


class Votes(torch.nn.Module):
    """Scores of pairs of classes as scores of classes: votes, and confidences within (-1/3, 1/3).

    Parameters
    ----------
    n_classes : int
    """

    def __init__(self, n_classes):
        super().__init__()
        first, second = np.triu_indices(n_classes, 1)
        signs = np.zeros((len(first), n_classes))
        signs[np.arange(len(first)), first] = 1
        signs[np.arange(len(first)), second] = -1
        self.register_buffer("signs", as_tensor(signs))

    def forward(self, scores):
        """Return (n, n_classes) scores of (n, n_pairs) ones, positive for the first of a pair."""
        signs = self.signs.to(scores)
        wins = (scores >= 0).to(scores)
        votes = wins @ signs.clamp(min=0) + (1 - wins) @ (-signs).clamp(min=0)
        total = scores @ signs
        return votes + total / (3 * (total.abs() + 1))


class Target(torch.nn.Module):
    """Predictions of a transformed target in the units of the target.

    Parameters
    ----------
    inverse : torch.nn.Module
        Takes (n, n_targets) predictions.
    flat : bool
        Whether there is one target, and what comes out has shape (n,).
    """

    def __init__(self, inverse, flat):
        super().__init__()
        self.inverse = inverse
        self.flat = flat

    def forward(self, predicted):
        """Return the target."""
        target = self.inverse(predicted if predicted.ndim == 2 else predicted[:, None])
        return target.reshape(-1) if self.flat and target.shape[1] == 1 else target


# Transformers ------------------------------------------------------------------------------------


def _standard(scaler):
    center = scaler.mean_ if scaler.with_mean else None
    return Scale(center, scaler.scale_ if scaler.with_std else None)


def _robust(scaler):
    center = scaler.center_ if scaler.with_centering else None
    return Scale(center, scaler.scale_ if scaler.with_scaling else None)


def _min_max(scaler):
    scaled = Scale(scaler.min_, scaler.scale_, inverse=True)
    return torch.nn.Sequential(scaled, Clip(*scaler.feature_range)) if scaler.clip else scaled


def _pca(pca):
    projected = Project(pca.components_, pca.mean_)
    if not pca.whiten:
        return projected
    scale = np.sqrt(pca.explained_variance_)
    return torch.nn.Sequential(projected, Scale(None, scale.clip(np.finfo(scale.dtype).eps)))


def _function(transformer):
    if transformer.func is not None:
        raise TypeError(
            "FunctionTransformer can become a torch module only with func=None, got "
            f"func={transformer.func!r}, which takes arrays"
        )
    return torch.nn.Identity()


def _discriminant_axes(model):
    if model.solver == "lsqr":
        raise TypeError('LinearDiscriminantAnalysis(solver="lsqr") has no transform')
    axes = model.scalings_[:, : model._max_components].T
    if model.solver == "svd":
        return torch.nn.Sequential(Scale(model.xbar_), Project(axes))
    return Project(axes)


TRANSFORMS = {
    StandardScaler: _standard,
    RobustScaler: _robust,
    MinMaxScaler: _min_max,
    MaxAbsScaler: lambda scaler: Scale(None, scaler.scale_),
    Normalizer: lambda normalizer: Normalize(normalizer.norm),
    PCA: _pca,
    TruncatedSVD: lambda svd: Project(svd.components_),
    LinearDiscriminantAnalysis: _discriminant_axes,
    SelectorMixin: lambda selector: Columns(selector.get_support(indices=True)),
    FunctionTransformer: _function,
}

INVERSES = {
    StandardScaler: _standard,
    RobustScaler: _robust,
    MaxAbsScaler: TRANSFORMS[MaxAbsScaler],
}


def inverse_of(transformer):
    """Return the module of the ``inverse_transform`` of a scaler, or raise TypeError."""
    kind = type(transformer)
    if kind in INVERSES:
        module = INVERSES[kind](transformer)
        return Scale(module.center, module.scale, inverse=not module.inverse)
    if kind is MinMaxScaler:
        return torch.nn.Sequential(Scale(transformer.min_), Scale(None, transformer.scale_))
    if kind is FunctionTransformer and transformer.inverse_func is None:
        return torch.nn.Identity()
    raise TypeError(
        "the target of TransformedTargetRegressor can be one of StandardScaler, RobustScaler, "
        f"MaxAbsScaler and MinMaxScaler, got {transformer!r}"
    )


# Classifiers and regressors ----------------------------------------------------------------------


def linear_scores(weights, intercept, flat):
    """Return the module of rows @ weights.T + intercept; of shape (n,) if flat, else (n, n_out)."""
    layer = Linear(np.atleast_2d(_dense(weights)), np.atleast_1d(intercept))
    return torch.nn.Sequential(layer, torch.nn.Flatten(0)) if flat else layer


def _dense(weights):
    return weights.toarray() if hasattr(weights, "toarray") else np.asarray(weights)


def _linear_classifier(model):
    return linear_scores(model.coef_, model.intercept_, flat=len(_dense(model.coef_)) == 1)


def _linear_regressor(model):
    return linear_scores(model.coef_, model.intercept_, flat=_dense(model.coef_).ndim == 1)


ACTIVATIONS = {
    "identity": torch.nn.Identity,
    "logistic": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
    "relu": torch.nn.ReLU,
}


def _layers(model):
    """Return the layers of a network up to the values that its last activation takes."""
    layers = []
    for weight, bias in zip(model.coefs_, model.intercepts_, strict=True):
        layers += [Linear(weight.T, bias), ACTIVATIONS[model.activation]()]
    return layers[:-1]


def _network_classifier(model):
    layers = _layers(model)
    if model.out_activation_ == "logistic" and model.n_outputs_ == 1:
        layers.append(TwoColumns())
    return torch.nn.Sequential(*layers)


def _network_regressor(model):
    layers = _layers(model)
    if model.out_activation_ == "exp":
        layers.append(Exp())
    if model.n_outputs_ == 1:
        layers.append(torch.nn.Flatten(0))
    return torch.nn.Sequential(*layers)


SCORES = {
    LinearClassifierMixin: _linear_classifier,
    LinearDiscriminantAnalysis: _linear_classifier,
    LinearModel: _linear_regressor,
    BaseSGDRegressor: lambda model: linear_scores(model.coef_, model.intercept_, flat=True),
    MLPClassifier: _network_classifier,
    MLPRegressor: _network_regressor,
}
