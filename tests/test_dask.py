"""A Dask cluster of several processes: the same bits as here, no more threads, nothing lost."""

import os
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skltopo import (
    PersistenceDiagrams,
    PersistenceFeatures,
    TopoDenoiser,
    TopologicalRegressionCV,
    TopoShaper,
    pairwise_diagram_distances,
    transform_to_store,
)
from skltopo._utils import cluster
from skltopo._utils.parallel import effective_n_jobs, is_beside_cluster, run, worker_of_cluster
from skltopo.filtrations import LevelSet

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

pytestmark = [
    # Threads and sockets of distributed end after the test that closes them.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    # A worker that is killed leaves files that its nanny sweeps later.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def client():
    """Two workers, each a process with one thread."""
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**options) as workers,
        distributed.Client(workers) as client,
    ):
        yield client


@pytest.fixture
def counts(client, monkeypatch):
    """Batches may go to the cluster; a list of how many tasks each of them sent."""
    counts = []

    def counting(tasks, bar=None):
        counts.append(0)
        for result in cluster.send(tasks, bar):
            counts[-1] += 1
            yield result

    names = ["features", "persistence_diagrams", "distances.pairwise", "regression_cv", "streaming"]
    for name in names:
        monkeypatch.setattr(sys.modules[f"skltopo.{name}"], "send", counting)
    with parallel_config("dask"):
        yield counts


@pytest.fixture
def sent(counts, monkeypatch):
    """The same, and all batches go there, however little there is to do."""
    monkeypatch.setattr(cluster, "LEAST_WORK", 0)
    return counts


@pytest.fixture
def images(rng):
    return rng.random((150, 8, 7)).astype(np.float32)


# Batches


@pytest.mark.parametrize("shape", [(150, 8, 7), (80, 5, 4, 6)])
@pytest.mark.parametrize("filtration", ["directional", "sublevel"])
def test_features(shape, filtration, rng, sent):
    X = rng.random(shape)
    here = PersistenceFeatures(filtration, max_p=2, n_jobs=1).fit(X)
    expected = here.transform(X)
    assert not sent
    there = PersistenceFeatures(filtration, max_p=2).fit(X)
    np.testing.assert_array_equal(there.transform(X), expected)
    assert sent[0] > 1


@pytest.mark.parametrize(
    ("filtration", "shape"), [("level_set", (70, 40, 40)), ("rips", (60, 800, 2))]
)
def test_diagrams(filtration, shape, rng, sent):
    X = rng.random(shape)
    options = {"filtration": filtration, "homology_dimensions": 0, "output": "diagrams"}
    expected = PersistenceDiagrams(**options, n_jobs=1).fit_transform(X)
    found = PersistenceDiagrams(**options, verbose=1).fit_transform(X)
    assert found == expected
    assert sent == [sent[0]]
    assert sent[0] > 1


def _diagram_of_rows(sample):
    return LevelSet(1)(sample["values"])


def test_a_callable_of_any_objects(rng, sent):
    X = [{"values": rng.random(9)} for _ in range(30)]
    options = {"filtration": _diagram_of_rows, "homology_dimensions": 0}
    expected = PersistenceDiagrams(**options, n_jobs=1).fit_transform(X)
    found = PersistenceDiagrams(**options).fit_transform(X)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(sent) == 1
    X[17] = {"values": np.full(9, np.nan)}
    with pytest.raises(ValueError, match=r"X\[17\]: .* must be finite"):
        PersistenceDiagrams(**options).fit_transform(X)


@pytest.mark.parametrize("metric", ["wasserstein", "bottleneck", "sliced_wasserstein"])
def test_distances(metric, rng, sent):
    X, Y = ([rng.random((n, 2)) for n in rng.integers(0, 9, size)] for size in (150, 70))
    for other in (None, Y):
        expected = pairwise_diagram_distances(X, other, metric, n_jobs=1)
        found = pairwise_diagram_distances(X, other, metric, verbose=1)
        np.testing.assert_array_equal(found, expected)
    assert sent == [6, 6]


