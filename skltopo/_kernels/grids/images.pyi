from collections.abc import Iterable

from ..._persistence import Pairs
from ..._utils.typing import Array

HEXAGON: tuple[tuple[int, int], ...]
OCTAGON: tuple[tuple[int, int], ...]
CROSS: tuple[tuple[int, int], ...]
CONNECTIVITY: dict[int, tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]]
COMPLEXES: dict[str, tuple[int, int]]

class Workspace: ...

def image_pairs(
    images: Array, dims: Iterable[int], superlevel: bool, complex: str, keep_zero: bool = False
) -> dict[int, Pairs]: ...
