"""The process of a contestant: it prepares workloads, computes results, and times rounds.

It is started by `runner.py` with the number of an open connection and the name of the contestant,
and answers what it is asked. The folder before it in PYTHONPATH says which skltopo it imports.
"""

import ctypes
import gc
import importlib
import resource
import signal
import sys
import time
import warnings
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUND = 0.02  # seconds that calls of a round are repeated for
SEED = 0
MB = 2.0**20


def memory(name):
    """Return VmRSS or VmHWM in MB, as Linux tells them; elsewhere the peak of the process."""
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(name)) / 1024
    except FileNotFoundError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB


def forget_peak():
    """Give freed memory back, and let the peak start again from here, where Linux can."""
    gc.collect()
    if sys.platform == "linux":
        getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)(0)
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")


class Contestant:
    """One contestant of the workloads of a family."""

    def __init__(self, name):
        self.name = name
        self.call = None
        self.warmed = set()

    def _find(self, family, name, size):
        """Return (call, result) for a workload, prepared."""
        import numpy as np

        module = importlib.import_module(f"benchmarks.workloads.{family}")
        workload = next(one for one in module.WORKLOADS if one.name == name)
        contestant = workload.contestants[self.name]
        if name not in self.warmed:  # imports, threads and tables are not memory of the work
            contestant(workload.make_input(workload.sizes[0], np.random.default_rng(SEED)))[0]()
            self.warmed.add(name)
        return contestant(workload.make_input(size, np.random.default_rng(SEED)))

    def prepare(self, family, name, size):
        """Call once; return (result, MB by which the call has raised the process)."""
        self.call = None
        call, result = self._find(family, name, size)
        forget_peak()
        before = memory("VmRSS")
        raw = call()
        peak = memory("VmHWM") - before
        found = result(raw)
        del raw
        self.call = call
        gc.collect()
        return found, max(peak, 0.0)

    def time(self):
        """Return the median time of a call in ms, over a round."""
        times, end = [], time.perf_counter() + ROUND
        while not times or time.perf_counter() < end:
            begin = time.perf_counter()
            self.call()
            times.append(1e3 * (time.perf_counter() - begin))
        return sorted(times)[len(times) // 2]


def main():
    """Answer until the connection is closed."""
    # This folder's workloads, whatever else is called benchmarks on the path.
    sys.path.insert(0, str(ROOT))
    importlib.import_module("benchmarks")
    sys.path[:2] = []
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    warnings.simplefilter("ignore")  # those of other packages
    connection, contestant = Connection(int(sys.argv[1])), Contestant(sys.argv[2])
    while True:
        try:
            what, *arguments = connection.recv()
        except EOFError:
            return
        try:
            answer = getattr(contestant, what)(*arguments)
        except ModuleNotFoundError as error:
            answer = LookupError(error.name)
        except Exception as error:  # whatever a package raises is its result, and is shown
            answer = RuntimeError(f"{type(error).__name__}: {error}")
        connection.send(answer)


if __name__ == "__main__":
    main()
