# The commands of the house. `make demo` and `make test` set everything up from a clean clone.

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$name; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
PACKAGES := core $(PLUGINS)
SOURCES := $(wildcard core/pyproject.toml plugins/*/pyproject.toml) constraints.txt

.PHONY: help setup pages demo test check machine fuzz bench chaos soak format clean

help:
	@echo "make demo   run Innbox here, with nothing else needed"
	@echo "make test   run all tests, on real servers and a real browser"
	@echo "make check  lint, types, architecture"
	@echo "make machine STEPS=10000   drive both stores and a model through the same random steps"
	@echo "make fuzz SECONDS=300      send anything to every door, for so long in all"
	@echo "make bench  measure"
	@echo "make chaos  prove what is promised when things break"
	@echo "make soak MINUTES=30       run under load and faults, and look for leaks"

setup: $(VENV)/.runtime pages

pages: $(VENV)/.runtime
	@$(BIN)/python tools/build_pages.py

demo: setup
	@$(BIN)/innbox demo

test: $(VENV)/.dev pages
	@tools/get_browser
	@$(BIN)/python -m pytest -n $(or $(JOBS),3) --dist loadfile $(if $(ARGS),$(ARGS),--ignore tests/chaos/test_promises.py)
	@test -n "$(ARGS)" || $(BIN)/python -m pytest tests/chaos/test_promises.py  # alone: it starts a dozen processes at once

check: $(VENV)/.dev pages
	@$(BIN)/python tools/check.py

chaos: $(VENV)/.dev pages
	@$(BIN)/python -m innbox.testing.chaos $(ARGS)

soak: $(VENV)/.dev pages
	@$(BIN)/python -m innbox.testing.chaos.soak --minutes $(or $(MINUTES),30) $(ARGS)

format: $(VENV)/.dev
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

machine: $(VENV)/.dev
	@INNBOX_MACHINE_STEPS=$(or $(STEPS),10000) INNBOX_MACHINE_SEED=$(or $(SEED),1) $(BIN)/python -m pytest tests/machine --timeout 0

fuzz: $(VENV)/.dev pages
	@INNBOX_FUZZ_SECONDS=$(or $(SECONDS),300) $(BIN)/python -m pytest tests/fuzz --timeout 0

bench: $(VENV)/.dev pages
	@$(BIN)/python -m bench $(ARGS)

clean:
	rm -rf $(VENV) plugins/*/page/node_modules plugins/*/innbox_*/static/build

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Innbox needs Python 3.11 or newer; none was found." >&2; exit 1; }
	@echo "Setting up Python packages in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -q --disable-pip-version-check -U 'pip>=25.1'

$(VENV)/.runtime: $(VENV)/bin/python $(SOURCES)
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt $(addprefix -e ,$(PACKAGES))
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime pyproject.toml
	@echo "Setting up the tools for tests …"
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e 'core[testing]' --group dev
	@touch $@
