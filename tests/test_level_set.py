"""LevelSet as a user meets it: containers, dtypes, gradients, theorems, bad input."""

import gudhi
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skltopo import Energy, TopoDenoiser
from skltopo.diagrams import Diagram, DiagramBatch
from skltopo.filtrations import LevelSet

RING = np.array([[3.0, 3, 3, 0], [3, 1, 3, 0], [3, 3, 3, 0]])

small_images = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8),
    elements=st.integers(-4, 4).map(float) | st.floats(-9, 9),
)


# Diagrams


def test_diagram_of_a_ring():
    diagram = LevelSet(ndim=2, superlevel=True)(RING)
    assert isinstance(diagram, Diagram)
    np.testing.assert_array_equal(diagram[0], [[3.0, -np.inf]])
    np.testing.assert_array_equal(diagram[1], [[3.0, 1.0]])
    assert diagram.pairs[1].tolist() == [[10, 5]]
    assert diagram.pairs[1].dtype == np.int64
    assert diagram.essential[0].tolist() == [0]
    assert diagram.homology_dimensions == (0, 1)
    assert repr(diagram) == "Diagram(H0: 0 finite + 1 essential, H1: 1 finite + 0 essential)"


def test_diagram_is_no_sequence_and_says_which_dimensions_it_has():
    diagram = LevelSet(ndim=2, homology_dimensions=(1,))(RING)
    with pytest.raises(TypeError):
        iter(diagram)
    with pytest.raises(KeyError, match=r"dimension 0 was not computed; this diagram has \[1\]"):
        diagram[0]


def test_batch_is_indexed_like_its_leading_axes(rng):
    images = rng.random((3, 4, 6, 5))
    batch = LevelSet(ndim=2)(images)
    assert isinstance(batch, DiagramBatch)
    assert (len(batch), batch.shape, batch[1].shape, batch[1:].shape) == (3, (3, 4), (4,), (2, 4))
    alone = LevelSet(ndim=2)(images[2, 3])
    for diagram in (batch[2, 3], batch[2][3], batch[-1][-1], batch[1:][1, 3], list(batch[2])[3]):
        for dim in (0, 1):
            np.testing.assert_array_equal(diagram[dim], alone[dim])
            np.testing.assert_array_equal(diagram.pairs[dim], alone.pairs[dim])
    with pytest.raises(IndexError):
        batch[3]
    with pytest.raises(ValueError, match="step 1"):
        batch[::2]


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("shape", [(0, 5), (0, 1 << 17), (0, 5, 5), (0, 5, 5, 5), (0, 5, 5, 1)])
def test_empty_batches_have_no_points(shape, n_jobs):
    batch = LevelSet(ndim=len(shape) - 1, n_jobs=n_jobs)(np.empty(shape))
    assert len(batch) == 0
    assert batch.homology_dimensions == tuple(range(len(shape) - 1))
    assert all(len(points.pairs) == 0 for points in batch.points.values())


def test_empty_batch_gives_no_diagrams():
    batch = LevelSet(ndim=2)(np.empty((0, 5, 5)))
    assert len(batch) == 0
    assert Energy(dim=1)(batch).shape == (0,)
    assert Energy(dim=0, essential="clip")(batch).shape == (0,)


# Arrays of every kind


@pytest.mark.parametrize("ndim", [1, 2])
def test_memory_layout_does_not_matter(ndim, rng):
    values = rng.integers(0, 9, (12, 14)).astype(float)
    expected = LevelSet(ndim)(values)
    read_only = values.copy()
    read_only.flags.writeable = False
    wide = np.zeros((24, 42))
    wide[::2, ::3] = values
    flipped = np.ascontiguousarray(values[::-1, ::-1])[::-1, ::-1]
    others = [
        np.asfortranarray(values),
        read_only,
        wide[::2, ::3],
        flipped,
        values.astype(">f8"),
        values.astype(">f4"),
        values.astype(np.float32),
        values.astype(np.float16),
        values.astype(np.longdouble),
        values.astype(np.int8),
        values.astype(np.uint16),
        values.astype(">i4"),
        values.tolist(),
        torch.from_numpy(values).T.contiguous().T,
        torch.from_numpy(values).to(torch.bfloat16),
        torch.from_numpy(values).to(torch.int32),
    ]
    for other in others:
        found = LevelSet(ndim)(other)
        for i in [()] if ndim == 2 else range(12):
            a, b = (found, expected) if ndim == 2 else (found[i], expected[i])
            for dim in range(ndim):
                np.testing.assert_array_equal(a.pairs[dim], b.pairs[dim])
                points = a[dim].double().numpy() if torch.is_tensor(a[dim]) else a[dim]
                np.testing.assert_array_equal(points, b[dim])


