# Care-continuity gateway. `make` alone lists what there is to do.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.venv/.ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what the gateway needs into .venv (about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

.PHONY: help demo test nightly check bench fuzz spec conformance java browser openapi policy lock clean
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.ready ## the whole road, shown step by step (ARGS=--exit to end after it, ARGS="--summary F --transcript F" for your own)
	@$(BIN)/gateway demo $(ARGS)

test: .venv/.ready ## every test (ARGS=tests/rules for some)
	@$(BIN)/python -m pytest -n 2 $(ARGS)

nightly: .venv/.ready ## fifty thousand random worlds of consents, SQL against the pure rule
	@$(BIN)/python -m pytest -n 2 --hypothesis-profile=nightly tests/store/test_worlds.py

check: .venv/.ready ## formatting, lint, types, floors, mappings, OpenAPI
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/gateway mapping check
	@$(BIN)/gateway labels check
	@$(BIN)/gateway openapi --check
	@$(BIN)/gateway policy --check

spec: .venv/.ready ## which requirements of the exchange standards have a test
	@$(BIN)/python -m tests.spec

bench: .venv/.ready ## speeds, each as a ratio to its own limit measured in the same run
	@$(BIN)/python -m tests.benchmarks $(ARGS)

fuzz: .venv/.ready ## 20,000 calls that no caller should make, at the real app (ARGS="2000 --seed 7" for some)
	@$(BIN)/python -m tests.fuzz $(ARGS)

conformance: .venv/.ready ## what the gateway gives out, shown to validators and a FHIR server of others (wants Node and Java)
	@$(BIN)/python -m tests.conformance.tools
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m conformance $(or $(ARGS),tests/conformance)

java: ## a Java and Maven for HL7's validator (Debian, as root)
	@command -v javac mvn >/dev/null || { apt-get update -qq && apt-get install -y -qq default-jdk-headless maven; }

browser: ## a Chromium for the browser tests (Debian, as root)
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium; }

openapi: .venv/.ready ## write openapi/openapi.json anew
	@$(BIN)/gateway openapi

policy: .venv/.ready ## write the truth table of gateway/README.md anew, if the rule agrees with it
	@$(BIN)/gateway policy --write

lock: .venv/.ready ## resolve the dependencies anew
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements-dev.lock

clean: ## remove what the targets above made (not var/, which holds data and keys)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .conformance
