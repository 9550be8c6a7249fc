"""Generators go down a loss, and nothing else about them changes."""

import signal
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest
import torch
from small_generators import EACH, SUPERLEVEL, TOPOLOGY, make_codes, make_generator

from skltopo import Energy, nn
from skltopo.filtrations import LevelSet, VietorisRips
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


def state(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def is_same(before, module):
    after = module.state_dict()
    return all(torch.equal(value, after[name]) for name, value in before.items())


# finetune_generator ---------------------------------------------------------------------------


def test_a_generator_learns_the_prior(generator):
    curve = finetune_generator(
        generator, TOPOLOGY, n_steps=60, batch_size=16, latent_dim=4, learning_rate=1e-2,
        random_state=0,
    )  # fmt: skip
    assert curve.shape == (60,)
    assert curve.dtype == np.float64
    assert curve[-10:].mean() < 0.3 * curve[0]
    with torch.no_grad():
        assert TOPOLOGY(generator(torch.randn(64, 4))) < 0.5 * curve[0]


def test_steps_are_those_of_a_plain_loop(generator):
    other = make_generator()
    curve = finetune_generator(
        generator, TOPOLOGY, n_steps=4, batch_size=5, latent_dim=4, random_state=3,
        optimizer=partial(torch.optim.SGD, lr=0.1, momentum=0.5),
    )  # fmt: skip
    random = torch.Generator().manual_seed(int(np.random.RandomState(3).randint(2**31 - 1)))
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1, momentum=0.5)
    expected = []
    for _ in range(4):
        optimizer.zero_grad()
        loss = TOPOLOGY(other(torch.randn(5, 4, generator=random)))
        loss.backward()
        optimizer.step()
        expected.append(loss.item())
    assert curve.tolist() == expected
    assert is_same(state(other), generator)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_the_same_seed_gives_the_same_generator(dropout):
    results = []
    for draws in (0, 1, 2):
        generator = make_generator(dropout=dropout)
        torch.manual_seed(draws)
        before = torch.get_rng_state()
        seed = np.random.RandomState(5) if draws == 2 else 5
        results.append((finetune_generator(generator, TOPOLOGY, n_steps=3, latent_dim=4,
                                           random_state=seed), state(generator)))  # fmt: skip
        assert torch.equal(before, torch.get_rng_state())
    for curve, weights in results[1:]:
        assert np.array_equal(curve, results[0][0])
        assert all(torch.equal(value, results[0][1][name]) for name, value in weights.items())
    other = finetune_generator(
        make_generator(dropout=dropout), TOPOLOGY, n_steps=3, latent_dim=4, random_state=6
    )
    assert not np.array_equal(other, results[0][0])


def test_training_mode_updates_statistics_and_evaluation_mode_does_not(generator):
    generator[1].eval()
    modes = [part.training for part in generator.modules()]
    before = state(generator[1])
    finetune_generator(generator, TOPOLOGY, n_steps=2, latent_dim=4)
    assert torch.equal(generator[1].running_mean, before["running_mean"])
    assert not torch.equal(generator[1].weight, before["weight"])
    assert modes == [part.training for part in generator.modules()]
    generator.train()
    finetune_generator(generator, TOPOLOGY, n_steps=2, latent_dim=4)
    assert generator[1].num_batches_tracked == before["num_batches_tracked"] + 2
    assert generator.training


def test_no_gradient_is_left_behind(generator):
    critic = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 1))
    own = torch.ones_like(generator[0].weight)
    generator[0].weight.grad = own
    finetune_generator(generator, lambda x: -critic(x), n_steps=2, latent_dim=4)
    assert generator[0].weight.grad is own
    assert all(p.grad is None for p in generator[4].parameters())
    assert all(p.grad is None for p in critic.parameters())


