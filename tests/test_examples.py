"""Examples run in small and write the pictures that they promise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def run_example(name, output):
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONWARNINGS": "error"}
    command = [sys.executable, str(EXAMPLES / name), "--quick", "--output", str(output)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True)


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
        ("count_objects.py", {"count_objects.png"}),
        ("time_series.py", {"time_series.png"}),
        ("graphs.py", {"graphs.png"}),
        ("cloud_shapes.py", {"cloud_shapes.png"}),
        ("topological_loss.py", {"topological_loss.png"}),
        ("robust_by_topology.py", {"robust_by_topology.png"}),
        ("activation_prior.py", {"activation_prior.png"}),
        ("diagram_autoencoder.py", {"diagram_autoencoder.png"}),
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
