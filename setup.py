"""Compiled extensions and their Cython directives; everything else is in pyproject.toml."""

import os
import sys
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
    compile_args = ["-O1" if slow else "-O3", "-std=c++17", "-ffp-contract=off"]
link_args = []
if SANITIZE:
    link_args = [f"-fsanitize={SANITIZE}"]
    compile_args += [*link_args, "-fno-omit-frame-pointer", "-g1"]
macros = [("SKLTOPO_CHECKED", "1")] if CHECK else []

package = Path("skltopo")
headers = sorted(package.rglob("*.h"))
extensions = [
    Extension(
        ".".join(path.with_suffix("").parts),
        [str(path)],
        depends=[str(header) for header in headers],
        include_dirs=sorted({str(header.parent) for header in headers}),
        language="c++",
        extra_compile_args=compile_args,
        extra_link_args=link_args,
        define_macros=macros,
    )
    for path in sorted(package.rglob("*.pyx"))
]

setup(
    options={"build_ext": {"parallel": os.cpu_count()}},
    ext_modules=cythonize(
        extensions,
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
