"""Rows to JSON, and JSON to tables in Markdown."""

import importlib.metadata
import json
import os
import platform
import re
from datetime import date
from pathlib import Path

import numpy as np

from .peers import DISTRIBUTIONS
from .workload import OURS, TWO_THREADS, load_families

START, END = "<!-- bench:start -->", "<!-- bench:end -->"


# --------------------------------------------------------------------------------------------------
# JSON
# --------------------------------------------------------------------------------------------------


def describe_machine():
    """Return what times depend on: processor, cores, memory, system; no name of a host."""
    cpu = platform.processor() or platform.machine()
    gigabytes = None
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
        cpu = found[1] if found else cpu
        gigabytes = round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gb": gigabytes,
        "system": f"{platform.system()} {platform.machine()}",
    }


def describe_versions():
    """Return {package: version} of what is installed among ours, our ground and the peers."""
    versions = {"python": platform.python_version()}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def summarize(rows, complete=True):
    """Return the result of `runner.run` as what JSON can hold: quartiles instead of rounds."""
    out = []
    for row in rows.values():
        cells = {}
        for name, cell in row["cells"].items():
            cells[name] = {"memory_mb": round(cell["memory"], 2)}
            if cell["problem"]:
                cells[name]["problem"] = cell["problem"]
            if cell["rounds"]:
                quartiles = np.percentile(cell["rounds"], [25, 50, 75])
                cells[name]["ms"] = [float(f"{q:.5g}") for q in quartiles]
                cells[name]["rounds"] = len(cell["rounds"])
        out.append({**row, "cells": cells})
    return {
        "date": date.today().isoformat(),
        "complete": complete,
        "machine": describe_machine(),
        "versions": describe_versions(),
        "rows": out,
    }


def write_json(result, path):
    """Write a result, one row a line, and not half of it if the process ends meanwhile."""
    rows = ",\n".join("  " + json.dumps(row) for row in result["rows"])
    rest = json.dumps({**result, "rows": []}, indent=1)
    whole = path.with_suffix(".part")
    whole.write_text(rest.replace('"rows": []', f'"rows": [\n{rows}\n ]') + "\n")
    whole.replace(path)


# --------------------------------------------------------------------------------------------------
# Tables
# --------------------------------------------------------------------------------------------------


def show(value):
    """Return a time in ms with three digits."""
    if value == 0:
        return "0"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    return f"{value:,.{min(digits, 4)}f}"


def show_memory(megabytes):
    """Return a size in MB, which is known to a tenth at best."""
    return f"{megabytes:,.{0 if megabytes >= 100 else 1}f}" if megabytes >= 0.1 else "< 0.1"


def show_ratio(value):
    """Return a ratio with two digits, and more near 1."""
    return f"{value:,.{2 if value < 2 else 1 if value < 10 else 0}f}x"


def counts(cell):
    """Tell whether the time of a cell counts: there is one, and nothing was wrong."""
    return "ms" in cell and not cell.get("problem")


def ratio(row, name):
    """Return how many times a contestant takes the time of ours, or None if it doesn't count."""
    ours, theirs = row["cells"].get(OURS, {}), row["cells"][name]
    return theirs["ms"][1] / ours["ms"][1] if counts(ours) and counts(theirs) else None


def peers_of(row):
    """Return the names of all contestants but ours."""
    return [name for name in row["cells"] if name not in (OURS, TWO_THREADS)]


def describe_cell(row, name):
    """Return a peer's name, time and ratio, or why they are withheld."""
    cell, times = row["cells"][name], ratio(row, name)
    if times is None:
        return f"{name}: {cell.get('problem') or 'no time'}"
    return (
        f"{name} {show(cell['ms'][1])} ({show_ratio(times)}, {show_memory(cell['memory_mb'])} MB)"
    )


def family_table(result, family):
    """Return the table of a family."""
    lines = [
        "| work | skltopo, ms | spread | MB | two threads, ms | peers: ms (ratio, MB) |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in result["rows"]:
        if row["family"] == family:
            ours, two = row["cells"].get(OURS, {}), row["cells"].get(TWO_THREADS, {})
            low, middle, high = ours.get("ms", [np.nan] * 3)
            cells = [
                row["label"],
                show(middle) if counts(ours) else ours.get("problem", ""),
                f"{(high - low) / middle:.0%}" if counts(ours) else "",
                show_memory(ours.get("memory_mb", 0)),
                show(two["ms"][1]) if counts(two) else two.get("problem", ""),
                ", ".join(describe_cell(row, name) for name in peers_of(row)),
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def readme_table(result):
    """Return the table of the README: chosen rows, each with the fastest peer that agrees."""
    lines = ["| work | peer | skltopo |", "| --- | --- | --- |"]
    for row in result["rows"]:
        ratios = {name: ratio(row, name) for name in peers_of(row)}
        ratios = {name: times for name, times in ratios.items() if times is not None}
        if row["readme"] and ratios:
            peer = min(ratios, key=ratios.get)
            theirs, ours = (row["cells"][name]["ms"][1] for name in (peer, OURS))
            cell = f"{show(ours)} ms ({show_ratio(theirs / ours)})"
            if counts(row["cells"].get(TWO_THREADS, {})):
                two = row["cells"][TWO_THREADS]["ms"][1]
                cell += f", 2 threads {show(two)} ms ({show_ratio(theirs / two)})"
            lines.append(f"| {row['label']} | {peer} {show(theirs)} ms | {cell} |")
    return "\n".join(lines)


def describe_run(result):
    """Return a sentence about machine, date and versions."""
    machine = result["machine"]
    versions = [f"{name} {version}" for name, version in result["versions"].items() if version]
    return (
        f"{result['date']}, {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['system']}; {', '.join(versions)}."
    )


def page(result, folder="images/bench"):
    """Return the part of docs/performance.md between the markers."""
    parts = [describe_run(result)]
    for family, module in load_families().items():
        if any(row["family"] == family for row in result["rows"]):
            title, _, text = module.__doc__.strip().partition("\n\n")
            parts.append(f"### {title.rstrip('.')}\n\n{text}")
            picture = f"Time and memory against size: {title.rstrip('.').lower()}"
            parts.append(f"![{picture}]({folder}/{family}.png)")
            parts.append(family_table(result, family))
    return "\n\n".join(parts)


def replace_marked(path, text):
    """Put text between the markers of a file."""
    before, _, rest = path.read_text().partition(START)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{path} must have the lines {START} and {END}")
    path.write_text(f"{before}{START}\n{text}\n{END}{after}")


def marked(path):
    """Return what is between the markers of a file."""
    return path.read_text().partition(START)[2].partition(END)[0].strip()


# --------------------------------------------------------------------------------------------------
# Two runs
# --------------------------------------------------------------------------------------------------


def compare_runs(old, new):
    """Return lines about medians that differ by more than the spreads of both runs together."""
    before = {(row["workload"], row["size"]): row["cells"] for row in old["rows"]}
    lines, n_cells = [], 0
    for row in new["rows"]:
        known = before.get((row["workload"], row["size"]), {})
        for name, cell in row["cells"].items():
            if counts(cell) and counts(known.get(name, {})):
                (a, b, c), (d, e, f) = known[name]["ms"], cell["ms"]
                n_cells += 1
                if abs(e - b) > (c - a) + (f - d):
                    change = f"{show(b)} to {show(e)} ms ({e / b - 1:+.1%})"
                    lines.append(f"{row['label']}: {name} {change}")
    return [*lines, f"{n_cells - len(lines)} of {n_cells} medians agree within their spreads"]
