from collections.abc import Iterable

from ..._persistence import Pairs
from ..._utils.typing import Array

class VolumeWorkspace: ...

def volume_pairs(
    volumes: Array, dims: Iterable[int], superlevel: bool, complex: str, keep_zero: bool = False
) -> dict[int, Pairs]: ...
