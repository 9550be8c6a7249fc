"""Examples run in small and write the pictures that they promise."""

import os
import subprocess
import sys
from pathlib import Path

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
