"""Displays on the same axes, keyword arguments of artists, chosen points, matchings and styles."""

import subprocess
import sys

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import rgb_to_hsv, to_hex, to_rgb

from skltopo import (
    PersistenceDiagrams,
    TopoShaper,
)
from skltopo.distances import bottleneck_distance, wasserstein_distance
from skltopo.filtrations import LevelSet, VietorisRips
from skltopo.plotting import (
    BarcodeDisplay,
    CriticalPointsDisplay,
    DiagramBarDisplay,
    DiagramCurveDisplay,
    MatchingDisplay,
    PersistenceDiagramDisplay,
    PersistenceImageDisplay,
    TopoShaperDisplay,
)
from skltopo.plotting.pictures import STYLES
from skltopo.vectorize import BettiCurve, PersistenceImage, PersistenceLandscape, TopKLengths


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def texts_of(legend):
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


# Several diagrams on one axis


def test_limits_grow_and_never_shrink():
    _, ax = plt.subplots()
    PersistenceDiagramDisplay.from_diagram([[-2.0, 7.0]], ax=ax)
    before = ax.get_xlim(), ax.get_ylim()
    small = PersistenceDiagramDisplay.from_diagram([[1.0, 2.0]], ax=ax)
    assert (ax.get_xlim(), ax.get_ylim()) == before
    large = PersistenceDiagramDisplay.from_diagram([[5.0, 30.0]], ax=ax)
    assert ax.get_xlim()[0] == before[0][0]
    assert min(ax.get_xlim()[1], ax.get_ylim()[1]) > 30
    assert small.diagonal_ is large.diagonal_
    np.testing.assert_array_equal(large.diagonal_.get_xdata(), ax.get_xlim())


def test_essential_classes_share_a_line_that_stays_above_all_points():
    _, ax = plt.subplots()
    first = PersistenceDiagramDisplay.from_diagram([[0.0, np.inf], [0.0, 1.0]], ax=ax)
    low = first.infinity_[0].get_ydata()[0]
    second = PersistenceDiagramDisplay.from_diagram([[2.0, np.inf], [3.0, 50.0]], ax=ax)
    assert first.infinity_ == second.infinity_
    assert len(ax.texts) == 1
    at = first.infinity_[0].get_ydata()[0]
    assert at > 50 > low
    for display in (first, second):
        assert display.essential_[0].get_offsets()[0][1] == at
    assert ax.texts[0].get_position()[1] == at
    assert ax.get_ylim()[1] > at


def test_limits_that_were_asked_for_and_what_else_is_drawn_stay_inside():
    _, (asked, drawn) = plt.subplots(1, 2)
    asked.set(xlim=(-5, 40), ylim=(-5, 40))
    PersistenceDiagramDisplay.from_diagram([[0, 1]], ax=asked)
    assert asked.get_xlim() == asked.get_ylim() == (-5, 40)
    drawn.plot([0, 12], [0, 20])
    PersistenceDiagramDisplay.from_diagram([[0, 1]], ax=drawn)
    assert drawn.get_xlim()[1] >= 12
    assert drawn.get_ylim()[1] >= 20


def test_cleared_axes_are_new_and_shared_axes_agree():
    figure, (left, right) = plt.subplots(1, 2, sharex=True, sharey=True)
    first = PersistenceDiagramDisplay.from_diagram([[0.0, np.inf], [0.0, 1.0]], ax=left)
    PersistenceDiagramDisplay.from_diagram([[0.0, 9.0]], ax=right)
    assert left.get_xlim() == right.get_xlim()
    assert first.infinity_[0].get_ydata()[0] > 9
    figure.canvas.draw()
    alone = plt.subplots()[1]
    PersistenceDiagramDisplay.from_diagram([[0.0, 100.0]], ax=alone)
    alone.clear()
    again = PersistenceDiagramDisplay.from_diagram([[0.0, 1.0]], ax=alone)
    assert alone.get_xlim()[1] < 2
    assert to_hex(again.points_[0].get_facecolor()[0]) == "#0072b2"


def test_colours_and_markers_cycle_and_labels_are_in_the_legend():
    _, ax = plt.subplots()
    displays = [
        PersistenceDiagramDisplay.from_diagram([[0, i + 1]], label=f"sample {i}", ax=ax)
        for i in range(15)
    ]
    looks = {
        (
            to_hex(display.points_[0].get_facecolor()[0]),
            display.points_[0].get_paths()[0].vertices.tobytes(),
        )
        for display in displays
    }
    assert len(looks) == 15
    assert texts_of(ax.get_legend()) == [f"sample {i}" for i in range(15)]
    both = PersistenceDiagramDisplay.from_diagram({0: [[0, 1]], 1: [[0, 2]]}, label="a cloud")
    assert texts_of(both.ax_.get_legend()) == ["a cloud $H_0$", "a cloud $H_1$"]


