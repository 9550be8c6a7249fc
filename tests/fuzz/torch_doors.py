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


# Generators and their metrics -----------------------------------------------------------------


def _generator(draw):
    parts = torch.nn.Linear(2, 12), torch.nn.BatchNorm1d(12), torch.nn.Unflatten(1, (3, 4))
    return draw.param(torch.nn.Sequential(*parts).double())


def _prior(draw):
    filtration = skltopo.filtrations.LevelSet(2, superlevel=draw.pick(True, False))
    reduction = draw.pick("mean", "none")
    return draw.param(skltopo.nn.EnergyLoss(skltopo.Energy(i0=2), filtration, reduction))


def _descent(draw):
    return {"n_steps": draw.pick(0, 1, 3, -1, None, 1.5)} | draw.some(
        learning_rate=lambda: draw.param(0.1, 1e-6),
        target=lambda: draw.param(None, 0.1, 1e9),
        optimizer=lambda: draw.param(None, torch.optim.Adam, torch.optim.SGD),
    )


@door("skltopo.generative.finetune_generator", 0.5)
def _finetune_generator(draw):
    generator, loss = _generator(draw), _prior(draw)
    options = _descent(draw) | draw.some(
        batch_size=lambda: draw.pick(2, 5, 0, "a"), random_state=lambda: draw.param(None, 0)
    )
    options["latent_dim"] = draw.pick(2, (2,), 0, None, (), 2**40)
    return lambda: skltopo.generative.finetune_generator(generator, loss, **options)


@door("skltopo.generative.optimize_latent", 0.5)
def _optimize_latent(draw):
    generator, loss, codes = _generator(draw), _prior(draw), draw.array(draw.size(3), 2)
    z = draw.torch(codes) if draw.chance(0.5) else draw.dress(codes, 0.2)
    options = _descent(draw) | draw.some(keep_norm=lambda: draw.param(True, False))
    return lambda: skltopo.generative.optimize_latent(generator, z, loss, **options)


@door("skltopo.generative.interpolate_latent", 0.5)
def _interpolate_latent(draw):
    generator, codes = _generator(draw), draw.array(2, 2)
    z0, z1 = (draw.torch(z) if draw.chance(0.5) else draw.dress(z, 0.2) for z in codes)
    n = draw.param(2, 5)
    return lambda: skltopo.generative.interpolate_latent(generator, z0, z1, n)


@door("skltopo.generative.topological_guidance", 0.5)
def _topological_guidance(draw):
    loss, images = _prior(draw), draw.torch(draw.array(draw.size(3), 3, 3))
    options = draw.some(scale=lambda: draw.param(1.0, 0), wrt=lambda: draw.param(None, images))
    return lambda: skltopo.generative.topological_guidance(images, loss, **options)


@door("skltopo.generative.PersistenceDiscriminator", 0.5)
def _persistence_discriminator(draw):
    options = draw.some(
        filtration=lambda: draw.param(None, skltopo.filtrations.LevelSet(2)),
        dim=lambda: draw.param(0, 1),
        ks=lambda: draw.param((3, 4), [11]),
        n_hidden=lambda: draw.param(1, 4),
    )
    images = draw.torch(draw.array(draw.size(3), *draw.pick((3, 3), (1, 3, 3), (2, 3, 3))))
    return lambda: skltopo.generative.PersistenceDiscriminator(**options)(images)


def _of_two_sets(name):
    """Register the door of a metric of real and generated samples."""

    @door(f"skltopo.metrics.{name}", 0.5)
    def _metric(draw):
        shape = draw.pick((3, 3), (1, 3, 3), (2,), (3, 2), ())
        sets = [draw.dress(draw.array(draw.size(4), *shape), 0.2) for _ in range(2)]
        distance = draw.param("l2", "cityblock", "wasserstein", "bottleneck", lambda x, y: 1.0)
        options = draw.some(n_jobs=lambda: draw.param(None, 2))
        return lambda: getattr(skltopo.metrics, name)(*sets, distance, **options)


_of_two_sets("minimum_matching_distance")
_of_two_sets("coverage")


@door("skltopo.metrics.inception_score", 0.5)
def _inception_score(draw):
    scores = abs(np.nan_to_num(draw.array(draw.size(4), draw.size(4)))) + 1e-3
    probabilities = scores / np.maximum(scores.sum(axis=1, keepdims=True), 1e-300)
    probabilities = draw.dress(probabilities, 0.2)
    return lambda: skltopo.metrics.inception_score(probabilities)
