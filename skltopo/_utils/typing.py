"""Names for annotations of public functions; nothing here is used when the package runs.

What depends on the kind of the input is `Result`: diagrams of an array are arrays, those of a
tensor are tensors, and a checker can't tell one from the other by the `Diagram` they came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module
    from typing_extensions import Self
else:  # torch is not loaded for its names
    Tensor = Module = Self = Any

__all__ = [
    "Array",
    "ArrayLike",
    "DTypeLike",
    "Dimensions",
    "Essential",
    "FiltrationFunction",
    "Floats",
    "GridComplex",
    "Integers",
    "Module",
    "Names",
    "RandomState",
    "Result",
    "Self",
    "Tensor",
]

# Arrays of numpy, by what is in them. Tensors, frames and nested lists are ArrayLike, too.
Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Names: TypeAlias = NDArray[np.object_]

# An array, or a tensor if the input was one; one diagram or a batch, by the axes of the input.
Result: TypeAlias = Any

# Homology dimensions; None for all that can be computed.
Dimensions: TypeAlias = int | Iterable[int] | None
# What becomes of essential classes.
Essential: TypeAlias = Literal["keep", "drop", "clip"]
# How pixels are joined.
GridComplex: TypeAlias = Literal["freudenthal", "cubical", "cubical_cells"]
# A filtration of this package, or any function from samples to diagrams.
FiltrationFunction: TypeAlias = Callable[..., Any]
RandomState: TypeAlias = int | np.random.RandomState | None
