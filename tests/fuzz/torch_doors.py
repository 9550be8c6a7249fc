"""Doors of torch modules that are made of fitted steps."""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler

import skltopo

from .doors import door

__all__ = []

IMAGES = np.random.default_rng(0).random((12, 3, 3))


def _fitted(draw, *first):
    """Return a Pipeline, fitted to ordinary data."""
    scaler = draw.pick(StandardScaler(), MinMaxScaler(clip=True), Normalizer())
    last = draw.pick(LogisticRegression(), Ridge())
    return make_pipeline(*first, scaler, last).fit(IMAGES, np.arange(12) % draw.pick(2, 3))


def _input(draw):
    images = draw.array(draw.size(3), *draw.pick((3, 3), (1, 3, 3), (9,), (3, 2)))
    return draw.torch(images) if draw.chance(0.9) else draw.dress(images, 1.0)


@door("skltopo.nn.to_torch", 2)
def _to_torch(draw):
    first = draw.pick(
        [skltopo.PersistenceFeatures(max_p=1, max_q=1)],
        [skltopo.PersistenceDiagrams(), skltopo.TopKLengths(k=2)],
        [skltopo.PersistenceImage("level_set", dim=0)],
    )
    fitted = draw.param(_fitted(draw, *first))
    output, X = draw.param("auto", "logits"), _input(draw)
    return lambda: skltopo.nn.to_torch(fitted, output)(X)


@door("skltopo.nn.FittedModule", 0.5)
def _fitted_module(draw):
    fitted = _fitted(draw, skltopo.PersistenceFeatures(max_p=1, max_q=1))
    body, X = torch.nn.Flatten(), _input(draw)
    return lambda: skltopo.nn.FittedModule(body, fitted)(X)


@door("skltopo.nn.register_step", 0.2)
def _register_step(draw):
    kind, role = draw.param(type("Step", (), {})), draw.param(None, "transform", "scores")
    function = draw.param(lambda fitted: torch.nn.Identity())
    return lambda: skltopo.nn.register_step(kind, function, role)


@door("skltopo.nn.Diagrams", 1)
def _diagrams(draw):
    options = draw.some(
        filtration=lambda: draw.param("level_set", "rips", "weak_alpha"),
        homology_dimensions=draw.dims,
        essential=lambda: draw.param("drop", "keep", "clip"),
        min_length=lambda: draw.param(0.0, 0.1),
    )
    X = draw.torch(draw.array(draw.size(3), draw.size(4), draw.size(3)))
    return lambda: skltopo.PersistenceDiagrams(**options).to_torch()(X)


@door("skltopo.nn.DelayClouds", 0.5)
def _delay_clouds(draw):
    dimension, delay, stride = draw.param(1, 2, 3), draw.param(1, 2), draw.param(1, 3)
    X = draw.torch(draw.array(draw.size(3), draw.integer(3, 12)))
    return lambda: skltopo.nn.DelayClouds(dimension, delay, stride)(X)


@door("skltopo.nn.DiagramKernel", 0.5)
def _diagram_kernel(draw):
    references = {None: [np.array([[0.0, 1.0]]), np.empty((0, 2))]}
    bandwidth, n_directions = draw.param(1.0, 0.1), draw.param(1, 10)
    diagrams = draw.diagrams()
    return lambda: skltopo.nn.DiagramKernel(
        references, bandwidth=bandwidth, n_directions=n_directions
    )(diagrams)


# Attacks --------------------------------------------------------------------------------------


@door("skltopo.attacks.gradient_attack", 1)
def _gradient_attack(draw):
    model = _fitted(draw, skltopo.PersistenceFeatures(max_p=1, max_q=1))
    images = draw.array(draw.size(3), *draw.pick((3, 3), (1, 3, 3), (9,)))
    X = draw.torch(images) if draw.chance(0.3) else draw.dress(images, 0.2)
    labels = draw.param([0] * len(images), np.ones(len(images), int), ["a"] * len(images))
    options = {"eps": draw.param(0.1, 1.0, 1e-9), "n_steps": draw.steps(1, 3)} | draw.some(
        targeted=lambda: draw.param(True, False),
        norm=lambda: draw.param(np.inf, 2),
        step_size=lambda: draw.param(None, 0.1),
        momentum=lambda: draw.param(0.0, 0.5),
        n_restarts=lambda: draw.steps(1, 2),
        confidence=lambda: draw.param(0.0, 1.0),
        bounds=lambda: draw.param((0, 1), None, (-10, 10)),
        method=lambda: draw.param("gradient", "smooth", "critical"),
        bandwidth=lambda: draw.param(1.0, 0.5, 0),
        image_shape=lambda: draw.param(None, (3, 3)),
        batch_size=lambda: draw.param(256, 2),
        random_state=lambda: draw.param(None, 0),
    )
    return lambda: skltopo.attacks.gradient_attack(model, X, labels, **options).distance


@door("skltopo.attacks.AttackResult", 0.2)
def _attack_result(draw):
    n = draw.size(3)
    distance = draw.array(n)
    return lambda: repr(
        skltopo.attacks.AttackResult(distance, np.ones(n, bool), np.zeros(n, int), distance)
    )
