# Every target sets up what it needs in .venv; the second time that takes no noticeable time.
# PYTHON=python3.12 make ... picks another interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVICE := $(VENV)/.service-ready
DEV := $(VENV)/.dev-ready
PACKAGES := rwinit workers service migrations tests

.PHONY: demo claims test test-fast check serve bench bench-sweep rehearsal lock clean help

help:  ## What there is to run.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(SERVICE)  ## One sweep end to end through the HTTP API: progress, the depth table, depth.svg.
	@$(BIN)/python -m service.demo

claims: $(SERVICE)  ## All claims, laptop-sized, run and judged: docs/claims.md; half an hour.
	@$(BIN)/python -m service.claims_run

serve: $(SERVICE)  ## The embedded service: API, driver, SQLite and a local Ray.
	@$(BIN)/fathom serve

test: check  ## Everything that must hold: format, lint, types, imports and all tests.
	$(BIN)/pytest -q

test-fast: $(DEV)  ## The tests without Ray, browsers and crashes: seconds, for the inner loop.
	$(BIN)/pytest -q -m "not ray and not slow"

check: $(DEV)  ## Format, lint, types and the import rules.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(DEV)  ## Speed, as ratios measured side by side in one run: five minutes.
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.step
	@$(BIN)/python -m benchmarks.ingest

bench-sweep: $(SERVICE)  ## Whole sweeps against a plain Ray Tune script: half an hour.
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.sweep

rehearsal: $(SERVICE)  ## The cluster's compose files on this machine's CPU: kills, restarts, ports; needs Docker.
	@$(BIN)/python -m tools.rehearsal

lock: $(DEV)  ## Write the lock files anew from pyproject.toml.
	$(BIN)/pip install -q uv
	$(BIN)/python tools/lock.py

clean:  ## Remove the virtual environment and caches.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

# A virtual environment made of the lock file alone, then the project itself without its needs.
$(SERVICE): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Fathom needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) (once, a minute or two) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock $(SERVICE)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.lock
	@touch $@
