"""A classifier as attacks see it: differentiable logits of samples, and classes by their index."""

from contextlib import contextmanager

import numpy as np
import torch
from sklearn.base import BaseEstimator

from .._utils.namespace import namespace_of
from .._utils.patience import set_back
from .fitted import FittedModule
from .pipelines import to_torch

__all__ = ["Classifier", "evaluating"]


@contextmanager
def evaluating(module):
    """Keep all parts of a module in evaluation mode; then each is in the mode that it was in."""
    trained = [part for part in module.modules() if part.training]

    def restore():
        for part in trained:
            part.training = True

    with set_back(restore):
        module.eval()
        yield


class Classifier:
    """Logits of a torch module or of a fitted scikit-learn classifier.

    Parameters
    ----------
    model : torch.nn.Module or fitted classifier
        As in `skltopo.attacks.gradient_attack`.
    samples : (n, ...) torch.Tensor
        What it is asked about: its kind decides what the model is given.

    Attributes
    ----------
    module : torch.nn.Module
    classes : (n_classes,) ndarray or None
        None where classes are indices.

    Raises
    ------
    TypeError, ValueError
        If model is neither, or gives no scores of classes.
    """

    def __init__(self, model, samples):
        if isinstance(model, type) or not isinstance(model, (torch.nn.Module, BaseEstimator)):
            raise TypeError(
                "model must be a torch.nn.Module or a fitted scikit-learn classifier, got "
                f"{model!r}"
            )
        is_module = isinstance(model, torch.nn.Module)
        self.module = model if is_module else to_torch(model, output="logits")
        classes = getattr(self.module, "classes_", None)
        self.classes = None if classes is None else np.asarray(classes)
        weight = next((w for w in self.module.parameters() if w.is_floating_point()), samples)
        self._device = weight.device
        # What to_torch returns casts its weights to its input, so that float32 stays float32.
        self._dtype = samples.dtype if isinstance(self.module, FittedModule) else weight.dtype
        with self.evaluating(), torch.no_grad():
            self.n_classes = self.logits(samples[:1]).shape[1]
        if self.classes is not None and len(self.classes) != self.n_classes:
            raise ValueError(
                "model must give a score for each of its classes_, got "
                f"{self.n_classes} scores and {len(self.classes)} classes"
            )

    def evaluating(self):
        """Keep all parts of the module in evaluation mode."""
        return evaluating(self.module)

    def logits(self, samples):
        """Return (n, n_classes) logits; [0, s] where the module gives one score s."""
        # A copy, since a model may work in place.
        scores = self.module(samples.to(self._device, self._dtype, copy=True))
        n = len(samples)
        if not isinstance(scores, torch.Tensor) or scores.shape[:1] != (n,) or scores.ndim > 2:
            got = tuple(scores.shape) if hasattr(scores, "shape") else type(scores).__name__
            raise ValueError(
                f"model must give scores of shape ({n}, n_classes) or ({n},) for {n} samples, got "
                f"{got}"
            )
        scores = scores.reshape(n, -1).to(samples.device)
        if not scores.isfinite().all():
            raise ValueError("model must give finite scores, got a NaN or an infinity")
        return scores if scores.shape[1] > 1 else torch.cat([torch.zeros_like(scores), scores], 1)

    def indices(self, labels, samples):
        """Return labels, one for each sample, as indices of logits.

        Raises
        ------
        ValueError
            If there are not as many labels as samples, or one is no class of the model.
        """
        labels = namespace_of(labels).plain(labels)
        if labels.shape != (len(samples),):
            raise ValueError(
                f"y must have one class for each of {len(samples)} samples, got shape "
                f"{labels.shape}"
            )
        known = range(self.n_classes) if self.classes is None else self.classes.tolist()
        index_of = {label: i for i, label in enumerate(known)}
        unknown = [label for label in labels.tolist() if label not in index_of]
        if unknown:
            raise ValueError(f"y must have classes of the model, {list(known)}, got {unknown[0]!r}")
        index = [index_of[label] for label in labels.tolist()]
        return torch.tensor(index, device=samples.device)

    def labels(self, indices):
        """Return indices of logits as classes; as a tensor where they are numbers."""
        if self.classes is None:
            return indices
        labels = self.classes[indices.cpu().numpy()]
        return torch.tensor(labels).to(indices.device) if labels.dtype.kind in "biuf" else labels
