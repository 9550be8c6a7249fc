from ..._utils.typing import Floats, Integers

def matched_pairs(
    first: Floats, second: Floats, p: float, euclidean: bool, bottleneck: bool = False
) -> Integers: ...
def distances_from(
    first: Floats,
    points: Floats,
    splits: Integers,
    p: float,
    euclidean: bool,
    bottleneck: bool,
    out: Floats,
) -> None: ...
