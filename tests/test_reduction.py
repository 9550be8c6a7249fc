"""The reduction of any filtered complex against the boundary-matrix oracle and closed surfaces."""

from itertools import combinations

import numpy as np
import pytest
from oracles import reduce_in_order

from skltopo._persistence import filter_facets, list_faces, reduce_complex


def random_order(faces, rng, lower_star):
    """Order the simplices of each dimension, faces first: by random values or by vertex ranks."""
    values = [rng.permutation(len(faces[0])).astype(float)]
    for dim in range(1, len(faces)):
        below = {tuple(s): v for s, v in zip(faces[dim - 1].tolist(), values[-1], strict=True)}
        least = np.array([max(below[f] for f in combinations(s, dim)) for s in faces[dim].tolist()])
        late = 0 if lower_star else rng.random(len(least)) * rng.choice([0.1, 5.0])
        values.append(least + late)
    return [np.argsort(v, kind="stable") for v in values], values


def kernel_pairs(faces, facets, orders):
    """Return {(birth, death)} and {essential} as vertex tuples by dimension."""
    result = reduce_complex(filter_facets(facets, orders))
    assert list(result) == list(range(len(faces)))
    named = [[tuple(s) for s in f[o].tolist()] for f, o in zip(faces, orders, strict=True)]
    pairs = [
        {(named[dim][b], named[dim + 1][d]) for b, d in found.pairs.tolist()}
        for dim, found in result.items()
    ]
    for dim, found in result.items():
        assert len(pairs[dim]) == len(found.pairs)
        assert (np.diff(found.pairs[:, 0]) > 0).all()
        assert (np.diff(found.essential) > 0).all()
    return pairs, [{named[dim][e] for e in found.essential} for dim, found in result.items()]


def random_complex(rng):
    """Return a random complex: mixed, pure (often with facets of many cells), or a grid."""
    kind = rng.integers(3)
    if kind == 2:
        rows, cols = rng.integers(1, 4, 2)
        grid = np.arange((rows + 1) * (cols + 1)).reshape(rows + 1, cols + 1)
        a, b, c, d = (g.ravel() for g in (grid[:-1, :-1], grid[1:, :-1], grid[:-1, 1:],
                                          grid[1:, 1:]))  # fmt: skip
        return [np.concatenate([np.stack([a, b, d], 1), np.stack([a, c, d], 1)])]
    n = int(rng.integers(1, 9))
    dims = rng.integers(0, min(n, 5), 4) if kind else [rng.integers(0, min(n, 5))]
    return [
        np.array([rng.permutation(n)[: dim + 1] for _ in range(rng.integers(1, 15))])
        for dim in dims
    ]


@pytest.mark.parametrize("lower_star", [False, True])
def test_random_complexes_agree_with_boundary_matrix(lower_star, rng):
    for _ in range(300):
        faces, facets = list_faces(random_complex(rng))
        orders, _ = random_order(faces, rng, lower_star)
        pairs, essential = kernel_pairs(faces, facets, orders)
        named = [[tuple(s) for s in f[o].tolist()] for f, o in zip(faces, orders, strict=True)]
        expected_pairs, expected_essential = reduce_in_order(named)
        assert pairs == expected_pairs
        assert essential == expected_essential


@pytest.mark.parametrize(
    ("triangles", "betti"),
    [
        # Möbius band, torus (7 vertices) and projective plane (6 vertices): homology modulo 2.
        ([(i, (i + 1) % 5, (i + 2) % 5) for i in range(5)], [1, 1, 0]),
        ([(i, (i + a) % 7, (i + 3) % 7) for i in range(7) for a in (1, 2)], [1, 2, 1]),
        ([(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5), (0, 1, 5), (1, 2, 4), (2, 3, 5), (1, 3, 4),
          (2, 4, 5), (1, 3, 5)], [1, 1, 1]),
    ],
)  # fmt: skip
def test_surfaces_have_their_homology(triangles, betti):
    faces, facets = list_faces(np.array(triangles))
    orders = [np.arange(len(f)) for f in faces]
    result = reduce_complex(filter_facets(facets, orders))
    assert [len(found.essential) for found in result.values()] == betti


def test_faces_are_listed_once_in_order():
    faces, facets = list_faces([np.array([[5, 2, 9]]), np.array([[2, 9], [7, 2]]), np.array([[3]])])
    assert faces[0].ravel().tolist() == [2, 3, 5, 7, 9]
    assert faces[1].tolist() == [[2, 5], [2, 7], [2, 9], [5, 9]]
    assert faces[2].tolist() == [[2, 5, 9]]
    assert facets[2].tolist() == [[3, 2, 0]]
    for dim in (1, 2):
        for simplex, below in zip(faces[dim], facets[dim], strict=True):
            for j, f in enumerate(below):
                assert faces[dim - 1][f].tolist() == np.delete(simplex, j).tolist()
    assert [len(f) for f in list_faces(faces[2], max_dim=1)[0]] == [3, 3]
    assert list_faces([]) == ([], [])


def test_large_vertex_numbers_are_not_packed():
    simplex = np.array([[2**40, 1, 2**41, 7]])
    faces, facets = list_faces(simplex)
    assert [len(f) for f in faces] == [4, 6, 4, 1]
    assert faces[2].tolist() == [[1, 7, 2**40], [1, 7, 2**41], [1, 2**40, 2**41],
                                 [7, 2**40, 2**41]]  # fmt: skip
    assert facets[3].tolist() == [[3, 2, 1, 0]]


def test_empty_and_single_dimensions():
    assert reduce_complex([]) == {}
    (found,) = reduce_complex([np.empty((3, 0), np.int64)]).values()
    assert found.pairs.shape == (0, 2)
    assert found.essential.tolist() == [0, 1, 2]


def test_facets_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"facets\[1\] must hold positions below 2, got"):
        reduce_complex([np.empty((2, 0), np.int64), np.array([[0, 2]])])
