"""to_torch: a fitted estimator or Pipeline as a torch module of its scores.

A step becomes a module in one of two roles: ``transform``, before the last step, or ``scores``, at
the end. Its module is the first that its class or a base class has of these: a function given to
`register_step`, a method ``to_torch``, a function in the tables of `estimators`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from sklearn.base import BaseEstimator, is_classifier
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm._base import BaseSVC
from sklearn.utils.validation import check_is_fitted

from .estimators import SCORES, TRANSFORMS, inverse_of
from .fitted import FittedModule, drops, has_scores, inner_estimator, last_step, passes
from .rows import Columns, Logits, Target

__all__ = ["register_step", "to_torch"]

OUTPUTS = ("auto", "logits")
ROLES = ("transform", "scores")
# What the steps that people register become, by role.
REGISTERED: dict[str, dict[type, Any]] = {role: {} for role in ROLES}
TABLES = {"transform": TRANSFORMS, "scores": SCORES}
CAN = {
    "transform": "PersistenceFeatures, PersistenceDiagrams and the vectorizers behind it, "
    "SlicedWassersteinKernel, DelayEmbedding, StandardScaler, RobustScaler, MinMaxScaler, "
    "MaxAbsScaler, Normalizer, PCA, TruncatedSVD, LinearDiscriminantAnalysis, selectors of "
    "columns, FunctionTransformer(None), FeatureUnion, ColumnTransformer and Pipeline",
    "scores": "linear classifiers and regressors, TopologicalRegression, TopologicalClassifier, "
    "MLPClassifier, MLPRegressor, SVC, NuSVC, SVR, NuSVR, KernelRidge, "
    "TransformedTargetRegressor, searches such as GridSearchCV, and Pipeline",
}


def register_step(
    estimator_class: type,
    function: Callable[..., Any],
    role: Literal["transform", "scores"] | None = None,
) -> None:
    """Say what module a fitted estimator of some class becomes in `to_torch`.

    Parameters
    ----------
    estimator_class : type
        Its subclasses become the same module, unless they override the method in question.
    function : callable
        Takes the fitted estimator and returns a `torch.nn.Module`. The module takes a tensor of
        what the step before returns, usually of shape (n, n_columns), and does with it what
        ``transform`` does, or returns the scores: ``decision_function`` of a classifier, logits
        whose softmax is ``predict_proba`` where it has none, ``predict`` of a regressor.
    role : {"transform", "scores"}, default=None
        For what it is: a step before the last, or the last. None: for both.

    Raises
    ------
    TypeError
        If estimator_class is no class, or function is not callable.
    ValueError
        If role is none of these.

    See Also
    --------
    to_torch : What calls the function.

    Notes
    -----
    An estimator of one's own can have a method ``to_torch`` instead, which returns the module.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklearn.base import BaseEstimator, TransformerMixin
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skltopo import nn
    >>> class Squares(TransformerMixin, BaseEstimator):
    ...     def fit(self, X, y=None):
    ...         return self
    ...
    ...     def transform(self, X):
    ...         return np.square(X)
    ...
    ...     def __sklearn_is_fitted__(self):
    ...         return True
    >>> class SquaresModule(torch.nn.Module):
    ...     def forward(self, rows):
    ...         return rows**2
    >>> nn.register_step(Squares, lambda fitted: SquaresModule())
    >>> X = np.random.default_rng(0).random((20, 3))
    >>> model = make_pipeline(Squares(), Ridge()).fit(X, X.sum(axis=1))
    >>> scores = nn.to_torch(model)(torch.tensor(X))
    >>> bool(np.allclose(scores, model.predict(X)))
    True
    """
    if not isinstance(estimator_class, type):
        raise TypeError(f"estimator_class must be a class, got {estimator_class!r}")
    if isinstance(function, torch.nn.Module) or not callable(function):
        raise TypeError(
            "function must take the fitted estimator and return a torch.nn.Module, got "
            f"{function!r}"
        )
    if role is not None and role not in ROLES:
        raise ValueError(f"role must be one of {ROLES} or None, got {role!r}")
    for one in ROLES if role is None else (role,):
        REGISTERED[one][estimator_class] = function


def to_torch(fitted: Any, output: Literal["auto", "logits"] = "auto") -> FittedModule:
    """Return a `torch.nn.Module` that computes the scores of a fitted estimator or Pipeline.

    Gradients flow through it to the input: what attacks, saliency maps and losses need.

    Parameters
    ----------
    fitted : estimator
        Fitted. A `Pipeline`, `FeatureUnion`, `ColumnTransformer`, `TransformedTargetRegressor` or
        a search such as `GridSearchCV`, nested as one likes, or a single step. Steps can be:

        - transformers of this package: `PersistenceFeatures`, `PersistenceDiagrams` with a
          vectorizer of `skltopo.vectorize` or `SlicedWassersteinKernel` behind it, these with
          ``filtration``, and `DelayEmbedding`;
        - scalers, PCA, selectors of columns: `StandardScaler`, `RobustScaler`, `MinMaxScaler`,
          `MaxAbsScaler`, `Normalizer`, `PCA`, `TruncatedSVD`, `LinearDiscriminantAnalysis`, all
          with a ``get_support`` such as `SelectKBest`, and ``FunctionTransformer(None)``;
        - models: `TopologicalRegression`, `TopologicalClassifier`, all linear classifiers and
          regressors of scikit-learn whose scores are linear, `MLPClassifier`, `MLPRegressor`,
          `SVC`, `NuSVC`, `SVR`, `NuSVR` and `KernelRidge` with kernels that have a name;
        - what has a method ``to_torch``, and what `register_step` was told.
    output : {"auto", "logits"}, default="auto"
        "auto": what the last step says. Of a classifier its ``decision_function``: (n,) for two
        classes, else (n, n_classes). Of one without, `MLPClassifier`, (n, n_classes) logits whose
        softmax is ``predict_proba``, [0, s] for two classes; where a sample has several labels
        (n, n_labels) logits, whose sigmoid it is. Of a regressor ``predict``. Of a transformer the
        rows of ``transform``.
        "logits": (n, n_classes) logits of a classifier, [0, s] for two classes, whose argmax is
        the position of ``predict`` in ``classes_``: what attack libraries take.

    Returns
    -------
    FittedModule
        In evaluation mode. It has ``classes_``, ``feature_names_in_`` and
        ``get_feature_names_out()`` as the estimator has them, and keeps nothing else of it.

    Raises
    ------
    TypeError
        If fitted is no estimator, or a step can't become a module; the error names it.
    ValueError
        If output is unknown, or "logits" and fitted has no classes, or several labels a sample.
    sklearn.exceptions.NotFittedError
        If a step is not fitted.

    See Also
    --------
    register_step : For steps that it does not know.

    Notes
    -----
    Scores are those of the estimator up to rounding, 1e-10 in float64. All numbers are kept in
    float64 and cast to the dtype and device of the input, so that float32 gives float32. Those of
    an `SVC` of more than two classes are votes, which are constant almost everywhere, and
    confidences, which the gradient sees; ``decision_function_shape="ovo"`` has no votes.

    Weights and intercepts are parameters that require no gradient: a training loop leaves them as
    they are, until ``module.requires_grad_()`` lets an optimiser tune them.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skltopo import PersistenceFeatures, nn
    >>> rng = np.random.default_rng(0)
    >>> images, labels = rng.random((30, 8, 8)), np.arange(30) % 3
    >>> model = make_pipeline(PersistenceFeatures(), StandardScaler(), LogisticRegression())
    >>> module = nn.to_torch(model.fit(images, labels), output="logits")
    >>> x = torch.tensor(images, requires_grad=True)
    >>> logits = module(x)
    >>> bool(np.allclose(logits.detach(), model.decision_function(images)))
    True
    >>> torch.nn.functional.cross_entropy(logits, torch.tensor(labels)).backward()
    >>> x.grad.shape
    torch.Size([30, 8, 8])
    """
    if isinstance(fitted, type) or not isinstance(fitted, BaseEstimator):
        raise TypeError(f"fitted must be a fitted estimator or Pipeline, got {fitted!r}")
    if output not in OUTPUTS:
        raise ValueError(f"output must be one of {OUTPUTS}, got {output!r}")
    role = "scores" if has_scores(fitted) else "transform"
    body = _convert(fitted, role, ())
    head = _logits(fitted) if output == "logits" else None
    return FittedModule(body, fitted, head).eval()


def _logits(fitted):
    """Return the module that makes logits of the scores of a classifier."""
    last = last_step(fitted)
    if not is_classifier(fitted):
        raise ValueError(
            f'output="logits" is for classifiers, got {type(last).__name__}; output="auto" gives '
            "what it predicts, or its rows"
        )
    kind = getattr(getattr(last, "_label_binarizer", None), "y_type_", "")
    if kind.startswith("multilabel"):
        raise ValueError(
            f'output="logits" is for one class a sample, and {type(last).__name__} has learnt '
            'several labels a sample; output="auto" gives a score for each label'
        )
    if len(fitted.classes_) == 1:
        raise ValueError(
            f'output="logits" is for two classes and more, and {type(last).__name__} has learnt '
            f"{fitted.classes_.tolist()} alone"
        )
    is_one_versus_one = getattr(last, "decision_function_shape", None) == "ovo"
    has_ties = isinstance(last, BaseSVC) and not (last.break_ties and not is_one_versus_one)
    return Logits(len(fitted.classes_), is_one_versus_one, has_ties)


# Steps ------------------------------------------------------------------------------------------


def _convert(estimator, role, path):
    """Return the module of a step in some role; path has the names of the steps that lead to it."""
    if passes(estimator):
        return torch.nn.Identity()
    inner = inner_estimator(estimator)
    if inner is not None:
        return _convert(inner, role, path)
    for kind, convert in COMPOSITES.items():
        if isinstance(estimator, kind):
            return convert(estimator, role, path)
    check_is_fitted(estimator)
    function, base = _find_function(estimator, role, path)
    _check_not_overridden(estimator, role, base)
    module = function(estimator)
    if not isinstance(module, torch.nn.Module):
        raise TypeError(
            f"{type(estimator).__name__} must become a torch.nn.Module, got "
            f"{type(module).__name__} from {function!r}"
        )
    return module


def _find_function(estimator, role, path):
    """Return (function that makes the module, class that it is for)."""
    bases: tuple[Any, ...] = type(estimator).__mro__
    for base in bases:
        if base in REGISTERED[role]:
            return REGISTERED[role][base], base
        if "to_torch" in vars(base):
            return base.to_torch, base
        if base in TABLES[role]:
            return TABLES[role][base], base
    registered = "".join(f", {base.__name__}" for base in REGISTERED[role])
    where = f", step {'.'.join(path)!r}," if path else ""
    raise TypeError(
        f"{type(estimator).__name__}{where} can't become a torch module that "
        f"{'transforms' if role == 'transform' else 'computes scores'}; these can: "
        f"{CAN[role]}{registered}; skltopo.nn.register_step adds others"
    )


def _check_not_overridden(estimator, role, base):
    """Raise TypeError if a subclass of base computes something else by a method of its own."""
    names = ["transform"] if role == "transform" else ["decision_function", "predict"]
    for name in names:
        owner = next((one for one in type(estimator).__mro__ if name in vars(one)), None)
        if owner is None:
            continue
        if not issubclass(base, owner) and owner.__module__.split(".")[0] != "sklearn":
            raise TypeError(
                f"{owner.__name__} overrides {name} of {base.__name__}, so that it is not known "
                "what to compute; skltopo.nn.register_step says it"
            )
        return


def _pipeline(pipeline, role, path):
    last = len(pipeline.steps) - 1
    return torch.nn.Sequential(
        *[
            _convert(step, role if i == last else "transform", (*path, name))
            for i, (name, step) in enumerate(pipeline.steps)
        ]
    )


class Union(torch.nn.Module):
    """Columns of several modules side by side, each with a weight.

    Parameters
    ----------
    modules : list of torch.nn.Module
    weights : list of float
    """

    def __init__(self, modules, weights):
        super().__init__()
        self.parts = torch.nn.ModuleList(modules)
        self.weights = [float(weight) for weight in weights]

    def forward(self, X):
        """Return the columns of all parts; no column where there is no part."""
        if not self.parts:
            return torch.zeros(len(X), 0, dtype=X[0].dtype, device=X[0].device)
        rows = [
            part(X) if weight == 1 else part(X) * weight
            for part, weight in zip(self.parts, self.weights, strict=True)
        ]
        return torch.cat(rows, 1)


def _union(union, role, path):
    weights = union.transformer_weights or {}
    kept = [(name, step) for name, step in union.transformer_list if not drops(step)]
    return Union(
        [_convert(step, "transform", (*path, name)) for name, step in kept],
        [weights.get(name, 1) for name, _ in kept],
    )


def _column_transformer(transformer, role, path):
    check_is_fitted(transformer)
    weights = transformer.transformer_weights or {}
    columns = transformer._transformer_to_input_indices
    kept = [
        (name, step)
        for name, step, _ in transformer.transformers_
        if not drops(step) and len(columns[name])
    ]
    return Union(
        [
            torch.nn.Sequential(Columns(columns[name]), _convert(step, "transform", (*path, name)))
            for name, step in kept
        ],
        [weights.get(name, 1) for name, _ in kept],
    )


def _transformed_target(model, role, path):
    check_is_fitted(model)
    return torch.nn.Sequential(
        _convert(model.regressor_, "scores", (*path, "regressor")),
        Target(inverse_of(model.transformer_), flat=model._training_dim == 1),
    )


COMPOSITES = {
    Pipeline: _pipeline,
    FeatureUnion: _union,
    ColumnTransformer: _column_transformer,
    TransformedTargetRegressor: _transformed_target,
}
