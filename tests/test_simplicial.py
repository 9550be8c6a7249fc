"""SimplicialComplex against a boundary-matrix reduction, gudhi and known spaces."""

from itertools import combinations, permutations, product

import gudhi
import numpy as np
import pytest
import torch
from oracles import freudenthal_cells, simplicial_persistence
from scipy.sparse import coo_array, coo_matrix, csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.base import clone

from skltopo import Energy
from skltopo.filtrations import LevelSet, SimplicialComplex

NAMES = ("finite", "pairs", "splits", "births", "essential", "essential_splits")


def with_faces(simplices, n_vertices):
    faces = {
        face
        for simplex in simplices
        for size in range(1, len(simplex) + 1)
        for face in combinations(sorted(simplex), size)
    }
    return sorted(faces | {(v,) for v in range(n_vertices)})


def ranks(values, superlevel=False):
    order = np.argsort(-values if superlevel else values, kind="stable")
    rank = np.empty(len(values), int)
    rank[order] = np.arange(len(values))
    return rank.tolist(), order


def check_against_oracle(simplices, values, superlevel):
    """Compare all pairs and essential classes of a complex given by maximal simplices."""
    complex = SimplicialComplex(
        simplices, n_vertices=len(values), superlevel=superlevel, keep_zero=True
    )
    cells = with_faces(simplices, len(values))
    assert sum(map(len, complex.simplices)) == len(cells)
    rank, order = ranks(values, superlevel)
    pairs, essential = simplicial_persistence(cells, rank)
    diagram = complex(values)
    for dim in diagram.homology_dimensions:
        found = sorted(map(tuple, diagram.pairs[dim].tolist()))
        assert found == sorted((order[b], order[d]) for b, d in pairs[dim])
        assert diagram.essential[dim].tolist() == [order[b] for b in sorted(essential[dim])]
    return diagram


@pytest.mark.parametrize("superlevel", [False, True])
def test_random_complexes_agree_with_boundary_matrix(superlevel, rng):
    """Complexes of dimension 1 to 4 with and without ties, most with essential classes."""
    n_essential = np.zeros(5, int)
    for _ in range(150):
        n_vertices = int(rng.integers(2, 10))
        sizes = rng.integers(1, min(n_vertices, 5) + 1, rng.integers(1, 25))
        simplices = [rng.permutation(n_vertices)[:size].tolist() for size in sizes]
        values = rng.standard_normal(n_vertices)
        if rng.random() < 0.5:
            values = rng.integers(0, 3, n_vertices).astype(float)
        diagram = check_against_oracle(simplices, values, superlevel)
        for dim in diagram.homology_dimensions:
            n_essential[dim] += len(diagram.essential[dim])
    assert (n_essential[:3] > 20).all()


def test_random_solids_agree_with_gudhi(rng):
    """Subsets of the tetrahedra of a grid: 3-dimensional, with loops and voids that never end."""
    tetrahedra = np.array([cell for cell in freudenthal_cells(5, 5, 5) if len(cell) == 4])
    total = np.zeros(4, int)
    for share in (0.3, 0.6, 0.9, 1.0):
        simplices = tetrahedra[rng.random(len(tetrahedra)) < share]
        values = rng.standard_normal(125)
        rank, order = ranks(values)
        tree = gudhi.SimplexTree()
        for v in range(125):
            tree.insert([v], 0.0)
        for simplex in simplices:
            tree.insert(simplex.tolist(), 0.0)
        for simplex, _ in list(tree.get_simplices()):
            tree.assign_filtration(simplex, float(max(rank[v] for v in simplex)))
        tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True)
        diagram = SimplicialComplex(simplices, n_vertices=125)(values)
        for dim in range(4):
            points = tree.persistence_intervals_in_dimension(dim).reshape(-1, 2)
            ended = np.isfinite(points[:, 1])
            expected = order[points[ended].astype(int)]
            assert sorted(map(tuple, expected)) == sorted(map(tuple, diagram.pairs[dim]))
            assert sorted(order[points[~ended, 0].astype(int)]) == sorted(diagram.essential[dim])
            total[dim] += len(diagram.essential[dim])
    assert (total[:3] > 3).all()


def surface(kind, n=4, m=5):
    """Triangulate a square whose sides are glued: torus, Klein bottle, projective plane, ..."""

    def name(i, j):
        if kind == "torus":
            return i % n, j % m
        if kind == "klein":
            return (i, j % m) if i < n else (0, -j % m)
        if kind == "moebius":
            return (i, j) if i < n else (0, m - j)
        return i, j

    corners = {}
    triangles = []
    for i, j in product(range(n), range(m)):
        for square in ((0, 0), (1, 0), (1, 1)), ((0, 0), (0, 1), (1, 1)):
            names = [name(i + a, j + b) for a, b in square]
            triangles.append([corners.setdefault(corner, len(corners)) for corner in names])
    return triangles


