"""Blocks of one image or volume, joined, against the same in one piece."""

import pickle

import numpy as np
import pytest
import torch

from skltopo._kernels.grids.ranges import rows_of
from skltopo._utils import parallel
from skltopo.filtrations import LevelSet, blocks, level_set_diagram_blocks, level_sets, parts
from skltopo.filtrations.blocks import BlockPass, Source
from skltopo.filtrations.parts import (
    Sweep,
    block_at,
    blocks_of,
    join_parts,
    part_of_block,
    sweep_block,
)

COMPLEXES = ("freudenthal", "cubical", "cubical_cells")


def random_grid(rng, shape):
    """Return values with few or many ties, or that differ in their last bits."""
    kind = rng.integers(5)
    if kind < 3:
        values = rng.integers(0, (2, 5, 1000)[kind], shape).astype(float)
    elif kind == 3:  # float64 values that float32 does not tell apart
        values = 1 + rng.integers(0, 30, shape) * np.finfo(float).eps
    else:
        values = np.where(rng.random(shape) < 0.5, -0.0, 0.0) + rng.integers(0, 2, shape)
    return values.astype(rng.choice([np.float32, np.float64]))


def random_cuts(rng, n, most):
    """Return 0 <= ... <= n - 1; equal ones make blocks of one layer."""
    return sorted([0, n - 1, *rng.integers(0, n, rng.integers(0, most + 1)).tolist()])


def leave(values, cuts, sweep):
    """Return (parts, ended) of all blocks."""
    found, ended = [], []
    for block in blocks_of(cuts):
        inside = np.ascontiguousarray(values[block.slices])
        pairs, *left = sweep_block(inside, block, [sweep])[sweep.dim]
        found.append(part_of_block(inside, block, values.shape, sweep, *left))
        rows = rows_of(pairs)
        vertex = block.number(rows.reshape(-1), values.shape).reshape(-1, 2)
        ended.append(parts.Ended(vertex, inside.reshape(-1)[rows]))
    return found, ended


def join_somehow(rng, found, sweep):
    """Join parts two by two, a few at a time, or all at once, whichever they are."""
    ended = []
    while len(found) > 1:
        n = 2 if rng.random() < 0.7 else rng.integers(2, len(found) + 1)
        picked = rng.choice(len(found), n, replace=False)
        part, some = join_parts([found[i] for i in picked], sweep)
        found = [part for i, part in enumerate(found) if i not in picked] + [part]
        ended.append(some)
    return found[0], ended


@pytest.mark.parametrize("complex", COMPLEXES)
@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("ndim", [2, 3])
def test_random_joins_of_random_blocks_are_the_whole(ndim, superlevel, complex):
    """Twelve times 60 grids: births, deaths and vertices, whichever blocks, in any order."""
    rng = np.random.default_rng([ndim, superlevel, len(complex)])
    n_blocks = set()
    for _ in range(60):
        shape = tuple(rng.integers(2, 7 if ndim == 3 else 12, ndim).tolist())
        values = random_grid(rng, shape)
        keep_zero = bool(rng.integers(2))
        cuts = [random_cuts(rng, n, 2) for n in shape]
        whole = LevelSet(ndim, superlevel=superlevel, complex=complex, keep_zero=keep_zero)(values)
        for dim in (0, ndim - 1):
            sweep = Sweep(ndim, dim, superlevel, complex, keep_zero)
            found, ended = leave(values, cuts, sweep)
            n_blocks.add(len(found))
            part, more = join_somehow(rng, found, sweep)
            assert not part.faces
            assert len(part.vertex) == len(part.records) == 0
            vertex = np.concatenate([some.vertex for some in ended + more])
            value = np.concatenate([some.value for some in ended + more])
            order = blocks._ranked(parts.Ended(vertex, value))
            np.testing.assert_array_equal(vertex[order], whole.pairs[dim])
            np.testing.assert_array_equal(value[order], whole.finite(dim))
            np.testing.assert_array_equal(np.signbit(value[order]), np.signbit(whole.finite(dim)))
            np.testing.assert_array_equal(part.oldest, whole.essential[dim])
    assert {2, 27 if ndim == 3 else 9} <= n_blocks


