"""Alpha on clouds whose spheres agree up to rounding, beside gudhi's exact one.

Counts, by family and dimension: clouds, those whose diagrams differ from gudhi's by more than 1e-9
of the diameter (bottleneck distance, in any dimension of homology), and those that raise.

    python benchmarks/studies/alpha_degenerate.py --dims 2 3 4 5 --clouds 5000
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from near_degenerate import FAMILIES, cloud, exact_diagrams

from skltopo.distances import bottleneck_distance
from skltopo.filtrations import Alpha


def difference(points):
    """Return the largest bottleneck distance to gudhi's diagrams, in units of the diameter."""
    diameter = np.linalg.norm(np.ptp(points, axis=0)) or 1.0
    ours = Alpha(max_dim=points.shape[1] - 1)(points)
    worst = 0.0
    for dim, theirs in enumerate(exact_diagrams(points)):
        finite = ours[dim][np.isfinite(ours[dim][:, 1])]
        worst = max(worst, bottleneck_distance(finite, theirs) / diameter)
    return worst


def main():
    """Count, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dims", type=int, nargs="+", default=[2, 3, 4, 5])
    parser.add_argument("--clouds", type=int, default=200, help="of each dimension")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--family", nargs="+", default=FAMILIES)
    parser.add_argument("--show", action="store_true", help="print the seeds of what differs")
    options = parser.parse_args()
    print("| family | d | clouds | differ | raise | worst, of the diameter |")
    print("| --- | --- | --- | --- | --- | --- |")
    totals = {}
    for d in options.dims:
        count = -(-options.clouds // len(options.family))
        for family in options.family:
            differ = raised = 0
            worst = 0.0
            for i in range(count):
                seed = [options.seed, d, FAMILIES.index(family), i]
                points = cloud(family, d, np.random.default_rng(seed))
                try:
                    distance = difference(points)
                except (ValueError, RuntimeError) as error:
                    raised += 1
                    if options.show:
                        print(seed, error)
                    continue
                worst = max(worst, distance)
                if not distance <= 1e-9:
                    differ += 1
                    if options.show:
                        print(seed, distance)
            print(f"| {family} | {d} | {count} | {differ} | {raised} | {worst:.1e} |", flush=True)
            total = totals.setdefault(d, [0, 0, 0])
            for k, value in enumerate((count, differ, raised)):
                total[k] += value
    for d, (count, differ, raised) in totals.items():
        print(f"| all | {d} | {count} | {differ} | {raised} | |")


if __name__ == "__main__":
    main()
