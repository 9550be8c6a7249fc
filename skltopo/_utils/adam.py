"""Adam in numpy, where gradients need no torch."""

from typing import Any

import numpy as np

__all__ = ["Adam"]


class Adam:
    """Adam (Kingma and Ba, 2015), to the last digits torch.optim.Adam.

    Parameters
    ----------
    learning_rate : float
    betas : tuple of two float, default=(0.9, 0.999)
        Decay of the means of gradients and of their squares.
    eps : float, default=1e-8

    Attributes
    ----------
    n_steps : int
    """

    def __init__(self, learning_rate, betas=(0.9, 0.999), eps=1e-8):
        self.learning_rate = learning_rate
        self.betas = betas
        self.eps = eps
        self.n_steps = 0
        self.mean: Any = 0.0
        self.square: Any = 0.0

    def step(self, gradient):
        """Return the moves of a step."""
        self.n_steps += 1
        first, second = self.betas
        self.mean = first * self.mean + (1 - first) * gradient
        self.square = second * self.square + (1 - second) * np.square(gradient)
        root = np.sqrt(self.square)
        root /= np.sqrt(1 - second**self.n_steps)
        root += self.eps
        return self.mean * (-self.learning_rate / (1 - first**self.n_steps)) / root

    def keep(self, rows):
        """Go on with these rows only: gradients have no others from now on."""
        if self.n_steps:
            self.mean, self.square = self.mean[rows], self.square[rows]
