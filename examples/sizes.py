"""How large the examples are, and where they leave what they draw: one helper for all of them.

``SKLTOPO_EXAMPLES`` is ``full`` (the default), ``quick`` (for the gallery and the tests: the same
steps on less data) or ``long`` (full, and what takes hours beside). ``SKLTOPO_OUTPUT`` is a folder:
pictures are saved there. Where it is not set none are saved, and figures stay open, to be shown.
"""

import os
import tempfile
from pathlib import Path

NAMES = ("quick", "full", "long")
# Tables that only a full run can compute; they are committed, and a quick run shows them.
RESULTS = Path(__file__).resolve().parents[1] / "docs/results"
_temporary = []


def size():
    """Return the size that the environment asks for."""
    name = os.environ.get("SKLTOPO_EXAMPLES", "full")
    if name not in NAMES:
        raise ValueError(f"SKLTOPO_EXAMPLES is {name!r}, and has to be one of {', '.join(NAMES)}")
    return name


def is_quick():
    """Return whether the example should take seconds."""
    return size() == "quick"


def is_long():
    """Return whether the example may take hours."""
    return size() == "long"


def pick(quick, full):
    """Return the first in quick size, the second otherwise."""
    return quick if is_quick() else full


def output():
    """Return the folder for pictures, made if it was not there, or None."""
    folder = os.environ.get("SKLTOPO_OUTPUT")
    if not folder:
        return None
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def save(figure, name, **options):
    """Save a figure under a name if there is a folder for pictures."""
    if output() is not None:
        figure.savefig(output() / name, **options)


def cache(name):
    """Return a folder for checkpoints: in that for pictures, or one that goes with the process."""
    if output() is None:
        _temporary.append(tempfile.TemporaryDirectory(prefix="skltopo_"))
        return Path(_temporary[-1].name)
    folder = output() / name
    folder.mkdir(exist_ok=True)
    return folder


def markdown(heads, rows):
    """Return a table in Markdown, of texts."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def keep_table(name, command, heads, rows):
    """Write the table of a full run to docs/results; in quick size print the one that is there."""
    path = RESULTS / f"{name}.md"
    if not is_quick():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Written by `{command}`:\n\n{markdown(heads, rows)}\n")
    elif path.exists():
        print(f"\nThe table of the full size, as committed in docs/results/{name}.md.")
        print(path.read_text().rstrip())
