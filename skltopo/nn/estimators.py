"""Modules of scikit-learn's fitted steps: scalers, projections, linear models, networks.

Two tables say what is known. A function of `TRANSFORMS` returns the module of ``transform``. One of
`SCORES` returns that of ``decision_function`` of a classifier, or of ``predict`` of a regressor; of
`MLPClassifier`, which has no ``decision_function``, logits whose softmax is ``predict_proba``.
"""

import numpy as np
import torch
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
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

from .kernel_machines import KERNEL_MACHINES
from .rows import Clip, Columns, Exp, Linear, Normalize, Project, Scale, TwoColumns, as_dense

__all__ = ["SCORES", "TRANSFORMS", "inverse_of", "linear_scores"]

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


def _max_abs(scaler):
    scaled = Scale(None, scaler.scale_)
    # A parameter of scikit-learn 1.9.
    return torch.nn.Sequential(scaled, Clip(-1, 1)) if getattr(scaler, "clip", False) else scaled


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
    axes = model.scalings_[:, : model._max_components].T
    if model.solver == "svd":
        return torch.nn.Sequential(Scale(model.xbar_), Project(axes))
    return Project(axes)


TRANSFORMS = {
    StandardScaler: _standard,
    RobustScaler: _robust,
    MinMaxScaler: _min_max,
    MaxAbsScaler: _max_abs,
    Normalizer: lambda normalizer: Normalize(normalizer.norm),
    PCA: _pca,
    IncrementalPCA: _pca,
    TruncatedSVD: lambda svd: Project(svd.components_),
    LinearDiscriminantAnalysis: _discriminant_axes,
    SelectorMixin: lambda selector: Columns(selector.get_support(indices=True)),
    FunctionTransformer: _function,
}

INVERSES = {
    StandardScaler: _standard,
    RobustScaler: _robust,
    MaxAbsScaler: lambda scaler: Scale(None, scaler.scale_),
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
    layer = Linear(np.atleast_2d(as_dense(weights)), np.atleast_1d(intercept))
    return torch.nn.Sequential(layer, torch.nn.Flatten(0)) if flat else layer


def _linear_classifier(model):
    weights = np.atleast_2d(as_dense(model.coef_))  # RidgeClassifier has one row as it is
    return linear_scores(weights, model.intercept_, flat=len(weights) == 1)


def _linear_regressor(model):
    return linear_scores(model.coef_, model.intercept_, flat=as_dense(model.coef_).ndim == 1)


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
    **KERNEL_MACHINES,
}
