"""Rows of more samples than memory holds: read in chunks, written to disk, taken up again."""

from __future__ import annotations

import errno
import json
import math
import os
import pickle
from abc import ABC, abstractmethod
from copy import deepcopy
from functools import partial
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import Any

import joblib
import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._utils.checks import check_flag, check_integer, check_n_jobs
from ._utils.cluster import is_for_cluster, send
from ._utils.given import is_dask
from ._utils.masks import refuse_masks
from ._utils.namespace import is_tensor
from ._utils.parallel import effective_n_jobs, run
from ._utils.progress import counted, progress_bar

try:
    import fcntl
except ImportError:  # not on Windows, where nothing keeps two processes apart
    fcntl = None  # type: ignore[assignment]

__all__ = ["transform_to_store"]

# Stores of zarr that other processes can open, too.
SHARED_STORES = {"LocalStore", "FsspecStore", "DirectoryStore", "FSStore"}
# What file systems say that have no locks, of which there are some on clusters.
WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


def transform_to_store(
    estimator: Any,
    source: Any,
    store: str | PathLike[str],
    *,
    chunk_size: int = 1024,
    restart: bool = False,
    n_jobs: int | None = None,
    progress: bool = False,
) -> Any:
    """Write what a fitted transformer makes of many samples to disk, chunk by chunk.

    A chunk that was written is noted beside the store, so that a call that was stopped, or whose
    machine was, goes on where it ended when it is made again. In
    ``joblib.parallel_config("dask")`` chunks are tasks of the cluster: workers read and write files
    themselves, which all of them have to see under the same path.

    Parameters
    ----------
    estimator : transformer
        Fitted, and one that makes a row of each sample by itself: `PersistenceFeatures`, a Pipeline
        with it. Rows have the same number of columns for any samples.
    source : path, or array of shape (n, ...)
        A path of a ``.npy`` or ``.zarr`` file of samples; or an array that is read in slices:
        numpy.memmap, arrays of zarr, datasets of h5py, Dask arrays, arrays in memory.
    store : path
        Ends with ``.npy`` or ``.zarr``. Beside it is a file whose name ends with ``.progress``.
    chunk_size : int, default=1024
        Samples that are read, transformed and written at a time by each thread or task; also the
        chunks of a ``.zarr`` store.
    restart : bool, default=False
        Begin again, and overwrite what is at `store`. False: go on with it.
    n_jobs : int, default=None
        Threads, each of which holds a chunk. None is 1 unless in a joblib context, -1 is all cores.
        What is written does not depend on it.
    progress : bool, default=False
        Show a progress bar of samples.

    Returns
    -------
    numpy.memmap or zarr.Array of shape (n, n_columns)
        The store, opened to be read.

    Raises
    ------
    TypeError
        If source can't be sliced, or the transformer does not return rows of numbers, or can't be
        pickled.
    ValueError
        If there is no sample, or masked ones; if store has another ending, is the source, is being
        written by another process, or exists and was begun by something else: another transformer
        or fit, another shape of source, another chunk_size. The numbers in source are not compared.
        Also if rows of later samples are not as those of the first one.

    See Also
    --------
    skltopo.PersistenceFeatures.partial_fit : Learns from one chunk after the other.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from skltopo import PersistenceFeatures, transform_to_store
    >>> images = np.random.default_rng(0).random((100, 8, 8))
    >>> features = PersistenceFeatures().fit(images)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows = transform_to_store(features, images, f"{folder}/rows.npy", chunk_size=32)
    ...     bool((rows == features.transform(images)).all())
    True
    """
    check_is_fitted(estimator)
    chunk_size = check_integer("chunk_size", chunk_size, 1)
    check_flag("restart", restart)
    check_flag("progress", progress)
    check_n_jobs(n_jobs)
    source = _Source(source)
    estimator = _quiet(estimator)
    target = _target(store)
    source.refuse_as_store(target.path)
    with _Progress(target, _key(estimator, source, chunk_size), restart) as begun:
        if restart or not begun.find():
            rows = _probe(estimator, source)
            # Before the store: until chunks are noted, it is made again.
            begun.start(source.n_samples, rows)
            target.create(source.n_samples, rows, chunk_size)
        starts = range(0, source.n_samples, chunk_size)
        _write_chunks(
            estimator, source, target, begun, chunk_size,
            [start for start in starts if start not in begun.done], n_jobs, progress,
        )  # fmt: skip
    return target.open("r")


