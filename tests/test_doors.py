"""What people give as samples: taken, or refused by a sentence that says what to do."""

import numpy as np
import pytest
import torch
from scipy.sparse import coo_array, csr_matrix
from scipy.spatial.distance import cdist

from skltopo import PersistenceDiagrams, PersistenceFeatures, TopoDenoiser, TopoShaper
from skltopo._persistence import Pairs
from skltopo.distances import bottleneck_distance
from skltopo.filtrations import Alpha, LevelSet, SimplicialComplex, VietorisRips, WeakAlpha
from skltopo.filtrations.base import Filtration
from skltopo.filtrations.point_clouds import Clouds
from skltopo.vectorize import PersistenceImage, PersistenceLandscape, TopKLengths


def precomputed(max_dim=1, **parameters):
    return VietorisRips(max_dim, metric="precomputed", **parameters)


def finite_sum(diagram):
    parts = [diagram[dim] for dim in diagram.homology_dimensions]
    return sum(part[torch.isfinite(part).all(dim=1)].sum() for part in parts)


# Matrices that are distances up to rounding -------------------------------------------------------
def rounded(kind, rng):
    """Return a matrix as people compute them, which is no matrix of distances exactly."""
    points = rng.normal(size=(30, 4))
    unit = points / np.linalg.norm(points, axis=1)[:, None]
    if kind == "squares":  # by the binomial formula
        squares = (points**2).sum(axis=1)
        return np.sqrt(np.maximum(squares[:, None] + squares - 2 * points @ points.T, 0))
    if kind == "angles":
        return np.arccos(np.clip(unit @ unit.T, -1, 1))
    if kind == "cosines":
        return (1 - unit.astype(np.float32) @ unit.astype(np.float32).T).astype(np.float32)
    noise = rng.uniform(-1, 1, (30, 30))
    if kind == "asymmetric":
        return cdist(points, points) + 2e-10 * noise
    return (cdist(points, points) + 1e-6 * noise).astype(np.float32)


@pytest.mark.parametrize("kind", ["squares", "angles", "cosines", "asymmetric", "single"])
@pytest.mark.parametrize("max_dim", [0, 1, 2])
def test_matrices_up_to_rounding(kind, max_dim, rng):
    matrix = rounded(kind, rng)
    exact = np.maximum((matrix + matrix.T) / 2, 0)
    np.fill_diagonal(exact, 0)
    given = matrix.copy()
    found, expected = precomputed(max_dim)(matrix), precomputed(max_dim)(exact)
    np.testing.assert_array_equal(matrix, given)
    live = torch.tensor(matrix, requires_grad=True)
    by_torch = precomputed(max_dim)(live)
    for dim in range(max_dim + 1):
        np.testing.assert_allclose(found[dim], expected[dim], atol=1e-6)
        assert (found[dim][:, 0] <= found[dim][:, 1]).all()
        np.testing.assert_array_equal(by_torch[dim].detach().numpy(), found[dim])
    finite_sum(by_torch).backward()
    assert torch.isfinite(live.grad).all()
    assert torch.equal(live.grad, live.grad.T)
    assert not live.grad.diagonal().any()


def test_matrices_of_several_sizes_and_kinds(rng):
    matrices = [cdist(x, x) + 1e-10 * rng.random((len(x), len(x))) for x in rng.random((2, 9, 2))]
    matrices[1] = matrices[1][:5, :5]
    batch = precomputed()([matrices[0].astype(np.float32), torch.tensor(matrices[1])])
    for i in range(2):
        expected = precomputed()(matrices[i])
        np.testing.assert_allclose(batch[i][0].numpy(), expected[0], atol=1e-6)
    stacked = precomputed()(np.stack([matrices[0]] * 2))
    np.testing.assert_array_equal(stacked[1][1], precomputed()(matrices[0])[1])


