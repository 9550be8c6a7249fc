"""Attack libraries take the module of a fitted Pipeline as it is."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skltopo import PersistenceFeatures, nn

EPS = 0.3


def load(name):
    """Return a peer, or skip; foolbox imports names of scipy that are deprecated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return pytest.importorskip(name)


@pytest.fixture(scope="module")
def attacked():
    """Return (module, float32 images with a channel, what it predicts for them)."""
    rng = np.random.default_rng(0)
    images, labels = rng.random((30, 6, 6)), np.arange(30) % 3
    images[labels == 1, 1:5, 1:5] *= 0.3
    images[labels == 2, ::2] *= 0.3
    model = make_pipeline(
        PersistenceFeatures(max_p=1, max_q=1), StandardScaler(), LogisticRegression(max_iter=1000)
    )
    module = nn.to_torch(model.fit(images, labels), output="logits")
    X = torch.tensor(images[:, None], dtype=torch.float32)
    predicted = module(X).argmax(dim=1)
    assert (predicted.numpy() == labels).mean() > 0.8
    return module, X, predicted


def check(attacked, found):
    """Look whether an attack has changed predictions within its budget."""
    module, X, predicted = attacked
    found = torch.as_tensor(found)
    assert found.shape == X.shape
    assert (found - X).abs().max() <= EPS + 1e-6
    assert found.min() >= 0
    assert found.max() <= 1
    changed = module(found).argmax(dim=1) != predicted
    assert changed.double().mean() > 0.5
    return changed


def test_torchattacks(attacked):
    module, X, predicted = attacked
    attack = load("torchattacks").PGD(module, eps=EPS, alpha=0.05, steps=10)
    check(attacked, attack(X, predicted))


def test_foolbox(attacked):
    foolbox = load("foolbox")
    module, X, predicted = attacked
    model = foolbox.PyTorchModel(module, bounds=(0, 1))
    attack = foolbox.attacks.LinfPGD(steps=10)
    _, found, success = attack(model, X, predicted, epsilons=EPS)
    assert torch.equal(check(attacked, found), success)


def test_adversarial_robustness_toolbox(attacked):
    evasion = load("art.attacks.evasion")
    classification = load("art.estimators.classification")
    module, X, predicted = attacked
    classifier = classification.PyTorchClassifier(
        module, torch.nn.CrossEntropyLoss(), X.shape[1:], 3, clip_values=(0, 1)
    )
    scores = classifier.predict(X.numpy())
    np.testing.assert_array_equal(scores.argmax(axis=1), predicted)
    attack = evasion.ProjectedGradientDescent(
        classifier, eps=EPS, eps_step=0.05, max_iter=10, verbose=False
    )
    check(attacked, attack.generate(X.numpy(), predicted.numpy()))
