"""PersistenceDiagrams before everything in gudhi.representations and persim that takes diagrams."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skltopo import PersistenceDiagrams
from skltopo.distances import pairwise_diagram_distances
from skltopo.filtrations import LevelSet
from skltopo.kernels import SlicedWassersteinKernel
from skltopo.vectorize import PersistenceLandscape

# Parameters that a peer needs to run, or to run fast, on a few small diagrams.
GUDHI = {
    "Atol": {"quantiser": KMeans(n_clusters=2, n_init=1, random_state=0)},
    "BettiCurve": {},
    "BirthPersistenceTransform": {},
    "BottleneckDistance": {},
    "ComplexPolynomial": {"threshold": 5},
    "DiagramScaler": {"use": True},
    "DiagramSelector": {"use": True},
    "DimensionSelector": {"index": 1},
    "Entropy": {},
    "Landscape": {},
    "Padding": {"use": True},
    "PersistenceFisherDistance": {},
    "PersistenceFisherKernel": {},
    "PersistenceImage": {},
    "PersistenceLengths": {},
    "PersistenceScaleSpaceKernel": {},
    "PersistenceWeightedGaussianKernel": {},
    "ProminentPoints": {"use": True},
    "Silhouette": {},
    "SlicedWassersteinDistance": {},
    "SlicedWassersteinKernel": {},
    "TopologicalVector": {},
    "WassersteinDistance": {"mode": "hera"},
}


def flat(rows):
    return np.concatenate([np.ravel(row) for row in rows])


def test_no_transformer_of_gudhi_is_left_out():
    peer = pytest.importorskip("gudhi.representations")
    # Clamping takes columns of diagrams, from DiagramScaler.
    assert {name for name in dir(peer) if name[0].isupper()} == {*GUDHI, "Clamping"}


@pytest.mark.parametrize("name", GUDHI)
def test_gudhi_in_a_pipeline(name, rng):
    """In a Pipeline every peer returns what it returns for the diagrams of a loop."""
    peer = pytest.importorskip("gudhi.representations")
    images = rng.random((6, 7, 7))
    takes_all = name == "DimensionSelector"
    diagrams = [LevelSet(2)(image)[1] for image in images]
    given = [[points, points] for points in diagrams] if takes_all else diagrams
    dims = (0, 1) if takes_all else 1
    # Something stands behind it, as in practice: a Pipeline asks its last step for a fitted state,
    # and some of these have none.
    model = make_pipeline(
        PersistenceDiagrams(homology_dimensions=dims),
        getattr(peer, name)(**GUDHI[name]),
        FunctionTransformer(),
    )
    found = model.fit(images[:4]).transform(images)
    expected = getattr(peer, name)(**GUDHI[name]).fit(given[:4]).transform(given)
    assert len(found) == len(images)
    np.testing.assert_allclose(flat(found), flat(expected), rtol=1e-12)
    assert np.isfinite(flat(found)).all()


def test_clamping_of_gudhi(rng):
    peer = pytest.importorskip("gudhi.representations")
    scaler = peer.DiagramScaler(use=True, scalers=[([0, 1], peer.Clamping(0.5, 0.8))])
    model = make_pipeline(PersistenceDiagrams(homology_dimensions=1), scaler, FunctionTransformer())
    found = flat(model.fit_transform(rng.random((4, 7, 7))))
    assert (found.min(), found.max()) == (0.5, 0.8)


@pytest.mark.parametrize("name", ["PersistenceImager", "PersistenceLandscaper"])
def test_persim_in_a_pipeline(name, rng):
    """All but PersImage, in place of which persim itself says to take PersistenceImager."""
    persim = pytest.importorskip("persim")
    images = rng.random((6, 7, 7))
    diagrams = [LevelSet(2)(image)[1] for image in images]
    if name == "PersistenceImager":
        imager = persim.PersistenceImager(
            birth_range=(0, 1), pers_range=(0, 1), pixel_size=0.25, kernel_params={"sigma": 0.01}
        )
        peer, given = FunctionTransformer(imager.transform), images
        expected = [imager.transform(points) for points in diagrams]
    else:
        # It takes the diagrams of one sample, one for each dimension.
        peer, given = persim.PersistenceLandscaper(hom_deg=0, num_steps=20), images[:1]
        expected = persim.PersistenceLandscaper(hom_deg=0, num_steps=20).fit_transform(diagrams[:1])
    found = make_pipeline(PersistenceDiagrams(homology_dimensions=1), peer).fit_transform(given)
    np.testing.assert_array_equal(flat(found), flat(expected))


@pytest.mark.parametrize("name", ["bottleneck", "wasserstein", "sliced_wasserstein", "heat"])
def test_persim_distances_behind_diagrams(name, rng):
    persim = pytest.importorskip("persim")
    distance = getattr(persim, name)
    peer = FunctionTransformer(lambda X: np.array([[distance(x, y) for y in X] for x in X]))
    X = rng.random((3, 6, 6))
    diagrams = PersistenceDiagrams(homology_dimensions=0)
    found = make_pipeline(diagrams, peer).fit_transform(X)
    assert (found[~np.eye(3, dtype=bool)] > 0).all()
    if name in ("bottleneck", "wasserstein"):
        expected = pairwise_diagram_distances(diagrams.fit_transform(X), metric=name)
        # Its Wasserstein distance loses half of its digits.
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("superlevel", [False, True])
def test_landscapes_of_persim(superlevel, rng):
    """PersLandscapeExact agrees where no two coordinates are equal; it errs on ties."""
    persim = pytest.importorskip("persim")
    for _ in range(20):
        births = rng.random(12)
        points = np.column_stack([births, births + rng.exponential(0.4, 12)])
        theirs = persim.PersLandscapeExact(dgms=[points], hom_deg=0)
        layers = theirs.critical_pairs
        ours = PersistenceLandscape(
            n_layers=len(layers) + 1, resolution=57, sample_range=(-0.5, 2.5)
        ).fit([points])
        expected = [np.interp(ours.grid_, *np.transpose(layer)) for layer in layers]
        given = points[:, ::-1] if superlevel else points
        found = ours.transform([given]).reshape(-1, 57)
        np.testing.assert_allclose(found[:-1], expected, atol=1e-12)
        assert (found[-1] == 0).all()


def test_the_kernel_of_gudhi(rng):
    """Its bandwidth is 2 sigma^2 of ours, and its mean leaves out the last of its directions."""
    peer = pytest.importorskip("gudhi.representations")
    diagrams = [np.sort(rng.random((n, 2))) for n in (3, 8, 5, 12)]
    for sigma in (0.5, 1.5):
        theirs = peer.SlicedWassersteinKernel(num_directions=2, bandwidth=2 * sigma**2)
        # One line is left of two, at -90 degrees: the only one of ours where there is one.
        ours = SlicedWassersteinKernel(n_directions=1, bandwidth=sigma)
        np.testing.assert_allclose(
            ours.fit_transform(diagrams), theirs.fit_transform(diagrams), rtol=1e-9
        )
        np.testing.assert_allclose(
            ours.transform(diagrams[:2]), theirs.transform(diagrams[:2]), rtol=1e-9
        )
