"""Times and memory of skltopo beside its peers.

Each contestant runs in a process of its own, with one thread unless its name says two; they take
turns; what they compute is compared before a time counts. A time is the median over rounds, in two
passes with new processes; the spread is the interquartile range. Memory is by how much the first
call raises a process at its peak.

    python -m benchmarks                          # all families, about 25 minutes on two cores
    python -m benchmarks lines rips               # these, or workloads with this in their name
    python -m benchmarks --write                  # all, into docs/ and README.md: make bench
    python -m benchmarks --render                 # docs/ and README.md again, from docs/bench.json
    python -m benchmarks --compare OLD.json NEW.json  # medians that differ by more than spreads
    python -m benchmarks --versions OLD NEW rips  # folders with two compiled versions of skltopo/
"""

import argparse
import json
from pathlib import Path

from .pictures import draw
from .report import (
    compare_runs,
    family_table,
    page,
    readme_table,
    replace_marked,
    summarize,
    write_json,
)
from .runner import PASSES, ROOT, run
from .versions import compare_versions
from .workload import choose

DOCS = ROOT / "docs"


def write_pages(result, root=ROOT):
    """Write the pictures, and the tables of the page and of the README."""
    draw(result, root / "docs" / "images" / "bench")
    replace_marked(root / "docs" / "performance.md", page(result))
    replace_marked(root / "README.md", readme_table(result))


def save(rows, path, complete=False):
    """Write the JSON of the rows that there are; return the result."""
    result = summarize(rows, complete)
    write_json(result, path)
    return result


def measure(chosen, path, seconds, quick, passes):
    """Run; write the JSON after each family, and at Ctrl-C what there is. Return the result."""
    rows = {}
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        run(chosen, seconds, passes, quick, rows, after_family=lambda: save(rows, path))
    except KeyboardInterrupt:
        print(f"\nInterrupted; {path} has what was measured so far.")
        return save(rows, path)
    return save(rows, path, complete=True)


def parse(arguments):
    """Return the options."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("names", nargs="*", help="families, or parts of the names of workloads")
    add("--quick", action="store_true", help="the two smallest sizes of each workload")
    add("--seconds", type=float, default=0.6, help="of a contestant in a row and pass")
    add("--passes", type=int, default=PASSES, help="over all rows, each with new processes")
    add("--json", type=Path, default=Path("build/bench.json"), help="file for the results")
    add("--write", action="store_true", help="write docs/bench.json, pictures and tables")
    add("--render", action="store_true", help="write pictures and tables from docs/bench.json")
    add("--compare", type=Path, nargs="+", metavar="JSON", help="an older run, and a newer one")
    add("--versions", nargs=2, metavar="FOLDER", help="compare two versions of skltopo")
    options = parser.parse_args(arguments)
    if options.write and (options.names or options.quick):
        parser.error("--write needs all families at all sizes")
    return options


def main(arguments=None):
    """Do what the command line asks for."""
    options = parse(arguments)
    if options.render:
        write_pages(json.loads((DOCS / "bench.json").read_text()))
        return
    results = [json.loads(path.read_text()) for path in options.compare or ()]
    if len(results) < 2:
        chosen = choose(options.names)
        if not chosen:
            raise SystemExit(f"no workload has one of these in its name: {options.names}")
        if options.versions:
            compare_versions(options.versions, chosen, options.seconds, options.quick)
            return
        path = DOCS / "bench.json" if options.write else options.json
        result = measure(chosen, path, options.seconds, options.quick, options.passes)
        for family in dict.fromkeys(row["family"] for row in result["rows"]):
            print(f"\n{family}\n\n{family_table(result, family)}")
        if options.write and result["complete"]:
            write_pages(result)
        results.append(result)
    if options.compare:
        print(*compare_runs(*results[:2]), sep="\n")


if __name__ == "__main__":
    main()
