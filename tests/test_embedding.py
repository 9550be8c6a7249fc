import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_param_validation,
    parametrize_with_checks,
)

from skltopo import DelayEmbedding, PersistenceDiagrams
from skltopo.filtrations import VietorisRips
from skltopo.vectorize import TopKLengths


def slow_cloud(series, dimension, delay, stride):
    """Write down one point after the other, of a series of shape (channels, t)."""
    points, start = [], 0
    while start + (dimension - 1) * delay < series.shape[1]:
        points.append([x[start + i * delay] for x in series for i in range(dimension)])
        start += stride
    return np.array(points)


@pytest.mark.parametrize("dimension", [1, 2, 5])
@pytest.mark.parametrize("delay", [1, 3])
@pytest.mark.parametrize("stride", [1, 2, 7])
def test_clouds_are_those_of_a_loop(dimension, delay, stride, rng):
    embedding = DelayEmbedding(dimension, delay=delay, stride=stride)
    for channels in (1, 3):
        X = rng.normal(size=(4, channels, 23))
        expected = [slow_cloud(x, dimension, delay, stride) for x in X]
        found = embedding.fit_transform(X)
        np.testing.assert_array_equal(found, expected)
        assert found.shape[2] == len(embedding.get_feature_names_out())
        found[:] = 0  # nothing of X
        assert X.all()
        ragged = [x[:, : 23 - i] for i, x in enumerate(X)]
        clouds = embedding.fit_transform(ragged)
        assert isinstance(clouds, list)
        for cloud, x in zip(clouds, ragged, strict=True):
            np.testing.assert_array_equal(cloud, slow_cloud(x, dimension, delay, stride))
    rows = rng.normal(size=(4, 23))
    expected = [slow_cloud(x[np.newaxis], dimension, delay, stride) for x in rows]
    np.testing.assert_array_equal(embedding.fit_transform(rows), expected)


def test_kinds_of_series(rng):
    rows = rng.random((3, 9))
    embedding = DelayEmbedding(2, delay=3)
    expected = embedding.fit_transform(rows)
    objects = np.empty(3, object)
    objects[:] = list(rows)
    for X in (rows.tolist(), list(rows), tuple(rows), torch.tensor(rows), objects):
        np.testing.assert_array_equal(embedding.fit_transform(X), expected)
    for X in (pd.DataFrame(rows), pd.Series(list(rows)), rows[:, None], rows[:, None].tolist()):
        np.testing.assert_array_equal(embedding.fit_transform(X), expected)
    ragged = [rows[0].tolist(), torch.tensor(rows[1, :7]), rows[2, :5].astype(np.float32)]
    clouds = embedding.fit_transform(ragged)
    assert [cloud.shape for cloud in clouds] == [(6, 2), (4, 2), (2, 2)]
    assert embedding.fit_transform(rows.astype(np.float32)).dtype == np.float32
    assert embedding.fit_transform(np.arange(18).reshape(2, 9)).dtype == np.float64
    flipped = embedding.fit_transform(np.asfortranarray(rows[::-1].astype(">f8")))
    np.testing.assert_array_equal(flipped, expected[::-1])


def test_names_are_those_of_coordinates(rng):
    embedding = DelayEmbedding(2, delay=4).fit(rng.random((3, 2, 9)))
    names = ["channel0_lag0", "channel0_lag4", "channel1_lag0", "channel1_lag4"]
    assert embedding.get_feature_names_out().tolist() == names
    assert embedding.n_channels_ == 2
    frame = pd.DataFrame(rng.random((3, 9)), columns=list("abcdefghi"))
    embedding.fit(frame)
    assert embedding.get_feature_names_out(list("abcdefghi")).tolist() == names[:2]
    with pytest.raises(ValueError, match="input_features"):
        embedding.get_feature_names_out(list("abcdefghj"))


def sines(rng, lengths):
    """Half of the series have a period, half are noise."""
    return [
        np.sin(np.arange(n) / 3 + rng.random()) + 0.1 * rng.normal(size=n)
        if i % 2
        else rng.normal(size=n)
        for i, n in enumerate(lengths)
    ]


