"""docs/testing.md, written by a test run: ``python -m tests.report --run`` runs all tests.

``python -m tests.report`` writes the page from the last run, which is kept in build/test_report/.
``--add`` runs some tests and adds them to it. Arguments after ``--run`` or ``--add`` go to pytest.
The text is in report_page.md. This module is also the pytest plugin of that run: it notes how each
test ends and how long it takes, and counts calls of the slow oracles by test file. A call of an
oracle is one input whose result is compared.
"""

import argparse
import ast
import functools
import importlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/testing.md"
TEXT = ROOT / "tests/report_page.md"
NOTES = ROOT / "build/test_report"

# The slow, obvious implementations. Those of one test file alone are not here, nor counted.
ORACLES = {
    "oracles": "reduce_boundary simplicial_persistence cubical_persistence reduce_in_order",
    "cloud_oracles": "weak_alpha_pairs alpha_points",
    "delaunay_oracles": "weak_alpha_oracle alpha_oracle",
    "proximal_oracles": "best_partition_cost best_pattern_cost few_maxima_change monotone_change",
    "rips_oracles": "rips_persistence spanning_tree",
    "near_degenerate": "exact_diagrams",
}
# Beginnings of the names of test files, by the room that they test; others are of the whole house.
ROOMS = {
    "`_persistence`, `_utils`": "reduction pairs parallel hints",
    "`_kernels/grids`": "level_set volumes blocks features few_maxima critical_regions",
    "`_kernels/delaunay`": "alpha delaunay",
    "`_kernels/rips`": "rips planar_rips emst dense_trees",
    "`_kernels/fits`": "proximal penalties solvers regression",
    "`_kernels/matchings`": "distances",
    "`diagrams`, `filtrations`": "diagrams simplicial adding_a_filtration pieces_that_fit near_deg",
    "`energies`, `summaries`, `metrics`": "energies summaries metrics scales_of essential_of",
    "`nn`, `attacks`, `generative`": "nn_ to_torch attacks cuda critical_sets generative discrimin",
    "estimators": "persistence_diagrams vectorize denoising embedding shaping peers_of_diagrams",
    "`plotting`, `datasets`": "displays diagram_displays weight_displays shaping_display datasets",
}
PACKAGES = (
    "numpy scipy scikit-learn torch gudhi ripser giotto-ph persim POT geoph cripser hypothesis"
)


# The plugin


class Notes:
    """What one process of the run has seen."""

    def __init__(self):
        self.file, self.depth = "", 0
        self.oracle_calls, self.examples, self.tests = Counter(), Counter(), {}

    def count(self, function):
        """Return function, whose calls from outside of all oracles are counted."""

        @functools.wraps(function)
        def counted(*args, **kwargs):
            if self.depth == 0:
                self.oracle_calls[self.file] += 1
            self.depth += 1
            try:
                return function(*args, **kwargs)
            finally:
                self.depth -= 1

        return counted


notes = Notes()


