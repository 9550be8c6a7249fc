"""
Figure 11: a 4 that becomes an 8
================================

Figure 11 of the paper: a 4 that becomes an 8 for a topological model, by small holes.

All held-out digits 4 are attacked until the topological model of figure 12 takes them for an 8. A
subgradient moves critical pixels alone, so few pixels change. Drawn is the one with the fewest
changed pixels of those that have gained two holes; printed is how often that happens.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
from attacked_digits import fit_topological, load_digits

from skltopo.attacks import gradient_attack
from skltopo.filtrations import LevelSet
from skltopo.plotting import PersistenceDiagramDisplay

# A hole counts from this length of its point on, and a pixel has changed from this move on.
LONG, SEEN = 0.3, 0.1


# %%
# Holes that are gained
# ---------------------
# The digit with the fewest changed pixels of those that gained two holes is drawn.


def count_holes(images):
    """Return the number of holes of each image."""
    lengths = [
        np.ptp(diagram.finite(1), axis=1) for diagram in LevelSet(2, superlevel=True)(images)
    ]
    return np.array([(length > LONG).sum() for length in lengths])


def choose(before, found):
    """Return the index of the digit to draw, and how many gained two holes."""
    gained = count_holes(found.X) - count_holes(before)
    changed = (abs(found.X - before) > SEEN).sum(axis=(1, 2))
    two = found.success & (gained == 2)
    rows = np.flatnonzero(two if two.any() else found.success)
    return rows[np.argmin(changed[rows])], gained, changed


# %%
# Both images, what has moved, and the holes of both.


def plot(before, after):
    """Draw both images, what has moved, and the holes of both."""
    figure, axes = plt.subplots(1, 4, figsize=(17, 4.6), layout="constrained")
    for ax, image, title in zip(axes, (before, after), ("taken for a 4", "taken for an 8"),
                                strict=False):  # fmt: skip
        ax.imshow(image, cmap="gray", vmin=0, vmax=1)
        ax.set_title(title, fontsize=16)
    most = abs(after - before).max()
    shown = axes[2].imshow(after - before, cmap="RdBu_r", vmin=-most, vmax=most)
    axes[2].set_title("what has moved", fontsize=16)
    figure.colorbar(shown, ax=axes[2], shrink=0.8)
    for ax in axes[:3]:
        ax.set(xticks=[], yticks=[])
    for image, label in ((before, "before"), (after, "after")):
        diagram = LevelSet(2, superlevel=True)(image.astype(np.float64))
        PersistenceDiagramDisplay.from_diagram(
            diagram, homology_dimensions=1, ax=axes[3], label=label, s=60, alpha=0.7
        )
    axes[3].set_title("holes", fontsize=16)
    sizes.save(figure, "figure_11.png")


# %%
# The attack
# ----------
# All digits 4 that the model knows.

quick = sizes.is_quick()
X_train, X, y_train, y = load_digits(quick)
model = fit_topological(X_train, y_train, quick)
fours = X[(y == 4) & (model.predict(X) == 4)]
options = {"n_steps": sizes.pick(10, 100), "step_size": 0.1, "verbose": 1}
found = gradient_attack(model, fours, np.full(len(fours), 8), eps=1.0, **options)
i, gained, changed = choose(fours, found)
n = int(found.success.sum())
print(f"{n} of {len(fours)} digits 4 become an 8, by {np.median(changed[found.success]):.0f} "
      f"pixels that move by more than {SEEN} (median)")  # fmt: skip
for holes in range(4):
    print(f"  holes gained: {holes}, digits: {int((gained[found.success] == holes).sum())}")
print(f"drawn: {changed[i]} pixels changed, {gained[i]} holes gained")

# %%
# The digit
# ---------

plot(fours[i], found.X[i])
