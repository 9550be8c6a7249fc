"""One image or volume in blocks: two threads that share it, what blocks leave, a pass over a file.

Tables, all of float32, random and smooth (Gaussian, sigma 4 for images and 2 for volumes):

threads: the time of one input on one thread, the gain of two independent inputs on two threads
    (which memory and turbo clocks bound), the gain of one input that two threads share, and the
    ratio of the gains. The results are compared, bit for bit.
parts: what a block leaves for its neighbours, a vertex as a number and a value, a record as three
    positions: on average over all blocks, and the most bytes that parts took during the pass.
file: a pass over a memory-mapped file in a process of its own: time, and by how much it raised the
    memory of the process, beside the size of the file.

    python benchmarks/studies/blocks.py                   # 4096^2 and 256^3, about three minutes
    python benchmarks/studies/blocks.py --quick           # 1024^2 and 96^3, about ten seconds
    python benchmarks/studies/blocks.py --tables file --file-side 1024
"""

import argparse
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from tqdm import tqdm

from skltopo._utils.parallel import run
from skltopo.filtrations import LevelSet
from skltopo.filtrations.blocks import BlockPass, Source
from skltopo.filtrations.parts import Sweep

SIGMA = {2: 4, 3: 2}
BAR = 0.85


def make_fields(shape, seed=0):
    """Return {name: float32 array} of random values and of the same smoothed."""
    noise = np.random.default_rng(seed).random(shape, dtype=np.float32)
    return {"random": noise, "smooth": gaussian_filter(noise, SIGMA[len(shape)])}


def best_times(calls, repeats, seconds, at_least=3):
    """Return the best time of each call in ms; they take turns until seconds are over."""
    best, start, rounds = [np.inf] * len(calls), time.perf_counter(), 0
    while rounds < at_least or (rounds < repeats and time.perf_counter() - start < seconds):
        for i, call in enumerate(calls):
            begin = time.perf_counter()
            call()
            best[i] = min(best[i], 1e3 * (time.perf_counter() - begin))
        rounds += 1
    return best


def size_of(shape):
    """Return how a table names a shape."""
    return f"{shape[0]}^{len(shape)}"


# Two threads for one ----------------------------------------------------------------------------


def print_threads(shape, seconds):
    """Print the rows of one shape: PD_0, PD_{d-1}, and both."""
    ndim, others = len(shape), make_fields(shape, 1)
    for name, values in make_fields(shape).items():
        for dims in tqdm([(0,), (ndim - 1,), (0, ndim - 1)], leave=False):
            one = LevelSet(ndim, homology_dimensions=dims)
            shared = LevelSet(ndim, homology_dimensions=dims, n_jobs=2)
            if shared(values) != one(values):
                raise SystemExit("two threads gave another diagram than one")
            two = [partial(one, values), partial(one, others[name])]
            alone, both, halves = best_times(
                [two[0], partial(run, two, 2), partial(shared, values)], 50, seconds
            )
            gains = 2 * alone / both, alone / halves
            what = ", ".join(f"PD_{dim}" for dim in dims)
            print(
                f"{size_of(shape):8s} {name:8s} {what:12s} {alone:10.1f} {gains[0]:12.2f} "
                f"{gains[1]:12.2f} {gains[1] / gains[0]:8.2f} ({BAR})",
                flush=True,
            )


# What blocks leave ------------------------------------------------------------------------------


def print_parts(shape, sides):
    """Print what blocks of some sides leave, for PD_0 and PD_{d-1} together."""
    ndim = len(shape)
    for name, values in make_fields(shape).items():
        for side in sides:
            sweeps = [Sweep(ndim, dim, False, "freudenthal", False) for dim in (0, ndim - 1)]
            source = Source(values, side)
            one = BlockPass(source, sweeps)
            one.run(1)
            n = np.prod([len(cut) - 1 for cut in source.cuts])
            shared = (side + 1) ** ndim - max(0, side - 1) ** ndim
            print(
                f"{size_of(shape):8s} {name:8s} {f'{side + 1}^{ndim}':8s} {n:7d} "
                f"{(side + 1) ** ndim:10d} {shared:9d} {one.n_keys / 2 / n:9.1f} "
                f"{one.n_records / 2 / n:9.1f} {one.n_vertices / 2 / n:9.1f} "
                f"{one.most_bytes / 1e6:9.2f} "
                f"{values.nbytes / 1e6:8.1f}",
                flush=True,
            )


