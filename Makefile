# Everything a contributor or an evaluator types. Needs make and Python 3.11 or newer; fetches the rest by itself,
# pinned: uv by the hashes in deploy/uv.txt, every other package by uv.lock.
#   make PYTHON=python3.13 …    names the Python to use, when `python3` is too old

PYTHON ?= python3
BIN := .venv/bin
UV_READY := .tools/.ready
SYNCED := .venv/.synced
PROJECTS := pyproject.toml $(wildcard */pyproject.toml services/*/pyproject.toml deploy/*/pyproject.toml clients/*/pyproject.toml)
SOURCES := $(wildcard */src services/*/src deploy/*/src clients/*/src)

.DEFAULT_GOAL := help
.PHONY: help demo test check up down bench faults schemas procedures adapter-rules fmt clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(SYNCED) ## Start everything on this machine and follow dossiers through it
	$(BIN)/nsw demo

test: $(SYNCED) ## Run all tests but the slow fault runs
	$(BIN)/pytest -m "not faults"

check: $(SYNCED) ## Lint, format, types, import boundaries, contracts and packs, without running a test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m nsw_contracts.schemas --check
	$(BIN)/python -m nsw_intake.openapi --check contracts/openapi.json
	$(BIN)/nsw procedure check
	$(BIN)/python -m nsw_procedures.pages --check docs/procedures

up: $(SYNCED) ## Start the local stack and the services (TRACES=zipkin: with traces)
	$(BIN)/nsw up $(if $(TRACES),--traces $(TRACES))

down: $(SYNCED) ## Stop what `make up` started
	$(BIN)/nsw down

bench: $(SYNCED) ## Replay the country's load and print the figures
	$(BIN)/python -m nsw_cli.bench

faults: $(SYNCED) ## Run the slow fault runs: crashes, lost brokers, restored databases
	$(BIN)/pytest -m faults

schemas: $(SYNCED) ## Write the golden schemas, asyncapi.json and openapi.json from the models
	$(BIN)/python -m nsw_contracts.schemas --write
	$(BIN)/python -m nsw_intake.openapi --write contracts/openapi.json

procedures: $(SYNCED) ## Write docs/procedures from the packs
	$(BIN)/python -m nsw_procedures.pages --write docs/procedures

adapter-rules: $(SYNCED) ## Write docs/adapters/rules from the kit's rules
	$(BIN)/python -m nsw_contracts.adapter.conformance.pages --write docs/adapters/rules

fmt: $(SYNCED) ## Format, and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove the environment and caches; the local stack's data (.nsw) stays
	rm -rf .venv .tools dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps make a second `make` quick: they are older than what they depend on only when something changed.

$(UV_READY): deploy/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or newer is needed; '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)." >&2; \
	    echo "Install one and name it, for example: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; \
	    exit 1; }
	@$(PYTHON) -m venv --clear .tools || { \
	    echo "'$(PYTHON)' cannot make a virtual environment. On Debian or Ubuntu: apt install python3-venv" >&2; \
	    exit 1; }
	@.tools/bin/python -m pip --disable-pip-version-check install --quiet \
	    --require-hashes --only-binary :all: --no-deps -r deploy/uv.txt
	@touch $@

$(SYNCED): $(UV_READY) uv.lock $(PROJECTS)
	@UV_PYTHON_DOWNLOADS=never .tools/bin/uv sync --frozen --quiet --compile-bytecode \
	    --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@
