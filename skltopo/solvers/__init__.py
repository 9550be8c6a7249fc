"""Solvers: minimise loss(w) + lam * penalty(coefficients).

"proximal" is an accelerated, monotone proximal gradient method with continuation. What it needs to
know of a penalty is in a `Plan`. "adam" is the paper's solver: subgradients, from the least squares
solution. Those of our penalties on a line are compiled, and torch finds the others. "auto" takes
"proximal" where the penalty has a proximal operator.
"""

from ..losses import LogisticLoss, SquaredLoss
from .descents import proximal
from .paths import solve_path
from .plans import Plan, choose_solver, plan_of
from .solutions import Solution
from .subgradients import adam

__all__ = [
    "LogisticLoss",
    "Plan",
    "Solution",
    "SquaredLoss",
    "adam",
    "choose_solver",
    "plan_of",
    "proximal",
    "solve_path",
]