def test_folds(rng, sent, capsys):
    X = rng.normal(size=(60, 20))
    y = X @ rng.choice([1.0, 2.0, 3.0], 20) + 0.05 * rng.normal(size=60)
    expected = TopologicalRegressionCV(lams=5, n_jobs=1).fit(X, y)
    found = TopologicalRegressionCV(lams=5, verbose=1).fit(X, y)
    assert sent == [5]
    np.testing.assert_array_equal(found.mse_path_, expected.mse_path_)
    np.testing.assert_array_equal(found.coef_, expected.coef_)
    assert capsys.readouterr().out.count("fold") == 5


def test_few_samples_stay_here(images, counts):
    features = PersistenceFeatures().fit(images)
    features.transform(images[:3])
    diagrams = PersistenceDiagrams(homology_dimensions=0).fit_transform(images[:3])
    pairwise_diagram_distances(diagrams)
    assert not counts
    features.transform(np.tile(images, (5, 1, 1)))
    assert counts == [12]


def test_errors_come_back(sent, images):
    features = PersistenceFeatures(max_p=16).fit(images)
    with pytest.raises(ValueError, match="overflow float32"):
        features.transform(1e9 * images)

    def fail():
        raise RuntimeError("a task failed")

    with pytest.raises(RuntimeError, match="a task failed"):
        list(cluster.send([fail] * 3))
    assert list(cluster.send([lambda: 7] * 3)) == [7, 7, 7]


def test_a_client_that_is_closed_is_said(images, tmp_path):
    features = PersistenceFeatures(max_p=1).fit(images)
    here = {"processes": False, "n_workers": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**here) as workers:
        client = distributed.Client(workers, set_as_default=False)
        with parallel_config("dask", client=client):
            client.close()
            with pytest.raises(RuntimeError, match="is closed; leave this context"):
                features.transform(np.tile(images, (20, 1, 1)))
            with pytest.raises(RuntimeError, match="is closed; leave this context"):
                transform_to_store(features, images, tmp_path / "rows.npy", chunk_size=40)
    rows = transform_to_store(features, images, tmp_path / "rows.npy", chunk_size=40)
    np.testing.assert_array_equal(rows, features.transform(images))


# Threads


def _threads():
    """Tell what a task of the cluster may take, and what runs there."""
    asked = [effective_n_jobs(n_jobs) for n_jobs in (None, 1, 2, 8, -1)]
    names = set()

    def task():
        names.add(threading.get_ident())
        time.sleep(0.01)

    run([task] * 8, effective_n_jobs(8))
    images = np.random.default_rng(0).random((200, 9, 9))
    PersistenceFeatures(n_jobs=8).fit_transform(images)
    helpers = [t.name for t in threading.enumerate() if t.name.startswith("skltopo")]
    return asked, len(names), helpers, is_beside_cluster(), worker_of_cluster() is not None


def test_a_task_has_one_thread_of_its_worker(client):
    found = [client.submit(_threads, pure=False) for _ in range(4)]
    with parallel_config("dask"):
        found = [*client.gather(found), *cluster.send([_threads] * 4)]
    assert found == [([1] * 5, 1, [], False, True)] * 8


def test_beside_a_cluster_threads_are_those_of_this_machine(client):
    n_cores = os.cpu_count()
    with parallel_config("dask"):
        assert is_beside_cluster()
        assert effective_n_jobs(None) == 1
        assert effective_n_jobs(-1) <= n_cores
        assert effective_n_jobs(1000) <= n_cores
        with pytest.raises(ValueError, match="n_jobs must not be 0"):
            effective_n_jobs(0)
    assert not is_beside_cluster()


