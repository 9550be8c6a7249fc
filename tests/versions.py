"""docs/versions.md, written by runs of the tests beside older and newer packages.

``python -m tests.versions`` makes virtual environments in build/versions: the lower bounds of
pyproject.toml with the oldest Python that is found (``oldest``), and the newest packages with each
(``3.10``, ``3.11``, ...). The package is built once for each Python, and installed as a wheel, so
that no test sees the source tree. The environment of the newest Python is the one in which
warnings of future removals are errors; elsewhere they are printed.

Interpreters are found by name on PATH, unless ``--python`` names them. ``--part`` runs the tests
that see most of other packages instead of all; other choices stand behind ``--``.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/versions.md"
TEXT = ROOT / "tests/versions_page.md"
BUILD = ROOT / "build/versions"

# What the tests read of the repository. The package itself is not among it: it is installed.
READ = "tests benchmarks docs examples packaging pyproject.toml setup.py Makefile constraints.txt"
READ += " README.md CHANGES.md CONTRIBUTING.md LICENSE MANIFEST.in"
WRITTEN = shutil.ignore_patterns("__pycache__", "api", "auto_examples", ".hypothesis")
# Tests of scikit-learn's conventions, pandas, gradients, warnings, examples of the docstrings.
PART = "features level_set vectorize persistence_diagrams embedding shaping regression to_torch"
PART += " nn_losses distances summaries displays energies docstrings"
REMOVALS = ("DeprecationWarning", "FutureWarning", "PendingDeprecationWarning")
SHOWN = ("numpy", "scipy", "scikit-learn", "torch")
NO_FREE_THREADED = (
    "There was no free-threaded Python: neither PyPI nor Debian has one as a package, and none was "
    "compiled from source, so that the package has not been run without the global lock."
)


# What is to run


def bounds():
    """Return the lower bounds of pyproject.toml: of Python, and a dict of those of packages."""
    text = (ROOT / "pyproject.toml").read_text()
    python = re.search(r'^requires-python = ">=([\d.]+)"$', text, re.MULTILINE)[1]
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)[1]
    return python, dict(re.findall(r'^ *"([\w-]+)>=([\d.]+)",$', block, re.MULTILINE))


def version_of(interpreter):
    """Return the version of an interpreter as ``3.10``, with a ``t`` if it is free-threaded."""
    code = "import sys, sysconfig; print('%d.%d' % sys.version_info[:2], end='')\n"
    code += "print('t' * bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"
    command = [interpreter, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def by_age(version):
    """Return the key that sorts versions of Python; a free-threaded one follows its twin."""
    return int(version.rstrip("t").split(".")[1]), version.endswith("t")


def interpreters(named):
    """Return paths by version of Python, the oldest first: those named, or those on PATH."""
    oldest = int(bounds()[0].split(".")[1])
    names = [f"python3.{minor}{kind}" for minor in range(oldest, 40) for kind in ("", "t")]
    paths = named or [*filter(None, map(shutil.which, names)), sys.executable]
    found = {version_of(path): path for path in paths}
    return {version: found[version] for version in sorted(found, key=by_age)}


def environments(pythons, pins):
    """Return (name, version of Python, constraints) of each environment."""
    least = [f"{name}=={version}" for name, version in bounds()[1].items() if name not in pins]
    kept = [f"{name}=={version}" for name, version in pins.items()]
    plan = [("oldest", next(iter(pythons)), least + kept)]
    return plan + [(version, version, kept) for version in pythons]


def newest(pythons):
    """Return the newest Python that has a global lock."""
    return [version for version in pythons if not version.endswith("t")][-1]


# One environment


def call(command, log, **settings):
    """Run a command whose output goes to a file; return whether it succeeded."""
    with log.open("a") as file:
        file.write(f"$ {' '.join(map(str, command))}\n")
        file.flush()
        return subprocess.call(command, stdout=file, stderr=file, **settings) == 0


def venv(name, interpreter, log):
    """Return the Python of the virtual environment of a name, with the newest pip."""
    folder = BUILD / name
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        subprocess.run([interpreter, "-m", "venv", folder], check=True)
        call([python, "-m", "pip", "install", "--upgrade", "pip"], log)
    return python


def built_wheel(interpreter, log):
    """Return the wheel of the package for a Python, or None.

    It is built in an environment that stays: a new one has a new Cython, whose files are younger
    than what it has written, and all is compiled again.
    """
    version = version_of(interpreter)
    python, folder = venv(f"build-{version}", interpreter, log), BUILD / f"wheel-{version}"
    shutil.rmtree(folder, ignore_errors=True)
    pip = [python, "-m", "pip"]
    text = (ROOT / "pyproject.toml").read_text()
    needed = re.findall('"(.*?)"', re.search(r"^requires = \[(.*)\]$", text, re.MULTILINE)[1])
    command = [*pip, "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", folder, ROOT]
    is_built = call([*pip, "install", *needed], log) and call(command, log)
    return next(folder.glob("*.whl")) if is_built else None


def made(name, interpreter, constraints, wheel, log):
    """Return the Python of an environment that has the wheel and what its tests need, or None."""
    wheel = wheel or built_wheel(interpreter, log)
    python, pins = venv(name, interpreter, log), BUILD / f"{name}.txt"
    pins.write_text("".join(f"{line}\n" for line in constraints))
    install = [python, "-m", "pip", "install", "--constraint", pins]
    if wheel is None or not call([*install, f"{wheel}[test]"], log):
        return None
    # pip takes a wheel of the version that is there for the one that is there.
    return python if call([*install, "--force-reinstall", "--no-deps", wheel], log) else None


def tree(name):
    """Return a copy of the repository without the package, for an environment."""
    folder = BUILD / f"tree-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in READ.split():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=WRITTEN)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def tested(python, name, is_newest, arguments, log):
    """Run the tests; return how many passed, failed and were skipped, or nothing if they crash."""
    counts = BUILD / f"{name}.xml"
    counts.unlink(missing_ok=True)
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={counts}"]
    # Else settings, and with them the package, would be those of the first folder that is above
    # both the tests and the environment.
    command += ["-c", "pyproject.toml", "--rootdir", "."]
    if not is_newest:
        command += [word for kind in REMOVALS for word in ("-W", f"default::{kind}")]
    call([*command, *arguments], log, cwd=tree(name), env={**os.environ, "OMP_NUM_THREADS": "1"})
    if not counts.exists():
        return {}
    suite = ElementTree.parse(counts).getroot().find("testsuite")
    total, failed, errors, skipped = (
        int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")
    )
    return {
        "passed": total - failed - errors - skipped,
        "failed": failed + errors,
        "skipped": skipped,
    }


def installed(python):
    """Return the version of Python and of the packages of an environment, and where ours is."""
    code = (
        "import json, platform, skltopo; from importlib.metadata import version\n"
        f"found = {{name: version(name) for name in {SHOWN}}}\n"
        "found['Python'] = platform.python_version(); found['path'] = skltopo.__file__\n"
        "print(json.dumps(found))"
    )
    run = subprocess.run(
        [python, "-c", code], check=True, capture_output=True, text=True, cwd=BUILD
    )
    return json.loads(run.stdout)


def check(name, version, constraints, given, pythons):
    """Make an environment, run its tests, and note what came of it."""
    label = f"oldest-{version}" if name == "oldest" else name
    log = BUILD / f"{label}.log"
    log.unlink(missing_ok=True)
    start = time.time()
    note = {"name": name, "date": time.strftime("%Y-%m-%d"), "Python": version}
    note["tests"] = "a part" if given.part else " ".join(given.pytest) or "all"
    note["pins"] = given.pin
    python = made(label, pythons[version], constraints, given.wheel, log)
    if python is None:
        note["end"] = "does not install"
    else:
        here = installed(python)
        package = Path(here.pop("path")).parent
        note.update(here)
        note["pip check"] = "ok" if call([python, "-m", "pip", "check"], log) else "conflicts"
        arguments = given.pytest or [*(part_of_tests() if given.part else ["tests"]), package]
        arguments += ["-n", str(given.processes)] if given.processes > 1 else []
        note.update(tested(python, label, name == newest(pythons), arguments, log))
        is_ok = note["pip check"] == "ok" and note.get("failed") == 0
        note["end"] = "ok" if is_ok else "fails" if "failed" in note else "crashes"
    note["minutes"] = round((time.time() - start) / 60)
    (BUILD / f"{label}.json").write_text(json.dumps(note, indent=1))
    where = f"(see {log.relative_to(ROOT)})" * (note["end"] != "ok")
    print(line_of(cells_of(note)), where, flush=True)
    return note["end"] == "ok"


def part_of_tests():
    """Return the test files of the part."""
    return [f"tests/test_{name}.py" for name in PART.split()]


# The page


def line_of(cells):
    """Return a line of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def cells_of(note):
    """Return the cells of an environment in the table."""
    name = " with ".join([note["name"], *note["pins"]])
    cells = [name, note["Python"], *(note.get(name, "") for name in SHOWN), note["tests"]]
    ends = [f"{note[key]:,}" for key in ("passed", "failed", "skipped") if key in note]
    return [*cells, *(ends or [note["end"], "", ""]), note.get("pip check", ""), note["date"]]


