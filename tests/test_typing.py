"""Types: every public name has annotations, stubs are as the kernels, mypy reads users' code."""

import ast
import inspect
import os
import re
import site
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from sklearn.utils._param_validation import StrOptions

import skltopo

ROOT = Path(__file__).parents[1]
PACKAGE = Path(skltopo.__file__).parent
SAMPLE = ROOT / "tests/typing_sample.py"
SPECIAL = {"__init__", "__call__", "__getitem__", "__len__", "__iter__"}
ESTIMATORS = [
    name for name in skltopo._HOMES if hasattr(getattr(skltopo, name), "_parameter_constraints")
]


def functions_of(value):
    """Yield the public functions of a class that this package defines, also inherited ones."""
    for name, member in inspect.getmembers(value):
        if name.startswith("_") and name not in SPECIAL:
            continue
        function = inspect.unwrap(getattr(member, "fget", getattr(member, "__func__", member)))
        if inspect.isfunction(function) and is_of_this_package(function):
            yield function


def is_of_this_package(function):
    """Tell whether a function is written here, not by another project nor by a dataclass."""
    is_written = not function.__code__.co_filename.startswith("<")
    return is_written and function.__module__.startswith("skltopo")


def public_functions():
    """Return {path: function} of public functions, and of methods of public classes."""
    found = {}
    for room in skltopo._MODULES:
        module = import_module(f"skltopo.{room}")
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value):
                functions = list(functions_of(value))
            else:
                functions = [inspect.unwrap(value)] if callable(value) else []
            found |= {f"{f.__module__}.{f.__qualname__}": f for f in functions}
    return found


PUBLIC = public_functions()


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_public_names_have_annotations(name):
    signature = inspect.signature(PUBLIC[name])
    without = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.annotation is parameter.empty and parameter.name not in ("self", "cls")
    ]
    assert not without
    assert signature.return_annotation is not signature.empty


def alternatives(hint):
    """Return what a hint admits: the parts of unions, and the values of literals."""
    if get_origin(hint) in (Union, UnionType):
        return set().union(*map(alternatives, get_args(hint)))
    return set(get_args(hint)) if get_origin(hint) is Literal else {hint}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_annotations_are_as_the_checks_of_scikit_learn(name):
    estimator = getattr(skltopo, name)
    hints = get_type_hints(estimator.__init__)
    for parameter, allowed in estimator._parameter_constraints.items():
        if parameter not in hints or allowed == "no_validation":
            continue
        admitted = alternatives(hints[parameter])
        names = {x for one in allowed if isinstance(one, StrOptions) for x in one.options}
        takes_none = None in allowed or "random_state" in allowed
        if Any not in admitted:
            assert {one for one in admitted if isinstance(one, str)} == names, parameter
            assert (type(None) in admitted) == takes_none, parameter


# --------------------------------------------------------------------------------------------------
# Stubs
# --------------------------------------------------------------------------------------------------


def kernels():
    """Return {name: module} of the compiled modules that have anything for Python."""
    names = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in sorted(PACKAGE.rglob("*.pyx"))
    ]
    return {name: import_module(name) for name in names}


def public_of(module):
    """Return {name: value} of what a compiled module defines, without what it imports."""
    values = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    source = Path(PACKAGE.parent, *module.__name__.split(".")).with_suffix(".pyx").read_text()
    constants = set(re.findall(r"^([A-Z]\w*) = ", source, re.MULTILINE))
    return {
        name: value
        for name, value in values.items()
        if getattr(value, "__module__", None) == module.__name__ or name in constants
    }


def parameters_of(node):
    """Return (name, kind, whether there is a default) of the parameters of a function's node."""
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [False] * (len(plain) - len(arguments.defaults)) + [True] * len(arguments.defaults)
    named = [default is not None for default in arguments.kw_defaults]
    return [
        *((one.arg, "plain", has) for one, has in zip(plain, defaults, strict=True)),
        *((one.arg, "named", has) for one, has in zip(arguments.kwonlyargs, named, strict=True)),
    ]


def parameters_of_function(function):
    """Return the same of a compiled function."""
    return [
        (
            one.name,
            "named" if one.kind is one.KEYWORD_ONLY else "plain",
            one.default is not one.empty,
        )
        for one in inspect.signature(function).parameters.values()
    ]