@pytest.mark.parametrize("cut", range(9))
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_every_cut_of_a_volume(axis, cut, rng):
    shape = [3, 3, 3]
    shape[axis] = 9
    values = rng.integers(0, 4, shape).astype(float)
    whole = LevelSet(3, homology_dimensions=(0, 2))(values)
    cuts = [[0, n - 1] for n in shape]
    for middle in ([cut], [cut, cut]):  # the second block has one layer then
        cuts[axis] = [0, *middle, 8]
        for dim in (0, 2):
            sweep = Sweep(3, dim, False, "freudenthal", False)
            found, ended = leave(values, cuts, sweep)
            part, more = join_parts(found, sweep)
            vertex = np.concatenate([some.vertex for some in [*ended, more]])
            assert sorted(vertex.tolist()) == sorted(whole.pairs[dim].tolist())
            assert part.oldest.tolist() == whole.essential[dim].tolist()


def test_keys_are_the_local_minima_of_a_face_with_ties_by_index():
    block = block_at([[0, 2, 4], [0, 4]], (0, 0))
    values = np.array([[9, 9, 9, 9, 9], [9, 9, 9, 9, 9], [1, 1, 2, 1, 0]], dtype=float)
    up, down = (Sweep(2, dim, False, "freudenthal", False) for dim in (0, 1))
    (face,) = block.faces()
    assert parts._find_keys(values, block, up)[face].tolist() == [10, 14]
    assert parts._find_keys(values, block, down)[face].tolist() == [12]
    # Of equal values the later index is first in a dual sweep.
    assert parts._find_keys(-values, block, down)[face].tolist() == [11, 14]


def test_parts_pickle_and_know_their_size(rng):
    sweep = Sweep(2, 0, True, "cubical", False)
    found, _ = leave(rng.random((20, 20)), [[0, 10, 19], [0, 19]], sweep)
    again = pickle.loads(pickle.dumps(found))
    part, ended = join_parts(again, sweep)
    assert ended.vertex.tolist() == join_parts(found, sweep)[1].vertex.tolist()
    named = found[0].vertex.nbytes + found[0].value.nbytes + found[0].records.nbytes
    assert found[0].n_bytes > named > 0
    assert part.n_bytes == part.oldest.nbytes + part.oldest_value.nbytes == 16


# One array in memory, shared by threads ---------------------------------------------------------


@pytest.fixture
def cut_all(monkeypatch):
    """Cut arrays of any size, into many blocks."""
    monkeypatch.setattr(parallel, "_n_cores", lambda: 4)
    monkeypatch.setattr(level_sets, "LARGE_GRID", 1)
    monkeypatch.setattr(level_sets, "LEAST_LAYERS", 1)
    monkeypatch.setattr(parts, "LEAST_LAYERS", 2)
    monkeypatch.setattr(parts, "BLOCK_VERTICES", {2: 40, 3: 40})


def calls_of_blocks(monkeypatch):
    calls = []
    monkeypatch.setattr(
        level_sets,
        "pairs_in_blocks",
        lambda *given: calls.append(given) or parts.pairs_in_blocks(*given),
    )
    return calls


@pytest.mark.parametrize("complex", COMPLEXES)
@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("ndim", [2, 3])
def test_threads_share_one_input(ndim, superlevel, complex, cut_all, monkeypatch, rng):
    calls = calls_of_blocks(monkeypatch)
    options = {"superlevel": superlevel, "complex": complex}
    all_dims = (0, ndim - 1)
    for _ in range(8):
        values = random_grid(rng, tuple(rng.integers(2, 12, ndim)))
        for dims, n_jobs in [((0,), 2), ((ndim - 1,), 2), (all_dims, 3)]:
            for keep_zero in (False, True):
                filtration = LevelSet(
                    ndim, homology_dimensions=dims, keep_zero=keep_zero, **options
                )
                filtration_of_threads = LevelSet(
                    ndim, homology_dimensions=dims, keep_zero=keep_zero, n_jobs=n_jobs, **options
                )
                assert filtration_of_threads(values) == filtration(values)
    assert len(calls) == 48


@pytest.mark.parametrize("dim", [0, 1])
def test_threads_share_a_large_image(dim, monkeypatch, rng):
    monkeypatch.setattr(parallel, "_n_cores", lambda: 4)
    calls = calls_of_blocks(monkeypatch)
    image = rng.random((1100, 1000)).astype(np.float32)
    whole = LevelSet(2, homology_dimensions=dim)(image)
    assert not calls
    assert LevelSet(2, homology_dimensions=dim, n_jobs=2)(image) == whole
    assert len(calls) == 1


