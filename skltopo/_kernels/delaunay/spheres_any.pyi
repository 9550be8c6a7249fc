import numpy as np
from numpy.typing import NDArray

from ..._utils.typing import Floats, Integers

class Spheres:
    def __init__(self, points: Floats) -> None: ...
    def measure(self, simplices: Integers) -> tuple[Floats, Floats, NDArray[np.bool_]]: ...
    def order(
        self, simplices: list[Integers], radii: Floats, errors: Floats, late: NDArray[np.bool_]
    ) -> tuple[Integers, Floats]: ...
