# What each target does stands above it; `make demo` and `make test` do everything.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
ARGS ?=

BIN := $(VENV)/bin
BENCH_VENV := $(VENV)-bench
# NOTE: --without-pip and --python, because Debian's python3 comes without ensurepip.
INSTALL := $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint types unit unit-newest soak bench docs clean

# Make a demo project of two apps in a scratch folder and serve it.
demo: $(VENV)/.installed
	$(BIN)/python examples/demo.py --port $(PORT) $(ARGS)

# Everything that has to hold: lint, types, all tests. With LBACK_CI=1 also on the
# newest other Python, and a skip for a missing service or tool is a failure.
test: lint types $(if $(LBACK_CI),unit-newest) unit

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: $(VENV)/.installed-dev
	$(BIN)/mypy

unit: $(VENV)/.installed-dev
	$(BIN)/pytest --numprocesses 3 --dist worksteal --cov --cov-report=term $(ARGS)

# The tests alone, on the newest Python of this machine that is not the usual one.
unit-newest:
	sh .ci/newest

# The load tests of the data layer, with five times as many requests.
soak: $(VENV)/.installed-dev
	LBACK_REQUESTS=10000 $(BIN)/pytest tests/db/test_load.py

# The speed of the command line, of requests, signals and data beside the peers; see
# benchmarks/.
bench: $(BENCH_VENV)/.installed
	$(BENCH_VENV)/bin/python benchmarks/startup.py
	$(BENCH_VENV)/bin/python benchmarks/request.py
	$(BENCH_VENV)/bin/python benchmarks/signals.py
	$(BENCH_VENV)/bin/python benchmarks/signal_cost.py
	$(BENCH_VENV)/bin/python benchmarks/data.py
	$(BENCH_VENV)/bin/python benchmarks/data_startup.py

# Write the tables of docs/catalogue.md from lback/core/catalogue.py.
docs: $(VENV)/.installed-dev
	$(BIN)/python docs/_tables.py

clean:
	rm -rf $(VENV) .venv-* build dist .coverage .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable '.[dev]'
	touch $@

# NOTE: no constraints, because one of the peers wants an older SQLAlchemy.
$(BENCH_VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv --without-pip $(BENCH_VENV)
	$(PYTHON) -m pip --python $(BENCH_VENV)/bin/python install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $@