@pytest.mark.parametrize("offset", [0.0, 3.0, 20.0])
@pytest.mark.parametrize("max_dim", [0, 1])
def test_cdist_of_torch_with_equal_points(offset, max_dim):
    z = torch.randn(70, 3, generator=torch.Generator().manual_seed(1)) + offset
    z[10:13] = z[0]
    z.requires_grad_()
    finite_sum(precomputed(max_dim)(torch.cdist(z, z))).backward()
    assert torch.isfinite(z.grad).all()
    assert z.grad.any()


@pytest.mark.parametrize(
    ("i", "j", "change", "sentence"),
    [
        (2, 6, 1e-6, r"symmetric, got .* at \[2, 6\] and .* at \[6, 2\].* more than rounding"),
        (6, 2, -1e-6, r"symmetric, got .* at \[2, 6\]"),
        (3, 3, 0.2, r"diagonal of zeros, got 0.2 at \[3, 3\]"),
        (3, 3, -0.2, r"diagonal of zeros, got -0.2 at \[3, 3\]"),
        (0, 0, np.inf, "diagonal of zeros"),
        (1, 0, np.inf, r"symmetric, got .* at \[0, 1\] and inf"),
        (5, 4, np.nan, r"no NaN, got nan at \[5, 4\]"),
    ],
)
def test_beyond_rounding_the_entry_is_named(i, j, change, sentence, rng):
    points = rng.random((20, 3))
    matrix = cdist(points, points)
    matrix[i, j] += change
    for given in (matrix, torch.tensor(matrix)):
        for max_dim in (0, 1):
            with pytest.raises(ValueError, match=sentence):
                precomputed(max_dim)(given)


def test_negative_distances_are_named():
    matrix = np.ones((4, 4)) - np.eye(4)
    matrix[1, 3] = matrix[3, 1] = -1e-3
    with pytest.raises(ValueError, match=r"at least 0, got -0.001 at \[1, 3\]"):
        precomputed()(matrix)
    matrix[1, 3] = matrix[3, 1] = -1e-10
    assert precomputed()(matrix)[0][-1].tolist() == [0, 1]


@pytest.mark.parametrize("keep_zero", [False, True])
@pytest.mark.parametrize("max_dim", [0, 1, 2])
@pytest.mark.parametrize(
    ("metric", "points"),
    [
        ("dice", [[0.5, 3], [2, 0.1], [4, 4]]),
        ("dice", [[-3.0, 1], [2, 2], [0, 1]]),
        ("russellrao", np.eye(4)),
        ("cosine", [[0.0, 0], [1, 1]]),
        ("jensenshannon", [[-1.0, 2], [1, 2], [0.1, 0.2]]),
        ("mahalanobis", [[0.0, 1, 2], [1, 2, 3], [2, 3, 4], [5, 6, 7]]),
        ("mahalanobis", np.ones((5, 2))),
        ("seuclidean", [[1.0, 2], [1, 3], [1, 5]]),
        ("sqeuclidean", [[0.0], [1e160]]),
    ],
)
def test_metrics_that_are_none_are_named(metric, points, max_dim, keep_zero):
    if metric == "dice" and cdist(points, points, "dice").min() >= 0:
        pytest.skip("this scipy's dice is that of booleans")
    rips = VietorisRips(max_dim, metric=metric, keep_zero=keep_zero)
    with pytest.raises(ValueError, match=metric):
        rips(np.array(points, float))


# Scales -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scale", [1e-200, 1e-150, 1e-120, 1e120, 1e149])
@pytest.mark.parametrize("n_coordinates", [1, 2, 3])
def test_lengths_at_any_scale(scale, n_coordinates, rng):
    points = rng.random((25, n_coordinates))
    for filtration in (VietorisRips(0), VietorisRips(2), WeakAlpha(1)):
        small = torch.tensor(points, requires_grad=True)
        scaled = torch.tensor(points * scale, requires_grad=True)
        expected, found = filtration(small), filtration(scaled)
        for dim in filtration.homology_dimensions:
            right = expected[dim].detach().numpy()
            np.testing.assert_allclose(found[dim].detach().numpy() / scale, right, rtol=1e-9)
        finite_sum(expected).backward()
        finite_sum(found).backward()
        np.testing.assert_allclose(scaled.grad, small.grad, atol=1e-9)
    cut = VietorisRips(1, max_edge=0.3 * scale)(points * scale)
    np.testing.assert_allclose(cut[1] / scale, VietorisRips(1, max_edge=0.3)(points)[1], rtol=1e-9)


