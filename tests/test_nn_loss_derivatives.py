"""Derivatives of losses: second ones, weights that depend on the input, empty batches, roots."""

from functools import partial

import numpy as np
import pytest
import torch

from skltopo import Energy, nn
from skltopo.filtrations import Alpha, LevelSet, SimplicialComplex, VietorisRips, WeakAlpha
from skltopo.filtrations.circumradius import measure_spheres
from skltopo.filtrations.live_circumradius import _radii_by_torch

# Along random directions instead of every axis.
gradcheck = partial(torch.autograd.gradcheck, fast_mode=True)
gradgradcheck = partial(torch.autograd.gradgradcheck, fast_mode=True)

IMAGES = LevelSet(2, superlevel=True)
CIRCLE = SimplicialComplex([[i, (i + 1) % 7] for i in range(7)])
COMPONENTS = Energy(i0=2, p=2, q=1)
HOLES = Energy(dim=1, p=3, weight=-0.5)
CLIPPED = Energy(p=2, essential="clip")
FILTRATIONS = {
    "line": (LevelSet(1), (7,)),
    "image": (IMAGES, (4, 4)),
    "image by diagrams": (LevelSet(2, keep_zero=True), (4, 4)),
    "volume": (LevelSet(3), (3, 3, 3)),
    "complex": (CIRCLE, (7,)),
    "rips": (VietorisRips(), (6, 2)),
    "rips in space": (VietorisRips(2), (7, 3)),
    "cosine": (VietorisRips(metric="cosine"), (6, 3)),
    "distances": (VietorisRips(metric="precomputed"), (6, 6)),
    "weak alpha": (WeakAlpha(), (6, 2)),
    "alpha": (Alpha(), (6, 2)),
    "alpha in space": (Alpha(2), (7, 3)),
}


def random(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sample_of(name, n=1):
    """Return (filtration, (n, ...) samples that it takes)."""
    filtration, shape = FILTRATIONS[name]
    values = 0.2 + random(n, *shape)
    if name == "distances":
        values = values + values.mT
        values.diagonal(dim1=-2, dim2=-1).zero_()
    return filtration, values.requires_grad_()


def losses_of(filtration):
    """Return an energy of every dimension, and both priors."""
    has_holes = 1 in filtration.homology_dimensions
    betti = {0: 2, 1: 0} if has_holes else {0: 2}
    energies = [COMPONENTS, *[HOLES] * has_holes, CLIPPED]
    yield nn.EnergyLoss(energies, filtration)
    yield nn.BettiPriorLoss(betti, filtration)
    yield nn.BettiPriorLoss(betti, filtration, level=0.6, margin=0.3)


def of_values(loss, name):
    """Return the loss as a function of free numbers: of a matrix, of its upper half."""
    if name != "distances":
        return loss
    return lambda x: loss(x.triu(1) + x.triu(1).mT)


# Derivatives by finite differences ----------------------------------------------------------------


@pytest.mark.parametrize("name", FILTRATIONS)
def test_first_and_second_derivatives(name):
    filtration, values = sample_of(name)
    for loss in losses_of(filtration):
        function = of_values(loss, name)
        assert gradcheck(function, values)
        assert gradgradcheck(function, values)


@pytest.mark.parametrize("name", FILTRATIONS)
def test_gradients_where_weights_depend_on_the_values(name):
    filtration, values = sample_of(name)
    loss = nn.EnergyLoss([COMPONENTS], filtration)
    diagrams = of_values(lambda x: COMPONENTS(filtration(x)), name)
    loss = of_values(loss, name)
    for function in (
        lambda x: loss(x) ** 2,
        lambda x: loss(x) * x.square().sum(),
        lambda x: diagrams(x) ** 2,
    ):
        plain = torch.autograd.grad(function(values), values)[0]
        again = torch.autograd.grad(function(values), values, create_graph=True)[0]
        torch.testing.assert_close(again, plain)
        assert gradcheck(function, values)
        assert gradgradcheck(function, values)


def test_hessian_of_an_energy():
    loss = nn.EnergyLoss(Energy(p=2), LevelSet(1))
    line = torch.tensor([0.0, 3.0, 1.0], dtype=torch.float64)  # one point, (1, 3)
    hessian = torch.autograd.functional.hessian(loss, line)
    assert hessian.tolist() == [[0, 0, 0], [0, 2, -2], [0, -2, 2]]


# Radii by operations of torch, which other devices take -------------------------------------------


@pytest.mark.parametrize("scale", [1e-150, 1e-3, 1.0, 1e3, 1e150])
@pytest.mark.parametrize("corners", [2, 3, 4])
def test_radii_by_torch(corners, scale):
    points = (scale * random(8, 3, seed=2)).requires_grad_()
    simplices = np.array([range(corners), range(8 - corners, 8)])
    expected, _ = measure_spheres(points.detach().numpy(), simplices)
    found = _radii_by_torch(points, simplices)
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-12)

    def of_units(x):
        return _radii_by_torch(x * scale, simplices) / scale

    assert gradcheck(of_units, random(8, 3, seed=2).requires_grad_())
    if scale == 1:
        assert gradgradcheck(of_units, random(8, 3, seed=2).requires_grad_())


def test_radius_of_no_length():
    points = torch.zeros(2, 2, dtype=torch.float64, requires_grad=True)
    radius = _radii_by_torch(points, np.array([[0, 1]]))
    radius.sum().backward()
    assert radius == 0
    assert (points.grad == 0).all()


