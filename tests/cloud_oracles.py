"""Weak Alpha and Alpha persistence of small planar clouds, from exact values of all simplices.

Only the triangulation is the library's: of points on one circle there are several.
"""

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
from oracles import reduce_boundary

from skltopo._kernels.delaunay.triangulation2 import delaunay_triangles


def edge_key(points, u, v):
    """Order of edges: by squared length in float64, then by vertices."""
    difference = points[u] - points[v]
    return float((difference * difference).sum()), min(u, v), max(u, v)


def delaunay_complex(points):
    """Return (triangles, edges); duplicates hang on the first point at their place."""
    first, twins = {}, []
    for i, place in enumerate(map(tuple, points.tolist())):
        if place in first:
            twins.append((first[place], i))
        else:
            first[place] = i
    triangles = []
    if points.shape[1] == 2:
        triangles = [tuple(sorted(t)) for t in delaunay_triangles(points).tolist()]
    edges = {edge for triangle in triangles for edge in combinations(triangle, 2)}
    if not triangles:
        path = sorted(first.values(), key=lambda i: tuple(points[i]))
        edges = {tuple(sorted(edge)) for edge in pairwise(path)}
    return triangles, edges | set(twins)


def weak_alpha_pairs(points, keep_zero=False):
    """Return {dim: sorted rows (bu, bv, du, dv)}."""
    n = len(points)
    triangles, edges = delaunay_complex(points)
    order = sorted(edges, key=lambda e: edge_key(points, *e))
    rank = {e: n + i for i, e in enumerate(order)}
    cells = [(i, 0, (i,), []) for i in range(n)]
    cells += [(rank[e], 1, e, [(e[0],), (e[1],)]) for e in edges]
    cells += [
        (max(rank[e] for e in combinations(t, 2)), 2, t, list(combinations(t, 2)))
        for t in triangles
    ]
    pairs, _ = reduce_boundary(cells)

    def edge(rank):
        return (rank, rank) if rank < n else order[rank - n]

    def length(u, v):
        return np.sqrt(edge_key(points, u, v)[0])

    rows = {k: [edge(b) + edge(d) for b, d in pairs[k]] for k in (0, 1)}
    return {
        k: sorted(row for row in rows[k] if keep_zero or length(*row[:2]) != length(*row[2:]))
        for k in rows
    }


def squared_circumradius(corners):
    a, b, c = corners
    squares = [
        sum((p - q) ** 2 for p, q in zip(*pair, strict=True)) for pair in combinations(corners, 2)
    ]
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return squares[0] * squares[1] * squares[2] / (4 * area * area)


def alpha_points(points):
    """Return {dim: sorted (birth, death)} of squared radii, exact but for the last rounding."""
    exact = [[Fraction(float(x)) for x in point] for point in points]
    triangles, edges = delaunay_complex(points)
    value = {(i,): Fraction(0) for i in range(len(points))}
    value |= {t: squared_circumradius([exact[i] for i in t]) for t in triangles}
    for u, v in edges:
        radius = sum((a - b) ** 2 for a, b in zip(exact[u], exact[v], strict=True)) / 4
        middle = [(a + b) / 2 for a, b in zip(exact[u], exact[v], strict=True)]
        cofaces = [t for t in triangles if {u, v} <= set(t)]
        seen = [w for t in cofaces for w in t if w not in (u, v)]
        distances = [sum((a - m) ** 2 for a, m in zip(exact[w], middle, strict=True)) for w in seen]
        gabriel = all(distance >= radius for distance in distances)
        value[u, v] = radius if gabriel else min(value[t] for t in cofaces)
    order = sorted(value, key=lambda cell: (value[cell], len(cell), cell))
    rank = {cell: i for i, cell in enumerate(order)}
    pairs, _ = reduce_boundary(
        [
            (
                i,
                len(cell) - 1,
                cell,
                list(combinations(cell, len(cell) - 1)) if i and len(cell) > 1 else [],
            )
            for cell, i in rank.items()
        ]
    )
    return {
        k: sorted(
            (float(value[order[b]]), float(value[order[d]]))
            for b, d in pairs[k]
            if value[order[b]] != value[order[d]]
        )
        for k in (0, 1)
    }


CIRCLES = np.array(
    [(x, y) for x in range(-8, 9) for y in range(-8, 9) if x * x + y * y in (25, 50, 65)], float
)


def degenerate_clouds(rng, n_clouds, most=13):
    """Yield small clouds: lattices, cocircular, collinear, duplicate and random points."""
    for i in range(n_clouds):
        n = int(rng.integers(1, most + 1))
        kind = i % 7
        if kind == 0:
            cloud = rng.integers(0, 4, (n, 2))
        elif kind == 1:
            cloud = rng.random((n, 2))
        elif kind == 2:
            cloud = rng.integers(0, 10, (n, 1))
        elif kind == 3:
            cloud = CIRCLES[rng.integers(0, len(CIRCLES), n)]
        elif kind == 4:
            line = rng.integers(0, 5, (n, 1)) * rng.integers(-2, 3, (1, 2))
            cloud = line + rng.integers(0, 2, (n, 1)) * rng.integers(0, 2, 2)
        elif kind == 5:
            cloud = rng.integers(0, 3, (n, 2)) * 0.1
        else:
            cloud = rng.integers(0, 8, (n, 2))
        yield np.ascontiguousarray(cloud, dtype=np.float64)
