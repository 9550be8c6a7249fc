from collections.abc import Callable

from ..._utils.typing import Floats

class Slope:
    def value_and_gradient(self, w: Floats) -> tuple[float, Floats]: ...

class PythonSlope(Slope):
    def __init__(self, function: Callable[[Floats], tuple[float, Floats]]) -> None: ...

class L1Slope(Slope): ...
class TVSlope(Slope): ...
class L2Slope(Slope): ...
class TV2Slope(Slope): ...

class ClustersSlope(Slope):
    def __init__(self, k: int) -> None: ...

class MaximaSlope(Slope):
    def __init__(self, k: int) -> None: ...

def descend_by_adam(
    evaluate: Callable[[Floats], tuple[float, Floats]],
    penalty: Slope,
    w: Floats,
    curve: Floats,
    *,
    lam: float,
    learning_rate: float,
    eps: float,
    n_blocks: int,
    block: int,
) -> tuple[Floats, int]: ...
