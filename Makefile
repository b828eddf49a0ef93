# `make help` lists what there is.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TORCH_VENV ?= .venv-torch
TRITON_VENV ?= .venv-triton
# Debian's PyTorch, if it is on this machine.
TORCH := $(wildcard /usr/lib/python3/dist-packages/torch/__init__.py)
PORT ?= 50051
WORKERS ?= 2
SERVERS ?= 1
DATA ?= .data

.DEFAULT_GOAL := help
.PHONY: help demo serve test unit test-torch course lint bench bench-clients bench-jobs bench-triton profile soak fuzz siege proto packages clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## Bring the service up, walk through Dropout, train on digits, stop it
	@$(BIN)/python -m standalone.demo

serve: $(VENV)/.runtime ## Run the service in the foreground (PORT=50051 WORKERS=2 SERVERS=1 DATA=.data)
	@exec $(BIN)/edunn-serve --port $(PORT) --workers $(WORKERS) --servers $(SERVERS) --data "$(DATA)"

test: $(VENV)/.development $(if $(TORCH),$(TORCH_VENV)/.ready) ## Run the linters and the whole test suite against a real stack
	@$(BIN)/python -m tests.side_by_side

unit: $(VENV)/.development ## Run the unit tests of server, worker and edunn_serving alone
	$(BIN)/python -m pytest tests/unit

test-torch: $(VENV)/.development $(TORCH_VENV)/.ready ## Run what needs PyTorch (Debian's python3-torch)
	$(BIN)/python -m pytest tests/clients/test_torch.py

course: $(VENV)/.development $(if $(TORCH),$(TORCH_VENV)/.ready) ## Run a course's notebooks on the library (COURSE=path)
	$(if $(TORCH),$(TORCH_VENV)/bin,$(BIN))/python -m tests.course "$(COURSE)"

lint: $(VENV)/.development ## Run ruff, mypy and buf
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy edunn edunn_serving server worker standalone bench
	@# Tests are not packages: files of two folders may have one name.
	$(BIN)/mypy tests --exclude '^tests/(clients|edunn|fuzz|grading|second_pool|unit)/'
	$(BIN)/mypy -p tests.second_pool -p tests.fuzz
	$(BIN)/mypy tests/clients
	$(BIN)/mypy tests/edunn
	$(BIN)/mypy tests/grading
	$(BIN)/mypy tests/unit
	cd clients/python && ../../$(BIN)/mypy src
	cd clients/python && ../../$(BIN)/mypy tests
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code

bench: $(VENV)/.development ## Measure the service beside a bare echo, into bench/results.md
	$(BIN)/python -m bench.service

bench-jobs: $(VENV)/.development ## Measure trainings as jobs and uploads, into bench/jobs.md
	$(BIN)/python -m bench.jobs

bench-triton: $(VENV)/.development $(TRITON_VENV)/.ready ## Measure the service beside NVIDIA's Triton, into bench/triton.md
	$(BIN)/python -m bench.triton --venv $(TRITON_VENV) $(TRITON)

profile: $(VENV)/.development ## Flame graphs of server and worker under load, in bench/profiles/
	$(BIN)/python -m bench.service --profile

soak: $(VENV)/.runtime ## Let a million requests and 10 000 sessions come and go, and watch the memory
	$(BIN)/python -m bench.soak $(SOAK)

fuzz: $(VENV)/.development ## Feed ten million broken messages to what reads bytes (FUZZ="--seconds 60")
	$(BIN)/python -m tests.fuzz $(FUZZ)

siege: $(VENV)/.runtime ## Attack a stack for ten minutes beside well-behaved callers, into docs/siege.md
	$(BIN)/python -m bench.siege $(SIEGE)

bench-clients: $(VENV)/.development ## Measure the clients beside each other, into clients/README.md
	$(BIN)/python -m bench.clients

proto: $(VENV)/.development ## Generate the stubs from proto/
	$(BIN)/python proto/generate.py
	@for client in go:go typescript:npm java:mvn; do \
		if command -v "$${client#*:}" > /dev/null; then \
			PYTHON=$(abspath $(BIN))/python "clients/$${client%:*}/generate" || exit 1; \
		else \
			echo "no $${client#*:} on this machine: the stubs of clients/$${client%:*} are as they were"; \
		fi; \
	done

packages: $(VENV)/.development ## Build what would be published of each client, into dist/packages
	@$(BIN)/python clients/packages.py dist/packages

clean: ## Remove what make has made
	rm -rf $(VENV) $(TORCH_VENV) $(TRITON_VENV) .data build dist *.egg-info \
		clients/java/target clients/typescript/{build,dist,node_modules}

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

# PyPI's PyTorch is gigabytes; Debian's is made for Debian's Python and compiled against the binary
# interface of NumPy 1, so that it cannot exchange arrays with the locked NumPy 2. Hence: Debian's
# Python, its PyTorch and its NumPy (1.24), and of all else the locked versions, but for the
# packages that need a newer NumPy.
$(TORCH_VENV)/.ready: requirements.lock requirements-dev.lock pyproject.toml clients/python/pyproject.toml
	@test -n "$(TORCH)" || { echo "no PyTorch: on Debian 12, apt-get install python3-torch" >&2; exit 1; }
	@echo "installing into $(TORCH_VENV), beside Debian's PyTorch ..."
	@/usr/bin/python3 -m venv --clear --system-site-packages $(TORCH_VENV) || \
		{ rm -rf $(TORCH_VENV); echo "no venv: on Debian, apt-get install python3-venv" >&2; exit 1; }
	@grep -hEv '^(numpy|scipy|matplotlib|contourpy)==' requirements.lock requirements-dev.lock \
		> $(TORCH_VENV)/constraints.txt
	@/usr/bin/python3 -c 'import numpy; print(f"numpy=={numpy.__version__}")' \
		>> $(TORCH_VENV)/constraints.txt
	@$(TORCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
		-c $(TORCH_VENV)/constraints.txt setuptools flit_core wheel pytest hypothesis nbclient ipykernel \
		matplotlib scikit-learn grpcio grpcio-status protobuf typer rich safetensors
	@$(TORCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation -e . -e clients/python
	@touch $@

# The wheel has Triton's server and its Python backend. It needs NumPy 1, so that it cannot share the
# environment of the locked NumPy 2.
$(TRITON_VENV)/.ready:
	@echo "installing Triton into $(TRITON_VENV) ..."
	@$(PYTHON) -m venv --clear $(TRITON_VENV) || \
		{ rm -rf $(TRITON_VENV); echo "no venv: on Debian, apt-get install python3-venv" >&2; exit 1; }
	@$(TRITON_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
		nvidia-pytriton==0.7.0
	@touch $@