def test_a_search_on_the_cluster(client, images):
    y = images.mean(axis=(1, 2))
    model = make_pipeline(PersistenceFeatures(max_p=1, n_jobs=2), Ridge())
    search = GridSearchCV(model, {"ridge__alpha": [1.0, 10.0]}, cv=2)
    expected = search.fit(images, y).cv_results_["mean_test_score"]
    with parallel_config("dask"):
        found = search.fit(images, y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(found, expected)


# A worker that dies


def _die_once(path, images, features):
    """Kill this worker at the first call, in the middle of the work."""
    rows = features._energies_of(images)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return rows
    os._exit(1)


def test_a_worker_that_dies_loses_nothing(client, images, tmp_path):
    features = PersistenceFeatures(min_length=0).fit(images)
    expected = features.transform(images)
    starts = range(0, len(images), 10)
    path = str(tmp_path / "dead")
    tasks = [partial(_die_once, path, images[i : i + 10], features) for i in starts]
    with parallel_config("dask"):
        rows = np.concatenate(list(cluster.send(tasks)))
    assert Path(path).exists()
    np.testing.assert_array_equal(rows.astype(np.float32), expected)


class DiesOnce(PersistenceFeatures):
    """Kills the worker that has the first chunk of a value."""

    path = None

    def transform(self, X):
        if worker_of_cluster() is not None and not Path(self.path).exists():
            Path(self.path).touch()
            os._exit(1)
        return super().transform(X)


@pytest.mark.parametrize("ending", [".npy", ".zarr"])
def test_a_store_is_whole_after_a_worker_died(ending, client, images, tmp_path):
    pytest.importorskip("zarr")
    np.save(tmp_path / "images.npy", images)
    features = DiesOnce(max_p=1).fit(images)
    features.path = str(tmp_path / "dead")
    client.wait_for_workers(2, timeout=60)
    with parallel_config("dask"):
        rows = transform_to_store(
            features, tmp_path / "images.npy", tmp_path / f"rows{ending}", chunk_size=10
        )
    assert Path(features.path).exists()
    np.testing.assert_array_equal(rows, PersistenceFeatures(max_p=1).fit(images).transform(images))


@pytest.mark.parametrize("kind", ["memory", "map", "zarr", "dask"])
def test_sources_of_a_store(kind, client, images, tmp_path):
    zarr = pytest.importorskip("zarr")
    features = PersistenceFeatures(max_p=1).fit(images)
    images.tofile(tmp_path / "images.raw")
    source = images
    if kind == "map":
        source = np.memmap(tmp_path / "images.raw", dtype=np.float32, mode="r", shape=images.shape)
    elif kind == "zarr":
        path = str(tmp_path / "images.zarr")
        source = zarr.open_array(path, mode="w", shape=images.shape, dtype="f4", chunks=(20, 8, 7))
        source[:] = images
    elif kind == "dask":
        source = da.from_array(images, chunks=(17, 8, 4))
    with parallel_config("dask"):
        rows = transform_to_store(features, source, tmp_path / "rows.npy", chunk_size=40)
    np.testing.assert_array_equal(rows, features.transform(images))


# Dask arrays


@pytest.mark.parametrize("dtype", [None, np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.uint8])
def test_a_dask_array_gives_one(dtype, kind, rng):
    X = (100 * rng.random((37, 9, 8))).astype(kind)
    lazy = da.from_array(X, chunks=(10, 5, 8))
    features = PersistenceFeatures(max_p=1, dtype=dtype, n_jobs=2, verbose=1).fit(lazy)
    here = PersistenceFeatures(max_p=1, dtype=dtype).fit(X)
    assert features.min_length_ == here.min_length_
    found, expected = features.transform(lazy), here.transform(X)
    assert isinstance(found, da.Array)
    assert found.chunks == ((10, 10, 10, 7), (expected.shape[1],))
    assert found.dtype == expected.dtype == found._meta.dtype
    computed = found.compute(scheduler="synchronous")
    assert computed.dtype == expected.dtype
    np.testing.assert_array_equal(computed, expected)
    assert features.verbose == 1
    assert len(features.get_feature_names_out()) == found.shape[1]


def test_rows_volumes_and_unknown_lengths(rng):
    volumes = rng.random((7, 4, 5, 3))
    features = PersistenceFeatures(max_p=1).fit(volumes)
    lazy = da.from_array(volumes, chunks=(2, 4, 5, 3))
    rows = PersistenceFeatures(max_p=1, image_shape=(4, 5, 3)).fit(lazy.reshape(7, 60))
    expected = features.transform(volumes)
    np.testing.assert_array_equal(features.fit_transform(lazy).compute(), expected)
    np.testing.assert_array_equal(rows.transform(lazy.reshape(7, 60)).compute(), expected)
    some = lazy[lazy.max(axis=(1, 2, 3)) > np.inf]  # of which none is left
    assert features.transform(some).compute().shape == (0, expected.shape[1])
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        features.fit(lazy.reshape(7, 60).T[lazy.max(axis=0).reshape(60) > 0].T)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, object])
def test_chunks_without_samples_have_no_range(dtype, rng):
    X = (100 * rng.random((20, 6, 5))).astype(dtype)
    lazy = da.from_array(X, chunks=(7, 2, 3))
    expected = PersistenceFeatures(max_p=1).fit(X[9:])
    for some in (
        lazy[da.from_array(np.arange(20) > 8, chunks=7)],  # lengths that are not known
        lazy[9:].rechunk(((0, 3, 0, 8, 0), 6, 5)),
    ):
        features = PersistenceFeatures(max_p=1).fit(some)
        assert features.min_length_ == expected.min_length_
        np.testing.assert_array_equal(features.transform(some).compute(), expected.transform(X[9:]))
    with pytest.raises(ValueError, match="0 sample"):
        PersistenceFeatures().fit(lazy[da.from_array(np.arange(20) > 20, chunks=7)])


