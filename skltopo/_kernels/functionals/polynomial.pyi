from ..._utils.typing import Floats, Integers

def polynomial_energy(
    points: Floats,
    splits: Integers,
    essential_splits: Integers,
    p: float,
    q: float,
    i0: int,
    out: Floats,
    derivative: Floats,
) -> None: ...
