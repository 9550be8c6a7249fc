import numpy as np
import pytest

from skltopo.datasets import (
    make_boxcar,
    make_chair,
    make_circle,
    make_clustered_coef,
    make_regression_problem,
    make_sawtooth,
    make_voxel_shapes,
)
from skltopo.filtrations import LevelSet
from skltopo.penalties import Maxima


@pytest.mark.parametrize("make", [make_sawtooth, make_boxcar])
@pytest.mark.parametrize("n_maxima", [1, 3, 5])
def test_lines_have_as_many_maxima_as_asked(make, n_maxima):
    coef = make(100, n_maxima)
    assert Maxima(n_maxima).value(coef) == pytest.approx(0, abs=1e-12)
    if n_maxima > 1:
        assert Maxima(n_maxima - 1).value(coef) > 1
    assert np.abs(coef).max() == 1


def test_random_state_decides():
    for make in (make_clustered_coef, lambda random_state: make_regression_problem(
        np.ones(3), 5, random_state=random_state)[1]):  # fmt: skip
        np.testing.assert_array_equal(make(random_state=3), make(random_state=3))
        assert (make(random_state=3) != make(random_state=4)).any()


def test_chair_is_a_surface_with_area_for_density():
    points = make_chair(20_000, random_state=0)
    np.testing.assert_array_equal(points, make_chair(20_000, random_state=0))
    on_face = np.isclose(points, np.round(points, 2), rtol=0, atol=1e-9).any(axis=1)
    assert on_face.all()
    assert points.min() == -0.55
    assert points.max() == 1.3
    x, y, height = points.T
    legs = height < 0.44
    assert ((np.minimum(x, 1 - x) <= 0.1) & (np.minimum(y, 1 - y) <= 0.1))[legs].all()
    # The seat has 2 x 1 + 4 x 0.08 of the area, all boxes together have 5.82.
    seat = (height >= 0.45) & (height <= 0.53)
    assert seat.mean() == pytest.approx(2.32 / 5.82, rel=0.1)
    noisy = make_chair(5_000, noise=0.1, random_state=0)
    assert noisy[:, 2].max() > 1.4


def test_problem_has_the_noise_asked_for():
    coef = make_clustered_coef(10, (-1, 0, 1), random_state=0)
    assert set(coef) <= {-1.0, 0.0, 1.0}
    X, y = make_regression_problem(coef, 20_000, noise=0.5, random_state=0)
    assert np.std(y - X @ coef) == pytest.approx(0.5, rel=0.02)
    assert make_circle(8).shape == (8, 8)


@pytest.mark.parametrize("bad", [0, -1, 2.5, True])
def test_sizes_are_checked(bad):
    for make in (make_clustered_coef, make_sawtooth, make_boxcar, make_circle):
        with pytest.raises(ValueError, match="must be an integer of at least 1"):
            make(bad)
    with pytest.raises(ValueError, match="n_samples must be an integer"):
        make_regression_problem([1.0], bad)
    with pytest.raises(ValueError, match="n_samples must be an integer"):
        make_chair(bad)
    for make in (lambda noise: make_regression_problem([1.0], noise=noise), make_chair):
        with pytest.raises(ValueError, match="noise must not be negative"):
            make(noise=-1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: make_sawtooth(2**40),
        lambda: make_boxcar(2**62),
        lambda: make_circle(2**31),
        lambda: make_chair(2**45),
        lambda: make_clustered_coef(2**62),
        lambda: make_regression_problem(np.ones(3), 2**62),
    ],
)
def test_sizes_beyond_memory_are_refused(call):
    with pytest.raises(MemoryError, match="GiB"):
        call()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: make_clustered_coef(5, []), "values must"),
        (lambda: make_clustered_coef(5, [1.0, np.nan]), "values must be finite"),
        (lambda: make_regression_problem([1.0, np.inf]), "coef must be finite"),
        (lambda: make_chair(5, noise=np.nan), "noise must be a finite number"),
        (lambda: make_regression_problem([1.0], noise=np.inf), "noise must be a finite number"),
        (lambda: make_sawtooth(5, 10**400), "n_teeth must be a finite number"),
    ],
)
def test_what_is_no_number_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


@pytest.mark.parametrize("size", [12, 13, 16, 32])
def test_voxel_shapes_are_one_component_each(size):
    X, y = make_voxel_shapes(150, size, random_state=0)
    assert X.shape == (150, size, size, size)
    assert X.dtype == np.float32
    assert set(np.unique(X)) == {0, 1}
    assert np.bincount(y).tolist() == [50, 50, 50]
    faces = LevelSet(3, superlevel=True, homology_dimensions=(0,), complex="cubical")
    assert all((d[0][:, 0] > 0.5).sum() == 1 for d in faces(X))
    assert X[..., 0].any(axis=(1, 2)).all()  # they stand on the floor
    assert len({grid.tobytes() for grid in X}) > 120


def test_voxel_shapes_have_the_parts_of_their_kind():
    X, y = make_voxel_shapes(300, 16, random_state=1)
    width = X.any(axis=(2, 3)).sum(axis=1)
    assert width[y == 1].mean() > width[y == 2].mean()
    back = X[:, :, 8:].sum(axis=(1, 2))[:, 8:].sum(axis=1)
    front = X[:, :, :8].sum(axis=(1, 2))[:, 8:].sum(axis=1)
    assert (back > front)[y == 0].all()  # chairs have their back behind
    holes = LevelSet(3, superlevel=True, homology_dimensions=(1,))
    n_holes = np.array([(d[1][:, 0] > 0.5).sum() for d in holes(X)])
    assert {0, 1, 2} <= set(n_holes[y == 0])


def test_voxel_shapes_of_some_kinds_are_drawn_by_the_seed():
    X, y = make_voxel_shapes(5, 16, kinds=("lamp", "table"), random_state=3)
    assert sorted(y) == [0, 0, 0, 1, 1]
    again = make_voxel_shapes(5, 16, kinds=("lamp", "table"), random_state=3)
    np.testing.assert_array_equal(again[0], X)
    assert not np.array_equal(make_voxel_shapes(5, 16, random_state=4)[0], X)
    assert make_voxel_shapes(2, kinds="chair")[1].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"n_samples": 0}, "n_samples must be an integer of at least 1"),
        ({"size": 8}, "size must be an integer of at least 12, got 8"),
        ({"kinds": ("sofa",)}, "kinds must be some of .*'chair', 'table', 'lamp'.*, got .'sofa'"),
        ({"kinds": ()}, "kinds must be some of"),
        ({"kinds": 3}, "kinds must be some of"),
    ],
)
def test_voxel_shapes_that_cannot_be_made_get_a_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        make_voxel_shapes(**options)