def test_dtype_is_kept():
    for dtype in (np.float16, np.float32, np.float64):
        assert LevelSet(2)(RING.astype(dtype))[0].dtype == dtype
    for dtype in (torch.bfloat16, torch.float32, torch.float64):
        assert LevelSet(2)(torch.tensor(RING, dtype=dtype))[0].dtype == dtype
    assert LevelSet(2)(RING.astype(int))[0].dtype == np.float64
    assert LevelSet(2)(RING > 1)[0].dtype == np.float64


@pytest.mark.parametrize("complex", ["freudenthal", "cubical", "cubical_cells"])
def test_degenerate_images(complex):
    filtration = LevelSet(2, complex=complex)
    for shape in [(1, 1), (1, 7), (7, 1), (2, 2), (5, 5)]:
        diagram = filtration(np.full(shape, 2.0))
        np.testing.assert_array_equal(diagram[0], [[2.0, np.inf]])
        assert diagram[1].shape == (0, 2)


# Gradients


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("complex", ["freudenthal", "cubical", "cubical_cells"])
def test_gradients_of_images(complex, superlevel, rng):
    images = torch.tensor(rng.random((2, 6, 7)), requires_grad=True)
    filtration = LevelSet(2, superlevel=superlevel, complex=complex)

    def energies(x):
        batch = filtration(x)
        return (
            Energy(dim=0, p=2, q=1)(batch),
            Energy(dim=1, p=1.5, i0=2)(batch),
            Energy(dim=0, p=3, essential="clip")(batch),
            filtration(x[0])[1],
        )

    assert torch.autograd.gradcheck(energies, (images,))


@pytest.mark.parametrize("superlevel", [False, True])
def test_gradients_of_lines(superlevel, rng):
    lines = torch.tensor(rng.random((3, 20)), requires_grad=True)

    def energies(x):
        batch = LevelSet(1, superlevel=superlevel)(x)
        return Energy(p=2, q=2)(batch), Energy(p=1, i0=2)(batch), batch[1][0][1:]

    assert torch.autograd.gradcheck(energies, (lines,))


def test_gradient_by_hand():
    line = torch.tensor([0.0, 3.0, 1.0, 2.0, 0.5], requires_grad=True)
    Energy(dim=0, p=2)(LevelSet(1, superlevel=True)(line)).backward()  # (2 - 1)^2
    assert line.grad.tolist() == [0.0, 0.0, -2.0, 2.0, 0.0]


def test_two_forwards_before_one_backward(rng):
    filtration, energy = LevelSet(2), Energy(dim=1, p=2)
    x, y = (torch.tensor(rng.random((8, 8)), requires_grad=True) for _ in range(2))
    first, second = energy(filtration(x)), energy(filtration(y))
    (first + second).backward()
    for image in (x, y):
        alone = image.detach().clone().requires_grad_()
        energy(filtration(alone)).backward()
        torch.testing.assert_close(image.grad, alone.grad)


def test_gradients_with_ties_are_finite():
    image = torch.zeros((5, 5), requires_grad=True)
    Energy(dim=0, p=0.5, essential="clip", i0=2)(LevelSet(2)(image)).backward()
    assert torch.isfinite(image.grad).all()


# Theorems


def intervals(points):
    return points[np.lexsort(points.T)]


@settings(deadline=None, max_examples=200)
@given(small_images)
def test_superlevel_is_minus_sublevel_of_minus(image):
    for complex in ("freudenthal", "cubical", "cubical_cells"):
        up = LevelSet(2, superlevel=True, complex=complex)(image)
        down = LevelSet(2, complex=complex)(-image)
        for dim in (0, 1):
            np.testing.assert_array_equal(up.pairs[dim], down.pairs[dim])
            np.testing.assert_array_equal(up[dim], -down[dim])


