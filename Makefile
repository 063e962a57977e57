# Everything a fresh machine with Python 3.11+ and make needs. `make help` lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
C_FILES = $(wildcard kernels/src/*.c kernels/include/*.h src/netsuke/emulate/*.c src/netsuke/emulate/runtime/*.c \
	src/netsuke/emulate/runtime/*.h)
WORKERS ?= 2
MODELS ?= $(wildcard ../shared/models/mlperf_tiny/*.tflite) examples/digits/digits.onnx

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lint types layers generated c-format unit test-all bench generate table clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.core: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "netsuke needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo]'
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo,test,lint]'
	# Without what it depends on: only its two models are read, by tests.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps pulsevad==0.1.3
	touch $@

setup: $(VENV)/.core ## install netsuke and its dependencies into .venv

demo: $(VENV)/.core ## digits on an emulated microcontroller: trained model to proved C
	$(BIN)/netsuke demo

test: check unit ## formatting, lint, types, layers, generated files, C, then all tests

check: format lint types layers generated c-format

format: $(VENV)/.dev
	$(BIN)/ruff format --check --quiet src tests examples

lint: $(VENV)/.dev
	$(BIN)/ruff check --quiet src tests examples

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports --no-logo

generated: $(VENV)/.dev
	$(BIN)/python -m netsuke.ops.headers --check

c-format: $(VENV)/.dev
	$(BIN)/clang-format --dry-run --Werror $(C_FILES)

unit: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not slow"

test-all: check ## the same with the tests that take minutes
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

generate: $(VENV)/.dev ## rewrite the generated C headers and the operators' page, and format all code
	$(BIN)/python -m netsuke.ops.headers
	{ head -4 docs/operators.md; $(BIN)/netsuke ops --markdown; } > docs/operators.new && mv docs/operators.new docs/operators.md
	$(BIN)/ruff format --quiet src tests examples
	$(BIN)/ruff check --quiet --fix src tests examples
	$(BIN)/clang-format -i $(C_FILES)

table: $(VENV)/.dev ## the README's tables: model x board -> RAM, flash, cycles, verdict; M4 cycles beside other engines
	$(BIN)/python -m netsuke.bench.table $(MODELS)
	@echo
	$(BIN)/python -m netsuke.bench.table --peers $(MODELS)

bench: $(VENV)/.dev ## what the kernels cost on each core, beside other engines (BENCH="--board X --layers ...")
	$(BIN)/netsuke bench kernels $(BENCH)

.PHONY: layer-costs
layer-costs: $(VENV)/.dev ## measure the layers whose counts come with netsuke, where kernels changed
	$(BIN)/netsuke bench layers --update

.PHONY: codegen-diff
codegen-diff: $(VENV)/.dev ## how the C of the sample models changed since main (REV=another commit)
	$(BIN)/python -m netsuke.bench.codegen_diff --rev $(or $(REV),main)

clean: ## remove what the targets made
	rm -rf $(VENV) out build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
