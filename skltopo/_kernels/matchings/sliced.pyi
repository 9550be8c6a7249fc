from ..._utils.typing import Floats, Integers

def sliced_distances_from(
    points: Floats,
    diagonal: Floats,
    all_points: Floats,
    all_diagonal: Floats,
    splits: Integers,
    out: Floats,
) -> None: ...