def write_page(notes):
    """Write docs/versions.md from the notes of all environments that were run."""
    notes = sorted(notes, key=lambda note: (note["name"] != "oldest", by_age(note["Python"])))
    python, packages = bounds()
    head = ["environment", "Python", *SHOWN, "tests", "passed", "failed", "skipped", "pip check"]
    rule = [
        "---:" if name in ("passed", "failed", "skipped") else "---" for name in (*head, "date")
    ]
    lines = [[*head, "date"], rule, *map(cells_of, notes)]
    threaded = any(note["name"].endswith("t") for note in notes if note["name"] != "oldest")
    text = TEXT.read_text().format(
        python=python,
        packages=", ".join(f"{name} {version}" for name, version in packages.items()),
        table="\n".join(map(line_of, lines)),
        part=", ".join(f"`{Path(name).name}`" for name in part_of_tests()),
        free_threaded="" if threaded else NO_FREE_THREADED,
    )
    PAGE.write_text(re.sub(r"\n{3,}", "\n\n", text))


def main():
    """Run what the command line asks for; return whether all passed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--python", action="append", default=[], help="an interpreter, by its path")
    parser.add_argument("--only", action="append", help="an environment: oldest, 3.11, ...")
    parser.add_argument("--part", action="store_true", help="run a part of the tests")
    parser.add_argument("--pin", action="append", default=[], help="a version: torch==2.13.0")
    parser.add_argument("--wheel", type=Path, help="a wheel of the package that fits, built before")
    parser.add_argument("--processes", type=int, default=1, help="how many run the tests")
    parser.add_argument("--write", action="store_true", help="write docs/versions.md afterwards")
    parser.add_argument("pytest", nargs="*", help="arguments of pytest, after --")
    given = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    pythons = interpreters(given.python)
    plan = environments(pythons, dict(pin.split("==") for pin in given.pin))
    ends = [
        check(name, version, constraints, given, pythons)
        for name, version, constraints in plan
        if given.only is None or name in given.only
    ]
    if given.write:
        write_page([json.loads(path.read_text()) for path in BUILD.glob("*.json")])
    return bool(ends) and all(ends)


if __name__ == "__main__":
    sys.exit(not main())
