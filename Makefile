# The first Python that gatecli supports, the environment's own before others; PYTHON=… chooses another.
ifndef PYTHON
PYTHON := $(shell for p in .venv/bin/python python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && { echo "$$p"; break; }; done)
endif
ifeq ($(strip $(PYTHON)),)
PYTHON := python3
endif
# Compiled once, not at each start: packages are installed without bytecode.
export PYTHONDONTWRITEBYTECODE :=
BIN := .venv/bin
INSTALL := $(PYTHON) tools/install.py .venv --editable
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11
PYTEST := $(BIN)/python -m pytest --numprocesses auto
WORKFLOWS := $(wildcard .github/workflows/*.yml examples/workflows/*.yml gatecli/cli/templates/workflow.yml)
ACTIONS := $(wildcard github_actions/*/action.yml)

.DEFAULT_GOAL := help
.PHONY: help installed installed-dev installed-all installed-training installed-mlflow installed-azureml installed-flower demo test test-all test-thorough control-plane e2e lint types format \
	generated constraints training-constraints newest modules docs bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' Makefile

# Each does nothing where .venv holds what its locks pin (tools/install.py), and each holds the one before.
installed: LOCKS := --lock requirements.txt
installed-dev: LOCKS := --lock requirements.txt --lock requirements-dev.txt
installed-all: LOCKS := --lock requirements.txt --lock requirements-dev.txt --lock constraints.txt \
	--unchecked tests/oracles.txt
installed installed-dev installed-all:
	@$(INSTALL) $(LOCKS)

# Apart, since PyTorch's build for the CPU is not on the package index (docs/dependencies.md).
installed-training:
	@$(PYTHON) tools/install.py .venv-training --editable --lock requirements.txt --lock tests/training.txt

# Apart, since the server pins older packages than gatecli, and eighty that nothing else needs.
installed-mlflow:
	@$(PYTHON) tools/install.py .venv-mlflow --editable --lock requirements.txt --unchecked tests/mlflow.txt

# Apart, since it pins older packages than gatecli. The script that it runs starts gatecli, so both are in it.
installed-azureml:
	@$(PYTHON) tools/install.py .venv-azureml --editable --lock requirements.txt --unchecked tests/azureml.txt

# Apart, since it pins older packages than gatecli. The example that it runs calls the gate, so both are in it.
installed-flower:
	@$(PYTHON) tools/install.py .venv-flower --editable --lock requirements.txt --unchecked tests/flower.txt

demo: installed ## One release that fails, why, how to fix it; and one that passes
	@$(BIN)/python examples/demo.py

test: installed-dev ## Run the tests that need no server; says which were not run
	@$(PYTEST) --quick

test-all: installed-all ## Run every test: with a cluster, Spark, a browser, every engine
	@$(PYTEST)

test-thorough: installed-all ## Run the tests of laws with many more examples, others each time
	@$(PYTEST) --thorough tests/property

control-plane: installed-dev ## Build etcd and a Kubernetes API server (once), print the folder
	@$(BIN)/python -m tests.support.build_control_plane

e2e: installed-dev control-plane ## Run the end-to-end tests on a real API server
	@$(BIN)/python -m pytest tests/e2e

lint: installed-dev ## Style, formatting, import contracts, workflows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/zizmor --quiet --no-progress --offline --persona pedantic $(ACTIONS) $(WORKFLOWS)
	@PATH="$(CURDIR)/$(BIN):$$PATH" actionlint $(WORKFLOWS)
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows $(WORKFLOWS)
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions $(ACTIONS)

types: installed-dev ## mypy, strict, tests too
	@$(BIN)/mypy

format: installed-dev ## Format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

generated: installed-all ## Regenerate golden files, schemas and command reference
	@$(BIN)/python -m tests.support.regenerate

constraints: installed-dev ## Pin the newest versions again, with hashes
	@$(LOCK) pyproject.toml --extra dev-all --group build --upgrade --output-file constraints.txt
	@$(LOCK) pyproject.toml --constraint constraints.txt --output-file requirements.txt
	@$(LOCK) pyproject.toml --extra dev --constraint constraints.txt --output-file requirements-dev.txt
	@$(LOCK) pyproject.toml --extra ledger --extra postgres --constraint constraints.txt --output-file requirements-ledger.txt
	@$(LOCK) --group build --constraint constraints.txt --output-file tools/build-requirements.txt
	@$(LOCK) --group webhook --constraint constraints.txt --output-file admission/requirements.txt
	@$(LOCK) --no-deps tests/oracles.in --upgrade --output-file tests/oracles.txt
	@$(LOCK) tests/mlflow.in --upgrade --output-file tests/mlflow.txt
	@$(LOCK) tests/azureml.in --upgrade --output-file tests/azureml.txt
	@$(LOCK) tests/flower.in --upgrade --output-file tests/flower.txt

training-constraints: installed-dev ## Pin the training libraries again; UV_TORCH_BACKEND=cpu or UV_FIND_LINKS=FOLDER finds PyTorch
	@$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-emit-find-links --python-version 3.11 \
		--python-platform x86_64-manylinux_2_28 --upgrade tests/training.in --constraint constraints.txt \
		--output-file tests/training.txt

newest: installed-dev ## Run the tests on the newest versions of everything; newest.md says what broke
	@$(BIN)/python tools/newest.py

modules: installed ## Write each Terraform module alone, for a release, into build/terraform_modules/
	@rm -rf build/terraform_modules
	@$(BIN)/python tools/flatten_modules.py build/terraform_modules

docs: installed-all ## Build the documentation into site/
	@$(BIN)/mkdocs build --strict --quiet

bench: installed-all ## Measure; prints ratios to a peer in the same run
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

clean: ## Remove what make made
	rm -rf .venv .venv-newest .venv-training .venv-mlflow .venv-azureml .venv-flower newest.md build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
