"""What scikit-learn's estimators do around ``fit``, with a type that checkers can follow.

scikit-learn has no types: to a checker, what its decorator returns is anything, and so would be
each fitted estimator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["fit_context"]

if TYPE_CHECKING:
    Method = TypeVar("Method", bound=Callable[..., Any])

    def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]:
        """Check parameters before a method."""
else:
    from sklearn.base import _fit_context as fit_context
