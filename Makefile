# the first Python that is new enough; `make PYTHON=…` names another
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup demo demo-full test soak lint docs bench
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: $(READY) ## make .venv with everything in it

$(READY): pyproject.toml
	@$(if $(PYTHON),:,echo "error: Python 3.11 or later is needed; name it with make PYTHON=<path>" >&2; exit 7)
	@command -v git >/dev/null || { echo "error: git is not installed" >&2; exit 7; }
	@echo "making $(VENV) (once)" >&2
	@$(PYTHON) -m venv $(VENV) || { echo "error: this Python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 7; }
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable . --group dev
	@$(BIN)/python -m compileall -q tools teof.py
	@touch $(READY)

demo: demo-full ## two agents and a manager in a scratch repository

demo-full: $(READY) ## play the whole playbook, and check every answer
	@$(BIN)/python -m tools.maintenance.demo playbook

test: $(READY) ## run all tests
	@$(BIN)/python -m pytest

soak: $(READY) ## run the races, crashes and random schedules for ten minutes
	@$(BIN)/python -m pytest -m soak -o addopts="-q --strict-markers -n 2 --dist worksteal"

lint: $(READY) ## ruff and mypy
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

docs: $(READY) ## write the generated documents anew
	@$(BIN)/python -m tools.maintenance.generate_docs

bench: $(READY) ## measure the cost of each command as a multiple of starting Python
	@$(BIN)/python benchmarks/commands.py
	@$(BIN)/python benchmarks/bus_check.py
