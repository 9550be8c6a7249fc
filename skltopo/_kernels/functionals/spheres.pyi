import numpy as np
from numpy.typing import NDArray

from ..._utils.typing import Floats, Integers

def find_spheres(
    points: Floats, simplices: Integers
) -> tuple[Floats, Floats, NDArray[np.bool_]]: ...
def add_radius_gradient(
    points: Floats,
    simplices: Integers,
    radii: Floats,
    weights: Floats,
    outer: Floats,
    gradient: Floats,
) -> None: ...