def test_frozen_weights_stay(generator):
    generator[0].requires_grad_(False)
    before = state(generator[0])
    finetune_generator(generator, TOPOLOGY, n_steps=2, latent_dim=4)
    assert is_same(before, generator[0])
    last = [*generator[4].parameters()]
    before = state(generator[1])
    generator.eval()
    for optimizer in (torch.optim.Adam(last, lr=1e-2), lambda _: torch.optim.Adam(last)):
        finetune_generator(generator, TOPOLOGY, n_steps=2, latent_dim=4, optimizer=optimizer)
    assert is_same(before, generator[1])


def test_an_optimizer_goes_on_as_it_stands():
    whole, halves = make_generator(), make_generator()
    codes = [torch.randn(8, 4) for _ in range(6)]
    for generator, parts in ((whole, [codes]), (halves, [codes[:2], codes[2:]])):
        optimizer = torch.optim.Adam(generator.parameters(), lr=1e-2)
        for part in parts:
            given = iter(part)
            draw = lambda n, random, given=given: next(given)  # noqa: E731
            finetune_generator(
                generator, TOPOLOGY, n_steps=len(part), latent_dim=draw, optimizer=optimizer
            )
    assert is_same(state(whole), halves)


def test_target_stops_before_the_prior_goes_too_far(generator):
    options = {"batch_size": 32, "latent_dim": 4, "learning_rate": 1e-2, "random_state": 0}
    plain = finetune_generator(make_generator(), TOPOLOGY, n_steps=50, **options)
    target = (plain[0] + plain[-1]) / 2
    curve = finetune_generator(generator, TOPOLOGY, n_steps=50, target=target, **options)
    assert 1 < len(curve) < 50
    assert curve[-1] <= target < curve[:-1].min()
    before = state(generator.eval())
    curve = finetune_generator(generator, TOPOLOGY, n_steps=9, target=1e9, **options)
    assert len(curve) == 1
    assert is_same(before, generator)


@pytest.mark.parametrize("latent_dim", [(4,), [4], np.int64(4), lambda n, random: torch.ones(n, 4)])
def test_codes_of_any_shape(generator, latent_dim):
    curve = finetune_generator(generator, EACH, n_steps=1, batch_size=3, latent_dim=latent_dim)
    assert curve.shape == (1,)


def test_generators_of_volumes_of_clouds_and_of_double_precision():
    volume = torch.nn.Sequential(
        torch.nn.ConvTranspose3d(3, 2, 3), torch.nn.Tanh(), torch.nn.ConvTranspose3d(2, 1, 4, 2, 1)
    )
    loss = nn.EnergyLoss(Energy(i0=2), LevelSet(ndim=3, superlevel=True))
    curve = finetune_generator(
        volume, loss, n_steps=30, batch_size=4, latent_dim=(3, 1, 1, 1), learning_rate=1e-2,
        random_state=0,
    )  # fmt: skip
    assert curve[-1] < curve[0] / 2
    cloud = torch.nn.Sequential(torch.nn.Linear(2, 20), torch.nn.Unflatten(1, (10, 2))).double()
    loss = nn.EnergyLoss(Energy(p=2), VietorisRips(max_dim=0))
    curve = finetune_generator(cloud, loss, n_steps=60, latent_dim=2, learning_rate=1e-2)
    assert curve[-1] < curve[0]
    assert cloud[0].weight.dtype == torch.float64


def test_weights_before_a_loss_that_is_nan_stay(generator):
    def make_nan(samples):
        calls.append(samples)
        return samples.mean() * (np.nan if len(calls) == 3 else 1)

    calls = []
    two_steps = make_generator()
    generator.eval()
    two_steps.eval()
    finetune_generator(two_steps, lambda x: x.mean(), n_steps=2, latent_dim=4, random_state=0)
    with pytest.raises(ValueError, match="loss must be finite, got a NaN or an infinity in step 3"):
        finetune_generator(generator, make_nan, n_steps=9, latent_dim=4, random_state=0)
    assert is_same(state(two_steps), generator)
    assert all(p.grad is None for p in generator.parameters())