def test_a_legend_without_room_is_beside_the_axes():
    _, ax = plt.subplots()
    for i in range(25):
        PersistenceDiagramDisplay.from_diagram([[0, i + 1]], label=f"a long name {i}", ax=ax)
    mixed = PersistenceDiagramDisplay.from_diagram([[0, 1]], label="up")
    PersistenceDiagramDisplay.from_diagram([[1, 0]], label="down", ax=mixed.ax_)
    for axes in (ax, mixed.ax_):
        anchor = axes.get_legend().get_bbox_to_anchor().transformed(axes.transAxes.inverted())
        assert anchor.x0 > 1


def test_barcodes_stand_above_each_other():
    _, ax = plt.subplots()
    first = BarcodeDisplay.from_diagram([[0.0, np.inf], [0.0, 1.0]], label="a", ax=ax)
    second = BarcodeDisplay.from_diagram({0: [[0, 8.0]], 1: [[2, 9.0]]}, label="b", ax=ax)
    segments = np.array(first.bars_[0].get_segments())
    assert segments[0, 1, 0] == ax.get_xlim()[1] > 9
    assert first.arrows_[0][0].get_xdata()[0] == ax.get_xlim()[1]
    rows = [np.array(bars.get_segments())[:, 0, 1] for bars in second.bars_.values()]
    assert segments[:, 0, 1].max() < rows[0].min() < rows[1].min()
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["a\n$H_0$ (2)", "b\n$H_0$ (1)", "b\n$H_1$ (1)"]
    colors = {to_hex(x.get_color()[0]) for d in (first, second) for x in d.bars_.values()}
    assert len(colors) == 3


def test_five_hundred_bars_do_not_cover_each_other(rng):
    points = np.sort(rng.random((500, 2)))
    display = BarcodeDisplay.from_diagram(points)
    display.figure_.canvas.draw()
    box, (low, high) = display.ax_.get_window_extent(), display.ax_.get_ylim()
    step = box.height * 72 / display.figure_.dpi / (high - low)
    assert display.bars_[0].get_linewidths()[0] < step
    assert step * display.figure_.dpi / 72 > 1  # pixel


# What is taken, and keyword arguments


@pytest.mark.parametrize("display", [PersistenceDiagramDisplay, BarcodeDisplay])
@pytest.mark.parametrize("essential", ["drop", "keep"])
def test_what_the_transformer_returns_for_one_sample(display, essential, rng):
    X = rng.random((2, 9, 9))
    arrays = PersistenceDiagrams(homology_dimensions=(1, 0), essential=essential).fit_transform(X)
    drawn = display.from_diagram(arrays[1])
    assert set(drawn.points) == {0, 1}
    np.testing.assert_array_equal(drawn.points[1], arrays[1].get_points(1))
    chosen = display.from_diagram(arrays[1], homology_dimensions=1)
    assert set(chosen.points) == {1}
    one = PersistenceDiagrams(homology_dimensions=1).fit_transform(X)[0]
    np.testing.assert_array_equal(display.from_diagram(one).points[0], one)
    plain = display.from_diagram(list(arrays[1]), homology_dimensions=(1, 0))
    np.testing.assert_array_equal(plain.points[1], arrays[1].get_points(1))
    objects = PersistenceDiagrams(output="diagrams").fit_transform(X)
    assert set(display.from_diagram(objects[0]).points) == {0, 1}
    with pytest.raises(ValueError, match="dim must be one of the dimensions"):
        display.from_diagram(arrays[0], homology_dimensions=2)
    with pytest.raises(ValueError, match=r"those of the list of 2 arrays, got \(0,\)"):
        display.from_diagram(list(arrays[0]), homology_dimensions=0)


def test_a_diagram_without_dimensions_is_empty_axes():
    for display in (PersistenceDiagramDisplay, BarcodeDisplay):
        assert display.from_diagram({}, label="nothing").ax_.get_legend() is None