def test_weak_alpha_of_points_whose_squares_overflow(rng):
    points = rng.normal(size=(20, 2))
    found = WeakAlpha()(points * 1e200)
    np.testing.assert_allclose(found[0] / 1e200, WeakAlpha()(points)[0], rtol=1e-9)


@pytest.mark.parametrize(
    ("dtype", "value"), [(np.float16, 5e4), (np.float32, 3e38), (float, 1.5e308)]
)
def test_lengths_that_overflow_their_dtype_are_said(dtype, value):
    points = np.array([[-value, 0], [value, 0], [0, value]], dtype)
    with pytest.raises(ValueError, match=r"overflow.*; scale the points"):
        WeakAlpha()(points)
    assert WeakAlpha()(points / 8)[0].shape == (3, 2)


def test_level_sets_and_complexes_at_any_scale(rng):
    values = rng.random(6)
    ring = SimplicialComplex([[i, (i + 1) % 6] for i in range(6)])
    for scale in (1e-300, 1e-150, 1e150, 1e300):
        for filtration in (LevelSet(1), ring):
            expected = filtration(values)[0]
            np.testing.assert_allclose(filtration(values * scale)[0], expected * scale, rtol=1e-12)


def test_features_that_overflow_are_said(rng):
    with pytest.raises(ValueError, match=r"overflow float64.*scale X"):
        PersistenceFeatures().fit_transform(rng.random((2, 6, 6)) * 1e150)


# Masks --------------------------------------------------------------------------------------------
DOORS = {
    "level set": LevelSet(2),
    "rips": VietorisRips(),
    "weak alpha": WeakAlpha(),
    "alpha": Alpha(),
    "distances": precomputed(),
    "complex": SimplicialComplex([[0, 1], [1, 3]]),
    "simplices": SimplicialComplex,
    "adjacency": SimplicialComplex.from_graph,
    "features": PersistenceFeatures().fit,
    "denoiser": TopoDenoiser().fit,
    "shaper": TopoShaper().fit,
    "diagrams": PersistenceDiagrams().fit,
    "clouds": lambda x: PersistenceDiagrams("rips").fit([x, x]),
    "vectors": TopKLengths(filtration="level_set", dim=0).fit,
    "diagram": lambda x: bottleneck_distance(x[:, :2], [[0.0, 1.0]]),
    "list of diagrams": lambda x: TopKLengths().fit([x[:, :2]]),
}


def masked():
    values = np.ma.masked_greater(np.arange(16).reshape(4, 4), 14)
    values[0, 1] = np.ma.masked
    return values


@pytest.mark.parametrize("door", DOORS)
def test_masks_are_refused(door):
    with pytest.raises(ValueError, match=r"masked or missing entries, got [12] of .*fill them"):
        DOORS[door](masked())


@pytest.mark.parametrize("values", [[masked()], [[masked()[0]] * 4], [np.ones((4, 4)), masked()]])
def test_masks_in_lists_are_refused(values):
    for door in (LevelSet(2), VietorisRips(), PersistenceFeatures().fit, PersistenceDiagrams().fit):
        with pytest.raises(ValueError, match="mask"):
            door(values)