def test_masked_chunks_and_text_are_refused(images):
    hidden = da.from_array(np.ma.masked_less(images[:20], 0.1), chunks=(8, 8, 7))
    with pytest.raises(ValueError, match="no masked or missing entries"):
        PersistenceFeatures().fit(hidden)
    for estimator in (PersistenceFeatures(min_length=0.1), TopoDenoiser()):
        with pytest.raises(ValueError, match="no masked or missing entries"):
            estimator.fit(hidden).transform(hidden).compute()
    shown = da.ma.masked_less(da.from_array(images[:20], chunks=(8, 8, 7)), images.min())
    features = PersistenceFeatures().fit(shown)
    np.testing.assert_array_equal(
        features.transform(shown).compute(), features.transform(images[:20])
    )
    with pytest.raises(TypeError, match="real numbers, got dtype <U"):
        PersistenceFeatures().fit(da.from_array(images[:20].astype(str), chunks=(8, 8, 7)))


def test_fit_needs_the_shape_alone_where_min_length_is_given():
    def never(block):
        raise AssertionError("X was computed")

    lazy = da.zeros((20, 6, 6), chunks=(5, 6, 6)).map_blocks(never, dtype=float, meta=np.empty(0))
    features = PersistenceFeatures(min_length=0.1).fit(lazy)
    assert features.image_shape_ == (6, 6)
    assert features.transform(lazy).shape == (20, 400)
    assert TopoDenoiser(2).fit(lazy).image_shape_ == (6, 6)


def test_a_denoiser_is_lazy(images):
    lazy = da.from_array(images[:20], chunks=(8, 8, 7))
    found = TopoDenoiser(2).fit(lazy).transform(lazy)
    assert found.chunks == lazy.chunks
    np.testing.assert_array_equal(found.compute(), TopoDenoiser(2).fit_transform(images[:20]))


def test_what_is_wrong_with_a_dask_array_is_said_before_it_is_computed(images):
    lazy = da.from_array(images, chunks=(50, 8, 7))
    features = PersistenceFeatures().fit(lazy)
    with pytest.raises(ValueError, match="images of shape"):
        features.transform(lazy.transpose(0, 2, 1))
    with pytest.raises(ValueError, match="0 sample"):
        features.fit(lazy[:0])
    with pytest.raises(ValueError, match="NaN"):
        PersistenceFeatures().fit(lazy * np.nan)
    with pytest.raises(ValueError, match="set_output asks for a frame"):
        PersistenceFeatures().set_output(transform="pandas").fit(lazy).transform(lazy)


