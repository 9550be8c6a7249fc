"""Runs many calls in child processes, with a watchdog, and counts how they end.

Children are forks of one process that has imported everything. A child makes a batch of calls, one
after the other; before each it writes the number of the call into memory that it shares with its
parent. So a crash or a hang is one call, and the next child goes on behind it.
"""

import bisect
import faulthandler
import itertools
import json
import linecache
import mmap
import os
import random
import resource
import signal
import struct
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import tqdm

import skltopo

from . import layer_doors, learning_doors, torch_doors
from .checks import has_nan
from .doors import DOORS
from .inputs import Draw

__all__ = ["KINDS", "Report", "fuzz", "make_call", "one_call"]

assert None not in (layer_doors, learning_doors, torch_doors)  # imported for their doors

#: How a call ends. The first two are right.
KINDS = ("returned", "refused", "wrong", "warned", "nan", "broken", "crash", "hang", "harness")
FAULTS = KINDS[2:]
# Seconds after which a call hangs.
LIMIT = 20.0
# Calls of one child.
BATCH = 500
# Bytes that a child may take beyond what its parent has: huge sizes must be refused.
MEMORY = 4 << 30
PACKAGE = str(Path(__file__).resolve().parents[2] / "skltopo")
# Errors that say what is wrong, and those among their subclasses that say it to nobody.
SAID = (ValueError, TypeError, MemoryError)
UNSAID = (np.linalg.LinAlgError, UnicodeError, getattr(np, "exceptions", np).AxisError)


def choose_door(seed, number, names):
    """Return the name of the door of a call."""
    weights = list(itertools.accumulate(DOORS[name].weight for name in names))
    place = random.Random(f"{seed}-{number}").random() * weights[-1]
    return names[min(bisect.bisect(weights, place), len(names) - 1)]


def make_call(name, seed, number):
    """Return (draw, call) of one call."""
    draw = Draw(f"{seed}-{number}-{name}")
    return draw, DOORS[name].make(draw)


def _place_of(error):
    """Return the last place inside the package where an error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "skltopo" in frame.filename]
    frame = (own or frames)[-1]
    path = frame.filename.rpartition("skltopo/")[2] or frame.filename
    return f"{path}:{frame.lineno} {frame.name}"


def _is_raised_on_purpose(error):
    """Tell whether the last line that ran says ``raise``."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    line = frame.line or linecache.getline(frame.filename, frame.lineno or 0)
    return "raise" in line or "check" in line or frame.filename.endswith("fuzz/doors.py")


