import numpy as np
import pytest

from skltopo.datasets import (
    make_boxcar,
    make_circle,
    make_clustered_coef,
    make_regression_problem,
    make_sawtooth,
)
from skltopo.penalties import Maxima


@pytest.mark.parametrize("make", [make_sawtooth, make_boxcar])
@pytest.mark.parametrize("n_maxima", [1, 3, 5])
def test_lines_have_as_many_maxima_as_asked(make, n_maxima):
    coef = make(100, n_maxima)
    assert Maxima(n_maxima).value(coef) == pytest.approx(0, abs=1e-12)
    if n_maxima > 1:
        assert Maxima(n_maxima - 1).value(coef) > 1
    assert np.abs(coef).max() == 1


def test_random_state_decides():
    for make in (make_clustered_coef, lambda random_state: make_regression_problem(
        np.ones(3), 5, random_state=random_state)[1]):  # fmt: skip
        np.testing.assert_array_equal(make(random_state=3), make(random_state=3))
        assert (make(random_state=3) != make(random_state=4)).any()


def test_problem_has_the_noise_asked_for():
    coef = make_clustered_coef(10, (-1, 0, 1), random_state=0)
    assert set(coef) <= {-1.0, 0.0, 1.0}
    X, y = make_regression_problem(coef, 20_000, noise=0.5, random_state=0)
    assert np.std(y - X @ coef) == pytest.approx(0.5, rel=0.02)
    assert make_circle(8).shape == (8, 8)


@pytest.mark.parametrize("bad", [0, -1, 2.5, True])
def test_sizes_are_checked(bad):
    for make in (make_clustered_coef, make_sawtooth, make_boxcar, make_circle):
        with pytest.raises(ValueError, match="must be an integer of at least 1"):
            make(bad)
    with pytest.raises(ValueError, match="n_samples must be an integer"):
        make_regression_problem([1.0], bad)
    with pytest.raises(ValueError, match="noise must not be negative"):
        make_regression_problem([1.0], noise=-1)
