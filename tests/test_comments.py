"""Files that docstrings, comments and the pages for contributors name exist."""

import ast
import re
from pathlib import Path

import pytest

import skltopo

ROOT = Path(__file__).parents[1]
PACKAGE = Path(skltopo.__file__).parent
FOLDERS = [PACKAGE, *(ROOT / name for name in ("tests", "benchmarks", "examples", "docs"))]
SOURCES = sorted(
    path for suffix in ("py", "pyx", "pxd", "h") for path in PACKAGE.rglob(f"*.{suffix}")
)
EXISTING = {path.name for folder in FOLDERS for path in folder.rglob("*.*")}
EXISTING |= {path.name for path in ROOT.glob("*.*")}
NAME = re.compile(r"\b\w+\.(?:pyx|pxd|py|h)\b")
PROSE = {
    # A string that is not a docstring rarely names a file, so docstrings need no parser.
    ".pyx": re.compile(r'"""[\s\S]*?"""|#.*'),
    ".h": re.compile(r"/\*[\s\S]*?\*/|//.*"),
}


def prose_of(path):
    """Return the docstrings and comments of a file."""
    source = path.read_text()
    if path.suffix != ".py":
        return "\n".join(PROSE[".h" if path.suffix == ".h" else ".pyx"].findall(source))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = [
        ast.get_docstring(node) or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, documented)
    ]
    return "\n".join([*docstrings, *re.findall(r"#.*", source)])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_that_are_named_exist(path):
    assert set(NAME.findall(prose_of(path))) <= EXISTING


@pytest.mark.parametrize(
    "page", ["CONTRIBUTING.md", "docs/adding_a_filtration.md", "docs/decisions.md"]
)
def test_files_that_pages_name_exist(page):
    assert set(NAME.findall((ROOT / page).read_text())) <= EXISTING