def one_call(name, seed, number):
    """Make a call, and return (kind, what went wrong or "", where)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numpy and torch, for what is hostile or deprecated
            draw, call = make_call(name, seed, number)
    except Exception as error:
        # What a call is given, such as a loss, may be refused before the call.
        place = _place_of(error)
        said = isinstance(error, (ValueError, TypeError)) and not place.startswith("/")
        return "refused" if said else "harness", f"{type(error).__name__}: {error}", place
    caught = []

    def keep(message, category, filename, lineno, file=None, line=None):
        if issubclass(category, RuntimeWarning) and "skltopo" in filename:
            path = filename.rpartition("skltopo/")[2]
            caught.append((f"RuntimeWarning: {message}", f"{path}:{lineno}"))

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = keep
        try:
            result = call()
        except AssertionError as error:
            own = traceback.extract_tb(error.__traceback__)[-1].filename
            kind = "broken" if "tests/fuzz" in own else "wrong"
            return kind, f"AssertionError: {error}", _place_of(error)
        except Exception as error:
            documented = (*SAID, *DOORS[name].documented)
            said = isinstance(error, documented) and not isinstance(error, UNSAID)
            what = f"{type(error).__name__}: {str(error)[:200]}"
            if not said or not str(error):
                return "wrong", what, _place_of(error)
            return "refused", "" if _is_raised_on_purpose(error) else what, _place_of(error)
    if caught:
        return "warned", *caught[0]
    if draw.plain and has_nan(result):
        return "nan", "a NaN from finite numbers", name
    return "returned", "", ""


def _show(name, seed, number):
    """Print the traceback of a call, for a person who looks for a fault."""
    draw, call = make_call(name, seed, number)
    cells = zip(call.__code__.co_freevars, call.__closure__ or (), strict=True)
    for variable, cell in cells:
        print(f"{variable} = {cell.cell_contents!r}")
    print("returned", repr(call()), "plain" if draw.plain else "hostile")


@dataclass
class Report:
    """Counts of calls by door and kind, and one example of each fault.

    Attributes
    ----------
    counts : Counter of (name, kind)
    faults : dict of (kind, name, where, error) to [count, first call, what]
    by_accident : dict
        As faults, for errors of a right kind that no line of the package raises.
    """

    counts: Counter = field(default_factory=Counter)
    faults: dict = field(default_factory=dict)
    by_accident: dict = field(default_factory=dict)
    seconds: Counter = field(default_factory=Counter)
    undefined: Counter = field(default_factory=Counter)

    def add(self, name, number, kind, what, where):
        """Count a call."""
        self.counts[name, kind] += 1
        if kind not in KINDS[:2] or what:
            group = self.faults if kind not in KINDS[:2] else self.by_accident
            key = (kind, name, where, what.split(":")[0])
            entry = group.setdefault(key, [0, number, what])
            entry[0] += 1

    def total(self, *kinds):
        """Return how many calls ended in one of these ways."""
        return sum(n for (_, kind), n in self.counts.items() if not kinds or kind in kinds)


class _Child:
    """A fork that makes the calls first to stop - 1, and tells its parent where it is."""

    def __init__(self, seed, names, numbers, folder):
        self.numbers = numbers
        self.done = 0
        self.state = mmap.mmap(-1, 16)
        self.lines = Path(folder) / f"{numbers[0]}-{time.monotonic_ns()}.jsonl"
        self.log = self.lines.with_suffix(".log")
        self.pid = os.fork()
        if self.pid == 0:
            self._work(seed, names)

    def _work(self, seed, names):
        code = 1
        try:
            with open(self.log, "w") as log, open(self.lines, "w") as lines:
                os.dup2(log.fileno(), 2)
                os.dup2(log.fileno(), 1)
                faulthandler.enable(log, all_threads=False)
                _limit_memory()
                for i, number in enumerate(self.numbers):
                    self.state[:] = struct.pack("<qd", i, time.monotonic())
                    name = choose_door(seed, number, names)
                    outcome = one_call(name, seed, number)
                    seconds = time.monotonic() - self.place()[1]
                    lines.write(json.dumps([name, number, seconds, *outcome]) + "\n")
                    if i % 50 == 0:
                        lines.flush()
            code = 0
        finally:
            os._exit(code)

    def place(self):
        """Return (index of the call that is made, when it began)."""
        return struct.unpack("<qd", self.state[:])

    def kill(self):
        """End a child that hangs; its stack goes to its log."""
        os.kill(self.pid, signal.SIGABRT)
        time.sleep(0.2)
        os.kill(self.pid, signal.SIGKILL)


def _limit_memory():
    """Refuse huge sizes at once; the address sanitizer itself reserves far more than any limit."""
    if "asan" in os.environ.get("LD_PRELOAD", ""):
        return
    with open("/proc/self/statm") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _said_by_sanitizers(log):
    """Return the findings in a log, each with the first frames of the package."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    found = []
    for i, line in enumerate(lines):
        if "runtime error:" in line or "ERROR: AddressSanitizer" in line:
            frames = [
                one.split(" in ")[1].split("(")[0] for one in lines[i + 1 : i + 4] if " in " in one
            ]
            found.append(" < ".join([line.rpartition("skltopo/")[2], *frames]))
    return found


def _last_frames(log):
    """Return what faulthandler wrote, in one line."""
    text = log.read_text(errors="replace") if log.exists() else ""
    lines = [line.strip() for line in text.splitlines() if "File" in line]
    own = [line for line in lines if "skltopo" in line] or lines
    signs = ("ERROR", "runtime error", "terminate", "what()", "corrupted", "free()", "malloc")
    said = [line for line in text.splitlines() if any(sign in line for sign in signs)]
    return (own[0].rpartition("skltopo/")[2] if own else "?"), " ".join(said[-1:])[:200]


