"""Doors: every public name of the package, and how to call it with random arguments.

A door takes a `Draw`, draws its arguments and returns a function without arguments, which makes the
call. So an error of a generator is none of the package.
"""

import importlib
import inspect
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

import skltopo
import skltopo.losses
import skltopo.summaries

from .checks import check_diagrams, largest, same_in_other_forms

__all__ = ["DOORS", "MODULES", "Door", "public_names"]

#: Modules whose ``__all__`` is public, beside those that ``skltopo`` names.
MODULES = [
    "skltopo",
    *(f"skltopo.{name}" for name in skltopo._MODULES),
    "skltopo.summaries",
    "skltopo.losses",
]
#: Public names that are no doors: nothing can be given to them.
NOT_CALLED = {"skltopo.shaping.OBJECTIVES"}


@dataclass(frozen=True)
class Door:
    """One public name.

    Attributes
    ----------
    name : str
    make : callable
        From a `Draw` to a call.
    weight : float
        How often it is called, relative to others: cheap calls often.
    documented : tuple of exceptions
        That it may raise beside ValueError, TypeError and MemoryError.
    """

    name: str
    make: object
    weight: float
    documented: tuple


DOORS = {}


def door(name, weight=1.0, documented=()):
    """Register the door of a name; parts of a class that are called alone follow a colon."""

    def register(make):
        DOORS[name] = Door(name, make, weight, documented)
        return make

    return register


def public_names():
    """Return {id of object: first name} of everything that is public and callable."""
    found = {}
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name in getattr(module, "__all__", ()):
            public, full = getattr(module, name), f"{module_name}.{name}"
            if not inspect.ismodule(public) and full not in NOT_CALLED:
                found.setdefault(id(public), []).append(full)
    return found


