"""Features of many images from files to files: two threads here beside two workers of Dask.

Both read chunks of the same memory map (or zarr) and write zarr, by `transform_to_store`. Printed
are seconds without the start of the cluster, the ratio of the two, the most memory that each
process had, and whether the bits are the same. Every size runs in fresh processes, so that peaks
of memory are those of that size:

    python benchmarks/dask_images.py --sizes 10000 100000
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from joblib import parallel_config

from skltopo import PersistenceFeatures, transform_to_store

CHUNK = 512
SIDE = 28


def peak():
    """Return the most memory that this process had, in MB (Linux)."""
    # Not ru_maxrss, which begins with that of the process that started this one.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1e3


def write_images(path, n_images):
    """Write smooth random images, a chunk at a time."""
    rng = np.random.default_rng(0)
    images = np.lib.format.open_memmap(
        path, mode="w+", dtype=np.float32, shape=(n_images, SIDE, SIDE)
    )
    for start in range(0, n_images, CHUNK):
        some = rng.random((min(CHUNK, n_images - start), SIDE + 4, SIDE + 4), dtype=np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(some, (5, 5), axis=(1, 2))
        images[start : start + CHUNK] = windows.mean(axis=(-2, -1))


def features_of(source):
    """Return fitted features: the range of the first images is that of all, about."""
    return PersistenceFeatures().fit(np.load(source, mmap_mode="r")[:100])


def warm_up(features, source, store):
    """Transform a few images, so that kernels and zarr are loaded wherever there is work."""
    few = np.load(source, mmap_mode="r")[:200]
    transform_to_store(features, few, f"{store}.few.zarr", chunk_size=20, n_jobs=2)


def in_threads(source, store):
    """Transform all images by two threads, and return seconds."""
    features = features_of(source)
    warm_up(features, source, store)
    start = time.perf_counter()
    transform_to_store(features, source, store, chunk_size=CHUNK, n_jobs=2)
    return time.perf_counter() - start


def on_cluster(source, store):
    """Transform all images by two workers; return seconds and the peaks of their memory."""
    from dask.distributed import Client, LocalCluster

    features = features_of(source)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        with parallel_config("dask"):
            warm_up(features, source, store)
            start = time.perf_counter()
            transform_to_store(features, source, store, chunk_size=CHUNK)
            seconds = time.perf_counter() - start
        return seconds, list(client.run(peak).values())


def run_one(kind, source, store):
    """Do one run in this process, and print its numbers."""
    if kind == "threads":
        print(in_threads(source, store), peak())
    else:
        seconds, peaks = on_cluster(source, store)
        print(seconds, peak(), *peaks)


def numbers_of(kind, source, store):
    """Return what a run in a fresh process prints."""
    command = [sys.executable, __file__, "--run", kind, source, store]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    out = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return [float(number) for number in out.stdout.split()]


def main():
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--repeats", type=int, default=1, help="the fastest of so many runs counts")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run_one(*options.run)
        return
    print(f"| images of {SIDE}^2 | 2 threads, s | 2 workers, s | speed, workers / threads "
          "| same bits | MB, threads | MB, client | MB, workers |")  # fmt: skip
    print("| ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: |")
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            source = str(Path(folder) / "images.npy")
            write_images(source, size)
            found = {"threads": [], "cluster": []}
            for i in range(options.repeats):
                for kind, runs in found.items():
                    runs.append(numbers_of(kind, source, f"{folder}/{kind}{i}.zarr"))
            same = all_equal(folder)
        threads, cluster = min(found["threads"]), min(found["cluster"])
        print(
            f"| {size} | {threads[0]:.1f} | {cluster[0]:.1f} | {threads[0] / cluster[0]:.2f} "
            f"| {'yes' if same else 'NO'} | {threads[1]:.0f} | {cluster[1]:.0f} "
            f"| {', '.join(f'{mb:.0f}' for mb in cluster[2:])} |",
            flush=True,
        )


def all_equal(folder):
    """Tell whether the stores of the first runs are the same, chunk by chunk."""
    import zarr

    one, other = (zarr.open_array(f"{folder}/{kind}0.zarr") for kind in ("threads", "cluster"))
    return all(
        np.array_equal(one[i : i + CHUNK], other[i : i + CHUNK])
        for i in range(0, one.shape[0], CHUNK)
    )


if __name__ == "__main__":
    main()
