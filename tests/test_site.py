"""The site: every public name has a page, links are checked, estimators link to their pages."""

import ast
import builtins
import doctest
import re
import sys
from pathlib import Path

import pytest

import skltopo
from skltopo._utils.links import SITE

ROOT = Path(__file__).parents[1]
ESTIMATORS = [
    name
    for name in sorted(skltopo._HOMES)
    if hasattr(getattr(skltopo, name), "get_params") and hasattr(getattr(skltopo, name), "fit")
]


@pytest.fixture
def extensions(monkeypatch):
    """Let a test import what builds the site; these modules need no Sphinx."""
    monkeypatch.syspath_prepend(str(ROOT / "docs/extensions"))
    yield
    for name in ("api_pages", "check_links"):
        sys.modules.pop(name, None)


def test_every_public_name_has_a_page(extensions):
    from api_pages import find, page_of_module, page_of_name, pages, public_paths

    paths = public_paths()
    for name in skltopo._HOMES:
        assert paths[f"skltopo.{name}"] == f"skltopo.{name}"
    for room in skltopo._MODULES:
        assert f"skltopo.{room}" in pages()
        for name in getattr(skltopo, room).__all__:
            page = paths[f"skltopo.{room}.{name}"]
            assert find(page) is getattr(getattr(skltopo, room), name)
            assert page in page_of_module(room)
            assert f":: {page}\n" in page_of_name(page)
    assert paths["skltopo.filtrations.LevelSet"] == "skltopo.LevelSet"


def names_from_nowhere(doc):
    """Return names that an example uses and does not define: it could not be pasted."""
    source = "".join(example.source for example in doctest.DocTestParser().get_examples(doc))
    nodes = list(ast.walk(ast.parse(source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    known = {node.id for node in names if isinstance(node.ctx, ast.Store)} | set(dir(builtins))
    known |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    known |= {node.name for node in nodes if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            known |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return {node.id for node in names} - known


def test_every_public_name_has_an_example(extensions):
    from api_pages import find, public_paths

    for page in set(public_paths().values()):
        value = find(page)
        assert not callable(value) or ">>> " in value.__doc__, page
        assert not names_from_nowhere(value.__doc__ or ""), page


def test_groups_of_the_contents_have_every_module(extensions):
    from api_pages import GROUPS

    assert sorted(room for rooms in GROUPS.values() for room in rooms) == sorted(skltopo._MODULES)


def test_broken_links_are_found(extensions, tmp_path):
    from check_links import broken_links

    (tmp_path / "sub").mkdir()
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="sub/b.html#here">fine</a><a href="#top">fine</a>'
        '<a href="sub/">fine</a><a href="https://nowhere.invalid/x">not fetched</a>'
        '<img src="gone.png"><a href="sub/b.html#there">no anchor</a><a href="c.html">no page</a>'
    )
    for name in ("b", "index"):
        (tmp_path / "sub" / f"{name}.html").write_text('<a name="here" href="../a.html">A</a>')
    broken = broken_links(tmp_path)
    assert [link for _, link in broken] == ["gone.png", "sub/b.html#there", "c.html"]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_html_view_links_to_the_page_of_the_estimator(name):
    estimator = getattr(skltopo, name)()
    assert f'href="{SITE}/api/skltopo.{name}.html"' in estimator._repr_html_()


def test_classes_of_users_do_not_link_to_pages_that_are_not_there():
    class Mine(skltopo.PersistenceFeatures):
        """A class of a user."""

    assert SITE not in Mine()._repr_html_()


def test_address_of_the_site_is_that_of_the_project():
    documentation = re.search(
        r'^Documentation = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.M
    )
    assert documentation[1] == SITE
