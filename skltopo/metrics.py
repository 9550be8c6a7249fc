"""Metrics of generated samples beside real ones: matching distance, coverage, inception score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
from scipy.sparse import issparse
from scipy.spatial.distance import cdist

from ._utils.arrays import as_floats, as_numbers, check_finite
from ._utils.checks import check_n_jobs
from ._utils.memory import check_memory
from ._utils.namespace import is_tensor
from ._utils.parallel import effective_n_jobs, run
from ._utils.patience import call_long
from ._utils.progress import check_verbose, counted, progress_bar
from ._utils.typing import ArrayLike, FiltrationFunction
from .diagrams import Diagram, DiagramArrays, DiagramBatch
from .distances import pairwise_diagram_distances
from .filtrations import LevelSet
from .filtrations.base import Filtration
from .filtrations.metric_clouds import check_metric

__all__ = ["coverage", "inception_score", "minimum_matching_distance"]

OF_DIAGRAMS = ("wasserstein", "bottleneck", "sliced_wasserstein")
# How far the probabilities of one sample may be from a sum of 1: rounding in half precision.
ROUNDING = 1e-2
# Powers by which distances grow with the values, of those that squares would overflow in.
DEGREES = {
    "euclidean": 1,
    "minkowski": 1,
    "cityblock": 1,
    "chebyshev": 1,
    "sqeuclidean": 2,
    "cosine": 0,
    "correlation": 0,
    "seuclidean": 0,
    "mahalanobis": 0,
}


def minimum_matching_distance(
    reference: ArrayLike | Sequence[Any],
    generated: ArrayLike | Sequence[Any],
    distance: str | Callable[..., Any] | ArrayLike = "l2",
    *,
    filtration: FiltrationFunction | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> float:
    r"""Compute how far real samples are from the nearest generated ones, on average.

    .. math:: \mathrm{MMD} = \frac1{|R|} \sum_{x \in R} \min_{y \in G} d(x, y)

    over a reference set R and a generated set G. Smaller is better. It is not the maximum mean
    discrepancy, of the same abbreviation.

    Parameters
    ----------
    reference : (n_reference, ...) array-like or torch.Tensor, or sequence of samples
        Real samples, such as test images.
    generated : (n_generated, ...) array-like or torch.Tensor, or sequence of samples
    distance : str, callable or (n_reference, n_generated) array-like, default="l2"
        - "l2": the Euclidean distance of the values of two samples, and any other name that
          `scipy.spatial.distance.cdist` knows;
        - "wasserstein", "bottleneck", "sliced_wasserstein": a distance of persistence diagrams, as
          in `skltopo.distances.pairwise_diagram_distances`: W_1 for the first;
        - a function of a reference sample and a generated one that returns a number;
        - a matrix of distances, for several metrics of the same pairs. The samples are not looked
          at then and may be None.
    filtration : filtration, default=None
        For a distance of diagrams: what makes diagrams of samples. None: samples that are diagrams
        (a `DiagramBatch`, or a list of `Diagram` or of arrays with two columns) are used as they
        are; others are images or volumes, with or without a channel axis of length 1, of which the
        superlevel PD_0 is taken: (n, 3, height, width) are volumes.
    n_jobs : int, default=None
        Threads for distances of diagrams and for a function. None is 1 unless in a joblib context,
        -1 is all cores. Results do not depend on it.
    verbose : int, default=0
        Show a progress bar if positive, for distances of diagrams and for a function.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If distance or filtration is of another kind, or a function returns no number.
    ValueError
        If a set is empty, samples do not fit together or are not finite, there is no distance of
        that name, or a distance is NaN or negative, or one of values is more than a float can hold.

    See Also
    --------
    coverage : How many real samples are matched at all.

    References
    ----------
    Achlioptas et al., Learning representations and generative models for 3D point clouds, 2018.
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, table 9.

    Examples
    --------
    >>> from skltopo.metrics import minimum_matching_distance
    >>> reference, generated = [[0.0], [1.0], [5.0]], [[0.0], [2.0]]
    >>> minimum_matching_distance(reference, generated)  # (0 + 1 + 3) / 3
    1.3333333333333333
    """
    distances = _distances(reference, generated, distance, filtration, n_jobs, verbose)
    nearest = distances.min(axis=1)
    with np.errstate(over="ignore"):
        mean = nearest.mean()
    # A sum may overflow where the mean does not.
    return float(mean if np.isfinite(mean) else (nearest / len(nearest)).sum())


def coverage(
    reference: ArrayLike | Sequence[Any],
    generated: ArrayLike | Sequence[Any],
    distance: str | Callable[..., Any] | ArrayLike = "l2",
    *,
    filtration: FiltrationFunction | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> float:
    """Compute the share of real samples that are nearest to some generated sample.

    Every generated sample is matched to its nearest real one; of equally near ones, the first. The
    coverage is the share of real samples that are matched. Larger is better; few modes give a small
    one, and it is at most n_generated / n_reference.

    Parameters
    ----------
    reference : (n_reference, ...) array-like or torch.Tensor, or sequence of samples
    generated : (n_generated, ...) array-like or torch.Tensor, or sequence of samples
    distance : str, callable or (n_reference, n_generated) array-like, default="l2"
    filtration : filtration, default=None
    n_jobs : int, default=None
    verbose : int, default=0
        All as in `minimum_matching_distance`.

    Returns
    -------
    float
        In (0, 1].

    Raises
    ------
    TypeError, ValueError
        As `minimum_matching_distance`.

    References
    ----------
    Achlioptas et al., Learning representations and generative models for 3D point clouds, 2018.

    Examples
    --------
    >>> from skltopo.metrics import coverage
    >>> coverage([[0.0], [1.0], [5.0]], [[0.0], [0.1], [2.0]])  # 0, 0 and 1 are the nearest
    0.6666666666666666
    """
    distances = _distances(reference, generated, distance, filtration, n_jobs, verbose)
    return len(np.unique(distances.argmin(axis=0))) / len(distances)


def inception_score(probabilities: ArrayLike) -> float:
    r"""Compute the inception score of generated samples from the opinion of a classifier.

    .. math:: \exp \left( \frac1n \sum_i KL(p(y | x_i) \,\|\, p(y)) \right),
              \quad p(y) = \frac1n \sum_i p(y | x_i)

    It is 1 where all samples look alike to the classifier, and the number of classes where it is
    sure of each sample and finds all classes equally often.

    Parameters
    ----------
    probabilities : (n, n_classes) array-like or torch.Tensor
        What any classifier gives to the samples: ``predict_proba``, or the softmax of logits.

    Returns
    -------
    float
        In [1, n_classes].

    Raises
    ------
    TypeError
        If probabilities are not real numbers.
    ValueError
        If probabilities are empty, not finite, negative, or do not add up to 1 for a sample.

    Notes
    -----
    The score does not look at real samples, and does not notice that all samples of a class are the
    same one. It is made for comparisons with the same classifier and the same n.

    References
    ----------
    Salimans et al., Improved techniques for training GANs, 2016, with their classifier Inception.

    Examples
    --------
    >>> from skltopo.metrics import inception_score
    >>> inception_score([[1.0, 0.0], [0.0, 1.0]]), inception_score([[0.5, 0.5], [0.5, 0.5]])
    (2.0, 1.0)
    """
    plain = as_floats(as_numbers(probabilities, "probabilities"))[1].astype(np.float64)
    if plain.ndim != 2 or 0 in plain.shape:
        raise ValueError(
            f"probabilities must have shape (n, n_classes) and not be empty, got {plain.shape}"
        )
    check_finite(plain, "probabilities", before="")
    totals = plain.sum(axis=1)
    wrong = (plain.min(axis=1) < 0) | (abs(totals - 1) > ROUNDING)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            "probabilities must be at least 0 and add up to 1 for each sample, got "
            f"{plain[row].tolist()} in row {row}; take the softmax of logits"
        )
    each = plain / totals[:, None]
    marginal = each.mean(axis=0)
    # Where a probability is 0, so is its term.
    ratios = np.divide(each, marginal, out=np.ones_like(each), where=each > 0)
    divergence = (each * np.log(ratios)).sum(axis=1).mean()
    return float(np.clip(np.exp(divergence), 1, plain.shape[1]))


# Distances ------------------------------------------------------------------------------------


def _distances(reference, generated, distance, filtration, n_jobs, verbose):
    """Return the (n_reference, n_generated) distances, none of them NaN or negative."""
    check_n_jobs(n_jobs)
    verbose = check_verbose(verbose)
    reference, generated = _indexed(reference), _indexed(generated)
    of_diagrams = isinstance(distance, str) and distance in OF_DIAGRAMS
    if filtration is not None and not of_diagrams:
        raise ValueError(
            f"filtration must be None unless distance is one of {OF_DIAGRAMS}, got distance="
            f"{distance!r}"
        )
    if of_diagrams:
        first, second = _as_diagrams(reference, generated, filtration)
        out = pairwise_diagram_distances(
            first, second, metric=distance, n_jobs=n_jobs, verbose=verbose
        )
    elif isinstance(distance, str):
        out = _distances_of_values(reference, generated, distance)
    elif callable(distance):
        out = _distances_by(distance, reference, generated, n_jobs, verbose)
    else:
        out = _given_distances(distance, reference, generated)
    if np.isnan(out).any() or out.min() < 0:
        row, column = np.unravel_index(np.argmax(~(out >= 0)), out.shape)
        raise ValueError(
            f"distance must be at least 0 for all pairs, got {out[row, column]} for reference "
            f"sample {row} and generated sample {column}"
        )
    return out


def _given_distances(distance, reference, generated):
    if not hasattr(distance, "__array__") and not isinstance(distance, (list, tuple)):
        raise TypeError(
            "distance must be a name, a function of two samples or a matrix, got "
            f"{type(distance).__name__}"
        )
    out = as_floats(as_numbers(distance, "distance"))[1]
    if out.ndim != 2 or 0 in out.shape:
        raise ValueError(
            f"distance must have shape (n_reference, n_generated) and not be empty, got {out.shape}"
        )
    for name, samples, n in zip(
        ("reference", "generated"), (reference, generated), out.shape, strict=True
    ):
        if samples is not None and _count(samples, name) != n:
            raise ValueError(
                f"distance must have a row for each reference sample and a column for each "
                f"generated one, got shape {out.shape} and {len(samples)} samples in {name}"
            )
    return out


def _count(samples, name):
    """Return how many samples there are, at least one, or raise a sentence."""
    is_scalar = getattr(samples, "shape", None) == ()
    if (
        isinstance(samples, (str, Diagram, DiagramArrays))
        or is_scalar
        or not hasattr(samples, "__len__")
        or not hasattr(samples, "__getitem__")
        or isinstance(samples, Mapping)
        or issparse(samples)
    ):
        raise TypeError(f"{name} must be a sequence of samples, got {type(samples).__name__}")
    if not len(samples):
        raise ValueError(f"{name} must have at least one sample, got none")
    return len(samples)


def _indexed(samples):
    """Return samples of which samples[i] is the i-th: frames give their columns instead."""
    is_indexed = not hasattr(samples, "to_numpy") and not isinstance(samples, memoryview)
    return samples if is_indexed else np.asarray(samples)


def _as_values(samples, name):
    """Return samples, of which there is one at least, as a finite array (n, ...)."""
    _count(samples, name)
    plain = as_floats(as_numbers(samples, name))[1]
    if plain.ndim < 2 or 0 in plain.shape:
        raise ValueError(
            f"{name} must have shape (n, ...), samples along the first axis and at least one "
            f"value, got {plain.shape}"
        )
    check_finite(plain, name, before="")
    return plain


def _distances_of_values(reference, generated, distance):
    """Return distances that scipy computes."""
    metric = "euclidean" if distance == "l2" else distance
    if metric == "precomputed":
        raise ValueError("distance must be the matrix itself where it is precomputed")
    try:
        check_metric(metric)
    except ValueError:
        raise ValueError(
            f"distance must be 'l2', one of {OF_DIAGRAMS}, a metric of "
            f"scipy.spatial.distance.cdist, a function or a matrix, got {distance!r}"
        ) from None
    first, second = (
        _as_values(samples, name).astype(np.float64)
        for samples, name in ((reference, "reference"), (generated, "generated"))
    )
    if first.shape[1:] != second.shape[1:]:
        raise ValueError(
            "reference and generated must have samples of one shape, got "
            f"{first.shape[1:]} and {second.shape[1:]}"
        )
    check_memory(8 * len(first) * len(second), f"{len(first)} x {len(second)} distances")
    first, second = first.reshape(len(first), -1), second.reshape(len(second), -1)
    exponent = 0
    if metric in DEGREES:  # their squares must not overflow, nor vanish
        exponent = int(np.frexp(max(abs(first).max(), abs(second).max()))[1])
        first, second = np.ldexp(first, -exponent), np.ldexp(second, -exponent)
    try:
        out = call_long(lambda: cdist(first, second, metric), len(second) * first.size)
    except np.linalg.LinAlgError:
        raise ValueError(
            f"distance={distance!r} needs the inverse of the covariance of the values, which is "
            "singular; take more samples or another distance"
        ) from None
    with np.errstate(over="ignore"):
        out = np.ldexp(out, DEGREES.get(metric, 0) * exponent)
    if np.isposinf(out).any():
        raise ValueError(
            f"distance={distance!r} of these samples is more than a float can hold; scale them"
        )
    return np.maximum(out, 0)  # rounding makes some of them negative


def _distances_by(distance, reference, generated, n_jobs, verbose):
    """Return distances that a function of two samples gives."""
    shape = _count(reference, "reference"), _count(generated, "generated")
    check_memory(8 * shape[0] * shape[1], f"{shape[0]} x {shape[1]} distances")
    out = np.empty(shape)

    def fill(i):
        for j in range(shape[1]):
            value = distance(reference[i], generated[j])
            out[i, j] = _as_distance(value)

    with progress_bar(shape[0], verbose, "row") as bar:
        tasks = [partial(counted, partial(fill, i), bar, 1) for i in range(shape[0])]
        run(tasks, effective_n_jobs(n_jobs))
    return out


def _as_distance(value):
    """Return what a function gives as a float, or raise TypeError if it is no number."""
    has_value = value is not np.ma.masked and not getattr(value, "is_meta", False)
    number = value.item() if has_value and getattr(value, "shape", None) == () else value
    is_number = isinstance(number, Real) and not isinstance(number, (bool, np.bool_))
    if not (has_value and is_number):
        raise TypeError(f"distance must return a number, got {value!r}")
    try:
        return float(number)
    except OverflowError:
        return np.inf


# Diagrams -------------------------------------------------------------------------------------


def _as_diagrams(reference, generated, filtration):
    """Return the diagrams of both sets."""
    if filtration is not None and not isinstance(filtration, Filtration):
        raise TypeError(
            f"filtration must be a filtration such as LevelSet(ndim=2), got {filtration!r}"
        )
    named = ((reference, "reference"), (generated, "generated"))
    for samples, name in named:
        _count(samples, name)
    if filtration is None and all(_are_diagrams(samples) for samples, _ in named):
        return reference, generated
    if filtration is not None:
        return [filtration(_without_graph(samples)) for samples, _ in named]
    return [_superlevel_diagrams(samples, name) for samples, name in named]


def _are_diagrams(samples):
    """Tell whether samples are diagrams, not images."""
    if isinstance(samples, DiagramBatch):
        return True
    first = samples[0]
    if isinstance(first, (list, tuple)):
        first = np.asarray(first, dtype=object)
    shape = tuple(getattr(first, "shape", ()))
    return isinstance(first, (Diagram, DiagramArrays)) or shape == (0,) or shape[1:] == (2,)


def _without_graph(samples):
    return samples.detach() if is_tensor(samples) else samples


def _superlevel_diagrams(samples, name):
    """Return the superlevel PD_0 of images or volumes."""
    plain = _as_values(samples, name)
    if plain.ndim in (4, 5) and plain.shape[1] == 1:
        plain = plain[:, 0]
    if plain.ndim not in (3, 4):
        raise ValueError(
            f"{name} must be diagrams, images (n, height, width) or volumes (n, depth, height, "
            f"width), got shape {plain.shape}; filtration says how others become diagrams"
        )
    filtration = LevelSet(ndim=plain.ndim - 1, superlevel=True, homology_dimensions=(0,))
    return filtration(plain)
