"""Slow, obvious Rips persistence and spanning trees, on all cliques and all edges."""

from itertools import combinations

import numpy as np
from oracles import reduce_boundary


def squared_distances(points):
    """Squared lengths in float64, summed in the order of the coordinates."""
    total = 0
    for x in np.asarray(points, dtype=np.float64).T:
        step = x[:, None] - x[None]
        total = total + step * step
    return total


def rips_persistence(matrix, limit=np.inf, keep_zero=False, length=float):
    """Pairs and essential classes of dimensions 0, 1 and 2, in the order the library promises.

    Edges (i, j), i < j, enter by (matrix[i, j], i, j); `length` turns an entry into a length.
    """
    n = len(matrix)
    edges = [e for e in combinations(range(n), 2) if length(matrix[e]) <= limit < np.inf]
    if limit == np.inf:
        edges = [e for e in combinations(range(n), 2) if np.isfinite(matrix[e])]
    edges.sort(key=lambda e: (matrix[e], e))
    rank = {e: i for i, e in enumerate(edges)}
    cells = [(v - n, 0, (v,), []) for v in range(n)]
    for size in (2, 3, 4):
        for cell in combinations(range(n), size):
            ranks = [rank.get(e) for e in combinations(cell, 2)]
            if None not in ranks:
                facets = [cell[:i] + cell[i + 1 :] for i in range(size)]
                cells.append((max(ranks), size - 1, cell, facets))
    pairs, essential = reduce_boundary(cells)

    def edge(r):
        return (r + n, r + n) if r < 0 else edges[r]

    def value(r):
        return 0.0 if r < 0 else length(matrix[edges[r]])

    out = []
    for dim in range(3):
        rows = sorted(
            (value(b) - value(d), *edge(b), *edge(d))
            for b, d in pairs[dim]
            if keep_zero or value(b) != value(d)
        )
        out.append(
            (
                np.array([row[1:] for row in rows], dtype=np.int64).reshape(-1, 4),
                np.array([edge(r) for r in sorted(essential[dim])], dtype=np.int64).reshape(-1, 2),
            )
        )
    return out


def spanning_tree(matrix):
    """Kruskal: edges in order of (matrix[i, j], i, j), i < j; inf is no edge."""
    n = len(matrix)
    group = list(range(n))
    tree = []
    for i, j in sorted(combinations(range(n), 2), key=lambda e: (matrix[e], e)):
        if group[i] != group[j] and matrix[i, j] < np.inf:
            tree.append((i, j))
            group = [group[i] if g == group[j] else g for g in group]
    return np.array(tree, dtype=np.int64).reshape(-1, 2)
