"""Persistence images."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from numbers import Real
from typing import Literal

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from .._utils.checks import is_integer
from ..persistence_diagrams import GivenFiltration
from ..summaries import persistence_images
from .base import MOST, POWER, DiagramVectorizer, check_pair, check_range

__all__ = ["PersistenceImage"]


class PersistenceImage(DiagramVectorizer):
    r"""Gaussians around the points (birth, length), summed on a grid.

    .. math:: I(x, y) = \sum_i \ell_i^w\, g_\sigma(x - b_i)\, g_\sigma(y - \ell_i),
        \quad \ell_i = |d_i - b_i|

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceDiagrams`. None: X is a list of diagrams, or an
        array with two axes and functions on a line as rows.
    resolution : sequence of two int, default=(20, 20)
        Pixels along births and along lengths.
    bandwidth : float, default=None
        Standard deviation of the Gaussians; None for a twentieth of the length range.
    weight_power : float, default=1.0
        w: power of the length that a point weighs. Stable for w >= 1.
    birth_range, length_range : sequence of two float, default=None
        What the image covers, in the unit of births and deaths; None for the finite births seen in
        fit, and 0 to the greatest finite length.
    pixels : {"areas", "points"}, default="areas"
        "areas": pixels divide the ranges, and a pixel is the integral over it (as in persim).
        "points": values at evenly spaced points with both ends (as in gudhi.representations).
    dim : int or tuple of int, default=None
        Homology dimensions, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the positions. None for all that there
        are. Columns of several stand side by side, and their names begin with "H0_", "H1_".
    essential : {"drop", "clip"}, default="drop"
        "drop" leaves out essential classes, whose death is infinite, and warns where no diagram has
        other points. "clip" ends them at the last filtration value, which arrays do not tell.
    min_length : float, default=0.0
        Points with a shorter |death - birth| are left out.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

    Attributes
    ----------
    birth_range_, length_range_ : tuple of two float
        What the image covers.
    bandwidth_ : float
        Standard deviation of the Gaussians. These three are dicts for several dimensions.
    n_features_in_ : int
        Columns of X. Only if X in fit was rows of numbers.
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    Notes
    -----
    Columns go along births first: ``X.reshape(-1, n_lengths, n_births)`` are images with lengths
    as rows, for `skltopo.plotting.PersistenceImageDisplay`.

    References
    ----------
    Adams et al., Persistence images: a stable vector representation of persistent homology, 2017.

    Examples
    --------
    >>> from skltopo.vectorize import PersistenceImage
    >>> diagrams = [[[0.0, 1.0], [0.2, 0.5]], [[0.1, 2.0]]]
    >>> image = PersistenceImage(resolution=(4, 3))
    >>> image.fit_transform(diagrams).shape
    (2, 12)
    >>> image.get_feature_names_out()[:2]
    array(['length0_birth0', 'length0_birth1'], dtype=object)
    """

    _parameter_constraints = {
        **DiagramVectorizer._parameter_constraints,
        "resolution": ["array-like"],
        "bandwidth": [Interval(Real, 0, None, closed="neither"), None],
        "weight_power": [POWER],
        "birth_range": ["array-like", None],
        "length_range": ["array-like", None],
        "pixels": [StrOptions({"areas", "points"})],
    }

    def __init__(
        self,
        filtration: GivenFiltration | None = None,
        *,
        resolution: Sequence[int] = (20, 20),
        bandwidth: float | None = None,
        weight_power: float = 1.0,
        birth_range: Sequence[float] | None = None,
        length_range: Sequence[float] | None = None,
        pixels: Literal["areas", "points"] = "areas",
        dim: int | tuple[int, ...] | None = None,
        essential: Literal["drop", "clip"] = "drop",
        min_length: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        self.filtration = filtration
        self.resolution = resolution
        self.bandwidth = bandwidth
        self.weight_power = weight_power
        self.birth_range = birth_range
        self.length_range = length_range
        self.pixels = pixels
        self.dim = dim
        self.essential = essential
        self.min_length = min_length
        self.n_jobs = n_jobs

    _learnt = ("birth_range_", "length_range_", "bandwidth_")

    def _count_columns(self):
        n_births, n_lengths = check_pair(
            self.resolution,
            "resolution",
            lambda n: is_integer(n) and n > 0,
            "two positive integers (births, lengths)",
        )
        n_pixels = int(n_births) * int(n_lengths)
        if n_pixels > MOST:
            raise ValueError(
                f"resolution must have at most {MOST} pixels, got {tuple(self.resolution)}"
            )
        return n_pixels

    def _fit_points(self, find_points):
        points = find_points()
        births, lengths = points[:, 0], abs(points[:, 1] - points[:, 0])
        self.birth_range_ = check_range(
            self.birth_range,
            "birth_range",
            births.min(initial=np.inf),
            births.max(initial=-np.inf),
        )
        self.length_range_ = check_range(
            self.length_range, "length_range", 0.0, lengths.max(initial=0.0)
        )
        low, high = self.length_range_
        self.bandwidth_ = (high - low) / 20 if self.bandwidth is None else float(self.bandwidth)

    def _rows(self):
        return partial(
            persistence_images,
            birth_range=self.birth_range_,
            length_range=self.length_range_,
            resolution=tuple(self.resolution),
            bandwidth=self.bandwidth_,
            weight_power=self.weight_power,
            pixels=self.pixels,
        )

    def _names_of_one(self):
        n_births, n_lengths = self.resolution
        return [f"length{i}_birth{j}" for i in range(n_lengths) for j in range(n_births)]
