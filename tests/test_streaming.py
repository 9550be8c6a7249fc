"""Rows of many samples on disk, chunk by chunk, and diagrams as arrays."""

import errno
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skltopo import PersistenceDiagrams, PersistenceFeatures, streaming, transform_to_store
from skltopo.diagrams import DiagramBatch, from_arrays, to_arrays
from skltopo.filtrations import LevelSet, VietorisRips

zarr = pytest.importorskip("zarr")
da = pytest.importorskip("dask.array")


@pytest.fixture
def images(rng):
    return rng.random((50, 7, 6)).astype(np.float32)


@pytest.fixture
def features(images):
    return PersistenceFeatures(max_p=1, max_q=1).fit(images)


class Counting(PersistenceFeatures):
    """Counts its calls, and fails at one of them."""

    calls = 0
    fails_at = None

    def transform(self, X):
        Counting.calls += 1
        if Counting.calls == Counting.fails_at:
            raise RuntimeError("the machine was stopped")
        return super().transform(X)


@pytest.mark.parametrize("ending", [".npy", ".zarr"])
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_rows_are_those_of_transform(ending, n_jobs, images, features, tmp_path):
    store = tmp_path / f"rows{ending}"
    rows = transform_to_store(features, images, store, chunk_size=8, n_jobs=n_jobs)
    expected = features.transform(images)
    assert rows.dtype == expected.dtype
    assert rows.shape == expected.shape
    np.testing.assert_array_equal(rows, expected)


def test_sources(images, features, tmp_path):
    expected = features.transform(images)
    np.save(tmp_path / "images.npy", images)
    images.tofile(tmp_path / "images.raw")
    stored = zarr.open_array(
        str(tmp_path / "images.zarr"), mode="w", shape=images.shape, chunks=(9, 7, 6), dtype="f4"
    )
    stored[:] = images
    raw = np.memmap(tmp_path / "images.raw", dtype=np.float32, mode="r", shape=images.shape)
    sources = {
        "path of numpy": tmp_path / "images.npy",
        "path of zarr": str(tmp_path / "images.zarr"),
        "map": raw,
        "array of zarr": stored,
        "part of a map": raw[::-1][::-1],
        "Fortran map": np.asfortranarray(images),
    }
    for name, source in sources.items():
        store = tmp_path / f"{name}.npy"
        rows = transform_to_store(features, source, store, chunk_size=16)
        np.testing.assert_array_equal(rows, expected, err_msg=name)
    part = transform_to_store(features, raw[10:40], tmp_path / "part.npy", chunk_size=16)
    np.testing.assert_array_equal(part, expected[10:40])


def test_a_pipeline_makes_rows(images, tmp_path):
    model = make_pipeline(PersistenceFeatures(max_p=1, n_jobs=2), StandardScaler()).fit(images)
    rows = transform_to_store(model, images, tmp_path / "rows.npy", chunk_size=20)
    np.testing.assert_array_equal(rows, model.transform(images))
    assert model[0].n_jobs == 2


def test_a_map_that_copies_is_read_from_memory(images, features, tmp_path):
    images.tofile(tmp_path / "images.raw")
    copied = np.memmap(tmp_path / "images.raw", dtype=np.float32, mode="c", shape=images.shape)
    copied[:] = images[::-1]
    rows = transform_to_store(features, copied, tmp_path / "rows.npy", chunk_size=16)
    np.testing.assert_array_equal(rows, features.transform(images[::-1]))


def test_masks_are_not_lost(images, features, tmp_path):
    hidden = np.ma.masked_less(images, 0.01)
    for source in (hidden, da.from_array(hidden, chunks=(7, 7, 3))):
        with pytest.raises(ValueError, match="source must have no masked or missing entries"):
            transform_to_store(features, source, tmp_path / "rows.npy")
    shown = np.ma.masked_less(images, -1)
    rows = transform_to_store(features, shown, tmp_path / "rows.npy")
    np.testing.assert_array_equal(rows, features.transform(images))


@pytest.mark.parametrize("ending", [".npy", ".zarr"])
def test_a_source_is_not_overwritten(ending, images, features, tmp_path):
    path = tmp_path / f"images{ending}"
    if ending == ".npy":
        np.save(path, images)
        sources = [path, np.load(path, mmap_mode="r"), np.asarray(np.load(path, mmap_mode="r"))]
    else:
        array = zarr.open_array(str(path), mode="w", shape=images.shape, dtype="f4")
        array[:] = images
        sources = [path, array]
    os.symlink(path, tmp_path / f"link{ending}")
    for source in sources:
        for store in (path, tmp_path / f"link{ending}"):
            with pytest.raises(ValueError, match="store must be another file than the source"):
                transform_to_store(features, source, store, restart=True)
    rows = transform_to_store(features, path, tmp_path / f"rows{ending}")
    np.testing.assert_array_equal(rows, features.transform(images))


