"""What is no generator, no loss, no optimizer and no latent code gets a sentence."""

from functools import partial

import numpy as np
import pytest
import torch
from small_generators import EACH, TOPOLOGY, make_codes, make_generator

from skltopo.generative import (
    finetune_generator,
    interpolate_latent,
    optimize_latent,
    topological_guidance,
)


@pytest.fixture
def generator():
    return make_generator()


@pytest.fixture
def z():
    return make_codes()


class Returning(torch.nn.Module):
    """Returns what a function makes of codes times a weight."""

    def __init__(self, function):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(4))
        self.function = function

    def forward(self, codes):
        return self.function(codes * self.weight)


@pytest.mark.parametrize(
    ("function", "error", "sentence"),
    [
        (lambda x: (x, x), TypeError, "generator must return a torch.Tensor, got tuple"),
        (lambda x: None, TypeError, "generator must return a torch.Tensor, got NoneType"),
        (lambda x: x.detach().numpy(), TypeError, "generator must return a torch.Tensor"),
        (lambda x: x + 0j, TypeError, "samples of the generator must be real numbers in a dense"),
        (lambda x: x.to_sparse(), TypeError, "got dtype torch.float32, layout torch.sparse_coo"),
        (lambda x: x.to("meta"), TypeError, "and device meta"),
        (lambda x: x[:0], ValueError, r"generator must return samples, got shape \(0, 4\)"),
    ],
)
def test_what_generators_return_gets_a_sentence(function, error, sentence, z):
    generator = Returning(function)
    with pytest.raises(error, match=sentence):
        finetune_generator(generator, lambda x: x.sum(), n_steps=1, latent_dim=4)
    with pytest.raises(error, match=sentence):
        optimize_latent(generator, z, lambda x: x.sum(), n_steps=1)
    with pytest.raises(error, match=sentence):
        interpolate_latent(generator, z[0], z[1], 3)


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        (lambda x: (x > 0).sum(), "loss must be differentiable"),
        (lambda x: (x > 0).all(), "loss must be differentiable"),
        (lambda x: x.sum() + 0j, "loss must be real numbers in a dense tensor"),
        (lambda x: torch.ones(3, device="meta"), "loss must be real numbers"),
    ],
)
def test_losses_of_other_kinds_get_a_sentence(loss, sentence, generator, z):
    with pytest.raises(TypeError, match=sentence):
        finetune_generator(generator, loss, n_steps=1, latent_dim=4)
    with pytest.raises(TypeError, match=sentence):
        optimize_latent(generator, z, loss, n_steps=1)
    with pytest.raises(TypeError, match="loss must"):
        topological_guidance(z, loss)


def test_optimizers_that_would_do_nothing_get_a_sentence(generator, z):
    other = lambda _: torch.optim.Adam([torch.ones(1, requires_grad=True)])  # noqa: E731
    for optimizer, error, sentence in [
        (other, ValueError, "optimizer must have the parameters that it is given"),
        (torch.optim.LBFGS, TypeError, "optimizer must take steps of one gradient each, got LBFGS"),
    ]:
        with pytest.raises(error, match=sentence):
            finetune_generator(generator, EACH, n_steps=1, latent_dim=4, optimizer=optimizer)
        with pytest.raises(error, match=sentence):
            optimize_latent(generator, z, EACH, n_steps=1, optimizer=optimizer)
    given = torch.optim.LBFGS(generator.parameters())
    with pytest.raises(TypeError, match="must take steps of one gradient"):
        finetune_generator(generator, EACH, n_steps=1, latent_dim=4, optimizer=given)


def test_other_odd_arguments_get_a_sentence(generator, z):
    for call in (
        partial(finetune_generator, generator, EACH, n_steps=1, latent_dim=4),
        partial(optimize_latent, generator, z, EACH, n_steps=1),
    ):
        with pytest.raises(ValueError, match="verbose must be an integer"):
            call(verbose="yes")
    with pytest.raises(TypeError, match=r"latent_dim must return a torch\.Tensor, got ndarray"):
        finetune_generator(generator, EACH, n_steps=1, latent_dim=lambda n, r: np.ones((n, 4)))
    with pytest.raises(ValueError, match=r"z is more than a torch\.float32 of the generator"):
        optimize_latent(generator, np.full((1, 4), 1e39), EACH, n_steps=1)
    with pytest.raises(ValueError, match=r"z1 is more than a torch\.float32"):
        interpolate_latent(generator, [0.0] * 4, [1e39] * 4, 3)
    far = partial(torch.optim.SGD, lr=1e38)
    with pytest.raises(ValueError, match="codes must be finite, got a NaN or an infinity in step"):
        optimize_latent(torch.nn.Identity(), z, lambda x: 1e3 * x.sum(), n_steps=1, optimizer=far)
    with pytest.raises(ValueError, match=r"step with scale=1e\+06 and dtype=torch.float16 must be"):
        topological_guidance(torch.rand(1, 3, 3).half(), lambda x: x.sum(), 1e6)
    with pytest.raises(TypeError, match="generator must have weights with values"):
        interpolate_latent(torch.nn.Linear(2, 2, device="meta"), [0.0, 0.0], [1.0, 1.0], 3)


