"""The radix sort of kernels, against numpy's stable sort."""

import numpy as np
import pytest

from skltopo._utils.sorting import argsort_keys


@pytest.mark.parametrize("n", [0, 1, 2, 47, 1499, 1500, 65_535, 65_536, 200_000])
@pytest.mark.parametrize("kind", ["uniform", "ties", "skewed", "equal", "long"])
def test_order_is_that_of_numpy(rng, n, kind):
    keys = {
        "uniform": rng.integers(0, 2**32, n),
        "ties": rng.integers(0, 100, n) << 20,
        "skewed": rng.integers(0, 2**32, n) >> rng.integers(0, 32, n),
        "equal": np.full(n, 12345),
        "long": rng.integers(0, 2**62, n) >> rng.integers(0, 40, n),
    }[kind]
    np.testing.assert_array_equal(argsort_keys(keys), np.argsort(keys, kind="stable"))
