"""Names of the columns that an estimator has seen, as scikit-learn checks them."""

import numpy as np

__all__ = ["check_input_features"]


def check_input_features(estimator, input_features):
    """Raise ValueError if input_features are not the columns seen in fit.

    Parameters
    ----------
    estimator : estimator
        With n_features_in_, and feature_names_in_ if columns had names.
    input_features : array-like of str
        What `get_feature_names_out` was given.
    """
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None and not np.array_equal(names, input_features):
        raise ValueError("input_features is not equal to feature_names_in_")
    if len(input_features) != estimator.n_features_in_:
        raise ValueError(
            f"input_features should have length equal to number of features "
            f"({estimator.n_features_in_}), got {len(input_features)}"
        )
