"""Adversarial attacks: inputs changed within a ball until a classifier gives another class.

`gradient_attack` takes a torch module of scores or a fitted scikit-learn classifier. Each sample
goes uphill on its margin: for a target class its score minus the best of the others, else the best
of the others minus the score of the true class. A margin above 0 is a success.

A diagram moves with its critical pixels alone, so the gradient of a topological model is zero
almost everywhere: few pixels move in a step. ``method="smooth"`` moves what is near a critical
pixel, too, ``method="critical"`` what would become critical on the way.
"""

from __future__ import annotations

import math
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from sklearn.utils import check_random_state

from ._utils.arrays import as_floats, as_numbers, check_finite
from ._utils.checks import check_flag, check_integer, check_number
from ._utils.namespace import is_tensor
from ._utils.progress import check_verbose, progress_bar
from ._utils.typing import ArrayLike, RandomState, Result
from .nn.classifiers import Classifier
from .nn.critical_sets import critical_sets
from .nn.gradients import Blur, image_axes

__all__ = ["AttackResult", "gradient_attack"]

METHODS = ("gradient", "smooth", "critical")
# How far "critical" looks, in units of eps: sets of several points that are large overlap, and pull
# against each other.
LOOK = 0.3
# The first step of a schedule that falls to zero, in units of eps / n_steps.
FIRST_STEP = 10


@dataclass(frozen=True, eq=False)
class AttackResult:
    """What an attack found.

    Attributes
    ----------
    X : ndarray or torch.Tensor
        The changed samples, of the shape and kind of what was attacked: of those that failed, the
        iterate whose margin was best.
    success : (n,) bool ndarray or torch.Tensor
        Whether the model gives the class that was wanted (targeted), or another than the true one.
    predicted : (n,) ndarray or torch.Tensor
        The classes that the model gives to X, in the words of y.
    distance : (n,) ndarray or torch.Tensor
        Norms of the changes; 0 where the model was as wanted without one, which is a success, too.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skltopo.attacks import gradient_attack
    >>> X = np.linspace(0, 1, 20)[:, np.newaxis]
    >>> y = np.repeat([0, 1], 10)
    >>> model = LogisticRegression(C=100).fit(X, y)
    >>> result = gradient_attack(model, X[8:10], [1, 1], eps=0.2, n_steps=10)
    >>> result.success, result.predicted
    (array([ True,  True]), array([1, 1]))
    """

    X: Result
    success: Result
    predicted: Result
    distance: Result

    def __repr__(self):
        n, unmoved = len(self.success), int((self.success & (self.distance == 0)).sum())
        most = float(self.distance.max()) if n else 0.0
        before = f", {unmoved} of them unchanged" if unmoved else ""
        return (
            f"AttackResult({int(self.success.sum())} of {n} succeeded{before}, "
            f"distance <= {most:.4g})"
        )