def test_points_shorter_than_min_length_are_left_out():
    points = [[0.0, np.inf], [0.0, 3.0], [1.0, 1.5], [2.0, 2.25], [4.0, 4.0]]
    assert len(PersistenceDiagramDisplay.from_diagram(points).points[0]) == 5
    for display in (PersistenceDiagramDisplay, BarcodeDisplay):
        kept = display.from_diagram(points, min_length=0.5).points[0]
        np.testing.assert_array_equal(kept, points[:3])
        falling = display.from_diagram([[3.0, 0.0], [1.0, 0.9]], min_length=0.5).points[0]
        np.testing.assert_array_equal(falling, [[3.0, 0.0]])
        with pytest.raises(ValueError, match="min_length must be a finite number of at least 0"):
            display.from_diagram(points, min_length=-1)


def test_keywords_reach_the_artists():
    points = {0: [[0, np.inf], [0, 1]], 1: [[1, 2]]}
    marks = PersistenceDiagramDisplay.from_diagram(
        points, alpha=0.3, color="k", s=77, marker="*", lw=2, label="a"
    )
    for dim in (0, 1):
        drawn = marks.points_[dim]
        assert drawn.get_alpha() == 0.3
        assert drawn.get_sizes().tolist() == [77]
        assert drawn.get_linewidths().tolist() == [2]
        assert to_hex(drawn.get_facecolor()[0]) == "#000000"
    assert marks.essential_[0].get_sizes().tolist() == [77]
    assert to_hex(marks.essential_[0].get_facecolor()[0]) == "#000000"
    again = marks.plot(c="red")
    assert to_hex(again.points_[1].get_facecolor()[0]) == "#ff0000"
    assert texts_of(again.ax_.get_legend()) == ["a $H_0$", "a $H_1$"]
    bars = BarcodeDisplay.from_diagram(points, linewidth=7, alpha=0.5, cmap="plasma")
    assert bars.bars_[1].get_linewidths().tolist() == [7]
    assert bars.bars_[0].get_alpha() == 0.5
    assert to_hex(bars.bars_[0].get_color()[0]) != to_hex(bars.bars_[1].get_color()[0])


def test_keywords_reach_the_artists_of_vectors(rng):
    diagrams = [np.sort(rng.random((9, 2))) for _ in range(3)]
    images = PersistenceImage(resolution=(6, 4)).fit(diagrams)
    row = images.transform(diagrams)[0]
    image = PersistenceImageDisplay.from_estimator(images, row, cmap="Greys", vmax=9, alpha=0.5)
    assert (image.image_.get_cmap().name, image.image_.get_clim()[1]) == ("Greys", 9)
    landscape = PersistenceLandscape(n_layers=2).fit(diagrams)
    row = landscape.transform(diagrams)[0]
    lines = DiagramCurveDisplay.from_estimator(landscape, row, ls="--", color="k", label="a").lines_
    assert [line.get_linestyle() for line in lines] == ["--", "--"]
    assert [line.get_label() for line in lines] == ["a layer1", "a layer2"]
    shaded = DiagramCurveDisplay.from_estimator(landscape, row, cmap="plasma").lines_
    assert to_hex(shaded[0].get_color()) != to_hex(shaded[1].get_color())
    lengths = TopKLengths(k=2).fit(diagrams)
    rows = lengths.transform(diagrams)
    bars = DiagramBarDisplay.from_estimator(lengths, rows, label=["a", "b", "c"], hatch="/")
    assert texts_of(bars.ax_.get_legend()) == ["a", "b", "c"]
    assert bars.bars_[2][0].get_hatch() == "/"
    with pytest.raises(ValueError, match="label must have a name for each of 3 rows"):
        DiagramBarDisplay.from_estimator(lengths, rows, label="a")


def test_curves_of_several_samples_on_one_axis_differ(rng):
    curve = BettiCurve()
    rows = curve.fit_transform([np.sort(rng.random((5, 2))) for _ in range(10)])
    _, ax = plt.subplots()
    for i, row in enumerate(rows):
        DiagramCurveDisplay.from_estimator(curve, row, label=f"sample {i}", ax=ax)
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == 10
    assert texts_of(ax.get_legend()) == [f"sample {i}" for i in range(10)]
    many = PersistenceLandscape(n_layers=40)
    row = many.fit_transform([np.sort(rng.random((90, 2)))])[0]
    legend = texts_of(DiagramCurveDisplay.from_estimator(many, row).ax_.get_legend())
    assert len(legend) == 8
    assert (legend[0], legend[-1]) == ("layer1", "layer40")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"lw": 1, "linewidth": 2}, "linewidth"),
        ({"c": "r", "color": "b"}, "c and color are two names"),
        ({"cmap": "plasma", "color": "b"}, "color and cmap both choose"),
        ({"colour": "b"}, "'colour' is no keyword argument here"),
        ({"vmin": 0}, "'vmin' has no values here"),
    ],
)
def test_keywords_that_contradict_or_are_unknown(given, sentence):
    with pytest.raises(TypeError, match=sentence):
        PersistenceDiagramDisplay.from_diagram([[0, 1]], **given)