def pytest_sessionstart(session):
    """Wrap the oracles, before test files import them."""
    sys.path.insert(0, str(ROOT / "tests"))
    for module_name, names in ORACLES.items():
        module = importlib.import_module(module_name)
        for name in names.split():
            setattr(module, name, notes.count(getattr(module, name)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Note which file the calls to come belong to, and how many examples hypothesis may draw."""
    file = item.nodeid.split("::")[0]
    if file != notes.file:  # a run that is ended early leaves what it has seen
        write_notes()
    notes.file = file
    settings = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
    if settings is not None:
        notes.examples[notes.file] += settings.max_examples


def pytest_runtest_logreport(report):
    """Note how a test ended and how long it took."""
    outcome, seconds, reason = notes.tests.get(report.nodeid, ("passed", 0.0, ""))
    if report.outcome != "passed" and outcome != "failed":
        outcome = report.outcome
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    notes.tests[report.nodeid] = (outcome, seconds + report.duration, reason)


def pytest_sessionfinish(session):
    """Write the notes of this process."""
    write_notes()


def write_notes():
    """Write the notes; those of a process that hands tests out to others have no calls."""
    NOTES.mkdir(parents=True, exist_ok=True)
    name = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-{os.getpid()}"
    known = {key: vars(notes)[key] for key in ("oracle_calls", "examples", "tests")}
    (NOTES / f"{name}.json").write_text(json.dumps(known))


# The page


def run_tests(arguments, is_new):
    """Run pytest with this plugin; forget the last run if this one is new."""
    NOTES.mkdir(parents=True, exist_ok=True)
    if is_new:
        for old in NOTES.glob("*.json"):
            old.unlink()
        about = {"arguments": arguments, "n_more": 0}
    else:
        about = json.loads((NOTES / "run.json").read_text())
        about["n_more"] += 1
    about["date"] = time.strftime("%Y-%m-%d")
    (NOTES / "run.json").write_text(json.dumps(about))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.report", *arguments]
    subprocess.run(command, cwd=ROOT, check=False)


def collect():
    """Return the names of all tests."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q"]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [line for line in lines.splitlines() if "::" in line]


def read_notes():
    """Return (tests, oracle calls by file, examples by file, what is known of the run)."""
    tests, calls, examples = {}, Counter(), Counter()
    # Of a test that ran more than once, the last run counts.
    for path in sorted(NOTES.glob("*.json"), key=lambda path: path.stat().st_mtime):
        if path.stem == "run":
            continue
        known = json.loads(path.read_text())
        tests.update(known["tests"])
        calls.update(known["oracle_calls"])
        examples.update(known["examples"])
    return tests, calls, examples, json.loads((NOTES / "run.json").read_text())


def room_of(path):
    """Return the room that a test file belongs to."""
    if path.startswith("skltopo"):
        return "examples of docstrings (doctests)"
    name = Path(path).stem.removeprefix("test_")
    places = {start: room for room, starts in ROOMS.items() for start in starts.split()}
    fitting = [start for start in places if name.startswith(start)]
    return places[max(fitting, key=len)] if fitting else "the whole house"


def first_sentence(path):
    """Return the first line of the docstring of a file, without its full stop, or its name."""
    docstring = ast.get_docstring(ast.parse((ROOT / path).read_text())) or Path(path).stem
    return docstring.split("\n")[0].rstrip(".")


def table(head, rows):
    """Return a table in Markdown; columns but the first are numbers if their names end in ':'."""
    rule = ["---:" if name.endswith(":") else "---" for name in head]
    lines = [[name.rstrip(":") for name in head], rule, *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def room_table(collected, tests):
    """Return the table of tests by room."""
    counts = Counter(room_of(name.split("::")[0]) for name in collected)
    ran, seconds = Counter(), Counter()
    for name, (_, duration, _) in tests.items():
        room = room_of(name.split("::")[0])
        ran[room] += 1
        seconds[room] += duration
    order = [*ROOMS, "the whole house", "examples of docstrings (doctests)"]
    rows = [(room, counts[room], ran[room], f"{seconds[room]:.0f}") for room in order]
    total = (len(collected), len(tests), f"{sum(seconds.values()):.0f}")
    return table(("room of `skltopo/`", "tests:", "ran:", "seconds:"), [*rows, ("all", *total)])


def oracle_table(calls, examples):
    """Return the table of inputs that were compared with an oracle, or drawn by hypothesis."""
    files = sorted({*calls, *examples}, key=lambda path: -calls[path] - examples[path])
    rows = [
        (f"`{path}`", first_sentence(path), f"{calls[path]:,}", f"{examples[path]:,}")
        for path in files
    ]
    total = ("all", "", f"{sum(calls.values()):,}", f"{sum(examples.values()):,}")
    head = ("test file", "what", "compared with an oracle:", "drawn by hypothesis, at most:")
    return table(head, [*rows, total])


def numbers_of_table(page, n_columns):
    """Return the rows of numbers of a table of the docs; what is no number is left out."""
    found = []
    for line in (ROOT / "docs" / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == n_columns and cells[0].strip("*") != "all":
            numbers = [cell for cell in cells if re.fullmatch(r"[-\d.e+]+", cell)]
            if len(numbers) >= n_columns - 2 and not set(cells) <= {"---", "---:"}:
                found.append([float(number) for number in numbers])
    return found


def other_facts():
    """Return what fuzzing, degenerate clouds and signals gave, from the pages of their runs."""
    fuzz = numbers_of_table("fuzz_counts.md", 11)
    clouds = numbers_of_table("alpha_counts.md", 6)
    signals = numbers_of_table("interrupts.md", 5)
    names = ("returned", "refused", "wrong", "warned", "nan", "broken", "crash", "hang", "harness")
    n_calls, *ends = (int(sum(column)) for column in zip(*fuzz, strict=True))
    ends = ", ".join(f"{name} {n:,}" for name, n in zip(names, ends, strict=True))
    n_clouds, differ, raised = (int(sum(row[i] for row in clouds)) for i in (1, 2, 3))
    waits, busy = (max(row[i] for row in signals) for i in (1, 2))
    return {
        "fuzz": f"{n_calls:,} calls of {len(fuzz)} public names; {ends}",
        "clouds": f"{n_clouds:,} clouds, {differ} differ, {raised} raise",
        "signals": f"{len(signals)} long calls; a signal waited at most {waits:.2f} s, of which "
        f"the thread had a processor for at most {busy:.2f} s",
    }


def skipped_lines(tests):
    """Return a line for each reason for which tests were skipped."""
    reasons = Counter(
        re.sub(r"^Skipped: ", "", reason) or "by a test itself"
        for outcome, _, reason in tests.values()
        if outcome == "skipped"
    )
    return "\n".join(f"- {n} skipped: {reason}" for reason, n in reasons.items()) or "- none"


def cpu_name():
    """Return the name of the processor as the system has it."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    return found[1] if found else platform.machine()


def versions():
    """Return names and versions of the packages that the tests used."""
    found = [f"Python {platform.python_version()}"]
    for name in PACKAGES.split():
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} missing")
    return ", ".join(found)


def write_page():
    """Write docs/testing.md from the notes of the last run."""
    tests, calls, examples, about = read_notes()
    collected = collect()
    ends = Counter(outcome for outcome, _, _ in tests.values())
    missing = len(set(collected) - set(tests))
    more = " (with `--add` for some more)" * (about["n_more"] > 0)
    partial = f"It is partial: {missing:,} of {len(collected):,} tests did not run." * (missing > 0)
    text = TEXT.read_text().format(
        command=" ".join(["python -m tests.report --run", *about["arguments"]]),
        more=more,
        date=about["date"],
        n_cores=os.cpu_count(),
        cpu=cpu_name(),
        system=platform.system(),
        machine=platform.machine(),
        versions=versions(),
        partial=partial,
        n_passed=ends["passed"],
        n_failed=ends["failed"],
        n_skipped=ends["skipped"],
        rooms=room_table(collected, tests),
        skipped=skipped_lines(tests),
        oracles=oracle_table(calls, examples),
        **other_facts(),
    )
    PAGE.write_text(re.sub(r" +\n", "\n", text))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--run", nargs=argparse.REMAINDER, help="run the tests before")
    parser.add_argument("--add", nargs=argparse.REMAINDER, help="run tests, keep those before")
    given = parser.parse_args()
    if given.run is not None:
        run_tests(given.run, is_new=True)
    elif given.add is not None:
        run_tests(given.add, is_new=False)
    write_page()
