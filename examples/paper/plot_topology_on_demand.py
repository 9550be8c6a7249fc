"""
Topology on demand: digits with so many holes
=============================================

A generator is asked for digits of one component and exactly no hole, one hole or two holes.

The wish is a loss of the logits of a digit, `BettiPriorLoss`: in each dimension the points that are
kept are those that cost the least to keep at half height, all others are to go. The GAN of figure 7
follows it in three ways. Its latent codes move, and the generator stays as it is; or its weights
go down the wish; or they go down the wish and the loss of a GAN whose real digits are those
with as many holes, counted by the same diagrams, not by labels. Codes that move may leave what
seems real to the discriminator of the GAN; they therefore go down its loss, too. No sample is
rejected. The numbers of batches and steps were chosen by the confidence of the digits of the same
codes; the last row of each wish has other codes, which had no part in it.

A wish is honoured if, among the pixels above 0.5, there is one component by eight neighbours and so
many holes that count; a hole counts if its length is at least 0.3 and it has at least 4 pixels. *No
pinhole either* asks that there is no smaller hole beside them. Quality and variety are printed
beside those of real digits with as many holes, which is where a wish shows its price. The
confidence of real digits is that in digits that the classifier has not seen when it was trained.

The GAN has the checkpoints of figure 7, in the folder ``gan_cache`` of ``SKLTOPO_OUTPUT``; the
samples of each wish go there, too.
"""

import copy
import time
from functools import partial

import digit_gan as gan
import digit_wishes as wishes
import matplotlib.pyplot as plt
import numpy as np
import sizes
import torch

from skltopo.generative import finetune_generator
from skltopo.metrics import coverage, inception_score, minimum_matching_distance

N_HOLES = (0, 1, 2)
REAL = "real digits"
PLAIN = "plain generator"
LATENT = "latent codes moved"
LATENT_REAL = "latent codes moved, to seem real, too"
ALONE = "fine-tuned: wish alone"
TOGETHER = "fine-tuned: wish and GAN"
BOTH = "fine-tuned so, codes moved"
BOTH_REAL = "fine-tuned so, codes moved, to seem real, too"
OTHERS = "the same, of other codes"
# Batches of fine-tuning by wish and GAN. No hole is what half of the digits have to begin with.
N_BATCHES = {0: 1500, 1: 3000, 2: 3000}

# %%
# Fine-tuning
# -----------
# The wish alone is honoured more often with every batch, and strokes swell. Beside it the
# discriminator of the GAN goes on learning, from real digits with as many holes. The wish sees
# logits, the discriminator sees images.


def finetune_alone(generator, n_holes, n_batches):
    """Return a copy of a generator that went down a wish."""
    generator = copy.deepcopy(generator).train()
    finetune_generator(
        wishes.without_sigmoid(generator),
        wishes.Wish(n_holes),
        n_steps=n_batches,
        batch_size=gan.BATCH,
        latent_dim=gan.LATENT,
        optimizer=partial(torch.optim.Adam, lr=2e-4, betas=gan.BETAS),
        random_state=n_holes,
        verbose=1,
    )
    return generator.eval()


def finetune_together(trained, n_holes, n_batches, real):
    """Train a GAN by a wish, too, and by those real digits alone; return its generator."""
    trained.against.images, wish = real, wishes.Wish(n_holes)
    logits = wishes.without_sigmoid(trained.live)

    def loss(samples):
        return wishes.WEIGHT * wish(samples).mean() + trained.against(samples.sigmoid())

    gan.finetune_live(trained, logits, loss, n_batches, n_holes)
    return trained.generator.eval()


def make_samples(load_gan, codes, others, n_holes, real):
    """Return {name: (images, how far the codes have moved)} of a wish."""
    trained, tuned = load_gan(), load_gan()
    plain = trained.generator.eval()
    alone = finetune_alone(plain, n_holes, sizes.pick(5, 100))
    together = finetune_together(tuned, n_holes, sizes.pick(10, N_BATCHES[n_holes]), real)
    n_rounds, n_steps = sizes.pick((1, 10), (10, 150))

    def move(generator, codes):
        return generator, wishes.move_codes(generator, codes, n_holes, n_rounds)

    def move_to_real(owner, codes):
        against = owner.against.discriminator
        return move(
            owner.generator, wishes.deceive(owner.generator, against, codes, n_holes, n_steps)
        )

    models = {
        PLAIN: (plain, codes),
        LATENT: move(plain, codes),
        LATENT_REAL: move_to_real(trained, codes),
        ALONE: (alone, codes),
        TOGETHER: (together, codes),
        BOTH: move(together, codes),
        BOTH_REAL: move_to_real(tuned, codes),
        OTHERS: move_to_real(tuned, others),
    }
    return {
        name: (gan.generate(model, own), shares_moved(others if name == OTHERS else codes, own))
        for name, (model, own) in models.items()
    }


def keep(path, make):
    """Return what a file has, or make and save it, so that an interrupted run goes on."""
    if not path.exists():
        torch.save(make(), path)
    return torch.load(path, weights_only=True)


def shares_moved(codes, moved):
    """Return the distance of each code from where it was, divided by its norm."""
    return (moved - codes).norm(dim=1) / codes.norm(dim=1)


# %%
# What is measured
# ----------------
# Shares, and the price of them.


