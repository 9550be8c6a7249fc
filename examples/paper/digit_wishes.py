"""Wishes for so many rings in a digit: their loss, and how one sees whether they are honoured.

What is asked for is one component and so many holes of the superlevel sets of a digit at half
height. A hole counts from a length of 0.3 and 4 pixels on: a single dark pixel in a thick stroke is
none.
"""

import digit_gan as gan
import numpy as np
import torch
from scipy.ndimage import generate_binary_structure, label

from skltopo.filtrations import LevelSet
from skltopo.generative import optimize_latent
from skltopo.nn import BettiPriorLoss

HALF, MIN_LENGTH, MIN_PIXELS = 0.5, 0.3, 4
NAMES = {0: "no hole", 1: "one hole", 2: "two holes"}
STEPS_OF_A_ROUND = 50
WEIGHT = 3.0  # of the wish beside the loss of a GAN
# Which neighbours in (n, 1, height, width) hang together: the four of a pixel in its image.
IN_AN_IMAGE = np.zeros((3, 3, 3, 3), dtype=bool)
IN_AN_IMAGE[1, 1] = generate_binary_structure(2, 1)
# All eight neighbours of a bright pixel hang together with it, and four of a dark one.
EIGHT = LevelSet(ndim=2, superlevel=True, homology_dimensions=(0, 1), complex="cubical_cells")


class Wish(torch.nn.Module):
    """The loss of logits (n, 1, height, width) that ask for one component and so many holes.

    The level is zero, a probability of 1/2. In the pixels themselves there is to be one component
    and so many holes. So that these are no pinholes, so many are to be left where each pixel is as
    bright as the brightest of 2 x 2, and where holes of less than 4 pixels are filled: the first
    makes small holes grow, the second does not take a gap that is nearly closed for a hole.
    """

    def __init__(self, n_holes, margin=1.0):
        super().__init__()
        self.n_holes, self.margin = n_holes, margin
        options = {"level": 0.0, "margin": margin, "reduction": "none"}
        self.of_pixels = BettiPriorLoss({0: 1, 1: n_holes}, EIGHT, **options)
        self.of_large = BettiPriorLoss({1: n_holes}, EIGHT, **options)

    def forward(self, logits):
        """Return one loss for each image; it is zero where the wish is honoured by the margin."""
        widened = torch.nn.functional.max_pool2d(logits, 2, 1)
        filled = torch.where(pinholes(logits), self.margin, logits)
        loss = self.of_pixels(logits) + self.of_large(widened) + self.of_large(filled)
        return loss[:, 0]


def pinholes(logits):
    """Return True at the pixels of dark regions of less than 4 pixels."""
    dark = (logits.detach() <= 0).numpy()
    regions = label(dark, IN_AN_IMAGE)[0]
    small = np.bincount(regions.ravel()) < MIN_PIXELS
    return torch.from_numpy(dark & small[regions])


def without_sigmoid(generator):
    """Return the part of a generator whose samples are logits; it has the same weights."""
    return torch.nn.Sequential(*list(generator)[:-1])


def count(images):
    """Return three arrays of counts at half height: components, holes, and holes that count.

    Parameters
    ----------
    images : (n, 1, height, width) torch.Tensor in [0, 1]
    """
    batch = EIGHT(images.numpy()).flat()
    counts = [_count(*pair) for pair in zip(batch, images[:, 0].numpy(), strict=True)]
    return np.array(counts).reshape(-1, 3).T


def _count(diagram, image):
    """Return the three counts of one image."""
    at_half = [(d[:, 0] > HALF) & (d[:, 1] <= HALF) for d in (diagram[0], diagram[1])]
    n_components, n_holes = (int(np.sum(rows)) for rows in at_half)
    regions = label(image <= HALF)[0]
    n_pixels = np.bincount(regions.ravel())
    births, deaths = diagram[1][at_half[1]].T
    darkest = diagram.pairs[1][at_half[1], 1]  # the pixel that a hole ends in
    large = n_pixels[regions.ravel()[darkest]] >= MIN_PIXELS
    return n_components, n_holes, int(np.sum(large & (births - deaths >= MIN_LENGTH)))


def honours(images, n_holes):
    """Tell of which images the wish for one component and so many holes that count is honoured."""
    components, _, holes = count(images)
    return (components == 1) & (holes == n_holes)


def move_codes(generator, codes, n_holes, n_rounds=10):
    """Return latent codes whose digits have so many holes: near the given ones, of their norm.

    Codes go down the loss in rounds of 50 steps; only those that have not got there go on.
    """
    logits, wish, codes = without_sigmoid(generator), Wish(n_holes), codes.clone()
    for _ in range(n_rounds):
        left = wish(gan.generate(logits, codes)) > 0
        if not left.any():
            break
        codes[left] = optimize_latent(
            logits, codes[left], wish, n_steps=STEPS_OF_A_ROUND, keep_norm=True, target=0.0
        )
    return codes


def deceive(generator, discriminator, codes, n_holes, n_steps):
    """Return latent codes that went down the wish and the loss of a GAN; they keep their norm.

    The discriminator is that of the GAN. Without it codes that move may leave what seems real.
    """
    wish, discriminator = Wish(n_holes), discriminator.eval()

    def loss(logits):
        seems_real = discriminator(logits.sigmoid())[:, 0]
        return WEIGHT * wish(logits) + torch.nn.functional.softplus(-seems_real)

    return optimize_latent(
        without_sigmoid(generator), codes, loss, n_steps=n_steps, learning_rate=0.05, keep_norm=True
    )
