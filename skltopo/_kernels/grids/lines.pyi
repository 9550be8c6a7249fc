from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._persistence import Pairs
from ..._utils.typing import Array

def line_pairs(lines: Array, superlevel: bool, keep_zero: bool = False) -> dict[int, Pairs]: ...
def line_block(
    line: Array, begin: int, end: int, superlevel: bool, keep_zero: bool
) -> tuple[Pairs, NDArray[np.int32]]: ...
def join_blocks(
    line: Array, remains: NDArray[np.int32], superlevel: bool, keep_zero: bool
) -> Pairs: ...
def long_line_pairs(
    line: Array,
    superlevel: bool,
    keep_zero: bool,
    run: Callable[[list[Any]], list[Any]],
    n_blocks: int,
) -> dict[int, Pairs]: ...
