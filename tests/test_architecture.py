"""The floors of the house: imports never point up, and importing skltopo is light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import skltopo

PACKAGE = Path(skltopo.__file__).parent

# A room may import rooms of the same line only if they stand before it, and all lines above it.
FLOORS = [
    ["_checks"],
    ["_parallel"],
    ["_persistence", "_lines", "_features", "_reduction"],
    ["_plane_tree", "_wasserstein", "_bottleneck", "_matching"],
    ["_volume_tables", "_volume_loops", "_volumes", "_monotone"],
    ["_few_maxima", "_proximal", "_maxima", "_descent"],
    ["_delaunay", "_repair", "_planar_alpha", "_planar_rips", "_lengths", "_polynomial"],
    ["_delaunay3", "_edges3", "_weak3", "_complex3", "_alpha3", "_delaunay_any"],
    ["_memory", "_distances", "_emst", "_rips", "_rips2"],
    ["_arrays", "diagrams", "_diagram_lists", "level_sets", "simplicial"],
    ["_circumradius", "_edge_lengths", "point_clouds"],
    ["alpha", "_metric_clouds", "_distance_matrices", "vietoris_rips", "filtrations"],
    ["_energy_node", "energies", "distances", "_vectors"],
    ["_critical_sets", "_big_steps", "_displacement", "_point_descent"],
    ["nn", "penalties", "solvers"],
    ["_image_rows", "features", "denoising", "regression", "classification", "shaping"],
    ["persistence_diagrams", "_vectorizer", "vectorize", "kernels"],
    ["_pictures", "_regression_display", "_shaping_display"],
    ["_diagram_displays", "_vector_displays", "_critical_points_display"],
    ["datasets", "plotting"],
]
ORDER = [room for floor in FLOORS for room in floor]
THIRD_PARTY = {
    "kernels": {"numpy", "cython", "libc", "libcpp", "cpython", "functools", "itertools"},
    # The descent calls scipy's BLAS.
    "_descent.pyx": {"scipy"},
    # One table for all threads.
    "_volume_tables.pyx": {"threading"},
    "sklearn": {
        "_image_rows",
        "persistence_diagrams",
        "_vectorizer",
        "vectorize",
        "kernels",
        "features",
        "denoising",
        "regression",
        "classification",
        "datasets",
        "_regression_display",
        "_vector_displays",
        "shaping",
        "_shaping_display",
    },
}


def imported(path):
    """Return (rooms of the package, top-level modules) that a Python file imports."""
    rooms, modules = set(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            rooms |= {node.module} if node.module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
    return rooms, modules


def python_rooms():
    return sorted(path for path in PACKAGE.glob("*.py") if path.stem != "__init__")


def test_every_room_has_a_floor():
    rooms = {path.stem for path in python_rooms()} | {p.stem for p in PACKAGE.glob("*.pyx")}
    assert rooms == set(ORDER)


@pytest.mark.parametrize("path", python_rooms(), ids=lambda path: path.stem)
def test_imports_never_point_up(path):
    rooms, modules = imported(path)
    assert rooms <= set(ORDER[: ORDER.index(path.stem)])
    if "sklearn" in modules:
        assert path.stem in THIRD_PARTY["sklearn"]


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.p[yx]*")), ids=lambda path: path.name)
def test_kernels_know_numpy_only(path):
    if path.suffix not in (".pyx", ".pxd"):
        return
    for line in path.read_text().splitlines():
        words = line.split()
        if words[:1] in (["from"], ["import"], ["cimport"]) and not words[1].startswith("."):
            known = THIRD_PARTY["kernels"] | THIRD_PARTY.get(path.name, set())
            assert words[1].split(".")[0] in known, line


def test_import_is_light_and_star_import_works():
    code = (
        "import sys, skltopo; assert not {'torch', 'matplotlib', 'sklearn'} & set(sys.modules);"
        "namespace = {}; exec('from skltopo import *', namespace);"
        "assert set(skltopo.__all__) <= set(namespace), skltopo.__all__"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_name_raises_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        skltopo.nothing  # noqa: B018
    assert "PersistenceFeatures" in dir(skltopo)
