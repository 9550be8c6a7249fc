"""
Periodic time series, found by a loop
=====================================

Tell periodic time series from noise by the loops of their delay embedding.

All have the same mean and variance, but other lengths, periods and phases. A periodic one goes
round a loop in the space of (x(t), x(t + delay)); a search finds the delay that opens it.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
from scipy.signal import lfilter
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skltopo import DelayEmbedding, PersistenceDiagrams
from skltopo.plotting import PersistenceDiagramDisplay
from skltopo.vectorize import TopKLengths

# %%
# Two kinds of series
# -------------------
# A noisy wave, and noise of which each value follows the one before.


def make_series(rng, periodic):
    """Return a series of 80 to 120 values: a noisy wave, or noise that follows itself."""
    n = rng.integers(80, 120)
    if periodic:
        wave = np.sin(2 * np.pi * (np.arange(n) / rng.uniform(15, 25) + rng.random()))
        series = wave + 0.25 * rng.normal(size=n)
    else:
        series = lfilter([1], [1, -0.85], rng.normal(size=n + 50))[50:]
    return (series - series.mean()) / series.std()


# %%
# A Pipeline from series to classes
# ---------------------------------
# The delay embedding turns each series into a cloud of points, a Vietoris-Rips filtration finds
# its holes, and the lengths of the three longest are columns. The search chooses the delay.

rng = np.random.default_rng(0)
y = np.arange(sizes.pick(60, 200)) % 2
X = [make_series(rng, periodic) for periodic in y]
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
diagrams = PersistenceDiagrams("rips", homology_dimensions=1)
steps = DelayEmbedding(), diagrams, TopKLengths(k=3), StandardScaler(), LogisticRegression()
grid = {"delayembedding__dimension": [2, 3], "delayembedding__delay": [1, 3, 5, 7]}
search = GridSearchCV(make_pipeline(*steps), grid, cv=5).fit(X_train, y_train)
print(f"accuracy {search.score(X_test, y_test):.2f} with {search.best_params_}")

# %%
# A series of each kind
# ---------------------
# The series, its embedding, and the holes of that.

figure, axes = plt.subplots(2, 3, figsize=(11, 6.5), layout="constrained")
embedding = search.best_estimator_[0]
for (line, cloud, holes), series, name in zip(axes, X, ("noise", "periodic"), strict=False):
    points = embedding.transform([series])[0]
    line.plot(series, color="0.3", lw=1)
    line.set(title=name, xlabel="time")
    cloud.plot(*points[:, :2].T, ".-", color="#0072B2", lw=0.4)
    cloud.set(xlabel="x(t)", ylabel=f"x(t + {embedding.delay})", aspect="equal")
    PersistenceDiagramDisplay.from_diagram({1: diagrams.transform([points])[0]}, ax=holes)
sizes.save(figure, "time_series.png", dpi=100)
