"""Essential classes, short points and dimensions: from filtrations to vectors and kernels."""

import pickle
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone

from skltopo import Energy, PersistenceDiagrams
from skltopo.diagrams import DiagramArrays
from skltopo.filtrations import LevelSet, SimplicialComplex, VietorisRips
from skltopo.kernels import SlicedWassersteinKernel
from skltopo.vectorize import (
    BettiCurve,
    PersistenceEntropy,
    PersistenceImage,
    PersistenceLandscape,
    Polynomial,
    Silhouette,
    TopKLengths,
)

DROPPING = [
    PersistenceImage(resolution=(4, 4)),
    PersistenceLandscape(resolution=9),
    Silhouette(resolution=9),
    PersistenceEntropy(),
    TopKLengths(k=3),
    Polynomial(max_p=1, max_q=1),
]
VECTORIZERS = [*DROPPING, BettiCurve(resolution=9)]


def two_rings(n):
    """Return the adjacency matrix of two rings of n vertices and of a leaf that joins them."""
    ring = np.roll(np.eye(n), 1, axis=1)
    graph = np.zeros((2 * n + 1, 2 * n + 1))
    graph[:n, :n] = graph[n:-1, n:-1] = ring + ring.T
    graph[-1, [0, n]] = graph[[0, n], -1] = 1
    return graph


def graph_diagram(graph):
    """Return the diagram of a graph by the numbers of its vertices."""
    return SimplicialComplex.from_graph(graph)(np.arange(len(graph), dtype=float))


GRAPHS = [two_rings(n) for n in (3, 4, 5)]
HOLES = PersistenceDiagrams(graph_diagram, homology_dimensions=(0, 1))


def clipped(diagram, dim):
    points = diagram[dim].copy()
    points[np.isinf(points)] = diagram.as_batch().last()[0]
    return points


@pytest.mark.parametrize("estimator", VECTORIZERS, ids=str)
def test_clipped_classes_come_from_every_way(estimator):
    diagrams = [graph_diagram(graph) for graph in GRAPHS]
    plain = clone(estimator).fit_transform([clipped(diagram, 1) for diagram in diagrams])
    assert plain.any(axis=1).all()
    model = clone(estimator).set_params(dim=1, essential="clip")
    np.testing.assert_array_equal(model.fit_transform(diagrams), plain)
    kept = clone(HOLES).set_params(essential="keep")
    np.testing.assert_array_equal(model.fit_transform(kept.fit_transform(GRAPHS)), plain)
    as_diagrams = kept.set_params(output="diagrams").fit_transform(GRAPHS)
    np.testing.assert_array_equal(model.fit_transform(as_diagrams), plain)
    from_data = clone(model).set_params(filtration=graph_diagram)
    np.testing.assert_array_equal(from_data.fit(GRAPHS).transform(GRAPHS), plain)
    ready = PersistenceDiagrams(graph_diagram, homology_dimensions=1, essential="clip")
    np.testing.assert_array_equal(
        clone(estimator).fit_transform(ready.fit_transform(GRAPHS)), plain
    )
    images = np.random.default_rng(0).random((4, 6, 6))
    batch = LevelSet(2, superlevel=True)(images)
    model.set_params(dim=0)
    by_hand = clone(estimator).fit_transform([clipped(diagram, 0) for diagram in batch])
    np.testing.assert_array_equal(model.fit_transform(batch), by_hand)
    module = model.to_torch()
    found = module(LevelSet(2, superlevel=True)(torch.tensor(images)))
    np.testing.assert_allclose(found.numpy(), by_hand, atol=1e-12)


def test_clipped_energies_and_gradients():
    lines = torch.tensor([[2.0, 0.0, 3.0, 1.0], [0.0, 5.0, 1.0, 2.0]], requires_grad=True)
    batch = LevelSet(1)(lines)
    model = Polynomial(max_p=2, max_q=1, dim=0, essential="clip").fit(batch)
    energies = [
        Energy(dim=0, p=p, q=q, essential="clip")(batch) for p in range(3) for q in range(2)
    ]
    found = model.to_torch()(batch)
    torch.testing.assert_close(found, torch.stack(energies, 1).to(found.dtype))
    found[:, 2].sum().backward()
    # The class of the least value ends at the greatest, and the other one between them.
    assert lines.grad.tolist() == [[0, -1, 2, -1], [-1, 2, -1, 0]]


@pytest.mark.parametrize("estimator", VECTORIZERS, ids=str)
def test_arrays_do_not_tell_where_classes_end(estimator):
    model = clone(estimator).set_params(essential="clip")
    for X in (
        [[[0.0, 1.0]], [[0.0, np.inf], [1.0, 2.0]]],
        [np.array([[3.0, 1.0]]), np.array([[4.0, -np.inf]])],
    ):
        with pytest.raises(ValueError, match=r"the array X\[1\] does not tell.*PersistenceDia"):
            model.fit(X)
    arrays = DiagramArrays([np.array([[0.0, np.inf]])], (1,))
    with pytest.raises(ValueError, match=r"the array X\[0\] does not tell"):
        clone(model).set_params(dim=1).fit([arrays])
    two = DiagramArrays([np.array([[0.0, np.inf], [1.0, np.inf]])], (1,), 4.0)
    assert model.set_params(dim=1).fit_transform([two]).any()


