from ..._persistence import Pairs
from ..._utils.typing import Array

def dense_tree_pairs(matrices: Array, limit: float, keep_zero: bool) -> dict[int, Pairs]: ...
