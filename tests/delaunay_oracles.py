"""Slow, exact Delaunay geometry and persistence: rational numbers and boundary matrices."""

from fractions import Fraction
from functools import lru_cache
from itertools import combinations

from oracles import reduce_in_order


def determinant(rows):
    """Exact determinant of a square matrix by cofactors."""
    if not rows:
        return Fraction(1)
    return sum(
        (-1) ** j * rows[0][j] * determinant([r[:j] + r[j + 1 :] for r in rows[1:]])
        for j in range(len(rows))
    )


def exact(points):
    return [tuple(Fraction(float(x)) for x in p) for p in points]


def minus(p, q):
    return [a - b for a, b in zip(p, q, strict=True)]


def dot(u, v):
    return sum(a * b for a, b in zip(u, v, strict=True))


def solve(matrix, right):
    """Solve a regular system by Gauss-Jordan elimination."""
    rows = [[*row, r] for row, r in zip(matrix, right, strict=True)]
    for i in range(len(rows)):
        pivot = next((j for j in range(i, len(rows)) if rows[j][i] != 0), None)
        if pivot is None:
            raise ZeroDivisionError("a singular system: a flat simplex")
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for j in range(len(rows)):
            if j != i and rows[j][i] != 0:
                rows[j] = [x - rows[j][i] * y for x, y in zip(rows[j], rows[i], strict=True)]
    return [row[-1] for row in rows]


def circumsphere(corners):
    """Return centre and squared radius of the smallest sphere through independent points."""
    edges = [minus(p, corners[0]) for p in corners[1:]]
    gram = [[dot(u, v) for v in edges] for u in edges]
    weights = solve(gram, [g[i] / 2 for i, g in enumerate(gram)])
    step = [sum(w * e[k] for w, e in zip(weights, edges, strict=True)) for k in
            range(len(corners[0]))]  # fmt: skip
    return tuple(a + b for a, b in zip(corners[0], step, strict=True)), dot(step, step)


def all_faces(tops):
    """Return sorted vertex tuples of all faces, one list for each dimension."""
    faces = {face for top in tops for k in range(len(top)) for face in
             combinations(sorted(top), k + 1)}  # fmt: skip
    by_dim = [[] for _ in range(max(len(f) for f in faces))]
    for face in sorted(faces):
        by_dim[len(face) - 1].append(face)
    return by_dim


def squared_lengths(points, edges):
    """Squared lengths as the library orders them: in float64, axis after axis."""
    lengths = {}
    for i, j in edges:
        total = 0.0
        for a, b in zip(points[i], points[j], strict=True):
            total += (float(a) - float(b)) ** 2
        lengths[i, j] = total
    return lengths


def weak_alpha_oracle(points, tops, dims, keep_zero):
    """Return {dim: {(bu, bv, du, dv)}}: pairs of longest edges."""
    faces = all_faces(tops)
    length = squared_lengths(points, faces[1] if len(faces) > 1 else [])

    def key(face):
        if len(face) == 1:
            return 0.0, face[0], face[0]
        return max((length[e], *e) for e in combinations(face, 2))

    filtered = [sorted(f, key=lambda s: (key(s), s)) for f in faces]
    pairs, essential = reduce_in_order(filtered)
    found = {dim: set() for dim in dims}
    for dim in dims:
        for birth, death in pairs[dim] if dim < len(pairs) else ():
            b, d = key(birth), key(death)
            if (b != d) if keep_zero else (b[0] < d[0]):
                found[dim].add((*b[1:], *d[1:]))
    assert essential[0] == {(0,)}
    assert not any(essential[1:-1])
    return found


GIVEN = 2  # after False and True of `holds_centre`


def alpha_oracle(points, tops, dims, keep_zero):
    """Return {dim: {vertices of the birth and of the death simplex}}, by smallest empty spheres.

    A face whose smallest sphere is not empty enters with its first cofacet; it is in no pair. Of
    equal values those of other simplices enter first, and first of all those that do not hold the
    centre of their sphere.
    """
    faces = all_faces(tops)
    corners = exact(points)
    entries = {}  # squared radius, place among equal ones
    for dim in range(len(faces) - 1, -1, -1):
        for face in faces[dim]:
            centre, radius = own_sphere(tuple(corners[v] for v in face)) if dim else (face, 0)
            given = dim > 0 and any(
                dot(minus(p, centre), minus(p, centre)) < radius for p in corners
            )
            if given:
                radius = min(entries[c][0] for c in faces[dim + 1] if set(face) < set(c))
            place = GIVEN if given else holds_centre(tuple(corners[v] for v in face))
            entries[face] = radius, place
    filtered = [sorted(f, key=lambda s: (entries[s], s)) for f in faces]
    pairs, _ = reduce_in_order(filtered)
    found = {dim: set() for dim in dims}
    for dim in dims:
        for birth, death in pairs[dim] if dim < len(pairs) else ():
            (first, *birth_place), (last, *death_place) = entries[birth], entries[death]
            if [GIVEN] in (birth_place, death_place):
                assert first == last
            elif keep_zero or first < last:
                found[dim].add((*birth, *death))
    return found


def holds_centre(corners):
    """Tell whether the centre of a simplex's sphere is inside it or on its border."""
    for k in range(len(corners) if len(corners) > 2 else 0):
        centre, radius = own_sphere(corners[:k] + corners[k + 1 :])
        arm = minus(corners[k], centre)
        if dot(arm, arm) < radius:
            return False
    return True


@lru_cache(maxsize=100_000)
def own_sphere(corners):
    if len(set(corners)) < len(corners):
        return corners[0], Fraction(0)
    return circumsphere(corners)


def degenerate_cloud(rng, dim, n_max):
    """Return a small random cloud: generic, on a lattice, with duplicates, flat, on a sphere."""
    n = int(rng.integers(1, n_max + 1))
    kind = rng.integers(8)
    if kind == 0:
        return rng.random((n, dim))
    if kind == 1:
        return rng.integers(0, 2, (n, dim)).astype(float)
    if kind in (2, 3):
        return rng.integers(0, 4, (n, dim)).astype(float)
    if kind == 4:
        return rng.choice(rng.random((max(1, n // 2), dim)), n)
    if kind == 5:
        flat = rng.integers(0, 4, (n, 2)) @ rng.integers(-2, 3, (2, dim))
        return flat.astype(float)
    if kind == 6:
        points = rng.integers(-2, 3, (4 * n, dim))
        norm = (points**2).sum(axis=1)
        return points[norm == norm[0]][:n].astype(float)
    return rng.integers(0, 30, (n, dim)).astype(float)
