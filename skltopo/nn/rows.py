"""Modules of rows of numbers: what scikit-learn's fitted steps are made of.

What a fit has minimised (weights and intercepts) are parameters that require no gradient, until
``module.requires_grad_()`` lets them be trained. Everything else (means, scales, axes) are buffers.
All are kept in float64 and cast to the dtype and device of what comes in.
"""

import numpy as np
import torch

from .representation import representation

__all__ = [
    "Clip",
    "Columns",
    "Exp",
    "FirstOfTies",
    "Linear",
    "Logits",
    "Normalize",
    "Project",
    "Scale",
    "Target",
    "TwoColumns",
    "Votes",
    "as_dense",
    "as_tensor",
]


def as_dense(values):
    """Return an array, also of a sparse matrix."""
    return values.toarray() if hasattr(values, "toarray") else np.asarray(values)


def as_tensor(values):
    """Return numbers, also those of a sparse matrix, as a float64 tensor of their own memory."""
    return torch.from_numpy(np.array(as_dense(values), dtype=np.float64, order="C"))


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

    def extra_repr(self):
        """Return the parameters, for the representation of the module."""
        return representation(center=self.center, scale=self.scale, inverse=self.inverse)


class Clip(torch.nn.Module):
    """Rows with values between two bounds."""

    def __init__(self, low, high):
        super().__init__()
        self.low, self.high = float(low), float(high)

    def forward(self, rows):
        """Clip rows."""
        return rows.clamp(self.low, self.high)

    def extra_repr(self):
        """Return the parameters, for the representation of the module."""
        return representation(low=self.low, high=self.high)


class Normalize(torch.nn.Module):
    """Rows of norm 1; a row of zeros stays as it is."""

    def __init__(self, norm):
        super().__init__()
        self.order = {"l1": 1, "l2": 2, "max": torch.inf}[norm]

    def forward(self, rows):
        """Divide rows by their norms."""
        norms = torch.linalg.vector_norm(rows, self.order, dim=1, keepdim=True)
        return rows / torch.where(norms == 0, torch.ones_like(norms), norms)

    def extra_repr(self):
        """Return the parameters, for the representation of the module."""
        return representation(order=self.order)


class Project(torch.nn.Module):
    """(rows - mean) @ axes.T, the mean projected before it is subtracted as scikit-learn does."""

    axes: torch.Tensor
    mean: torch.Tensor | None

    def __init__(self, axes, mean=None):
        super().__init__()
        self.register_buffer("axes", as_tensor(axes))
        self.register_buffer("mean", None if mean is None else as_tensor(mean))

    def forward(self, rows):
        """Project rows."""
        axes = self.axes.to(rows).T
        projected = rows @ axes
        return projected if self.mean is None else projected - self.mean.to(rows) @ axes

    def extra_repr(self):
        """Return the parameters, for the representation of the module."""
        return representation(axes=self.axes, mean=self.mean)


class Columns(torch.nn.Module):
    """Some columns of rows."""

    def __init__(self, index):
        super().__init__()
        self.register_buffer("index", torch.from_numpy(np.array(index, dtype=np.int64, order="C")))

    def forward(self, rows):
        """Select columns."""
        return rows[:, self.index.to(rows.device)]

    def extra_repr(self):
        """Return the parameters, for the representation of the module."""
        return representation(index=self.index)


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
    has_ties : bool
        Whether scores of more than two classes are votes, of which the first class with most wins.
    """

    def __init__(self, n_classes, is_one_versus_one=False, has_ties=False):
        super().__init__()
        self.n_classes = n_classes
        self.of_two = TwoColumns()
        self.votes = Votes(n_classes) if is_one_versus_one and n_classes > 2 else None
        self.ties = FirstOfTies() if has_ties and n_classes > 2 else torch.nn.Identity()

    def forward(self, scores):
        """Return logits."""
        if self.votes is not None:
            return self.ties(self.votes(scores))
        if self.n_classes == 2 and (scores.ndim == 1 or scores.shape[1] == 1):
            return self.of_two(scores)
        if scores.ndim != 2 or scores.shape[1] != self.n_classes:
            raise ValueError(
                f"scores of {self.n_classes} classes must have shape (n, {self.n_classes}), got "
                f"{tuple(scores.shape)}"
            )
        return self.ties(scores)


class FirstOfTies(torch.nn.Module):
    """Votes and confidences, with one vote more for the first of the classes with most votes.

    So their argmax is what `SVC` and `NuSVC` predict where several classes have most votes:
    confidences, which lie within (-1/3, 1/3), do not count there.
    """

    def forward(self, scores):
        """Return scores of the same shape."""
        votes = scores.detach().round()
        most = votes == votes.amax(1, keepdim=True)
        first = most & (most.cumsum(1) == 1)
        return scores + (first & (most.sum(1, keepdim=True) > 1)).to(scores)


class Votes(torch.nn.Module):
    """Scores of pairs of classes as scores of classes: votes, and confidences within (-1/3, 1/3).

    Parameters
    ----------
    n_classes : int
    """

    signs: torch.Tensor

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