@torch.inference_mode(False)
def gradient_attack(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    targeted: bool = True,
    eps: float,
    norm: float = np.inf,
    n_steps: int,
    step_size: float | None = None,
    momentum: float = 0.0,
    n_restarts: int = 1,
    confidence: float = 0.0,
    bounds: tuple[float, float] | None = (0, 1),
    method: Literal["gradient", "smooth", "critical"] = "gradient",
    bandwidth: float = 1.0,
    image_shape: tuple[int, ...] | None = None,
    batch_size: int = 256,
    random_state: RandomState = None,
    verbose: int = 0,
) -> AttackResult:
    """Change samples within a ball, by gradient steps, until a classifier gives a wanted class.

    That is the class y of each sample or, with ``targeted=False``, any other than y.

    Parameters
    ----------
    model : torch.nn.Module or fitted scikit-learn classifier
        A module gives scores (n, n_classes), or (n,) or (n, 1), where the second of two classes has
        the score and the first has 0. It is called in evaluation mode. An estimator or Pipeline
        goes through `skltopo.nn.to_torch`.
    X : (n, ...) array-like or torch.Tensor
        Samples as the model takes them, of any shape.
    y : (n,) array-like or torch.Tensor
        The classes to reach (targeted) or the true ones: members of the model's ``classes_``, or
        indices of scores where it has none.
    targeted : bool, default=True
        Whether y are classes to reach. False: classes to leave.
    eps : float
        Radius of the ball around each sample.
    norm : {inf, 2}, default=inf
        Norm of the ball. inf: no value moves by more than eps, and a step follows the signs of the
        gradient (FGSM for one step, PGD for many). 2: a step follows the gradient.
    n_steps : int
        Steps from each start.
    step_size : float, default=None
        Length of a step in the norm. None: eps for one step; for many a step falls from
        10 eps / n_steps, at most eps, to zero along a cosine.
    momentum : float, default=0.0
        What a step keeps of the direction of earlier ones, below 1.
    n_restarts : int, default=1
        Starts: the first is the sample itself, others are random points of the ball. Samples that
        succeed take no part in what comes after.
    confidence : float, default=0.0
        Margin, in units of the scores, from which on a sample has succeeded for good. Larger: it
        goes on, for instance to be shown to another model.
    bounds : (float, float) or None, default=(0, 1)
        Least and largest value that a pixel may have. None: any.
    method : {"gradient", "smooth", "critical"}, default="gradient"
        "gradient": what torch gives. The others are for topological models, which look at few
        pixels. "smooth": every other step, from the first on, follows the gradient convolved with a
        Gaussian of ``bandwidth`` pixels. "critical": a birth or a death moves its critical set, all
        pixels that must move so that it goes far; only for layers of level sets of images.
    bandwidth : float, default=1.0
        Standard deviation of the Gaussian, in pixels.
    image_shape : tuple of int, default=None
        Axes of an image for "smooth", the last of a sample: (height, width), or more. None: those
        of the first topological layer of the model, else the last two of X. Rows of flattened
        images are taken apart.
    batch_size : int, default=256
        Samples that go through the model together. Neither starts nor steps depend on it.
    random_state : int, RandomState or None, default=None
        Of the random starts.
    verbose : int, default=0
        Show a progress bar if positive.

    Returns
    -------
    AttackResult
        With ``X``, ``success``, ``predicted`` and ``distance``: arrays, or tensors on the device of
        X if X is one.

    Raises
    ------
    TypeError
        If the model is neither, or its scores have no gradient, or X is not real numbers.
    ValueError
        If X is not finite or outside of the bounds, y has a class that the model does not have, or
        a parameter is out of range.

    Warns
    -----
    UserWarning
        If the model gives most of X the classes to reach already, as where y are the true classes,
        or if its gradient was zero at every step, so that nothing moved.

    See Also
    --------
    skltopo.nn.to_torch : The module that a fitted estimator becomes.

    Notes
    -----
    An attack that fails shows no robustness: try more steps, restarts, "smooth", and an attack
    without gradients. ``nn.to_torch(model, output="logits")`` is a module that libraries of attacks
    take.

    References
    ----------
    Goodfellow, Shlens, Szegedy, Explaining and harnessing adversarial examples, 2015 (one step).
    Madry et al., Towards deep learning models resistant to adversarial attacks, 2018 (many steps).
    Dong et al., Boosting adversarial attacks with momentum, 2018. Carlini and Wagner, Towards
    evaluating the robustness of neural networks, 2017 (the margin). Nigmetov, Morozov, Topological
    optimization with big steps, 2024 (critical sets). Brüel-Gabrielsson et al., A
    Topology Layer for Machine Learning, 2020, section 3.3.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from skltopo.attacks import gradient_attack
    >>> model = torch.nn.Linear(2, 3, dtype=torch.float64)
    >>> with torch.no_grad():
    ...     _ = model.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]))
    ...     _ = model.bias.zero_()
    >>> X = np.array([[0.6, 0.4], [0.9, 0.1]])
    >>> result = gradient_attack(model, X, [1, 1], eps=0.2, n_steps=1)
    >>> result.X.round(2).tolist(), result.success.tolist()
    ([[0.4, 0.6], [0.7, 0.3]], [True, False])
    >>> result.predicted.tolist(), result.distance.round(2).tolist()
    ([1, 0], [0.2, 0.2])

    A fitted Pipeline is taken as it is. Of the digits that it gets right, some are then taken for
    others:

    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skltopo import PersistenceFeatures
    >>> X, y = load_digits().images[:300] / 16, load_digits().target[:300]
    >>> model = make_pipeline(PersistenceFeatures(), StandardScaler(), RidgeClassifier())
    >>> model = model.fit(X[:280], y[:280])
    >>> right = np.flatnonzero(model.predict(X[280:]) == y[280:]) + 280
    >>> attack = gradient_attack(model, X[right], y[right], targeted=False, eps=0.1, n_steps=10)
    >>> bool(0 < attack.success.sum()), bool((model.predict(attack.X) != y[right]).sum() > 0)
    (True, True)
    """
    check_flag("targeted", targeted)
    check_integer("n_restarts", n_restarts, 1)
    check_integer("batch_size", batch_size, 1)
    if not isinstance(method, str) or method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}")
    eps = _check_positive("eps", eps)
    climb = {
        "steps": _Steps(eps, n_steps, step_size),
        "momentum": _check_momentum(momentum),
        "targeted": targeted,
        "confidence": check_number("confidence", confidence, 0),
    }
    samples = _as_samples(X)
    ball = _Ball(samples, eps, norm, _check_bounds(bounds, samples))
    classifier = Classifier(model, samples)
    wanted = classifier.indices(y, samples)
    if method == "smooth":
        climb["direct"] = Blur(bandwidth, image_axes(image_shape, samples, classifier.module))
    climb = _Climb(classifier, ball, wanted, **climb)
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    bar = progress_bar(len(samples), check_verbose(verbose), "sample", "attack")
    wide = critical_sets(classifier.module, LOOK * eps) if method == "critical" else nullcontext()
    with bar, classifier.evaluating(), wide:
        for first in range(0, len(samples), batch_size):
            rows = torch.arange(first, min(first + batch_size, len(samples)), device=samples.device)
            bar.update(len(rows) - _start_often(climb, ball, rows, n_restarts, seed, bar))
    result = climb.result(is_tensor(X))
    _warn(result, climb, targeted)
    return result


