# `make` alone lists the targets: nothing happens by accident.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade
# Each command of a recipe sees the settings of this checkout, not those of another project.
unexport PYTHONPATH VIRTUAL_ENV

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/bin/uv: .ci/uv.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Assay needs Python 3.11 or newer; name one: make demo PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/uv.lock
	@touch $@

.venv/.core: requirements.lock pyproject.toml .venv/bin/uv
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.core
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

.venv/.heavy: requirements-heavy.lock .venv/.dev
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-heavy.lock
	@touch $@

# dbt pins much of what Assay pins otherwise: it lives beside, in an environment of its own, and only tests run it.
.venv-dbt/.done: .ci/dbt.lock .venv/bin/uv
	$(UV) venv --quiet --clear --python $(BIN)/python .venv-dbt
	$(UV) pip install --quiet --python .venv-dbt/bin/python --require-hashes -r .ci/dbt.lock
	@touch $@

.PHONY: help demo heavy test test-fast lint ui bench lock cassettes stack

demo: .venv/.core ## set up, and run the main job on the example data
	@$(BIN)/python examples/demo.py

test: .venv/.dev ## set up, and run every test
	$(BIN)/python -m pytest -n 2 --dist worksteal --durations 10 $(ARGS)

heavy: .venv/.heavy .venv-dbt/.done ## set up the drivers of MySQL and Spark, and dbt, too: without them their tests skip

test-fast: .venv/.dev ## the unit tests alone: seconds
	$(BIN)/python -m pytest tests/unit -n 2 -q $(ARGS)

lint: .venv/.dev ## style, types and the contracts between the floors
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports && $(BIN)/langgraph validate

ui: .venv/.core ## open the assistant in the browser
	$(BIN)/assay ui

bench: .venv/.dev ## compare the speed of a profile, of rules and of a run with a baseline
	$(BIN)/python -m evals.bench.profile_bench && $(BIN)/python -m evals.bench.checks_bench && $(BIN)/python -m evals.bench.run_bench

stack: .venv/.dev ## write the CloudFormation template of deploy/aws to assay.json, and lint it
	$(BIN)/python -m deploy.aws > assay.json && $(BIN)/cfn-lint assay.json

lock: .venv/bin/uv ## write the lock files anew from pyproject.toml
	$(COMPILE) --all-extras pyproject.toml .ci/build.in -o requirements-heavy.lock
	$(COMPILE) -c requirements-heavy.lock --extra dev pyproject.toml .ci/build.in -o requirements-dev.lock
	$(COMPILE) -c requirements-heavy.lock pyproject.toml .ci/build.in -o requirements.lock
	$(COMPILE) .ci/dbt.in -o .ci/dbt.lock
	echo uv | $(COMPILE) - -o .ci/uv.lock

cassettes: .venv/.dev ## record the Bedrock cassettes anew from the local endpoint
	ASSAY_RECORD=local $(BIN)/python -m pytest tests/integration/test_bedrock_tapes.py -n 0