@settings(deadline=None, max_examples=200)
@given(small_images)
def test_transposed_and_turned_images_have_the_same_points(image):
    for complex in ("freudenthal", "cubical", "cubical_cells"):
        filtration = LevelSet(2, complex=complex)
        for dim in (0, 1):
            points = intervals(filtration(image)[dim])
            np.testing.assert_array_equal(intervals(filtration(image.T)[dim]), points)
            np.testing.assert_array_equal(intervals(filtration(image[::-1, ::-1])[dim]), points)


@settings(deadline=None, max_examples=200)
@given(small_images, st.integers(-5, 5), st.sampled_from([0.5, 2.0, 4.0]))
def test_shifts_and_scales_carry_over(image, shift, scale):
    image = np.round(64 * image) / 64  # exact in floats, so that equal lengths stay equal
    diagram, moved = LevelSet(2)(image), LevelSet(2)(scale * image + shift)
    for dim in (0, 1):
        np.testing.assert_array_equal(moved[dim], scale * diagram[dim] + shift)


@settings(deadline=None, max_examples=100)
@given(small_images, st.integers(0, 2**32 - 1))
def test_stability(image, seed):
    other = image + np.random.default_rng(seed).uniform(-0.5, 0.5, image.shape)
    for complex in ("freudenthal", "cubical", "cubical_cells"):
        a, b = LevelSet(2, complex=complex)(image), LevelSet(2, complex=complex)(other)
        for dim in (0, 1):
            distance = gudhi.bottleneck_distance(a[dim], b[dim])
            assert distance <= np.abs(image - other).max() + 1e-9


def test_total_length_on_a_line_in_closed_form(rng):
    """Finite superlevel lengths add up to TV / 2 + (first + last) / 2 - max."""
    lines = rng.standard_normal((50, 30))
    expected = (
        np.abs(np.diff(lines)).sum(axis=1) / 2
        + (lines[:, 0] + lines[:, -1]) / 2
        - lines.max(axis=1)
    )
    np.testing.assert_allclose(Energy()(LevelSet(1, superlevel=True)(lines)), expected)


# Bad input gets a sentence


@pytest.mark.parametrize(
    ("values", "error", "sentence"),
    [
        (
            np.array([[1.0, np.nan]]),
            ValueError,
            r"values must be finite, got nan at index \(0, 1\)",
        ),
        (np.array([[1.0], [np.inf]]), ValueError, r"must be finite, got inf at index \(1, 0\)"),
        (np.array([[-np.inf, 1.0]]), ValueError, "must be finite, got -inf"),
        (torch.tensor([[1.0, float("nan")]]), ValueError, "must be finite, got nan"),
        (np.empty((0, 3)), ValueError, r"must not be empty, got values of shape \(0, 3\)"),
        (np.empty((2, 3, 0)), ValueError, "must not be empty"),
        (np.ones(3), ValueError, r"at least 2 axes for ndim=2, got shape \(3,\)"),
        (3.0, ValueError, r"at least 2 axes for ndim=2, got shape \(\)"),
        ([[1.0, 2.0], [3.0]], ValueError, "values must be a rectangular array"),
        ([["a", "b"]], TypeError, "values must be an array of real numbers, got dtype <U1"),
        (np.array([[None]]), TypeError, "real numbers, got dtype object"),
        (np.ones((2, 2), complex), TypeError, "real numbers, got dtype complex128"),
        (torch.ones((2, 2), dtype=torch.complex64), TypeError, "real numbers, got dtype torch"),
        (torch.ones((2, 2)).to_sparse(), TypeError, "dense tensor, got layout torch.sparse_coo"),
        (
            np.array([["2020-01-01"]], "datetime64[D]"),
            TypeError,
            "real numbers, got dtype datetime",
        ),
    ],
)
def test_bad_values(values, error, sentence):
    with pytest.raises(error, match=sentence):
        LevelSet(ndim=2)(values)