def measure(images, n_holes, reference, classifier, seen=None):
    """Return the numbers of a row: shares in percent, then quality and variety.

    The classifier is asked about the images seen, if they are others.
    """
    components, holes, that_count = wishes.count(images)
    honoured = (components == 1) & (that_count == n_holes)
    strictly = honoured & (holes == n_holes)
    few = images[: len(reference)]  # so many that the coverage of real digits is its bar
    return (
        100 * honoured.mean(),
        100 * strictly.mean(),
        confidence(classifier, images if seen is None else seen),
        float(torch.pdist(images.flatten(1)).mean()),
        minimum_matching_distance(reference, few),
        coverage(reference, few),
    )


def confidence(classifier, images):
    """Return the mean over images of the largest probability."""
    return float(classifier.probabilities(images).max(1).values.mean())


FORMATS = ("{:.1f} %", "{:.1f} %", "{:.3f}", "{:.2f}", "{:.3f}", "{:.3f}", "{:.2f}")
HEADS = ("honoured", "no pinhole either", "confidence", "pairwise L2", "MMD-L2", "COV-L2", "moved")


def halves(images):
    """Return two halves of images, which have been shuffled when they were loaded."""
    return images[::2], images[1::2]


def compute_rows(samples, real, unseen, n_holes, classifier):
    """Return {name: texts of a row}, real digits with as many holes first."""
    reference, others = halves(real)
    reference, others = reference[: len(others)], others[:1000]
    rows = {REAL: (*measure(others, n_holes, reference, classifier, unseen), 0.0)}
    for name, (images, moved) in samples.items():
        numbers = measure(images, n_holes, reference, classifier)
        rows[name] = (*numbers, float(moved.mean()))
    return {
        name: [text.format(value) for text, value in zip(FORMATS, row, strict=True)]
        for name, row in rows.items()
    }


def mix(sets):
    """Return equally many images of each wish, one after the other."""
    n = min(map(len, sets))
    return torch.cat([images[:n] for images in sets])


# %%
# What is drawn
# -------------
# The same codes under each wish; a frame is green where the wish is honoured, and red elsewhere.


def plot_wishes(samples, n=7):
    """Draw the same codes of three generators, a row for each wish."""
    titles = {
        LATENT: "latent codes moved",
        TOGETHER: "generator fine-tuned by wish and GAN",
        BOTH_REAL: "fine-tuned, then codes moved, to seem real, too",
    }
    figure, axes = plt.subplots(4, 3, figsize=(17, 3.6), layout="constrained")
    plain = samples[0][PLAIN][0][:n]
    for column, (name, title) in zip(axes.T, titles.items(), strict=True):
        column[0].set_title(title, size=14)
        gan.draw_framed(column[0], plain, n * ["0.6"])
        for n_holes in N_HOLES:
            images = samples[n_holes][name][0][:n]
            colours = np.where(wishes.honours(images, n_holes), "#2ca25f", "#d7301f")
            gan.draw_framed(column[n_holes + 1], images, colours)
    for ax, text in zip(axes[:, 0], ("plain", *wishes.NAMES.values()), strict=True):
        ax.set_ylabel(text, rotation=0, ha="right", va="center", size=13)
    sizes.save(figure, "topology_on_demand.png", dpi=130)


# %%
# The wishes
# ----------
# Of 1,000 codes each. Real digits are sorted by their own holes.

torch.set_num_threads(1)  # faster than two threads for batches of this size
start = time.perf_counter()
cache, n_batches = sizes.cache("gan_cache"), sizes.pick(300, 32_000)
images, digits = gan.load_digits(sizes.pick(1000, 5000))
classifier, accuracy = gan.train_classifier(images, digits, cache, sizes.pick(2, 40))
print(f"a classifier is right on {100 * accuracy:.1f} % of held-out digits")
load_gan = partial(gan.train, images, cache, n_batches)
load_gan()
components, _, holes = wishes.count(images)
is_of = {k: (components == 1) & (holes == k) for k in N_HOLES}
real = {k: images[is_of[k]] for k in N_HOLES}
unseen = {k: gan.held_out(images)[gan.held_out(is_of[k])] for k in N_HOLES}
for k, own in real.items():
    share = 100 * len(own) / len(images)
    print(
        f"{share:.1f} % of real digits are one component with {wishes.NAMES[k]}, "
        f"{len(unseen[k])} of those that the classifier has not seen"
    )
codes, others = (gan.draw_codes(sizes.pick(60, 1000), seed) for seed in (1, 2))
samples = {
    k: keep(
        cache / f"wish_{k}_{n_batches}.pt",
        partial(make_samples, load_gan, codes, others, k, real[k]),
    )
    for k in N_HOLES
}

# %%
# The picture
# -----------
# The codes are the first ones, not chosen. In quick size nothing is trained long enough: its
# picture says nothing, and that of a full run is ``docs/images/topology_on_demand.png``.

plot_wishes(samples)

# %%
# The price
# ---------
# In quick size the numbers say nothing; the tables of the full size are below them.

command = "python examples/paper/plot_topology_on_demand.py"
rows = [
    (k, name, *row)
    for k in N_HOLES
    for name, row in compute_rows(samples[k], real[k], unseen[k], k, classifier).items()
]
print(sizes.markdown(("holes", "digits", *HEADS), rows))
sizes.keep_table("topology_on_demand", command, ("holes", "digits", *HEADS), rows)
scores = []
for name in (REAL, *samples[0]):
    sets = [unseen[k] if name == REAL else samples[k][name][0] for k in N_HOLES]
    scores.append((name, f"{inception_score(classifier.probabilities(mix(sets))):.2f}"))
heads = ("equal mix of the three wishes", "inception score")
print(f"\n{sizes.markdown(heads, scores)}")
sizes.keep_table("topology_on_demand_mix", command, heads, scores)
print(f"all of it took {(time.perf_counter() - start) / 60:.1f} minutes")
