from collections.abc import Iterable

from ..._persistence import Pairs
from ..._utils.typing import Floats

def delaunay_pairs_in_space(
    points: Floats, dims: Iterable[int], alpha: bool, keep_zero: bool = False
) -> dict[int, Pairs] | None: ...