def test_few_large_inputs_are_shared_too(cut_all, monkeypatch, rng):
    calls = calls_of_blocks(monkeypatch)
    images = rng.integers(0, 9, (2, 30, 20)).astype(float)
    serial = LevelSet(2, superlevel=True, homology_dimensions=1)
    threads = LevelSet(2, superlevel=True, homology_dimensions=1, n_jobs=3)
    assert threads(images) == serial(images)
    assert len(calls) == 2
    assert threads(np.concatenate([images, images])) == serial(np.concatenate([images, images]))
    assert len(calls) == 2  # there is an image for each thread


def test_loops_of_a_volume_and_lines_are_not_cut(cut_all, monkeypatch, rng):
    calls = calls_of_blocks(monkeypatch)
    volume = rng.random((9, 9, 9))
    assert LevelSet(3, n_jobs=2)(volume) == LevelSet(3)(volume)
    assert LevelSet(1, n_jobs=2)(volume[0, 0]) == LevelSet(1)(volume[0, 0])
    assert not calls
    thin = volume[:, :1]  # an image, whose last dimension is 1
    assert LevelSet(3, n_jobs=4)(thin) == LevelSet(3)(thin)
    assert not calls
    assert LevelSet(3, homology_dimensions=(0, 1), n_jobs=4)(thin) == LevelSet(
        3, homology_dimensions=(0, 1)
    )(thin)
    assert len(calls) == 1


def test_gradients_are_those_of_one_piece(cut_all, rng):
    values = rng.random((8, 7, 6))
    gradients = []
    for n_jobs in (1, 2):
        live = torch.tensor(values, requires_grad=True)
        diagram = LevelSet(3, homology_dimensions=(0, 2), superlevel=True, n_jobs=n_jobs)(live)
        sum((diagram.finite(dim) ** 2).sum() for dim in (0, 2)).backward()
        gradients.append(live.grad)
    assert gradients[0].count_nonzero() > 10
    assert torch.equal(*gradients)

    def lengths(live):
        diagram = LevelSet(2, homology_dimensions=0, n_jobs=2)(live)
        return diagram.finite(0)

    assert torch.autograd.gradcheck(lengths, torch.tensor(values[0], requires_grad=True))


# Arrays that are read block by block ------------------------------------------------------------


class Reads:
    """An array that counts what is read of it."""

    def __init__(self, values):
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.sizes = []

    def __getitem__(self, index):
        part = self.values[index]
        self.sizes.append(part.size)
        return part


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", "u1", "i8", "g"])
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_blocks_of_an_array_give_its_diagram(ndim, dtype, rng):
    for _ in range(20):
        shape = tuple(rng.integers(1, (60, 14, 8)[ndim - 1], ndim).tolist())
        values = rng.integers(0, rng.choice([2, 9, 200]), shape).astype(dtype)
        options = {
            "superlevel": bool(rng.integers(2)),
            "complex": str(rng.choice(COMPLEXES)),
            "keep_zero": bool(rng.integers(2)),
        }
        block_shape = tuple(rng.integers(1, 9, ndim).tolist())
        dims = (0, ndim - 1)[: min(ndim, 2)]
        whole = LevelSet(ndim, homology_dimensions=dims, **options)(values)
        diagram = level_set_diagram_blocks(values, block_shape=block_shape, **options)
        assert diagram == whole
        last, last_of_whole = diagram.as_batch().last(), whole.as_batch().last()
        assert last == last_of_whole
        assert last.dtype == last_of_whole.dtype
        threads = level_set_diagram_blocks(values, block_shape=block_shape, n_jobs=2, **options)
        assert threads == whole


def test_a_file_is_read_block_by_block(tmp_path, rng):
    volume = np.memmap(tmp_path / "volume", dtype=np.float32, mode="w+", shape=(40, 30, 20))
    volume[:] = rng.random(volume.shape)
    reads = Reads(np.memmap(tmp_path / "volume", dtype=np.float32, mode="r", shape=(40, 30, 20)))
    diagram = level_set_diagram_blocks(reads, block_shape=(10, 8, 20))
    assert diagram == LevelSet(3, homology_dimensions=(0, 2))(np.asarray(volume))
    assert len(reads.sizes) == 4 * 4  # each once
    assert max(reads.sizes) == 11 * 9 * 20
    assert type(diagram[0]) is np.ndarray


