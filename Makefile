# Two commands matter: `make demo` and `make test`. `make help` lists the others.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# tests in parallel, a file at a time; each worker needs up to 3 GiB
TEST_WORKERS ?= 2
PYTEST_PARALLEL = --numprocesses $(TEST_WORKERS) --dist loadfile
COMPILE = uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-duckdb2 lint format lock seeds clean

help:  ## List the targets.
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/.run  ## Build the demo shop, train, predict, write the report.
	@$(BIN)/segml run --target demo

test: $(VENV)/.dev  ## Run every test.
	@$(BIN)/python -m pytest -q $(PYTEST_PARALLEL)

test-fast: $(VENV)/.dev  ## Run the tests that take less than ten seconds each.
	@$(BIN)/python -m pytest -q -m "not slow" $(PYTEST_PARALLEL)

test-duckdb2: $(VENV)/.dev  ## Run the loop on DuckDB 2, which lies before the locked version.
	@$(BIN)/python -m pip --disable-pip-version-check -qq install --upgrade --no-deps \
		--target $(VENV)/duckdb2 "duckdb>=2,<3"
	@PYTHONPATH=$(abspath $(VENV))/duckdb2 $(BIN)/python -m pytest -q $(PYTEST_PARALLEL) \
		tests/e2e/test_loop.py tests/ml/test_warehouse.py tests/ml/test_resuming.py

lint: $(VENV)/.dev  ## Check style and types of Python and SQL.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --disable-progress-bar models

format: $(VENV)/.dev  ## Rewrite Python and SQL in the house style.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/sqlfluff fix --disable-progress-bar models

lock:  ## Choose versions anew (needs uv on the PATH).
	$(COMPILE) --constraint constraints.txt --extra dev --extra dashboard \
		--output-file requirements-dev.lock
	$(COMPILE) --constraint requirements-dev.lock --output-file requirements.lock
	$(COMPILE) --constraint requirements-dev.lock --extra bench --output-file requirements-bench.lock

seeds: $(VENV)/.run  ## Draw the demo shop's seeds anew.
	@$(BIN)/segml demo-data --customers 1500 --seed 42 --format csv --no-truth --out seeds/demo

clean:  ## Remove what the pipeline generated; environments and keys stay.
	rm -rf target logs warehouse artifacts reports

# An environment from the lock; the marker file says which lock it came from.
%/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "segml needs Python 3.11 to 3.13: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Installing into $* (a few minutes the first time) ..."
	@test -x $*/bin/python || $(PYTHON) -m venv $*
	@$*/bin/python -m pip --disable-pip-version-check -qq install --require-hashes -r requirements.lock
	@$*/bin/python -m pip --disable-pip-version-check -qq install --no-deps --no-build-isolation -e .
	@touch $@

%/.dev: requirements-dev.lock %/.run
	@echo "Installing the test tools into $* ..."
	@$*/bin/python -m pip --disable-pip-version-check -qq install --require-hashes -r requirements-dev.lock
	@touch $@
.PRECIOUS: %/.run %/.dev
