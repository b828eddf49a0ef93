# `make help` lists what there is.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 50051
WORKERS ?= 2
DATA ?= .data

.DEFAULT_GOAL := help
.PHONY: help demo serve test lint bench profile soak proto clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## Bring the service up, run the Dropout walk-through against it, stop it
	@$(BIN)/python -m server.demo

serve: $(VENV)/.runtime ## Run the service in the foreground (PORT=50051 WORKERS=2 DATA=.data)
	@exec $(BIN)/edunn-serve --port $(PORT) --workers $(WORKERS) --data "$(DATA)"

test: lint ## Run the linters and the whole test suite against a real stack
	$(BIN)/python -m pytest

lint: $(VENV)/.development ## Run ruff, mypy and buf
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy edunn server worker
	cd clients/python && ../../$(BIN)/mypy src
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code

bench: $(VENV)/.development ## Measure the service beside a bare echo, into bench/results.md
	$(BIN)/python -m bench.service

profile: $(VENV)/.development ## Flame graphs of server and worker under load, in bench/profiles/
	$(BIN)/python -m bench.service --profile

soak: $(VENV)/.runtime ## Let a million requests and 10 000 sessions come and go, and watch the memory
	$(BIN)/python -m bench.soak $(SOAK)

proto: $(VENV)/.development ## Generate the stubs from proto/
	$(BIN)/python proto/generate.py

clean: ## Remove what make has made
	rm -rf $(VENV) .data build *.egg-info clients/python/src/*.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "edunn-serving needs Python 3.11 or 3.12: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "no venv: on Debian, apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.runtime: $(VENV)/bin/python requirements.lock pyproject.toml clients/python/pyproject.toml
	@echo "installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation -e . -e clients/python
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements-dev.lock
	@echo "installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@