PROJECTIVE_PLANE = [
    (0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5), (0, 5, 1),
    (1, 2, 4), (2, 3, 5), (3, 4, 1), (4, 5, 2), (5, 1, 3),
]  # fmt: skip


def suspension(triangles):
    """Join two new vertices with all triangles."""
    n_vertices = 1 + max(map(max, triangles))
    return [(*triangle, apex) for triangle in triangles for apex in (n_vertices, n_vertices + 1)]


def torus_in_three_dimensions(n=3):
    """Triangulate the 3-torus: n^3 cubes of six tetrahedra."""
    tetrahedra = []
    for corner in product(range(n), repeat=3):
        for axes in permutations(range(3)):
            path = [np.array(corner)]
            for axis in axes:
                path.append(path[-1] + np.eye(3, dtype=int)[axis])
            tetrahedra.append([int(np.ravel_multi_index(v % n, (n, n, n))) for v in path])
    return tetrahedra


@pytest.mark.parametrize(
    ("triangles", "betti"),
    [
        (torus_in_three_dimensions(), [1, 3, 3, 1]),
        (suspension(PROJECTIVE_PLANE), [1, 0, 1, 1]),
        (list(combinations(range(5), 4)), [1, 0, 0, 1]),
        (list(combinations(range(6), 5)), [1, 0, 0, 0, 1]),
        (surface("torus"), [1, 2, 1]),
        (surface("klein"), [1, 2, 1]),
        (surface("moebius"), [1, 1, 0]),
        (surface("disk"), [1, 0, 0]),
        (PROJECTIVE_PLANE, [1, 1, 1]),
        (list(combinations(range(4), 3)), [1, 0, 1]),
        # Three pages of a book: an edge with three cofaces.
        ([(0, 1, 2), (0, 1, 3), (0, 1, 4)], [1, 0, 0]),
        # Two spheres that share a triangle: no pseudomanifold.
        ([*combinations(range(4), 3), *combinations((0, 1, 2, 4), 3)], [1, 0, 2]),
    ],
    ids=[
        "3-torus",
        "suspension",
        "3-sphere",
        "4-sphere",
        "torus",
        "klein",
        "moebius",
        "disk",
        "projective",
        "sphere",
        "book",
        "bubbles",
    ],
)
def test_known_spaces(triangles, betti, rng):
    n_vertices = 1 + max(map(max, triangles))
    for values in (rng.standard_normal(n_vertices), np.zeros(n_vertices), np.arange(n_vertices)):
        diagram = check_against_oracle(triangles, values.astype(float), superlevel=False)
        assert [len(diagram.essential[dim]) for dim in range(len(betti))] == betti


@pytest.mark.parametrize("keep_zero", [False, True])
def test_grids_agree_with_level_sets(keep_zero, rng):
    for shape in ((40,), (7, 6), (4, 3, 5)):
        cells = [cell for cell in freudenthal_cells(*shape) if len(cell) == len(shape) + 1]
        values = rng.integers(0, 9, (5, *shape)).astype(float)
        grid = LevelSet(len(shape), superlevel=True, keep_zero=keep_zero)(values)
        dims = tuple(range(len(shape)))
        complex = SimplicialComplex(
            cells, superlevel=True, keep_zero=keep_zero, homology_dimensions=dims
        )
        found = complex(values.reshape(5, -1))
        for dim in dims:
            for name in NAMES:
                expected = getattr(grid.points[dim], name)
                if dim == 0 or not name.startswith("essential"):
                    np.testing.assert_array_equal(getattr(found.points[dim], name), expected)


def test_graphs(rng):
    n = 60
    rows, cols = rng.integers(0, n, (2, 70))
    adjacency = coo_matrix((np.ones(70), (rows, cols)), (n, n))
    values = rng.standard_normal(n)
    n_edges = len({(min(a, b), max(a, b)) for a, b in zip(rows, cols, strict=True) if a != b})
    n_components = connected_components(adjacency, directed=False)[0]
    expected = None
    for graph in (adjacency, adjacency.tocsr(), csr_array(adjacency), adjacency.toarray(),
                  adjacency.toarray() > 0, (adjacency + adjacency.T).tolil()):  # fmt: skip
        complex = SimplicialComplex.from_graph(graph)
        diagram = complex(values)
        assert len(diagram.essential[0]) == n_components
        assert len(diagram.essential[1]) == n_edges - n + n_components
        expected = diagram if expected is None else expected
        np.testing.assert_array_equal(diagram[0], expected[0])
        np.testing.assert_array_equal(diagram[1], expected[1])
    cycle = SimplicialComplex.from_graph(np.roll(np.eye(9), 1, axis=1), superlevel=True)
    assert cycle(np.arange(9.0))[1].tolist() == [[0.0, -np.inf]]
    edgeless = SimplicialComplex.from_graph(np.zeros((3, 3)))(np.arange(3.0))
    assert (edgeless[0].shape, edgeless[1].shape) == ((3, 2), (0, 2))
    # Twice the same entry, with weights that cancel, is no edge in any format.
    twice = coo_array(([1.0, -1.0, 1.0], ([0, 0, 1], [1, 1, 2])), shape=(3, 3))
    for graph in (twice, twice.tocsr()):
        assert len(SimplicialComplex.from_graph(graph).simplices[1]) == 1


