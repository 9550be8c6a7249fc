"""Directions for attacks: what is made of the gradient of a model."""

import math

import torch

from .._utils.checks import check_number, check_shape
from .features import LevelSetEnergies

__all__ = ["Blur", "image_axes"]

# Standard deviations at which a Gaussian is cut off.
REACH = 3


def image_axes(image_shape, samples, module):
    """Return the shape of the images in samples.

    Parameters
    ----------
    image_shape : tuple of int or None
        None: that of the first topological layer of the module if samples have as many pixels,
        else the last two axes.
    samples : (n, ...) torch.Tensor
    module : torch.nn.Module

    Raises
    ------
    ValueError
        If samples do not consist of images of this shape, or the shape is not known.
    """
    shape = tuple(samples.shape[1:])
    if image_shape is not None:
        image_shape = check_shape("image_shape", image_shape, (1, 2, 3))
    else:
        layers = (part for part in module.modules() if isinstance(part, LevelSetEnergies))
        known = (tuple(layer.weights.shape[1:]) for layer in layers)
        image_shape = next((one for one in known if _ends_with(shape, one)), shape[-2:])
        if len(image_shape) < 2:
            raise ValueError(
                "image_shape must say what is beside what in rows, such as (height, width), got "
                f"None for X of shape {tuple(samples.shape)}"
            )
    if not _ends_with(shape, image_shape):
        raise ValueError(
            f"image_shape must be the last axes of X, or those of a flattened image, got "
            f"{image_shape} for X of shape {tuple(samples.shape)}"
        )
    return image_shape


def _ends_with(shape, image_shape):
    """Tell whether samples of a shape consist of images, or are flattened images."""
    if len(shape) == 1:
        return shape[0] == math.prod(image_shape)
    return shape[-len(image_shape) :] == tuple(image_shape)


class Blur:
    """Convolve gradients with a Gaussian, so that what is near a critical pixel moves with it.

    Parameters
    ----------
    bandwidth : float
        Standard deviation in pixels.
    shape : tuple of int
        Axes of an image.
    """

    def __init__(self, bandwidth, shape):
        self.shape = shape
        bandwidth = check_number("bandwidth", bandwidth, 0)
        self._kernels = [_band(n, bandwidth) for n in shape]

    def __call__(self, gradient):
        """Return (n, ...) gradients, convolved along the axes of an image."""
        out = gradient.reshape(-1, *self.shape)
        for axis, kernel in enumerate(self._kernels, start=1):
            out = torch.movedim(torch.movedim(out, axis, -1) @ kernel.to(out), -1, axis)
        return out.reshape(gradient.shape)


def _band(n, bandwidth):
    """Return the (n, n) matrix that convolves n values with a Gaussian; outside of them is zero."""
    place = torch.arange(n, dtype=torch.float64)
    distance = (place[:, None] - place).abs() / max(bandwidth, 1e-9)
    weights = torch.exp(-(distance**2) / 2) * (distance <= REACH)
    return weights / weights.sum(dim=0).amax()
