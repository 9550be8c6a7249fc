"""Contestants in processes of their own, which take turns."""

import contextlib
import os
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .workload import OURS

ROOT = Path(__file__).parents[1]
CHILD = Path(__file__).with_name("child.py")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PASSES = 2  # each in new processes, so that the spread knows their layout of memory
FEWEST, MOST = 2, 9  # rounds of a contestant in a pass
LIMIT = 300  # seconds until an answer is given up


class Child:
    """A contestant in a process of its own."""

    def __init__(self, name, folder=ROOT):
        threads = "2" if name.endswith("2 threads") else "1"
        path = [str(Path(folder).resolve()), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}
        environment |= dict.fromkeys(THREADS, threads)
        self.connection, theirs = Pipe()
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), str(theirs.fileno()), name],
            env=environment, pass_fds=[theirs.fileno()], cwd=ROOT, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        theirs.close()
        self.failure = ""

    def send(self, *what):
        """Ask for a method of `child.Contestant`."""
        with contextlib.suppress(BrokenPipeError):  # `receive` finds that the process has ended
            self.connection.send(what)

    def receive(self):
        """Return the next answer, or an error as an object."""
        try:
            if not self.failure and self.connection.poll(LIMIT):
                return self.connection.recv()
            self.failure = self.failure or f"no answer in {LIMIT} s"
        except (EOFError, ConnectionResetError):
            self.failure = "the process has ended, for lack of memory perhaps"
        return RuntimeError(self.failure)

    def ask(self, *what):
        """Ask for a method of `child.Contestant`; return what it returns, or raise its error."""
        self.send(*what)
        answer = self.receive()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        """End the process."""
        self.connection.close()
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def open_children(names, family, workloads, folders=None):
    """Start a child for each name, which import what they need all at once; end them at the end."""
    children = {}
    try:
        for name in names:
            contestant = name if folders is None else OURS
            child = Child(contestant, ROOT if folders is None else folders[name])
            children[name] = child
            first = next(one for one in workloads if contestant in one.contestants)
            child.send("prepare", family, first.name, first.sizes[0])
        for child in children.values():
            child.receive()  # errors come again with the row
        yield children
    finally:
        for child in children.values():
            child.close()


def prepare(row, workload, size, children, reference=OURS):
    """Let children compute; note memory, differences and failures; return who may be timed."""
    results = {}
    for name, child in children.items():
        cell = row["cells"].setdefault(name, {"rounds": [], "memory": 0.0, "problem": ""})
        try:
            results[name], used = child.ask("prepare", row["family"], workload.name, size)
        except LookupError as error:
            cell["problem"] = f"{error.args[0]} is not installed"
            continue
        except RuntimeError as error:
            cell["problem"] = str(error)
            continue
        cell["memory"] = max(cell["memory"], used)
        if name != reference and reference in results:
            found = workload.agree(results[reference], results[name], workload.tolerance)
            cell["problem"] = cell["problem"] or found
    return [name for name in results if not row["cells"][name]["problem"]]


def take_turns(row, names, children, seconds):
    """Time rounds in turn until each has had its seconds; who comes first changes."""
    spent = dict.fromkeys(names, 0.0)
    for number in range(MOST):
        left = [name for name in names if number < FEWEST or spent[name] < 1e3 * seconds]
        for name in left if number % 2 else reversed(left):
            try:
                ms = children[name].ask("time")
            except RuntimeError as error:
                row["cells"][name]["problem"] = str(error)
                spent[name] = np.inf
                continue
            row["cells"][name]["rounds"].append(ms)
            spent[name] += max(ms, 20.0)


def run(chosen, seconds, passes=PASSES, quick=False, rows=None, after_family=None):
    """Time all rows.

    Parameters
    ----------
    chosen : dict of str to list of Workload
        The workloads of each family.
    seconds : float
        For a contestant in a row and pass; each has `FEWEST` rounds at least, `MOST` at most.
    passes : int, default=2
        How often all is done, in new processes.
    quick : bool, default=False
        Take the two smallest sizes only.
    rows : dict, default=None
        Where rows are put as they come, so that a run that is interrupted leaves them.
    after_family : callable, default=None
        Called after each family.

    Returns
    -------
    dict of (str, int) to dict
        Rows by workload and size: family, workload, size, unit, label, readme and cells; a cell has
        the medians of rounds in ms, memory in MB, and the problem of a contestant, if any.
    """
    rows = {} if rows is None else rows
    total = passes * sum(len(sizes_of(found, quick)) for found in chosen.values())
    with tqdm(total=total, unit="row", smoothing=0) as progress:
        for _ in range(passes):
            for family, found in chosen.items():
                names = dict.fromkeys(name for one in found for name in one.contestants)
                with open_children(names, family, found) as children:
                    for workload, size in sizes_of(found, quick):
                        progress.set_description(workload.label_of(size)[:40])
                        row = new_row(family, workload, size)
                        row = rows.setdefault((workload.name, size), row)
                        those = {name: children[name] for name in workload.names_at(size)}
                        take_turns(row, prepare(row, workload, size, those), children, seconds)
                        progress.update()
                if after_family is not None:
                    after_family()
    return rows


def sizes_of(workloads, quick):
    """Return [(workload, size)] of all sizes, or of the two smallest ones of each."""
    return [(one, size) for one in workloads for size in one.sizes[: 2 if quick else None]]


def new_row(family, workload, size):
    """Return a row without times."""
    return {
        "family": family,
        "workload": workload.name,
        "size": size,
        "unit": workload.unit,
        "label": workload.label_of(size),
        "readme": size in workload.readme,
        "cells": {},
    }
