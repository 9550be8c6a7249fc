"""Pairs, the answer of every pairing kernel: against sorting by numpy, and bad input."""

import numpy as np
import pytest

from skltopo._persistence import Pairs, join_pairs, no_pairs


def sorted_rows(rows, lengths, keep_zero):
    """Return rows by decreasing length, equal lengths in lexicographic order."""
    kept = lengths >= 0 if keep_zero else lengths > 0
    rows, lengths = rows[kept], lengths[kept]
    return rows[np.lexsort((*rows.T[::-1], -lengths))]


def random_samples(rng, width, birth_width):
    """Return (rows, lengths, essential) of up to three samples, many of them with ties."""
    samples = []
    for _ in range(rng.integers(0, 4)):
        n = rng.choice([0, 1, 5, 30, 100])
        rows = rng.integers(0, rng.choice([2, 5, 1000]), (n, width))
        lengths = rng.random(n) if rng.random() < 0.5 else rng.integers(0, 3, n).astype(float)
        samples.append((rows, lengths, rng.integers(0, 9, (rng.integers(0, 3), birth_width))))
    return samples


@pytest.mark.parametrize("keep_zero", [False, True])
@pytest.mark.parametrize("widths", [(1, 1), (2, 2), (1, 2), (2, 3), (3, 4), (1, 4)])
def test_rows_are_dropped_and_sorted(rng, widths, keep_zero):
    for _ in range(200):
        samples = random_samples(rng, sum(widths), widths[0])
        found = Pairs(*widths, keep_zero)
        for sample in samples:
            found.add_sample(*sample)
        found.finish()
        expected = [sorted_rows(rows, lengths, keep_zero) for rows, lengths, _ in samples]
        births = [essential for *_, essential in samples]
        none, no_birth = np.empty((0, sum(widths)), int), np.empty((0, widths[0]), int)
        np.testing.assert_array_equal(found.pairs, np.concatenate([none, *expected]))
        np.testing.assert_array_equal(found.splits, np.cumsum([0, *map(len, expected)]))
        np.testing.assert_array_equal(found.essential_splits, np.cumsum([0, *map(len, births)]))
        np.testing.assert_array_equal(
            found.essential.reshape(-1, widths[0]), np.concatenate([no_birth, *births])
        )
        assert found.pairs.dtype == found.essential.dtype == np.int64


def test_joined_pairs_are_those_of_all_samples(rng):
    samples = [random_samples(rng, 2, 1) for _ in range(5)]
    together, parts = Pairs(), [{0: no_pairs(0)}]
    for some in samples:
        part = Pairs()
        for sample in some:
            together.add_sample(*sample)
            part.add_sample(*sample)
        parts.append({0: part.finish()})
    together.finish()
    joined = join_pairs(parts)[0]
    for name in ("pairs", "splits", "essential", "essential_splits"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(together, name))


@pytest.mark.parametrize(
    ("sample", "sentence"),
    [
        (([[0, -1]], [1.0], [0]), "pairs must be rows of 2 vertices"),
        (([[0, 2**33]], [1.0], [0]), "pairs must be rows of 2 vertices"),
        (([[0, 1.5]], [1.0], [0]), "pairs must be rows of 2 vertices"),
        (([[0, 1]], [-1.0], [0]), "lengths must be one number of at least 0"),
        (([[0, 1]], [np.nan], [0]), "lengths must be one number of at least 0"),
        (([[0, 1]], [], [0]), "lengths must be one number of at least 0"),
        (([[0, 1]], [1.0], [-1]), "essential must be rows of 1 vertices"),
    ],
)
def test_bad_samples(sample, sentence):
    with pytest.raises(ValueError, match=sentence):
        Pairs().add_sample(*sample)


def test_what_is_finished_stays_so():
    found = no_pairs(1)
    for call in (found.finish, lambda: found.add_sample([], [], [])):
        with pytest.raises(ValueError, match="finished"):
            call()
    with pytest.raises(ValueError, match="at least one"):
        join_pairs([])
    with pytest.raises(ValueError, match="at least 1"):
        Pairs(0, 1)
