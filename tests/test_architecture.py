"""The floors of the house: imports never point up, and importing skltopo is light."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skltopo

PACKAGE = Path(skltopo.__file__).parent

# A room may import rooms of the same line only if they stand before it, and all lines above it.
UTILS = (
    "typing checks links hints masks given lazy signals parallel cluster progress patience memory "
    "scales namespace autograd adam prefetch bits buffer sorting pool gather arrays samples"
)
KERNELS = {
    "grids": "images critical_regions ranges lines features volume_tables volume_sweeps "
    "volume_loops volumes blocks",
    "delaunay": "predicates2 triangulation2 repair2 predicates3 pairs2 triangulation3 edges3 weak3 "
    "complex3 alpha3 pairs3 predicates_any triangulation_any spheres_any pairs_any",
    "rips": "distances edges prim trees dense_trees loops voids sweep plane",
    "fits": "monotone few_maxima proximal maxima operators descent adam",
    "functionals": "lengths spheres polynomial image_gradients curves critical_sets",
    "matchings": "plane_tree dense_matching wasserstein apart bottleneck matching sliced",
}
FLOORS = [
    [f"_utils.{room}" for room in UTILS.split()],
    ["_persistence"],
    [f"_kernels.{folder}.{room}" for folder, rooms in KERNELS.items() for room in rooms.split()],
    [
        "diagrams.containers",
        "diagrams.arrays",
        "diagrams.inputs",
        "diagrams.stored",
        "diagrams",
        "diagrams.selection",
        "diagrams.essential",
    ],
    ["filtrations.base", "filtrations.basins", "filtrations.parts"],
    ["filtrations.level_sets", "filtrations.blocks", "filtrations.simplicial"],
    ["filtrations.edge_lengths"],
    ["filtrations.point_clouds", "filtrations.circumradius", "filtrations.live_circumradius"],
    ["filtrations.delaunay"],
    ["filtrations.distance_matrices", "filtrations.metric_clouds", "filtrations.rips"],
    ["filtrations"],
    ["energies", "summaries"],
    [
        "distances.common",
        "distances.matched",
        "distances.sliced",
        "distances.pairwise",
        "distances",
    ],
    ["metrics"],
    ["losses", "penalties"],
    ["solvers.solutions", "solvers.plans", "solvers.descents", "solvers.subgradients"],
    ["solvers.paths", "solvers"],
    ["nn.uncompiled", "nn.representation", "nn.operators", "nn.layers", "nn.losses"],
    ["nn.inputs", "nn.vectors", "nn.features", "nn.diagrams"],
    ["nn.rows", "nn.kernel_machines", "nn.estimators", "nn.fitted", "nn.pipelines", "nn"],
    ["nn.classifiers", "nn.gradients", "nn.critical_sets", "nn.discriminators"],
    ["shaping.critical_sets", "shaping.fields", "shaping.descent"],
    ["fit_context", "image_base", "features", "denoising", "embedding"],
    ["linear_base", "regression_cv", "regression", "classification"],
    ["shaping.estimator", "shaping", "persistence_diagrams"],
    ["vectorize.base", "vectorize.images", "vectorize.curves", "vectorize.statistics"],
    ["vectorize", "vectorize.gram", "kernels"],
    ["streaming"],
    ["plotting.pictures", "plotting.feature_names", "plotting.coefficients", "plotting.shaping"],
    ["plotting.shared_axes", "plotting.diagrams", "plotting.matching"],
    ["plotting.vectors", "plotting.critical_points", "plotting"],
    ["attacks", "generative.steps", "generative.codes", "generative.optimizers"],
    ["generative.finetuning", "generative.latent", "generative.guidance", "generative"],
    ["datasets.regression", "datasets.shapes", "datasets.voxels", "datasets"],
]
ORDER = [room for floor in FLOORS for room in floor]
ABOVE_KERNELS = {"sklearn", "torch", "matplotlib"}
# Estimators, what draws or makes data for them, and what makes modules of scikit-learn's steps.
OF_STEPS = {
    f"nn.{room}" for room in ["kernel_machines", "estimators", "fitted", "pipelines", "classifiers"]
}
KNOW_SKLEARN = OF_STEPS | set(ORDER[ORDER.index("fit_context") :])
OF_KERNELS = {"numpy", "cython", "libc", "libcpp", "cpython", "functools", "itertools"}
MORE_OF_KERNELS = {
    "fits.descent": {"scipy"},  # its BLAS
    "grids.volume_tables": {"threading"},  # one table for all threads
}
IMPORT = re.compile(r"^\s*(?:from\s+(\.*)([\w.]*)\s+c?import|c?import\s+([\w.]+))", re.MULTILINE)


def room_of(path):
    """Return the dotted name of a file below the package; that of a folder for its __init__."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def rooms(*suffixes):
    """Return {room: path}, without folders that only group rooms."""
    paths = [path for suffix in suffixes for path in PACKAGE.rglob(f"*{suffix}")]
    named = {room_of(path): path for path in paths}
    return {room: path for room, path in sorted(named.items()) if room and not is_folder(room)}


def is_folder(room):
    return room in {"_utils", "_kernels", *(f"_kernels.{folder}" for folder in KERNELS)}


def absolute(path, dots, name):
    """Return the room that a relative import in the file at path names."""
    package = list(path.relative_to(PACKAGE).parts[:-1])
    return ".".join([*package[: len(package) + 1 - dots], *filter(None, [name])])


def imported(path):
    """Return (rooms of the package, top-level modules) that a Python file imports."""
    inside, outside = set(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            inside |= {absolute(path, node.level, name) for name in names}
        elif isinstance(node, ast.ImportFrom):
            outside.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            outside |= {alias.name.split(".")[0] for alias in node.names}
    return inside, outside


def cimported(path):
    """Do the same for a Cython file."""
    inside, outside = set(), set()
    for dots, name, module in IMPORT.findall(re.sub(r'"""[\s\S]*?"""', "", path.read_text())):
        if dots:
            inside.add(absolute(path, len(dots), name))
        else:
            outside.add((name or module).split(".")[0])
    return inside, outside


def test_every_room_has_a_floor():
    assert set(rooms(".py", ".pyx", ".pxd")) == set(ORDER)
    assert len(ORDER) == len(set(ORDER))


@pytest.mark.parametrize("room", rooms(".py"))
def test_imports_never_point_up(room):
    inside, outside = imported(rooms(".py")[room])
    assert inside <= set(ORDER[: ORDER.index(room)])
    if room not in KNOW_SKLEARN:
        assert "sklearn" not in outside
    if room.startswith("_kernels"):
        assert not outside & ABOVE_KERNELS


@pytest.mark.parametrize("suffix", [".pyx", ".pxd"])
@pytest.mark.parametrize("room", rooms(".pyx", ".pxd"))
def test_kernels_know_numpy_and_earlier_kernels(room, suffix):
    path = PACKAGE / (room.replace(".", "/") + suffix)
    if not path.exists():
        return
    inside, outside = cimported(path)
    assert inside <= set(ORDER[: ORDER.index(room) + 1])
    assert outside <= OF_KERNELS | MORE_OF_KERNELS.get(room.removeprefix("_kernels."), set())


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