def test_gradients_and_samples_that_are_nan_are_said(generator):
    before = state(generator.eval())
    with pytest.raises(ValueError, match=r"gradient of the loss must be finite.* in step 1"):
        finetune_generator(generator, lambda x: (x * 0).sqrt().mean(), n_steps=2, latent_dim=4)
    assert is_same(before, generator)
    generator[0].weight.data[0] = torch.nan
    with pytest.raises(ValueError, match="samples of the generator must be finite"):
        finetune_generator(generator, TOPOLOGY, n_steps=2, latent_dim=4)


def test_interrupt_leaves_a_usable_generator(generator, z):
    generator[0].weight.grad = own = torch.ones_like(generator[0].weight)
    before = state(generator)

    def interrupt(samples):
        calls.append(samples)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return TOPOLOGY(samples)

    calls = []
    random_state = torch.get_rng_state()
    with pytest.raises(KeyboardInterrupt):
        finetune_generator(generator, interrupt, n_steps=9, latent_dim=4, learning_rate=1e-2)
    assert generator.training
    assert generator[0].weight.grad is own
    assert torch.equal(random_state, torch.get_rng_state())
    assert not is_same(before, generator)
    assert TOPOLOGY(generator(z)).isfinite()
    calls.clear()
    with pytest.raises(KeyboardInterrupt):
        optimize_latent(generator, z, interrupt, n_steps=9)
    assert generator.training


def test_bars_are_shown_when_asked_for(generator, z, capsys):
    finetune_generator(generator, TOPOLOGY, n_steps=2, latent_dim=4)
    optimize_latent(generator, z, TOPOLOGY, n_steps=2)
    assert capsys.readouterr().err == ""
    finetune_generator(generator, TOPOLOGY, n_steps=2, latent_dim=4, verbose=1)
    assert "2/2" in (shown := capsys.readouterr().err)
    assert "loss=" in shown
    optimize_latent(generator, z, TOPOLOGY, n_steps=3, verbose=1)
    assert "3/3" in capsys.readouterr().err


# optimize_latent ------------------------------------------------------------------------------


def test_codes_move_and_the_generator_does_not(generator, z):
    generator(torch.randn(20, 4))  # statistics of its own
    before, modes = state(generator), [part.training for part in generator.modules()]
    given = z.clone()
    new = optimize_latent(generator, z, EACH, n_steps=60, learning_rate=0.05)
    assert torch.equal(z, given)
    assert not new.requires_grad
    assert new.shape == z.shape
    assert is_same(before, generator)
    assert modes == [part.training for part in generator.modules()]
    assert all(p.grad is None for p in generator.parameters())
    generator.eval()
    assert EACH(generator(new)).sum() < 0.8 * EACH(generator(z)).sum()


def test_a_code_does_not_depend_on_the_others(z):
    generator = make_generator(torch.float64)
    for optimizer in (None, partial(torch.optim.SGD, lr=0.1)):
        options = {"n_steps": 5, "optimizer": optimizer, "keep_norm": True}
        together = optimize_latent(generator, z.double(), EACH, **options)
        alone = [optimize_latent(generator, one[None].double(), EACH, **options) for one in z]
        torch.testing.assert_close(together, torch.cat(alone), rtol=1e-9, atol=1e-12)


def test_one_step_of_sgd_is_the_gradient(z):
    weight = torch.arange(8.0).reshape(2, 4)
    generator = torch.nn.Linear(4, 2, bias=False)
    generator.weight.data = weight
    sgd = partial(torch.optim.SGD, lr=0.5)
    new = optimize_latent(generator, z, lambda x: x.sum(), n_steps=1, optimizer=sgd)
    torch.testing.assert_close(new, z - 0.5 * weight.sum(0))


def test_norms_are_kept(generator, z):
    options = {"n_steps": 10, "learning_rate": 0.3}
    new = optimize_latent(generator, z, EACH, keep_norm=True, **options)
    torch.testing.assert_close(new.norm(dim=1), z.norm(dim=1))
    assert not torch.allclose(new, z)
    free = optimize_latent(generator, z, EACH, **options)
    assert not torch.allclose(free.norm(dim=1), z.norm(dim=1), rtol=1e-3)
    zero = optimize_latent(generator, 0 * z, EACH, keep_norm=True, **options)
    assert zero.eq(0).all()


