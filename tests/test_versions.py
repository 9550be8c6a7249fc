"""The script that runs the tests beside older and newer packages; what pages say of versions."""

import re
import sys

import pytest

from tests import versions

RECIPE = versions.ROOT / "packaging/conda/recipe.yaml"


def note(**values):
    """Return what is known of an environment that has passed."""
    known = {
        "name": "3.11",
        "Python": "3.11.7",
        "numpy": "2.4.6",
        "tests": "all",
        "end": "ok",
        "pins": [],
    }
    known |= {"passed": 7000, "failed": 0, "skipped": 69, "pip check": "ok", "date": "2026-11-29"}
    return known | values


def test_the_oldest_environment_has_all_lower_bounds_and_the_others_none():
    _, packages = versions.bounds()
    assert set(packages) == {"numpy", "scipy", "scikit-learn", "torch", "tqdm"}
    oldest, *others = versions.environments({"3.10": "a", "3.13": "b"}, {})
    assert oldest == ("oldest", "3.10", [f"{name}=={low}" for name, low in packages.items()])
    assert others == [("3.10", "3.10", []), ("3.13", "3.13", [])]


def test_a_pin_stands_in_for_a_bound():
    for _, _, constraints in versions.environments({"3.11": "a"}, {"torch": "2.13.0"}):
        assert [line for line in constraints if "torch" in line] == ["torch==2.13.0"]


def test_interpreters_are_sorted_by_age_and_free_threaded_ones_are_not_the_newest():
    found = sorted(["3.13t", "3.9", "3.13", "3.10"], key=versions.by_age)
    assert found == ["3.9", "3.10", "3.13", "3.13t"]
    assert versions.newest(found) == "3.13"


def test_a_named_interpreter_is_the_only_one():
    here = ".".join(map(str, sys.version_info[:2]))
    assert versions.interpreters([sys.executable]) == {here: sys.executable}


def test_files_of_the_part_exist():
    for name in versions.part_of_tests():
        assert (versions.ROOT / name).exists(), name


def test_the_copy_of_the_repository_has_no_package(tmp_path, monkeypatch):
    monkeypatch.setattr(versions, "BUILD", tmp_path)
    copy = versions.tree("3.11")
    assert not (copy / "skltopo").exists()
    assert (copy / "tests/oracles.py").exists()


def test_tables_tell_what_does_not_install_and_what_fails():
    cells = versions.cells_of(note(failed=2))
    assert cells[:3] == ["3.11", "3.11.7", "2.4.6"]
    assert cells[-5:] == ["7,000", "2", "69", "ok", "2026-11-29"]
    missing = {"name": "oldest", "Python": "3.10", "tests": "all", "end": "does not install"}
    cells = versions.cells_of(missing | {"pins": ["torch==2.13.0"], "date": "2026-11-29"})
    assert cells[0] == "oldest with torch==2.13.0"
    assert "does not install" in cells
    assert len(cells) == len(versions.cells_of(note())) == 12


@pytest.mark.parametrize("threaded", [False, True])
def test_page_tells_whether_a_free_threaded_python_was_there(threaded, tmp_path, monkeypatch):
    monkeypatch.setattr(versions, "PAGE", tmp_path / "versions.md")
    names = ["3.13t" if threaded else "3.13", "3.10", "oldest"]
    versions.write_page([note(name=name, Python=name.replace("oldest", "3.10")) for name in names])
    text = versions.PAGE.read_text()
    assert re.findall(r"^\| ([\w.]+) \|", text, re.MULTILINE) == ["environment", *names[::-1]]
    assert (versions.NO_FREE_THREADED.strip() in text) is not threaded


def test_pages_and_recipe_name_the_bounds_of_pyproject():
    python, packages = versions.bounds()
    for page in ("README.md", "docs/getting_started.md", "docs/versions.md"):
        text = (versions.ROOT / page).read_text()
        assert re.search(rf"Python {python} (or|and) newer", text), page
        for name in ("numpy", "scipy", "scikit-learn", "torch"):
            assert f"{name} {packages[name]}" in text, (page, name)
    recipe = RECIPE.read_text()
    for name, low in packages.items():
        assert f"- {name.replace('torch', 'pytorch')} >={low}\n" in recipe, name
