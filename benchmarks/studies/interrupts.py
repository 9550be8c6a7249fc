"""Ctrl-C in every call that takes long: seconds until it is heard.

Usage: python benchmarks/studies/interrupts.py [--only WORD] [--limit SECONDS]

Each call runs in two processes. In the first, a timer sends a signal all the time, and the longest
time between two of them that the main thread hears is what Ctrl-C waits at most, wherever it comes;
beside it is the time that the thread had a processor meanwhile, for a machine that is busy. A call
is ended at the limit; its seconds are shown as more than that.
The second is sent SIGINT in the middle; KeyboardInterrupt leaves the call when its threads have
stopped, too.
"""

import argparse
import signal
import subprocess
import sys
import time

# name -> what is made before, and the call.
CALLS = {}


def add(name, call, data=""):
    """Add a call to the table."""
    CALLS[name] = (data, call)


IMPORTS = """
import signal, sys, time
import numpy as np
signal.signal(signal.SIGINT, signal.default_int_handler)
rng = np.random.default_rng(0)
from skltopo.filtrations import *
"""
for kind in ("freudenthal", "cubical", "cubical_cells"):
    add(
        f"image 8000^2, {kind}",
        f"LevelSet(2, complex={kind!r})(x)",
        "x = rng.random((8000, 8000))",
    )
    add(
        f"volume 256^3, {kind}",
        f"LevelSet(3, complex={kind!r})(x)",
        "x = rng.random((256, 256, 256))",
    )
add(
    "image 8000^2, uint8, superlevel, two threads",
    "LevelSet(2, superlevel=True, n_jobs=2)(x)",
    "x = rng.integers(0, 256, (8000, 8000), dtype=np.uint8)",
)
add(
    "image 8000^2, smooth",
    "LevelSet(2)(x)",
    "x = np.sin(np.arange(8000) / 9)[:, None] * np.cos(np.arange(8000) / 7)",
)
add("image 8 x 8e6", "LevelSet(2)(x)", "x = rng.random((8, 8_000_000))")
add("60,000 images 28^2", "LevelSet(2)(x)", "x = rng.random((60_000, 28, 28))")
add("line of 6e7", "LevelSet(1)(x)", "x = rng.random(60_000_000)")
add("line of 6e7, two threads", "LevelSet(1, n_jobs=2)(x)", "x = rng.random(60_000_000)")
add(
    "building a complex of 4e6 triangles",
    "SimplicialComplex(x)",
    "i = np.arange(4_000_000); x = np.column_stack([i, i + 1, i + 2])",
)
add(
    "function on a complex of 2e6 triangles",
    "c(rng.random(c.n_vertices))",
    "i = np.arange(2_000_000); c = SimplicialComplex(np.column_stack([i, i + 1, i + 2]))",
)
add(
    "16 functions on a graph, two threads",
    "c(rng.random((16, c.n_vertices)))",
    "c = SimplicialComplex(rng.integers(0, 10**5, (10**6, 2)) * [1, 1] + [0, 10**5], n_jobs=2)",
)
add("weak Alpha of 1e6 points in the plane", "WeakAlpha()(x)", "x = rng.random((10**6, 2))")
add("Alpha of 1e6 points in the plane", "Alpha()(x)", "x = rng.random((10**6, 2))")
add("weak Alpha of 2e5 points in space", "WeakAlpha(max_dim=2)(x)", "x = rng.random((200_000, 3))")
add("Alpha of 2e5 points in space", "Alpha(max_dim=2)(x)", "x = rng.random((200_000, 3))")
add("Alpha of 5000 points, d = 5", "Alpha(max_dim=1)(x)", "x = rng.random((5000, 5))")
add("Rips, PD_0 of 1e6 points in space", "VietorisRips(0)(x)", "x = rng.random((10**6, 3))")
add("Rips, PD_1 of 1e6 points in the plane", "VietorisRips(1)(x)", "x = rng.random((10**6, 2))")
add("Rips, PD_1 of 8000 points, d = 3", "VietorisRips(1)(x)", "x = rng.random((8000, 3))")
add("Rips, PD_2 of 1000 points, d = 4", "VietorisRips(2)(x)", "x = rng.random((1000, 4))")
add(
    "Rips, PD_1 of a random matrix of 4000",
    "VietorisRips(1, metric='precomputed')(x)",
    "x = rng.random((4000, 4000)); x = x + x.T; np.fill_diagonal(x, 0)",
)
add(
    "Rips, PD_1 of 40 clouds, two threads",
    "VietorisRips(1, n_jobs=2)(x)",
    "x = rng.random((40, 2000, 3))",
)
add(
    "last value of a Rips diagram of 1e5 points",
    "d.as_batch().last()",
    "d = VietorisRips(0)(rng.random((100_000, 3)))",
)
add(
    "directional features of 60,000 images, two threads",
    "PersistenceFeatures(n_jobs=2).fit_transform(x)",
    "from skltopo import PersistenceFeatures; x = rng.random((60_000, 28, 28))",
)
add(
    "denoising an image 2000^2",
    "TopoDenoiser().fit_transform(x)",
    "from skltopo import TopoDenoiser; x = rng.random((1, 2000, 2000))",
)
add(
    "cross-validated regression, two threads",
    "TopologicalRegressionCV(n_jobs=2).fit(x, y)",
    "from skltopo import TopologicalRegressionCV; x = rng.normal(size=(3000, 2000)); "
    "y = x[:, :5].sum(axis=1) + rng.normal(size=3000)",
)
add(
    "landscapes of 2000 diagrams",
    "PersistenceLandscape().fit_transform(d)",
    "from skltopo.vectorize import PersistenceLandscape; "
    "d = [np.sort(rng.random((3000, 2)), axis=1) for _ in range(2000)]",
)
add(
    "Wasserstein distance of two diagrams of 4000 points",
    "wasserstein_distance(a, b)",
    "from skltopo.distances import wasserstein_distance; "
    "a, b = (np.sort(rng.random((4000, 2)), axis=1) for _ in range(2))",
)