@pytest.mark.parametrize("estimator", DROPPING, ids=str)
def test_one_warning_where_all_is_lost(estimator):
    kept = clone(HOLES).set_params(essential="keep").fit_transform(GRAPHS)
    for model, X in (
        (clone(estimator).set_params(dim=1), kept),
        (clone(estimator).set_params(dim=(0, 1), filtration=graph_diagram), GRAPHS),
    ):
        for call in (model.fit_transform, model.fit, model.transform):
            with pytest.warns(UserWarning, match="essential classes are left out.*1:") as caught:
                call(X)
            assert len(caught) == 1
    with pytest.warns(UserWarning, match="other points: its columns tell nothing"):
        clone(estimator).fit([[[0.0, np.inf]]])


@pytest.mark.parametrize("output", ["arrays", "diagrams"])
def test_diagrams_warn_where_all_is_lost(output):
    model = clone(HOLES).set_params(output=output)
    with pytest.warns(
        UserWarning, match=r"essential classes are dropped.* dimensions 0, 1"
    ) as all_:
        model.fit_transform([np.roll(np.eye(4), 1, axis=1) + np.roll(np.eye(4), -1, axis=1)])
    assert len(all_) == 1


def test_no_warning_without_a_loss():
    ring = graph_diagram(GRAPHS[0])
    finite = DiagramArrays([np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]])], (0, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TopKLengths(dim=1).fit_transform([ring, finite])  # one sample keeps a point
        TopKLengths().fit_transform([[], []])  # nothing to lose
        BettiCurve(dim=1).fit_transform([ring])  # counts them
        SlicedWassersteinKernel(dim=1).fit_transform([ring])
        PersistenceDiagrams(superlevel=True).fit_transform(np.random.default_rng(0).random((2, 9)))


def test_curves_of_essential_classes_alone():
    curve = BettiCurve(resolution=10, dim=1)
    found = curve.fit_transform([graph_diagram(GRAPHS[1])])
    assert found.max() == 2
    assert np.isclose(curve.grid_[[0, -1]], [3, 7]).all()


def test_arrays_carry_the_last_value(rng):
    clouds = [rng.random((9, 2)) for _ in range(2)]
    model = PersistenceDiagrams(VietorisRips(), essential="keep")
    for sample, cloud in zip(model.fit_transform(clouds), clouds, strict=True):
        far = np.linalg.norm(cloud[:, None] - cloud[None], axis=-1).max()
        assert pickle.loads(pickle.dumps(sample)).last == pytest.approx(far)
        assert sample.last == pytest.approx(far)
    line = PersistenceDiagrams(essential="keep", superlevel=True).fit_transform([[3.0, 1, 2, -4]])
    assert line[0].last == -4
    assert DiagramArrays([], ()).last is None
    with pytest.raises(KeyError, match=r"dimension 2 was not computed; this diagram has \[0, 1\]"):
        line[0].get_points(2)


def test_clipped_diagrams(rng):
    X = rng.random((3, 6, 6)).astype(np.float32)
    kept = PersistenceDiagrams(essential="keep").fit_transform(X)
    for sample, ended, image in zip(
        kept, PersistenceDiagrams(essential="clip").fit_transform(X), X, strict=True
    ):
        expected = np.where(np.isinf(sample[0]), image.max(), sample[0])
        np.testing.assert_array_equal(ended[0], expected)
        assert ended[0].dtype == np.float32
        np.testing.assert_array_equal(ended[1], sample[1])
    with pytest.raises(ValueError, match="essential='clip' is for output='arrays'"):
        PersistenceDiagrams(essential="clip", output="diagrams").fit(X)


@pytest.mark.parametrize("essential", ["drop", "keep", "clip"])
def test_short_points_are_left_out(essential, rng):
    X = rng.random((3, 8, 8))
    every = PersistenceDiagrams(essential=essential).fit_transform(X)
    some = PersistenceDiagrams(essential=essential, min_length=0.25).fit_transform(X)
    for whole, part in zip(every, some, strict=True):
        for dim in (0, 1):
            long = abs(whole[dim][:, 1] - whole[dim][:, 0]) >= 0.25
            assert 0 < long.sum() < len(long)
            np.testing.assert_array_equal(part[dim], whole[dim][long])
    if essential != "clip":
        model = PersistenceDiagrams(essential=essential, min_length=0.25, output="diagrams")
        for diagram, part in zip(model.fit_transform(X), some, strict=True):
            np.testing.assert_array_equal(diagram[1], part[1])
            assert len(diagram.pairs[1]) == len(part[1])
    with pytest.raises(ValueError, match="'min_length' parameter"):
        PersistenceDiagrams(min_length=-1).fit(X)


@pytest.mark.parametrize("estimator", VECTORIZERS, ids=str)
def test_vectors_without_short_points(estimator, rng):
    X = rng.random((3, 8, 8))
    long = PersistenceDiagrams(min_length=0.3, homology_dimensions=1).fit_transform(X)
    expected = clone(estimator).fit_transform(long)
    model = clone(estimator).set_params(min_length=0.3, dim=1)
    np.testing.assert_array_equal(model.fit_transform(LevelSet(2)(X)), expected)
    module = model.to_torch()
    found = module(LevelSet(2)(torch.tensor(X)))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)
    assert not np.array_equal(
        expected, model.set_params(min_length=0).fit_transform(LevelSet(2)(X))
    )
