from ..._utils.typing import Array, Floats

def image_energies(
    images: Array,
    weights: Array,
    out: Floats,
    *,
    plain: bool,
    homology_dimensions: tuple[int, ...],
    superlevel: bool,
    complex: str,
    min_p: int,
    max_p: int,
    max_q: int,
    i0: int,
    min_length: float,
    clip: bool,
) -> None: ...
