# Two commands: `make demo` and `make test`. Both set everything up first.
# A target's help is what follows `##`: Japanese, a bar, English.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
# Most of what mypy reads are packages, the same in every checkout: read once for each user.
export MYPY_CACHE_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/moyai/mypy

.PHONY: help setup engine demo check test bench-deploy bench-cost bench-operations crash crash-deploy million-bills check-focus check-image lock clean

help: ## この一覧を示す | Show this list
	@case "$${MOYAI_LANG:-$${LC_ALL:-$${LC_MESSAGES:-$$LANG}}}" in ja*) n=1 ;; *) n=2 ;; esac; \
	awk -F':.*## ' -v n=$$n '/^[a-z-]+:.*## / {split($$2, words, " [|] "); \
		printf "  make %-16s %s\n", $$1, words[n]}' Makefile

setup: ## .venv を用意する（依存関係はハッシュで確かめる） | Make .venv with the locked dependencies
	@scripts/setup

engine: setup ## Pulumi エンジンを探す・導入する・構築する | Find, install or build the Pulumi engine
	@.venv/bin/moyai engine install

demo: setup ## 見本の43団体の環境をサンドボックスに作る | Build the sample's 43 environments on the sandbox
	@.venv/bin/moyai demo

check: setup ## 書式・文法・型・依存の向き・固定した依存関係 | Format, lint, types, import contract, locks
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
	@$(PYTHON) -m mypy scripts/locks.py scripts/set_up.py scripts/set_up_focus.py
	@.venv/bin/lint-imports
	@$(PYTHON) scripts/locks.py check

# Whole files go to the processes, in the order of the tests: a file's tests share what its first made.
AT_ONCE := -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: check engine ## すべてのテスト | The whole test suite
	@$(PYTHON) -m pytest $(AT_ONCE)

bench-deploy: engine ## 適用の速さを測る（build/bench/deploy.json） | Measure deploying into build/bench/deploy.json
	@$(PYTHON) -m tests.bench.deploy

bench-cost: setup ## 按分の速さを測る（build/bench/cost.json） | Measure sharing costs into build/bench/cost.json
	@$(PYTHON) -m tests.bench.cost

bench-operations: setup ## 一斉作業の基盤そのものの速さを測る（build/bench/operations.json） | Measure what operations cost by themselves
	@$(PYTHON) -m tests.bench.operations

crash: crash-deploy ## 一斉作業のプロセスを1,000回以上止める（build/crash/report.json） | Kill processes of operations 1,000 times into build/crash/report.json
	@$(PYTHON) -m tests.crash.operations

crash-deploy: engine ## 適用を任意の時点で止めて続きを試す | Kill deploys at random moments, the full campaign
	@$(PYTHON) -m pytest tests/crash

million-bills: setup ## 百万件の請求を按分し、差が 0 円であることを確かめる | Divide a million generated bills, difference 0 yen
	@$(PYTHON) -m tests.unit.costs.campaign

check-focus: setup ## 公開の FOCUS 検証器で、書き出した行を確かめる | Try exported rows on the public FOCUS validator
	@$(PYTHON) scripts/set_up_focus.py
	@$(PYTHON) -m pytest -q -k public_validator tests/unit/cli/test_cost_analysis.py

check-image: setup ## ジョブのイメージに固定した依存関係を入れてみる | Install the locked requirements of the jobs' image
	@MOYAI_CHECK_IMAGE=1 $(PYTHON) -m pytest -q tests/unit/jobs/test_image.py

lock: setup ## 依存関係を固定し直す（uv が要る） | Renew the locked dependencies (needs uv)
	@$(PYTHON) scripts/locks.py renew

clean: ## .venv と構築物を消す（サンドボックスは残る） | Remove .venv and what builds leave; the sandbox stays
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