def test_samples_that_reach_the_target_are_left_alone(generator, z):
    generator.eval()
    each = EACH(generator(z)).reshape(-1).detach()
    target = float(each.sort().values[2:4].mean())
    new = optimize_latent(generator, z, EACH, n_steps=3, target=target)
    moved = (new != z).any(1)
    assert torch.equal(moved, each > target)
    assert torch.equal(optimize_latent(generator, z, TOPOLOGY, n_steps=3, target=1e9), z)
    assert not torch.equal(optimize_latent(generator, z, TOPOLOGY, n_steps=3, target=0), z)


def test_codes_come_back_as_they_were_given(generator, z):
    new = optimize_latent(generator, z, EACH, n_steps=2)
    array = optimize_latent(generator, z.numpy(), EACH, n_steps=2)
    assert type(array) is np.ndarray
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, new.numpy())
    double = optimize_latent(generator, z.double(), EACH, n_steps=2)
    assert double.dtype == torch.float64
    np.testing.assert_array_equal(double.float(), new)
    assert type(optimize_latent(generator, z.tolist(), EACH, n_steps=1)) is np.ndarray
    live = z.clone().requires_grad_()
    assert not optimize_latent(generator, live, EACH, n_steps=1).requires_grad
    assert live.grad is None
    assert torch.equal(optimize_latent(generator, z, EACH, n_steps=0), z)


# interpolate_latent ---------------------------------------------------------------------------


def test_interpolation_is_a_line_in_evaluation_mode(generator, z):
    before = state(generator)
    samples = interpolate_latent(generator, z[0], z[1], 5)
    assert generator.training
    assert is_same(before, generator)
    assert samples.shape == (5, 1, 8, 8)
    assert not samples.requires_grad
    generator.eval()
    line = torch.stack([z[0] + t * (z[1] - z[0]) for t in (0, 0.25, 0.5, 0.75, 1)])
    torch.testing.assert_close(samples, generator(line).detach())
    torch.testing.assert_close(samples, interpolate_latent(generator, z[:1], z[1:2].numpy(), 5))


def test_interpolation_of_codes_with_axes():
    generator = torch.nn.ConvTranspose2d(3, 1, 4)
    z0, z1 = torch.zeros(3, 1, 1), torch.ones(3, 1, 1)
    assert interpolate_latent(generator, z0, z1, 3).shape == (3, 1, 4, 4)
    expected = interpolate_latent(generator, z0, z1, 3)
    assert torch.equal(interpolate_latent(generator, z0[None], z1[None], 3), expected)


# topological_guidance -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_guidance_is_the_gradient(rng, dtype):
    images = torch.from_numpy(rng.random((3, 1, 6, 6))).to(dtype)
    step = topological_guidance(images, EACH, 0.5)
    live = images.clone().requires_grad_()
    EACH(live).sum().backward()
    assert torch.equal(step, -0.5 * live.grad)
    assert (step.dtype, step.requires_grad) == (dtype, False)
    assert (EACH(images + 0.01 * step) < EACH(images)).all()
    assert not topological_guidance(images, EACH, 0).any()


def test_guidance_of_a_sample_does_not_depend_on_the_others(rng):
    images = torch.from_numpy(rng.random((4, 6, 6)))
    step = topological_guidance(images, EACH)
    for image, own in zip(images, step, strict=True):
        assert torch.equal(topological_guidance(image[None], EACH)[0], own)
    assert torch.allclose(topological_guidance(images, TOPOLOGY), step / 4)


