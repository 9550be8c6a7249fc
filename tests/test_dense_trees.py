"""PD_0 of batches of distance matrices, against Kruskal's algorithm written out."""

import numpy as np
import pytest
import torch

from skltopo._kernels.rips.distances import longest_edge
from skltopo.filtrations import VietorisRips


def kruskal(matrix, limit):
    """Return rows (v, v, i, j) of edges up to limit that destroy components, and their lengths."""
    n = len(matrix)
    edges = sorted((matrix[i, j], i, j) for i in range(n) for j in range(i + 1, n))
    component, rows, lengths = list(range(n)), [], []
    for length, i, j in edges:
        if length > limit or length == np.inf or component[i] == component[j]:
            continue
        older, younger = sorted((component[i], component[j]))
        component = [older if c == younger else c for c in component]
        rows.append((younger, younger, i, j))
        lengths.append(length)
    return rows, lengths, sorted(set(component))


def random_matrices(rng, dtype):
    """Return a batch of matrices with many ties, or few, with and without missing edges."""
    b, n = rng.integers(1, 4), rng.choice([1, 2, 3, 7, 15, 16, 17, 33, 40, 65])
    levels = rng.choice([2, 5, 1000])
    upper = np.triu(rng.integers(0, levels, (b, n, n)), 1).astype(dtype) / dtype(3)
    missing = np.triu(rng.random((b, n, n)) < rng.choice([0, 0.3, 0.95]), 1)
    upper[missing] = np.inf
    return np.maximum(upper, upper.swapaxes(1, 2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pairs_and_essential_classes_are_those_of_kruskal(dtype):
    rng = np.random.default_rng(0)
    for _ in range(300):
        matrices = random_matrices(rng, dtype)
        limit = rng.choice([np.inf, 0.0, 0.5, 2 / 3, 100.0])
        filtration = VietorisRips(0, limit, "precomputed", keep_zero=True)
        for matrix, diagram in zip(matrices, filtration(matrices), strict=True):
            rows, lengths, components = kruskal(matrix, limit)
            assert sorted(map(tuple, diagram.pairs[0])) == sorted(rows)
            assert sorted(diagram.finite(0)[:, 1]) == lengths
            assert diagram[0].dtype == dtype
            assert diagram.essential[0][:, 0].tolist() == components


def test_a_batch_is_its_matrices_one_by_one_and_as_a_list():
    rng = np.random.default_rng(1)
    filtration = VietorisRips(0, metric="precomputed")
    for _ in range(50):
        matrices = random_matrices(rng, np.float32)
        ways = [list(filtration(matrices)), list(filtration(list(matrices)))]
        ways += [[filtration(one) for one in matrices]]
        ways += [list(VietorisRips(0, metric="precomputed", n_jobs=2)(matrices))]
        for diagrams in zip(*ways, strict=True):
            for other in diagrams[1:]:
                np.testing.assert_array_equal(other[0], diagrams[0][0])
                np.testing.assert_array_equal(other.pairs[0], diagrams[0].pairs[0])


@pytest.mark.parametrize("as_list", [False, True])
def test_half_of_the_gradient_flows_to_each_of_two_mirrored_entries(as_list):
    rng = np.random.default_rng(2)
    points = torch.from_numpy(rng.random((3, 9, 2)))
    matrices = torch.cdist(points, points).requires_grad_()
    given = list(matrices) if as_list else matrices
    diagrams = VietorisRips(0, metric="precomputed")(given)
    sum((i + 1) * diagram.finite(0)[:, 1].sum() for i, diagram in enumerate(diagrams)).backward()
    for i, (diagram, gradient) in enumerate(zip(diagrams, matrices.grad, strict=True)):
        wanted = torch.zeros(9, 9, dtype=torch.float64)
        for _, _, u, v in diagram.pairs[0]:
            wanted[u, v] = wanted[v, u] = (i + 1) / 2
        assert torch.equal(gradient, wanted)


def test_one_matrix_of_a_batch_that_is_rounded_or_wrong():
    matrices = np.zeros((2, 2, 3, 3), dtype=np.float32) + 1 - np.eye(3, dtype=np.float32)
    matrices[1, 0, 0, 1] += 2e-6
    deaths = VietorisRips(0, metric="precomputed")(matrices)[1, 0].finite(0)[:, 1]
    np.testing.assert_array_equal(deaths, np.float32([1, 1]))
    matrices[1, 0, 0, 1] = 2
    with pytest.raises(ValueError, match=r"points\[1, 0\] must be symmetric, got 2.0 at \[0, 1\]"):
        VietorisRips(0, metric="precomputed")(matrices)


def test_the_longest_edge_within_a_limit_is_exact_in_single_precision():
    lengths = np.float32([0.1, 0.3, 0.30000004])
    matrix = np.zeros((3, 3), dtype=np.float32)
    matrix[[0, 0, 1], [1, 2, 2]] = matrix[[1, 2, 2], [0, 0, 1]] = lengths
    assert longest_edge(matrix, 0.3) == (0, 1)
    assert longest_edge(matrix, float(lengths[1])) == (0, 2)
    assert longest_edge(matrix, np.inf) == longest_edge(matrix, 1e300) == (1, 2)
    assert longest_edge(matrix, 0.05) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_longest_edge_is_the_first_of_equal_ones(dtype):
    rng = np.random.default_rng(3)
    for _ in range(200):
        matrix = random_matrices(rng, dtype)[0]
        limit = rng.choice([np.inf, 0.5, 2 / 3, 100.0])
        edges = list(zip(*np.triu_indices(len(matrix), 1), strict=True))
        edges = [edge for edge in edges if matrix[edge] <= limit and matrix[edge] < np.inf]
        wanted = max(edges, key=matrix.__getitem__, default=None)
        assert longest_edge(matrix, limit) == wanted
