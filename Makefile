# Two commands for a newcomer: `make lab` opens the product, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8888
ARGS ?=
export PATH := $(CURDIR)/$(BIN):$(PATH)
# One thread for each process: the suite and the runner bring their own parallelism.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help install lab test lint types test-python test-js test-browser bench format clean

help:
	@echo "make install   create .venv, install everything, build the JupyterLab extension"
	@echo "make lab       open JupyterLab on lab/workspace with a demo course in lab/course (ARGS=--no-browser, PORT=8888)"
	@echo "make test      linters, types, Python, JavaScript and browser tests"
	@echo "make bench     benchmarks against named peers"
	@echo "make format    let the formatters rewrite the sources"

install: $(VENV)/.installed

# Every step is a file, so that a second `make` does only what changed.
$(VENV)/.python: constraints.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -c constraints.txt hatchling hatch-nodejs-version hatch-jupyter-builder jupyter-builder editables
	touch $@

node_modules/.installed: package.json package-lock.json .npmrc
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

tinytorch_lab/labextension/package.json: node_modules/.installed $(VENV)/.python $(shell find labextension/src labextension/style labextension/schema -type f) labextension/tsconfig.json
	rm -rf tinytorch_lab/labextension
	npm run --silent build:prod
	touch $@

$(VENV)/.installed: $(VENV)/.python tinytorch_lab/labextension/package.json
	$(BIN)/pip install --quiet --no-build-isolation -c constraints.txt -e ".[grading,test]"
	mkdir -p $(VENV)/share/jupyter/labextensions
	rm -rf $(VENV)/share/jupyter/labextensions/tinytorch-lab
	ln -sfn "$(CURDIR)/tinytorch_lab/labextension" $(VENV)/share/jupyter/labextensions/tinytorch-lab
	bash scripts/system-packages.sh
	touch $@

# Only for the tests of several people on one notebook: where it is installed, every document is opened in another way.
$(VENV)/collaboration/.installed: $(VENV)/.installed constraints.txt tests/browser/collaboration.txt
	rm -rf $(@D)
	$(BIN)/pip install --quiet --no-deps --target $(@D) -c constraints.txt -r tests/browser/collaboration.txt
	touch $@

lab: install
	@test -d lab/course || $(BIN)/tito demo --keep lab/course
	@mkdir -p lab/workspace && $(BIN)/tito module start 01_tensor --workspace lab/workspace
	$(BIN)/tito lab lab/workspace --root lab --TinyTorchLab.course=lab/course --port=$(PORT) $(ARGS)

test: install lint types test-python test-js test-browser
	@echo "All checks passed."

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	npm run --silent lint
	npm run --silent format:check

types: install
	$(BIN)/mypy
	npm run --silent typecheck
	npm run --silent types:check

# Both cores share the work, but for what starts servers and browsers, which has the machine to itself, and for files
# whose tests build on one another. The server's tests bring an event loop of their own, which others should not meet.
ALONE := tests/grading/test_workflow.py tests/grading/test_milestone_runs.py tests/hub tests/test_wheel.py
test-python: install
	$(BIN)/python -m pytest -n 2 --dist worksteal --ignore tests/browser --ignore tests/api $(ALONE:%=--ignore %)
	$(BIN)/python -m pytest $(ALONE)
	$(BIN)/python -m pytest tests/api

test-js: install
	npm run --silent test

test-browser: install $(VENV)/collaboration/.installed
	$(BIN)/python -m pytest tests/browser

bench: install
	$(BIN)/python bench/export.py
	$(BIN)/python bench/runner.py
	$(BIN)/python bench/autograde.py
	$(BIN)/python bench/training.py
	$(BIN)/python bench/course.py
	$(BIN)/python bench/sidebar.py
	$(BIN)/python -m bench.hub

format: install
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	npm run --silent format

clean:
	rm -rf tinytorch_lab/labextension labextension/lib lab build dist