def test_masks_that_hide_nothing_are_taken(rng):
    values = rng.random((5, 5))
    for mask in (np.ma.nomask, False, np.zeros((5, 5), bool)):
        given = np.ma.array(values, mask=mask)
        np.testing.assert_array_equal(LevelSet(2)(given)[0], LevelSet(2)(values)[0])
        np.testing.assert_array_equal(WeakAlpha()(given)[0], WeakAlpha()(values)[0])


def test_missing_entries_of_pandas_are_refused():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0, 4.0], "b": [0.0, 5.0, 1.0]})
    np.testing.assert_array_equal(WeakAlpha()(frame)[0], WeakAlpha()(frame.to_numpy())[0])
    nullable = frame.astype("Float64")
    np.testing.assert_array_equal(WeakAlpha()(nullable)[0], WeakAlpha()(frame)[0])
    nullable.iloc[1, 0] = pandas.NA
    for door in (WeakAlpha(), PersistenceFeatures().fit, PersistenceDiagrams().fit):
        with pytest.raises(ValueError, match=r"missing.*fillna"):
            door(nullable)


# Kinds of arrays ----------------------------------------------------------------------------------
SQUARE = np.array([[0, 3, 1, 4], [7, 2, 9, 5], [6, 8, 2, 1], [3, 5, 4, 0]])


@pytest.mark.parametrize(
    "kind",
    [
        lambda x: x.astype(">f8"),
        lambda x: np.asfortranarray(x),
        lambda x: np.broadcast_to(x, (1, 4, 4))[0],
        lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
        lambda x: x.astype(np.float16),
        lambda x: x.astype(np.longdouble),
        lambda x: x.astype(np.uint64),
        lambda x: x.astype(object),
        lambda x: x.tolist(),
        lambda x: [torch.tensor(row) for row in x],
        lambda x: [x[0], torch.tensor(x[1]), *x[2:]],
        lambda x: torch.complex(0.0 * torch.tensor(x), -1.0 * torch.tensor(x)).conj().imag,
        lambda x: torch.tensor(x).to(torch.uint16),
        lambda x: torch.tensor(x).to(torch.float8_e5m2).double(),
        lambda x: torch.nn.Parameter(torch.tensor(x, dtype=torch.bfloat16)),
    ],
)
@pytest.mark.parametrize("filtration", [LevelSet(2), WeakAlpha(), VietorisRips(2)])
def test_arrays_of_any_kind_are_taken(kind, filtration):
    found, expected = filtration(kind(SQUARE % 6)), filtration(np.asarray(SQUARE % 6, float))
    for dim in filtration.homology_dimensions:
        points = torch.as_tensor(found[dim]).detach().double()
        np.testing.assert_allclose(points, expected[dim], rtol=1e-2)


def test_gradients_flow_through_lists_of_tensors():
    rows = [torch.tensor(row, dtype=torch.float64, requires_grad=True) for row in SQUARE]
    finite_sum(LevelSet(2)(rows)).backward()
    assert sum(abs(row.grad).sum() for row in rows) > 0


def fake():
    with torch._subclasses.fake_tensor.FakeTensorMode():
        return torch.ones(4, 4)


NOT_NUMBERS = {
    "meta": (lambda: torch.ones(4, 4, device="meta"), "with values, got one on device 'meta'"),
    "fake": (fake, "with values, got a FakeTensor"),
    "sparse": (lambda: torch.eye(4).to_sparse(), r"dense tensor, got .*use .*to_dense\(\)"),
    "nested": (lambda: torch.nested.nested_tensor([torch.ones(4)] * 4), r"unbind\(\)"),
    "complex tensor": (lambda: torch.ones(4, 4) + 1j, r"real numbers.*\.abs\(\)"),
    "complex": (lambda: np.ones((4, 4)) + 1j, "real numbers, got dtype complex128; take its abs"),
    "scipy": (lambda: csr_matrix(np.eye(4)), r"dense array, got csr_matrix; use .*toarray\(\)"),
    "strings": (lambda: [["1", "2"], ["3", "4"]], "real numbers, got dtype <U1"),
    "objects": (lambda: np.array([[None, 1.0]] * 2), "dtype object with NoneType in it"),
    "times": (lambda: np.zeros((4, 4), "M8[s]"), "dtype datetime64.*turn times into numbers"),
    "fields": (lambda: np.zeros((4, 4), [("a", float)]), "structured array"),
    "generator": (lambda: (row for row in SQUARE), r"got an iterator, generator; use list\("),
    "dict": (lambda: {0: SQUARE}, "got a dict"),
    "set": (lambda: {1, 2}, "got a set"),
    "None": (lambda: None, "got None"),
    "string": (lambda: "image", "got a str"),
}