class Uneven(TransformerMixin, BaseEstimator):
    """Makes rows of one kind for one sample, and of another kind for more."""

    def __init__(self, shape, dtype=np.float32):
        self.shape = shape
        self.dtype = dtype

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return np.zeros((1, 4), np.float32) if len(X) == 1 else np.zeros(self.shape, self.dtype)


@pytest.mark.parametrize("ending", [".npy", ".zarr"])
@pytest.mark.parametrize(
    ("shape", "dtype"), [((8, 6), "f4"), ((8, 4), "f8"), ((6, 4), "f4"), ((9, 4), "f4"), (8, "f4")]
)
def test_rows_of_another_kind_than_the_first_are_refused(ending, shape, dtype, images, tmp_path):
    uneven = Uneven(shape, np.dtype(dtype)).fit(images)
    with pytest.raises(ValueError, match=r"samples 0 to 7 must give \(8, 4\) of float32, got"):
        transform_to_store(uneven, images, tmp_path / f"rows{ending}", chunk_size=8)


@pytest.mark.parametrize("ending", [".npy", ".zarr"])
def test_a_second_start_goes_on(ending, images, tmp_path, monkeypatch):
    counting = Counting(max_p=1, max_q=1).fit(images)
    store = tmp_path / f"rows{ending}"
    monkeypatch.setattr(Counting, "calls", 0)
    monkeypatch.setattr(Counting, "fails_at", 5)  # one for the first sample, three chunks
    with pytest.raises(RuntimeError, match="stopped"):
        transform_to_store(counting, images, store, chunk_size=8)
    monkeypatch.setattr(Counting, "fails_at", None)
    monkeypatch.setattr(Counting, "calls", 0)
    rows = transform_to_store(counting, images, store, chunk_size=8)
    assert Counting.calls == 4  # of seven chunks
    np.testing.assert_array_equal(rows, counting.transform(images))
    Counting.calls = 0
    transform_to_store(counting, images, store, chunk_size=8)
    assert Counting.calls == 0
    transform_to_store(counting, images, store, chunk_size=8, restart=True)
    assert Counting.calls == 8


def test_a_process_that_is_killed_goes_on(images, tmp_path):
    np.save(tmp_path / "images.npy", np.tile(images, (40, 4, 4)))
    code = (
        "import numpy as np, sys\n"
        "from skltopo import PersistenceFeatures, transform_to_store\n"
        "images = np.load('images.npy', mmap_mode='r')\n"
        "features = PersistenceFeatures().fit(images[:50])\n"
        "rows = transform_to_store(features, 'images.npy', 'rows.npy', chunk_size=10)\n"
        "print(len(rows))"
    )
    arguments = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}}
    process = subprocess.Popen([sys.executable, "-c", code], **arguments)
    journal = tmp_path / "rows.npy.progress"
    while not journal.exists() or journal.read_text().count("\n") < 4:
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = journal.read_text().count("\n") - 1
    assert 3 <= done < 200
    with open(journal, "a") as file:
        file.write("19")  # a line that was not finished counts for nothing
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300, **arguments)
    assert journal.read_text().count("\n") == 201
    values = np.load(tmp_path / "images.npy", mmap_mode="r")
    features = PersistenceFeatures().fit(values[:50])
    np.testing.assert_array_equal(np.load(tmp_path / "rows.npy"), features.transform(values))


@pytest.mark.parametrize("ending", [".npy", ".zarr"])
def test_a_restart_that_is_stopped_keeps_no_old_rows(
    ending, images, features, tmp_path, monkeypatch
):
    """The store was emptied, and what had been done before was still noted beside it."""
    store = tmp_path / f"rows{ending}"
    transform_to_store(features, images, store, chunk_size=8)
    target = type(streaming._target(store))
    create = target.create

    def create_and_stop(self, *given):
        create(self, *given)
        raise OSError(errno.ENOSPC, "no space is left")

    monkeypatch.setattr(target, "create", create_and_stop)
    with pytest.raises(OSError, match="no space"):
        transform_to_store(features, images, store, chunk_size=8, restart=True)
    monkeypatch.undo()
    rows = transform_to_store(features, images, store, chunk_size=8)
    np.testing.assert_array_equal(rows, features.transform(images))


class Nested(Uneven):
    """Writes to the same store while it is asked for its rows."""

    def transform(self, X):
        if len(X) > 1:
            transform_to_store(self, np.zeros((2, 3)), self.shape)
        return np.zeros((len(X), 4), np.float32)


