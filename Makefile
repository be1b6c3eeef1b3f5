# All that is needed is Python 3.11 or newer, pip and make.
#
#   make demo      cartoon a sample clip: out/walk_cel.mp4, and a before/after sheet
#   make test      the tests without the slow ones
#   make check     what CI runs: lint, types, every test
#   make corpus    clips of every kind through the real job; writes docs/corpus.md
#
# Variables: PYTHON=python3.12 chooses the interpreter of a new .venv; PIP_ARGS is passed to every
# pip install, e.g. for a CPU-only torch:
#   make test PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"

PYTHON ?= python3
VENV ?= .venv
PIP_ARGS ?=
PYTEST_ARGS ?=
CORPUS_ARGS ?= $(if $(wildcard ../shared/media),--extra ../shared/media)
CLIP ?= sample_media/walk.mp4
STYLE ?= cel

BIN := $(VENV)/bin
NAME := $(basename $(notdir $(CLIP)))
RESULT := out/$(NAME)_$(STYLE).mp4
SHEET := out/$(NAME)_$(STYLE)_before_after.png
TYPED := $(wildcard videotoon training benchmarks tools tests)
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt $(PIP_ARGS)

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-all test-long lint format types check corpus wheel samples clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "videotoon needs Python 3.11 or newer; say which: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# One stamp per set of extras: repeated calls install nothing.
$(VENV)/.core: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing videotoon into $(VENV) ..."
	$(INSTALL) -e .
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing videotoon and what its tests need into $(VENV) ..."
	$(INSTALL) -e '.[test]'
	@touch $@ $(VENV)/.core

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing videotoon and all that developing it needs into $(VENV) ..."
	$(INSTALL) -e '.[dev,training]'
	@touch $@ $(VENV)/.test $(VENV)/.core

demo: $(VENV)/.core
	@mkdir -p out
	$(BIN)/videotoon $(CLIP) $(RESULT) --style $(STYLE) --overwrite
	$(BIN)/videotoon preview $(CLIP) $(SHEET) --at 1s,2.5s,4.5s --styles $(STYLE) --overwrite
	@echo
	@echo "  clip:          $(RESULT)"
	@echo "  before/after:  $(SHEET)"

test: $(VENV)/.test
	$(BIN)/python -m pytest -m "not slow and not long" $(PYTEST_ARGS)

test-slow: $(VENV)/.test
	$(BIN)/python -m pytest -m "slow and not long" $(PYTEST_ARGS)

test-all: $(VENV)/.test
	$(BIN)/python -m pytest -m "not long" $(PYTEST_ARGS)

test-long: $(VENV)/.test
	$(BIN)/python -m pytest -m long $(PYTEST_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev
	$(BIN)/mypy $(TYPED)

check: lint types test-all

# Clips of one's own go through as well: make corpus CORPUS_ARGS="--extra ~/Videos"; those that tests
# marked `shared` use do where they are there.
corpus: $(VENV)/.test
	$(BIN)/python -m benchmarks.corpus --write docs/corpus.md $(CORPUS_ARGS)

wheel: $(VENV)/.dev
	$(BIN)/python -m build --wheel --outdir dist .

samples: $(VENV)/.test
	$(BIN)/python -m tools.make_sample_media sample_media

clean:
	rm -rf out dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