class _OfTwoDimensions(PersistenceImage):
    """A persistence image as one of two dimensions looks after fit."""

    def fit(self, X, y=None):
        super().fit(X)
        self.birth_range_ = {0: (0.0, 1.0), 2: (2.0, 3.0)}
        self.length_range_ = {0: (0.0, 5.0), 2: (0.0, 6.0)}
        return self


def test_images_and_curves_of_several_dimensions():
    images = _OfTwoDimensions(resolution=(3, 2)).fit([[[0.0, 1.0], [0.0, 2.0]]])
    row = np.arange(12.0)
    display = PersistenceImageDisplay.from_estimator(images, row, dim=2)
    np.testing.assert_array_equal(display.image, row[6:].reshape(2, 3))
    assert tuple(display.image_.get_extent()) == (2, 3, 0, 6)
    for dim in (None, 1):
        with pytest.raises(ValueError, match=r"dim must be one of the dimensions \(0, 2\)"):
            PersistenceImageDisplay.from_estimator(images, row, dim=dim)
    one = PersistenceImage(resolution=(3, 2)).fit([[[0.0, 1.0], [0.0, 2.0]]])
    with pytest.raises(ValueError, match="dim is for an estimator of several dimensions"):
        PersistenceImageDisplay.from_estimator(one, row[:6], dim=0)
    grids = [[0.0, 1.0, 2.0], [4.0, 5.0, 6.0]]
    arguments = {"curves": np.ones((2, 3)), "labels": ["a", "b"], "ylabel": "c"}
    lines = DiagramCurveDisplay(grid=grids, **arguments).plot().lines_
    np.testing.assert_array_equal([line.get_xdata() for line in lines], grids)
    with pytest.raises(ValueError, match="grid must be of all curves"):
        DiagramCurveDisplay(grid=[*grids, grids[0]], **arguments).plot()


# Critical points


def test_essential_classes_have_a_star_where_they_are_born(rng):
    image = rng.random((9, 9))
    for superlevel in (False, True):
        filtration = LevelSet(2, superlevel=superlevel)
        display = CriticalPointsDisplay.from_sample(filtration, image, n_points=3)
        row, col = np.unravel_index(filtration(image).essential[0], image.shape)
        np.testing.assert_array_equal(display.essential_.get_offsets(), np.column_stack([col, row]))
        assert len(display.births_.get_offsets()) == 3
    cloud = rng.normal(size=(12, 2))
    rips = VietorisRips(max_edge=0.1)
    many = CriticalPointsDisplay.from_sample(rips, cloud)
    assert len(many.essential_.get_offsets()) == len(rips(cloud).essential[0]) > 1
    assert CriticalPointsDisplay.from_sample(LevelSet(2), image, dim=1).essential_ is None


def test_legend_is_above_the_data_and_birth_comes_first(rng):
    for filtration, sample in ((LevelSet(2), rng.random((9, 9))), (LevelSet(1), rng.random(20))):
        display = CriticalPointsDisplay.from_sample(filtration, sample, n_points=2, title="t")
        display.figure_.canvas.draw()
        legend, ax = display.ax_.get_legend(), display.ax_
        assert legend.get_window_extent().y0 >= ax.get_window_extent().y1
        assert ax.title.get_window_extent().y0 >= legend.get_window_extent().y1 - 1
        assert texts_of(legend) == ["birth", "death", "birth, never dies"]
        drawn = list(ax.collections)
        assert drawn.index(display.births_) < drawn.index(display.deaths_)