def _get(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


# Filtrations ----------------------------------------------------------------------------------


def _call_filtration(draw, make, values):
    def call():
        filtration = make()
        result = filtration(values)
        if draw.chance(0.5):
            is_alpha = isinstance(filtration, skltopo.filtrations.Alpha)
            check_diagrams(result, largest(values) if is_alpha else 0.0)
        elif draw.chance(0.2):
            same_in_other_forms(draw, filtration, values, result)
        return result

    return call


@door("skltopo.filtrations.LevelSet", 14)
def _level_set(draw):
    ndim = draw.param(1, 2, 2, 3, p=0.01)
    options = draw.some(
        superlevel=lambda: draw.param(True, False),
        complex=lambda: draw.param("freudenthal", "cubical", "cubical_cells"),
        homology_dimensions=draw.dims,
        keep_zero=lambda: draw.param(True, False),
        n_jobs=draw.n_jobs,
    )
    shown = ndim if isinstance(ndim, int) and 0 <= ndim <= 4 else 2
    if draw.chance(0.02):
        shown += 1
    values = draw.dress(draw.grid(shown))
    return _call_filtration(draw, partial(skltopo.filtrations.LevelSet, ndim, **options), values)


@door("skltopo.filtrations.level_set_diagram_blocks", 4)
def _level_set_diagram_blocks(draw):
    ndim = draw.pick(1, 2, 2, 3, 4)
    options = draw.some(
        block_shape=lambda: draw.param(None, 1, 2, 3, (2,) * ndim, np.int32(4)),
        superlevel=lambda: draw.param(True, False),
        complex=lambda: draw.param("freudenthal", "cubical", "cubical_cells"),
        homology_dimensions=draw.dims,
        keep_zero=lambda: draw.param(True, False),
        min_length=lambda: draw.param(0, 0.5, 1e-3),
        n_jobs=draw.n_jobs,
        verbose=lambda: draw.param(0, False, odd=("x", -1, None, 0.5)),
    )
    values = draw.dress(draw.grid(ndim))

    def call():
        result = skltopo.filtrations.level_set_diagram_blocks(values, **options)
        if draw.plain:
            check_diagrams(result, largest(values))
        return result

    return call


def _simplices(draw):
    kind = draw.integer(0, 7)
    n = draw.integer(1, 7)
    if kind <= 2:
        width = draw.integer(1, 4)
        rows = [draw.random.sample(range(max(n, width)), width) for _ in range(draw.size(7))]
        return np.array(rows, dtype=draw.pick("i8", "i4", "u1")) if draw.chance(0.7) else rows
    if kind <= 4:
        widths = [draw.integer(1, min(4, n)) for _ in range(draw.size(6))]
        return [draw.random.sample(range(n), width) for width in widths]
    if kind == 5:
        return [
            np.array([draw.random.sample(range(n + 3), width) for _ in range(draw.size(4))])
            for width in (3, 2)
        ]
    draw.plain = False
    if kind == 6:
        bad = draw.rng.integers(-3, 7, size=(draw.size(4), draw.integer(1, 4)))
        return draw.pick(bad, bad.tolist(), bad.astype(float), bad * 2**40, bad.astype("u8"))
    return draw.dress(draw.numbers(draw.size(4), 2).round(), 1.0)


@door("skltopo.filtrations.SimplicialComplex", 8)
def _simplicial(draw):
    simplices = _simplices(draw)
    options = draw.some(
        n_vertices=lambda: draw.param(None, 7, 10),
        max_dim=lambda: draw.param(None, 0, 1, 2),
        superlevel=lambda: draw.param(True, False),
        homology_dimensions=draw.dims,
        keep_zero=lambda: draw.param(True, False),
        n_jobs=draw.n_jobs,
    )

    def call():
        complex = skltopo.filtrations.SimplicialComplex(simplices, **options)
        n = complex.n_vertices + (1 if draw.chance(0.02) else 0)
        n = min(n, 100)
        batch = [draw.size(3)] if draw.chance(0.3) else []
        values = draw.dress(draw.array(*batch, n), 0.3)
        result = complex(values)
        check_diagrams(result)
        return result

    return call


@door("skltopo.filtrations.SimplicialComplex:from_graph", 3)
def _from_graph(draw):
    n = draw.size(7)
    matrix = draw.array(n, n) * (draw.rng.random((n, n)) < 0.4)
    adjacency = draw.dress(matrix, 0.5)
    options = draw.some(
        homology_dimensions=draw.dims,
        superlevel=lambda: draw.param(True, False),
        keep_zero=lambda: draw.param(True, False),
    )
    values = draw.array(n)

    def call():
        result = skltopo.filtrations.SimplicialComplex.from_graph(adjacency, **options)(values)
        check_diagrams(result)
        return result

    return call


METRICS = (
    "euclidean", "minkowski", "sqeuclidean", "cityblock", "chebyshev", "cosine", "correlation",
    "seuclidean", "mahalanobis", "braycurtis", "canberra", "dice", "hamming", "jaccard",
    "jensenshannon", "rogerstanimoto", "russellrao", "sokalsneath", "yule", "matching",
)  # fmt: skip


@door("skltopo.filtrations.VietorisRips", 12)
def _rips(draw):
    metric = draw.param("euclidean", "euclidean", "precomputed", draw.pick(*METRICS), p=0.02)
    precomputed = isinstance(metric, str) and metric == "precomputed"
    options = draw.some(
        max_dim=lambda: draw.param(0, 1, 1, 2, 3),
        max_edge=lambda: draw.param(1.0, 0.0, 0.5, np.inf),
        homology_dimensions=lambda: draw.dims(1),
        keep_zero=lambda: draw.param(True, False),
        n_jobs=draw.n_jobs,
    )
    points = draw.dress(draw.distances()) if precomputed else draw.clouds()
    make = partial(skltopo.filtrations.VietorisRips, metric=metric, **options)
    return _call_filtration(draw, make, points)


def _delaunay(name, draw):
    options = draw.some(
        max_dim=lambda: draw.param(0, 1, 1, 2, 3),
        homology_dimensions=lambda: draw.dims(1),
        keep_zero=lambda: draw.param(True, False),
        warm_start=lambda: draw.param(True, False),
        n_jobs=draw.n_jobs,
    )
    make = partial(getattr(skltopo.filtrations, name), **options)
    return _call_filtration(draw, make, draw.clouds())


door("skltopo.filtrations.WeakAlpha", 6)(partial(_delaunay, "WeakAlpha"))
door("skltopo.filtrations.Alpha", 6)(partial(_delaunay, "Alpha"))


# Diagrams -------------------------------------------------------------------------------------


@door("skltopo.diagrams.Diagram", 3, (KeyError,))
def _diagram(draw):
    diagram = skltopo.filtrations.LevelSet(2)(draw.numbers(draw.integer(1, 4), 4))
    dim, value = draw.param(0, 1, 2), draw.param(0.0, 1.5, -2)
    dims, empty = draw.param((0,), (1,), (0, 1), [1, 0], p=0.2), draw.param((), {0}, (1,), p=0.2)

    def call():
        kind = draw.integer(0, 3)
        if kind == 0:
            return diagram[dim]
        if kind == 3:
            return diagram.betti_numbers(value)
        if kind == 1:
            return diagram.select(dims, empty)
        return repr(diagram), skltopo.diagrams.Diagram(diagram.as_batch())

    return call


@door("skltopo.diagrams.DiagramBatch", 3, (KeyError, IndexError))
def _batch(draw):
    batch = skltopo.filtrations.LevelSet(1)(draw.numbers(draw.integer(1, 3), 2, 5))
    part = slice(draw.param(None, 0, 1, -1, 9), draw.param(None, 0, 2, -1, 9), draw.param(1, None))
    index = draw.param(0, -1, 1, 2, -4, part, (0, 1), (0, 1, 0), p=0.2)

    def call():
        one = batch[index]
        return one.get_points(0) if hasattr(one, "get_points") else one[0]

    return call


@door("skltopo.diagrams.DiagramArrays", 1, (KeyError, IndexError))
def _diagram_arrays(draw):
    arrays = [draw.points() for _ in range(draw.size(3))]
    dims = draw.param((0,), (0, 1), (1, 2, 3), p=0.2)
    dim = draw.param(0, 1, 2)
    return lambda: skltopo.diagrams.DiagramArrays(arrays, dims).get_points(dim)


@door("skltopo.diagrams.to_arrays", 1)
def _to_arrays(draw):
    diagrams = draw.diagrams()
    return lambda: skltopo.diagrams.to_arrays(diagrams)


@door("skltopo.diagrams.from_arrays", 1)
def _from_arrays(draw):
    arrays = skltopo.diagrams.to_arrays(
        skltopo.filtrations.LevelSet(1)(draw.numbers(draw.integer(1, 3), 5))
    )
    if draw.chance(0.3):
        arrays.pop(draw.pick("H0_points", "H0_offsets"))
    return lambda: skltopo.diagrams.from_arrays(arrays)


@door("skltopo.diagrams.LastValues", 0.2)
def _last_values(draw):
    diagrams = skltopo.filtrations.VietorisRips(0)(draw.numbers(draw.integer(1, 3), 4, 2))
    return lambda: diagrams.last()


@door("skltopo.diagrams.Points", 1)
def _points(draw):
    batch = skltopo.filtrations.LevelSet(1)(draw.numbers(2, 5))
    return lambda: (
        batch.get_points(0).sample(0, 1),
        batch.get_points(0).without_essential(),
        batch.get_points(0).without_points(),
    )


# Energies -------------------------------------------------------------------------------------


def _energy_options(draw):
    return draw.some(
        dim=lambda: draw.param(0, 1),
        p=lambda: draw.param(0, 1, 2, 0.5, 4),
        q=lambda: draw.param(0, 0, 1, 2),
        i0=lambda: draw.param(1, 2, 5),
        weight=lambda: draw.param(1.0, -1.0, 0.5),
        essential=lambda: draw.param("drop", "clip"),
    )


@door("skltopo.energies.Energy", 6, (KeyError,))
def _energy(draw):
    options = _energy_options(draw)
    shape = [draw.size(2)] * draw.chance(0.4) + [draw.integer(1, 5), draw.integer(1, 5)]
    values = draw.numbers(*shape)
    if "q" in options or draw.chance(0.5):
        values = abs(values)
    live = torch.from_numpy(values).requires_grad_() if draw.chance(0.3) else values
    given = skltopo.filtrations.LevelSet(2)(live) if draw.chance(0.93) else draw.diagram()

    def call():
        energy = skltopo.Energy(**options)(given)
        if isinstance(energy, torch.Tensor) and energy.requires_grad:
            energy.sum().backward()
            return energy, getattr(live, "grad", None)
        return energy

    return call


@door("skltopo.energies.polynomial_energies", 1, (KeyError,))
def _polynomial_energies(draw):
    batch = skltopo.filtrations.LevelSet(2)(draw.numbers(draw.integer(1, 3), 3, 3))
    arguments = [draw.param(0, 1), draw.steps(0, 2), draw.steps(0, 2), draw.param(1, 2)]
    essential = draw.param("drop", "clip")
    return lambda: skltopo.energies.polynomial_energies(batch, *arguments, essential)


@door("skltopo.energies.polynomial_gradient", 1)
def _polynomial_gradient(draw):
    energy = skltopo.Energy(p=draw.pick(0, 1, 2), q=draw.pick(0, 1), i0=draw.pick(1, 2))
    finite, n_essential = draw.dress(draw.points(), 0.2), draw.param(0, 1)
    return lambda: skltopo.energies.polynomial_gradient(energy, finite, n_essential)


# Distances ------------------------------------------------------------------------------------


def _two_diagrams(function, **options):
    def make(draw):
        first, second = draw.diagram(), draw.diagram()
        if draw.chance(0.1):
            second = first
        given = draw.some(
            dim=lambda: draw.param(None, 0, 1),
            **{name: partial(draw.param, *values) for name, values in options.items()},
        )
        return lambda: function(first, second, **given)

    return make


_distances = skltopo.distances
_return = {"return_matching": (True, False)}
door("skltopo.distances.wasserstein_distance", 7)(
    _two_diagrams(
        _distances.wasserstein_distance, p=(1, 2, 1.5, 100, np.inf), ground=(2, np.inf), **_return
    )
)
door("skltopo.distances.bottleneck_distance", 5)(
    _two_diagrams(_distances.bottleneck_distance, ground=(2, np.inf), **_return)
)
door("skltopo.distances.sliced_wasserstein_distance", 5)(
    _two_diagrams(_distances.sliced_wasserstein_distance, n_directions=(1, 7, 50))
)


@door("skltopo.distances.pairwise_diagram_distances", 4)
def _pairwise(draw):
    X = draw.diagrams()
    options = draw.some(
        Y=draw.diagrams,
        metric=lambda: draw.param("wasserstein", "bottleneck", "sliced_wasserstein"),
        p=lambda: draw.param(1.0, 2.0, np.inf),
        ground=lambda: draw.param(None, 2, np.inf),
        n_directions=lambda: draw.param(1, 20),
        dim=lambda: draw.param(None, 0, 1, (0, 1)),
        n_jobs=draw.n_jobs,
    )
    return lambda: _distances.pairwise_diagram_distances(X, **options)


@door("skltopo.distances.Matching", 0.2)
def _matching(draw):
    pairs = draw.rng.integers(0, 3, (2, 2))
    return lambda: _distances.Matching(pairs, pairs[0], pairs[1])


# Summaries ------------------------------------------------------------------------------------


def _joined(draw):
    """Return (points, splits), rarely with splits that do not fit."""
    diagrams = [draw.points() for _ in range(draw.size(4))]
    points, splits = skltopo.summaries.join(diagrams)
    if draw.chance(0.3):
        points = torch.from_numpy(points)
    elif draw.chance(0.1):
        points = draw.dress(points, 1.0)
    if draw.chance(0.08):
        draw.plain = False
        bad = splits.copy()
        bad[draw.integer(0, len(bad) - 1)] += draw.pick(-1, 1, 5, -9, 2**40)
        splits = draw.pick(bad, bad[::-1].copy(), splits.tolist(), splits[:0], splits + 0.5, None)
    return points, splits


def _grid(draw):
    if draw.chance(0.05):
        return draw.dress(draw.numbers(5), 1.0)
    return np.linspace(-1, draw.pick(1.0, 3.0, 1e150), draw.integer(1, 9))


def _summary(name, **options):
    @door(f"skltopo.summaries.{name}", 1)
    def make(draw):
        points, splits = _joined(draw)
        given = {key: value(draw) for key, value in options.items()}
        return lambda: getattr(skltopo.summaries, name)(points, splits, **given)


_power = {"weight_power": lambda draw: draw.param(0, 1, 2, 0.5)}
_summary("betti_curves", grid=_grid)
_summary("landscapes", grid=_grid, n_layers=lambda draw: draw.param(1, 3))
_summary("silhouettes", grid=_grid, **_power)
_summary("entropies", normalize=lambda draw: draw.param(True, False))
_summary("top_lengths", k=lambda draw: draw.param(1, 5))
_summary(
    "polynomials",
    max_p=lambda draw: draw.steps(0, 2),
    max_q=lambda draw: draw.steps(0, 2),
    i0=lambda draw: draw.param(1, 2),
)
_summary(
    "persistence_images",
    birth_range=lambda draw: draw.param((0.0, 1.0), (-1.0, 1e150)),
    length_range=lambda draw: draw.param((0.0, 1.0)),
    resolution=lambda draw: draw.param((3, 4), (1, 1)),
    bandwidth=lambda draw: draw.param(0.1, 1.0),
    pixels=lambda draw: draw.param("areas", "points"),
    **_power,
)
_summary("drop_essential")


@door("skltopo.summaries.of_finite", 0.5)
def _of_finite(draw):
    points, splits = _joined(draw)
    function = partial(skltopo.summaries.entropies, normalize=False)
    return lambda: skltopo.summaries.of_finite(function, points, splits)


@door("skltopo.summaries.check_vectors", 0.2)
def _check_vectors(draw):
    rows = draw.array(draw.size(3), 2)
    return lambda: skltopo.summaries.check_vectors(rows)


@door("skltopo.summaries.join", 1)
def _join(draw):
    diagrams = [draw.points() for _ in range(draw.size(4))]
    if draw.chance(0.2):
        diagrams = [draw.dress(points) for points in diagrams]
    return lambda: skltopo.summaries.join(diagrams)
