"""What users write, as a checker of types reads it; tests/test_typing.py gives it to mypy.

Lines that end with ``# wrong: code`` are errors of this kind, and mypy must find no others. Nothing
here is run.
"""

import numpy as np
import numpy.typing as npt
import torch
from typing_extensions import assert_type

import skltopo
from skltopo import nn, penalties, plotting
from skltopo.datasets import make_regression_problem
from skltopo.diagrams import from_arrays, to_arrays
from skltopo.filtrations import LevelSet, SimplicialComplex, VietorisRips, WeakAlpha


def features_of_images(images: npt.NDArray[np.float64]) -> None:
    """Fit and transform."""
    features = skltopo.PersistenceFeatures(n_directions=4, essential="drop", min_length=0.1)
    assert_type(features.fit(images), skltopo.PersistenceFeatures)
    features.fit(images).transform(images).mean(axis=0)
    assert_type(features.to_torch(), nn.LevelSetEnergies)
    skltopo.PersistenceFeatures(n_directions="four")  # wrong: arg-type
    skltopo.PersistenceFeatures(essential="forget")  # wrong: arg-type
    skltopo.PersistenceFeatures(directions=4)  # wrong: call-arg


def linear_models() -> None:
    """Fit and predict."""
    X, y = make_regression_problem(np.ones(64), n_samples=7, random_state=0)
    model = skltopo.TopologicalRegression("clusters", n_components=3, coef_shape=(8, 8)).fit(
        X, y, sample_weight=np.ones(7)
    )
    assert_type(model, skltopo.TopologicalRegression)
    assert_type(model.score(X, y), float)
    model.predict(X.tolist()).round(2)
    skltopo.TopologicalRegression(penalties.Clusters(3), solver="proximal")
    skltopo.TopologicalRegressionCV(None, lams=[1.0, 0.1]).fit(X, y).predict(X)
    skltopo.TopologicalClassifier("tv", class_weight="balanced").fit(X, y).predict_proba(X)
    skltopo.TopologicalRegression("clusters", n_components="three")  # wrong: arg-type
    skltopo.TopologicalRegression("cluster")  # wrong: arg-type
    skltopo.TopologicalRegression("clusters", 3)  # wrong: call-arg
    model.fit(X)  # wrong: call-arg
    print(penalties.Ridge)  # wrong: attr-defined


def diagrams_of_images(images: npt.NDArray[np.float64]) -> None:
    """Compute diagrams, their distances and their energies."""
    level_set = LevelSet(ndim=2, superlevel=True, homology_dimensions=(0, 1))
    first, second = level_set(images[0]), level_set(torch.zeros(8, 8))
    batch = level_set.of_batch(images)
    assert_type(batch, skltopo.DiagramBatch)
    assert_type(batch.n_samples, int)
    WeakAlpha(max_dim=1)([[0.0, 1.0], [2.0, 3.0]])
    VietorisRips(2, max_edge=2.0, metric="cityblock").set_params(n_jobs=2)(np.zeros((5, 3)))
    assert_type(SimplicialComplex.from_graph(np.eye(3)), SimplicialComplex)
    skltopo.wasserstein_distance(first, second, p=2, dim=0)
    skltopo.wasserstein_distance([[0.0, 1.0]], torch.zeros(0, 2), return_matching=True)
    skltopo.pairwise_diagram_distances(batch, metric="bottleneck", dim=0).max()
    skltopo.Energy(dim=1, p=2, q=0.5)(batch)
    to_arrays(batch)["H0_points"].mean()
    from_arrays(to_arrays([first, second]))
    display = plotting.PersistenceDiagramDisplay.from_diagram(first, title="one")
    assert_type(display.plot(), plotting.PersistenceDiagramDisplay)
    LevelSet(superlevel=True)  # wrong: call-arg
    LevelSet(ndim=2, complex="squares")  # wrong: arg-type
    skltopo.wasserstein_distance(first, second, power=2)  # wrong: call-arg
    skltopo.pairwise_diagram_distances(batch, metric="euclidean")  # wrong: arg-type
    print(batch.n_sample)  # wrong: attr-defined


def vectors_and_points(images: npt.NDArray[np.float64]) -> None:
    """Turn diagrams into vectors, and move points."""
    vectors = skltopo.PersistenceImage("level_set", resolution=(10, 10)).fit(images)
    assert_type(vectors, skltopo.PersistenceImage)
    vectors.transform([[[0.0, 1.0]], [[0.5, 2.0]]]).sum()
    kernel = skltopo.SlicedWassersteinKernel(filtration=LevelSet(ndim=2), bandwidth=2.0)
    kernel.fit(images).transform(images)
    skltopo.TopoShaper([skltopo.Energy(dim=1)], bounds=(0.0, [1.0, 2.0])).fit(np.zeros((9, 2)))
    skltopo.PersistenceImage(resolution=10)  # wrong: arg-type
    skltopo.TopoShaper(optimizer="newton")  # wrong: arg-type


def modules(model: skltopo.TopologicalRegression, images: torch.Tensor) -> None:
    """Compute losses, and turn a model into a module."""
    level_set = LevelSet(ndim=2)
    loss = nn.EnergyLoss([skltopo.Energy(dim=1)], level_set, reduction="sum")
    loss(images).backward()
    assert_type(loss.forward(images), torch.Tensor)
    nn.BettiPriorLoss({0: 1, 1: 1}, WeakAlpha(), weights={1: 0.5})
    torch.nn.Sequential(nn.LevelSetLayer(2), nn.DiagramVectors(torch.relu))
    assert_type(nn.to_torch(model), nn.FittedModule)
    nn.EnergyLoss("holes", level_set)  # wrong: arg-type
    nn.to_torch(model, output="probabilities")  # wrong: arg-type
