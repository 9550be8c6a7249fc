"""The code of every page runs as it stands, its pictures exist, and so do the files it links to.

Blocks fenced as ``python`` of a page run one after the other in one namespace. A block with ``>>>``
is run as a doctest in the same namespace. Blocks of other languages are not run.
"""

import doctest
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from skltopo import plotting

ROOT = Path(__file__).parents[1]
WRITTEN_BY_A_BUILD = {"api", "auto_examples", "contributing.md", "changes.md"}
DOCS = sorted(
    path
    for path in (ROOT / "docs").rglob("*.md")
    if not WRITTEN_BY_A_BUILD & set(path.relative_to(ROOT / "docs").parts)
)
PAGES = {
    str(path.relative_to(ROOT)): path
    for path in [ROOT / "CONTRIBUTING.md", ROOT / "README.md", *DOCS]
}
BLOCK = re.compile(r"^```python *\n(.*?)^```", re.DOTALL | re.MULTILINE)
FENCED = re.compile(r"^(`{3,}|:{3,}).*?^\1", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+?)(?:#[^)]*)?\)")
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
# What these packages compute is shown beside ours; a page that needs one is skipped without it.
PEERS = ("gudhi", "ripser", "gph", "persim", "foolbox", "art")


def blocks_of(page):
    """Return (line, code) of the blocks that run."""
    text = page.read_text()
    return [(text[: m.start()].count("\n") + 1, m[1]) for m in BLOCK.finditer(text)]


def run_block(page, line, block, namespace):
    """Run a block as a doctest if it has a prompt, and as a script otherwise."""
    name = page.name
    if not re.search(r"^>>> ", block, re.MULTILINE):
        exec(compile("\n" * line + block, str(page), "exec"), namespace)
        return
    test = doctest.DocTestParser().get_doctest(block, namespace, name, str(page), line)
    test.globs = namespace  # a copy otherwise, and later blocks would not see its names
    report = []
    failed, _ = doctest.DocTestRunner(optionflags=FLAGS).run(
        test, out=report.append, clear_globs=False
    )
    assert not failed, "".join(report)


def run_code(page):
    """Run all blocks of a page one after the other; return their names."""
    namespace = {"__name__": "__main__"}
    for line, block in blocks_of(page):
        run_block(page, line, block, namespace)
    return namespace


def check_readme(namespace, text):
    """Keep what README says of its models."""
    assert namespace["accuracy"] > 0.9
    assert namespace["error"] < 0.001
    assert namespace["distances"].shape == (10, 10)


def check_gallery(namespace, text):
    """Find every display on the page."""
    assert all(name in text for name in plotting.__all__)


def check_priors(namespace, text):
    """Keep what the page says of losses and samples."""
    assert namespace["curve"][-1] < namespace["curve"][0]
    assert namespace["samples"].shape == (9, 1, 12, 12)


CHECKS = {
    "README.md": check_readme,
    "docs/gallery.md": check_gallery,
    "docs/topological_priors.md": check_priors,
}


@pytest.mark.parametrize("name", PAGES)
def test_code_of_pages_runs(name, monkeypatch, tmp_path):
    page = PAGES[name]
    code = "".join(block for _, block in blocks_of(page))
    for peer in PEERS:
        if re.search(rf"^(?:>>> )?(?:import|from) {peer}\b", code, re.MULTILINE):
            pytest.importorskip(peer)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    try:
        namespace = run_code(page)
    finally:
        plt.close("all")
    CHECKS.get(name, lambda *_: None)(namespace, page.read_text())


@pytest.mark.parametrize("name", PAGES)
def test_pictures_and_links_of_pages_exist(name):
    page = PAGES[name]
    for is_picture, target in LINK.findall(FENCED.sub("", page.read_text())):
        if not re.match(r"[a-z]+:|#", target):
            assert (page.parent / target).exists(), (is_picture, target)


def test_pages_with_checks_have_code():
    for name in CHECKS:
        assert blocks_of(PAGES[name]), name


def test_blocks_that_fail_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 1\n```\n\n```python\n>>> x + 1\n2\n>>> y = 5\n```\n")
    assert run_code(page)["y"] == 5
    page.write_text("```python\n>>> 1 + 1\n3\n```\n")
    with pytest.raises(AssertionError, match="Got:\n"):
        run_code(page)
    page.write_text("```python\nx = 1\nassert x == 2\n```\n")
    with pytest.raises(AssertionError):
        run_code(page)
    page.write_text("```text\nnot code\n```\n\n```py\nnor this\n```\n")
    assert set(run_code(page)) == {"__name__"}