def _write_chunks(estimator, source, target, begun, chunk_size, todo, n_jobs, progress):
    """Write and note the chunks of todo, by threads or by tasks of a cluster."""

    def sizes():
        return (min(chunk_size, source.n_samples - start) for start in todo)

    def task(start, n, travels):
        read = source.reader(start, start + n, travels)
        return partial(_transform_chunk, estimator, read, target, start, n)

    with progress_bar(source.n_samples, progress, "sample") as bar:
        bar.update(source.n_samples - sum(sizes()))
        if is_for_cluster(n_jobs, math.inf):
            tasks = ((task(start, n, True), n) for start, n in zip(todo, sizes(), strict=True))
            for start in send(tasks, bar):
                begun.note(start)
        else:
            tasks = [
                partial(counted, partial(_do_and_note, task(start, n, False), begun), bar, n)
                for start, n in zip(todo, sizes(), strict=True)
            ]
            run(tasks, effective_n_jobs(n_jobs))


def _transform_chunk(estimator, read, target, start, n):
    """Read, transform and write a chunk of n samples, and return where it starts."""
    target.write(start, n, np.asarray(estimator.transform(read())))
    return start


def _do_and_note(task, begun):
    begun.note(task())


def _quiet(estimator):
    """Return a copy that works in one thread and says nothing."""
    other = deepcopy(estimator)
    quiet = {"n_jobs": 1, "verbose": 0}
    names = {name: name.rpartition("__")[2] for name in other.get_params()}
    return other.set_params(**{name: quiet[end] for name, end in names.items() if end in quiet})


def _probe(estimator, source):
    """Return the row of the first sample."""
    rows = estimator.transform(source.reader(0, 1, False)())
    if isinstance(rows, list) or not np.issubdtype(np.asarray(rows).dtype, np.number):
        raise TypeError(
            "estimator must make rows of numbers, got "
            f"{type(rows).__name__} from {type(estimator).__name__}; diagrams become arrays of "
            "points and offsets by skltopo.diagrams.to_arrays, one set for each chunk"
        )
    rows = np.asarray(rows)
    if rows.ndim != 2:
        raise TypeError(f"estimator must make rows of numbers, got an array of shape {rows.shape}")
    return rows


def _key(estimator, source, chunk_size):
    """Return what tells one call from another whose chunks are not the same."""
    try:
        return joblib.hash((estimator, source.shape, source.dtype.str, chunk_size))
    except pickle.PicklingError as error:
        raise TypeError(
            "estimator must be one that can be pickled, as whose rows are in the store is noted "
            f"beside it, got {error.args[0]}"
        ) from error


# --------------------------------------------------------------------------------------------------
# Where samples come from
# --------------------------------------------------------------------------------------------------


class _Source:
    """Samples that are read in slices.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    n_samples : int
    """

    def __init__(self, given):
        if isinstance(given, (str, os.PathLike)):
            given = _opened(Path(given).absolute())
        wanted = all(hasattr(given, name) for name in ("shape", "dtype", "__getitem__"))
        if is_tensor(given) or hasattr(given, "columns") or not wanted:
            raise TypeError(
                "source must be a path of a .npy or .zarr file, or an array that can be sliced, "
                f"got {type(given).__name__}"
            )
        if any(np.isnan(n) for n in given.shape):
            raise ValueError(
                f"source must be of known shape, got a Dask array of shape {given.shape}; "
                "source.compute_chunk_sizes() finds it"
            )
        if not given.shape or min(given.shape) < 1:
            raise ValueError(f"source must have at least one sample, got shape {given.shape}")
        self._array = given
        self.shape = tuple(int(n) for n in given.shape)
        self.dtype = np.dtype(given.dtype)
        self.n_samples = self.shape[0]

    def refuse_as_store(self, path):
        """Raise ValueError if the store at this path is where samples are read from."""
        array, places = self._array, []
        while isinstance(array, np.ndarray):  # views of a memmap, too
            places.append(getattr(array, "filename", None))
            array = array.base
        store = getattr(array, "store", None)  # of zarr, which has named its folder anew in 3.0
        places += [getattr(store, name, None) for name in ("root", "path")]
        if path.exists() and any(
            place is not None and os.path.exists(place) and os.path.samefile(place, path)
            for place in places
        ):
            raise ValueError(f"store must be another file than the source, got {str(path)!r}")

    def reader(self, start, stop, travels):
        """Return a callable that returns samples start to stop.

        travels : whether another process will call it.
        """
        array = self._array
        if is_dask(array):
            import dask

            return partial(_compute, dask.optimize(array[start:stop])[0])
        if _is_file(array):
            return partial(
                _read_file, array.filename, array.offset, self.dtype, self.shape[1:], start, stop
            )
        is_shared = type(getattr(array, "store", None)).__name__ in SHARED_STORES
        if travels and not is_shared:
            return partial(_plain, array[start:stop])
        return partial(_read_slice, array, start, stop)


