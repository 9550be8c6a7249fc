"""Displays of weights: names of features, of Pipelines too, and paths with readable labels."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skltopo import PersistenceDiagrams, TopologicalRegression, TopologicalRegressionCV
from skltopo.plotting import CoefficientDisplay, CoefficientPathDisplay
from skltopo.vectorize import TopKLengths

pytestmark = pytest.mark.filterwarnings("ignore:lam_=")  # of few lams, one is at an end


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture
def problem(rng):
    X = rng.normal(size=(40, 6))
    return X, X @ [1.0, 1, 0, 3, 3, -2]


def tick_names(ax):
    ax.figure.canvas.draw()
    return [text for text in (label.get_text() for label in ax.get_xticklabels()) if text]


def test_names_of_features_of_frames_pipelines_and_searches(problem):
    pandas = pytest.importorskip("pandas")
    X, y = problem
    names = list("abcdef")
    frame = pandas.DataFrame(X, columns=names)
    model = TopologicalRegression("l1", lam=0.1)
    assert tick_names(CoefficientDisplay.from_estimator(model.fit(frame, y)).ax_) == names
    assert "a" not in tick_names(CoefficientDisplay.from_estimator(model.fit(X, y)).ax_)
    pipeline = make_pipeline(StandardScaler(), model)
    search = GridSearchCV(pipeline, {"topologicalregression__lam": [0.1, 1.0]}, cv=2)
    for fitted in (pipeline.fit(frame, y), search.fit(frame, y)):
        display = CoefficientDisplay.from_estimator(fitted)
        assert tick_names(display.ax_) == names
    given = CoefficientDisplay.from_estimator(pipeline, feature_names=list("uvwxyz"))
    assert tick_names(given.ax_) == list("uvwxyz")
    line = CoefficientDisplay.from_estimator(LinearRegression().fit(frame, y), s=33, color="k")
    assert line.points_.get_sizes().tolist() == [33]
    path = CoefficientPathDisplay.from_estimator(
        make_pipeline(StandardScaler(), TopologicalRegressionCV("l1", lams=4)).fit(frame, y)
    )
    assert {"d", "e", "f"} <= {text.get_text() for text in path.ax_.texts} <= set(names)


def test_names_that_vectorizers_of_a_pipeline_give(rng):
    images, y = rng.random((12, 6, 6)), rng.random(12)
    steps = (PersistenceDiagrams(homology_dimensions=1), TopKLengths(k=3), StandardScaler())
    fitted = make_pipeline(*steps, TopologicalRegression("l1", lam=0.1)).fit(images, y)
    display = CoefficientDisplay.from_estimator(fitted)
    assert tick_names(display.ax_) == ["length1", "length2", "length3"]


def test_many_names_and_paths_stay_readable(rng):
    names = [f"column{i}" for i in range(300)]
    display = CoefficientDisplay(coef=rng.normal(size=300), feature_names=names).plot()
    shown = tick_names(display.ax_)
    assert 5 <= len(shown) <= 25
    at = [round(tick) for tick in display.ax_.get_xticks() if 0 <= tick < 300]
    assert shown == [names[i] for i in at]
    display.ax_.set_xlim(7.5, 11.5)  # zoomed
    assert set(names[8:12]) <= set(tick_names(display.ax_)) <= set(names[7:13])
    lams = np.geomspace(0.01, 10, 8)
    coef_path = np.exp(-lams)[:, None] * np.linspace(-0.01, 3, 300)
    path = CoefficientPathDisplay(
        lams=lams, coef_path=coef_path, mse_path=np.ones((8, 2)), lam=0.1, feature_names=names
    ).plot()
    assert len(path.lines_) == 300
    texts = path.ax_.texts
    assert [text.get_text() for text in texts] == names[290:]
    heights = np.sort([text.xyann[1] for text in texts])
    low, high = path.ax_.get_ylim()
    assert np.diff(heights).min() > 0.04 * (high - low)  # apart
    assert max(text.xyann[0] for text in texts) < lams[0]  # beside the lines
    assert path.ax_.get_xlim()[0] < min(text.xyann[0] for text in texts)


def test_clusters_of_a_path_have_their_means(problem):
    X, y = problem
    model = TopologicalRegressionCV("clusters", n_components=4, lams=4, cv=3).fit(X, y)
    path = CoefficientPathDisplay.from_estimator(model, lw=3, cmap="plasma")
    texts = [text.get_text() for text in path.ax_.texts]
    assert [text.split("(")[1] for text in texts] == ["1)", "1)", "2)", "2)"]
    assert (texts[0], texts[2], texts[3]) == ("-2 (1)", "1 (2)", "3 (2)")
    assert {line.get_linewidth() for line in path.lines_} == {3}


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: CoefficientDisplay(coef=[1, 2], feature_names="ab").plot(), TypeError, "list of"),
        (
            lambda: CoefficientDisplay(coef=[1, 2], feature_names=["a"]).plot(),
            ValueError,
            "feature_names must have 2 names, one for each weight, got 1",
        ),
        (
            lambda: CoefficientDisplay.from_estimator(StandardScaler().fit([[1.0], [2.0]])),
            TypeError,
            "StandardScaler, which has no coef_",
        ),
        (
            lambda: CoefficientPathDisplay.from_estimator(
                LinearRegression().fit([[1.0], [2.0]], [1, 2])
            ),
            TypeError,
            "must be a TopologicalRegressionCV, got LinearRegression",
        ),
        (lambda: CoefficientDisplay(coef=[1, 2]).plot(cmap="bone"), TypeError, "'cmap' has no"),
    ],
)
def test_weights_that_can_not_be_drawn(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


def test_a_path_is_of_one_output(problem):
    X, y = problem
    model = TopologicalRegressionCV("l1", lams=3, cv=3).fit(X, y)
    model.coef_ = np.stack([model.coef_, model.coef_])
    with pytest.raises(ValueError, match=r"one output, got coef_ of shape \(2, 6\)"):
        CoefficientPathDisplay.from_estimator(model)
