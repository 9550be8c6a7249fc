"""Two versions of skltopo on the same workloads, in one run that takes them in turn.

Each version is imported by a process of its own, with one thread for BLAS and torch. For every
workload the two processes take turns, so that both meet the same noise; the figure of a version is
the median over its rounds. A round repeats a short call until 20 ms have passed, and counts the
median. There are rounds until the spread (the interquartile range over the median, divided by the
square root of the number of rounds) is below 3 %, at most 60.

    python benchmarks/compare.py OLD NEW                # folders that hold a compiled skltopo/
    python benchmarks/compare.py OLD NEW --only Rips    # workloads with this in their name
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROUND = 0.02  # seconds of one round at least
FEWEST, MOST = 7, 60  # rounds
WANTED = 0.03  # spread

# --------------------------------------------------------------------------------------------------
# The process of one version
# --------------------------------------------------------------------------------------------------


def time_round(call):
    """Return the median time of a call in ms, over about 20 ms."""
    times, end = [], time.perf_counter() + ROUND
    while not times or time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - begin))
    return float(np.median(times))


def serve():
    """Answer each line of standard input: prepare a workload, or time a round of it."""
    import torch
    from workloads import WORKLOADS

    torch.set_num_threads(1)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what workloads print goes elsewhere
    call = None
    print(json.dumps(list(WORKLOADS)), file=answers, flush=True)
    for line in sys.stdin:
        name = json.loads(line)
        if name is not None:
            call = WORKLOADS[name]()
            call()
        print(json.dumps(None if name is not None else time_round(call)), file=answers, flush=True)


class Version:
    """A version of the package in a process of its own."""

    def __init__(self, folder):
        environment = {**os.environ, "PYTHONPATH": str(Path(folder).resolve())}
        environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve"], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.workloads = self._read()

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("a version has stopped; its error is above")
        return json.loads(line)

    def ask(self, name):
        """Prepare a workload, or return the time of a round if name is None."""
        self.process.stdin.write(json.dumps(name) + "\n")
        self.process.stdin.flush()
        return self._read()


# --------------------------------------------------------------------------------------------------
# The comparison
# --------------------------------------------------------------------------------------------------


def spread(times):
    """Return how far the median of these times may be off, relative to it."""
    low, middle, high = np.percentile(times, [25, 50, 75])
    return (high - low) / middle / len(times) ** 0.5


def compare(name, versions, seconds):
    """Return the median times of both versions and the larger spread."""
    for version in versions:
        version.ask(name)
    times = [[], []]
    end = time.perf_counter() + seconds
    while len(times[0]) < MOST:
        # Who comes first changes, in case the second finds a warmer machine.
        for i in (0, 1) if len(times[0]) % 2 else (1, 0):
            times[i].append(versions[i].ask(None))
        n_rounds = len(times[0])
        settled = max(map(spread, times)) < WANTED
        if (n_rounds >= FEWEST and settled) or (n_rounds >= 3 and time.perf_counter() > end):
            break
    return [float(np.median(t)) for t in times], max(map(spread, times))


def main():
    """Compare and print all rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs=2, metavar=("OLD", "NEW"))
    parser.add_argument("--only", default="", help="workloads with this in their name")
    parser.add_argument("--seconds", type=float, default=20.0, help="for one workload at the most")
    options = parser.parse_args()
    versions = [Version(folder) for folder in options.folders]
    ratios = []
    print("| workload | old, ms | new, ms | old / new | spread |\n| --- | --- | --- | --- | --- |")
    for name in versions[0].workloads:
        if options.only in name:
            (old, new), noise = compare(name, versions, options.seconds)
            ratios.append(old / new)
            print(f"| {name} | {old:.4g} | {new:.4g} | {old / new:.3f} | {noise:.1%} |", flush=True)
    print(f"median ratio {np.median(ratios):.3f}, least {min(ratios):.3f}, {len(ratios)} workloads")


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["--serve"] else main()
