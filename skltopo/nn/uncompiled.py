"""Calls that torch.compile leaves alone; imported when it meets one, since that loads it whole."""

import inspect

import torch

__all__ = ["call_uncompiled"]

REASON = (
    "a layer returns diagrams, which have as many points as the values give them, so "
    "fullgraph=True can't have it; it has functions of diagrams whose output has a fixed shape: "
    "nn.EnergyLoss, nn.BettiPriorLoss, nn.LevelSetEnergies"
)
_with_reason = "reason" in inspect.signature(torch.compiler.disable).parameters


@torch.compiler.disable(**({"reason": REASON} if _with_reason else {}))
def call_uncompiled(function, *args):
    """Return function(*args), outside of the graph."""
    return function(*args)
