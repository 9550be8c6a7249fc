"""Examples run in small and write the pictures that they promise."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter, label

EXAMPLES = Path(__file__).parents[1] / "examples"


def run_example(name, output):
    variables = {"SKLTOPO_EXAMPLES": "quick", "SKLTOPO_OUTPUT": str(output)}
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONWARNINGS": "error", **variables}
    command = [sys.executable, str(EXAMPLES / name)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True)


@pytest.fixture
def sizes(monkeypatch):
    """Return the helper of the examples, in quick size and without a folder for pictures."""
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.setenv("SKLTOPO_EXAMPLES", "quick")
    monkeypatch.delenv("SKLTOPO_OUTPUT", raising=False)
    return importlib.import_module("sizes")


def test_sizes_come_from_the_environment(sizes, monkeypatch):
    assert (sizes.size(), sizes.pick(1, 2), sizes.is_long()) == ("quick", 1, False)
    monkeypatch.delenv("SKLTOPO_EXAMPLES")
    assert (sizes.size(), sizes.pick(1, 2)) == ("full", 2)
    monkeypatch.setenv("SKLTOPO_EXAMPLES", "long")
    assert (sizes.pick(1, 2), sizes.is_long()) == (2, True)
    monkeypatch.setenv("SKLTOPO_EXAMPLES", "huge")
    with pytest.raises(ValueError, match="SKLTOPO_EXAMPLES is 'huge', and has to be one of quick"):
        sizes.size()


def test_pictures_are_saved_where_the_environment_says(sizes, monkeypatch, tmp_path):
    figure = Figure()
    monkeypatch.chdir(tmp_path)
    sizes.save(figure, "a.png")
    checkpoints = sizes.cache("models")
    assert checkpoints.is_dir()
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("SKLTOPO_OUTPUT", str(tmp_path / "new" / "folder"))
    sizes.save(figure, "a.png")
    assert (tmp_path / "new/folder/a.png").exists()
    assert sizes.cache("models") == tmp_path / "new/folder/models"


def test_a_quick_run_shows_the_table_of_the_last_full_run(sizes, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sizes, "RESULTS", tmp_path / "results")
    sizes.keep_table("t", "python t.py", ("name", "share"), [("a", "1.0")])
    assert not (tmp_path / "results").exists()
    monkeypatch.setenv("SKLTOPO_EXAMPLES", "full")
    sizes.keep_table("t", "python t.py", ("name", "share"), [("a", "25.0")])
    monkeypatch.setenv("SKLTOPO_EXAMPLES", "quick")
    sizes.keep_table("t", "python t.py", ("name", "share"), [("a", "2.0")])
    printed = capsys.readouterr().out
    assert "docs/results/t.md" in printed
    assert "Written by `python t.py`:\n\n| name | share |\n| --- | --- |\n| a | 25.0 |" in printed


def test_scripts_are_gallery_pages():
    scripts = sorted(EXAMPLES.rglob("plot_*.py"))
    assert len({path.name for path in scripts}) == len(scripts) > 20
    for path in scripts:
        text = path.read_text()
        title, underline = text.split("\n")[1:3]
        assert underline == "=" * len(title), path.name
        assert text.count("\n# %%\n") >= 2, path.name
        assert "argparse" not in text, path.name


def test_digits_by_topology(tmp_path):
    printed = run_example("plot_digits_by_topology.py", tmp_path).stdout
    assert "80-85 %" in printed
    pictures = {path.name for path in tmp_path.glob("*.png")}
    assert {
        "digit_filtrations.png",
        "confusion_matrix.png",
        "most_confused_digits.png",
        "accuracy_by_directions.png",
    } <= pictures


@pytest.mark.parametrize(
    ("name", "pictures"),
    [
        ("plot_noisy_circle_regression.py", {"noisy_circle_regression.png"}),
        ("plot_voxel_cleaning.py", {"voxel_cleaning.png"}),
        ("paper/plot_figure_3.py", {"figure_3.png"}),
        ("paper/plot_figure_4.py", {"figure_4.png"}),
        ("paper/plot_figures_5_and_6.py", {"figure_5.png", "figure_6.png"}),
        ("paper/plot_figure_16.py", {"figure_16.png"}),
        ("paper/plot_figure_11.py", {"figure_11.png"}),
        ("paper/plot_figure_12.py", {"figure_12.png", "attacks.png"}),
        ("paper/plot_figure_18.py", {"figure_18.png"}),
        ("paper/plot_figure_1.py", {"figure_1.png"}),
        ("paper/plot_figure_2.py", {"figure_2.png"}),
        ("plot_estimators.py", {"weights.png", "named_weights.png", "points_moved.png"}),
        ("plot_holes_opening.py", {"holes_opening.png", "holes_opening.gif"}),
        ("plot_count_objects.py", {"count_objects.png"}),
        ("plot_time_series.py", {"time_series.png"}),
        ("plot_graphs.py", {"graphs.png"}),
        ("plot_cloud_shapes.py", {"cloud_shapes.png"}),
        ("plot_topological_loss.py", {"topological_loss.png"}),
        ("plot_robust_by_topology.py", {"robust_by_topology.png"}),
        ("plot_activation_prior.py", {"activation_prior.png"}),
        ("plot_diagram_autoencoder.py", {"diagram_autoencoder.png"}),
    ],
)
def test_examples_write_pictures(name, pictures, tmp_path):
    run_example(name, tmp_path)
    assert pictures <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("name", "pictures"),
    [
        (
            "plot_diagrams.py",
            {
                "persistence_diagram.png",
                "barcode.png",
                "matching.png",
                "diagram_vectors.png",
                "diagram_bars.png",
                "critical_points.png",
            },
        ),
        ("paper/plot_figure_13.py", {"figure_13.png"}),
        ("paper/plot_figure_14.py", {"figure_14.png"}),
    ],
)
def test_diagram_examples(name, pictures, tmp_path):
    run_example(name, tmp_path)
    assert pictures <= {path.name for path in tmp_path.iterdir()}


def test_topological_mapping(tmp_path):
    printed = run_example("paper/plot_figure_17.py", tmp_path).stdout
    assert "(the paper: 84 %)" in printed
    assert "(the paper: 86 %)" in printed
    assert "holes at half height" in printed
    assert (tmp_path / "figure_17.png").exists()


def test_generators_with_a_prior(tmp_path):
    printed = run_example("paper/plot_figure_7.py", tmp_path).stdout
    for line in (
        "real digits",
        "table 9, mean",
        "the topology loss of a batch",
        "(the paper: 99 %)",
    ):
        assert line in printed
    assert "docs/results/table_9.md" in printed
    assert {"figure_7.png", "figure_8.png"} <= {path.name for path in tmp_path.iterdir()}


def test_a_gan_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES / "paper")
    gan = importlib.import_module("digit_gan")
    images = torch.rand(80, 1, 28, 28, generator=torch.manual_seed(0))
    whole = gan.train(images, tmp_path, 3, seed=1)
    gan.train(images, tmp_path, 2, seed=1)
    gan.checkpoint(tmp_path, 3, 1).unlink()
    parts = gan.train(images, tmp_path, 3, seed=1, start=2)
    again = gan.train(images, tmp_path, 3, seed=1)
    for other in (parts, again):
        assert other.n_steps == 3
        for first, second in (
            (whole.generator, other.generator),
            (whole.against.discriminator, other.against.discriminator),
        ):
            state = second.state_dict()
            assert all(torch.equal(x, state[name]) for name, x in first.state_dict().items())


def test_topology_on_demand(tmp_path):
    printed = run_example("paper/plot_topology_on_demand.py", tmp_path).stdout
    for line in ("100.0 % | ", "latent codes moved", "equal mix of the three wishes"):
        assert line in printed
    assert (tmp_path / "topology_on_demand.png").exists()


def test_rings_leave_and_enter_digits(tmp_path):
    printed = run_example("paper/plot_figure_15.py", tmp_path).stdout
    assert "| 6, a ring, asked for no ring | 3 |" in printed
    assert (tmp_path / "figure_15.png").exists()


def test_guided_diffusion(tmp_path):
    printed = run_example("paper/plot_guided_diffusion.py", tmp_path).stdout
    assert "| 2 | gradient through the network | 0.5 |" in printed
    assert (tmp_path / "guided_diffusion.png").exists()


def test_a_diffusion_model_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES / "paper")
    diffusion = importlib.import_module("digit_diffusion")
    monkeypatch.setattr(diffusion, "STEPS_BETWEEN_CHECKPOINTS", 2)
    images = torch.rand(80, 1, 28, 28, generator=torch.manual_seed(0))
    whole = diffusion.train(images, tmp_path, 4).state_dict()
    read = torch.save

    def stop(state, path):
        read(state, path)
        raise KeyboardInterrupt

    (tmp_path / "diffusion_0_4.pt").unlink()
    with monkeypatch.context() as patched:
        patched.setattr(torch, "save", stop)
        with pytest.raises(KeyboardInterrupt):
            diffusion.train(images, tmp_path, 4)
    (tmp_path / "diffusion_0_4.part").rename(tmp_path / "diffusion_0_4.pt")
    parts = diffusion.train(images, tmp_path, 4).state_dict()
    assert all(torch.equal(value, parts[name]) for name, value in whole.items())


def count_by_regions(image):
    """Return components, holes and holes that count, one region of the image after the other."""
    components = label(image > 0.5, np.ones((3, 3)))[1]
    regions = label(image <= 0.5)[0]
    inside = set(range(1, regions.max() + 1)) - border(regions)
    counting = 0
    for region in inside:
        darkest = np.where(regions == region, image, np.inf).argmin()
        for level in np.unique(image[image > 0.5]):
            grown = label(image <= level)[0]
            number = grown.ravel()[darkest]
            if number in border(grown) or image[grown == number].min() < image.ravel()[darkest]:
                break
        length = level - image.ravel()[darkest]
        counting += np.sum(regions == region) >= 4 and length >= 0.3
    return components, len(inside), counting


def border(regions):
    return {*regions[0], *regions[-1], *regions[:, 0], *regions[:, -1]}


def test_holes_that_count_are_those_of_regions(monkeypatch, rng):
    monkeypatch.syspath_prepend(EXAMPLES / "paper")
    wishes = importlib.import_module("digit_wishes")
    images = gaussian_filter(rng.random((40, 20, 20)), (0, 1, 1))
    low, high = images.min((1, 2), keepdims=True), images.max((1, 2), keepdims=True)
    images = np.sqrt((images - low) / (high - low))
    counts = wishes.count(torch.from_numpy(images)[:, None])
    expected = np.transpose([count_by_regions(image) for image in images])
    assert np.array_equal(counts, expected)
    assert len(np.unique(expected[2])) > 2
    assert (expected[1] > expected[2]).any()
    honoured = wishes.honours(torch.from_numpy(images)[:, None], 1)
    assert np.array_equal(honoured, (expected[0] == 1) & (expected[2] == 1))


def test_a_wish_that_costs_nothing_is_honoured(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES / "paper")
    wishes = importlib.import_module("digit_wishes")
    logits = -4 * torch.ones(3, 1, 12, 12)
    logits[:, :, 1:10, 2:10] = 4
    logits[0, :, 4, 4] = -4  # a pinhole
    logits[1:, :, 3:5, 4:6] = -4
    logits[2, :, 7:9, 4:8] = -4
    for n_holes in (0, 1, 2):
        costs = wishes.Wish(n_holes)(logits)
        honoured = wishes.honours(logits.sigmoid(), n_holes)
        assert honoured.tolist() == [n_holes == n for n in (0, 1, 2)]
        assert ((costs == 0).numpy() <= honoured).all()
        assert (costs[1:] == 0).tolist() == honoured[1:].tolist()
        assert costs[0] > 0


def test_voxels_with_a_prior(tmp_path):
    printed = run_example("paper/plot_figure_10.py", tmp_path).stdout
    assert "real shapes" in printed
    assert (tmp_path / "figure_10.png").exists()
