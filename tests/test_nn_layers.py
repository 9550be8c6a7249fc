"""Layers: filtrations as torch modules."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skltopo import Energy, PersistenceFeatures, nn
from skltopo.filtrations import Alpha, LevelSet, VietorisRips, WeakAlpha
from skltopo.nn import uncompiled

CLOUD_LAYERS = {
    nn.RipsLayer: VietorisRips,
    nn.WeakAlphaLayer: WeakAlpha,
    nn.AlphaLayer: Alpha,
}
PTR = torch.tensor([0, 4, 9])


def points(n=9, d=2):
    return torch.rand(n, d, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(("layer", "filtration"), CLOUD_LAYERS.items())
def test_layers_are_their_filtrations(layer, filtration):
    assert layer().filtration.get_params() == filtration().get_params()
    assert layer()(points()) == filtration()(points())
    assert layer()(points()[None]) == filtration()(points()[None])


def test_level_set_layer_has_images_and_channels():
    images = torch.rand(2, 3, 5, 6)
    assert nn.LevelSetLayer().filtration.get_params() == LevelSet(2).get_params()
    assert nn.LevelSetLayer(superlevel=True)(images).shape == (2, 3)
    assert nn.LevelSetLayer()(images[0, 0]) == LevelSet(2)(images[0, 0])


@pytest.mark.parametrize("layer", CLOUD_LAYERS)
def test_ptr_is_a_list_of_clouds(layer):
    cloud = points()
    expected = layer()([cloud[:4], cloud[4:]])
    for ptr in (PTR, PTR.int(), PTR.byte(), PTR.numpy().astype(np.uint64), PTR.tolist()):
        assert layer()(cloud, ptr) == expected


def test_ptr_passes_gradients():
    cloud = points().requires_grad_()
    diagrams = nn.RipsLayer()(cloud, PTR)
    Energy(dim=0)(diagrams).sum().backward()
    assert (cloud.grad != 0).any(dim=1).all()


@pytest.mark.parametrize(
    ("ptr", "error", "sentence"),
    [
        ([0, 4], ValueError, "rise from 0 to the number of points, 9, got"),
        ([1, 9], ValueError, "rise from 0"),
        ([0, 4, 4, 9], ValueError, "must not be empty"),
        (np.array([0, 6, 4, 9], np.uint64), ValueError, r"got \[0, 6, 4, 9\]; a cloud"),
        (torch.tensor([0, 6, 4, 9], dtype=torch.uint8), ValueError, r"got \[0, 6, 4, 9\]; a cloud"),
        ([0, 0, 0, 1, 1, 1, 1, 2, 2], ValueError, "which graph libraries call batch, is no ptr"),
        ([0] * 5000, ValueError, r"\[0, 0, .* 0, ...\] of shape \(5000,\); a cloud"),
        ([0], ValueError, "rise from 0"),
        ([[0, 9]], ValueError, "rise from 0"),
        ([0.0, 9.0], TypeError, "ptr must be integers"),
    ],
)
def test_wrong_ptr(ptr, error, sentence):
    with pytest.raises(error, match=sentence):
        nn.RipsLayer()(points(), ptr)


def test_ptr_needs_rows_of_one_tensor():
    with pytest.raises(ValueError, match=r"shape \(n_total, d\)"):
        nn.RipsLayer()(points()[None], PTR)
    with pytest.raises(TypeError, match=r"must be a torch\.Tensor where ptr is given, got list"):
        nn.RipsLayer()([points()], PTR)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_dtypes(dtype):
    assert nn.LevelSetLayer()(torch.rand(4, 4).to(dtype))[0].dtype == dtype
    assert nn.WeakAlphaLayer()(points().to(dtype))[0].dtype == dtype


@pytest.mark.parametrize("layer", [nn.LevelSetLayer(1), *(layer() for layer in CLOUD_LAYERS)])
def test_layers_are_copied_and_saved(layer):
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    others = (
        pickle.loads(pickle.dumps(layer)),
        copy.deepcopy(layer),
        torch.load(file, weights_only=False),
    )
    for other in others:
        assert other(points()) == layer(points())
    assert layer.state_dict() == {}


def test_representation_shows_parameters():
    assert "superlevel=True" in repr(nn.LevelSetLayer(superlevel=True))
    assert "max_edge=2.0" in repr(nn.RipsLayer(max_edge=2.0))
    features = PersistenceFeatures(n_directions=3, max_p=2).fit(np.eye(4)[None]).to_torch()
    shown = repr(features)
    assert "weights of shape (" in shown
    for part in (", 4, 4)", "superlevel=", "max_p=2", "i0=1", "essential=", "min_length="):
        assert part in shown
    scaled = nn.to_torch(StandardScaler().fit([[0.0], [2.0]]))
    assert "center of shape (1,), scale of shape (1,), inverse=False" in repr(scaled)
    assert "low=0.0, high=1.0" in repr(nn.to_torch(MinMaxScaler(clip=True).fit([[0.0], [2.0]])))
    assert "dimension=2, delay=3" in repr(nn.DelayClouds(2, 3))


class Lines(torch.utils.data.Dataset):
    """Diagrams of lines, computed in the workers of a DataLoader."""

    def __init__(self):
        self.layer = nn.LevelSetLayer(1)

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return len(self.layer(torch.tensor([0.0, i, 0.5]))[0])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a fork beside threads
def test_layers_work_in_data_loaders():
    found = torch.cat(list(torch.utils.data.DataLoader(Lines(), batch_size=2, num_workers=1)))
    np.testing.assert_array_equal(found, [1, 2, 2, 2])


def test_compiled_layers_are_left_out_of_the_graph():
    layer = nn.LevelSetLayer()
    image = torch.rand(5, 5)
    torch._dynamo.reset()
    assert torch.compile(layer, backend="eager")(image) == layer(image)
    torch._dynamo.reset()  # what is compiled already is taken with fullgraph=True, too
    # Older versions of torch take no reason, and name the function.
    said = r"nn\.EnergyLoss" if uncompiled._with_reason else "call_uncompiled"
    with pytest.raises(torch._dynamo.exc.Unsupported, match=said):
        torch.compile(layer, backend="eager", fullgraph=True)(image)


def test_transforms_refuse_layers():
    layer = nn.LevelSetLayer()
    with pytest.raises(TypeError, match=r"torch.vmap and other transforms can't have it.*Energy"):
        torch.vmap(layer)(torch.rand(2, 5, 5))
    with pytest.raises(TypeError, match=r"LevelSetLayer returns diagrams"):
        torch.func.grad(lambda image: Energy()(layer(image)))(torch.rand(5, 5))
