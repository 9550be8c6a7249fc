from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._persistence import Pairs
from ..._utils.typing import Array, Integers

EXTERIOR: int

def image_block(
    block: Array,
    keys: dict[int, Integers],
    superlevel: bool,
    complex: str,
    sides: Any,
    first: int = 0,
    keep_zero: bool = False,
) -> dict[int, tuple[Pairs, Integers, int | None]]: ...
def volume_block(
    block: Array,
    keys: dict[int, Integers],
    superlevel: bool,
    complex: str,
    sides: Any,
    first: int = 0,
    keep_zero: bool = False,
) -> dict[int, tuple[Pairs, Integers, int | None]]: ...
def join_records(records: Integers, is_key: NDArray[np.uint8]) -> tuple[Integers, Integers]: ...
