"""Proximal operators against brute force over all partitions and all patterns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from proximal_oracles import (
    best_partition_cost,
    best_pattern_cost,
    clusters_value,
    maxima_value,
)
from scipy.optimize import lsq_linear

from skltopo._kernels.fits.maxima import maxima_pattern, prox_maxima
from skltopo._kernels.fits.proximal import prox_clusters, prox_steps

STEPS = [0.0, 0.05, 0.1, 0.3, 0.5, 1.0, 2.0, 3.0]
# 8 sizes x 3 counts x 2 kinds: more than 10,000 inputs for each operator.
N_INPUTS = 220


def random_rows(p, tied, rng):
    y = rng.integers(0, 5, (N_INPUTS, p)) if tied else 2 * rng.normal(size=(N_INPUTS, p))
    return y.astype(np.float64), rng.choice(STEPS, N_INPUTS)


def objective(x, y, step, penalty):
    return 0.5 * ((x - y) ** 2).sum(axis=1) + step * penalty


@pytest.mark.parametrize("p", range(1, 9))
@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("tied", [False, True])
def test_clusters_beat_every_partition(p, k, tied):
    y, step = random_rows(p, tied, np.random.default_rng(100 * p + k))
    x = np.empty_like(y)
    prox_clusters(y, step, k, x)
    found = objective(x, y, step, clusters_value(x, k))
    np.testing.assert_allclose(found, best_partition_cost(y, step, k), rtol=0, atol=1e-9)


@pytest.mark.parametrize("p", range(1, 9))
@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("tied", [False, True])
def test_maxima_beat_every_pattern(p, k, tied):
    y, step = random_rows(p, tied, np.random.default_rng(200 * p + k))
    x = np.empty_like(y)
    prox_maxima(y, step, k, x)
    found = objective(x, y, step, maxima_value(x, k))
    np.testing.assert_allclose(found, best_pattern_cost(y, step, k), rtol=0, atol=1e-9)


def test_steps_have_a_dual_certificate():
    # x = y - D' u is optimal if u lies in [-down, up], at the bound where x moves.
    rng = np.random.default_rng(0)
    for p in range(1, 12):
        y = rng.normal(size=(300, p))
        up, down = rng.random((2, 300, p)) * rng.choice([0.0, 1.0], (2, 300, p))
        x = np.empty_like(y)
        prox_steps(y, up, down, x)
        u = np.cumsum(x - y, axis=1)
        assert np.abs(u[:, -1]).max() < 1e-12
        u, d = u[:, :-1], np.diff(x, axis=1)
        assert (u <= up[:, :-1] + 1e-12).all()
        assert (u >= -down[:, :-1] - 1e-12).all()
        pay = up[:, :-1] * np.maximum(d, 0) + down[:, :-1] * np.maximum(-d, 0)
        np.testing.assert_allclose((u * d).sum(axis=1), pay.sum(axis=1), atol=1e-12)


def test_steps_match_a_bounded_least_squares_solver():
    rng = np.random.default_rng(1)
    for _ in range(30):
        y, weight = rng.normal(size=8), rng.random()
        x = np.empty((1, 8))
        prox_steps(y[np.newaxis], np.full((1, 8), weight), np.full((1, 8), weight), x)
        D = np.diff(np.eye(8), axis=0)
        dual = lsq_linear(D.T, y, bounds=(-weight, weight), tol=1e-14).x
        np.testing.assert_allclose(x[0], y - D.T @ dual, atol=1e-6)


@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize("tied", [False, True])
def test_pattern_cost_is_the_energy_of_the_diagram(k, tied):
    rng = np.random.default_rng(2)
    for p in (1, 2, 7, 40):
        x = rng.integers(0, 4, (200, p)).astype(float) if tied else rng.normal(size=(200, p))
        cost, rising = np.empty(200), np.ones((200, p), np.int8)
        maxima_pattern(x, k, cost, rising)
        np.testing.assert_allclose(cost, maxima_value(x, k), atol=1e-12)
        d = np.diff(x, axis=1)
        pay = np.where(rising[:, :-1], np.maximum(-d, 0), np.maximum(d, 0)).sum(axis=1)
        np.testing.assert_allclose(cost, pay, atol=1e-12)


vectors = arrays(np.float64, st.integers(1, 60), elements=st.integers(-50, 50).map(float))


@settings(max_examples=60, deadline=None)
@given(vectors, st.sampled_from(STEPS), st.integers(1, 5))
def test_symmetries(y, step, k):
    step = np.array([step])
    x, turned, moved = np.empty((3, 1, y.size))
    for prox, turn in ((prox_clusters, np.sort), (prox_maxima, np.flip)):
        prox(y[np.newaxis], step, k, x)
        prox(y[np.newaxis] + 3, step, k, moved)
        penalty = clusters_value if prox is prox_clusters else maxima_value
        prox(np.ascontiguousarray(turn(y))[np.newaxis], step, k, turned)
        pairs = (x, y), (moved, y + 3), (turned, turn(y))
        values = [objective(a, b, step, penalty(a, k)).item() for a, b in pairs]
        np.testing.assert_allclose(values, values[0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("prox", [prox_clusters, prox_maxima])
def test_a_long_row_and_in_place(prox):
    # All groups that divide and conquer leaves out, and a long list of pieces.
    rng = np.random.default_rng(0)
    y = (np.sin(np.linspace(0, 12, 5000)) + 0.4 * rng.normal(size=5000))[np.newaxis]
    x = y.copy()
    prox(x, np.array([1.0]), 3, x)
    penalty = clusters_value if prox is prox_clusters else maxima_value
    found = objective(x, y, 1.0, penalty(x, 3))
    for scale in (1e-3, 1e-2, 0.1):
        other = x + scale * rng.normal(size=x.shape)
        assert found < objective(other, y, 1.0, penalty(other, 3))
    assert penalty(x, 3) < penalty(y, 3)


@pytest.mark.parametrize("prox", [prox_clusters, prox_maxima])
@pytest.mark.parametrize("y", [[1.0], [2.0, 2.0, 2.0], [1e300, -1e-300], [0.0, -0.0]])
def test_degenerate_rows_are_finite(prox, y):
    y = np.array([y])
    x = np.empty_like(y)
    prox(y, np.array([0.5]), 2, x)
    np.testing.assert_allclose(x, y, atol=1e-12 * np.abs(y).max())
