# The first python3 that is new enough; PYTHON=… chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11
RUN := .venv/.installed
DEV := .venv/.installed-dev
WORKFLOWS := $(wildcard .github/workflows/*.yml examples/workflows/*.yml gatecli/cli/templates/workflow.yml)
ACTIONS := $(wildcard github_actions/*/action.yml)

.DEFAULT_GOAL := help
.PHONY: help demo test control-plane e2e lint types format generated constraints docs bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' Makefile

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "gatecli needs Python 3.11 or newer: install it, or say make PYTHON=…" >&2; exit 2; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "python3 -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 2; }

$(RUN): pyproject.toml requirements.txt | .venv/bin/python
	@echo "installing gatecli into .venv (once) …" >&2
	@$(PIP) --require-hashes --requirement requirements.txt
	@$(PIP) --no-deps --editable .
	@touch $@

$(DEV): pyproject.toml constraints.txt tests/oracles.txt | .venv/bin/python
	@echo "installing gatecli and its tools into .venv (once) …" >&2
	@$(PIP) --require-hashes --requirement constraints.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(PIP) --no-deps --require-hashes --requirement tests/oracles.txt
	@touch $@ $(RUN)

demo: $(RUN) ## One release that fails, why, what mends it; and one that passes
	@$(BIN)/python examples/demo.py

test: $(DEV) ## Run the tests
	@$(BIN)/python -m pytest --numprocesses auto

control-plane: | .venv/bin/python ## Build etcd and a Kubernetes API server (once), print the folder
	@$(BIN)/python -m tests.support.build_control_plane

e2e: $(DEV) control-plane ## Run the end-to-end tests on a real API server
	@$(BIN)/python -m pytest tests/e2e

lint: $(DEV) ## Style, formatting, import contracts, workflows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/zizmor --quiet --no-progress --offline --persona pedantic $(ACTIONS) $(WORKFLOWS)
	@PATH="$(CURDIR)/$(BIN):$$PATH" actionlint $(WORKFLOWS)
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows $(WORKFLOWS)
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions $(ACTIONS)

types: $(DEV) ## mypy, strict, tests too
	@$(BIN)/mypy

format: $(DEV) ## Format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

generated: $(DEV) ## Regenerate golden files, schemas and command reference
	@$(BIN)/python -m tests.support.regenerate

constraints: $(DEV) ## Pin the newest versions again, with hashes
	@$(LOCK) pyproject.toml --all-extras --upgrade --output-file constraints.txt
	@$(LOCK) pyproject.toml --constraint constraints.txt --output-file requirements.txt
	@$(LOCK) --no-deps tests/oracles.in --upgrade --output-file tests/oracles.txt
	@$(LOCK) --group webhook --constraint constraints.txt --output-file admission/requirements.txt

docs: $(DEV) ## Build the documentation into site/
	@$(BIN)/mkdocs build --strict --quiet

bench: $(DEV) ## Measure; prints ratios to a peer in the same run
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

clean: ## Remove what make made
	rm -rf .venv build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
