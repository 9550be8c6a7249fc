"""The harness of benchmarks: results before times, and tables from the JSON of a run."""

import json
import os
import signal

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import report
from benchmarks.agree import same_diagrams, same_values
from benchmarks.pictures import draw, fit_exponent
from benchmarks.runner import ROOT, Child, new_row, prepare, take_turns
from benchmarks.workload import OURS, Workload, load_families

# Workloads ----------------------------------------------------------------------------------------


def test_workloads_are_well_formed():
    workloads = [one for module in load_families().values() for one in module.WORKLOADS]
    names = [one.name for one in workloads]
    assert len(set(names)) == len(names)
    for one in workloads:
        assert OURS in one.contestants
        assert len(one.sizes) >= 2
        assert list(one.sizes) == sorted(set(one.sizes))
        assert set(one.limits) <= set(one.contestants)
        assert set(one.readme) <= set(one.sizes)
        assert len({one.label_of(size) for size in one.sizes}) == len(one.sizes)


def test_families_say_what_bounds_them():
    for name, module in load_families().items():
        title, _, text = module.__doc__.strip().partition("\n\n")
        assert title.endswith("."), name
        assert len(text) > 100, name


# Agreement ----------------------------------------------------------------------------------------


def random_points(rng, n=200):
    births = rng.random(n)
    return np.column_stack([births, births + rng.exponential(0.1, n)])


def test_diagrams_agree_in_any_order_and_without_points_of_no_length():
    rng = np.random.default_rng(0)
    points = random_points(rng)
    other = rng.permutation(np.concatenate([points, [[0.5, 0.5], [0.0, np.inf]]]))
    other += 1e-16 * rng.standard_normal(other.shape)
    assert same_diagrams({0: [points]}, {0: [other]}, 1e-12) == ""


def test_near_ties_in_another_order_agree():
    points = np.array([[0.5, 1.0], [0.5 + 1e-15, 2.0]])
    other = np.array([[0.5 + 1e-15, 1.0], [0.5, 2.0]])
    assert same_diagrams({0: [points]}, {0: [other]}, 1e-12) == ""


def test_differences_are_named():
    points = random_points(np.random.default_rng(0))
    swapped = points.copy()
    swapped[[0, 1], 1] = swapped[[1, 0], 1]  # the same births and the same deaths
    assert "differs by" in same_diagrams({1: [points]}, {1: [swapped]}, 1e-12)
    assert "200 and 199 points" in same_diagrams({1: [points]}, {1: [points[1:]]}, 1e-12)
    assert "dimensions" in same_diagrams({0: [points]}, {1: [points]}, 1e-12)
    assert "1 and 2 diagrams" in same_diagrams({0: [points]}, {0: [points, points]}, 1e-12)
    moved = points + np.array([0, 1e-9])
    assert "differs by" in same_diagrams({1: [points]}, {1: [moved]}, 1e-12)
    assert same_diagrams({1: [points]}, {1: [moved]}, 1e-8) == ""


def test_values_agree_to_a_tolerance():
    assert same_values([1.0, 2.0], [1.0, 2.0 + 1e-12], 1e-11) == ""
    assert "differ by" in same_values([1.0, 2.0], [1.0, 2.1], 1e-3)
    assert "differ by" in same_values([1.0], [np.nan], 1e-3)
    assert "shapes" in same_values([1.0], [[1.0]], 1e-3)


# Rows ---------------------------------------------------------------------------------------------


class FakeChild:
    """A contestant with a result and a time; an exception is raised."""

    def __init__(self, result, ms):
        self.result, self.ms = result, ms

    def ask(self, what, *_):
        if isinstance(self.result, Exception):
            raise self.result
        return (self.result, 2.5) if what == "prepare" else self.ms


def make_result(children, size=8, seconds=0.1):
    """Return the JSON of one row of fake contestants."""
    contestants = dict.fromkeys(children)
    one = Workload("work", (8, 64), None, contestants, agree=same_values, readme=(size,))
    row = new_row("family", one, size)
    take_turns(row, prepare(row, one, size, children), children, seconds)
    return report.summarize({("work", size): row})


