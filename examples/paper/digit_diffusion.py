"""A small diffusion model of digits, for the example of topology on demand.

Digits in [-1, 1] are mixed with noise, x_t = cos(a) x + sin(a) noise with a from 0 to pi / 2, and a
network of two resolutions learns cos(a) noise - sin(a) x ("v"; Salimans and Ho, 2022), from which
both parts follow. Its width is chosen so that the training takes about four minutes of one core.
"""

import copy
from math import pi

import torch
from tqdm import tqdm

BATCH = 64
RATE = 2e-3
AVERAGED = 0.998  # the share that the mean of the weights keeps in each step
STEPS_BETWEEN_CHECKPOINTS = 500
N_FREQUENCIES = 8


class Block(torch.nn.Module):
    """Two convolutions beside an identity, shifted and scaled by the time."""

    def __init__(self, n_in, n_out, n_time):
        super().__init__()
        self.first = torch.nn.Conv2d(n_in, n_out, 3, padding=1)
        self.second = torch.nn.Conv2d(n_out, n_out, 3, padding=1)
        self.norms = torch.nn.ModuleList(torch.nn.GroupNorm(8, n) for n in (n_in, n_out))
        self.of_time = torch.nn.Linear(n_time, 2 * n_out)
        self.skip = torch.nn.Conv2d(n_in, n_out, 1) if n_in != n_out else torch.nn.Identity()
        torch.nn.init.zeros_(self.second.weight)

    def forward(self, x, time):
        """Return features of the same height and width."""
        scale, shift = self.of_time(time)[:, :, None, None].chunk(2, 1)
        hidden = self.first(torch.nn.functional.silu(self.norms[0](x)))
        hidden = self.norms[1](hidden) * (1 + scale) + shift
        return self.skip(x) + self.second(torch.nn.functional.silu(hidden))


class Denoiser(torch.nn.Module):
    """Noisy images (n, 1, 28, 28) and their angles (n,) to "v", of the shape of the images."""

    def __init__(self, width=16):
        super().__init__()
        self.of_time = torch.nn.Sequential(
            torch.nn.Linear(2 * N_FREQUENCIES, 64), torch.nn.SiLU(), torch.nn.Linear(64, 64)
        )
        self.fold, self.unfold = torch.nn.PixelUnshuffle(2), torch.nn.PixelShuffle(2)
        self.enter = torch.nn.Conv2d(4, width, 3, padding=1)
        self.down = Block(width, width, 64)
        self.halve = torch.nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.middle = torch.nn.ModuleList(Block(2 * width, 2 * width, 64) for _ in range(3))
        self.widen = torch.nn.ConvTranspose2d(2 * width, width, 4, 2, 1)
        self.up = Block(2 * width, width, 64)
        self.leave = torch.nn.Conv2d(width, 4, 3, padding=1)
        self.to(memory_format=torch.channels_last)

    def forward(self, noisy, angles):
        """Return the prediction of "v"."""
        waves = angles[:, None] * 2.0 ** torch.arange(N_FREQUENCIES)
        time = torch.nn.functional.silu(self.of_time(torch.cat([waves.sin(), waves.cos()], 1)))
        fine = self.down(self.enter(self.fold(noisy)), time)
        coarse = self.halve(fine)
        for block in self.middle:
            coarse = block(coarse, time)
        fine = self.up(torch.cat([fine, self.widen(coarse)], 1), time)
        return self.unfold(self.leave(fine))

    def split(self, noisy, angle):
        """Return the clean images and the noise that noisy images of one angle are made of."""
        v = self(noisy, angle.expand(len(noisy)))
        cos, sin = torch.cos(angle), torch.sin(angle)
        return cos * noisy - sin * v, sin * noisy + cos * v


def loss_of(model, images, random):
    """Return the squared error of "v" at random times, of images in [-1, 1]."""
    angles = torch.rand(len(images), generator=random) * (pi / 2)
    noise = torch.randn(images.shape, generator=random)
    cos, sin = (f(angles)[:, None, None, None] for f in (torch.cos, torch.sin))
    predicted = model(cos * images + sin * noise, angles)
    return (predicted - (cos * noise - sin * images)).square().mean()


def train(images, cache, n_steps, seed=0):
    """Return a denoiser, the mean of its weights over the last steps.

    Every 500 steps a checkpoint goes to the folder cache; a training that was interrupted goes on
    from it, and gives what it would have given.

    Parameters
    ----------
    images : (n, 1, 28, 28) torch.Tensor in [0, 1]
    cache : Path
    n_steps : int
    seed : int, default=0
    """
    torch.manual_seed(seed)
    model, random = Denoiser(), torch.Generator().manual_seed(seed)
    mean = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=n_steps)
    parts, first = (model, mean, optimizer, schedule), 0
    path = cache / f"diffusion_{seed}_{n_steps}.pt"
    if path.exists():
        first, state, *states = torch.load(path, weights_only=True)
        random.set_state(state)
        for part, own in zip(parts, states, strict=True):
            part.load_state_dict(own)
    scaled = 2 * images - 1
    for step in tqdm(range(first + 1, n_steps + 1), desc="diffusion", unit="batch"):
        chosen = torch.randint(len(images), (BATCH,), generator=random)
        optimizer.zero_grad()
        loss_of(model, scaled[chosen], random).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        for weight, new in zip(mean.parameters(), model.parameters(), strict=True):
            weight.data.lerp_(new.data, 1 - AVERAGED)
        if step % STEPS_BETWEEN_CHECKPOINTS == 0 or step == n_steps:
            states = [part.state_dict() for part in parts]
            unfinished = path.with_suffix(".part")
            torch.save([step, random.get_state(), *states], unfinished)
            unfinished.replace(path)
    return mean.requires_grad_(False)
