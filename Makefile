# Thin names for one command each. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
STAMP := .stamps

.DEFAULT_GOAL := help
.PHONY: help run test accept check bench drill lint types contracts templates front lock clean setup

help: ## Say what there is
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: $(STAMP)/installed ## Start labops with demonstration data; prints the address and sign-ins
	@$(BIN)/labops db upgrade
	@$(BIN)/labops demo
	@LABOPS_PUBLIC_URL="$${LABOPS_PUBLIC_URL:-http://127.0.0.1:$(PORT)}" exec $(BIN)/labops serve --port $(PORT)

test: $(STAMP)/installed ## Run every test, on SQLite and on a real PostgreSQL
	$(BIN)/python -m pytest -n 2 --dist worksteal -q -m "not drill" $(T)

accept: $(STAMP)/installed ## Take over the words of every mail as they are now: read the difference
	LABOPS_TEST_ACCEPT=1 $(BIN)/python -m pytest -n 0 -q tests/integration/test_notices.py -k "words_of_every_letter and sqlite"
	@git --no-pager diff --stat -- tests/snapshots

check: $(STAMP)/installed ## Lint, types, contracts, templates: under a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet labops/templates

bench: $(STAMP)/installed ## Measure speed as ratios to a bare Flask route, in one run
	$(BIN)/python -m tests.benchmarks $(B)

drill: $(STAMP)/installed ## Slow proofs: races and kill -9 by real processes, everything on both engines
	$(BIN)/python -m pytest -q -m drill tests/drills tests/browser $(T)
	LABOPS_TEST_ENGINES=both $(BIN)/python -m pytest -n 2 --dist worksteal -q -m "not drill" tests/functional tests/integration $(T)

front: $(STAMP)/installed ## Build the front end and the translations again
	$(BIN)/python hatch_build.py

lock: $(STAMP)/installed ## Pin every dependency again, with hashes and without addresses
	$(BIN)/uv pip compile pyproject.toml --extra test --extra postgres --extra redis --universal --upgrade --generate-hashes --no-emit-index-url --no-annotate --no-header --no-config -q -o requirements.lock

setup: $(STAMP)/installed ## Make the environment

$(STAMP)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is missing: install it (Debian: apt install python3 python3-venv)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is $$($(PYTHON) -V): 3.11 or newer is needed. Name another with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "The module venv is missing (Debian: apt install python3-venv)."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/installed: $(STAMP)/python requirements.lock pyproject.toml hatch_build.py package-lock.json $(wildcard frontend/*.mjs) $(shell find labops/static/css labops/static/js labops/static/img labops/templates labops/translations -type f -not -name '*.mo' 2>/dev/null)
	@echo "Installing what labops needs (a minute the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock || { echo "Packages could not be installed: is the package index within reach?"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

clean: ## Remove what was built, but no data
	rm -rf .venv .stamps node_modules labops/static/vendor build dist
