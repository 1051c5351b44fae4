# Polaris. The two commands are `make lab` and `make test`.
#
#   PYTHON=python3.12   the Python that .venv is made with (3.11 or newer)
#   PORT=8888           the port of JupyterLab
#   BROWSER=no          leave the browser closed, as on a server
#   CHROMIUM=/path      the Chromium or Chrome that the browser tests drive

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
PORT ?=
BROWSER ?= yes
CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
LAB := lab_extension
export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PIP_INSTALL := $(BIN)/python -m pip install -qq --constraint constraints.txt
BUILD_REQUIRES := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])
PACKAGING := pyproject.toml constraints.txt $(LAB)/install.json $(wildcard $(LAB)/startup/*)
EXTENSION := $(LAB)/package.json $(LAB)/yarn.lock $(LAB)/tsconfig.json \
  $(shell find $(LAB)/schema $(LAB)/src $(LAB)/style -type f)

.PHONY: help lab test lint build clean

help:
	@echo "make lab      install Polaris into .venv and open JupyterLab on notebooks/"
	@echo "              (PORT=8889 for another port, BROWSER=no on a server)"
	@echo "make test     install what the tests need and run all of them"
	@echo "make lint     ruff, mypy, eslint, prettier"
	@echo "make build    make the wheel and the source archive in dist/"
	@echo "make clean    remove what was built, but not .venv"

lab: $(VENV)/.lab
	@echo "Starting JupyterLab on notebooks/; stop it with Ctrl+C."
	@$(BIN)/jupyter lab --log-level=WARN \
	  $(if $(PORT),--port=$(PORT) --ServerApp.port_retries=0) \
	  $(if $(filter no,$(BROWSER)),--no-browser) \
	  $(if $(filter 0,$(shell id -u)),--allow-root) \
	  $(firstword $(wildcard notebooks/01-*.ipynb) notebooks)

test: $(VENV)/.test chromium lint
	@echo "Running the TypeScript tests."
	cd $(LAB) && jlpm test
	@echo "Running the Python and notebook tests, then the browser tests."
	CI=true $(BIN)/python -m pytest --ignore=tests/browser \
	  --numprocesses=auto --maxprocesses=4 --dist=worksteal
	CI=true CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest tests/browser

lint: $(VENV)/.test
	@echo "Checking style and types."
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd $(LAB) && jlpm lint:check

build: $(VENV)/.test
	rm -rf dist $(LAB)/labextension
	$(BIN)/python -m build --no-isolation

clean:
	rm -rf dist $(LAB)/labextension $(LAB)/lib $(LAB)/.test

# What follows installs. Each stamp is made anew when a file it depends on has changed.

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Polaris needs Python 3.11 or newer: make PYTHON=/path/to/python"; exit 1; }
	@echo "Making a virtual environment in $(VENV)."
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python's venv module does not work here; on Debian: apt-get install python3-venv"; exit 1; }
	@touch $@

$(VENV)/.build: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing the build tools, Node.js among them."
	@$(PIP_INSTALL) $$($(BIN)/python -c '$(BUILD_REQUIRES)')
	@touch $@

$(LAB)/labextension/static/style.js: $(VENV)/.build $(EXTENSION)
	@echo "Building the JupyterLab extension (a few minutes the first time)."
	@rm -rf $(LAB)/labextension
	@cd $(LAB) && { jlpm install --immutable && jlpm build:prod; } > $(BIN)/../extension.log 2>&1 || { \
	  cat $(BIN)/../extension.log; echo "The JupyterLab extension could not be built; see above."; exit 1; }

$(VENV)/.lab: $(LAB)/labextension/static/style.js $(PACKAGING)
	@echo "Installing Polaris with all backends (several minutes the first time)."
	@SKIP_JUPYTER_BUILDER=1 $(PIP_INSTALL) --no-build-isolation --editable '.[all,examples]'
	@touch $@

$(VENV)/.test: $(VENV)/.lab
	@echo "Installing what the tests need."
	@SKIP_JUPYTER_BUILDER=1 $(PIP_INSTALL) --no-build-isolation --editable '.[all,test]'
	@touch $@

.PHONY: chromium
chromium:
ifeq ($(CHROMIUM),)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	  echo "Installing Chromium for the browser tests."; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq --yes --no-install-recommends chromium fonts-dejavu-core > /dev/null; \
	else \
	  echo "The browser tests need Chromium: install it, or make test CHROMIUM=/path/to/chromium"; \
	  exit 1; \
	fi
endif