@pytest.mark.parametrize("kind", NOT_NUMBERS)
@pytest.mark.parametrize(
    "filtration", [LevelSet(2), WeakAlpha(), precomputed(), SimplicialComplex([[0, 3]])]
)
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_what_is_no_array_of_numbers_is_refused(kind, filtration):
    make, sentence = NOT_NUMBERS[kind]
    with pytest.raises(TypeError, match=sentence):
        filtration(make())


# Newer versions of torch warn that they deprecate them, once a process.
@pytest.mark.filterwarnings("ignore:.*quantize")
def test_quantized_tensors_are_refused():
    quantized = torch.quantize_per_tensor(torch.ones(4, 4), 0.1, 0, torch.quint8)
    with pytest.raises(TypeError, match="dequantize"):
        LevelSet(2)(quantized)


def test_numbers_that_no_float_holds_are_refused():
    for values in ([[10**400, 1]], np.full((2, 2), np.longdouble(10) ** 400), [[1.0], [2.0, 3.0]]):
        with pytest.raises(ValueError, match=r"float64|finite|rectangular"):
            LevelSet(2)(values)
    endless = [1.0]
    endless.append(endless)
    for door in (LevelSet(1), PersistenceFeatures().fit, PersistenceDiagrams().fit):
        with pytest.raises(ValueError, match=r"rectangular|inhomogeneous"):
            door(endless)


def test_transforms_of_functions_are_said():
    def total(image):
        return LevelSet(2)(image)[0][1:].sum()

    with pytest.raises(TypeError, match="can't be read inside of vmap"):
        torch.func.vmap(total)(torch.rand(2, 4, 4))


# Images, graphs, complexes ------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [(6, 8, 8, 3), (2, 12, 20, 4), (1, 32, 32, 3)])
def test_colours_are_refused(shape, rng):
    images = rng.random(shape)
    for door in (
        PersistenceFeatures().fit,
        TopoDenoiser().fit,
        PersistenceDiagrams().fit,
        LevelSet(2),
        lambda images: LevelSet(2)(torch.tensor(images[0])),
        lambda images: PersistenceDiagrams(filtration=LevelSet(2)).fit_transform(images),
        lambda images: PersistenceDiagrams().fit([images[0], images[0][:-1]]),
    ):
        with pytest.raises(ValueError, match=rf"looks like {shape[-1]} colours.*mean\(axis=-1\)"):
            door(images)


def test_thin_volumes_and_narrow_images_are_taken(rng):
    volumes = rng.random((2, 8, 8, 3))
    features = PersistenceFeatures(image_shape=(8, 8, 3), max_p=1, max_q=0)
    assert features.fit_transform(volumes).shape[0] == 2
    assert len(LevelSet(3)(volumes)) == 2
    narrow = rng.random((9, 8, 3))
    assert len(LevelSet(2)(narrow[:, None])) == 9
    by_one = [LevelSet(2)(image)[0] for image in narrow]
    for name in ("arrays", "tensors"):
        batch = LevelSet(2).of_batch(narrow if name == "arrays" else torch.tensor(narrow))
        assert all(np.array_equal(batch[i][0], by_one[i]) for i in range(9))
    found = PersistenceDiagrams(homology_dimensions=0, essential="keep").fit_transform(narrow)
    assert all(np.array_equal(a, b) for a, b in zip(found, by_one, strict=True))
    module = PersistenceFeatures(max_p=1, max_q=0).fit(narrow).to_torch()
    expected = PersistenceFeatures(max_p=1, max_q=0).fit_transform(narrow)
    np.testing.assert_allclose(module(torch.tensor(narrow)), expected, atol=1e-9)


