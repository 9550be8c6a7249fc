"""
Figures 7 and 8, table 9: a generator of digits
===============================================

Figures 7 and 8 and table 9 of the paper: a generator of digits, and what a prior does to it.

A GAN makes digits with stray pieces. Then (b) its latent codes, or (c) its weights, go down E(1, 0,
2; PD_0) of the superlevel sets, which asks for one component; or (d) it is trained against a
discriminator that sees nothing but PD_0; or (e), with ``SKLTOPO_EXAMPLES=long``, as before for
another 60,000 batches. Loss and components are printed beside those of real digits: the prior asks
for less topology than real digits have. Gentler ones are therefore shown, too: a tenth of the rate,
a loss that counts components at half height alone, and the prior, or the discriminator of PD_0,
beside the loss of the GAN; the GAN alone goes on for as many batches, to compare.

Checkpoints go to the folder ``gan_cache`` of ``SKLTOPO_OUTPUT``, and a run that was interrupted
goes on from there.
"""

import copy
import time
from functools import partial

import digit_gan as gan
import matplotlib.pyplot as plt
import numpy as np
import sizes
import torch
from tqdm import tqdm

from skltopo import Energy
from skltopo.filtrations import LevelSet
from skltopo.generative import (
    PersistenceDiscriminator,
    finetune_generator,
    interpolate_latent,
    optimize_latent,
)
from skltopo.metrics import coverage, inception_score, minimum_matching_distance
from skltopo.nn import BettiPriorLoss, EnergyLoss

SUPERLEVEL = LevelSet(ndim=2, superlevel=True, homology_dimensions=(0,))
# All eight neighbours of a pixel, as the eye has them; the triangulation has six.
EIGHT = LevelSet(ndim=2, superlevel=True, homology_dimensions=(0,), complex="cubical_cells")
PRIOR = EnergyLoss(Energy(dim=0, p=1, q=0, i0=2), SUPERLEVEL)
PRIOR_OF_EACH = EnergyLoss(Energy(dim=0, p=1, q=0, i0=2), SUPERLEVEL, reduction="none")
AT_HALF = BettiPriorLoss({0: 1}, SUPERLEVEL, level=0.5, margin=0.2)
# At the rate of the GAN itself 50 batches leave more pieces than real digits have.
RATE_OF_PRIOR = 2 * gan.RATE
BASELINE = "(a) baseline"
LATENT = "(b) latent codes moved"
TOPOLOGY = "(c) topology loss, 50 batches"
DISCRIMINATOR = "(d) PD_0 discriminator, 100 batches"
LONGER = "(e) GAN, 60,000 more batches"
SLOWER = "a tenth of the rate of (c)"
HALF = "one component at half height"
MORE = sizes.pick(20, 400)  # batches
ALONE = f"GAN alone, {MORE} more batches"
TOGETHER = f"GAN plus 3 x topology loss, {MORE}"
BOTH = f"GAN plus 0.3 x PD_0 discriminator, {MORE}"
REAL = "real digits"
METRICS = ("MMD-L2", "COV-L2", "MMD-Wass", "COV-Wass", "Inception")
PAPER = {BASELINE: (28.0, 0.05, 3.1, 0.03, 4.6), TOPOLOGY: (27.5, 0.06, 2.7, 0.03, 5.1)}


# %%
# What is trained
# ---------------
# The weights of the generator, or its latent codes.


def finetune(generator, loss, n_steps, *, rate=gan.RATE, seed=0):
    """Return a copy of the generator that went down a loss."""
    generator = copy.deepcopy(generator).train()
    finetune_generator(
        generator,
        loss,
        n_steps=n_steps,
        batch_size=gan.BATCH,
        latent_dim=gan.LATENT,
        optimizer=partial(torch.optim.Adam, lr=rate, betas=gan.BETAS),
        random_state=seed,
        verbose=1,
    )
    return generator.eval()


