"""What `TopoShaperDisplay` draws."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skltopo import TopoShaper
from skltopo.plotting import TopoShaperDisplay

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def without_windows():
    plt.switch_backend("agg")
    yield
    plt.close("all")


def display_of(d, **options):
    X = np.random.default_rng(0).random((25, d))
    shaper = TopoShaper("clusters", max_iter=4, tol=None, **options).fit(X)
    return X, shaper, TopoShaperDisplay.from_estimator(shaper, X)


def test_points_trails_and_diagrams_in_the_plane():
    X, shaper, display = display_of(2, store_path=True)
    before, after, trails, diagrams = display.axes_
    assert [ax.get_title() for ax in display.axes_] == ["before", "after", "trails", "diagrams"]
    np.testing.assert_array_equal(before.collections[0].get_offsets(), X)
    np.testing.assert_allclose(after.collections[0].get_offsets(), shaper.embedding_)
    ways = trails.collections[0].get_segments()
    assert len(ways) == 25
    np.testing.assert_allclose(ways[7], shaper.path_[:, 7])
    drawn = [collection.get_offsets() for collection in diagrams.collections]
    np.testing.assert_allclose(drawn[0], shaper.filtration_(X)[0][1:])
    np.testing.assert_allclose(drawn[1], shaper.filtration_(shaper.embedding_)[0][1:])
    labels = [text.get_text() for text in diagrams.get_legend().get_texts()]
    assert labels == ["$H_0$ before", "$H_0$ after"]
    assert before.get_xlim() == after.get_xlim() == trails.get_xlim()
    assert display.figure_ is before.figure


def test_trails_are_straight_without_a_path_or_for_other_points():
    X, shaper, display = display_of(2)
    ways = display.axes_[2].collections[0].get_segments()
    np.testing.assert_allclose(ways[3], [X[3], shaper.embedding_[3]])
    _, shaper, _ = display_of(2, store_path=True)
    for other in (X[:5], X[::-1]):
        ways = TopoShaperDisplay.from_estimator(shaper, other).axes_[2].collections[0]
        assert len(ways.get_segments()[0]) == 2
        assert len(ways.get_segments()) == len(other)


def test_holes_have_a_mark_of_their_own():
    X = np.random.default_rng(0).random((40, 2))
    display = TopoShaperDisplay.from_estimator(TopoShaper("holes", max_iter=3).fit(X), X)
    collections = display.axes_[3].collections
    assert len(collections) == 4
    colors = {tuple(c.get_facecolor()[0]) for c in collections}
    assert len(colors) == 3  # before, and after for each dimension
    assert len({len(c.get_paths()[0].vertices) for c in collections}) == 2


@pytest.mark.parametrize("d", [1, 3, 5])
def test_lines_and_space(d):
    _, shaper, display = display_of(d, filtration="rips", store_path=True)
    after = display.axes_[1].collections[0]
    if d == 1:
        np.testing.assert_allclose(after.get_offsets()[:, 0], shaper.embedding_[:, 0])
        np.testing.assert_allclose(after.get_offsets()[:, 1], np.linspace(0, 1, 25))
    else:
        assert all(ax.name == "3d" for ax in display.axes_[:3])
        np.testing.assert_allclose(np.array(after._offsets3d).T, shaper.embedding_[:, :3])
        np.testing.assert_allclose(display.axes_[0].get_zlim(), display.axes_[1].get_zlim())
    display.figure_.canvas.draw()


def test_axes_can_be_given():
    _, _, display = display_of(2)
    figure, axes = plt.subplots(2, 2)
    assert display.plot(axes.ravel()).axes_ == list(axes.ravel())
    assert display.figure_ is figure
    with pytest.raises(ValueError, match="axes must be 4 matplotlib Axes, got 2"):
        display.plot(axes[0])


def test_one_point_and_no_diagrams():
    with pytest.warns(ConvergenceWarning, match="took no step"):
        shaper = TopoShaper("clusters").fit([[1.0, 2.0]])
    TopoShaperDisplay.from_estimator(shaper, [[1.0, 2.0]]).figure_.canvas.draw()
    bare = TopoShaperDisplay(before=np.zeros((2, 2)), after=np.ones((2, 2))).plot()
    assert not bare.axes_[3].collections
