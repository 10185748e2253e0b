# Dicomlake. `make help` lists what there is; everything runs from the environment in .venv.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
STAMP := .venv/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help env compiled demo demo-idc test check bench bench-large opensearch docs fmt clean lock

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

env: $(STAMP) ## Create or refresh .venv (again at once when nothing changed)

$(STAMP): pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Dicomlake needs Python 3.11 or later; name one with: make env PYTHON=python3.11" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "Creating .venv"; $(PYTHON) -m venv .venv; } \
	  || { echo "On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing what requirements/dev.txt locks (about a minute the first time)"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# As pip does when it installs: else, where Python is told to write no bytecode, every start compiles all of it again.
compiled: $(STAMP) ## Bytecode of our packages; demo, test and bench see to it themselves
	@$(BIN)/python -m compileall -q mappings dicomlake sample indexer worker api ui cli

demo: compiled ## Sample archive and pydicom's test files in a lake under ./demo, API and page on this machine
	@exec $(BIN)/dicomlake demo

demo-idc: compiled ## A million series of the NCI Imaging Data Commons in a lake under ./demo-idc, API and page
	@$(BIN)/dicomlake import idc --data demo-idc/lake
	@exec $(BIN)/dicomlake serve --data demo-idc/lake

test: compiled ## Everything: packages it needs, lint, types, contracts, drift, tests, documentation
	@tools/debian-packages
	@$(BIN)/python tools/verify.py

check: $(STAMP) ## The quick part of test: format, lint, types, import contracts
	@$(BIN)/python tools/verify.py --quick

bench: compiled ## Measure this machine beside peers: reading, indexing, memory, searching (ARGS="ingest --json")
	@$(BIN)/python -m benchmarks $(ARGS)

bench-large: compiled ## Measure the indexing of 1,000,000 instances (ARGS="--instances 50000")
	@$(BIN)/python -m benchmarks.large $(ARGS)

opensearch: $(STAMP) ## An OpenSearch node of this machine, until Ctrl-C (ARGS="--nodes 3 --data DIR")
	@exec $(BIN)/python -m tools.opensearch $(ARGS)

docs: $(STAMP) ## Write the generated pages, build the site into site/; a broken link fails
	@$(BIN)/python -m mappings.generate
	@$(BIN)/python tools/reference.py
	@$(BIN)/mkdocs build --strict
	@echo "site/index.html"

fmt: $(STAMP) ## Format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

lock: $(STAMP) ## Pin what pyproject.toml and requirements/dev.in ask for (UPGRADE=1: to the newest)
	@$(PIP) install uv
	@tools/lock $(if $(UPGRADE),--upgrade)

clean: ## Remove what was built or cached; .venv, demo/, demo-idc/ and lakes stay
	rm -rf build dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
