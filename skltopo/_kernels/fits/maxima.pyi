import numpy as np
from numpy.typing import NDArray

from ..._utils.typing import Floats

def prox_maxima(values: Floats, step: Floats, k: int, out: Floats) -> None: ...
def maxima_pattern(values: Floats, k: int, cost: Floats, rising: NDArray[np.int8]) -> None: ...