REFUSED = {
    "diagrams": lambda X: PersistenceDiagrams().fit(X),
    "shaper": lambda X: TopoShaper().fit(X[0]),
    "regression": lambda X: TopologicalRegressionCV().fit(X[:, 0], X[:, 0, 0].compute()),
    "target": lambda X: TopologicalRegressionCV().fit(X[:, 0].compute(), X[:, 0, 0]),
    "level sets": lambda X: LevelSet(2)(X),
    "distances": lambda X: pairwise_diagram_distances(X[:, :, :2]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_all_at_once_refuses_a_dask_array(name, images):
    with pytest.raises(TypeError, match="must be in memory, got a Dask array of shape"):
        REFUSED[name](da.from_array(images, chunks=(50, 8, 7)))


def test_xarray_keeps_names(images):
    xarray = pytest.importorskip("xarray")
    features = PersistenceFeatures(max_p=1).fit(images)
    lazy = xarray.DataArray(
        da.from_array(images, chunks=(40, 8, 7)), dims=("time", "row", "column"),
        coords={"time": np.arange(len(images))}, name="images",
    )  # fmt: skip
    names = features.get_feature_names_out()
    found = xarray.apply_ufunc(
        features.transform, lazy, input_core_dims=[["row", "column"]],
        output_core_dims=[["feature"]], dask="parallelized", output_dtypes=[images.dtype],
        dask_gufunc_kwargs={"output_sizes": {"feature": len(names)}},
    ).assign_coords(feature=names.astype(str))  # fmt: skip
    assert isinstance(found.data, da.Array)
    assert found.dims == ("time", "feature")
    np.testing.assert_array_equal(found.compute().values, features.transform(images))
    assert list(found["feature"].values) == list(names)


def test_parallel_post_fit(images):
    wrappers = pytest.importorskip("dask_ml.wrappers")
    features = PersistenceFeatures(max_p=1, image_shape=(8, 7)).fit(images)
    lazy = da.from_array(images.reshape(len(images), -1), chunks=(40, 56))
    found = wrappers.ParallelPostFit(features).transform(lazy)
    assert isinstance(found, da.Array)
    np.testing.assert_array_equal(found.compute(), features.transform(images))


def test_from_zarr_to_zarr_on_the_cluster(client, images, tmp_path):
    zarr = pytest.importorskip("zarr")
    array = zarr.open_array(
        str(tmp_path / "images.zarr"), mode="w", shape=images.shape, dtype="f4", chunks=(32, 8, 7)
    )
    array[:] = images
    features = PersistenceFeatures(max_p=1).fit(images)
    rows = features.transform(da.from_zarr(str(tmp_path / "images.zarr")))
    rows.to_zarr(str(tmp_path / "rows.zarr"))
    found = zarr.open_array(str(tmp_path / "rows.zarr"), mode="r")
    np.testing.assert_array_equal(found[:], features.transform(images))


# Memory, imports


def test_memory_does_not_grow_with_the_file(tmp_path):
    code = """
import resource, sys
import numpy as np
from skltopo import PersistenceFeatures, transform_to_store
n = int(sys.argv[1])
name = f"images{n}.npy"
images = np.lib.format.open_memmap(name, mode="w+", dtype=np.uint8, shape=(n, 128, 128))
del images
features = PersistenceFeatures("sublevel", min_length=1, max_p=0).fit(np.eye(128)[None])
transform_to_store(features, name, f"rows{n}.npy", chunk_size=64)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    peaks = [
        int(subprocess.run(
            [sys.executable, "-c", code, str(n)], cwd=tmp_path, env=environment, check=True,
            capture_output=True, timeout=300,
        ).stdout)
        for n in (256, 4096)
    ]  # fmt: skip
    assert peaks[1] < 1.1 * peaks[0]  # kilobytes; the files differ by 63 MB


def test_dask_is_loaded_for_nobody_else(tmp_path):
    code = (
        "import sys, numpy as np\n"
        "from joblib import parallel_config\n"
        "from skltopo import *\n"
        "images = np.random.default_rng(0).random((200, 8, 8))\n"
        "with parallel_config('threading', n_jobs=2):\n"
        "    features = PersistenceFeatures().fit(images)\n"
        "    features.transform(images)\n"
        "    diagrams = PersistenceDiagrams(homology_dimensions=0).fit_transform(images)\n"
        "    pairwise_diagram_distances(diagrams[:9])\n"
        "    transform_to_store(features, images, 'rows.npy')\n"
        "found = {'dask', 'distributed', 'zarr', 'xarray'} & set(sys.modules)\n"
        "assert not found, found\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment, timeout=300
    )
