"""``python -m tests.fuzz``: calls every public name with random arguments, and counts."""

import argparse
import sys
import time
from pathlib import Path

from .doors import DOORS
from .run import FAULTS, KINDS, _show, fuzz, one_call


def _print_faults(title, group, seed):
    print(f"\n{title}: {len(group)} places")
    for (kind, name, where, _), (n, number, what) in sorted(group.items()):
        print(f"{kind:8} {n:6} {name} | {where} | {what}")
        print(f"         python -m tests.fuzz --seed {seed} --only {name} --call {number}")


HEAD = """# How calls with random arguments end

`{command}` wrote this table: calls of every public name by how they end. What the
columns mean is told in [safety.md](safety.md).

| name | calls | returned | refused | {faults} |
| --- | {rule} |
"""


def write_table(report, calls, seed, path):
    """Write the counts by public name to a file of the documentation."""
    command = f"python -m tests.fuzz --seed {seed} --calls {calls} --table {path}"
    lines = [
        HEAD.format(
            command=command,
            faults=" | ".join(FAULTS),
            rule=" | ".join(["---:"] * (len(KINDS) + 1)),
        )
    ]
    for name in sorted(DOORS):
        counts = [report.counts[name, kind] for kind in KINDS]
        lines.append(f"| `{name}` | {' | '.join(map(str, [sum(counts), *counts]))} |\n")
    counts = [report.total(kind) for kind in KINDS]
    lines.append(f"| all | {' | '.join(map(str, [sum(counts), *counts]))} |\n")
    Path(path).write_text("".join(lines))


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", help="part of the name of a door")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--call", type=int, help="make this one call of --only, and show it")
    parser.add_argument("--table", help="file to which counts are written")
    given = parser.parse_args(arguments)
    if given.call is not None:
        (name,) = [name for name in DOORS if name == given.only[0]]
        print(one_call(name, given.seed, given.call))
        _show(name, given.seed, given.call)
        return 0
    start = time.monotonic()
    report = fuzz(given.calls, given.seed, given.only, given.jobs)
    seconds = time.monotonic() - start
    _print_faults("Refused by accident", report.by_accident, given.seed)
    _print_faults("Faults", report.faults, given.seed)
    for said, n in report.undefined.most_common():
        print(f"sanitizers {n:6} {said}")
    print("\nSeconds by name:")
    for name, spent in report.seconds.most_common(12):
        n = sum(report.counts[name, kind] for kind in KINDS)
        print(f"{spent:8.1f} {name}, {1e3 * spent / n:.2f} ms a call")
    print(f"\n{report.total()} calls in {seconds:.0f} s, {report.total() / seconds:.0f} a second:")
    print(", ".join(f"{kind} {report.total(kind)}" for kind in KINDS))
    if given.table:
        write_table(report, given.calls, given.seed, given.table)
    return int(report.total(*FAULTS) + report.undefined.total() > 0)


if __name__ == "__main__":
    sys.exit(main())
