"""Slow, obvious persistence: build the whole complex, reduce its boundary matrix, column by column.

Nothing here is shared with the library. A cell is a frozenset of grid points in doubled coordinates
(cubical) or a tuple of vertices (simplicial); `owner` is the vertex that gives it its value.
"""

from collections import defaultdict
from itertools import combinations, product


def reduce_boundary(cells):
    """Pair cells given as (owner rank, dimension, key, facet keys), by the standard algorithm.

    Returns {dimension: [(birth rank, death rank)]} without pairs inside one owner, and
    {dimension: [birth rank]} of essential classes.
    """
    cells = sorted(cells, key=lambda cell: cell[:2])
    position = {key: i for i, (_, _, key, _) in enumerate(cells)}
    owner_of_low, positive, negative = {}, set(), set()
    pairs, essential = defaultdict(list), defaultdict(list)
    for j, (rank, dim, _, facets) in enumerate(cells):
        column = {position[f] for f in facets}
        while column and max(column) in owner_of_low:
            column ^= owner_of_low[max(column)]
        if column:
            low = max(column)
            owner_of_low[low] = column
            negative.add(low)
            if cells[low][0] != rank:
                pairs[dim - 1].append((cells[low][0], rank))
        else:
            positive.add(j)
    for j in positive - negative:
        essential[cells[j][1]].append(cells[j][0])
    return pairs, essential


def freudenthal_cells(n_rows, n_cols):
    """Simplices of the triangulated grid with the diagonal (+1, +1), as vertex tuples."""
    cells = []
    for r, c in product(range(n_rows), range(n_cols)):
        for chain in ([(0, 0)], [(0, 0), (0, 1)], [(0, 0), (1, 0)], [(0, 0), (1, 1)],
                      [(0, 0), (0, 1), (1, 1)], [(0, 0), (1, 0), (1, 1)]):  # fmt: skip
            points = [(r + a, c + b) for a, b in chain]
            if points[-1][0] < n_rows and max(p[1] for p in points) < n_cols:
                cells.append(tuple(a * n_cols + b for a, b in points))
    return cells


def path_cells(n_vertices):
    """Simplices of a line, as vertex tuples."""
    return [(v,) for v in range(n_vertices)] + [(v, v + 1) for v in range(n_vertices - 1)]


def simplicial_persistence(cells, rank):
    """Lower-star persistence of vertex ranks on simplices given as vertex tuples."""
    return reduce_boundary(
        [
            (
                max(rank[v] for v in cell),
                len(cell) - 1,
                cell,
                [cell[:i] + cell[i + 1 :] for i in range(len(cell))] if len(cell) > 1 else [],
            )
            for cell in cells
        ]
    )


def cubical_persistence(n_rows, n_cols, rank, on_cells):
    """Persistence of pixel ranks on the cubical complex with values on vertices or on top cells.

    Cells live at doubled coordinates: an odd coordinate is an interval, an even one a point.
    """
    shift = 1 if on_cells else 0  # where pixel (0, 0) stands
    size = [2 * n + (1 if on_cells else -1) for n in (n_rows, n_cols)]
    cells = []
    for r, c in product(range(size[0]), range(size[1])):
        # Corners of the cell, or top cells that contain it: pixels at most one step away.
        rows = [k for k in range(n_rows) if abs(2 * k + shift - r) <= 1]
        cols = [k for k in range(n_cols) if abs(2 * k + shift - c) <= 1]
        ranks = [rank[i * n_cols + j] for i in rows for j in cols]
        value = min(ranks) if on_cells else max(ranks)
        facets = []
        if r % 2:
            facets += [(r - 1, c), (r + 1, c)]
        if c % 2:
            facets += [(r, c - 1), (r, c + 1)]
        cells.append((value, r % 2 + c % 2, (r, c), facets))
    return reduce_boundary(cells)


def reduce_in_order(simplices):
    """Pair simplices, vertex tuples listed in filtration order for each dimension.

    Returns, for each dimension, {(birth, death)} with pairs of equal values too, and {essential}.
    """
    pairs, bears, ends = ([set() for _ in simplices] for _ in range(3))
    for dim in range(1, len(simplices)):
        position = {s: i for i, s in enumerate(simplices[dim - 1])}
        owner_of_low = {}
        for simplex in simplices[dim]:
            column = {position[f] for f in combinations(simplex, dim)}
            while column and max(column) in owner_of_low:
                column ^= owner_of_low[max(column)]
            if column:
                birth = simplices[dim - 1][max(column)]
                owner_of_low[max(column)] = column
                pairs[dim - 1].add((birth, simplex))
                bears[dim - 1].add(birth)
                ends[dim].add(simplex)
    return pairs, [set(s) - b - e for s, b, e in zip(simplices, bears, ends, strict=True)]