def test_simplices_come_in_many_forms(rng):
    expected = SimplicialComplex([[0, 1, 2], [2, 3], [4]])
    values = rng.standard_normal(5)
    others = [
        [(2, 0, 1), {3, 2}, (4,), [1, 0], (0, 1, 2)],
        [np.array([[0, 1, 2]]), np.array([[2, 3]], np.uint8), np.array([[4]])],
        [np.array([2, 1, 0]), np.array([2, 3]), np.array([4])],
    ]
    for simplices in others:
        complex = SimplicialComplex(simplices)
        assert [s.tolist() for s in complex.simplices] == [s.tolist() for s in expected.simplices]
        for dim in range(3):
            np.testing.assert_array_equal(complex(values)[dim], expected(values)[dim])
    assert SimplicialComplex(torch.tensor([[0, 1], [1, 2]])).n_vertices == 3
    assert SimplicialComplex([], n_vertices=2)([1.0, 0.0])[0].tolist() == [[0, np.inf], [1, np.inf]]
    assert repr(expected) == (
        "SimplicialComplex([5, 4, 1] simplices of dimension 0 to 2, superlevel=False, "
        "homology_dimensions=(0, 1, 2))"
    )


def test_parameters_are_those_of_an_estimator(rng):
    simplices = [[0, 1, 2], [2, 3]]
    complex = SimplicialComplex(simplices, homology_dimensions=1)
    assert complex.get_params()["simplices"] is simplices
    assert clone(complex).homology_dimensions == (1,)
    assert complex.set_params(homology_dimensions=None) is complex
    assert complex.homology_dimensions == (0, 1, 2)
    with pytest.raises(ValueError, match="below n_vertices=2, got 3"):
        complex.set_params(n_vertices=2)
    assert complex.n_vertices == 4
    graph = clone(SimplicialComplex.from_graph(np.ones((3, 3)), superlevel=True))
    assert len(graph(rng.random(3)).essential[1]) == 1


def test_max_dim_is_a_skeleton(rng):
    values = rng.standard_normal(9)
    full = SimplicialComplex([range(9)], homology_dimensions=(0, 1, 2))(values)
    skeleton = SimplicialComplex([range(9)], max_dim=2)(values)
    for dim in (0, 1):
        np.testing.assert_array_equal(skeleton.pairs[dim], full.pairs[dim])
    assert len(full.essential[2]) == 0
    assert len(skeleton.essential[2]) == 56  # choose 3 of 8
    assert len(SimplicialComplex([range(40)], max_dim=1).simplices[1]) == 780


def test_high_dimensions(rng):
    """The boundary of a 6-simplex is a sphere of dimension 5."""
    diagram = SimplicialComplex(list(combinations(range(7), 6)))(rng.standard_normal(7))
    assert [len(diagram.essential[dim]) for dim in range(6)] == [1, 0, 0, 0, 0, 1]
    chosen = SimplicialComplex([[0, 1, 2]], homology_dimensions=[1, 7])([0.0, 1.0, 2.0])
    assert chosen.homology_dimensions == (1, 7)
    assert chosen[7].shape == (0, 2)


def test_batches_and_threads_change_nothing(rng):
    complex = SimplicialComplex(surface("torus"))
    threads = SimplicialComplex(surface("torus"), n_jobs=2)
    values = rng.integers(0, 5, (6, 7, complex.n_vertices)).astype(np.float32)
    batch, other = complex(values), threads(values)
    assert batch.shape == (6, 7)
    for dim in range(3):
        for name in NAMES:
            np.testing.assert_array_equal(
                getattr(other.points[dim], name), getattr(batch.points[dim], name)
            )
        for i, j in product(range(6), range(7)):
            alone = complex(values[i, j])
            np.testing.assert_array_equal(batch[i, j][dim], alone[dim])
            np.testing.assert_array_equal(batch[i, j].essential[dim], alone.essential[dim])
    assert batch[0, 0][1].dtype == np.float32
    nothing = complex(np.empty((0, complex.n_vertices)))
    assert len(nothing) == 0
    assert nothing.last().shape == (0,)