def test_chosen_points_keep_their_numbers(rng):
    image, filtration = rng.random((12, 12)), LevelSet(2)
    diagram = filtration(image)
    chosen = CriticalPointsDisplay.from_sample(filtration, image, points=[0, 3, 5])
    expected = diagram.pairs[0][[2, 4]]
    cols_rows = np.unravel_index(expected[:, 0], image.shape)[::-1]
    np.testing.assert_array_equal(chosen.births_.get_offsets(), np.column_stack(cols_rows))
    assert [text.get_text() for text in chosen.ax_.texts] == ["3", "5"]
    assert len(chosen.essential_.get_offsets()) == 1
    mask = diagram[0][:, 0] > 0.3
    masked = CriticalPointsDisplay.from_sample(filtration, image, points=torch.tensor(mask))
    assert len(masked.births_.get_offsets()) == mask.sum()
    assert masked.essential_ is None
    none = CriticalPointsDisplay.from_sample(filtration, image, points=[])
    assert len(none.births_.get_offsets()) == 0
    with pytest.raises(ValueError, match="dim must be an integer of at least 0"):
        CriticalPointsDisplay.from_sample(filtration, image, dim=np.array([1]))
    for points in ([-1], [len(diagram[0])], [0.5], [[1]], [True]):
        with pytest.raises(ValueError, match="points must be rows of a diagram of"):
            CriticalPointsDisplay.from_sample(filtration, image, points=points)


@pytest.mark.parametrize("superlevel", [False, True])
def test_volumes_are_projected(superlevel, rng):
    volume = rng.random((4, 7, 8))
    filtration = LevelSet(3, superlevel=superlevel)
    display = CriticalPointsDisplay.from_sample(filtration, volume, dim=1, n_points=3, cmap="bone")
    projected = volume.max(axis=0) if superlevel else volume.min(axis=0)
    np.testing.assert_array_equal(display.ax_.images[0].get_array(), projected)
    assert display.ax_.images[0].get_cmap().name == "bone"
    _, rows, cols = np.unravel_index(filtration(volume).pairs[1][:3, 1], volume.shape)
    np.testing.assert_array_equal(display.deaths_.get_offsets(), np.column_stack([cols, rows]))
    with pytest.raises(TypeError, match="cmap is that of an image or a volume"):
        CriticalPointsDisplay.from_sample(LevelSet(1), [0.0, 1.0], cmap="bone")


# Matchings


@pytest.mark.parametrize("metric", ["wasserstein", "bottleneck"])
def test_lines_of_a_matching(metric, rng):
    first, second = (
        np.concatenate([[[b, np.inf]], np.sort(rng.random((n, 2)))])
        for b, n in ((0.1, 7), (0.3, 4))
    )
    distance_of = {"wasserstein": wasserstein_distance, "bottleneck": bottleneck_distance}[metric]
    distance, matching = distance_of(first, second, return_matching=True)
    display = MatchingDisplay.from_diagrams(
        first, second, metric=metric, labels=("a", "b"), alpha=0.4
    )
    assert display.distance == distance
    links = np.array(display.links_.get_segments())
    rows1, rows2 = matching.pairs.T
    at = display.displays_[0].infinity_[0].get_ydata()[0]
    np.testing.assert_array_equal(links[:, 0], np.where(first == np.inf, at, first)[rows1])
    np.testing.assert_array_equal(links[:, 1], np.where(second == np.inf, at, second)[rows2])
    feet = np.array(display.diagonal_links_.get_segments())
    assert len(feet) == len(matching.diagonal1) + len(matching.diagonal2)
    np.testing.assert_array_equal(feet[:, 1, 0], feet[:, 1, 1])
    np.testing.assert_allclose(feet.sum(axis=2)[:, 0], feet.sum(axis=2)[:, 1])
    assert texts_of(display.ax_.get_legend()) == ["a", "b"]
    assert display.displays_[1].points_[0].get_alpha() == 0.4
    widths = np.concatenate(
        [display.links_.get_linewidths(), display.diagonal_links_.get_linewidths()]
    )
    assert (widths > 2).sum() == (metric == "bottleneck")
    assert f"{distance:.4g}" in display.ax_.get_title()


