# Every command of the project. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PRODUCT := $(VENV)/.product
STAMP := $(VENV)/.installed
NODE := .venv-interop/node
NODE_STAMP := $(NODE)/.installed
BUNDLE := build/bundle

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench peers fuzz soak interop bundle docs coverage clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(PRODUCT): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(STAMP): $(PRODUCT)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(PRODUCT) ## a real MCP client runs a small data analysis through the server and prints the conversation
	$(BIN)/python examples/demo.py

test: $(STAMP) ## all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(STAMP) ## lint, formatting, types, import rules, and Deno's own checks of deno_host/
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/deno fmt --check deno_host
	$(BIN)/deno lint deno_host
	$(BIN)/deno check deno_host

format: $(STAMP) ## put Python and TypeScript in the house format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/deno fmt deno_host

docs: $(STAMP) ## write the generated pages of docs/ anew
	$(BIN)/python -m tests.docs.pages

coverage: $(STAMP) ## the suite once, and the lines of mcp_codeexec/ that it does not reach; processes that it starts count too
	$(BIN)/python -m pytest -q -n 1 --timeout 600 --cov --cov-report=term-missing:skip-covered

bench: $(STAMP) ## timings beside floors in the same run, printed and written to docs/benchmarks.md; some minutes
	$(BIN)/python -m tests.benchmarks

peers: $(STAMP) ## other servers from PyPI beside this one, printed and written to docs/peers.md; about ten minutes
	$(BIN)/python -m tests.benchmarks.peers

fuzz: $(STAMP) ## property-based tests with new and many examples, and mcp-fuzzer from PyPI; some minutes
	CODEEXEC_FUZZ=long $(BIN)/python -m pytest -q --timeout 1800 -m hypothesis
	$(BIN)/python -m tests.fuzz.mcp_fuzzer

soak: $(STAMP) ## thousands of runs with workers killed at random, about a quarter of an hour
	CODEEXEC_SOAK_RUNS=10000 $(BIN)/python -m pytest -q --timeout 3600 tests/soak

$(NODE_STAMP): Makefile
	@command -v npm >/dev/null || { echo "npm is needed here, for the MCP Inspector and mcpb: install Node.js, of any version that has npm."; exit 1; }
	npm install --silent --no-fund --no-audit --prefix $(NODE) node@22 @modelcontextprotocol/inspector@2 @anthropic-ai/mcpb@2
	touch $@

bundle: $(NODE_STAMP) ## dist/mcp-codeexec.mcpb, for hosts that take MCP bundles; needs npm
	rm -rf $(BUNDLE) && mkdir -p $(BUNDLE) dist
	cp -r manifest.json pyproject.toml README.md LICENSE mcp_codeexec deno_host $(BUNDLE)
	find $(BUNDLE) -name __pycache__ -prune -exec rm -rf {} +
	PATH="$(CURDIR)/$(NODE)/node_modules/.bin:$$PATH" mcpb pack $(BUNDLE) dist/mcp-codeexec.mcpb

interop: $(STAMP) bundle ## the MCP Inspector, agent frameworks from PyPI and the bundle, each against the installed server; needs npm, some minutes
	$(BIN)/python -m pytest -q --timeout 1200 tests/interop

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .venv-interop .venv-peers build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
