"""The script that writes the page on testing: what it counts, and the pages that it reads."""

from pathlib import Path

import pytest

from tests import report

TESTS = Path(__file__).parent


def test_calls_of_oracles_from_outside_are_counted():
    notes = report.Notes()
    notes.file = "tests/test_some.py"

    @notes.count
    def inner(x):
        return x + 1

    @notes.count
    def outer(x):
        return inner(inner(x))

    assert outer(1) == 3
    assert inner(1) == 2
    assert notes.oracle_calls == {"tests/test_some.py": 2}


def test_a_call_that_raises_is_counted_and_ends():
    notes = report.Notes()
    fails = notes.count(lambda: 1 / 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fails()
    assert notes.oracle_calls.total() == 2


def test_every_word_of_a_room_is_the_beginning_of_a_test_file():
    names = [path.stem.removeprefix("test_") for path in TESTS.glob("test_*.py")]
    for starts in report.ROOMS.values():
        for start in starts.split():
            assert any(name.startswith(start) for name in names), start


@pytest.mark.parametrize(("page", "n_columns"), [("fuzz_counts.md", 11), ("alpha_counts.md", 6)])
def test_sums_of_a_table_are_its_last_rows(page, n_columns):
    rows = report.numbers_of_table(page, n_columns)
    lines = (TESTS.parent / "docs" / page).read_text().splitlines()
    last = [line.strip("|").split("|") for line in lines if line.startswith("| all")]
    i = 0 if n_columns == 11 else 1
    assert sum(row[i] for row in rows) == sum(float(cells[i + 1]) for cells in last)


def test_other_facts_are_found():
    facts = report.other_facts()
    assert set(facts) == {"fuzz", "clouds", "signals"}
    assert "calls of" in facts["fuzz"]