@pytest.mark.parametrize("store", ["dask.array", "zarr", "h5py"])
def test_arrays_of_other_packages(store, tmp_path, rng):
    module = pytest.importorskip(store)
    volume = rng.random((20, 15, 10)).astype(np.float32)
    if store == "h5py":
        with module.File(tmp_path / "file", "w") as file:
            array = file.create_dataset("volume", data=volume, chunks=(5, 5, 5))
            diagram = level_set_diagram_blocks(array, block_shape=5, n_jobs=2)
    elif store == "zarr":
        array = module.array(volume, chunks=(5, 5, 5))
        diagram = level_set_diagram_blocks(array, block_shape=5, n_jobs=2)
    else:
        array = module.from_array(volume, chunks=(5, 5, 5))
        diagram = level_set_diagram_blocks(array, block_shape=5, n_jobs=2)
    assert diagram == LevelSet(3, homology_dimensions=(0, 2))(volume)


def test_masks_and_unknown_lengths_of_dask_are_refused(rng):
    da = pytest.importorskip("dask.array")
    image = rng.random((20, 15))
    hidden = da.from_array(np.ma.masked_less(image, 0.1), chunks=(7, 4))
    with pytest.raises(ValueError, match="must have no masked or missing entries"):
        level_set_diagram_blocks(hidden, block_shape=5)
    shown = da.from_array(np.ma.masked_less(image, -1), chunks=(7, 4))
    assert level_set_diagram_blocks(shown, block_shape=5) == LevelSet(2)(image)
    some = shown[da.from_array(np.arange(20) > 3, chunks=7)]
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        level_set_diagram_blocks(some, block_shape=5)
    assert level_set_diagram_blocks(some.compute_chunk_sizes()) == LevelSet(2)(image[4:])


def test_blocks_are_whole_chunks_where_there_are_some():
    class Chunked(Reads):
        chunks = (100, 300, 4000)

    values = np.broadcast_to(np.float32(0), (1000, 1000, 1000))
    assert [cut[1] for cut in Source(values).cuts] == [161, 161, 161]
    assert [cut[1] for cut in Source(Chunked(values)).cuts] == [100, 161, 161]
    Chunked.chunks = ((50, 50), (70, 70, 30), (1000,))  # as those of Dask
    assert [cut[1] for cut in Source(Chunked(values)).cuts] == [150, 140, 161]
    image = np.broadcast_to(np.float32(0), (10, 10**7))
    assert [cut[1] for cut in Source(image).cuts] == [9, 419430]


def test_parts_do_not_grow_with_the_array(rng):
    """Memory of parts is that of open faces: a longer array of one cross section takes no more."""
    most, biggest = [], []
    for length in (2, 8, 32):
        values = Reads(rng.random((8 * length + 1, 17, 17)))
        one = BlockPass(
            Source(values, 8),
            [Sweep(3, dim, False, "freudenthal", False) for dim in (0, 2)],
            min_length=0.5,
        )
        one.run(1)
        most.append(one.most_bytes)
        biggest.append(max(values.sizes))
        assert len(values.sizes) == 4 * length
    assert biggest == [9**3] * 3
    # The tree of joins has two more levels each time, and a part of one cross section in each.
    steps = np.diff(most)
    assert steps[1] < 1.5 * steps[0]
    assert most[2] < 6 * most[0]  # of 16 times as many values


def test_short_points_are_dropped(rng):
    image = rng.random((60, 50)).astype(np.float32)
    whole = LevelSet(2, superlevel=True)(image)
    for min_length in (0.2, 0.9, 5.0):
        diagram = level_set_diagram_blocks(
            image, block_shape=16, superlevel=True, min_length=min_length
        )
        assert diagram == whole.select((0, 1), min_length=min_length)
    assert len(diagram[0]) == 1