def test_modules_refuse_images_of_another_shape(rng):
    module = PersistenceFeatures(max_p=1, max_q=0).fit(rng.random((2, 4, 6))).to_torch()
    assert module(torch.rand(5, 24)).shape == module(torch.rand(5, 1, 4, 6)).shape
    for wrong in (torch.rand(5, 6, 4), torch.rand(24), torch.rand(5, 25)):
        with pytest.raises(ValueError, match=r"images must have shape \(n, 4, 6\), or \(n, 24\)"):
            module(wrong)
    with pytest.raises(TypeError, match=r"images must be a torch.Tensor, got ndarray"):
        module(rng.random((2, 4, 6)))


def test_images_of_pil():
    Image = pytest.importorskip("PIL.Image")
    grey = Image.fromarray(SQUARE.astype(np.uint8))
    np.testing.assert_array_equal(LevelSet(2)(grey)[0], LevelSet(2)(SQUARE)[0])
    rows = PersistenceFeatures().fit_transform([grey, grey])
    np.testing.assert_array_equal(rows, PersistenceFeatures().fit_transform([SQUARE, SQUARE]))
    for mode in ("RGB", "RGBA", "P"):
        for door in (LevelSet(2), lambda image: PersistenceFeatures().fit([image])):
            with pytest.raises(TypeError, match=rf"mode '{mode}'; use .*convert\('L'\)"):
                door(grey.convert(mode))


def test_graphs_of_networkx():
    networkx = pytest.importorskip("networkx")
    graph = networkx.Graph([("c", "a"), ("a", "b"), ("b", "c"), ("b", "d")])
    graph.add_edge("a", "d", weight=0.0)
    diagram = SimplicialComplex.from_graph(graph)([0.0, 1.0, 2.0, 3.0])
    assert diagram[1].tolist() == [[2, np.inf], [3, np.inf]]
    for door in (VietorisRips(), SimplicialComplex, LevelSet(2)):
        with pytest.raises(TypeError, match="from_graph"):
            door(graph)
    with pytest.raises(TypeError, match="from_graph"):
        SimplicialComplex(coo_array(np.eye(3)))


def test_edges_as_columns_and_adjacency_matrices_are_no_simplices():
    columns = np.array([[0, 1, 2, 3, 0], [1, 2, 3, 0, 2]])
    with pytest.raises(ValueError, match=r"each vertex once.*transpose edges that are columns"):
        SimplicialComplex(columns)
    with pytest.raises(ValueError, match=r"adjacency matrices to SimplicialComplex.from_graph"):
        SimplicialComplex(np.ones((4, 4), int))
    long = np.stack([np.arange(60), np.arange(60) + 1])
    with pytest.raises(ValueError, match="edges as rows, not as columns"):
        SimplicialComplex(long)
    assert len(SimplicialComplex(long.T).simplices[1]) == 60


# Sizes and parameters -----------------------------------------------------------------------------
def test_sizes_that_cannot_be_held_are_refused(rng):
    images, diagrams = rng.random((2, 5, 5)), [[[0.0, 1.0]]]
    for step, X in (
        (PersistenceFeatures(n_directions=10**12), images),
        (PersistenceLandscape(resolution=10**10), diagrams),
        (PersistenceLandscape(resolution=10**5, n_layers=10**5), diagrams),
        (PersistenceImage(resolution=(10**6, 10**6)), diagrams),
        (TopKLengths(k=10**12), diagrams),
    ):
        with pytest.raises((MemoryError, ValueError), match=r"n_directions|resolution|'k'"):
            step.fit(X)
    for make in (VietorisRips, WeakAlpha, Alpha):
        with pytest.raises(ValueError, match="max_dim must be"):
            make(max_dim=10**12)
    with pytest.raises(ValueError, match="homology_dimensions"):
        LevelSet(2, homology_dimensions=10**12)