def _warm():
    """Make ordinary calls, so that what they import is there in every child."""
    torch.set_num_threads(1)
    tqdm.tqdm.monitor_interval = 0  # no thread of its own, which forks would not have
    cloud = np.random.default_rng(0).random((12, 2))
    skltopo.filtrations.Alpha(2)(np.pad(cloud, ((0, 0), (0, 2))))
    skltopo.filtrations.VietorisRips(1, metric="cosine")(torch.from_numpy(cloud))
    skltopo.TopologicalRegression("maxima").fit(cloud, cloud[:, 0])
    skltopo.TopologicalRegressionCV("tv", cv=2, lams=2).fit(cloud, cloud[:, 0])
    skltopo.TopologicalRegression("tv", solver="adam", max_iter=1, tol=1e9).fit(cloud, cloud[:, 0])
    skltopo.TopologicalClassifier("tv", tol=1.0).fit(cloud, cloud[:, 0] > 0.5)
    skltopo.TopoShaper("clusters", max_iter=1, tol=1e9, n_iter_no_change=1).fit_transform(cloud)
    skltopo.kernels.SlicedWassersteinKernel("rips").fit_transform([cloud, cloud])
    skltopo.PersistenceFeatures().fit(cloud).to_torch()(torch.from_numpy(cloud))
    live = torch.from_numpy(cloud).requires_grad_()
    skltopo.Energy()(skltopo.filtrations.LevelSet(2)(live)).backward()


def fuzz(calls, seed=0, only=None, jobs=1, first=0, batch=BATCH, progress=None):
    """Make calls and count how they end.

    Parameters
    ----------
    calls : int
    seed : int, default=0
    only : sequence of str, default=None
        Names of doors, or parts of them; None for all.
    jobs : int, default=1
        Processes.
    first : int, default=0
        Number of the first call.
    batch : int, default=500
        Calls of one process.
    progress : callable, default=None
        Called with the `Report` after each batch.

    Returns
    -------
    Report
    """
    _warm()
    names = sorted(name for name in DOORS if not only or any(part in name for part in only))
    if not names:
        raise ValueError(f"no door is named {only!r}")
    report = Report()
    todo = [range(i, min(i + batch, first + calls)) for i in range(first, first + calls, batch)]
    todo.reverse()
    running = []
    with tempfile.TemporaryDirectory() as folder:
        while todo or running:
            while todo and len(running) < jobs:
                running.append(_Child(seed, names, todo.pop(), folder))
            time.sleep(0.02)
            for child in list(running):
                pid, status = os.waitpid(child.pid, os.WNOHANG)
                index, began = child.place()
                hangs = not pid and began and time.monotonic() - began > LIMIT
                if hangs:
                    child.kill()
                    _, status = os.waitpid(child.pid, 0)
                if not pid and not hangs:
                    continue
                running.remove(child)
                rest = _collect(report, child, status, index, hangs, seed, names)
                if status and not hangs and len(child.numbers) > 1:
                    _tell_if_alone(report, child.numbers[index], seed, names, folder)
                if len(rest):
                    todo.append(rest)
                if progress is not None:
                    progress(report)
    return report


def _tell_if_alone(report, number, seed, names, folder):
    """Add to a crash whether the call crashes in a process of its own, or after others only."""
    child = _Child(seed, names, range(number, number + 1), folder)
    _, status = os.waitpid(child.pid, 0)
    for key, fault in report.faults.items():
        if key[0] == "crash" and fault[1] == number:
            fault[2] += " (alone, too)" if status else " (not alone: after others of its process)"


def _collect(report, child, status, index, hangs, seed, names):
    """Count the calls of a child that has ended; return those that it has not made."""
    known = set()
    for line in child.lines.read_text().splitlines() if child.lines.exists() else ():
        try:
            name, number, seconds, *outcome = json.loads(line)
        except ValueError:
            continue  # the line that was being written
        known.add(number)
        report.seconds[name] += seconds
        report.add(name, number, *outcome)
    report.undefined.update(_said_by_sanitizers(child.log))
    if status == 0 and not hangs:
        return range(0)
    numbers = child.numbers
    for number in numbers[:index]:
        if number not in known:  # counted by the child, but not written before it ended
            report.add(choose_door(seed, number, names), number, "returned", "", "")
    where, said = _last_frames(child.log)
    signal_name = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "exit"
    what = f"more than {LIMIT:g} s" if hangs else f"{signal_name} {said}".strip()
    number = numbers[index]
    report.add(choose_door(seed, number, names), number, "hang" if hangs else "crash", what, where)
    return numbers[index + 1 :]