def _warn(result, climb, targeted):
    """Say where an attack had nothing to do, or no way to do it."""
    unmoved, n = int((result.success & (result.distance == 0)).sum()), len(result.success)
    if targeted and unmoved > n / 2:
        warnings.warn(
            f"the model gives {unmoved} of {n} samples the class of y to reach before they change; "
            "if y are the true classes, give targeted=False",
            stacklevel=4,
        )
    if climb.looked and not climb.moved:
        warnings.warn(
            "the gradient was zero at every step, so that no sample moved. Scores of Betti curves "
            "and of counts of points are constant almost everywhere. That such an attack fails is "
            "no robustness: try one without gradients",
            stacklevel=4,
        )


def _start_often(climb, ball, rows, n_restarts, seed, bar):
    """Attack some samples from n_restarts points each; return how many succeeded."""
    n = len(rows)
    for start in range(n_restarts):
        climb.run(rows, ball.start(rows, seed, start))
        left = rows[~climb.done[rows]]
        bar.update(len(rows) - len(left))
        rows = left
        if not len(rows):
            break
    return n - len(rows)


class _Climb:
    """Uphill on the margin, and the best that was met on the way."""

    def __init__(
        self, classifier, ball, wanted, *, steps, momentum, targeted, confidence, direct=None
    ):
        self.classifier, self.ball, self.wanted = classifier, ball, wanted
        self.steps, self.momentum, self.targeted = steps, momentum, targeted
        self.confidence, self.direct = confidence, direct
        self.best = ball.samples.clone()
        self.margin = torch.full_like(wanted, -torch.inf, dtype=torch.float64)
        self.predicted = torch.zeros_like(wanted)
        self.success = torch.zeros_like(wanted, dtype=torch.bool)
        self.done = self.success.clone()
        self.looked = self.moved = False  # whether there was a gradient, and one that is not zero

    def run(self, rows, x):
        """Take all steps from x, for the samples that are called rows."""
        velocity = torch.zeros_like(x)
        for step in range(self.steps.n):
            gradient = self._look(rows, x, with_gradient=True)
            alive = ~self.done[rows]
            rows, x, gradient, velocity = (one[alive] for one in (rows, x, gradient, velocity))
            if not len(rows):
                return
            self.looked, self.moved = True, self.moved or bool(gradient.any())
            if self.direct is not None:
                gradient = self.direct(gradient, step)
            velocity = self.momentum * velocity + _of_mean_1(gradient)
            x = self.ball.project(rows, x + self.steps.size(step) * self.ball.unit(velocity))
        self._look(rows, x)

    def _look(self, rows, x, with_gradient=False):
        """Note where the model is at x; return the gradient of the margins."""
        with torch.set_grad_enabled(with_gradient):
            x = x.detach().requires_grad_(with_gradient)
            logits = self.classifier.logits(x)
            margins = self._margins(logits, self.wanted[rows])
        self._note(rows, x.detach(), logits.detach().argmax(1), margins.detach().double())
        return _gradient(margins, x) if with_gradient else None

    def _margins(self, logits, wanted):
        of_wanted = torch.nn.functional.one_hot(wanted, logits.shape[1]).bool()
        others = logits.masked_fill(of_wanted, -torch.inf).amax(1)
        margins = logits[of_wanted] - others
        return margins if self.targeted else -margins

    def _note(self, rows, x, predicted, margins):
        """Keep the iterates that are better than any before."""
        success = (predicted == self.wanted[rows]) == self.targeted
        before = self.success[rows]
        better = success & ~before | (success == before) & (margins > self.margin[rows])
        kept = rows[better]
        self.best[kept], self.margin[kept] = x[better], margins[better]
        self.predicted[kept], self.success[kept] = predicted[better], success[better]
        self.done[kept] = success[better] & (margins[better] >= self.confidence)

    def result(self, as_tensors):
        """Return the `AttackResult`."""
        found = {
            "X": self.best,
            "success": self.success,
            "predicted": self.classifier.labels(self.predicted),
            "distance": self.ball.distances(self.best),
        }
        if not as_tensors:
            found = {name: np.asarray(one) for name, one in found.items()}
        return AttackResult(**found)