@pytest.mark.parametrize("filtration", [VietorisRips(), "rips", "alpha"])
def test_pipeline_in_a_search(filtration, rng):
    X = sines(rng, rng.integers(40, 60, 16))
    y = np.arange(16) % 2
    pipeline = make_pipeline(
        DelayEmbedding(2),
        PersistenceDiagrams(filtration),
        TopKLengths(k=2, dim=1),
        StandardScaler(),
    ).set_output(transform="pandas")
    assert pipeline.fit_transform(X).shape == (16, 2)
    pipeline.steps.append(("classify", LogisticRegression()))
    grid = {"delayembedding__delay": [1, 4], "delayembedding__stride": [1, 2]}
    search = GridSearchCV(pipeline, grid, cv=4).fit(X, y)
    assert search.best_score_ >= 0.9
    even = np.array([x[:40] for x in X])
    search = GridSearchCV(pipeline, grid | {"delayembedding__dimension": [2, 3]}, cv=4)
    assert search.fit(even, y).best_score_ >= 0.9
    assert clone(search).fit(even[:, None], y).best_params_ == search.best_params_


@pytest.mark.parametrize(
    ("X", "parameters", "error", "sentence"),
    [
        (
            np.ones((2, 4)),
            {"dimension": 3, "delay": 2},
            ValueError,
            "at least 5 values .* of 4",
        ),
        (np.ones((2, 4)), {"dimension": 10**30}, ValueError, "series in X must have at least 1000"),
        ([np.ones(9), np.ones(2)], {}, ValueError, "at least 3 values for dimension=3 .* one of 2"),
        (np.ones((2, 4)), {"dimension": 0}, ValueError, "'dimension' parameter"),
        (np.ones((2, 4)), {"delay": 1.0}, ValueError, "'delay' parameter"),
        (np.ones((2, 4)), {"stride": True}, ValueError, "stride must be an integer"),
        (np.ones(9), {}, ValueError, "1D array"),
        (
            np.ones((2, 2, 2, 9)),
            {},
            ValueError,
            r"\(n, t\) or \(n, channels, t\), got 4 axes",
        ),
        (np.ones((2, 0, 9)), {}, ValueError, r"not be empty, got shape \(2, 0, 9\)"),
        ([np.ones(9), np.ones((2, 9))], {}, ValueError, r"all \(channels, t\) .* \(2, 9\), \(9,\)"),
        ([np.ones((3, 9)), np.ones((2, 9))], {}, ValueError, r"as many channels, .* \(2, 9\)"),
        ([np.ones(9), np.ones(0)], {}, ValueError, "not be empty"),
        ([np.ones(9), [1, np.nan, 2]], {}, ValueError, r"X\[1\] must be finite"),
        ([np.ones(9), "abc"], {}, TypeError, r"X\[1\] must be an array of real numbers"),
        (np.full((2, 1, 9), np.inf), {}, ValueError, "infinity"),
        ([], {}, ValueError, "0 sample|1D array"),
        (np.ma.masked_equal(np.eye(9), 1), {}, ValueError, "mask"),
    ],
)
def test_bad_series(X, parameters, error, sentence):
    with pytest.raises(error, match=sentence):
        DelayEmbedding(**parameters).fit(X)


def test_channels_are_those_of_fit(rng):
    embedding = DelayEmbedding().fit(rng.random((2, 3, 9)))
    assert embedding.transform(rng.random((2, 3, 12))).shape == (2, 10, 9)
    for X in (rng.random((2, 2, 9)), [rng.random((1, 5)), rng.random((1, 6))]):
        with pytest.raises(ValueError, match="series of 3 channels as in fit, got"):
            embedding.transform(X)


# scikit-learn ------------------------------------------------------------------------------------
# Some checks have series of two values, which have no point of three coordinates.
@parametrize_with_checks([DelayEmbedding(1), DelayEmbedding(2)])
def test_sklearn_common_checks(estimator, check):
    check(estimator)


def test_clone_pickle_and_parameters(rng):
    X = rng.random((3, 9))
    embedding = DelayEmbedding(2, delay=2, stride=3)
    expected = embedding.fit_transform(X)
    check_param_validation("DelayEmbedding", clone(embedding))
    for copy in (clone(embedding).fit(X), pickle.loads(pickle.dumps(embedding))):
        np.testing.assert_array_equal(copy.transform(X), expected)
    assert embedding.set_output(transform="pandas") is embedding
    np.testing.assert_array_equal(embedding.transform(X), expected)
    with config_context(transform_output="pandas"):
        assert type(embedding.transform(X)) is np.ndarray
