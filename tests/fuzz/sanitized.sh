#!/usr/bin/env bash
# sanitized.sh SITE ARGUMENTS: Python with ARGUMENTS, and the package that was built in SITE with the
# address sanitizer and the undefined behaviour sanitizer of the compiler.
#
# The libraries of the sanitizers come before all others; that of C++ beside them, since exceptions of
# libraries that are loaded later are to be seen, too. Leaks are not looked for: Python keeps memory
# until its end (tests/test_leaks.py looks for them). A size that can't be had is a null pointer, as
# without sanitizers. Freed memory is not given back to the system, page by page, which took most of
# the time. Faults of memory inside torch would be reported, too; what it does that is undefined is
# not, since only this package is compiled with checks, so nothing is suppressed.
set -euo pipefail
site=$(cd "$1" && pwd)
shift
here=$(cd "$(dirname "$0")/../.." && pwd)
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
ln -s "$here"/{tests,benchmarks,examples,docs,pyproject.toml,README.md,CONTRIBUTING.md} "$run"
cd "$run"
library() { "${CC:-gcc}" -print-file-name="$1"; }
LD_PRELOAD="$(library libasan.so) $(library libubsan.so) $(library libstdc++.so)" \
    ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1:allocator_release_to_os_interval_ms=-1" \
    UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1" \
    PYTHONPATH="$site:$run" PYTHONMALLOC=malloc OMP_NUM_THREADS=1 \
    "${PYTHON:-python3}" "$@"