def finetune_with_gan(trained, prior, weight, seed):
    """Train a GAN further, beside a prior if there is one; return its generator."""

    def loss(samples):
        own = trained.against(samples)
        return own if prior is None else own + weight * prior(samples)

    gan.finetune_live(trained, trained.live, loss, MORE, seed)
    return trained.generator.eval()


def new_discriminator(images, seed):
    """Return the loss of a discriminator of PD_0, which learns with the generator."""
    return gan.AgainstDiscriminator(PersistenceDiscriminator(SUPERLEVEL), images, seed)


def train_all(images, cache, n_batches, seed=0):
    """Return {name: generator}."""
    load = partial(gan.train, images, cache, n_batches, seed=seed)
    baseline = load().generator.eval()
    torch.manual_seed(seed)
    against = new_discriminator(images, seed)
    models = {
        BASELINE: baseline,
        TOPOLOGY: finetune(baseline, PRIOR, 50, rate=RATE_OF_PRIOR, seed=seed),
        DISCRIMINATOR: finetune(baseline, against, 100, rate=gan.RATE / 5, seed=seed),
        SLOWER: finetune(baseline, PRIOR, 50, rate=RATE_OF_PRIOR / 10, seed=seed),
        HALF: finetune(baseline, AT_HALF, 50, seed=seed),
        ALONE: finetune_with_gan(load(), None, 0.0, seed),
        TOGETHER: finetune_with_gan(load(), PRIOR, 3.0, seed),
        BOTH: finetune_with_gan(load(), new_discriminator(images, seed), 0.3, seed),
    }
    if sizes.is_long():
        longer = gan.train(images, cache, n_batches + 60_000, seed=seed, start=n_batches)
        models[LONGER] = longer.generator.eval()
    return models


def move_codes(generator, codes, n_steps=50):
    """Return latent codes that went down the prior by SGD, as in the paper."""
    sgd = partial(torch.optim.SGD, lr=0.1)
    return optimize_latent(
        generator, codes, PRIOR_OF_EACH, n_steps=n_steps, optimizer=sgd, verbose=1
    )


# %%
# What is measured
# ----------------
# Components at half height, and the metrics of table 9.


def count_components(images, filtration=EIGHT):
    """Return how many components are brighter than 1/2 in each image."""
    batch = filtration(images.numpy()).flat()
    return np.array([np.sum((d[0][:, 0] > 0.5) & (d[0][:, 1] <= 0.5)) for d in batch])


def print_components(samples):
    """Print loss and components of every set of images."""
    print(f"of {len(samples[REAL])} images each: E(1, 0, 2; PD_0), and components at half height,")
    print("which hang together by eight neighbours, then by six; and pixels above half")
    heads = ("excess over one", "images with one", "of six", "bright")
    print(f"  {'':38}{'loss':>7}" + "".join(f"{head:>18}" for head in heads))
    for name, images in samples.items():
        counts, of_six = (count_components(images, one) for one in (EIGHT, SUPERLEVEL))
        print(
            f"  {name:38}{float(PRIOR(images)):7.3f}{counts.mean() - 1:18.3f}"
            f"{100 * np.mean(counts == 1):16.1f} %{of_six.mean() - 1:18.3f}"
            f"{100 * (images > 0.5).float().mean():16.1f} %"
        )


def compute_metrics(real, fake, classifier, n_of_diagrams):
    """Return the five numbers of a row of table 9."""
    few = real[:n_of_diagrams], fake[:n_of_diagrams]
    return (
        minimum_matching_distance(real, fake),
        coverage(real, fake),
        minimum_matching_distance(*few, "wasserstein", n_jobs=-1),
        coverage(*few, "wasserstein", n_jobs=-1),
        inception_score(classifier.probabilities(fake)),
    )