@pytest.mark.parametrize("n_jobs", [1, 10**9, np.int64(2), -1, -(10**9), None])
def test_any_number_of_threads(n_jobs, rng):
    clouds = rng.random((40, 6, 2))
    expected = WeakAlpha()(clouds)
    found = WeakAlpha(n_jobs=n_jobs)(clouds)
    assert all(np.array_equal(found[i][1], expected[i][1]) for i in range(40))


# Filtrations of others ----------------------------------------------------------------------------
class Named(Filtration):
    """One pair and one essential class, of given names."""

    def __init__(self, pair, essential):
        self._store(pair=pair, essential=essential)

    def _find(self, samples, n_jobs):
        found = Pairs(*self._widths(0))
        for _ in range(samples.n_samples):
            found.add_sample([self.pair], [1.0], [self.essential])
        return {0: found.finish()}


class NamedEdges(Named):
    def _check(self, points):
        return Clouds(points)

    def _widths(self, dim):
        return 2, 2


@pytest.mark.parametrize("wrong", [4, 7, 2**31 - 1])
def test_vertices_that_are_none_are_refused(wrong):
    values = np.arange(8.0).reshape(2, 4)
    for given in (values[0], values, torch.tensor(values[0]), values[0].astype(np.float16)):
        Named((0, 3), 0)(given)
        for pair, essential in (((0, wrong), 0), ((0, 3), wrong)):
            with pytest.raises(ValueError, match=r"Named._find must return vertices"):
                Named(pair, essential)(given)
    clouds = np.arange(16.0).reshape(2, 4, 2)
    for given in (clouds[0], clouds, torch.tensor(clouds[0])):
        NamedEdges((0, 0, 0, 3), (0, 0))(given)
        with pytest.raises(ValueError, match=r"NamedEdges._find must return vertices"):
            NamedEdges((0, 0, 0, wrong), (0, 0))(given)


def test_buffers_are_arrays(rng):
    diagrams = np.sort(rng.random((3, 5, 2)), axis=2)
    curve = PersistenceLandscape().fit_transform(diagrams)
    assert np.array_equal(PersistenceLandscape().fit_transform(memoryview(diagrams)), curve)
    images = rng.random((3, 6, 6))
    for filtration in (LevelSet(2), lambda image: LevelSet(2)(image)):
        found = PersistenceDiagrams(filtration).fit_transform(images)
        again = PersistenceDiagrams(filtration).fit_transform(memoryview(images))
        assert np.array_equal(found[2].get_points(0), again[2].get_points(0))


@pytest.mark.parametrize(
    "change", [lambda x: x[::-1], lambda x: x.astype(">f8"), lambda x: x.astype(np.longdouble)]
)
def test_arrays_of_any_kind_beside_tensors(change, rng):
    first, second = rng.random((6, 2)), rng.random((5, 2))
    batch = VietorisRips()([torch.from_numpy(first), change(second)])
    alone = VietorisRips()(np.ascontiguousarray(change(second), dtype=np.float64))
    assert np.array_equal(batch[1][1].numpy(), alone[1])
    assert np.array_equal(batch[1].pairs[0], alone.pairs[0])


@pytest.mark.parametrize("wrong", [np.array(1.5), np.array(True), {"a": 1}, ["cubical"]])
def test_kinds_of_complex_that_are_none(wrong):
    with pytest.raises(ValueError, match="complex must be one of"):
        LevelSet(2, complex=wrong)(np.eye(3))
    with pytest.raises((TypeError, ValueError), match="homology_dimensions"):
        LevelSet(2, homology_dimensions=wrong)(np.eye(3))
