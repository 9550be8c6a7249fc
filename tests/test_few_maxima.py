"""The closest signal with at most k maxima, against every place where its runs may meet."""

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
import pytest
from proximal_oracles import few_maxima_change
from scipy.optimize import lsq_linear

from skltopo import TopoDenoiser
from skltopo._kernels.fits.few_maxima import count_maxima, fit_few_maxima
from skltopo._kernels.fits.maxima import prox_maxima


def fit(y, k):
    out = np.empty(len(y))
    fit_few_maxima(np.ascontiguousarray(y, dtype=np.float64), k, out)
    return out


def slow_count(y):
    """Plateaus that are higher than what is beside them."""
    levels = [y[0], *(b for a, b in pairwise(y) if a != b)]
    padded = [-np.inf, *levels, -np.inf]
    return sum(a < b > c for a, b, c in zip(padded[:-2], padded[1:-1], padded[2:], strict=True))


KINDS = {
    "noise": lambda rng, n: rng.standard_normal(n),
    "ties": lambda rng, n: rng.integers(0, 4, n) * 1.0,
    "walk": lambda rng, n: rng.standard_normal(n).cumsum(),
    "steps": lambda rng, n: rng.integers(-1, 2, n).cumsum() * 1.0,
}


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_no_other_signal_is_closer(kind, k):
    rng = np.random.default_rng(k)
    for _ in range(250):
        y = KINDS[kind](rng, int(rng.integers(1, 16)))
        x = fit(y, k)
        assert slow_count(x) == min(k, slow_count(y)) == count_maxima(x)
        np.testing.assert_allclose(np.sum((x - y) ** 2), few_maxima_change(y, k), atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_longer_signals(kind):
    """Long enough for recursions with many bridges."""
    rng = np.random.default_rng(5)
    for k in (1, 2, 4, 7):
        y = KINDS[kind](rng, 70)
        np.testing.assert_allclose(
            np.sum((fit(y, k) - y) ** 2), few_maxima_change(y, k), rtol=1e-9, atol=1e-9
        )


def test_large_proximal_steps_are_the_same(rng):
    """Just below the step from which the proximal operator is this projection, it still pays."""
    for kind in KINDS.values():
        for k in (1, 3):
            y = kind(rng, 200)[np.newaxis]
            x = np.empty_like(y)
            prox_maxima(y, np.array([1.9 * y.size * np.ptp(y)]), k, x)
            np.testing.assert_allclose(
                np.sum((x - y) ** 2), np.sum((fit(y[0], k) - y) ** 2), rtol=1e-9
            )
            prox_maxima(y, np.array([2.1 * y.size * np.ptp(y)]), k, x)
            np.testing.assert_array_equal(x[0], fit(y[0], k))


def test_a_quadratic_program(rng):
    """With its top known, a signal with one maximum is a sum of steps that are not negative."""
    for _ in range(10):
        y = rng.standard_normal(12)
        best = np.inf
        for top in range(12):
            rises = np.tri(12)[:, : top + 1]
            falls = np.tri(12).T[:, top:]
            steps = np.column_stack([rises, falls, -np.ones(12)])
            found = lsq_linear(steps, y, bounds=(0, np.inf), tol=1e-12)
            best = min(best, 2 * found.cost)
        np.testing.assert_allclose(np.sum((fit(y, 1) - y) ** 2), best, rtol=1e-6)


def test_smooth_signals_and_walks():
    """Where the proximal operator with a large step took gigabytes."""
    rng = np.random.default_rng(0)
    t = np.arange(1000)
    bump = np.exp(-(((t - 500) / 170) ** 2))
    np.testing.assert_array_equal(fit(bump, 1), bump)
    for y in (bump + 0.1 * rng.standard_normal(1000), rng.standard_normal(1000).cumsum()):
        errors = [np.sum((fit(y, k) - y) ** 2) for k in range(1, 8)]
        assert errors == sorted(errors, reverse=True)
        # One more maximum helps less and less, since pairs of runs obey the quadrangle inequality.
        assert (np.diff(errors, 2) > -1e-9).all()
        assert slow_count(fit(y, 3)) == 3


def test_long_signals():
    y = np.random.default_rng(0).standard_normal(100_000)
    for k in (1, 20):
        x = TopoDenoiser(k).fit_transform(y[np.newaxis])[0]
        assert slow_count(x) == k
        assert 0.98 < np.mean((x - y) ** 2) < 1.01


def test_nothing_to_do_changes_nothing_bit_for_bit():
    for y in ([0, 1e8, 1e8 + 1, 1e-8, 5e-9, 0], [-0.0, 1e-310, 3.0, 0.1], [1e308, -1e308], [7.0]):
        row = np.array([y])
        assert TopoDenoiser().fit_transform(row).tobytes() == row.tobytes()
    # Values that are on their run already are kept, whatever the rest is.
    x = fit([1e-9, 2e-9, 1e8, 1e8 - 3, 1e8 - 1, 3e-9, 1e-9], 1)
    assert x.tolist() == [1e-9, 2e-9, 1e8, 1e8 - 2, 1e8 - 2, 3e-9, 1e-9]


def test_values_of_any_size(rng):
    y = rng.standard_normal(60)
    for k in (1, 3):
        expected = fit(y, k)
        for exponent in (-1000, -300, 300, 1000, 1021):
            np.testing.assert_allclose(
                np.ldexp(fit(np.ldexp(y, exponent), k), -exponent), expected, rtol=1e-12
            )
        np.testing.assert_allclose(fit(y + 1e9, k) - 1e9, expected, atol=1e-6)


def test_too_many_states_are_fitted_like_an_image(monkeypatch, rng):
    y = rng.standard_normal((1, 300))
    exact = TopoDenoiser(4).fit_transform(y)
    monkeypatch.setattr("skltopo.denoising.MAX_STATES", 100)
    other = TopoDenoiser(4).fit_transform(y)
    assert slow_count(other[0]) <= 4
    assert np.sum((exact - y) ** 2) <= np.sum((other - y) ** 2) < 1.2 * np.sum((exact - y) ** 2)


def test_memory_is_looked_at_first(monkeypatch, rng):
    monkeypatch.setattr("skltopo._utils.memory.FEW_BYTES", 100)
    monkeypatch.setattr("skltopo._utils.memory.available_memory", lambda: 10_000)
    with pytest.raises(MemoryError, match="closest signal to 300 values would take"):
        TopoDenoiser(4).fit_transform(rng.standard_normal((1, 300)))


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_stops_a_long_fit():
    code = (
        "import signal; import numpy as np\n"
        "from skltopo._kernels.fits.few_maxima import fit_few_maxima\n"
        # A test run in the background of a shell has been told to ignore Ctrl-C.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "y = np.random.default_rng(0).standard_normal(1_000_000); print('go', flush=True)\n"
        "fit_few_maxima(y, 300, y)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    child.stdout.readline()
    time.sleep(0.5)
    begin = time.perf_counter()
    os.kill(child.pid, signal.SIGINT)
    _, error = child.communicate(timeout=60)
    assert "KeyboardInterrupt" in error
    assert time.perf_counter() - begin < 10
