from ..._persistence import Pairs
from ..._utils.typing import Floats, Integers
from .triangulation2 import Triangulation

class PlanarWorkspace: ...

def planar_alpha_pairs(
    points: Floats,
    splits: Integers,
    alpha: bool,
    holes: bool = True,
    keep_zero: bool = False,
    previous: Triangulation | None = None,
) -> dict[int, Pairs]: ...
