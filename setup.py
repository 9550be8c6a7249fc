"""Compiled extensions and their Cython directives; everything else is in pyproject.toml."""

import os
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

# SKLTOPO_BOUNDSCHECK=1 builds kernels that check every index: slow, for the test suite.
CHECK = os.environ.get("SKLTOPO_BOUNDSCHECK", "0") == "1"
# SKLTOPO_SANITIZE=address,undefined builds kernels with these sanitizers of the compiler, whose
# run-time libraries must be loaded before Python (`make sanitize` does it).
SANITIZE = os.environ.get("SKLTOPO_SANITIZE", "")

if sys.platform == "win32":
    compile_args = ["/O2", "/std:c++17"]
else:
    # Geometric predicates count every rounding: no multiply and add may become one.
    # Checked kernels are slow anyway, and compile in half the time without optimisation of loops.
    slow = CHECK or SANITIZE
    # Nobody steps through kernels that pip built: debugging symbols, which Python's own flags ask
    # for, take a third of the compiler's time.
    compile_args = ["-O1" if slow else "-O3", "-std=c++17", "-ffp-contract=off", "-g0"]
link_args = []
if SANITIZE:
    link_args = [f"-fsanitize={SANITIZE}"]
    compile_args += [*link_args, "-fno-omit-frame-pointer", "-g1"]
macros = [("SKLTOPO_CHECKED", "1")] if CHECK else []

# Code of Cython for typed memoryviews, 30,000 lines, is compiled once in this module. Without it
# every kernel has a copy, and the whole takes three times as long to compile.
UTILITY = "skltopo._cyutility"

package = Path("skltopo")
headers = sorted(package.rglob("*.h"))
flags = {"extra_compile_args": compile_args, "extra_link_args": link_args, "define_macros": macros}
extensions = [
    Extension(
        ".".join(path.with_suffix("").parts),
        [str(path)],
        depends=[str(header) for header in headers],
        include_dirs=sorted({str(header.parent) for header in headers}),
        language="c++",
        **flags,
    )
    for path in sorted(package.rglob("*.pyx"))
]
# Cython writes this source itself; the name's end tells its language.
extensions.append(Extension(UTILITY, ["skltopo/_cyutility.cpp"], **flags))


def require_compiler():
    """Say in one sentence that a compiler is missing, before a page of its absence."""
    named = os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "c++"
    compiler = shlex.split(named)[0]
    if sys.platform != "win32" and shutil.which(compiler) is None:
        sys.exit(
            f"skltopo compiles its kernels when no wheel fits this machine, and the C++ compiler "
            f"'{compiler}' was not found: install one (Debian and Ubuntu: apt install g++; Fedora: "
            f"dnf install gcc-c++; macOS: xcode-select --install), name yours in the environment "
            f"variable CXX, or install a wheel with pip install --only-binary skltopo skltopo."
        )


if {"bdist_wheel", "build", "build_ext", "develop", "editable_wheel", "install"} & set(sys.argv):
    require_compiler()

setup(
    options={"build_ext": {"parallel": os.cpu_count()}},
    ext_modules=cythonize(
        extensions,
        shared_utility_qualified_name=UTILITY,
        build_dir="build/checked" if CHECK else "build/sanitized" if SANITIZE else "build/cython",
        # Workers are forks: elsewhere they would run this file again.
        nthreads=os.cpu_count() if sys.platform == "linux" else 0,
        compiler_directives={
            "language_level": 3,
            "boundscheck": CHECK,
            "wraparound": False,
            "initializedcheck": CHECK,
            "cdivision": True,
            "embedsignature": True,
        },
    ),
)