def parameters_of_constructor(value):
    """Return the same of the constructor of a compiled class, from the line above its docstring."""
    line = (value.__doc__ or "").partition("\n")[0]
    if not line.startswith(f"{value.__name__}("):
        return None
    # Types stand before names: "GramLoss(const double[:, ::1] gram, double c=0)".
    inside = re.sub(r"\[[^\]]*\]", "", line[len(value.__name__) + 1 : -1])
    names = [part.rpartition(" ")[2] for part in inside.split(", ")]
    (node,) = ast.parse(f"def __init__(self, {', '.join(names)}): pass").body
    return parameters_of(node)


def is_for_python(value):
    """Tell whether Python can do anything with what a compiled module defines."""
    members = {name for name in dir(value) if not name.startswith("_")}
    return not inspect.isclass(value) or members or parameters_of_constructor(value)


KERNELS = kernels()
STUBS = {name: (PACKAGE.parent / name.replace(".", "/")).with_suffix(".pyi") for name in KERNELS}


@pytest.mark.parametrize("name", KERNELS)
def test_stubs_are_as_the_kernels(name):
    public = public_of(KERNELS[name])
    if not STUBS[name].exists():
        assert not any(is_for_python(value) for value in public.values())
        return
    nodes = ast.parse(STUBS[name].read_text()).body
    kinds = (ast.FunctionDef, ast.ClassDef)
    defined = {node.name: node for node in nodes if isinstance(node, kinds)}
    constants = {node.target.id for node in nodes if isinstance(node, ast.AnnAssign)}
    assert {*defined, *constants} == set(public)
    for key, node in defined.items():
        if isinstance(node, ast.FunctionDef):
            assert parameters_of(node) == parameters_of_function(public[key]), key
        else:
            check_class(node, public[key])


def check_class(node, value):
    """Assert that a class of a stub has the bases, methods and attributes of the compiled one."""
    assert [base.id for base in node.bases] == [
        base.__name__ for base in value.__bases__ if base is not object
    ]
    methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
    attributes = {part.target.id for part in node.body if isinstance(part, ast.AnnAssign)}
    constructor = methods.pop("__init__", None)
    assert parameters_of_constructor(value) == (constructor and parameters_of(constructor))
    own = {name for name in vars(value) if not name.startswith("_")}
    assert {*methods, *attributes} == own
    for name, method in methods.items():
        if not method.decorator_list:  # @property: what can't be written
            assert parameters_of(method) == parameters_of_function(vars(value)[name]), name


def test_every_stub_is_one_of_a_kernel():
    assert set(PACKAGE.rglob("*.pyi")) <= {*STUBS.values(), PACKAGE / "__init__.pyi"}


def test_stub_of_the_package_has_its_names():
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text())
    homes, rooms, listed = {}, [], []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            if node.module:
                homes |= dict.fromkeys(names, node.module)
            else:
                rooms += names
        elif isinstance(node, ast.Assign):
            listed = ast.literal_eval(node.value)
    assert homes == skltopo._HOMES
    assert rooms == skltopo._MODULES
    assert sorted(listed) == sorted(skltopo.__all__)


# --------------------------------------------------------------------------------------------------
# mypy
# --------------------------------------------------------------------------------------------------


def test_a_checker_reads_the_code_of_users():
    if find_spec("mypy") is None:
        pytest.skip("mypy, of the extra lint, is not installed")
    wrong = re.compile(r"# wrong: ([\w-]+)$")
    lines = enumerate(SAMPLE.read_text().splitlines(), 1)
    expected = {(i, match[1]) for i, line in lines if (match := wrong.search(line))}
    # As strict as can be, without the settings of this project; it says nothing of its sources.
    options = ["--config-file=", "--strict", "--follow-imports=silent"]
    command = [sys.executable, "-m", "mypy", *options, str(SAMPLE)]
    # mypy looks for packages where Python is installed and, beside that, where it is told to.
    is_installed = str(PACKAGE.parent) in site.getsitepackages()
    where = {} if is_installed else {"MYPYPATH": str(PACKAGE.parent)}
    environment = {**os.environ, **where}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    found = re.findall(r":(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    assert {(int(line), code) for line, code in found} == expected, done.stdout + done.stderr
