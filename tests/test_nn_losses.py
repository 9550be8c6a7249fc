"""Topological losses: values, gradients, compilation, transforms."""

import copy
import io
import pickle
from functools import partial

import numpy as np
import pytest
import torch

from skltopo import Energy, PersistenceFeatures, nn
from skltopo._kernels.functionals.image_gradients import image_energy_gradients
from skltopo.filtrations import Alpha, LevelSet, SimplicialComplex, VietorisRips, WeakAlpha

ENERGIES = [Energy(dim=0, i0=2, weight=2.0), Energy(dim=1, p=2, q=1, weight=-0.5)]
IMAGES = LevelSet(2, superlevel=True)
CASES = {
    "line": ([Energy(i0=2)], LevelSet(1), (2, 8)),
    "image": (ENERGIES, IMAGES, (2, 5, 6)),
    "volume": ([Energy(dim=2)], LevelSet(3), (2, 4, 4, 4)),
    "rips": (ENERGIES, VietorisRips(), (2, 8, 2)),
    "weak alpha": (ENERGIES, WeakAlpha(), (2, 8, 2)),
    "alpha": (ENERGIES, Alpha(), (2, 8, 2)),
}


def random(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def value_and_grad(function, values):
    leaf = values.clone().requires_grad_()
    total = function(leaf)
    total.backward()
    return total.detach(), leaf.grad


def by_diagrams(energies, filtration, values):
    diagrams = filtration(values)
    return sum(energy(diagrams) for energy in energies).mean()


# EnergyLoss ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_loss_is_the_mean_of_energies_of_diagrams(case):
    energies, filtration, shape = CASES[case]
    values = random(*shape)
    expected = value_and_grad(partial(by_diagrams, energies, filtration), values)
    torch.testing.assert_close(
        value_and_grad(nn.EnergyLoss(energies, filtration), values), expected
    )


@pytest.mark.parametrize("complex", ["freudenthal", "cubical", "cubical_cells"])
@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("tied", [False, True])
def test_kernel_of_images_is_that_of_diagrams(complex, superlevel, tied):
    filtration = LevelSet(2, superlevel=superlevel, complex=complex)
    energies = [
        Energy(i0=2),
        Energy(p=2, q=1, weight=0.5, essential="clip"),
        Energy(dim=1, weight=-1.0),
        Energy(dim=1, p=2, q=2, i0=3, weight=2.0),
        Energy(p=0, q=1, i0=4, essential="clip"),
        Energy(p=1.5, i0=2**40),
    ]
    images = random(60, 6, 7)
    images = (4 * images).round() if tied else images
    expected = value_and_grad(partial(by_diagrams, energies, filtration), images)
    torch.testing.assert_close(
        value_and_grad(nn.EnergyLoss(energies, filtration), images), expected
    )


def test_threads_give_the_same():
    images = random(40, 6, 6)
    one, two = (nn.EnergyLoss(ENERGIES, LevelSet(2, n_jobs=n_jobs)) for n_jobs in (1, 2))
    for a, b in zip(value_and_grad(one, images), value_and_grad(two, images), strict=True):
        assert torch.equal(a, b)


def test_kernel_refuses_other_shapes():
    kernel = partial(image_energy_gradients, superlevel=False, complex="cubical")
    images = np.zeros((2, 3, 3))
    with pytest.raises(ValueError, match="those of 2 images"):
        kernel(images, [], np.empty(3), None)
    with pytest.raises(ValueError, match="those of 2 images"):
        kernel(images, [], np.empty(2), np.empty((2, 3, 4)))


@pytest.mark.parametrize("case", CASES)
def test_gradients(case):
    energies, filtration, shape = CASES[case]
    assert torch.autograd.gradcheck(
        nn.EnergyLoss(energies, filtration), random(1, *shape[1:]).requires_grad_()
    )


def test_second_derivatives():
    loss = nn.EnergyLoss(Energy(dim=0, p=2, q=1, i0=2), IMAGES)
    assert torch.autograd.gradgradcheck(loss, random(3, 3).requires_grad_())


def test_reductions_and_batches():
    images = random(2, 3, 5, 5)
    none = nn.EnergyLoss(ENERGIES, IMAGES, reduction="none")(images)
    assert none.shape == (2, 3)
    mean, total = (nn.EnergyLoss(ENERGIES, IMAGES, r)(images) for r in ("mean", "sum"))
    torch.testing.assert_close([mean, total], [none.mean(), none.sum()])
    single = nn.EnergyLoss(ENERGIES, IMAGES, reduction="none")(images[1, 2])
    torch.testing.assert_close(single, none[1, 2])


def test_reduction_none_has_a_gradient_for_each_sample():
    images, weights = random(3, 5, 5), torch.tensor([1.0, 0.0, -2.0])
    loss = nn.EnergyLoss(ENERGIES, IMAGES, reduction="none")
    gradient = value_and_grad(lambda x: (loss(x) * weights).sum(), images)[1]
    for i in range(3):
        alone = value_and_grad(loss, images[i])[1]
        torch.testing.assert_close(gradient[i], alone * weights[i])


def test_single_energy_layer_and_any_complex():
    images = random(2, 5, 5)
    layer = nn.LevelSetLayer(superlevel=True)
    assert nn.EnergyLoss(Energy(i0=2), layer).filtration is layer.filtration
    single = nn.EnergyLoss(Energy(i0=2), layer)(images)
    assert single == nn.EnergyLoss([Energy(i0=2)], IMAGES)(images)
    graph = SimplicialComplex([[0, 1], [1, 2]], homology_dimensions=0)
    assert nn.EnergyLoss(Energy(i0=2), graph)(torch.tensor([0.0, 3.0, 1.0])) == 2


def test_parameters_may_change():
    loss = nn.EnergyLoss(Energy(i0=2), LevelSet(2))
    image = torch.tensor([[3.0, 0.0, 2.0, -1.0, 5.0]])
    before = loss(image)
    loss.filtration.set_params(superlevel=True)
    assert before != loss(image) == nn.EnergyLoss(Energy(i0=2), IMAGES)(image)


@pytest.mark.parametrize("filtration", [VietorisRips(), WeakAlpha(), Alpha()])
def test_ragged_clouds(filtration):
    loss = nn.EnergyLoss(Energy(i0=2), filtration, reduction="none")
    cloud, ptr = random(9, 2), torch.tensor([0, 4, 9])
    expected = torch.stack([loss(cloud[:4]), loss(cloud[4:])])
    torch.testing.assert_close(loss(cloud, ptr), expected)
    torch.testing.assert_close(loss([cloud[:4], cloud[4:]]), expected)
    torch.testing.assert_close(
        torch.func.grad(lambda x: loss(x, ptr).sum())(cloud),
        value_and_grad(lambda x: loss(x, ptr).sum(), cloud)[1],
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_dtypes(dtype):
    images = random(3, 5, 5).to(dtype)
    loss, gradient = value_and_grad(nn.EnergyLoss(Energy(i0=2), IMAGES), images)
    exact = value_and_grad(nn.EnergyLoss(Energy(i0=2), IMAGES), images.double())
    assert loss.dtype == gradient.dtype == dtype
    torch.testing.assert_close(loss.double(), exact[0], atol=1e-2, rtol=0)
    torch.testing.assert_close(gradient.double(), exact[1], atol=2e-3, rtol=0)


def test_autocast_computes_in_single_precision():
    image = random(5, 5).bfloat16().requires_grad_()
    for loss in (nn.EnergyLoss(Energy(i0=2), IMAGES), nn.BettiPriorLoss({0: 1}, IMAGES)):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            total = loss(image)
        total.backward()
        assert total.dtype == torch.float32
        assert image.grad.dtype == torch.bfloat16


def test_large_energies():
    image = torch.tensor([[1e160, 0.0, 1e160]], dtype=torch.float64)
    loss = nn.EnergyLoss(Energy(p=2, i0=2, weight=1e-100), IMAGES)
    torch.testing.assert_close(loss(image).item(), 1e220)
    with pytest.raises(ValueError, match="more than a number of dtype"):
        nn.EnergyLoss(Energy(p=2, i0=2), IMAGES)(image)
    with pytest.raises(ValueError, match="q must be an integer"):
        nn.EnergyLoss(Energy(q=0.5, i0=2), IMAGES)(torch.tensor([[-1.0, -3.0, -1.0]]))


@pytest.mark.parametrize(
    ("loss", "values"),
    [
        (nn.EnergyLoss(Energy(p=3), IMAGES), 200 * random(5, 5).half()),
        (nn.EnergyLoss(Energy(p=3), LevelSet(2, keep_zero=True)), 200 * random(5, 5).half()),
        (nn.EnergyLoss(Energy(p=3), IMAGES), 1e15 * random(5, 5).float()),
        (nn.EnergyLoss(Energy(p=3), IMAGES), 1e15 * random(5, 5).bfloat16()),
        (nn.EnergyLoss(2 * [Energy(i0=2)], IMAGES), torch.tensor([[4e4, 0, 4e4]]).half()),
        (nn.EnergyLoss(2 * [Energy()], LevelSet(1)), torch.tensor([0, 4e4, 0]).half()),
        (nn.EnergyLoss(Energy(p=3), VietorisRips()), 1e15 * random(5, 2).float()),
        (nn.BettiPriorLoss({0: 1}, IMAGES), 1000 * random(5, 5).half()),
        (nn.BettiPriorLoss({0: 1}, IMAGES), 1e30 * random(5, 5).float()),
        (nn.BettiPriorLoss({0: 1}, IMAGES), 1e200 * random(5, 5)),
        (nn.BettiPriorLoss({0: 1}, WeakAlpha()), 1e30 * random(5, 2).float()),
    ],
)
def test_a_loss_that_its_dtype_cannot_hold(loss, values):
    for call in (loss, torch.func.grad(loss), lambda x: torch.vmap(loss)(x[None])):
        for leaf in (values, values.clone().requires_grad_()):
            with pytest.raises(ValueError, match="is more than a number of dtype torch"):
                call(leaf)


def test_a_sum_over_samples_that_its_dtype_cannot_hold():
    images = torch.tensor([[4e4, 0.0, 4e4]]).half().expand(2, 1, 3)
    twice = nn.EnergyLoss(2 * [Energy(i0=2)], IMAGES)
    for filtration in (IMAGES, LevelSet(2, superlevel=True, keep_zero=True)):
        loss = nn.EnergyLoss(Energy(i0=2), filtration, reduction="sum")
        with pytest.raises(ValueError, match="the loss is more than a number of dtype"):
            loss(images)
        assert torch.func.functional_call(loss, {}, images[:1]) == 40000
        torch._dynamo.reset()
        compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
        assert compiled(images).isinf()
        with pytest.raises(ValueError, match="the loss is more than a number of dtype"):
            torch.compile(twice, fullgraph=True, backend="aot_eager")(images)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert loss(images) == 80000


# Compilation and transforms -----------------------------------------------------------------------

LOSSES = {case: (nn.EnergyLoss(e, f), shape) for case, (e, f, shape) in CASES.items()}
LOSSES |= {
    "lengths": (nn.BettiPriorLoss({0: 1, 1: 0}, IMAGES), (2, 5, 6)),
    "level": (nn.BettiPriorLoss({0: 2, 1: 1}, IMAGES, level=0.5, margin=0.3), (2, 5, 6)),
}


@pytest.mark.parametrize("case", LOSSES)
def test_transforms_give_the_gradient(case):
    loss, shape = LOSSES[case]
    values = random(*shape)
    expected = value_and_grad(loss, values)
    torch.testing.assert_close(torch.func.grad_and_value(loss)(values)[::-1], expected)
    torch.testing.assert_close(torch.vmap(loss)(values).mean(), expected[0])
    torch.testing.assert_close(
        torch.vmap(loss, in_dims=1)(values.movedim(0, 1)).mean(), expected[0]
    )
    by_sample = torch.vmap(torch.func.grad(loss))(values)
    torch.testing.assert_close(by_sample / len(values), expected[1])


@pytest.mark.parametrize("case", LOSSES)
def test_compiled_loss_is_the_loss(case):
    loss, shape = LOSSES[case]
    values = random(*shape)
    expected = value_and_grad(loss, values)
    torch._dynamo.reset()
    compile = partial(torch.compile, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(value_and_grad(compile(loss), values), expected)
    of_functions = compile(torch.func.grad_and_value(loss))(values)[::-1]
    torch.testing.assert_close(of_functions, expected)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
@pytest.mark.filterwarnings("ignore:.torch.jit")
def test_inductor_compiles_a_network_with_its_loss():
    torch.manual_seed(0)
    network = torch.nn.Conv2d(1, 1, 3, padding=1)
    loss = nn.EnergyLoss(Energy(i0=2), IMAGES)
    images = torch.rand(2, 1, 6, 6)
    torch._dynamo.reset()
    for function in (loss, torch.compile(loss, fullgraph=True)):
        network.zero_grad()
        function(network(images)).backward()
        found = network.weight.grad.clone()
        expected = found if function is loss else expected  # noqa: F821
    torch.testing.assert_close(found, expected)


def test_compiled_ragged_clouds():
    loss = nn.EnergyLoss(Energy(i0=2), WeakAlpha(), reduction="none")
    cloud, ptr = random(9, 2), torch.tensor([0, 4, 9])
    torch._dynamo.reset()
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(
        value_and_grad(lambda x: compiled(x, ptr).sum(), cloud),
        value_and_grad(lambda x: loss(x, ptr).sum(), cloud),
    )
    torch.testing.assert_close(compiled([cloud[:4], cloud[4:]]), loss(cloud, ptr))


def test_features_are_compiled_and_transformed():
    images = random(2, 5, 5)
    features = PersistenceFeatures(n_directions=2, max_p=2, max_q=1, min_length=0.0)
    module = features.fit(images.numpy()).to_torch()
    weights = random(module(images).shape[1], seed=1)

    def loss(x):
        return (module(x) * weights).sum()

    expected = value_and_grad(loss, images)
    torch.testing.assert_close(torch.func.grad_and_value(loss)(images)[::-1], expected)
    torch.testing.assert_close(torch.vmap(torch.func.grad(loss))(images), expected[1])
    jacobian = torch.func.jacrev(module)(images)
    torch.testing.assert_close(torch.tensordot(weights, jacobian, ([0], [1])).sum(0), expected[1])
    torch._dynamo.reset()
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(value_and_grad(compiled, images), expected)


def test_second_derivatives_of_transforms_are_refused():
    loss = nn.EnergyLoss(Energy(p=2, i0=2), IMAGES)
    image = random(4, 4)
    with pytest.raises(NotImplementedError, match="create_graph=True has them"):
        torch.func.jacrev(torch.func.grad(loss))(image)
    with pytest.raises(NotImplementedError, match="create_graph=True has them"):
        torch.func.grad(lambda x: torch.func.grad(loss)(x).sum())(image)


def test_clouds_with_ptr_are_no_batch_of_vmap():
    loss = nn.EnergyLoss(Energy(i0=2), WeakAlpha())
    with pytest.raises(TypeError, match="are a batch already"):
        torch.vmap(partial(loss, ptr=torch.tensor([0, 4, 9])))(random(2, 9, 2))


# BettiPriorLoss -----------------------------------------------------------------------------------


def test_lengths_are_those_of_clough():
    image = torch.tensor([[0.9, 0.0, 0.7, 0.1, 0.4]], dtype=torch.float64)
    # Lengths 0.9 (the essential one), 0.7 and 0.3.
    for wished, expected in (
        (0, [0.81, 0.49, 0.09]),
        (1, [0.19, 0.49, 0.09]),
        (2, [0.19, 0.51, 0.09]),
    ):
        loss = nn.BettiPriorLoss({0: wished}, IMAGES)
        torch.testing.assert_close(loss(image).item(), sum(expected))
    # Points that are missing cost 1.
    assert nn.BettiPriorLoss({0: 5}, IMAGES)(image).item() == pytest.approx(0.19 + 0.51 + 0.91 + 2)
    both = nn.BettiPriorLoss({0: 1, 1: 1}, IMAGES, weights={1: 0.5})(image)
    assert both.item() == pytest.approx(0.19 + 0.49 + 0.09 + 0.5)


def test_binary_image_with_the_wished_topology_costs_nothing():
    ring = torch.zeros(5, 5)
    ring[1:4, 1:4] = 1
    ring[2, 2] = 0
    assert nn.BettiPriorLoss({0: 1, 1: 1}, IMAGES)(ring) == 0
    assert nn.BettiPriorLoss({0: 1, 1: 0}, IMAGES)(ring) == 1
    for superlevel, image in ((True, ring), (False, 1 - ring)):
        filtration = LevelSet(2, superlevel=superlevel)
        loss = nn.BettiPriorLoss({0: 1, 1: 1}, filtration, level=0.5, margin=0.5)
        assert loss(image) == 0


def test_level_costs():
    image = torch.tensor([[3.0, -2.0, 0.5, -2.0, 0.2]])
    # Births 3, 0.5 and 0.2; deaths -inf, -2, -2; at level 0 with margin 1.
    ways_out = {0.5: 1.0, 0.2: 0.7}
    kept = {3.0: 0.0, 0.5: 0.5, 0.2: 0.8}
    for wished, expected in (
        (1, kept[3.0] + ways_out[0.5] + ways_out[0.2]),
        (2, kept[3.0] + kept[0.5] + ways_out[0.2]),
        (4, sum(kept.values()) + 2.0),
    ):
        loss = nn.BettiPriorLoss({0: wished}, IMAGES, level=0.0)(image)
        torch.testing.assert_close(loss.item(), expected)


@pytest.mark.parametrize("betti", [{0: 1, 1: 0}, {0: 1, 1: 1}, {0: 2, 1: 0}])
def test_descent_ends_at_the_wished_topology(betti):
    # Two of these images stop where a pixel should rise for one dimension and fall for the other.
    logits = (4 * random(8, 12, 12) - 2).requires_grad_()
    loss = nn.BettiPriorLoss(betti, IMAGES, level=0.0)
    optimizer = torch.optim.Adam([logits], lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        total = loss(logits)
        total.backward()
        optimizer.step()
    found = [diagram.betti_numbers(0.0) for diagram in IMAGES(logits.detach())]
    assert found.count(betti) >= 6


def test_prior_of_clouds():
    angles = torch.linspace(0, 6, 12, dtype=torch.float64)
    ring = torch.stack([angles.cos(), angles.sin()], 1)
    loss = nn.BettiPriorLoss({1: 1}, nn.RipsLayer(), level=1.0, margin=0.2)
    assert loss(ring) == 0 < loss(ring[:6])


def test_prior_passes_gradients_for_any_dtype():
    for dtype in (torch.bfloat16, torch.float32):
        image = random(5, 5).to(dtype)
        total, gradient = value_and_grad(nn.BettiPriorLoss({0: 1}, IMAGES), image)
        assert total.dtype == gradient.dtype == dtype
        assert gradient.any()


# What both share ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss", [nn.EnergyLoss(ENERGIES, IMAGES), nn.BettiPriorLoss({0: 1}, IMAGES, level=0.5)]
)
def test_losses_are_copied_and_saved(loss):
    file = io.BytesIO()
    torch.save(loss, file)
    file.seek(0)
    images = random(2, 5, 5)
    others = (
        pickle.loads(pickle.dumps(loss)),
        copy.deepcopy(loss),
        torch.load(file, weights_only=False),
    )
    for other in others:
        assert other(images) == loss(images)
        torch.testing.assert_close(torch.func.grad(other)(images), torch.func.grad(loss)(images))
        assert repr(other) == repr(loss)
    assert loss.state_dict() == {}
    assert "superlevel=True" in repr(loss)
    assert "reduction='mean'" in repr(loss)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: nn.EnergyLoss([], IMAGES), ValueError, "an Energy at least"),
        (lambda: nn.EnergyLoss([1], IMAGES), TypeError, r"energies\[0\] must be an Energy, got 1"),
        (lambda: nn.EnergyLoss(1, IMAGES), TypeError, "energies must be an Energy, or a sequence"),
        (lambda: nn.EnergyLoss(Energy(dim=2), IMAGES), ValueError, r"one of \[0, 1\], got 2"),
        (lambda: nn.EnergyLoss(Energy(), "rips"), TypeError, "or its layer, got 'rips'"),
        (lambda: nn.EnergyLoss(Energy(), IMAGES, "max"), ValueError, "reduction must be one of"),
        (lambda: nn.BettiPriorLoss({}, IMAGES), ValueError, "a dimension at least"),
        (
            lambda: nn.BettiPriorLoss([1, 0], IMAGES),
            TypeError,
            r"betti .* such as {0: 1, 1: 2}, got",
        ),
        (lambda: nn.BettiPriorLoss({2: 1}, IMAGES), ValueError, "betti must have a dimension that"),
        (lambda: nn.BettiPriorLoss({0: -1}, IMAGES), ValueError, r"betti\[0\] must be an integer"),
        (lambda: nn.BettiPriorLoss({0: 1.5}, IMAGES), ValueError, r"betti\[0\] must be an integer"),
        (
            lambda: nn.BettiPriorLoss({0: 1}, IMAGES, margin=0),
            ValueError,
            "margin must be positive",
        ),
        (lambda: nn.BettiPriorLoss({0: 1}, IMAGES, level="x"), TypeError, "level must be a number"),
        (
            lambda: nn.BettiPriorLoss({0: 1}, IMAGES, weights={1: 1.0}),
            ValueError,
            "weights must have dimensions of betti, got 1",
        ),
    ],
)
def test_wrong_parameters(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


@pytest.mark.parametrize(
    "loss", [nn.EnergyLoss(Energy(), IMAGES), nn.BettiPriorLoss({0: 1}, IMAGES)]
)
def test_wrong_values(loss):
    with pytest.raises(TypeError, match=r"values must be a torch\.Tensor, or a list of them"):
        loss(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="values must be finite, got nan"):
        loss(torch.tensor([[float("nan"), 1.0]]))
    with pytest.raises(ValueError, match="at least 2 axes"):
        loss(torch.zeros(3))
    with pytest.raises(ValueError, match="at least 2 axes"):
        torch.func.grad(loss)(torch.zeros(3))
    with pytest.raises(ValueError, match="must have a sample for reduction='mean'"):
        loss(torch.zeros(0, 3, 3))
    with pytest.raises(TypeError, match="ptr is for clouds of points"):
        loss(torch.zeros(3, 3), torch.tensor([0, 3]))


def test_wrong_lists():
    loss = nn.EnergyLoss(Energy(), VietorisRips())
    with pytest.raises(ValueError, match=r"a sample at least, got an empty list; .*shape \(0, "):
        loss([])
    with pytest.raises(TypeError, match="or a list of them, got ndarray at index 1"):
        loss([torch.zeros(3, 2), np.zeros((3, 2))])


def test_energies_of_no_image_are_no_rows():
    images = random(3, 5, 5)
    features = PersistenceFeatures(n_directions=2, max_p=2, max_q=1).fit(images.numpy())
    module = features.to_torch()
    for empty in (images[:0].clone().requires_grad_(), torch.zeros(0, 25, requires_grad=True)):
        rows = module(empty)
        assert rows.shape == (0, module(images).shape[1])
        rows.sum().backward()
        assert empty.grad.shape == empty.shape
    assert torch.vmap(module)(images[:0]).shape[0] == 0


def test_no_samples_have_no_loss():
    loss = nn.EnergyLoss(Energy(), IMAGES, reduction="sum")
    assert loss(torch.zeros(0, 3, 3)) == 0