@pytest.mark.parametrize(
    ("changed", "error", "sentence"),
    [
        ({"generator": 3}, TypeError, "generator must be a torch.nn.Module, got 3"),
        ({"generator": torch.nn.Linear}, TypeError, "generator must be a torch.nn.Module"),
        ({"generator": torch.nn.Flatten()}, ValueError, "must have parameters that require"),
        ({"loss": 3}, TypeError, "loss must be a function of samples"),
        ({"loss": torch.nn.MSELoss}, TypeError, "loss must be a function of samples"),
        ({"loss": lambda x: x.detach().mean()}, TypeError, "loss must be differentiable"),
        ({"loss": lambda x: 1.0}, TypeError, "loss must return a torch.Tensor"),
        ({"loss": lambda x: x[:0]}, TypeError, "of a number or more"),
        ({"n_steps": -1}, ValueError, "n_steps must be an integer of at least 0"),
        ({"n_steps": 1.5}, ValueError, "n_steps must be an integer"),
        ({"batch_size": 0}, ValueError, "batch_size must be an integer of at least 1"),
        ({"latent_dim": 0}, ValueError, "latent_dim must be 1 positive integers, got"),
        ({"latent_dim": "4"}, TypeError, "latent_dim must be an integer, a shape or a function"),
        ({"optimizer": "adam"}, TypeError, "optimizer must be a function from parameters"),
        ({"optimizer": lambda weights: 3}, TypeError, "optimizer must return a torch.optim"),
        ({"learning_rate": np.nan}, ValueError, "learning_rate must be a finite number"),
        ({"learning_rate": -1.0}, ValueError, "learning_rate must be a finite number of at least"),
        ({"target": "low"}, TypeError, "target must be a number"),
    ],
)
def test_bad_arguments_get_a_sentence(changed, error, sentence, generator):
    arguments = {"generator": generator, "loss": TOPOLOGY, "n_steps": 2, "latent_dim": 4}
    with pytest.raises(error, match=sentence):
        finetune_generator(**{**arguments, **changed})


def test_an_optimizer_of_other_parameters_is_refused(generator):
    other = torch.optim.Adam([*generator.parameters(), torch.ones(2, requires_grad=True)])
    with pytest.raises(ValueError, match="optimizer must have parameters of the generator"):
        finetune_generator(generator, TOPOLOGY, n_steps=1, latent_dim=4, optimizer=other)


@pytest.mark.parametrize(
    ("z", "error", "sentence"),
    [
        ([[1.0, np.nan, 0.0, 0.0]], ValueError, "z must be finite, got nan"),
        ([1.0, 2.0, 3.0, 4.0], ValueError, r"z must have shape \(n, \.\.\.\)"),
        (np.empty((0, 4)), ValueError, r"z must have shape \(n, \.\.\.\)"),
        ([["a"]], TypeError, "z"),
    ],
)
def test_bad_codes_get_a_sentence(z, error, sentence, generator):
    with pytest.raises(error, match=sentence):
        optimize_latent(generator, z, TOPOLOGY, n_steps=1)


def test_other_bad_arguments_get_a_sentence(generator, z):
    with pytest.raises(TypeError, match="optimizer must be a function from parameters"):
        optimize_latent(
            generator, z, EACH, n_steps=1, optimizer=torch.optim.Adam(generator.parameters())
        )
    with pytest.raises(TypeError, match=r"optimizer must be a function .* got Linear"):
        finetune_generator(
            generator, EACH, n_steps=1, latent_dim=4, optimizer=torch.nn.Linear(2, 2)
        )
    with pytest.raises(TypeError, match="keep_norm must be True or False"):
        optimize_latent(generator, z, EACH, n_steps=1, keep_norm=1)
    with pytest.raises(ValueError, match="z0 and z1 must be codes of one shape"):
        interpolate_latent(generator, z[0], z[:2], 3)
    with pytest.raises(ValueError, match="n must be an integer of at least 2"):
        interpolate_latent(generator, z[0], z[1], 1)
    with pytest.raises(ValueError, match="z1 must be finite"):
        interpolate_latent(generator, z[0], z[1] * torch.inf, 3)


def test_codes_that_a_generator_does_not_take_get_a_sentence(generator, z):
    with pytest.raises(
        RuntimeError, match=r"generator fails for codes of shape \(64, 5\) and torch.float32: mat1"
    ):
        finetune_generator(generator, TOPOLOGY, n_steps=1, latent_dim=5)
    with pytest.raises(RuntimeError, match=r"generator fails for codes of shape \(6, 5\)"):
        optimize_latent(generator, torch.ones(6, 5), EACH, n_steps=1)
    with pytest.raises(RuntimeError, match=r"generator fails for codes of shape \(3, 2, 4\)"):
        interpolate_latent(generator, z[:2], z[2:4], 3)
    with pytest.raises(ValueError, match=r"a sample for each of 3 codes, got shape \(1, 5, 6\)"):
        interpolate_latent(torch.nn.ConvTranspose2d(3, 1, 4), torch.ones(2, 3), torch.ones(2, 3), 3)


def test_other_errors_of_generators_are_raised_as_they_are(z):
    class Full(RuntimeError):
        pass

    def run_full(codes):
        raise Full("no memory")

    with pytest.raises(Full, match=r"^no memory$"):
        optimize_latent(Returning(run_full), z, EACH, n_steps=1)
