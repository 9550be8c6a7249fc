"""The code of the pages runs as it stands, and their pictures exist."""

import re
from pathlib import Path

import matplotlib.pyplot as plt

from skltopo import plotting

ROOT = Path(__file__).parents[1]


def run_code(page):
    """Run all Python blocks of a page one after the other; return their names."""
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL)
    assert blocks
    namespace = {}
    for block in blocks:
        exec(compile(block, str(page), "exec"), namespace)
    plt.close("all")
    return namespace


def test_readme_code_runs():
    namespace = run_code(ROOT / "README.md")
    assert namespace["accuracy"] > 0.9
    assert namespace["error"] < 0.001
    assert namespace["distances"].shape == (10, 10)


def test_gallery_has_every_display():
    page = ROOT / "docs/gallery.md"
    run_code(page)
    assert all(name in page.read_text() for name in plotting.__all__)


def test_code_about_generators_runs():
    namespace = run_code(ROOT / "docs/topological_priors.md")
    assert namespace["curve"][-1] < namespace["curve"][0]
    assert namespace["samples"].shape == (9, 1, 12, 12)


def test_pictures_of_pages_exist():
    for page in (ROOT / "README.md", *ROOT.glob("docs/*.md")):
        for picture in re.findall(r"!\[.*?\]\((.*?)\)", page.read_text()):
            assert (page.parent / picture).exists(), picture
