"""Compiled extensions and their Cython directives; everything else is in pyproject.toml."""

import os
import sys

from Cython.Build import cythonize
from setuptools import Extension, setup

# SKLTOPO_BOUNDSCHECK=1 builds kernels that check every index: slow, for the test suite.
CHECK = os.environ.get("SKLTOPO_BOUNDSCHECK", "0") == "1"

compile_args = ["/O2", "/std:c++17"] if sys.platform == "win32" else ["-O3", "-std=c++17"]
macros = [("SKLTOPO_CHECKED", "1")] if CHECK else []

extensions = [
    Extension(
        f"skltopo.{name}",
        [f"skltopo/{name}.pyx"],
        depends=["skltopo/_older_masks.h", "skltopo/_buffer.h", "skltopo/_scratch.h"],
        include_dirs=["skltopo"],
        language="c++",
        extra_compile_args=compile_args,
        define_macros=macros,
    )
    for name in ("_persistence", "_lines", "_features", "_proximal", "_descent")
]

setup(
    ext_modules=cythonize(
        extensions,
        build_dir="build/checked" if CHECK else "build/cython",
        compiler_directives={
            "language_level": 3,
            "boundscheck": CHECK,
            "wraparound": False,
            "initializedcheck": CHECK,
            "cdivision": True,
            "embedsignature": True,
        },
    )
)