add(
    "bottleneck distance of two diagrams of 200,000 points",
    "bottleneck_distance(a, b)",
    "from skltopo.distances import bottleneck_distance; "
    "a, b = (np.sort(rng.random((200_000, 2)), axis=1) for _ in range(2))",
)
for penalty in ("TV()", "TV2()", "Clusters(100)"):
    add(
        f"prox of {penalty}, 2e6 weights",
        f"{penalty}.prox(x, 0.1)",
        "from skltopo.penalties import *; x = rng.normal(size=2_000_000)",
    )
add(
    "prox of Maxima(10), 2e5 weights",
    "Maxima(10).prox(x, 0.1)",
    "from skltopo.penalties import *; x = rng.normal(size=200_000)",
)

CHILD = """
{imports}
{data}
heard = []
def now():
    return time.perf_counter(), time.thread_time()
def hear(*_):
    heard.append(now())
    if heard[-1][0] - start[0] > {limit}:
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise TimeoutError
signal.signal(signal.SIGALRM, hear)
print("ready", flush=True)
sys.stdin.readline()
start = now()
try:
    if {timer}:
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    {call}
except TimeoutError:
    pass
except KeyboardInterrupt:
    print("heard", time.time(), flush=True)
    sys.exit()
signal.setitimer(signal.ITIMER_REAL, 0)
end = now()
waits = np.diff([start, *heard, end], axis=0).max(axis=0)
print("done", end[0] - start[0], *waits, flush=True)
"""


def run_call(data, call, limit, delay=None):
    """Run a call; return its seconds and its longest waits, or when SIGINT was heard."""
    code = CHILD.format(imports=IMPORTS, data=data, call=call, timer=delay is None, limit=limit)
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        if child.stdout.readline().strip() != "ready":
            raise RuntimeError(child.stderr.read())
        child.stdin.write("\n")
        child.stdin.flush()
        sent = 0.0
        if delay is not None:
            time.sleep(delay)
            sent = time.time()
            child.send_signal(signal.SIGINT)
        answer = child.stdout.readline().split()
        if not answer:
            raise RuntimeError(child.stderr.read())
        if answer[0] == "heard":
            return float(answer[1]) - sent
        return [float(word) for word in answer[1:]]


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="calls whose names have this word")
    parser.add_argument("--limit", type=float, default=60, help="seconds of a call")
    arguments = parser.parse_args()
    print(
        "| call | seconds | Ctrl-C waits at most | of that with a processor | heard in the middle |"
    )
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, (data, call) in CALLS.items():
        if arguments.only not in name:
            continue
        try:
            seconds, most, busy = run_call(data, call, arguments.limit)
            middle = run_call(data, call, arguments.limit, 0.5 * seconds)
        except RuntimeError as error:
            said = str(error).strip() or "the process was killed, for memory perhaps"
            print(f"| {name} | {said.splitlines()[-1]} | | | |", flush=True)
            continue
        middle = "it had ended" if isinstance(middle, list) else f"{middle:.2f}"
        shown = f"{seconds:.1f}" if seconds < arguments.limit else f"> {arguments.limit:g}"
        print(f"| {name} | {shown} | {most:.2f} | {busy:.2f} | {middle} |", flush=True)


if __name__ == "__main__":
    main()