def test_one_call_writes_a_store_at_a_time(images, tmp_path):
    pytest.importorskip("fcntl")
    store = tmp_path / "rows.npy"
    with pytest.raises(ValueError, match="is being written by another call"):
        transform_to_store(Nested(store).fit(images), images, store)
    rows = transform_to_store(Uneven((50, 4)).fit(images), images, tmp_path / "other.npy")
    assert rows.shape == (50, 4)


def test_a_damaged_store_is_refused(images, features, tmp_path):
    store, notes = tmp_path / "rows.npy", tmp_path / "rows.npy.progress"
    expected = features.transform(images)
    for damage in (b"", b"no", b"[]\n", b"\xff\n"):
        transform_to_store(features, images, store, chunk_size=8, restart=True)
        notes.write_bytes(damage)
        with pytest.raises(ValueError, match=r"is damaged; give another path, or restart=True"):
            transform_to_store(features, images, store, chunk_size=8)
    for other in (expected[:, :3], expected[:-1], expected.astype(float)):
        transform_to_store(features, images, store, chunk_size=8, restart=True)
        np.save(store, other)
        with pytest.raises(ValueError, match="is not as it was begun"):
            transform_to_store(features, images, store, chunk_size=8)
    transform_to_store(features, images, store, chunk_size=8, restart=True)
    os.truncate(store, 1000)
    with pytest.raises(ValueError, match="can't be read"):
        transform_to_store(features, images, store, chunk_size=8)
    transform_to_store(features, images, store, chunk_size=8, restart=True)
    with open(notes, "ab") as file:
        file.write(b"\0\0\0\n7\n-1\n")  # as a machine leaves it that loses power
    rows = transform_to_store(features, images, store, chunk_size=8)
    np.testing.assert_array_equal(rows, expected)


def test_another_call_does_not_go_on(images, features, tmp_path):
    store = tmp_path / "rows.npy"
    transform_to_store(features, images, store, chunk_size=8)
    other = PersistenceFeatures(max_p=1, max_q=1).fit(2 * images)
    for call in (
        lambda: transform_to_store(features, images, store, chunk_size=9),
        lambda: transform_to_store(features, images[:40], store, chunk_size=8),
        lambda: transform_to_store(other, images, store, chunk_size=8),
    ):
        with pytest.raises(ValueError, match="was begun with another estimator"):
            call()
    (tmp_path / "rows.npy.progress").unlink()
    with pytest.raises(ValueError, match="which says what is done"):
        transform_to_store(features, images, store, chunk_size=8)
    rows = transform_to_store(features, images, store, chunk_size=9, restart=True)
    np.testing.assert_array_equal(rows, features.transform(images))
    store.unlink()  # what was done is gone with it
    rows = transform_to_store(features, images, store, chunk_size=9)
    np.testing.assert_array_equal(rows, features.transform(images))


def test_bad_calls(images, features, tmp_path):
    store = tmp_path / "rows.npy"
    with pytest.raises(ValueError, match=r"store must be a path that ends with .npy or .zarr"):
        transform_to_store(features, images, tmp_path / "rows.csv")
    with pytest.raises(ValueError, match=r"source must be a path that ends with"):
        transform_to_store(features, "images.raw", store)
    with pytest.raises(TypeError, match="source must be a path"):
        transform_to_store(features, [[1.0, 2.0]], store)
    with pytest.raises(ValueError, match="at least one sample"):
        transform_to_store(features, images[:0], store)
    with pytest.raises(ValueError, match="chunk_size must be an integer of at least 1"):
        transform_to_store(features, images, store, chunk_size=0)
    with pytest.raises(TypeError, match="diagrams become arrays"):
        transform_to_store(PersistenceDiagrams().fit(images), images, store)
    with pytest.raises(TypeError, match="must be one that can be pickled"):
        transform_to_store(FunctionTransformer(lambda X: X).fit(images[0]), images, store)
    lazy = da.from_array(images, chunks=8)
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        transform_to_store(features, lazy[lazy.max(axis=(1, 2)) > 0], store)
    assert not list(tmp_path.iterdir())


def test_progress_counts_samples(images, features, tmp_path, capsys):
    transform_to_store(features, images, tmp_path / "rows.npy", chunk_size=20, progress=True)
    assert "50/50" in capsys.readouterr().err


def test_partial_fit_learns_the_range_of_all(images):
    whole = PersistenceFeatures().fit(images)
    parts = PersistenceFeatures()
    for start in range(0, len(images), 20):
        assert parts.partial_fit(images[start : start + 20]) is parts
    assert parts.min_length_ == whole.min_length_
    np.testing.assert_array_equal(parts.transform(images), whole.transform(images))
    assert parts.fit(images[:1]).min_length_ < whole.min_length_  # fit forgets
    with pytest.raises(ValueError, match="must have images of shape"):
        parts.partial_fit(images.transpose(0, 2, 1))
    fixed = PersistenceFeatures(min_length=0.5).fit(images)
    assert fixed.partial_fit(9 * images).min_length_ == 0.5


