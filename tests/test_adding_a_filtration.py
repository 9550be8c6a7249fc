"""The filtration that the documentation adds, by its code blocks and by the base class alone."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from oracles import simplicial_persistence
from sklearn.base import clone

PAGE = Path(__file__).parents[1] / "docs" / "adding_a_filtration.md"


@pytest.fixture(scope="module")
def page():
    """What the code blocks of the page define."""
    namespace = {"print": lambda *values: None}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(block, namespace)
    return namespace


def circle(n):
    return [(i,) for i in range(n)] + [tuple(sorted((i, (i + 1) % n))) for i in range(n)]


def test_the_page_prints_what_it_says(capsys):
    blocks = re.findall(r"```python\n(.*?)```\n(?:\n```\n(.*?)```)?", PAGE.read_text(), re.DOTALL)
    namespace = {}
    for code, expected in blocks:
        exec(code, namespace)
        assert capsys.readouterr().out == expected
    assert any(expected for _, expected in blocks)


def test_pairs_are_those_of_the_boundary_matrix(page, rng):
    filtration = page["CircleFunction"]()
    for _ in range(300):
        n = int(rng.integers(3, 9))
        values = rng.integers(0, 6, n).astype(float)
        order = np.argsort(values, kind="stable")
        rank = np.empty(n, int)
        rank[order] = np.arange(n)
        pairs, essential = simplicial_persistence(circle(n), rank)
        expected = [
            (values[order[b]], values[order[d]])
            for b, d in pairs[0]
            if values[order[b]] < values[order[d]]
        ]
        diagram = filtration(values)
        found = diagram.finite(0) if hasattr(diagram, "finite") else diagram[0][1:]
        assert sorted(map(tuple, found.tolist())) == sorted(expected)
        assert diagram.essential[0].tolist() == [order[essential[0][0]]]
        assert diagram.essential[1].tolist() == [order[essential[1][0]]]


def test_what_the_base_class_gives(page, rng):
    CircleFunction = page["CircleFunction"]
    batch = rng.random((2, 3, 7))
    filtration = CircleFunction()
    diagrams = filtration(batch)
    assert diagrams.shape == (2, 3)
    np.testing.assert_array_equal(diagrams[1, 2][0], filtration(batch[1, 2])[0])

    values = torch.tensor(batch[0, 0], requires_grad=True)
    birth = filtration(values)[1][0, 0]
    birth.backward()
    assert values.grad.argmax() == values.argmax()

    assert clone(CircleFunction(keep_zero=True)).keep_zero
    assert filtration.set_params(homology_dimensions=1).homology_dimensions == (1,)
    for wrong in ({"homology_dimensions": 2}, {"keep_zero": 1}, {"n_jobs": "two"}):
        with pytest.raises((TypeError, ValueError)):
            CircleFunction(**wrong)
    with pytest.raises(ValueError, match="finite"):
        filtration([0.0, np.nan, 1.0])
    for values in (3.0, [], np.empty((3, 0))):
        with pytest.raises(ValueError, match="its number of axes must be 1"):
            filtration(values)
    assert len(filtration(np.empty((0, 5)))) == 0
    assert (
        repr(filtration) == "CircleFunction(homology_dimensions=(1,), keep_zero=False, n_jobs=None)"
    )
