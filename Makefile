# Every target sets up what it needs: Python 3.11 or newer, pip and make are enough. Another Python: make PYTHON=python3.12 ...
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
# Three processes on two cores: half of the tests' time is waiting for timers, disks and other processes.
BESIDE := -n 3 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help install demo test check static docs bench soak lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Make .venv with Clarion and its tools, exactly as locked

$(INSTALLED): pyproject.toml requirements.lock tools/install.sh
	@tools/install.sh "$(PYTHON)"
	@touch $@

demo: $(INSTALLED) ## Send a messy CSV's 2,087 messages at 60 per second and watch (ARGS="--once --json")
	@$(BIN)/clarion demo $(ARGS)

static: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

check: static ## Before each commit: linters, types, imports, fast tests on SQLite (under two minutes)
	$(BIN)/pytest $(BESIDE) -m fast

test: static ## Everything: check, and all tests on SQLite and a real PostgreSQL (under 15 minutes)
	$(BIN)/pytest $(BESIDE) -m "not alone"
	$(BIN)/pytest -m alone

docs: $(INSTALLED) ## Write the reference pages and the Python client, which are made from code
	$(BIN)/python tools/write_reference.py
	$(BIN)/python -m tools.write_client

bench: $(INSTALLED) ## Measure the budgets and write bench/RESULTS.md
	$(BIN)/python -m bench $(ARGS)

soak: $(INSTALLED) ## Kill the server again and again while it sends, and check the books (ARGS="--kills 50")
	$(BIN)/python -m bench.soak $(ARGS)

lock: $(INSTALLED) ## Move requirements.lock to the newest releases that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --group dev --output-file requirements.lock pyproject.toml

clean: ## Remove what the other targets made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
