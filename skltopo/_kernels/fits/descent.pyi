from typing import Any

from ..._utils.typing import Floats
from .operators import Prox

class Loss:
    @property
    def affine(self) -> bool: ...
    @property
    def size(self) -> int: ...

class GramLoss(Loss):
    def __init__(self, gram: Floats, q: Floats, c: float) -> None: ...

class PythonLoss(Loss):
    def __init__(self, loss: Any, affine: bool) -> None: ...

def descend(
    loss: Loss,
    prox: Prox,
    w: Floats,
    curve: Floats,
    *,
    lam: float,
    lipschitz: float,
    n_blocks: int,
    block: int,
    max_iter: int,
    tol: float,
    slack: float,
) -> tuple[int, float, float]: ...
def largest_curvature(loss: Loss, n: int, n_iter: int = 12) -> float: ...
