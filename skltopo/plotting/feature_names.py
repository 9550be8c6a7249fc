"""Names of the features of fitted models, and how an axis shows them."""

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

__all__ = ["as_names", "model_and_names", "name_features"]

MOST_NAMES = 30  # on an axis; of more some are shown, and others when the picture is zoomed


def model_and_names(estimator):
    """Return the linear model at the end of a fitted Pipeline or search, and names or None.

    Raises TypeError where the model has no weights.
    """
    check_is_fitted(estimator)
    estimator = getattr(estimator, "best_estimator_", estimator)
    steps = list(estimator) if isinstance(estimator, Pipeline) else [estimator]
    model = steps[-1]
    if not hasattr(model, "coef_"):
        raise TypeError(
            f"estimator must be a linear model or a Pipeline that ends in one, got "
            f"{type(model).__name__}, which has no coef_"
        )
    names = getattr(model, "feature_names_in_", None)
    if names is None and len(steps) > 1:
        names = _names_before(steps[:-1])
    return model, names


def _names_before(steps):
    """Return the names that steps give one after the other, None where the last one gives none."""
    names = None
    for step in steps:
        if step not in (None, "passthrough"):
            has_names = hasattr(step, "get_feature_names_out")
            names = step.get_feature_names_out(names) if has_names else None
    return names


def as_names(names, n):
    """Return names as a list of n str, None for None, or raise."""
    if names is None:
        return None
    if isinstance(names, str) or not hasattr(names, "__len__"):
        raise TypeError(f"feature_names must be a list of str, got {names!r}")
    if len(names) != n:
        raise ValueError(
            f"feature_names must have {n} names, one for each weight, got {len(names)}"
        )
    return [str(name) for name in names]


def name_features(ax, names):
    """Write names below an axis whose positions 0, 1, and so on they are."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

    def name_at(position, _):
        at = round(position)
        return names[at] if abs(position - at) < 1e-6 and 0 <= at < len(names) else ""

    is_few = len(names) <= MOST_NAMES
    places = FixedLocator(range(len(names))) if is_few else MaxNLocator(20, integer=True)
    ax.xaxis.set_major_locator(places)
    ax.xaxis.set_major_formatter(FuncFormatter(name_at))
    ax.set_xlim(-0.6, len(names) - 0.4)
    is_long = sum(len(name) + 1 for name in names) > 55
    ax.tick_params(axis="x", labelrotation=90 if is_long else 0, labelsize=8)
