from collections.abc import Iterable
from typing import Any

from ..._persistence import Pairs

MAX_VERTICES: int

def rips_pairs(
    samples: Iterable[tuple[Any, ...]], top: int, keep_zero: bool
) -> dict[int, Pairs]: ...