# Diagrams as arrays


@pytest.mark.parametrize("keeps_cells", [True, False])
@pytest.mark.parametrize("essential", ["drop", "keep"])
@pytest.mark.parametrize("dims", [0, (0, 1)])
def test_diagrams_go_through_zarr(keeps_cells, essential, dims, images, tmp_path):
    output = "diagrams" if keeps_cells else "arrays"
    maker = PersistenceDiagrams(homology_dimensions=dims, essential=essential, output=output)
    diagrams = maker.fit_transform(images)
    arrays = to_arrays(diagrams)
    group = zarr.open_group(str(tmp_path / "diagrams.zarr"), mode="w")
    for name, array in arrays.items():
        group[name] = array
    np.savez(tmp_path / "diagrams.npz", **arrays)
    others = [
        from_arrays(zarr.open_group(str(tmp_path / "diagrams.zarr"), mode="r")),
        from_arrays(np.load(tmp_path / "diagrams.npz")),
    ]
    for back in others:
        assert len(back) == len(diagrams)
        for one, other in zip(back, diagrams, strict=True):
            if keeps_cells:
                assert one == other
                assert one.as_batch().last() == other.as_batch().last()
            elif dims == 0:
                np.testing.assert_array_equal(one, other)
                assert one.dtype == other.dtype
            else:
                assert one.homology_dimensions == other.homology_dimensions
                assert one.last == other.last
                for a, b in zip(one, other, strict=True):
                    np.testing.assert_array_equal(a, b)


def test_a_batch_of_any_shape_and_kind_comes_back(rng):
    torch = pytest.importorskip("torch")
    images, clouds = rng.random((2, 3, 8, 8)), rng.random((4, 12, 2))
    batches = [
        LevelSet(2, superlevel=True)(images),
        VietorisRips(1)(clouds),
        LevelSet(2)(torch.from_numpy(images[0])),
    ]
    for batch in batches:
        back = from_arrays(to_arrays(batch))
        assert isinstance(back, DiagramBatch)
        np.testing.assert_array_equal(np.asarray(back.last()), np.asarray(batch.last()))
        np.testing.assert_array_equal(back.points[1].finite, np.asarray(batch.points[1].finite))
        assert (back.shape, back.superlevel) == (batch.shape, batch.superlevel)
    assert from_arrays(to_arrays(batches[0])) == batches[0]
    assert from_arrays(to_arrays(batches[1])) == batches[1]


def test_what_is_no_diagram_is_refused(rng):
    with pytest.raises(ValueError, match="at least one"):
        to_arrays([])
    image, volume = rng.random((2, 4, 4)), rng.random((2, 4, 4, 4))
    both = [LevelSet(2)(image)[0], LevelSet(3)(volume)[0]]
    with pytest.raises(ValueError, match="same homology dimensions"):
        to_arrays(both)
    with pytest.raises(ValueError, match="must have points and offsets"):
        from_arrays({"points": np.zeros((1, 2))})
    for other in (LevelSet(2, superlevel=True)(image)[0], VietorisRips(1)(rng.random((9, 2)))):
        with pytest.raises(ValueError, match="diagrams must be of one kind"):
            to_arrays([LevelSet(2)(image)[0], other])


def test_arrays_that_do_not_belong_together_are_refused(rng):
    arrays = to_arrays(LevelSet(2)(rng.random((6, 5, 5))))
    for name in arrays.keys() - {"last"}:
        with pytest.raises(ValueError, match=f"without .*{name}"):
            from_arrays({other: array for other, array in arrays.items() if other != name})
    with pytest.raises(ValueError, match=r"without .*superlevel"):
        from_arrays({name: array for name, array in arrays.items() if name != "superlevel"})
    for name in (name for name in arrays.keys() - {"superlevel"} if len(arrays[name])):
        other = np.array([7]) if name == "shape" else arrays[name][:-1]
        with pytest.raises(ValueError, match=r"must belong together|must be integers that rise"):
            from_arrays(arrays | {name: other})
    points = rng.random((2, 2))
    for offsets in ([1, 2], [0, 1], [0, 2, 1, 2], [0.0, 2.0], [], [[0, 2]]):
        with pytest.raises(ValueError, match="must be integers that rise from 0"):
            from_arrays({"points": points, "offsets": offsets})
    with pytest.raises(ValueError, match=r"points must have shape \(n, 2\)"):
        from_arrays({"points": points.ravel(), "offsets": [0, 4]})
    with pytest.raises(ValueError, match="must belong together"):
        from_arrays(
            {
                "H0_points": points,
                "H0_offsets": [0, 2],
                "H1_points": points,
                "H1_offsets": [0, 1, 2],
            }
        )