def _gradient(margins, x):
    """Return the gradient of margins, each of its own sample."""
    gradient = None
    if margins.requires_grad:
        (gradient,) = torch.autograd.grad(margins, x, torch.ones_like(margins), allow_unused=True)
    if gradient is None:
        raise TypeError(
            "model must be differentiable, got scores without a gradient with respect to X: no "
            "step may detach them"
        )
    if not gradient.isfinite().all():
        raise ValueError("model must have finite gradients, got a NaN or an infinity")
    return gradient


def _rows_of(values):
    return values.reshape(len(values), -1)


def _beside(numbers, values):
    """Return one number for each sample with as many axes as the samples."""
    return numbers.reshape(-1, *[1] * (values.ndim - 1)).to(values.dtype)


def _of_mean_1(gradient):
    """Return gradients whose values have the mean size 1; a gradient of zero stays zero."""
    size = _rows_of(gradient).abs().double().mean(1)
    return gradient / _beside(torch.where(size > 0, size, 1), gradient)


class _Ball:
    """What samples may become: within eps of them, and within the bounds.

    Parameters
    ----------
    samples : (n, ...) torch.Tensor
    eps : float
    norm : {inf, 2}
    bounds : (float, float)
        Least and largest value; -inf and inf for any.
    """

    def __init__(self, samples, eps, norm, bounds):
        if norm not in (2, np.inf):
            raise ValueError(f"norm must be inf or 2, got {norm!r}")
        self.samples, self.eps, self.norm, self.bounds = samples, eps, norm, bounds

    def start(self, rows, seed, number):
        """Return the samples for number 0, else random points, whatever other rows there are."""
        centers = self.samples[rows]
        if number == 0:
            return centers
        moves = [self._random_move(seed, number, int(row)) for row in rows]
        moves = torch.as_tensor(np.stack(moves)).to(centers).reshape(centers.shape)
        return self.project(rows, centers + moves)

    def _random_move(self, seed, number, row):
        """Return a move that is uniform in the ball."""
        generator = np.random.default_rng((seed, number, row))
        size = self.samples[0].numel()
        if self.norm == np.inf:
            return generator.uniform(-self.eps, self.eps, size)
        direction = generator.standard_normal(size)
        radius = self.eps * generator.random() ** (1 / size)
        return radius * direction / np.linalg.norm(direction)

    def unit(self, directions):
        """Return moves of norm 1 in these directions; no move where a direction is zero."""
        if self.norm == np.inf:
            return directions.sign()
        length = torch.linalg.vector_norm(_rows_of(directions).double(), dim=1)
        return directions / _beside(torch.where(length > 0, length, 1), directions)

    def project(self, rows, x):
        """Return the point nearest to x that is allowed, up to rounding, which stays inside."""
        centers = self.samples[rows]
        if self.norm == np.inf:
            x = x.clamp(_edge(centers, -self.eps), _edge(centers, self.eps))
        else:
            x = centers + (x - centers) * _beside(self._shrink(centers, x), x)
        return x.clamp(*self.bounds)

    def _shrink(self, centers, x):
        """Return the factors that bring moves into the ball of norm 2, with room for rounding."""
        length = torch.linalg.vector_norm(_rows_of(x).double() - _rows_of(centers), dim=1)
        size = torch.linalg.vector_norm(_rows_of(centers).double(), dim=1) + self.eps
        room = (self.eps - torch.finfo(x.dtype).eps * size).clamp(min=0)
        return torch.where(length > room, room / length.clamp(min=1e-300), 1)

    def distances(self, x):
        """Return how far each of the samples has moved."""
        moves = _rows_of(x).double() - _rows_of(self.samples)
        return torch.linalg.vector_norm(moves, self.norm, dim=1).to(x.dtype)