def _opened(path):
    if path.suffix == ".npy":
        return np.load(path, mmap_mode="r")
    if path.suffix == ".zarr":
        import zarr

        return zarr.open_array(str(path), mode="r")
    raise ValueError(f"source must be a path that ends with .npy or .zarr, got {str(path)!r}")


def _is_file(array):
    """Tell whether an array is all that a file holds from an offset on, in the order of rows."""
    return (
        isinstance(array, np.memmap)
        and array.filename is not None
        and array.mode != "c"  # what is written to it is in no file
        and not isinstance(array.base, np.ndarray)
        and array.flags.c_contiguous
    )


def _read_file(path, offset, dtype, shape, start, stop):
    # Pages of a mapped file would count as memory of this process.
    size = math.prod(shape)
    offset += start * size * dtype.itemsize
    values = np.fromfile(path, dtype, count=(stop - start) * size, offset=offset)
    return values.reshape(-1, *shape)


def _read_slice(array, start, stop):
    return _plain(array[start:stop])


def _compute(array):
    return _plain(array.compute(scheduler="synchronous"))


def _plain(samples):
    refuse_masks(samples, "source")
    return np.asarray(samples)


# --------------------------------------------------------------------------------------------------
# Where rows go, and what is there
# --------------------------------------------------------------------------------------------------


def _target(store):
    kinds = {".npy": _NpyTarget, ".zarr": _ZarrTarget}
    path = Path(store).absolute() if isinstance(store, (str, os.PathLike)) else None
    if path is None or path.suffix not in kinds:
        raise ValueError(f"store must be a path that ends with .npy or .zarr, got {store!r}")
    return kinds[path.suffix](path)


class _Target(ABC):
    """An array on disk, whose rows are written in place.

    Attributes
    ----------
    path : Path
    """

    def __init__(self, path):
        self.path = path

    @abstractmethod
    def create(self, n_samples, rows, chunk_size):
        """Make an array of n_samples rows, such as one of rows."""

    @abstractmethod
    def open(self, mode):
        """Return the array."""

    @abstractmethod
    def _put(self, start, rows):
        """Write rows from number start on."""

    def write(self, start, n, rows):
        """Write n rows from number start on, which are a chunk."""
        wanted = self.open("r")
        shape = (n, wanted.shape[1])
        if rows.shape != shape or rows.dtype != wanted.dtype:
            raise ValueError(
                "estimator must make a row for each sample, as that of the first one: samples "
                f"{start} to {start + n - 1} must give {shape} of {wanted.dtype}, got "
                f"{rows.shape} of {rows.dtype}"
            )
        self._put(start, rows)


class _NpyTarget(_Target):
    """A file of numpy."""

    def create(self, n_samples, rows, chunk_size):
        shape = (n_samples, rows.shape[1])
        np.lib.format.open_memmap(self.path, mode="w+", dtype=rows.dtype, shape=shape)

    def open(self, mode):
        return np.load(self.path, mmap_mode=mode)

    def _put(self, start, rows):
        # To the disk itself.
        offset = self.open("r").offset + start * rows[:1].nbytes
        with open(self.path, "r+b") as file:
            file.seek(offset)
            file.write(np.ascontiguousarray(rows).tobytes())
            file.flush()
            os.fsync(file.fileno())


