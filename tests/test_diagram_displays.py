"""What is drawn: counts, limits, labels."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from skltopo import plotting
from skltopo.filtrations import LevelSet, VietorisRips, WeakAlpha
from skltopo.plotting import (
    BarcodeDisplay,
    CriticalPointsDisplay,
    DiagramBarDisplay,
    DiagramCurveDisplay,
    PersistenceDiagramDisplay,
    PersistenceImageDisplay,
)
from skltopo.vectorize import (
    BettiCurve,
    PersistenceEntropy,
    PersistenceImage,
    PersistenceLandscape,
    Polynomial,
    TopKLengths,
)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture
def image(rng):
    return rng.random((20, 25))


@pytest.mark.parametrize("superlevel", [False, True])
def test_diagram_has_every_point(superlevel, image):
    diagram = LevelSet(2, superlevel=superlevel)(image)
    display = PersistenceDiagramDisplay.from_diagram(diagram, title="t")
    ax = display.ax_
    for dim in (0, 1):
        finite = diagram[dim][np.isfinite(diagram[dim][:, 1])]
        np.testing.assert_array_equal(display.points_[dim].get_offsets(), finite)
    assert set(display.essential_) == {0}
    ((birth, at),) = display.essential_[0].get_offsets()
    assert birth == diagram[0][0, 0]
    values = np.concatenate([diagram[0][1:], diagram[1]])
    assert at < values.min() if superlevel else at > values.max()
    assert [line.get_ydata()[0] for line in display.infinity_] == [at]
    assert display.essential_[0].get_sizes()[0] >= 25
    low, high = ax.get_ylim()
    assert low < at < high
    assert [text.get_text() for text in ax.texts] == [r"$-\infty$" if superlevel else r"$\infty$"]
    (left, right), (x, y) = ax.get_xlim(), display.diagonal_.get_data()
    assert left < values.min() <= values.max() < right
    np.testing.assert_array_equal(x, y)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("birth", "death", "t")
    assert ax.get_aspect() == 1
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["$H_0$", "$H_1$"]
    legend = ax.get_legend()._loc  # where no point can be
    assert legend == (2 if superlevel else 4)


def test_diagram_of_five_and_of_five_thousand_points(rng):
    few, many = (np.sort(rng.random((n, 2))) for n in (5, 5000))
    few = PersistenceDiagramDisplay.from_diagram(few)
    many = PersistenceDiagramDisplay.from_diagram(many)
    assert len(many.points_[0].get_offsets()) == 5000
    assert few.points_[0].get_sizes()[0] > 5 * many.points_[0].get_sizes()[0]
    assert few.points_[0].get_alpha() > 2 * many.points_[0].get_alpha()
    assert many.points_[0].get_rasterized()
    assert few.infinity_ == []
    assert few.essential_ == {}
    assert few.ax_.get_xlim() == few.ax_.get_ylim()


def test_classes_that_end_at_either_infinity():
    points = {0: [[0.0, np.inf], [0.2, 0.5]], 1: [[0.4, -np.inf]]}
    display = PersistenceDiagramDisplay.from_diagram(points)
    above, below = (display.essential_[dim].get_offsets()[0][1] for dim in (0, 1))
    assert below < 0 < 0.5 < above
    assert sorted(text.get_text() for text in display.ax_.texts) == [r"$-\infty$", r"$\infty$"]
    bars = BarcodeDisplay.from_diagram(points)
    assert [bars.arrows_[dim][0].get_marker() for dim in (0, 1)] == [">", "<"]


def test_legend_is_where_no_points_are(rng):
    points = np.sort(rng.random((30, 2)))
    for diagram, corner in ((points, 4), (points[:, ::-1], 2)):
        display = PersistenceDiagramDisplay.from_diagram({0: diagram, 1: diagram})
        assert display.ax_.get_legend()._loc == corner


def test_bars_of_an_array_are_sorted():
    bars = BarcodeDisplay.from_diagram([[0.0, 1.0], [0.0, np.inf], [0.0, 3.0]]).bars_[0]
    ends = [segment[1, 0] for segment in bars.get_segments()]
    assert ends == sorted(ends, reverse=True)


def test_labels_of_small_blocks_of_bars_are_apart(rng):
    points = {0: np.sort(rng.random((5000, 2))), 1: [[0.0, 1.0]], 2: [[0.0, 1.0]]}
    display = BarcodeDisplay.from_diagram(points)
    ticks, (low, high) = display.ax_.get_yticks(), display.ax_.get_ylim()
    assert np.diff(ticks).min() > 0.06 * (high - low)


def test_dimensions_differ_in_colour_and_marker(rng):
    points = {dim: np.sort(rng.random((4, 2))) for dim in range(4)}
    display = PersistenceDiagramDisplay.from_diagram(points)
    colors = [to_hex(display.points_[dim].get_facecolor()[0]) for dim in range(4)]
    assert colors == ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]
    shapes = {display.points_[dim].get_paths()[0].vertices.tobytes() for dim in range(4)}
    assert len(shapes) == 4


def test_what_diagrams_are_taken(image):
    diagram = LevelSet(2)(torch.tensor(image, requires_grad=True))
    only = PersistenceDiagramDisplay.from_diagram(diagram, homology_dimensions=(1,))
    assert set(only.points_) == {1}
    assert only.ax_.get_legend() is None
    also = PersistenceDiagramDisplay.from_diagram({0: [[0, 1]], 1: [[0, 2]]}, homology_dimensions=1)
    assert set(also.points_) == {1}
    array = PersistenceDiagramDisplay.from_diagram([[0, 1]], homology_dimensions=(1,))
    assert set(array.plot().points_) == {1}
    empty = PersistenceDiagramDisplay.from_diagram(np.empty((0, 2)))
    assert len(empty.points_[0].get_offsets()) == 0
    figure, ax = plt.subplots()
    assert PersistenceDiagramDisplay.from_diagram([[0, 1]], ax=ax).ax_ is ax
    assert only.figure_ is not figure


@pytest.mark.parametrize("superlevel", [False, True])
def test_barcode_has_every_interval(superlevel, image):
    diagram = LevelSet(2, superlevel=superlevel)(image)
    display = BarcodeDisplay.from_diagram(diagram)
    low, high = display.ax_.get_xlim()
    row = 0
    for dim in (0, 1):
        segments = np.array(display.bars_[dim].get_segments())
        expected = np.clip(diagram[dim], low, high)
        np.testing.assert_array_equal(segments[:, :, 0], expected)
        assert (np.diff(segments[:, 0, 1]) == 1).all()
        assert segments[0, 0, 1] >= row  # above the dimension before
        row = segments[-1, 0, 1] + 1
    assert (low if superlevel else high) == display.bars_[0].get_segments()[0][1, 0]
    assert set(display.arrows_) == {0}
    assert [arrow.get_marker() for arrow in display.arrows_[0]] == ["<" if superlevel else ">"]
    assert display.bars_[0].get_linewidths()[0] >= 0.4
    assert display.ax_.get_ylim()[1] >= row
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels == [f"$H_{dim}$\n({len(diagram[dim])})" for dim in (0, 1)]
    assert display.ax_.get_xlabel() == "value"


def test_persistence_image(rng):
    diagrams = [np.sort(rng.random((9, 2)))]
    images = PersistenceImage(resolution=(6, 4)).fit(diagrams)
    row = images.transform(diagrams)[0]
    display = PersistenceImageDisplay.from_estimator(images, row, title="t")
    drawn = display.image_.get_array()
    assert drawn.shape == (4, 6)
    np.testing.assert_array_equal(np.ravel(drawn), row)
    assert tuple(display.image_.get_extent()) == (*images.birth_range_, *images.length_range_)
    assert display.image_.origin == "lower"
    ax = display.ax_
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("birth", "length", "t")
    assert display.colorbar_.vmax == pytest.approx(row.max())
    at_points = PersistenceImage(
        resolution=(6, 4), pixels="points", birth_range=(0, 1), length_range=(0, 3)
    ).fit(diagrams)
    display = PersistenceImageDisplay.from_estimator(at_points, at_points.transform(diagrams)[0])
    np.testing.assert_allclose(display.image_.get_extent(), (-0.1, 1.1, -0.5, 3.5))
    with pytest.raises(ValueError, match="estimator must be a PersistenceImage"):
        PersistenceImageDisplay.from_estimator(BettiCurve().fit(diagrams), row)
    with pytest.raises(ValueError, match="row must have 24 values, got 3"):
        PersistenceImageDisplay.from_estimator(images, [1, 2, 3])


@pytest.mark.parametrize(
    ("estimator", "n_lines", "ylabel"),
    [(PersistenceLandscape(n_layers=3), 3, "landscape"), (BettiCurve(), 1, "Betti number")],
)
def test_curves(estimator, n_lines, ylabel, rng):
    diagrams = [np.sort(rng.random((9, 2)))]
    row = estimator.fit_transform(diagrams)[0]
    display = DiagramCurveDisplay.from_estimator(estimator, row)
    assert len(display.lines_) == n_lines
    np.testing.assert_array_equal(np.concatenate([x.get_ydata() for x in display.lines_]), row)
    np.testing.assert_array_equal(display.lines_[0].get_xdata(), estimator.grid_)
    assert display.ax_.get_ylabel() == ylabel
    is_betti = isinstance(estimator, BettiCurve)
    assert {line.get_drawstyle() for line in display.lines_} == {
        "steps-post" if is_betti else "default"
    }
    legend = display.ax_.get_legend()
    labels = [] if legend is None else [text.get_text() for text in legend.get_texts()]
    assert labels == ([] if n_lines == 1 else [line.get_label() for line in display.lines_])
    assert all("layer" in label for label in labels)
    with pytest.raises(ValueError, match="row must have"):
        DiagramCurveDisplay.from_estimator(estimator, row[1:])
    with pytest.raises(ValueError, match="estimator must have a grid, got TopKLengths"):
        DiagramCurveDisplay.from_estimator(TopKLengths().fit(diagrams), row)


@pytest.mark.parametrize(
    "estimator", [TopKLengths(k=4), Polynomial(max_p=2, max_q=1), PersistenceEntropy()]
)
def test_bars(estimator, rng):
    diagrams = [np.sort(rng.random((9, 2))) for _ in range(3)]
    rows = estimator.fit_transform(diagrams)
    for drawn in (rows, rows[0]):
        display = DiagramBarDisplay.from_estimator(estimator, drawn, title="t")
        heights = [[bar.get_height() for bar in bars] for bars in display.bars_]
        np.testing.assert_array_equal(heights, np.atleast_2d(drawn))
        left = [bar.get_x() for bars in display.bars_ for bar in bars]
        assert len(set(left)) == drawn.size  # beside each other
        assert display.bars_[0][0].get_width() > 0.2
        labels = [text.get_text() for text in display.ax_.get_xticklabels()]
        assert labels == list(estimator.get_feature_names_out())
        assert display.ax_.get_title() == "t"
    with pytest.raises(ValueError, match="rows must have"):
        DiagramBarDisplay.from_estimator(estimator, np.zeros(99))


def test_critical_points_of_an_image(image):
    filtration = LevelSet(2, superlevel=True)
    display = CriticalPointsDisplay.from_sample(filtration, image, dim=1, n_points=4, title="t")
    assert display.ax_.get_title() == "t"
    assert to_hex(display.births_.get_facecolor()[0]) == "#0072b2"
    assert to_hex(display.deaths_.get_facecolor()[0]) == "#d55e00"
    pairs = filtration(image).pairs[1][:4]
    for marks, vertices in ((display.births_, pairs[:, 0]), (display.deaths_, pairs[:, 1])):
        rows, cols = np.unravel_index(vertices, image.shape)
        np.testing.assert_array_equal(marks.get_offsets(), np.column_stack([cols, rows]))
    assert len(display.links_.get_segments()) == 4
    assert display.cells_ == []
    assert [text.get_text() for text in display.ax_.texts] == ["1", "2", "3", "4"]
    np.testing.assert_array_equal(
        [text.xy for text in display.ax_.texts], display.deaths_.get_offsets()
    )
    np.testing.assert_array_equal(display.ax_.images[0].get_array(), image)


def test_critical_points_of_a_line():
    values = [0.0, 3.0, 1.0, 4.0, -1.0, 2.0]
    display = CriticalPointsDisplay.from_sample(LevelSet(1), values)
    np.testing.assert_array_equal(display.births_.get_offsets(), [[0, 0], [2, 1]])
    np.testing.assert_array_equal(display.deaths_.get_offsets(), [[3, 4], [1, 3]])
    assert display.ax_.get_xlabel() == "vertex"


def test_critical_edges_of_a_cloud(rng):
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    cloud = np.column_stack([np.cos(angle), np.sin(angle)]) + 0.05 * rng.normal(size=(20, 2))
    filtration = WeakAlpha(max_dim=1)
    display = CriticalPointsDisplay.from_sample(filtration, cloud, dim=1, n_points=1)
    edge = filtration(cloud).pairs[1][0]
    births, deaths = (np.array(cells.get_segments()) for cells in display.cells_)
    np.testing.assert_array_equal(births[0], cloud[np.sort(edge[:2])])
    np.testing.assert_array_equal(deaths[0], cloud[np.sort(edge[2:])])
    np.testing.assert_allclose(display.births_.get_offsets()[0], cloud[edge[:2]].mean(axis=0))
    assert display.ax_.get_aspect() == 1
    components = CriticalPointsDisplay.from_sample(filtration, cloud, n_points=5)
    assert components.cells_[0].get_segments() == []  # born at vertices
    assert len(components.cells_[1].get_segments()) == 5


def test_many_critical_points_have_small_marks_and_no_numbers(rng):
    many = CriticalPointsDisplay.from_sample(LevelSet(2), rng.random((60, 60)), n_points=500)
    assert len(many.births_.get_offsets()) > 300
    assert len(many.ax_.texts) == 0
    assert many.births_.get_sizes()[0] < 15
    assert many.births_.get_zorder() > many.deaths_.get_zorder()


def test_nothing_to_mark():
    display = CriticalPointsDisplay.from_sample(LevelSet(2), np.ones((4, 4)), dim=1)
    assert len(display.births_.get_offsets()) == 0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: CriticalPointsDisplay.from_sample(LevelSet(1), np.ones((2, 3))), "not a batch"),
        (lambda: CriticalPointsDisplay.from_sample(LevelSet(1), np.ones(3), dim=1), "dim must be"),
        (
            lambda: PersistenceDiagramDisplay.from_diagram([[0, 1]], homology_dimensions=(0, 1)),
            "homology_dimensions of one array must be one",
        ),
        (lambda: BarcodeDisplay.from_diagram([[0, np.nan]]), "must not have NaN"),
        (
            lambda: BarcodeDisplay.from_diagram([[-np.inf, 1]]),
            "births of diagram.0. must be finite",
        ),
        (
            lambda: BarcodeDisplay.from_diagram({0: [[0, 1]]}, homology_dimensions=(1,)),
            r"must have dimensions \[1\], got \[0\]",
        ),
        (lambda: BarcodeDisplay.from_diagram(LevelSet(1)(np.ones((2, 3)))), "got a batch of 2"),
        (
            lambda: CriticalPointsDisplay.from_sample(
                VietorisRips(max_dim=1, metric="precomputed"), np.ones((3, 3)) - np.eye(3)
            ),
            "filtration must take points",
        ),
        (
            lambda: CriticalPointsDisplay.from_sample(LevelSet(1), np.ones(3), n_points=-1),
            "n_points must be an integer of at least 0",
        ),
    ],
)
def test_bad_input(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


@pytest.mark.parametrize(
    ("display", "sentence"),
    [
        (lambda: plotting.CoefficientDisplay(coef=[[1.0]]), "coef must have 1 axes"),
        (lambda: plotting.CoefficientDisplay(coef=[1.0, np.nan]), "coef must be finite"),
        (lambda: plotting.DiagramBarDisplay(rows=np.ones((2, 3)), labels=["a"]), "rows must have"),
        (
            lambda: plotting.DiagramCurveDisplay(
                grid=[0.0, 1.0], curves=np.ones((2, 3)), labels=["a", "b"], ylabel="c"
            ),
            "curves must have",
        ),
        (
            lambda: plotting.PersistenceImageDisplay(
                image=np.ones(3), birth_range=(0, 1), length_range=(0, 1)
            ),
            "image must have 2 axes",
        ),
        (
            lambda: plotting.TopoShaperDisplay(before=np.ones((3, 2)), after=np.ones((3, 3))),
            "after must have the shape of before",
        ),
    ],
)
def test_displays_of_what_is_none_say_so(display, sentence):
    with pytest.raises(ValueError, match=sentence):
        display().plot()
