"""Samples that are likely to be something else than what they are taken for are hinted at."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances

from skltopo import PersistenceDiagrams
from skltopo.filtrations import SimplicialComplex, VietorisRips
from skltopo.plotting import MatchingDisplay
from skltopo.vectorize import BettiCurve, PersistenceImage, TopKLengths


def test_flattened_images_are_hinted_at_once(rng):
    flat = rng.random((3, 100))
    with pytest.warns(UserWarning, match=r"X.reshape\(-1, 10, 10\)") as caught:
        PersistenceDiagrams().fit_transform(flat)
    assert len(caught) == 1
    with pytest.warns(UserWarning, match="flattened images"):
        TopKLengths("level_set", dim=(0, 1)).fit(flat)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PersistenceDiagrams(homology_dimensions=0).fit_transform(flat)
        PersistenceDiagrams().fit_transform(rng.random((3, 99)))
        PersistenceDiagrams().fit_transform(flat.reshape(3, 10, 10))


@pytest.mark.parametrize("dim", [1, (1, 2)])
def test_lines_have_no_holes(dim, rng):
    for estimator in (
        PersistenceDiagrams(homology_dimensions=dim),
        PersistenceImage("level_set", dim=dim),
        BettiCurve(dim=dim),
    ):
        with pytest.raises(ValueError, match="have components and no holes"):
            estimator.fit(rng.random((3, 12)))


def test_distances_that_are_given_as_points_are_hinted_at(rng):
    points = rng.random((7, 3))
    distances = pairwise_distances(points)
    with pytest.warns(UserWarning, match="metric='precomputed'"):
        PersistenceDiagrams("rips").fit_transform([distances])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PersistenceDiagrams(VietorisRips(metric="precomputed")).fit_transform([distances])
        PersistenceDiagrams("rips").fit_transform([points, rng.random((7, 3))])


def test_clipped_classes_without_length_are_said():
    """The cycles of a regular graph are born at the last degree, whatever their number is."""

    def degrees(adjacency):
        return SimplicialComplex.from_graph(adjacency)(adjacency.sum(axis=0))

    graphs = [np.ones((n, n)) - np.eye(n) for n in (4, 5)]
    with pytest.warns(UserWarning, match="in dimension 1 are born"):
        rows = TopKLengths(degrees, dim=1, essential="clip", k=2).fit_transform(graphs)
    assert not rows.any()
    counts = BettiCurve(
        degrees, dim=1, essential="keep", resolution=1, sample_range=(4, 4)
    ).fit_transform(graphs)
    assert counts.ravel().tolist() == [3, 6]


def test_edges_are_no_adjacency_matrix():
    with pytest.raises(ValueError, match=r"SimplicialComplex\(edges\)"):
        SimplicialComplex.from_graph([(0, 1), (1, 2), (2, 3)])


def test_matchings_of_sublevel_and_superlevel_sets_are_said_to_be_none():
    up, down = [[0.0, np.inf]], [[1.0, -np.inf]]
    with pytest.raises(ValueError, match="1 at inf and 0 at -inf and 0 at inf and 1 at -inf"):
        MatchingDisplay.from_diagrams(up, down)
    with pytest.raises(TypeError, match="labels"):
        MatchingDisplay.from_diagrams(up, up, label="a")
    for labels in (("a",), None, "ab"):
        with pytest.raises(ValueError, match="labels must be two"):
            MatchingDisplay.from_diagrams(up, up, labels=labels)


def test_a_min_length_that_leaves_nothing_is_said(rng):
    images = rng.random((3, 6, 6))
    with pytest.warns(UserWarning, match="all finite points in dimension"):
        found = PersistenceDiagrams(min_length=5).fit_transform(images)
    assert not any(len(diagram.get_points(dim)) for diagram in found for dim in (0, 1))
    found = PersistenceDiagrams(essential="keep").fit_transform(images)
    with pytest.warns(UserWarning, match="shorter than min_length=5 in|shorter than min_length=5"):
        rows = TopKLengths(dim=1, min_length=5).fit_transform(found)
    assert not rows.any()


def test_vectors_of_another_dimension_than_in_fit_are_refused(rng):
    images = rng.random((3, 6, 6))
    holes = PersistenceDiagrams(homology_dimensions=(1,)).fit_transform(images)
    parts = PersistenceDiagrams(homology_dimensions=(0,)).fit_transform(images)
    vectors = TopKLengths(dim=None, k=2).fit(holes)
    with pytest.raises(ValueError, match="of dimension 1, as in fit, got 0"):
        vectors.transform(parts)
    assert vectors.transform(holes).shape == (3, 2)