def compute_table(images, models, classifier):
    """Return {name: (n_computations, 5) metrics} of fresh samples; real digits beside others."""
    n, n_of_diagrams = sizes.pick((100, 30), (1000, 100))
    rows = {name: [] for name in [*models, REAL]}
    rounds = range(sizes.pick(1, 5))
    with tqdm(total=len(rounds) * len(rows), desc="table 9", unit="row") as bar:
        for i in rounds:
            order = torch.randperm(len(images), generator=torch.Generator().manual_seed(i))
            real, others = images[order[:n]], images[order[n : 2 * n]]
            sets = {
                name: gan.generate(one, gan.draw_codes(n, 100 + i)) for name, one in models.items()
            }
            for name, fake in {**sets, REAL: others}.items():
                rows[name].append(compute_metrics(real, fake, classifier, n_of_diagrams))
                bar.update()
    return {name: np.array(row) for name, row in rows.items()}


def keep_table(name, command, head, table):
    """Keep mean and standard deviation of every metric."""
    rows = [
        (key, *(f"{a:.3f} ± {b:.3f}" for a, b in zip(row.mean(0), row.std(0), strict=True)))
        for key, row in table.items()
    ]
    sizes.keep_table(name, command, (head, *METRICS), rows)


def print_table(table, of):
    """Print mean and standard deviation of the rows, and the paper's numbers."""
    n = len(table[REAL])
    print(f"table 9, mean and standard deviation of {n} {of}{'s' * (n != 1)} (the paper's below)")
    print(f"  {'':38}" + "".join(f"{metric:>20}" for metric in METRICS))
    for name, rows in table.items():
        cells = [f"{a:.3f} ± {b:.3f}" for a, b in zip(rows.mean(0), rows.std(0), strict=True)]
        print(f"  {name:38}" + "".join(f"{cell:>20}" for cell in cells))
        if name in PAPER:
            print(f"  {'':38}" + "".join(f"{f'({cell})':>20}" for cell in PAPER[name]))


def print_cost_of_loss(models, images):
    """Print how much of a step of the GAN the topology loss would take."""
    trained = gan.Gan(images, 0)
    trained.live.load_state_dict(models[BASELINE].state_dict())
    fake = gan.generate(models[BASELINE], gan.draw_codes(gan.BATCH, 0)).requires_grad_()
    times = {
        "step": seconds(trained.step),
        "loss": seconds(lambda: PRIOR(fake).backward()),
    }
    print(
        f"a step of the GAN takes {1000 * times['step']:.1f} ms, the topology loss of a batch "
        f"{1000 * times['loss']:.2f} ms: {100 * times['loss'] / times['step']:.1f} %"
    )


def seconds(function, n=20):
    """Return the seconds of the processor that a call takes."""
    function()
    start = time.process_time()
    for _ in range(n):
        function()
    return (time.process_time() - start) / n


# %%
# What is drawn
# -------------
# Digits with the most pieces before the loss, and interpolations of codes.


def choose_worst(images, n):
    """Return the n images with the most components, and the first n of the others."""
    order = np.argsort(-count_components(images), kind="stable")
    return np.concatenate([order[:n], np.sort(order[n:])[:n]])