def _edge(centers, move):
    """Return the values that are furthest in the direction of move, by at most its size."""
    exact = centers.double()
    edge = (exact + move).to(centers.dtype)
    too_far = (edge.double() - exact).abs() > abs(move)
    return torch.where(too_far, torch.nextafter(edge, centers), edge)


# Checks -----------------------------------------------------------------------------------------


def _as_samples(X):
    """Return X as a tensor of floats without a graph."""
    live, plain = as_floats(as_numbers(X, "X"))
    if live.ndim < 2 or 0 in live.shape:
        raise ValueError(
            "X must have shape (n, ...), samples along the first axis and at least one value, got "
            f"{tuple(live.shape)}"
        )
    check_finite(plain, "X", before="")
    # A copy, since tensors of inference mode have no gradients.
    return live.detach().clone() if is_tensor(live) else torch.from_numpy(np.array(live))


def _check_bounds(bounds, samples):
    """Return bounds as two floats, or raise where they are none, or X is outside of them."""
    if bounds is None:
        return -np.inf, np.inf
    if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
        raise ValueError(f"bounds must be two numbers, least and largest, or None, got {bounds!r}")
    low, high = (check_number("bounds", bound) for bound in bounds)
    if low >= high:
        raise ValueError(f"bounds must have the least value first, got {bounds!r}")
    least, most = float(samples.min()), float(samples.max())
    if least < low or most > high:
        raise ValueError(
            f"X must lie within bounds={bounds!r}, got values from {least:g} to {most:g}; scale X, "
            "or give the bounds that its values have"
        )
    return low, high


def _check_positive(name, value):
    number = check_number(name, value)
    if number <= 0:
        raise ValueError(f"{name} must be above 0, got {value!r}")
    return number


def _check_momentum(momentum):
    number = check_number("momentum", momentum, 0)
    if number >= 1:
        raise ValueError(f"momentum must be below 1, got {momentum!r}")
    return number


class _Steps:
    """How many steps there are, and the length of each."""

    def __init__(self, eps, n_steps, step_size):
        self.n = check_integer("n_steps", n_steps, 1)
        self.is_constant = step_size is not None
        if self.is_constant:
            self.first = _check_positive("step_size", step_size)
        else:
            self.first = eps * min(1, FIRST_STEP / self.n)

    def size(self, step):
        """Return the length of a step, from 0 on: constant, or along a cosine to zero."""
        if self.is_constant:
            return self.first
        return self.first * (1 + math.cos(math.pi * (step / self.n))) / 2