def test_guidance_goes_back_through_the_denoiser(rng):
    denoiser = torch.nn.Conv2d(1, 1, 3, padding=1).double()
    noisy = torch.from_numpy(rng.random((2, 1, 6, 6))).requires_grad_()
    denoised = denoiser(noisy)
    step = topological_guidance(denoised, EACH, 2.0, wrt=noisy)
    again = topological_guidance(denoised, EACH, 2.0, wrt=noisy)  # the graph is still there
    EACH(denoiser(noisy)).sum().backward()
    assert torch.allclose(step, -2 * noisy.grad)
    assert torch.equal(step, again)
    denoiser.weight.grad = None
    topological_guidance(denoised, EACH, wrt=noisy)
    assert denoiser.weight.grad is None


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_guidance_inside_of_loops_without_gradients(mode, rng):
    images = torch.from_numpy(rng.random((2, 6, 6)))
    expected = topological_guidance(images, EACH)
    with mode():
        assert torch.equal(topological_guidance(images * 1, EACH), expected)
    images.requires_grad_()
    assert torch.equal(topological_guidance(images, EACH), expected)
    assert images.grad is None


def test_guidance_of_any_samples_and_losses(rng):
    cloud = torch.from_numpy(rng.random((2, 10, 2)))
    of_cloud = nn.EnergyLoss(Energy(p=2), VietorisRips(max_dim=0), reduction="none")
    assert (of_cloud(cloud + topological_guidance(cloud, of_cloud, 0.1)) < of_cloud(cloud)).all()
    wish = nn.BettiPriorLoss({0: 2}, SUPERLEVEL, level=0.0, reduction="none")
    images = torch.from_numpy(rng.normal(size=(5, 8, 8)))
    assert wish(images).min() > 1
    for _ in range(100):
        images = images + topological_guidance(images, wish, 0.2)
    assert wish(images).median() == 0  # one in a while gets stuck


@pytest.mark.parametrize(
    ("changed", "error", "sentence"),
    [
        ({"denoised": [[1.0]]}, TypeError, "denoised must be a torch.Tensor, got list"),
        ({"wrt": "noisy"}, TypeError, "wrt must be a torch.Tensor, got str"),
        ({"wrt": torch.ones(2, 4, 4)}, TypeError, "denoised has to come from wrt"),
        ({"wrt": torch.ones(1, requires_grad=True)}, TypeError, "denoised has to come from wrt"),
        ({"loss": None}, TypeError, "loss must be a function"),
        ({"loss": lambda x: 1.0}, TypeError, "loss must return a torch.Tensor"),
        ({"loss": lambda x: x.detach().mean()}, TypeError, "the loss may not detach it"),
        ({"loss": lambda x: x.mean() * np.nan}, ValueError, "its loss must be finite"),
        ({"loss": lambda x: (x - 1).abs().sqrt().sum()}, ValueError, "gradient of the loss must"),
        ({"denoised": torch.full((1, 2), np.inf)}, ValueError, "denoised and its loss must be"),
        ({"scale": -1}, ValueError, "scale must be a finite number of at least 0"),
    ],
)
def test_bad_guidance_gets_a_sentence(changed, error, sentence):
    options = {"denoised": torch.ones(2, 4, 4), "loss": lambda x: x.mean(), **changed}
    with pytest.raises(error, match=sentence):
        topological_guidance(**options)


# Interrupts and contexts -----------------------------------------------------------------------


def test_ctrl_c_at_any_time_leaves_modes_gradients_and_random_numbers(z):
    """A timer interrupts at random times, as Ctrl-C does."""
    parts = [torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout()) for _ in range(20)]
    generator = torch.nn.Sequential(*parts, torch.nn.Linear(4, 16), torch.nn.Unflatten(1, (4, 4)))
    generator[3].eval()
    generator[20].weight.grad = own = torch.ones(16, 4)
    calls = [
        lambda: finetune_generator(generator, EACH, n_steps=2, latent_dim=4, learning_rate=1e-6),
        lambda: optimize_latent(generator, z, EACH, n_steps=2, keep_norm=True),
        lambda: interpolate_latent(generator, z[0], z[1], 3),
    ]
    modes = [part.training for part in generator.modules()]
    random, interrupted = torch.get_rng_state(), 0
    for call in calls:
        call()
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for i in range(300):
            call = calls[i % 3]
            try:
                signal.setitimer(signal.ITIMER_REAL, (1e-3, 1e-2, 1e-3)[i % 3] * (i % 50 + 1) / 50)
                call()
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
            assert modes == [part.training for part in generator.modules()]
            assert torch.is_grad_enabled()
            assert generator[20].weight.grad is own
            assert all(p.grad is None or p.grad is own for p in generator.parameters())
            assert torch.equal(random, torch.get_rng_state())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted > 50


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_priors_inside_of_code_without_gradients(mode, z):
    curves, codes = [], []
    for context in (nullcontext, mode):
        generator = make_generator()
        with context():
            codes.append(optimize_latent(generator, z * 1, EACH, n_steps=3))
            curves.append(finetune_generator(generator, EACH, n_steps=3, latent_dim=4,
                                             random_state=0))  # fmt: skip
            assert torch.is_inference_mode_enabled() == (context is torch.inference_mode)
            assert torch.is_grad_enabled() == (context is nullcontext)
    np.testing.assert_array_equal(*curves)
    assert torch.equal(*codes)


