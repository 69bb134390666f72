# Everything runs inside .venv, which `make setup` creates from the pinned constraints.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
JOBS   ?= 2

# The folders that hold Python; .pkg/ only links to them.
CODE := compiler dialects passes backends tests examples benchmarks

.PHONY: help setup demo lint types filecheck pytest test test-slow test-frameworks test-all docs clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

setup: $(VENV)/.stamp ## create .venv with split4ml and its test tools

$(VENV)/.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	$(BIN)/python -m split4ml.passes.timing.warm
	@touch $@

DEMO := build/demo

demo: setup ## compile the digits network into three subgraphs, verify it in C and RTL simulation, show the report
	$(BIN)/split4ml compile examples/digits_resnet.onnx -o $(DEMO) --force \
	  --input examples/digits_test.npz --subgraphs 3 --verify rtl

lint: setup ## ruff: rules and formatting
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

types: setup ## mypy --strict, the package through .pkg/ and the tests
	$(BIN)/mypy
	@# one folder at a time, since their helpers are imported by bare names (conftest.py puts the folder on sys.path)
	@set -e; for folder in tests $(sort $(dir $(wildcard tests/unit/*/test_*.py tests/e2e/test_*.py))); do \
	  path=tests; if grep -qs sys.path $$folder/conftest.py; then path=$$folder:tests; fi; \
	  echo "mypy $$folder"; MYPYPATH=$$path $(BIN)/mypy --no-error-summary $$folder/*.py; \
	done

filecheck: setup ## FileCheck tests of IR and commands
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/lit -sv -j$(JOBS) tests/filecheck

pytest: setup ## unit, property and end-to-end tests, except those marked slow
	$(BIN)/pytest -q -n $(JOBS) --dist loadfile -m 'not slow'

test: setup lint types filecheck pytest ## all that CI requires

test-slow: setup ## the tests that take more than a minute each
	$(BIN)/pytest -q -n $(JOBS) --dist loadfile -m slow

FRAMEWORKS := .venv-frameworks

test-frameworks: ## Keras 3, HGQ2, PyTorch and Brevitas themselves, in an environment of their own (5 GB)
	$(PYTHON) -m venv $(FRAMEWORKS)
	$(FRAMEWORKS)/bin/python -m pip install --quiet --disable-pip-version-check \
	  -c tests/frameworks/constraints.txt -e '.[test,keras,pytorch]'
	$(FRAMEWORKS)/bin/pytest -q tests/frameworks/check_keras.py tests/frameworks/check_torch.py

test-all: test test-slow ## test and test-slow

docs: setup ## generate docs/passes.md and docs/operators.md
	$(BIN)/python -m split4ml.compiler.passdocs > docs/passes.md.new
	mv docs/passes.md.new docs/passes.md
	$(BIN)/python tests/unit/nn/operator_table.py docs/operators.md

clean: ## remove what the targets made, but not .venv
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find tests/filecheck -name Output -type d -prune -exec rm -rf {} +
