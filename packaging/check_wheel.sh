#!/usr/bin/env bash
# The suite against an installed wheel, in a clean environment that finds no compiler.
# Use: packaging/check_wheel.sh WHEEL [arguments of pytest]
set -euo pipefail
wheel=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

"${PYTHON:-python3}" -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --upgrade pip
"$place/venv/bin/pip" install --quiet --constraint constraints.txt torch
SECONDS=0
CXX=no-compiler CC=no-compiler "$place/venv/bin/pip" install --quiet --constraint constraints.txt "$wheel"
printf 'the wheel of %d KB and its dependencies beside torch installed in %d seconds\n' \
    $(($(stat --format %s "$wheel") / 1024)) $SECONDS
"$place/venv/bin/pip" install --quiet --constraint constraints.txt "$wheel[test]"
"$place/venv/bin/pip" check

# The tests read files of the repository; what they import is the wheel.
git archive HEAD | tar -x -C "$place"
rm -rf "$place/skltopo"
cd "$place"
OMP_NUM_THREADS=1 venv/bin/python -m pytest -q -n "${PROCESSES:-2}" tests "$@"
