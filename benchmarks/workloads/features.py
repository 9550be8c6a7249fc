"""Features of digits.

Each image is multiplied by each weight and swept while it is in the cache, within the box of its
pixels that are no background; powers of lengths are summed as points are found, and no diagram is
stored. Sweeps take most of the time, and threads have images of their own.
"""

from functools import partial

import numpy as np

from ..agree import same_values
from ..calls import digits
from ..workload import OURS, TWO_THREADS, Workload

ORDER = 3


def ours(n_jobs, **parameters):
    """Return a contestant: the estimator, fitted."""

    def contestant(images):
        from skltopo import PersistenceFeatures

        features = PersistenceFeatures(n_jobs=n_jobs, complex="cubical_cells", **parameters)
        return partial(features.fit(images).transform, images), np.asarray

    return contestant


def gudhi(images):
    """Compute the 400 columns by gudhi's fast path and one vectorised numpy sum of powers."""
    from gudhi.sklearn import CubicalPersistence

    from skltopo.features import directional_weights

    weights, _ = directional_weights((28, 28), 8)
    power = np.arange(5)

    def call():
        functions = -(images[:, np.newaxis] * weights).reshape(-1, 28, 28)
        found = CubicalPersistence(homology_dimensions=[0, 1]).fit_transform(list(functions))
        points, segments = [], []
        for i, dims in enumerate(found):
            for dim, one in enumerate(dims):
                points.append(one[np.isfinite(one[:, 1])])
                segments.append(np.full(len(points[-1]), 2 * i + dim))
        points, segments = np.concatenate(points), np.concatenate(segments)
        length, middle = points[:, 1] - points[:, 0], -(points[:, 0] + points[:, 1]) / 2
        terms = (length[:, np.newaxis] ** power)[:, :, np.newaxis]
        terms = terms * (middle[:, np.newaxis] ** power)[:, np.newaxis]
        out = np.empty((2 * len(functions), 25))
        for column, values in enumerate(terms.reshape(len(length), -1).T):
            out[:, column] = np.bincount(segments, values, minlength=len(out))
        return out.reshape(len(images), -1)

    return call, np.asarray


PAPER = {"essential": "drop", "min_length": 0}
WORKLOADS = [
    Workload(
        "features", (10, 100, 1_000), digits,
        {OURS: ours(None, **PAPER), TWO_THREADS: ours(2, **PAPER), "gudhi and numpy": gudhi},
        "digits", "400 features of {size:,} digits", agree=same_values, tolerance=1e-9,
        readme=(1_000,),
    ),
    Workload(
        "features, defaults", (10, 100, 1_000), digits, {OURS: ours(None), TWO_THREADS: ours(2)},
        "digits", "features of {size:,} digits, defaults", agree=same_values,
    ),
]  # fmt: skip