def test_models_and_losses_may_work_in_place(z):
    double = torch.nn.Identity()
    double.forward = lambda codes: codes.mul_(2)
    plain = torch.nn.Identity()
    plain.forward = lambda codes: 2 * codes
    given = z.clone()
    loss = lambda x: (x**2).sum(1)  # noqa: E731
    expected = optimize_latent(plain, z, loss, n_steps=3)
    assert torch.equal(optimize_latent(double, z, loss, n_steps=3), expected)
    assert torch.equal(topological_guidance(z, lambda x: x.mul_(2).sum()), torch.full_like(z, -2))
    assert torch.equal(z, given)


# Dtypes ---------------------------------------------------------------------------------------


def test_codes_that_do_not_move_come_back_unrounded(generator, z):
    exact = z.double() + 1e-12
    for n_steps, target in ((0, None), (3, 1e9)):
        new = optimize_latent(generator, exact, EACH, n_steps=n_steps, target=target)
        assert torch.equal(new, exact)
    assert optimize_latent(generator, z.int(), EACH, n_steps=1).dtype == torch.float32


def test_generators_without_weights_take_floats_as_they_are(rng):
    images = rng.random((2, 5, 5)) + 1e-12
    new = optimize_latent(torch.nn.Identity(), images, EACH, n_steps=1, learning_rate=1e-13)
    np.testing.assert_allclose(new, images, rtol=0, atol=1.1e-13)
    assert not np.array_equal(new, images)
    line = interpolate_latent(torch.nn.Identity(), images[0], images[1], 2)
    np.testing.assert_array_equal(line, images)
    mixed = interpolate_latent(torch.nn.Identity(), images[0].astype(np.float32), images[1], 2)
    np.testing.assert_array_equal(mixed[1], images[1])
    ints = np.ones((2, 5, 5), int)
    assert optimize_latent(torch.nn.Identity(), ints, EACH, n_steps=0).dtype == np.float32


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_narrow_weights_stay_finite(dtype, z):
    generator = make_generator(dtype).eval()
    curve = finetune_generator(generator, EACH, n_steps=4, batch_size=4, latent_dim=4)
    assert np.isfinite(curve).all()
    assert all(weight.isfinite().all() for weight in generator.parameters())
    still = lambda x: x.flatten(1)[:, 0] * 0  # noqa: E731
    assert torch.equal(optimize_latent(generator, z.to(dtype), still, n_steps=1), z.to(dtype))


def test_sparse_gradients_of_embeddings():
    table = torch.nn.Embedding(5, 4, sparse=True)
    before = table.weight.detach().clone()
    finetune_generator(
        table, lambda x: x.sum(), n_steps=1, optimizer=torch.optim.SparseAdam,
        latent_dim=lambda n, random: torch.ones(n, dtype=torch.int64),
    )  # fmt: skip
    assert (table.weight != before).any(1).tolist() == [False, True, False, False, False]


def test_guidance_without_samples_is_empty():
    assert topological_guidance(torch.empty(0, 4, 4), EACH).shape == (0, 4, 4)
