"""Docstrings of public names are numpydoc: every parameter of a signature is documented."""

import inspect
import re
import warnings
from importlib import import_module

import pytest

import skltopo

SECTION = re.compile(r"^(\w[\w ]*)\n-+$", re.MULTILINE)
NAMES = re.compile(r"^([*\w]+(?:, [*\w]+)*)(?: : .+)?$", re.MULTILINE)


def documented_parameters(docstring):
    """Return the names in the section Parameters, as numpydoc reads them."""
    parts = SECTION.split(inspect.cleandoc(docstring))
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    return [name for names in NAMES.findall(sections.get("Parameters", ""))
            for name in names.replace("*", "").split(", ")]  # fmt: skip


def public():
    """Return {name: object} of public classes, functions and methods that have parameters."""
    found = {}
    for module in skltopo._MODULES:
        room = import_module(f"skltopo.{module}")
        for name in getattr(room, "__all__", ()):
            value = getattr(room, name)
            found[f"{module}.{name}"] = value
            if isinstance(value, type):
                found.update(
                    (f"{module}.{name}.{method}", function)
                    for method, function in vars(value).items()
                    if inspect.isfunction(function) and not method.startswith("_")
                )
    return {
        name: value
        for name, value in found.items()
        if callable(value) and "\nParameters\n---" in inspect.cleandoc(value.__doc__ or "")
    }


PUBLIC = public()


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_parameters_are_documented(name):
    value = PUBLIC[name]
    parameters = [name for name in inspect.signature(value).parameters if name != "self"]
    assert sorted(documented_parameters(value.__doc__)) == sorted(parameters)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_numpydoc_reads_them(name):
    docscrape = pytest.importorskip("numpydoc.docscrape")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = docscrape.FunctionDoc(None, doc=inspect.cleandoc(PUBLIC[name].__doc__))
    names = [part.lstrip("*") for entry in read["Parameters"] for part in entry.name.split(", ")]
    assert names == documented_parameters(PUBLIC[name].__doc__)


def test_estimators_are_public_and_have_examples():
    for name in skltopo.__all__:
        value = getattr(skltopo, name)
        if isinstance(value, type) and hasattr(value, "fit"):
            assert documented_parameters(value.__doc__), name
            assert ">>>" in value.__doc__, name