def test_a_sample_with_too_many_vertices_is_refused_before_memory_is_taken():
    image = np.broadcast_to(np.float32(0), (1 << 16, 1 << 16))
    with pytest.raises(ValueError, match="fewer than"):
        LevelSet(ndim=2)(image)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"ndim": 4}, "ndim must be 1, 2 or 3, got 4"),
        ({"ndim": 2, "complex": "hex"}, "complex must be one of .* got 'hex'"),
        ({"ndim": 1, "homology_dimensions": (1,)}, r"with ndim=1 must be among \[0\], got 1"),
    ],
)
def test_bad_parameters(parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        LevelSet(**parameters)


def test_parameters_are_those_of_a_filtration():
    dims = [1]
    filtration = LevelSet(2, superlevel=True, homology_dimensions=dims)
    assert filtration.get_params()["homology_dimensions"] is dims
    assert list(filtration.get_params())[:3] == ["ndim", "superlevel", "complex"]
    expected = "LevelSet(ndim=2, superlevel=True, complex='freudenthal', homology_dimensions=(1,))"
    assert repr(filtration) == expected
    with pytest.raises(ValueError, match=r"with ndim=1 must be among \[0\], got 1"):
        filtration.set_params(ndim=1)
    assert filtration.set_params(ndim=3, homology_dimensions=None).homology_dimensions == (0, 1, 2)


def test_finite_values_with_an_infinite_sum_are_fine():
    image = np.full((40, 40), 1e38, np.float32)
    image[3, 3] = 0
    assert LevelSet(2)(image).pairs[0].shape == (0, 2)


@pytest.mark.parametrize(
    ("parameters", "error", "sentence"),
    [
        ({"ndim": 3.0}, ValueError, "ndim must be 1, 2 or 3, got 3.0"),
        ({"ndim": 2, "homology_dimensions": (0, 0)}, ValueError, "must have each dimension once"),
        ({"ndim": 2, "homology_dimensions": (True,)}, ValueError, "must be among .0, 1., got True"),
        ({"ndim": 2, "homology_dimensions": 2}, ValueError, "must be among .0, 1., got 2"),
        ({"ndim": 2, "homology_dimensions": 0.5}, TypeError, "must be integers or None, got 0.5"),
        ({"ndim": 2, "superlevel": "no"}, TypeError, "superlevel must be True or False, got 'no'"),
        ({"ndim": 2, "n_jobs": "a"}, TypeError, "n_jobs must be an integer or None, got 'a'"),
        ({"ndim": 2, "n_jobs": 0}, ValueError, "n_jobs must not be 0"),
    ],
)
def test_bad_parameters_get_a_sentence(parameters, error, sentence):
    with pytest.raises(error, match=sentence):
        LevelSet(**parameters)
    assert LevelSet(2, homology_dimensions=1).homology_dimensions == (1,)


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("complex", ["freudenthal", "cubical", "cubical_cells"])
def test_labels_of_level_sets_are_those_of_a_denoiser(superlevel, complex, rng):
    images = rng.integers(0, 6, (5, 6, 7)).astype(float)
    level_sets = LevelSet(2, superlevel=superlevel, complex=complex)
    denoiser = TopoDenoiser(3, superlevel=superlevel, complex=complex).fit(images)
    assert np.array_equal(level_sets.label(images, n_components=3), denoiser.label(images))
    assert np.array_equal(level_sets.label(images[0]), level_sets.label(images)[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
def test_each_component_that_is_kept_has_its_basin(dtype, rng):
    image = rng.integers(0, 200, (9, 8)).astype(dtype)
    level_sets = LevelSet(2, superlevel=True, homology_dimensions=1)
    diagram = LevelSet(2, superlevel=True)(image)
    lengths = -np.diff(diagram.finite(0).astype(float), axis=1).ravel()
    labels = level_sets.label(image, min_length=60, background=100)
    roots = np.concatenate([diagram.essential[0], diagram.pairs[0][lengths >= 60, 0]])
    of_roots = labels.ravel()[roots]
    is_dark = image.ravel()[roots] < 100
    assert np.array_equal(of_roots, np.where(is_dark, -1, np.arange(len(roots))))
    assert np.array_equal(labels == -1, image < 100)
    assert len(roots) > 2


def test_labels_of_one_component_and_of_none(rng):
    volumes = rng.random((2, 3, 3, 4, 5))
    labels = LevelSet(3).label(torch.tensor(volumes), min_length=2.0)
    assert labels.shape == volumes.shape
    assert not labels.any()
    assert LevelSet(2).label(np.empty((0, 4, 4))).shape == (0, 4, 4)
    with pytest.raises(ValueError, match="n_components must be an integer of at least 1"):
        LevelSet(2).label(volumes, n_components=0)
    with pytest.raises(ValueError, match="min_length must be a finite number of at least 0"):
        LevelSet(2).label(volumes, min_length=-1)
    with pytest.raises(TypeError, match="background must be a number"):
        LevelSet(2).label(volumes, background="dark")