# A file -----------------------------------------------------------------------------------------

PASS = """
import sys, time
import numpy as np
from skltopo.filtrations import level_set_diagram_blocks

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) * 1024

path, side, block, min_length = sys.argv[1], *map(float, sys.argv[2:])
shape = (int(side),) * 3
values = np.memmap(path, dtype=np.float32, mode="r", shape=shape)

class Copies:
    shape, dtype = values.shape, values.dtype

    def __getitem__(self, index):  # pages of the file are not counted as memory of the pass
        return np.array(np.memmap(path, dtype=np.float32, mode="r", shape=shape)[index])

level_set_diagram_blocks(np.zeros((4, 4, 4)))
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak starts again from here
before, start = status("VmRSS"), time.perf_counter()
diagram = level_set_diagram_blocks(Copies(), block_shape=int(block), min_length=min_length)
seconds = time.perf_counter() - start
points = sum(len(diagram[dim]) for dim in (0, 2))
print(status("VmHWM") - before, seconds, points)
"""


def write_smooth(path, side, slab=64):
    """Write a smooth volume of side^3 slab by slab; slabs overlap while they are smoothed."""
    file = np.memmap(path, dtype=np.float32, mode="w+", shape=(side,) * 3)
    for start in tqdm(range(0, side, slab), desc="write", leave=False):
        layers = range(start - 8, min(start + slab, side) + 8)
        noise = [np.random.default_rng(z + 8).random((side, side), np.float32) for z in layers]
        smooth = gaussian_filter(np.stack(noise), 2)[8:-8]
        file[start : start + len(smooth)] = smooth
    file.flush()


def print_file(side, block, folder):
    """Print what a pass over a file costs (Linux only)."""
    with tempfile.TemporaryDirectory(dir=folder) as directory:
        path = Path(directory) / "volume"
        write_smooth(path, side)
        for min_length in (0.0, 0.05):
            given = map(str, [path, side, block, min_length])
            command = [sys.executable, "-c", PASS, *given]
            out = subprocess.run(command, capture_output=True, check=True, text=True).stdout
            memory, seconds, points = map(float, out.split())
            per_voxel = seconds / side**3
            print(
                f"{side}^3     {f'{block}^3':8s} {min_length:10.2f} {4e-6 * side**3:9.0f} "
                f"{memory / 1e6:9.0f} {seconds:9.1f} {int(points):9d} {1e9 * per_voxel:9.1f} "
                f"{1e11 * per_voxel / 3600:12.1f}",
                flush=True,
            )


def main():
    """Print the tables that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--tables", default="threads,parts,file")
    parser.add_argument("--file-side", type=int, help="of the volume in a file")
    parser.add_argument("--folder", help="where the file is written; that of temporary files")
    given = parser.parse_args()
    image, volume = (1024, 96) if given.quick else (4096, 256)
    side = given.file_side or (128 if given.quick else 512)
    tables = given.tables.split(",")
    if "threads" in tables:
        print("One input on one thread (ms), gains of two inputs and of one that is shared, ratio")
        for shape in [(image,) * 2, (volume,) * 3]:
            print_threads(shape, 1.0 if given.quick else 6.0)
    if "parts" in tables:
        print("\nBlocks, how many; vertices of a block, in its sides; in each dimension keys,")
        print("records, vertices that are named; MB of parts at most, of the array")
        print_parts((image // 2,) * 2, (64, 256))
        print_parts((volume // 2,) * 3, (16, 32))
    if "file" in tables:
        print("\nFile, block; min_length; MB of the file, of the pass; s; points; ns a voxel;")
        print("hours for 1e11 voxels")
        print_file(side, min(128, side // 4), given.folder)


if __name__ == "__main__":
    main()
