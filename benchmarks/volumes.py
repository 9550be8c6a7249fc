"""Volumes beside cripser, in one run on one core: times, ratios to the peer, and peak memory.

Every row computes PD_0, PD_1 and PD_2 of one float64 volume and takes the best of several
repetitions, ours and the peer's in turn. cripser has values on vertices (V) or on cubes (T); ours
stand for "freudenthal", "cubical" (= V) and "cubical_cells" (= T). "V / freudenthal" compares the
default of both packages: not the same complex, but the same question. Ours returns diagrams and
critical voxels, cripser births, deaths and the places of both.

    python benchmarks/volumes.py                # all rows, about three minutes
    python benchmarks/volumes.py --sizes 32,64  # about ten seconds
"""

import argparse
import subprocess
import sys
from functools import partial

import cripser
import numpy as np
from scipy.ndimage import gaussian_filter
from timing import best_times
from tqdm import tqdm

from skltopo.filtrations import LevelSet, SimplicialComplex

BARS = {"random": 3.0, "sigma 2": 8.0, "sigma 3": 8.0}


def make_volumes(size):
    """Return {name: volume} of random values and of the same smoothed."""
    noise = np.random.default_rng(0).random((size, size, size))
    smooth = {f"sigma {sigma}": gaussian_filter(noise, sigma) for sigma in (2, 3)}
    return {"random": noise, **smooth}


def time_size(size):
    """Print the rows of one size."""
    for name, volume in tqdm(make_volumes(size).items(), desc=f"{size}^3", leave=False):
        names = ("freudenthal", "cubical", "cubical_cells")
        calls = [partial(LevelSet(3, complex=complex), volume) for complex in names]
        calls.append(partial(cripser.computePH, volume, maxdim=2))
        calls.append(partial(cripser.computePH_T, volume, maxdim=2))
        freudenthal, cubical, cells, v, t = best_times(calls, repeats=50, seconds=3.0)
        ratios = [v / freudenthal, v / cubical, t / cells]
        print(
            f"{f'{size}^3 {name}':16s} {freudenthal:9.2f} {cubical:9.2f} {cells:9.2f} "
            f"{v:10.1f} {t:10.1f}   {ratios[0]:5.1f} {ratios[1]:5.1f} {ratios[2]:5.1f} "
            f"({BARS[name]:g})",
            flush=True,
        )


MEMORY = """
import sys
import numpy as np
from scipy.ndimage import gaussian_filter
from skltopo.filtrations import LevelSet

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) * 1024

size, sigma, dtype = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
volume = np.random.default_rng(0).random((size, size, size))
volume = (gaussian_filter(volume, sigma) if sigma else volume).astype(dtype)
LevelSet(3)(volume[:4, :4, :4])
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak starts again from here
before = status("VmRSS")
LevelSet(3)(volume)
print(status("VmHWM") - before, status("VmHWM"))
"""


def print_memory(size, sigma, dtype):
    """Print by how much diagrams of a volume raise a fresh process (Linux only)."""
    command = [sys.executable, "-c", MEMORY, str(size), str(sigma), dtype]
    out = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    extra, total = map(int, out.split())
    print(
        f"{size}^3 {dtype}, {f'sigma {sigma}' if sigma else 'random'}: "
        f"{extra / size**3:.1f} bytes a voxel beyond the input, process {total / 1e9:.2f} GB"
    )


def time_complex():
    """Print times of functions on a triangulated torus, built once."""
    n = 60
    i, j = (x.ravel() for x in np.indices((n, n)))
    right, below, both = i * n + (j + 1) % n, (i + 1) % n * n + j, (i + 1) % n * n + (j + 1) % n
    triangles = np.concatenate(
        [np.stack([i * n + j, right, both], 1), np.stack([i * n + j, below, both], 1)]
    )
    values = np.random.default_rng(0).random((20, n * n))
    torus = SimplicialComplex(triangles)
    built, called = best_times([partial(SimplicialComplex, triangles), partial(torus, values)])
    print(f"torus of {n * n} vertices: built {built:.2f} ms, a function {called / 20:.2f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="32,64,128", help="voxels along a side")
    parser.add_argument("--memory", action="store_true", help="memory only")
    options = parser.parse_args()
    if not options.memory:
        print("ms               freudenth   cubical     cells  cripser V  cripser T   ", end="")
        print("V / freudenthal, V / cubical, T / cells (bar)")
        for chosen in options.sizes.split(","):
            time_size(int(chosen))
        time_complex()
    for size in (64, 100, 128):
        print_memory(size, 0, "float64")
    print_memory(128, 0, "float32")
    print_memory(256, 3, "float64")
