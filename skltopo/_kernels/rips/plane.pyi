from ..._persistence import Pairs
from ..._utils.typing import Floats

class FaceWorkspace: ...

def planar_rips_pairs(
    points: Floats, budget: float = 0, most_rows: int = 8192
) -> dict[int, Pairs] | None: ...