# Batches without samples --------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILTRATIONS)
@pytest.mark.parametrize("create_graph", [False, True])
def test_empty_batches_have_an_empty_gradient(name, create_graph):
    filtration, values = sample_of(name)
    empty = values.detach()[:0].requires_grad_()
    for loss in losses_of(filtration):
        for reduction in ("sum", "none"):
            loss.reduction = reduction
            total = loss(empty)
            assert total.sum() == 0
            weights = torch.ones_like(total)
            (grad,) = torch.autograd.grad(total, empty, weights, create_graph=create_graph)
            assert grad.shape == empty.shape
        assert torch.vmap(loss)(empty.detach()).shape == (0,)
    for energy in (COMPONENTS, CLIPPED):
        (grad,) = torch.autograd.grad(energy(filtration(empty)).sum(), empty)
        assert grad.shape == empty.shape


def test_compiled_mean_of_no_sample():
    loss = nn.EnergyLoss(Energy(), IMAGES)
    torch._dynamo.reset()
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    assert compiled(torch.zeros(0, 3, 3)).isnan()
    assert compiled(random(2, 3, 3)) == loss(random(2, 3, 3))


# Roots of middles ---------------------------------------------------------------------------------

ROOTS = [Energy(p=1, q=0.5, essential="clip"), Energy(p=0.5, q=0.5, essential="clip")]


@pytest.mark.parametrize("energy", ROOTS)
@pytest.mark.parametrize("value", [0.0, -2.0, 3.0])
@pytest.mark.parametrize("keep_zero", [False, True])
def test_points_of_no_length_add_nothing(energy, value, keep_zero):
    filtration = LevelSet(2, keep_zero=keep_zero)
    for function in (nn.EnergyLoss(energy, filtration), lambda x: energy(filtration(x)).sum()):
        for create_graph in (False, True):
            x = torch.full((1, 3, 3), value, requires_grad=True)
            total = function(x)
            (grad,) = torch.autograd.grad(total, x, create_graph=create_graph)
            assert total == 0
            assert (grad == 0).all()
    assert energy(filtration(np.full((3, 3), value))) == 0
    dropped = Energy(p=energy.p, q=energy.q)
    assert dropped(filtration(torch.full((3, 3), value, requires_grad=True))) == 0


@pytest.mark.parametrize("essential", ["drop", "clip"])
@pytest.mark.parametrize("keep_zero", [False, True])
def test_gradient_of_the_root_of_a_middle_of_zero_is_zero(essential, keep_zero):
    filtration = LevelSet(1, keep_zero=keep_zero)
    energy = Energy(p=1, q=0.5, essential=essential, i0=2)
    for create_graph in (False, True):
        x = torch.tensor([[0.0, 2.0, -2.0, 5.0]], dtype=torch.float64, requires_grad=True)
        first = torch.autograd.grad(energy(filtration(x)).sum(), x, create_graph=create_graph)
        loss = nn.EnergyLoss(energy, LevelSet(2, keep_zero=keep_zero))
        second = torch.autograd.grad(loss(x), x, create_graph=create_graph)
        assert first[0].tolist() == second[0].tolist() == [[-0.5, 1.5, 0.0, 0.0]]
    y = torch.tensor([[-2.0, 2.0, -4.0, 5.0]], requires_grad=True)  # the point (-2, 2)
    loss(y).backward()
    assert (y.grad == 0).all()
    y = torch.tensor([-2.0, 2.0, -4.0, 5.0], requires_grad=True)
    energy(filtration(y)).backward()
    assert (y.grad == 0).all()


@pytest.mark.parametrize("filtration", [IMAGES, LevelSet(2, keep_zero=True), LevelSet(2)])
def test_weight_of_zero_counts_nothing(filtration):
    image = torch.tensor([[-1.0, -9.0, -1.0], [-5.0, -9.0, 3e38]], requires_grad=True)
    for energy in (Energy(weight=0, q=0.5, essential="clip"), Energy(weight=0.0, p=9, q=3)):
        total = nn.EnergyLoss(energy, filtration)(image) + energy(filtration(image))
        assert total == 0
        total.backward()
        assert (image.grad == 0).all()
        assert energy(filtration(image.detach().numpy())) == 0


def test_largest_rank_is_beyond_all_points():
    images = random(3, 5, 5).requires_grad_()
    energy = Energy(i0=2**63 - 1)
    assert (energy(IMAGES(images)) == 0).all()
    assert (energy(IMAGES(images.detach().numpy())) == 0).all()


# Forward mode -------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.torch.jit")
@pytest.mark.parametrize("filtration", [IMAGES, VietorisRips()])
def test_forward_mode_is_refused(filtration):
    loss, values = nn.EnergyLoss(Energy(i0=2), filtration), random(6, 2)
    for transform in (
        partial(torch.func.jvp, loss, (values,), (values,)),
        partial(torch.func.jacfwd(loss), values),
    ):
        with pytest.raises(NotImplementedError, match=r"take reverse ones: torch\.func\.grad"):
            transform()
    # The hessian of torch 2.5 fails at an assertion of its own before it is refused.
    with pytest.raises(RuntimeError, match=r"take reverse ones: torch\.func\.grad|INTERNAL ASSERT"):
        torch.func.hessian(loss)(values)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(values, values)
        with pytest.raises(NotImplementedError, match="forward-mode derivatives"):
            loss(dual)
