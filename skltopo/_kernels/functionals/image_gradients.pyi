from collections.abc import Iterable
from typing import Any

from ..._utils.typing import Array, Floats

def image_energy_gradients(
    images: Array,
    terms: Iterable[tuple[Any, ...]],
    totals: Floats,
    gradient: Array | None,
    *,
    superlevel: bool,
    complex: str,
) -> None: ...
