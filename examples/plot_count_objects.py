"""
Objects in a photograph, counted by persistence
===============================================

Count objects in a photograph: by the largest gap between the lengths of PD_0.

Every bright thing is a peak of the picture, and its length says how far the light falls between it
and a brighter one. Things have long ones, grain and scratches have short ones; between the two is a
gap, so no threshold has to be chosen. The photograph is scikit-image's coins where that package is
installed (24 coins, unevenly lit), else one like it is drawn.
"""

from importlib.util import find_spec

import matplotlib.pyplot as plt
import numpy as np
import sizes
from scipy.ndimage import gaussian_filter

from skltopo.filtrations import LevelSet

# %%
# A photograph
# ------------
# Twenty-four coins on a ground that is lit from one side, so that no threshold of brightness finds
# all of them.


def photograph():
    """Return coins of scikit-image, or 24 discs on a ground that is lit from one side."""
    if find_spec("skimage"):
        from skimage.data import coins

        return coins().astype(float)
    rows, cols = np.indices((300, 380))
    image = 60 + 0.25 * cols + np.random.default_rng(0).normal(0, 12, rows.shape)
    for i in range(24):
        row, col, radius = 40 + 72 * (i // 6), 38 + 60 * (i % 6), 16 + 3 * (i % 4)
        image += 90 * (np.hypot(rows - row, cols - col) < radius)
    return image


# %%
# The largest gap between lengths
# -------------------------------
# Peaks of the smoothed picture are the points of PD_0 of its superlevel sets, by decreasing
# length.

image = photograph()
smooth = gaussian_filter(image, 3)
diagram = LevelSet(ndim=2, superlevel=True, homology_dimensions=0)(smooth)
lengths = -np.diff(diagram.finite(0), axis=1).ravel()
# The brightest peak never ends: it counts, and the gap is one of the others.
count = 2 + int(np.argmax(lengths[:-1] - lengths[1:]))
peaks = np.append(diagram.essential[0], diagram.pairs[0][:, 0])[:count]
print(f"{count} objects by the largest gap")

# %%
# Each object has one peak, which is the vertex that gives birth to its component.

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
left.imshow(image, cmap="gray")
left.plot(*np.unravel_index(peaks, image.shape)[::-1], "o", color="C1", mec="white")
left.set(title=f"{count} objects", xticks=[], yticks=[])
rank = np.arange(2, 42)
right.bar(rank, lengths[:40], color=np.where(rank > count, "0.7", "C1"))
right.set(title="the longest finite lengths of PD_0", xlabel="rank", ylabel="length")
sizes.save(figure, "count_objects.png", dpi=100)
