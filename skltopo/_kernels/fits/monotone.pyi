import numpy as np
from numpy.typing import NDArray

from ..._utils.typing import Floats, Integers

def flood(
    first: Floats, second: Floats, steps: Integers, roots: Integers, outside: NDArray[np.uint8]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]: ...
def fall_along(values: Floats, parent: NDArray[np.int32]) -> Floats: ...
def lower_along(values: Floats, parent: NDArray[np.int32]) -> Floats: ...
