from ..._utils.typing import Array, Floats, Integers

def critical_set_gradient(
    images: Array,
    dim: int,
    pairs: Integers,
    splits: Integers,
    derivatives: Floats,
    *,
    superlevel: bool,
    complex: str,
    reach: float,
) -> Floats: ...