def test_a_wrong_result_withholds_time_and_ratio():
    children = {
        OURS: FakeChild([1.0, 2.0], 2.0),
        "right": FakeChild([1.0, 2.0], 6.0),
        "wrong": FakeChild([1.0, 2.5], 0.1),
        "missing": FakeChild(LookupError("some_package"), 0.1),
        "broken": FakeChild(RuntimeError("ValueError: no"), 0.1),
    }
    result = make_result(children)
    (row,) = result["rows"]
    assert row["cells"]["right"]["ms"] == [6.0, 6.0, 6.0]
    assert report.ratio(row, "right") == 3.0
    for name in ("wrong", "missing", "broken"):
        assert "ms" not in row["cells"][name]
        assert report.ratio(row, name) is None
    table = report.family_table(result, "family")
    assert "right 6.00 (3.0x, 2.5 MB)" in table
    assert "wrong: values differ by 2.5e-01" in table
    assert "missing: some_package is not installed" in table
    assert "broken: ValueError: no" in table
    assert report.readme_table(result).splitlines()[2:] == [
        "| work, 8 points | right 6.00 ms | 2.00 ms (3.0x) |"
    ]


def test_a_time_counts_only_beside_ours():
    result = make_result({OURS: FakeChild(RuntimeError("no"), 1.0), "peer": FakeChild([1.0], 1.0)})
    assert report.ratio(result["rows"][0], "peer") is None
    assert len(report.readme_table(result).splitlines()) == 2


def test_a_process_that_ends_is_a_problem_of_its_row():
    child = Child("nobody")
    try:
        os.kill(child.process.pid, signal.SIGKILL)
        child.process.wait()
        for _ in range(2):
            with pytest.raises(RuntimeError, match="process has ended"):
                child.ask("time")
    finally:
        child.close()


def test_runs_are_compared_by_their_spreads():
    old = make_result({OURS: FakeChild([1.0], 2.0), "peer": FakeChild([1.0], 3.0)})
    new = json.loads(json.dumps(old))
    new["rows"][0]["cells"][OURS]["ms"] = [1.9, 2.1, 2.2]
    new["rows"][0]["cells"]["peer"]["ms"] = [3.1, 3.2, 3.25]
    lines = report.compare_runs(old, new)
    assert lines == [
        "work, 8 points: peer 3.00 to 3.20 ms (+6.7%)",
        "1 of 2 medians agree within their spreads",
    ]


# Pictures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_exponents_are_found_behind_the_overhead_of_a_call(exponent):
    sizes = np.array([10, 1e4, 1e5, 1e6])
    values = 3e-6 * sizes**exponent
    values[0] += 5
    assert fit_exponent(sizes, values) == pytest.approx(exponent)
    assert fit_exponent(sizes[::-1], values[::-1]) == pytest.approx(exponent)
    assert np.isnan(fit_exponent([10], [1.0]))


# The command --------------------------------------------------------------------------------------


def test_two_families_from_end_to_end(tmp_path, capsys):
    path = tmp_path / "bench.json"
    arguments = ["lines of 100", "torus, built", "--quick", "--passes", "1", "--seconds", "0.01"]
    command.main([*arguments, "--json", str(path)])
    result = json.loads(path.read_text())
    assert result["complete"]
    assert result["versions"]["numpy"] == np.__version__
    rows = {(row["workload"], row["size"]): row["cells"] for row in result["rows"]}
    assert list(rows) == [
        ("lines of 100", 10), ("lines of 100", 100), ("torus, built", 1800), ("torus, built", 18000)
    ]  # fmt: skip
    for cells in rows.values():
        for cell in cells.values():
            assert "problem" not in cell
            low, middle, high = cell["ms"]
            assert 0 < low <= middle <= high
            assert cell["memory_mb"] >= 0
    shown = capsys.readouterr().out
    assert report.family_table(result, "lines") in shown
    draw(result, tmp_path)
    assert (tmp_path / "lines.png").stat().st_size > 10_000
    assert "### Functions on a line" in report.page(result)


def test_an_interrupted_run_leaves_what_it_has(tmp_path, monkeypatch, capsys):
    one = Workload("work", (8,), None, {OURS: None})

    def run(chosen, seconds, passes, quick, rows, after_family):
        rows["work", 8] = row = new_row("family", one, 8)
        row["cells"][OURS] = {"rounds": [1.0, 2.0, 3.0], "memory": 0.0, "problem": ""}
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run", run)
    path = tmp_path / "bench.json"
    command.main(["lines", "--json", str(path)])
    result = json.loads(path.read_text())
    assert not result["complete"]
    assert result["rows"][0]["cells"][OURS]["ms"] == [1.5, 2.0, 2.5]
    assert "Interrupted" in capsys.readouterr().out


def test_names_that_no_workload_has_are_refused():
    with pytest.raises(SystemExit, match="no workload"):
        command.main(["nothing like it"])


# What is committed --------------------------------------------------------------------------------


def test_tables_and_page_are_what_the_committed_run_renders_to():
    result = json.loads((ROOT / "docs" / "bench.json").read_text())
    assert result["complete"]
    assert report.marked(ROOT / "README.md") == report.readme_table(result)
    assert report.marked(ROOT / "docs" / "performance.md") == report.page(result)
