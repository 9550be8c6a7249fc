"""Linear models with topological penalties on their weights (section 3.1 of the paper)."""

from __future__ import annotations

import numpy as np
from sklearn.base import MultiOutputMixin
from sklearn.utils import check_random_state

from ._utils.typing import ArrayLike, RandomState, Self
from .fit_context import fit_context
from .linear_base import GivenPenalty, TopologicalRegressor, known_solution
from .losses import SquaredLoss
from .regression_cv import TopologicalRegressionCV
from .solvers.plans import Solver

__all__ = ["TopologicalRegression", "TopologicalRegressionCV"]


class TopologicalRegression(MultiOutputMixin, TopologicalRegressor):
    r"""Least squares with a topological penalty on the weights.

    .. math:: \min_{\beta, \beta_0} \frac{1}{n} \lVert y - X \beta - \beta_0 \rVert_2^2
              + \lambda P(\beta)

    With sample weights w the first term is
    :math:`\sum_i w_i (y_i - x_i \beta - \beta_0)^2 / \sum_i w_i`. The default penalty leaves
    ``n_components`` clusters of weights free and shrinks their widths.

    Parameters
    ----------
    penalty : {"clusters", "maxima", "l1", "l2", "tv", "tv2"}, None or Penalty, default="clusters"
        P. "clusters": all but ``n_components`` - 1 of the gaps between sorted weights, E(1, 0, k +
        1; PD_0) of their weak Alpha filtration. "maxima": all but ``n_components`` local maxima,
        the same energy of their superlevel filtration, with the features on a line or on the grid
        ``coef_shape``. "l1", "l2" (the norm), "tv", "tv2" (the norm): as in figure 4 of the paper.
        Or an object of `skltopo.penalties`. None: least squares, of minimum norm if n < p.
    n_components : int, default=3
        Clusters or maxima that are free. 1 is the paper's Top1, 3 its Top2.
    lam : float, default=0.1
        Weight of the penalty, not negative. 0: least squares, of minimum norm if n < p.
    solver : {"auto", "proximal", "adam"}, default="auto"
        "proximal": exact proximal operators, with continuation. "adam": the paper's, subgradients;
        the only one for penalties without a proximal operator. "auto": the first if
        possible.
    coef_shape : tuple of int, default=None
        Shape of the weights for "maxima", None for a line.
    fit_intercept : bool, default=True
        The intercept is not penalised.
    n_init : int, default=1
        Starts of "proximal". With fewer samples than features many weights may explain the data.
        Starts then have the same predictions, and the result is the mean of the better half of
        their solutions, which lies in the middle of these weights and not at their border. For
        "clusters", each start is the best solution so far plus noise, and the solution with the
        least objective is the result.
    max_iter : int, default=None
        Limit of steps; None is 10000 for "proximal" and 500 for "adam".
    tol : float, default=1e-5
        Bound on the stopping value, see `skltopo.solvers.Solution`.
    warm_start : bool, default=False
        Start from the weights of the last fit and leave out the continuation from easier problems.
    random_state : int, RandomState instance or None, default=None
        For the starts after the first.
    verbose : int, default=0
        1 prints a line for each output.

    Attributes
    ----------
    coef_ : (n_features,) or (n_outputs, n_features) ndarray
        Weights.
    intercept_ : float or (n_outputs,) ndarray
        Intercepts, 0 without ``fit_intercept``.
    labels_ : (n_features,) or (n_outputs, n_features) ndarray
        Cluster of each weight, from 0 at the smallest; only with penalty "clusters".
    n_iter_ : int
        Steps, the largest number over outputs.
    loss_curve_ : ndarray or list of ndarray
        Objective at the start and after each step; during a continuation with its lam and penalty.
    stop_ : float
        Stopping value, the largest over outputs.
    diagram_ : Diagram, list of Diagram or None
        What the penalty measures.
    n_features_in_ : int
        Number of features of X in `fit`.
    feature_names_in_ : (n_features_in_,) ndarray
        Names of the features, if X in `fit` had names that are all strings.

    See Also
    --------
    TopologicalRegressionCV : Chooses lam by cross-validation.
    TopologicalClassifier : The same penalties with the logistic loss.

    Notes
    -----
    Sparse X is refused: centring would fill it. The penalties "clusters" (k > 1) and "maxima" are
    not convex: proximal steps are exact, and the continuation finds very good minima, but no proof
    says that the result is a global one.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 3.1, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import TopologicalRegression
    >>> rng = np.random.default_rng(0)
    >>> coef = rng.choice([1.0, 2.0, 3.0], 100)
    >>> X = rng.normal(size=(80, 100))
    >>> y = X @ coef + 0.05 * rng.normal(size=80)
    >>> model = TopologicalRegression(n_components=3, lam=0.02).fit(X, y)
    >>> bool(np.sum((model.coef_ - coef) ** 2) < 0.01)
    True
    """

    def __init__(
        self,
        penalty: GivenPenalty = "clusters",
        *,
        n_components: int = 3,
        lam: float = 0.1,
        solver: Solver = "auto",
        coef_shape: tuple[int, ...] | None = None,
        fit_intercept: bool = True,
        n_init: int = 1,
        max_iter: int | None = None,
        tol: float = 1e-5,
        warm_start: bool = False,
        random_state: RandomState = None,
        verbose: int = 0,
    ) -> None:
        self.penalty = penalty
        self.n_components = n_components
        self.lam = lam
        self.solver = solver
        self.coef_shape = coef_shape
        self.fit_intercept = fit_intercept
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense; float32 is solved in float64 and gives float32 weights.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Outputs are fitted one by one, each with its own penalty.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self
        """
        X, y, sample_weight = self._as_samples(
            X, y, sample_weight, multi_output=True, y_numeric=True
        )
        penalty = self._make_penalty(X.shape[1])
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        outputs = y.reshape(len(y), -1).astype(np.float64).T
        data = X.astype(np.float64)
        losses = [SquaredLoss(data, y, sample_weight, self.fit_intercept) for y in outputs]
        solutions = [
            self._fit_output(loss, penalty, i, len(losses), rng) for i, loss in enumerate(losses)
        ]
        self._store(solutions, losses, y.ndim == 1, X.dtype)
        return self

    def _fit_output(self, loss, penalty, i, n_outputs, rng):
        if penalty is None or self.lam == 0:
            return known_solution(loss, loss.least_squares())
        previous = getattr(self, "coef_", None) if self.warm_start else None
        if previous is None:
            return self._solve(loss, penalty, loss.start(), lam=self.lam, rng=rng)
        if previous.size != loss.n_coef * n_outputs:
            raise ValueError(
                f"warm_start needs the features and outputs of the last fit, {previous.shape}, got "
                f"{loss.n_coef} features and {n_outputs} outputs"
            )
        start = np.asarray(previous, dtype=np.float64).reshape(-1, loss.n_coef)[i]
        return self._solve(loss, penalty, start, lam=self.lam, rng=rng, continuation=False)