class _ZarrTarget(_Target):
    """An array of zarr, whose chunks are those that are computed."""

    def create(self, n_samples, rows, chunk_size):
        import zarr

        zarr.open_array(
            str(self.path), mode="w", shape=(n_samples, rows.shape[1]), dtype=rows.dtype,
            chunks=(min(chunk_size, n_samples), rows.shape[1]),
        )  # fmt: skip

    def open(self, mode):
        import zarr

        return zarr.open_array(str(self.path), mode=mode)

    def _put(self, start, rows):
        self.open("r+")[start : start + len(rows)] = rows


class _Progress:
    """The chunks that are on disk: a file of a line for each, below one on whose they are.

    While it is entered, no other process can enter it.

    Parameters
    ----------
    target : _Target
    key : str
    restart : bool

    Attributes
    ----------
    done : set of int
        Where chunks start that are on disk.
    """

    def __init__(self, target, key, restart):
        store = target.path
        self.path = store.with_name(store.name + ".progress")
        self.done = set()
        self._target, self._key, self._restart = target, key, restart
        self._lock = Lock()
        self._file: Any = None

    def __enter__(self):
        store = self._target.path
        if store.exists() and not self.path.exists() and not self._restart:
            raise ValueError(
                f"store {str(store)!r} exists, and {self.path.name!r} beside it does not, "
                "which says what is done; give another path, or restart=True to overwrite it"
            )
        self._file = open(self.path, "ab+")
        try:
            _lock_or_refuse(self._file, store)
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, *_):
        if not os.fstat(self._file.fileno()).st_size:  # nothing was begun
            self.path.unlink()
        self._file.close()

    def find(self):
        """Read what an earlier call has done, and return whether it goes on."""
        store = self._target.path
        if not store.exists():
            return False
        self._file.seek(0)
        text = self._file.read()
        begun, *lines = text.split(b"\n")
        head = _read_head(begun)
        if head.get("key") != self._key:
            raise ValueError(
                f"store {str(store)!r} was begun with another estimator or fit, shape of source or "
                f"chunk_size, or {self.path.name!r} beside it is damaged; give another path, or "
                "restart=True to overwrite it"
            )
        # A line without its end is not whole, and a machine that stops may leave others than ours.
        self._file.truncate(len(text) - len(lines[-1]))
        self.done = {int(line) for line in lines[:-1] if line.isdigit()}
        if self.done:
            self._check_store(head)
        return bool(self.done)

    def _check_store(self, head):
        """Raise ValueError if the store is not the one whose rows are noted."""
        try:
            array = self._target.open("r")
            found = {"shape": list(array.shape), "dtype": array.dtype.str}
        except (OSError, ValueError) as error:
            found = f"can't be read: {error}"
        wanted = {"shape": head["shape"], "dtype": head["dtype"]}
        if found != wanted:
            raise ValueError(
                f"store {str(self._target.path)!r} is not as it was begun, with {wanted}, but "
                f"{found}; give another path, or restart=True to overwrite it"
            )

    def start(self, n_samples, rows):
        """Write the first line of a new file, at once; rows are such as those that will come."""
        self.done = set()
        head = {"key": self._key, "shape": [n_samples, rows.shape[1]], "dtype": rows.dtype.str}
        self._file.truncate(0)
        self._file.write(json.dumps(head).encode() + b"\n")
        self._file.flush()

    def note(self, start):
        """Note that the chunk from start on is written."""
        with self._lock:
            self._file.write(b"%d\n" % start)
            self._file.flush()


def _read_head(line):
    """Return the first line of a file of progress as a dict, which is empty if it is damaged."""
    try:
        head = json.loads(line)
    except ValueError:
        return {}
    return head if isinstance(head, dict) else {}


def _lock_or_refuse(file, store):
    """Raise ValueError if another process has this file of progress open."""
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ValueError(f"store {str(store)!r} is being written by another call") from error
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise
