"""A bounded part of the fuzzer, and what it promises: every public name is called."""

import pytest

from tests.fuzz.doors import DOORS, public_names
from tests.fuzz.run import FAULTS, KINDS, fuzz, make_call, one_call

SEED = 12


def test_every_public_name_has_a_door():
    doors = {name.partition(":")[0] for name in DOORS}
    missing = [names for names in public_names().values() if not doors & set(names)]
    assert not missing, f"public names without a door in tests/fuzz: {missing}"


def test_every_door_is_of_a_public_name():
    public = {name for names in public_names().values() for name in names}
    assert {name.partition(":")[0] for name in DOORS} <= public


def test_a_call_is_made_again_by_its_number():
    for number in range(20):
        name = "skltopo.datasets.make_circle"
        assert one_call(name, SEED, number) == one_call(name, SEED, number)
    first, again = (make_call("skltopo.summaries.join", 0, 3)[0] for _ in range(2))
    assert first.random.random() == again.random.random()


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="children are forks")
def test_calls_return_or_are_refused():
    report = fuzz(3000, SEED)
    assert report.total() == 3000
    lines = [
        f"{kind} x{n}: {name} at {where}: {what} "
        f"(python -m tests.fuzz --seed {SEED} --only {name} --call {number})"
        for (kind, name, where, _), (n, number, what) in sorted(report.faults.items())
    ]
    assert not report.total(*FAULTS), "\n".join(lines)
    assert report.total(*KINDS[:1]) > 1500
