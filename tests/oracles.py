"""Slow, obvious persistence: build the whole complex, reduce its boundary matrix, column by column.

Nothing here is shared with the library. A cell is a frozenset of grid points in doubled coordinates
(cubical) or a tuple of vertices (simplicial); `owner` is the vertex that gives it its value.
"""

from collections import defaultdict
from functools import cache
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


def flat_index(point, shape):
    """Return the flat index of a grid point."""
    index = 0
    for x, n in zip(point, shape, strict=True):
        index = index * n + x
    return index


@cache
def freudenthal_cells(*shape):
    """Simplices of the triangulated grid with the diagonals of zeros and ones, as vertex tuples."""
    steps = [step for step in product((0, 1), repeat=len(shape)) if any(step)]
    chains = [[(0,) * len(shape)]]
    for chain in chains:  # grows as it is walked
        for step in steps:
            if all(a == 0 or b == 0 for a, b in zip(step, chain[-1], strict=True)):
                chains.append([*chain, tuple(map(sum, zip(step, chain[-1], strict=True)))])
    cells = []
    for corner in product(*map(range, shape)):
        for chain in chains:
            points = [tuple(map(sum, zip(corner, step, strict=True))) for step in chain]
            if all(x < n for x, n in zip(points[-1], shape, strict=True)):
                cells.append(tuple(flat_index(point, shape) for point in points))
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


@cache
def cubical_cells(shape, on_cells):
    """Cells of a grid of pixels as (pixels that give the value, dimension, key, facet keys).

    Cells live at doubled coordinates: an odd coordinate is an interval, an even one a point.
    """
    shift = 1 if on_cells else 0  # where the first pixel stands
    cells = []
    for cell in product(*(range(2 * n + (1 if on_cells else -1)) for n in shape)):
        # Corners of the cell, or top cells that contain it: pixels at most one step away.
        near = [
            [k for k in range(n) if abs(2 * k + shift - x) <= 1]
            for n, x in zip(shape, cell, strict=True)
        ]
        facets = [
            (*cell[:axis], x + side, *cell[axis + 1 :])
            for axis, x in enumerate(cell)
            if x % 2
            for side in (-1, 1)
        ]
        pixels = [flat_index(pixel, shape) for pixel in product(*near)]
        cells.append((pixels, sum(x % 2 for x in cell), cell, facets))
    return cells


def cubical_persistence(shape, rank, on_cells):
    """Persistence of pixel ranks on the cubical complex with values on vertices or on top cells."""
    value = min if on_cells else max
    return reduce_boundary(
        [
            (value(rank[pixel] for pixel in pixels), dim, cell, facets)
            for pixels, dim, cell, facets in cubical_cells(tuple(shape), on_cells)
        ]
    )


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
