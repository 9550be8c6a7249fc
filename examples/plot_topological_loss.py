"""
A topological loss in a training loop
=====================================

A topological loss in a training loop: masks of rings that are one piece with one hole.

A small network segments noisy pictures of rings that a shadow crosses. Eight of them have labels,
and the network misses what lies in the shadow: its rings are torn. That every mask should be one
component with one hole is known of all pictures, also of those without labels, so it is a loss.
"""

import copy

import matplotlib.pyplot as plt
import sizes
import torch
from matplotlib.patches import Rectangle
from torch.nn.functional import avg_pool2d, binary_cross_entropy_with_logits
from tqdm import trange

from skltopo.filtrations import LevelSet
from skltopo.nn import BettiPriorLoss

SIZE = 32
N_LABELLED = 8
WISHED = {0: 1, 1: 1}
FILTRATION = LevelSet(ndim=2, superlevel=True)


# %%
# Rings in a shadow
# -----------------
# The pictures, and the network that segments them.


def make_rings(n, generator):
    """Return (n, 1, 32, 32) noisy pictures of rings in a shadow, and the rings."""
    row, column = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    uniform = torch.rand(n, 4, 1, 1, 1, generator=generator)
    row, column = row - 13 - 6 * uniform[:, 0], column - 13 - 6 * uniform[:, 1]
    masks = ((torch.hypot(row, column) - 7 - 3 * uniform[:, 2]).abs() < 1.6).float()
    angle = 2 * torch.pi * uniform[:, 3]
    across = (row * angle.cos() + column * angle.sin()).abs()
    in_shadow = (across < 2.5) & (row * angle.sin() - column * angle.cos() > 0)
    noise = torch.randn(n, 1, SIZE, SIZE, generator=generator)
    noise = 0.8 * avg_pool2d(noise, 3, stride=1, padding=1) + 0.15 * noise
    return masks * torch.where(in_shadow, 0.35, 1.0) + noise, masks


def make_network():
    """Return a network from pictures to logits, of which each sees 13 x 13 pixels."""
    layers = [torch.nn.Conv2d(1, 12, 5, padding=2), torch.nn.ReLU()]
    layers += [torch.nn.Conv2d(12, 12, 5, padding=2), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Conv2d(12, 1, 5, padding=2))


# %%
# The loss
# --------
# `BettiPriorLoss` is the sum of what is missing of the wished points of the diagram and of what
# there is beside them. It needs no labels, so that it takes all pictures.


def train(network, labelled, pictures, n_steps, weight, title):
    """Train in place; with a weight, masks of all pictures should have the wished topology."""
    topology = BettiPriorLoss(WISHED, FILTRATION, level=0.0, margin=1.0)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for step in trange(n_steps, desc=title):
        loss = binary_cross_entropy_with_logits(network(labelled[0]), labelled[1])
        if weight:
            start = N_LABELLED * step % len(pictures)
            loss = loss + weight * topology(network(pictures[start : start + N_LABELLED]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network


@torch.no_grad()
def measure(network, pictures, masks):
    """Return (logits, which have the wished topology, overlap of the masks with the rings)."""
    logits = network(pictures)
    right = [d.betti_numbers(0.0) == WISHED for d in FILTRATION(logits[:, 0])]
    found = logits > 0
    dice = 2 * (found & (masks > 0)).sum() / (found.sum() + masks.sum())
    return logits, torch.tensor(right), float(dice)


# %%
# Held-out masks are drawn, wrong ones with a red frame.


def plot(pictures, masks, results):
    """Draw the first pictures, and masks without and with the loss; wrong ones have a red frame."""
    names = [
        f"{name}\n{int(right.sum())} of {len(right)} right"
        for name, (_, right, _) in zip(("labels alone", "+ topology"), results, strict=True)
    ]
    figure, axes = plt.subplots(4, 6, figsize=(10, 7.6), layout="constrained")
    figure.suptitle(
        f"The first 6 of {len(pictures)} held-out pictures; red: not one component with one hole\n"
        "(pixels have 6 neighbours, of the Freudenthal triangulation)",
        fontsize=13,
    )
    for row, name in zip(axes, ["picture", *names, "truth"], strict=True):
        row[0].set_ylabel(name, fontsize=13)
    for i, column in enumerate(axes.T):
        images = [pictures[i, 0], *(logits[i, 0] > 0 for logits, _, _ in results), masks[i, 0]]
        for ax, image in zip(column, images, strict=True):
            ax.imshow(image.numpy(), cmap="gray")
            ax.set(xticks=[], yticks=[])
        for ax, (_, right, _) in zip(column[1:3], results, strict=True):
            if not right[i]:
                frame = Rectangle((0, 0), 1, 1, transform=ax.transAxes, fill=False, lw=5)
                ax.add_patch(frame).set_edgecolor("tab:red")
    sizes.save(figure, "topological_loss.png", dpi=150)


# %%
# Without and with the loss
# -------------------------
# Both networks start from the same weights and take the same number of steps.

n_steps = sizes.pick(30, 300)
generator = torch.Generator().manual_seed(0)
torch.manual_seed(0)
labelled = make_rings(N_LABELLED, generator)
pictures, _ = make_rings(128, generator)
held_out = make_rings(200, generator)
start = train(make_network(), labelled, pictures, n_steps, 0, "labels alone")
results = []
for weight, name in ((0, "more of labels alone"), (0.02, "labels and topology")):
    network = train(copy.deepcopy(start), labelled, pictures, n_steps, weight, name)
    results.append(measure(network, *held_out))
    _, right, dice = results[-1]
    print(
        f"{name}: {100 * right.float().mean():.1f} % of held-out masks are one piece with one "
        f"hole, Dice {dice:.3f}"
    )
plot(*held_out, results)