def test_dimensions(rng):
    volume = rng.random((6, 7, 8))
    with pytest.raises(ValueError, match=r"among \[0, 2\], got 1: loops .* boundary matrix"):
        level_set_diagram_blocks(volume, homology_dimensions=1)
    with pytest.raises(ValueError, match=r"with ndim=2 must be among \[0, 1\], got 2"):
        level_set_diagram_blocks(volume[0], homology_dimensions=2)
    diagram = level_set_diagram_blocks(volume, block_shape=3, homology_dimensions=2)
    assert diagram == LevelSet(3, homology_dimensions=2)(volume)
    assert level_set_diagram_blocks(volume).homology_dimensions == (0, 2)
    thin = volume[:, :1]  # an image
    diagram = level_set_diagram_blocks(thin, block_shape=3, homology_dimensions=(2, 1))
    assert diagram == LevelSet(3, homology_dimensions=(2, 1))(thin)
    assert len(diagram[1]) > 0
    nothing = level_set_diagram_blocks(thin, homology_dimensions=2)
    assert nothing == LevelSet(3, homology_dimensions=2)(thin)


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ([[1.0, 2.0]], TypeError, "values must be an array that can be sliced.*got list"),
        (torch.zeros(3, 3), TypeError, "got Tensor; LevelSet takes lists and tensors"),
        (np.zeros(()), ValueError, r"1, 2 or 3 axes and not be empty, got shape \(\)"),
        (np.zeros((3, 0)), ValueError, "not be empty"),
        (np.zeros((2, 2, 2, 2)), ValueError, "LevelSet takes batches"),
        (np.array(["a", "b"]), TypeError, r"values\[0:2\]"),
        (np.zeros((2, 2), complex), TypeError, r"values\[0:2, 0:2\]"),
        (np.ma.masked_less(np.arange(9.0), 2), ValueError, "masked"),
        (np.broadcast_to(np.int8(0), (2**31, 2**31)), ValueError, "fewer than 2"),
    ],
)
def test_wrong_arrays_get_a_sentence(values, error, words):
    with pytest.raises(error, match=words):
        level_set_diagram_blocks(values)


def test_wrong_values_and_parameters_get_a_sentence(rng):
    image = rng.random((9, 9))
    image[5, 7] = np.nan
    with pytest.raises(ValueError, match=r"values\[4:9, 4:9\] must be finite, got nan at .*\(1, 3"):
        level_set_diagram_blocks(image, block_shape=4)
    image[5, 7] = 0
    for given, words in [
        ({"block_shape": 0}, "block_shape must be an integer of at least 1, got 0"),
        ({"block_shape": (2, 2, 2)}, "block_shape must be 2 positive integers"),
        ({"block_shape": 2.5}, "block_shape must be 2 positive integers"),
        ({"min_length": -1}, "min_length must be a finite number of at least 0"),
        ({"verbose": -1}, "verbose must be an integer of at least 0"),
        ({"complex": "simplicial"}, "complex must be one of"),
        ({"n_jobs": 0}, "n_jobs must not be 0"),
    ]:
        with pytest.raises(ValueError, match=words):
            level_set_diagram_blocks(image, **given)
    with pytest.raises(ValueError, match=r"got blocks of 1000 x 1000 x 1000; give a smaller"):
        level_set_diagram_blocks(np.broadcast_to(0.0, (1000, 1000, 1000)), block_shape=1000)

    class Odd(Reads):
        def __getitem__(self, index):
            return self.values[:2]

    with pytest.raises(ValueError, match=r"must slice like an array: .* 25 entries, got shape"):
        level_set_diagram_blocks(Odd(image), block_shape=4)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_interrupts_end_a_pass(n_jobs, rng):
    class Interrupted(Reads):
        def __getitem__(self, index):
            if len(self.sizes) == 3:
                raise KeyboardInterrupt
            return super().__getitem__(index)

    values = Interrupted(rng.random((40, 40)))
    with pytest.raises(KeyboardInterrupt):
        level_set_diagram_blocks(values, block_shape=4, n_jobs=n_jobs)
    assert len(values.sizes) < 100


def test_progress_counts_blocks(capsys, rng):
    image = rng.random((30, 30))
    level_set_diagram_blocks(image, block_shape=10)
    assert capsys.readouterr().err == ""
    level_set_diagram_blocks(image, block_shape=10, verbose=1)
    assert "9/9" in capsys.readouterr().err