@pytest.mark.parametrize("superlevel", [False, True])
def test_gradients(superlevel, rng):
    complex = SimplicialComplex(surface("torus"), superlevel=superlevel)
    values = torch.tensor(rng.standard_normal((2, complex.n_vertices)), requires_grad=True)

    def energies(x):
        batch = complex(x)
        return (
            Energy(dim=0, p=2)(batch),
            Energy(dim=1, p=2, essential="clip")(batch),
            Energy(dim=2, p=1, essential="clip")(batch),
            batch[0][1][:, 0],
        )

    assert torch.autograd.gradcheck(energies, (values,))


@pytest.mark.parametrize(
    ("simplices", "parameters", "error", "sentence"),
    [
        ([[0, 0, 1]], {}, ValueError, r"each vertex once, got \[0, 0, 1\]"),
        ([[0, -1]], {}, ValueError, "vertices from 0 to .*, got -1"),
        ([[0.0, 1.0]], {}, TypeError, "simplices must be integers, .* got dtype float64"),
        ([["a", "b"]], {}, TypeError, "real numbers"),
        ([1, 2], {}, TypeError, "sequences of vertices, got 1 as one"),
        (np.zeros((2, 2, 2), int), {}, ValueError, r"shape \(m, k \+ 1\), got \(2, 2, 2\)"),
        ([], {}, ValueError, "must have a vertex, got none"),
        ([[0, 5]], {"n_vertices": 3}, ValueError, "below n_vertices=3, got 5"),
        ([[0, 1]], {"max_dim": -1}, ValueError, "max_dim must be an integer of at least 0"),
        ([[0, 1]], {"n_vertices": 1.5}, ValueError, "n_vertices must be an integer"),
        (
            [[0, 1]],
            {"homology_dimensions": [-1]},
            ValueError,
            "must be integers of at least 0, got -1",
        ),
        ([range(60)], {}, ValueError, "faces.*give max_dim"),
        ([[0, 1]], {"superlevel": "no"}, TypeError, "superlevel must be True or False, got 'no'"),
        ([[0, 1]], {"n_jobs": "a"}, TypeError, "n_jobs must be an integer or None, got 'a'"),
        ([[0, 1]], {"n_vertices": True}, ValueError, "n_vertices must be an integer"),
    ],
)
def test_bad_complexes(simplices, parameters, error, sentence):
    with pytest.raises(error, match=sentence):
        SimplicialComplex(simplices, **parameters)


@pytest.mark.parametrize(
    ("values", "error", "sentence"),
    [
        ([1.0, 2.0], ValueError, r"shape \(..., 3\) for a complex with 3 vertices, got \(2,\)"),
        (3.0, ValueError, r"got \(\)"),
        ([1.0, np.nan, 2.0], ValueError, r"values must be finite, got nan at index \(1,\)"),
        (["a", "b", "c"], TypeError, "values must be an array of real numbers"),
    ],
)
def test_bad_values(values, error, sentence):
    with pytest.raises(error, match=sentence):
        SimplicialComplex([[0, 1, 2]])(values)


def test_bad_graph():
    with pytest.raises(ValueError, match=r"square matrix with vertices, got shape \(2, 3\)"):
        SimplicialComplex.from_graph(np.ones((2, 3)))
    with pytest.raises(ValueError, match="square matrix"):
        SimplicialComplex.from_graph(csr_array((1, 2)))
    for weight, kind in ((np.nan, ValueError), (np.inf, ValueError), (1j, TypeError)):
        for graph in (np.full((2, 2), weight), csr_array(np.full((2, 2), weight))):
            with pytest.raises(kind, match="adjacency must be"):
                SimplicialComplex.from_graph(graph)
    with pytest.raises(TypeError, match="n_vertices is the size of adjacency"):
        SimplicialComplex.from_graph(np.eye(3), n_vertices=3)


def test_sizes_are_checked_before_memory_is_taken():
    with pytest.raises(ValueError, match="n_vertices must be below"):
        SimplicialComplex([[0, 1]], n_vertices=2**31 + 5)
    for simplices in ([[0, 2**31 - 3]], [range(33)], [range(31)]):
        with pytest.raises(ValueError, match="give max_dim"):
            SimplicialComplex(simplices)


@pytest.mark.parametrize("dims", [(0, 0), (True,), (-1,), (0.5,)])
def test_homology_dimensions_are_distinct_integers(dims):
    with pytest.raises(ValueError, match="homology_dimensions must"):
        SimplicialComplex([[0, 1]], homology_dimensions=dims)
    assert SimplicialComplex([[0, 1]], homology_dimensions=1).homology_dimensions == (1,)
