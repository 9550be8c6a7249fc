"""Modules of fitted kernel machines: SVC, NuSVC, SVR, NuSVR, OneClassSVM and KernelRidge."""

from typing import Any

import numpy as np
import torch
from sklearn.kernel_ridge import KernelRidge
from sklearn.svm._base import BaseLibSVM, BaseSVC

from .representation import representation
from .rows import Columns, Linear, Votes, as_dense, as_tensor

__all__ = ["KERNEL_MACHINES"]

KERNELS = ("linear", "poly", "polynomial", "rbf", "sigmoid", "precomputed")


class Kernel(torch.nn.Module):
    """Values of a kernel between rows and the points of a fit.

    Parameters
    ----------
    points : (n_points, n_columns) array-like
    name : {"linear", "poly", "polynomial", "rbf", "sigmoid"}
    gamma, coef0, degree : float
        As in scikit-learn.
    """

    points: torch.Tensor
    center: torch.Tensor

    def __init__(self, points, name, *, gamma, coef0, degree):
        super().__init__()
        self.register_buffer("points", as_tensor(points))
        # Squares of distances lose fewer digits about the middle of the points.
        self.register_buffer("center", self.points.mean(dim=0))
        self.name = name
        self.gamma: Any = None if name == "linear" else float(gamma)
        self.coef0 = coef0
        self.degree = degree

    def forward(self, rows):
        """Return (n, n_points) values."""
        points = self.points.to(rows)
        if self.name == "rbf":
            center = self.center.to(rows)
            return torch.exp(-self.gamma * _squared_distances(rows - center, points - center))
        products = rows @ points.T
        if self.name == "linear":
            return products
        products = self.gamma * products + self.coef0
        return products.tanh() if self.name == "sigmoid" else products**self.degree

    def extra_repr(self):
        """Return the parameters, for the representation of the module."""
        given = {} if self.name == "linear" else {"gamma": self.gamma, "coef0": self.coef0}
        given |= {"degree": self.degree} if self.name.startswith("poly") else {}
        return representation(points=self.points, name=self.name, **given)


def _squared_distances(first, second):
    squares = (first**2).sum(dim=1)[:, None] + (second**2).sum(dim=1)
    return (squares - 2 * first @ second.T).clamp(min=0)


def _check_kernel(model):
    if not isinstance(model.kernel, str) or model.kernel not in KERNELS:
        raise TypeError(
            f"{type(model).__name__} can become a torch module if its kernel is one of {KERNELS}, "
            f"got {model.kernel!r}"
        )


def _support(model):
    """Return the module of the kernel between rows and support vectors."""
    _check_kernel(model)
    if model.kernel == "precomputed":
        return Columns(model.support_)
    return Kernel(
        model.support_vectors_,
        model.kernel,
        gamma=model._gamma,
        coef0=model.coef0,
        degree=model.degree,
    )


def _one_machine(model):
    layer = Linear(as_dense(model.dual_coef_), model.intercept_)
    return torch.nn.Sequential(_support(model), layer, torch.nn.Flatten(0))


def _support_vector_classifier(model):
    n_classes = len(model.classes_)
    if n_classes == 2:
        return _one_machine(model)
    layer = Linear(_weights_of_pairs(model, n_classes), model.intercept_)
    votes = [Votes(n_classes)] if model.decision_function_shape == "ovr" else []
    return torch.nn.Sequential(_support(model), layer, *votes)


def _weights_of_pairs(model, n_classes):
    """Return (n_pairs, n_support) weights: row c of dual_coef_ is against the c-th other class."""
    dual = as_dense(model.dual_coef_)
    owner = np.repeat(np.arange(n_classes), model.n_support_)
    weights = []
    for first in range(n_classes):
        for second in range(first + 1, n_classes):
            of_first = np.where(owner == first, dual[second - 1], 0)
            weights.append(of_first + np.where(owner == second, dual[first], 0))
    return np.array(weights)


def _kernel_ridge(model):
    _check_kernel(model)
    dual = as_dense(model.dual_coef_)
    gamma = model.gamma if model.gamma is not None else 1 / model.n_features_in_
    steps: list[torch.nn.Module] = [Linear(dual.reshape(len(dual), -1).T)]
    if model.kernel != "precomputed":
        options = {"gamma": gamma, "coef0": model.coef0, "degree": model.degree}
        steps.insert(0, Kernel(as_dense(model.X_fit_), model.kernel, **options))
    if dual.ndim == 1:
        steps.append(torch.nn.Flatten(0))
    return torch.nn.Sequential(*steps)


KERNEL_MACHINES = {
    BaseSVC: _support_vector_classifier,
    BaseLibSVM: _one_machine,
    KernelRidge: _kernel_ridge,
}
