"""Random clouds whose spheres, planes and lines agree up to rounding, and exact oracles for them.

Each family stands for what people have: crystals, meshes, points of a sphere or of a torus, data
with few decimals, data that lie in a plane. Turning such a cloud leaves the agreement to rounding.
"""

import numpy as np
from scipy.stats import special_ortho_group

__all__ = ["FAMILIES", "cloud", "exact_diagrams", "turn"]


def turn(points, d, rng):
    """Return points in d dimensions, turned about the origin at random."""
    padded = np.zeros((len(points), d))
    padded[:, : points.shape[1]] = points
    return padded @ special_ortho_group.rvs(d, random_state=rng)


def _lattice(d, rng):
    sides = rng.integers(2, {2: 7, 3: 4, 4: 3}.get(d, 3), size=d)
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in sides], indexing="ij"), -1)
    return grid.reshape(-1, d).astype(float)


def _some(points, rng):
    """Return a random part of the rows, at least two."""
    n = rng.integers(2, len(points) + 1)
    return points[np.sort(rng.choice(len(points), n, replace=False))]


def _size(d, rng):
    return int(rng.integers(d + 2, {2: 60, 3: 40, 4: 20}.get(d, 14)))


def _lattice_part(d, rng):
    return _some(_lattice(d, rng), rng)


def _turned_lattice(d, rng):
    return turn(_lattice(d, rng), d, rng)


def _turned_lattice_part(d, rng):
    return turn(_lattice_part(d, rng), d, rng)


def _sphere(d, rng):
    x = rng.normal(size=(_size(d, rng), d))
    return x / np.linalg.norm(x, axis=1)[:, np.newaxis] + rng.choice([0.0, 1.0, 100.0])


def _spheres(d, rng):
    """Points of two spheres about one centre."""
    x = _sphere(d, rng)
    x -= np.round(x.mean(axis=0) / 100) * 100
    return x * rng.choice([1.0, 2.0], size=(len(x), 1))


def _flat(k):
    def points(d, rng):
        x = rng.random((_size(d, rng), k))
        return turn(x, d, rng)

    return points


def _flat_lattice(d, rng):
    return turn(_lattice(max(d - 1, 1), rng), d, rng)


def _polygon(d, rng):
    angle = 2 * np.pi * np.arange(n := rng.integers(3, 13)) / n
    return turn(np.column_stack([np.cos(angle), np.sin(angle)]), d, rng)


def _torus(d, rng):
    """A grid on a torus: circles of two radii; in the plane two circles about one centre."""
    n, m = rng.integers(4, 8), rng.integers(3, 5)
    u, v = 2 * np.pi * np.arange(n) / n, 2 * np.pi * np.arange(m) / m
    u, v = (a.reshape(-1) for a in np.meshgrid(u, v, indexing="ij"))
    if d == 2:
        radius = np.where(v > 3, 1.0, 2.0)
        return np.unique(np.column_stack([radius * np.cos(u), radius * np.sin(u)]), axis=0)
    if d == 3:
        r = 2 + np.cos(v)
        return turn(np.column_stack([r * np.cos(u), r * np.sin(u), np.sin(v)]), 3, rng)
    return turn(np.column_stack([np.cos(u), np.sin(u), np.cos(v), np.sin(v)]), d, rng)


def _rounded(d, rng):
    return rng.random((_size(d, rng), d)).round(1)


def _turned_rounded(d, rng):
    return turn(rng.random((_size(d, rng), d)).round(1), d, rng)


def _rounded_plane(d, rng):
    return turn(rng.random((_size(d, rng), 2)).round(1), d, rng)


def _integers(d, rng):
    return rng.integers(0, rng.integers(2, 5), size=(_size(d, rng), d)).astype(float)


def _iris(d, rng):
    """Rows of iris: lengths in centimetres with one decimal, many of them equal."""
    from sklearn.datasets import load_iris

    columns = np.resize(rng.permutation(4), d)
    x = load_iris().data[:, columns]
    x = x[rng.choice(len(x), _size(d, rng), replace=False)]
    return x if d <= 4 else turn(x[:, :4], d, rng)


def _cross_polytope(d, rng):
    x = np.concatenate([np.eye(d), -np.eye(d), np.zeros((1, d))])
    return turn(x, d, rng)


def _shaken_lattice(d, rng):
    x = _turned_lattice(d, rng)
    return x + rng.normal(size=x.shape) * 10.0 ** rng.integers(-17, -7)


def _twins(d, rng):
    """Points of which some are there twice, or nearly."""
    x = rng.random((_size(d, rng), d)).round(2)
    again = x[rng.integers(len(x), size=len(x) // 2)]
    return np.concatenate([x, again + rng.choice([0.0, 1e-16, 1e-12])])


_FAMILIES = {
    "lattice": _lattice,
    "part of a lattice": _lattice_part,
    "turned lattice": _turned_lattice,
    "turned part of a lattice": _turned_lattice_part,
    "shaken lattice": _shaken_lattice,
    "sphere": _sphere,
    "two spheres": _spheres,
    "line": _flat(1),
    "plane": _flat(2),
    "hyperplane": lambda d, rng: _flat(d - 1)(d, rng),
    "lattice in a hyperplane": _flat_lattice,
    "rounded in a plane": _rounded_plane,
    "polygon": _polygon,
    "cross-polytope": _cross_polytope,
    "torus": _torus,
    "rounded": _rounded,
    "turned rounded": _turned_rounded,
    "integers": _integers,
    "iris": _iris,
    "twins": _twins,
}
FAMILIES = list(_FAMILIES)


def cloud(family, d, rng):
    """Return the (n, d) float64 points of one random cloud of a family, d >= 2."""
    return np.ascontiguousarray(_FAMILIES[family](d, rng), dtype=np.float64)


def exact_diagrams(points):
    """Return the finite points of PD_0 to PD_{d-1} that gudhi finds by exact numbers."""
    import gudhi

    tree = gudhi.AlphaComplex(
        points=np.unique(points, axis=0), precision="exact"
    ).create_simplex_tree(output_squared_values=False)
    tree.compute_persistence(homology_coeff_field=2)
    diagrams = []
    for dim in range(points.shape[1]):
        diagram = np.reshape(tree.persistence_intervals_in_dimension(dim), (-1, 2))
        diagrams.append(diagram[np.isfinite(diagram[:, 1])])
    return diagrams
