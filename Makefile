# Two commands: `make demo` and `make test`. Both set everything up first.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python

.PHONY: help setup engine demo check test bench-deploy crash-deploy lock clean

help: ## Show the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: ## Make .venv with the locked dependencies
	@scripts/setup

engine: setup ## Find, install or build the Pulumi engine
	@.venv/bin/moyai engine install

demo: setup ## Build the sample's 43 environments on the sandbox
	@.venv/bin/moyai demo

check: setup ## Formatter, linter, types, import contract
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports

test: engine check ## The whole test suite
	@$(PYTHON) -m pytest

bench-deploy: engine ## Measure deploying into build/bench/deploy.json
	@$(PYTHON) -m tests.bench.deploy

crash-deploy: engine ## Kill deploys at random moments, the full campaign
	@$(PYTHON) -m pytest tests/crash

lock: ## Renew requirements/*.txt from pyproject.toml (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --extra sandbox \
		pyproject.toml --output-file requirements/runtime.txt
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --extra sandbox --group dev \
		--constraint requirements/runtime.txt pyproject.toml requirements/build.in \
		--output-file requirements/dev.txt

clean: ## Remove .venv and what builds leave behind
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