def test_links_follow_the_line_of_infinity_and_dimensions_are_chosen(rng):
    a, b = (LevelSet(2)(rng.random((8, 8))) for _ in range(2))
    display = MatchingDisplay.from_diagrams(a, b, dim=0, title="")
    PersistenceDiagramDisplay.from_diagram([[0, 40.0]], ax=display.ax_)
    heights = [segment[:, 1] for segment in display.links_.get_segments()]
    assert max(map(max, heights)) == display.displays_[0].infinity_[0].get_ydata()[0] > 40
    assert display.ax_.get_title() == ""
    samples = PersistenceDiagrams().fit_transform(rng.random((2, 8, 8)))
    holes = MatchingDisplay.from_diagrams(*samples, dim=1, p=2, cmap="plasma")
    assert holes.distance == wasserstein_distance(*samples, dim=1, p=2)
    colors = [to_hex(shown.points_[0].get_facecolor()[0]) for shown in holes.displays_]
    assert colors[0] != colors[1]
    empty = MatchingDisplay.from_diagrams(np.empty((0, 2)), [[0.0, 1.0]])
    assert len(empty.links_.get_segments()) == 0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda a: MatchingDisplay.from_diagrams(a, a, metric="sliced"), "metric must be one of"),
        (lambda a: MatchingDisplay.from_diagrams(a, a, p=0.5), "p must be a number from 1"),
        (
            lambda a: MatchingDisplay.from_diagrams(a, [[0.0, 1.0]]),
            "as many essential classes as each other, that die at the same infinity, got 1 at inf",
        ),
        (lambda a: MatchingDisplay.from_diagrams(a, [[0.0]]), "dgm2 must have shape"),
    ],
)
def test_matchings_that_can_not_be_drawn(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call([[0.0, np.inf]])


# Style


def test_grids_of_a_style_are_not_over_pixels(rng):
    diagrams = [np.sort(rng.random((9, 2)))]
    images = PersistenceImage(resolution=(6, 4)).fit(diagrams)
    with plt.rc_context({"axes.grid": True, "axes.grid.which": "both"}):
        image = PersistenceImageDisplay.from_estimator(images, images.transform(diagrams)[0])
        pixels = CriticalPointsDisplay.from_sample(LevelSet(2), rng.random((6, 6)))
        for ax in (image.ax_, image.colorbar_.ax, pixels.ax_):
            ax.figure.canvas.draw()
            lines = [*ax.get_xgridlines(), *ax.get_ygridlines()]
            assert not any(line.get_visible() for line in lines)
        line = CriticalPointsDisplay.from_sample(LevelSet(1), rng.random(6))
        assert line.ax_.get_xgridlines()[0].get_visible()


def as_seen(color, kind):
    """Return linear RGB as people without red or green cones see it (Machado et al. 2009)."""
    matrices = {
        "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    }
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.clip(np.array(matrices[kind]) @ linear, 0, 1)


@pytest.mark.parametrize("kind", ["protan", "deutan"])
def test_colours_differ_for_all_eyes_and_markers_in_grey(kind):
    colors, markers = zip(*STYLES[:7], strict=True)
    seen = [as_seen(color, kind) ** (1 / 2.2) for color in colors]
    for i, first in enumerate(seen):
        assert all(np.linalg.norm(first - other) > 0.12 for other in seen[:i])
    assert len(set(markers)) == 7
    assert len(set(STYLES)) == len(STYLES)
    assert all(rgb_to_hsv(to_rgb(color))[2] < 0.95 for color in colors)


def test_keywords_of_points_that_moved(rng):
    X = rng.random((20, 2))
    shaper = TopoShaper("holes", max_iter=2).fit(X)
    display = TopoShaperDisplay.from_estimator(shaper, X, s=30, color="k", alpha=0.5)
    before, after, trails, _ = display.axes_
    assert after.collections[0].get_sizes().tolist() == [30]
    assert to_hex(after.collections[0].get_facecolor()[0]) == "#000000"
    assert to_hex(before.collections[0].get_facecolor()[0]) == "#999999"
    assert trails.collections[-1].get_sizes().tolist() == [15]
    with pytest.raises(TypeError, match="'sizee' is no keyword argument here"):
        TopoShaperDisplay.from_estimator(shaper, X, sizee=30)


@pytest.mark.parametrize(
    "call",
    [
        "MatchingDisplay.from_diagrams([[0, 1]], [[0, 2]])",
        "TopoShaperDisplay(before=[[0.0, 1.0]], after=[[1.0, 1.0]]).plot()",
    ],
)
def test_without_matplotlib_a_sentence_says_how_to_install_it(call):
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from skltopo.plotting import *\n"
        f"try: {call}\nexcept ImportError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "skltopo[plot]"' in said.stdout
    assert len(said.stdout.splitlines()) == 1


def test_an_ax_that_is_no_axes_of_a_plane_raises():
    import matplotlib.pyplot as plt

    for ax in (3, plt.figure(), plt.subplots(2)[1], plt.figure().add_subplot(projection="3d")):
        with pytest.raises(TypeError, match="ax must be a matplotlib Axes of a plane, or None"):
            PersistenceDiagramDisplay.from_diagram([[0.0, 1.0]], ax=ax)
    plt.close("all")
