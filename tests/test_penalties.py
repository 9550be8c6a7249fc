import numpy as np
import pytest
import torch

from skltopo import Energy
from skltopo.filtrations import LevelSet
from skltopo.penalties import L1, L2, TV, TV2, Clusters, Maxima, Penalty, TopologicalPenalty
from skltopo.solvers import plan_of

PENALTIES = [L1(), L2(), TV(), TV2(), Clusters(1), Clusters(3), Maxima(1), Maxima(3)]
CONVEX = [L1(), L2(), TV(), TV2(), Clusters(1)]


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_values_of_arrays_and_tensors_agree_and_are_differentiable(penalty):
    coef = np.random.default_rng(0).normal(size=9)
    tensor = torch.tensor(coef, requires_grad=True)
    value = penalty.value(tensor)
    assert value.item() == pytest.approx(penalty.value(coef), abs=1e-12)
    assert torch.autograd.gradcheck(penalty.value, (tensor,))


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@pytest.mark.parametrize("step", [0.0, 0.1, 1.0, 10.0])
def test_no_neighbour_beats_the_proximal_point(penalty, step):
    rng = np.random.default_rng(1)
    for n in (1, 2, 5, 12):
        v = 2 * rng.normal(size=n)
        x = penalty.prox(v, step)
        best = 0.5 * np.sum((x - v) ** 2) + step * penalty.value(x)
        for scale in (1e-4, 1e-2, 1.0):
            for other in x + scale * rng.normal(size=(20, n)):
                objective = 0.5 * np.sum((other - v) ** 2) + step * penalty.value(other)
                assert best <= objective + 1e-12


@pytest.mark.parametrize("penalty", CONVEX, ids=repr)
def test_proximal_operators_of_convex_penalties_do_not_expand(penalty):
    rng = np.random.default_rng(2)
    for a, b in rng.normal(size=(50, 2, 8)):
        moved = np.linalg.norm(penalty.prox(a, 0.3) - penalty.prox(b, 0.3))
        assert moved <= np.linalg.norm(a - b) + 1e-12


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_a_proximal_operator_gives_a_new_array(penalty):
    v = np.array([3.0, 1.0, 2.0])
    kept = v.copy()
    assert penalty.prox(v, 0.5) is not v
    np.testing.assert_array_equal(v, kept)
    with pytest.raises(ValueError, match="step must be a finite number of at least 0"):
        penalty.prox(v, -1.0)


def test_values_of_the_paper():
    coef = np.array([0.0, 4.0, 1.0, 3.0, 2.5, 2.75])
    assert Clusters(1).value(coef) == pytest.approx(np.ptp(coef))
    assert Clusters(6).value(coef) == 0
    assert Maxima(1).value(coef) == pytest.approx(2.25)
    assert Maxima(2).value(coef) == pytest.approx(0.25)
    assert Maxima(3).value(coef) == 0


def test_diagrams_carry_the_penalty():
    coef = np.random.default_rng(3).integers(0, 9, 30).astype(float)
    for k in (1, 2, 5):
        energy = Energy(dim=0, p=1, q=0, i0=k + 1)
        assert energy(Clusters(k).diagram(coef)) == pytest.approx(Clusters(k).value(coef))
        assert energy(Maxima(k).diagram(coef)) == pytest.approx(Maxima(k).value(coef))
    diagram = Clusters(1).diagram([3.0, 0.0, 4.5])
    np.testing.assert_array_equal(diagram[0], [[0, np.inf], [0, 3], [0, 1.5]])
    np.testing.assert_array_equal(diagram.pairs[0], [[1, 1, 0, 1], [2, 2, 0, 2]])


def test_maxima_on_a_grid_have_no_proximal_operator():
    penalty = Maxima(1, shape=(2, 3))
    assert not penalty.has_prox
    assert penalty.value(np.array([3.0, 0, 2, 0, 0, 0])) == 2
    with pytest.raises(TypeError, match="no known proximal operator"):
        penalty.prox(np.zeros(6), 1.0)
    with pytest.raises(TypeError, match='solver="adam"'):
        plan_of(penalty)


@pytest.mark.parametrize(
    ("value", "error"), [(0, ValueError), (1.5, TypeError), (True, TypeError), ("2", TypeError)]
)
def test_n_components_is_checked(value, error):
    for kind in (Clusters, Maxima):
        with pytest.raises(error, match="n_components must be"):
            kind(value)


def test_topological_penalty_sums_energies_and_has_gradients():
    image = torch.rand(5, 6, dtype=torch.float64, requires_grad=True)
    energies = [Energy(dim=1, i0=2), Energy(dim=0, i0=2, weight=3.0)]
    level_set = LevelSet(ndim=2, superlevel=True)
    penalty = TopologicalPenalty(level_set, energies, shape=(5, 6))
    diagram = level_set(image.detach().numpy())
    expected = energies[0](diagram) + energies[1](diagram)
    assert penalty.value(image.ravel()).item() == pytest.approx(expected)
    penalty.value(image.ravel()).backward()
    assert image.grad.abs().sum() > 0


def test_a_penalty_without_operator_says_so():
    with pytest.raises(TypeError, match=r"define prox\(coef, step\)"):
        plan_of(Penalty())
    with pytest.raises(NotImplementedError, match="must define value"):
        Penalty().value(np.zeros(2))