def plot_figure_7(samples):
    """Draw each set of images, those with most pieces in (a) in the upper half."""
    chosen = choose_worst(samples[BASELINE], 16)
    n_columns = min(5, 4, key=lambda n: -len(samples) % n)  # the fewest empty panels
    n_rows = -(-len(samples) // n_columns)
    size = 4 * n_columns, 2.9 * n_rows
    figure, axes = plt.subplots(n_rows, n_columns, figsize=size, layout="constrained")
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, (name, images) in zip(axes.flat, samples.items(), strict=False):
        excess = count_components(images).mean() - 1
        shown = images[:32] if name == REAL else images[chosen]
        title = f"{name}\nloss {PRIOR(images):.2f}, {100 * excess:.0f} stray pieces in 100 digits"
        ax.set_axis_on()
        gan.draw_images(ax, shown, 8, title)
    figure.suptitle("upper two rows: the codes whose digit has the most pieces in (a)", size=13)
    sizes.save(figure, "figure_7.png", dpi=130)


def plot_figure_8(models, n_pairs, n=12):
    """Draw the interpolations of both generators whose baseline has most pieces on the way."""
    codes = gan.draw_codes(2 * n_pairs, 7).reshape(n_pairs, 2, -1)
    lines = {
        name: torch.stack([interpolate_latent(models[name], *pair, n) for pair in codes])
        for name in (TOPOLOGY, BASELINE)
    }
    counts = {
        name: count_components(line.flatten(0, 1)).reshape(n_pairs, n)
        for name, line in lines.items()
    }
    print(f"interpolations between {n_pairs} pairs of codes, {n} images each:")
    for name, count in counts.items():
        whole = 100 * np.mean((count == 1).all(1))
        print(f"  {name:38}excess {count.mean() - 1:.3f}, one component all the way {whole:.0f} %")
    shown = np.argsort(-counts[BASELINE].sum(1), kind="stable")[:3]
    figure, axes = plt.subplots(3, 1, figsize=(12, 6.3), layout="constrained")
    for ax, pair in zip(axes, shown, strict=True):
        gan.draw_images(ax, torch.cat([line[pair] for line in lines.values()]), n)
        ax.set_yticks([14, 44], ["topology loss", "baseline"], size=13)
        ax.tick_params(length=0)
    sizes.save(figure, "figure_8.png", dpi=130)


def compute_trainings(images, classifier, cache, n_batches):
    """Return {name: (5, 5) metrics} of five trainings, each the mean of its computations."""
    tables = []
    for seed in range(5):
        load = partial(gan.train, images, cache, n_batches, seed=seed)
        baseline = load().generator.eval()
        models = {
            BASELINE: baseline,
            TOPOLOGY: finetune(baseline, PRIOR, 50, rate=RATE_OF_PRIOR, seed=seed),
            ALONE: finetune_with_gan(load(), None, 0.0, seed),
            BOTH: finetune_with_gan(load(), new_discriminator(images, seed), 0.3, seed),
        }
        tables.append(compute_table(images, models, classifier))
    return {name: np.array([table[name].mean(0) for table in tables]) for name in tables[0]}


# %%
# Training
# --------
# The GAN, the generators that went down a loss, and a classifier for the inception score.

torch.set_num_threads(1)  # faster than two threads for batches of this size
start = time.perf_counter()
cache, n_batches = sizes.cache("gan_cache"), sizes.pick(300, 32_000)
images, digits = gan.load_digits(sizes.pick(1000, 5000))
models = train_all(images, cache, n_batches)
classifier, accuracy = gan.train_classifier(images, digits, cache, sizes.pick(2, 40))
print(f"a classifier is right on {100 * accuracy:.1f} % of held-out digits (the paper: 99 %)")

# %%
# Figure 7
# --------
# Components of the digits of the same codes, and what the loss costs.

n = sizes.pick(200, 1000)
codes = gan.draw_codes(n, 1)
moved = gan.generate(models[BASELINE], move_codes(models[BASELINE], codes))
samples = {name: gan.generate(model, codes) for name, model in models.items()}
first = {REAL: images[:n], BASELINE: samples.pop(BASELINE), LATENT: moved}
samples = {**first, **samples}
print_components(samples)
print_cost_of_loss(models, images)
plot_figure_7(samples)

# %%
# Figure 8
# --------
# What lies between two codes.

plot_figure_8(models, sizes.pick(20, 200))

# %%
# Table 9
# -------
# Metrics of fresh samples, beside those of real digits. In quick size the numbers say nothing; the
# table of the full size is below them.

table = compute_table(images, models, classifier)
print_table(table, "computation")
command = "python examples/paper/plot_figure_7.py"
if sizes.is_long():
    command = f"SKLTOPO_EXAMPLES=long {command}"
    trainings = compute_trainings(images, classifier, cache, n_batches)
    print_table(trainings, "training")
    keep_table("table_9_trainings", command, "five trainings", trainings)
keep_table("table_9", command, "five computations", table)
print(f"all of it took {(time.perf_counter() - start) / 60:.1f} minutes")
