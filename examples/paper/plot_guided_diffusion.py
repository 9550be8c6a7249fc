"""
Guided diffusion: digits with so many holes
===========================================

A loss of diagrams inside the sampling loop of a diffusion model, which was never told of topology.

A small network learns to take noise from 5,000 digits; deterministic sampling (DDIM) goes from
noise to a digit in 50 steps. In each of them the network predicts the clean digit, and
`topological_guidance` moves the prediction down a wish for one component and so many holes. The
gradient is taken with respect to the prediction, so that the network is not differentiated. For
comparison it is also taken with respect to the noisy digit, through the network. The scale of the
steps is swept, the noise is the same.

What is honoured is counted as in the example of topology on demand: holes have a length of at
least 0.3 and at least 4 pixels. Checkpoints go to the folder ``gan_cache`` of ``SKLTOPO_OUTPUT``.
"""

import time
from functools import partial
from itertools import pairwise

import digit_diffusion as diffusion
import digit_gan as gan
import digit_wishes as wishes
import matplotlib.pyplot as plt
import numpy as np
import sizes
import torch
from tqdm import tqdm

from skltopo.generative import topological_guidance

N_HOLES = (0, 1, 2)
INNER_STEPS = 4
# Digits are in [-1, 1] here; a margin of 0.5 to both sides of zero is a length of 0.5 in [0, 1].
MARGIN = 0.5

# %%
# Two ways to guide
# -----------------
# The first one moves the predicted digit, several times in a row; the second one the noisy digit.


def guide_prediction(denoise, noisy, wish, scale):
    """Return the predictions (clean, noise) of a step, the clean one moved down the wish."""
    with torch.no_grad():
        clean, noise = denoise(noisy)
    for _ in range(INNER_STEPS):
        clean = clean + topological_guidance(clean, wish, scale)
    return clean, noise


def guide_through_network(denoise, noisy, wish, scale):
    """Return the predictions (clean, noise) for noisy digits that have gone down the wish."""
    live = noisy.detach().requires_grad_()
    step = topological_guidance(denoise(live)[0], wish, scale, wrt=live)
    with torch.no_grad():
        return denoise(noisy + step)


PREDICTION, NETWORK = "prediction moved", "gradient through the network"
WAYS = {PREDICTION: guide_prediction, NETWORK: guide_through_network}


@torch.no_grad()
def sample(model, noisy, way, wish, scale, n_steps=50):
    """Return digits in [0, 1] that the model makes of noise; the last steps are not guided."""
    angles = torch.linspace(np.pi / 2, 0, n_steps + 1)
    for i, (now, then) in enumerate(pairwise(angles)):
        denoise = partial(model.split, angle=now)
        if scale and i < 0.9 * n_steps:
            with torch.enable_grad():
                clean, noise = WAYS[way](denoise, noisy, wish, scale)
        else:
            clean, noise = denoise(noisy)
        noisy = torch.cos(then) * clean.clamp(-1, 1) + torch.sin(then) * noise
    return (noisy.clamp(-1, 1) + 1) / 2


# %%
# What is measured
# ----------------
# The share that honours the wish, the opinion of a classifier, variety.


def measure(images, n_holes, classifier):
    """Return the texts of a row."""
    components, holes, that_count = wishes.count(images)
    honoured = (components == 1) & (that_count == n_holes)
    return (
        f"{100 * honoured.mean():.1f} %",
        f"{100 * (honoured & (holes == n_holes)).mean():.1f} %",
        f"{float(classifier.probabilities(images).max(1).values.mean()):.3f}",
        f"{float(torch.pdist(images.flatten(1)).mean()):.2f}",
    )


def draw(sets, n=14):
    """Draw the first digits, not chosen: without a guide, and guided to each number of holes."""
    figure, axes = plt.subplots(4, 1, figsize=(13, 4.1), layout="constrained")
    for ax, (name, (images, n_holes)) in zip(axes, sets.items(), strict=True):
        images = images[:n]
        colours = len(images) * ["0.6"]
        if n_holes is not None:
            colours = np.where(wishes.honours(images, n_holes), "#2ca25f", "#d7301f")
        gan.draw_framed(ax, images, colours)
        ax.set_ylabel(name, rotation=0, ha="right", va="center", size=13)
    sizes.save(figure, "guided_diffusion.png", dpi=130)


# %%
# A diffusion model of digits
# ---------------------------
# About four minutes of one core.

torch.set_num_threads(1)
start = time.perf_counter()
cache = sizes.cache("gan_cache")
images, digits = gan.load_digits(sizes.pick(1000, 5000))
model = diffusion.train(images, cache, sizes.pick(60, 3000))
classifier, _ = gan.train_classifier(images, digits, cache, sizes.pick(2, 40))
unseen = gan.held_out(images)
components, _, holes = wishes.count(unseen)
for k in N_HOLES:
    own = unseen[(components == 1) & (holes == k)]
    sure, away = measure(own, k, classifier)[2:]
    print(f"real digits with {wishes.NAMES[k]}: confidence {sure}, pairwise L2 {away}")

# %%
# Guided sampling
# ---------------
# The same noise each time. The picture has the scale of each wish that was honoured most often. In
# quick size nothing is trained long enough: its picture and its numbers say nothing; the picture of
# a full run is ``docs/images/guided_diffusion.png``, and its table is below.

n = sizes.pick(8, 200)
noise = torch.randn(n, 1, 28, 28, generator=torch.Generator().manual_seed(0))
guides = [(PREDICTION, scale) for scale in sizes.pick((0.5,), (0.1, 0.3, 1.0))]
guides += [(NETWORK, scale) for scale in sizes.pick((0.5,), (0.3, 1.0))]
n_steps = sizes.pick(10, 50)
plain = sample(model, noise, PREDICTION, None, 0, n_steps)
rows, drawn = [], {"no guide": (plain, None)}
bar = tqdm(total=len(N_HOLES) * len(guides), desc="guided sampling", unit="set")
for k in N_HOLES:
    rows.append((k, "no guide", "", *measure(plain, k, classifier)))
    best, wish = -1, wishes.Wish(k, MARGIN)
    for guide, scale in guides:
        guided = sample(model, noise, guide, wish, scale, n_steps)
        rows.append((k, guide, scale, *measure(guided, k, classifier)))
        bar.update()
        share = wishes.honours(guided, k).mean()
        if share > best:
            best, drawn[wishes.NAMES[k]] = share, (guided, k)
bar.close()
draw(drawn)
heads = ("holes", "guide", "scale", "honoured", "no pinhole either", "confidence", "pairwise L2")
print(sizes.markdown(heads, rows))
sizes.keep_table("guided_diffusion", "python examples/paper/plot_guided_diffusion.py", heads, rows)
print(f"all of it took {(time.perf_counter() - start) / 60:.1f} minutes")
