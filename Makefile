# The same targets on a laptop and in CI. Needs Python 3.11 or newer, and make.

PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
ENGINES := .venv-engines
NPM := .npm
DEMO := examples/demo
DEMO_SIZE :=
DEMO_DBT := cd $(DEMO) && $(BIN)/dbt --no-send-anonymous-usage-stats
SQL := $(wildcard models tests analyses)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PRE_COMMIT_HOME := $(CURDIR)/$(VENV)/pre-commit

.DEFAULT_GOAL := help
.PHONY: help demo demo-smoke test test-all test-matrix engines benchmark lint lint-python lint-sql lint-sql-postgres pytest format docs-pages hooks clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/demo.installed ## Build the demo company on DuckDB, draw its tree, show its North Star
	$(BIN)/python $(DEMO)/company.py --out $(DEMO)/data $(DEMO_SIZE)
	$(BIN)/python $(DEMO)/load.py --csv $(DEMO)/data --duckdb $(DEMO)/northstar_demo.duckdb
	$(DEMO_DBT) deps
	$(DEMO_DBT) build
	@$(BIN)/northstar docs --values --project-dir $(DEMO)
	@echo
	@$(BIN)/northstar show --project-dir $(DEMO)
	@echo
	@echo "Look at"
	@echo "  $(DEMO)/target/northstar/       the driver tree: driver_tree.html, .md, .svg, .json"
	@echo "  $(DEMO)/dbt_project.yml         the mapping and the definitions"
	@echo "  $(DEMO)/northstar_demo.duckdb   the marts: northstar.northstar__metric_periods, ..."
	@echo "  $(DEMO)/README.md               what the data holds, and where to see it"

demo-smoke: ## The demo with a twentieth of its data
	@$(MAKE) --no-print-directory demo DEMO_SIZE=--small

test: lint pytest demo-smoke ## Lint, the tests that are not marked slow, and a small demo

test-all: lint lint-sql-postgres $(VENV)/pages.installed ## Lint, every test, and the whole demo
	cd python && $(BIN)/pytest -n 2
	@$(MAKE) --no-print-directory demo

# What `make test` leaves out: Spark in full, the cloud's adapters, other versions.
MATRIX := $(addprefix tests/test_, $(addsuffix .py, cloud_engines snowflake grammar engines_agree engine_differences concurrency dbt_2 docs_mermaid))
test-matrix: $(VENV)/pages.installed $(ENGINES)/engines.installed $(NPM)/installed ## Every engine and version, as docs/engines.md lists them
	$(BIN)/python python/matrix.py
	cd python && $(BIN)/pytest -n 0 $(MATRIX)

engines: $(ENGINES)/engines.installed ## Install the adapters that are compiled for, apart

benchmark: $(VENV)/dev.installed ## Measure the package on one and ten million events
	$(BIN)/python benchmarks/run.py --events 1e6 --events 1e7

lint: lint-python lint-sql ## ruff, mypy, sqlfluff

lint-python: $(VENV)/dev.installed
	$(BIN)/ruff check python examples docs benchmarks
	$(BIN)/ruff format --check python examples docs benchmarks
	cd python && $(BIN)/mypy

lint-sql: $(VENV)/dev.installed
	$(BIN)/sqlfluff lint --processes 2 $(SQL)

# The same SQL has to be in order under both dialects.
lint-sql-postgres: $(VENV)/dev.installed
	$(BIN)/sqlfluff lint --processes 2 --dialect postgres $(SQL)

pytest: $(VENV)/pages.installed ## The tests that are not marked slow
	cd python && $(BIN)/pytest -n 2 -m "not slow"

format: $(VENV)/dev.installed ## Put the Python code in order
	$(BIN)/ruff check --fix python examples docs benchmarks
	$(BIN)/ruff format python examples docs benchmarks

docs-pages: $(VENV)/dev.installed ## Write the generated pages and blocks of the docs anew
	$(BIN)/python docs/generate.py

hooks: $(VENV)/dev.installed ## Run the linters before each commit
	$(BIN)/pre-commit install

# pip's own install of the pinned packages, then the companion from here. Both sets
# share the environment: demo.txt is a part of dev.txt.
$(VENV)/%.installed: requirements/%.txt python/pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement $<
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable python
	touch $@

$(VENV)/pages.installed: requirements/pages.txt $(VENV)/dev.installed
	$(BIN)/python -m pip install --quiet --no-deps --requirement $<
	touch $@

# Where there is no npm, the tests that ask for what it installs say so and skip.
$(NPM)/installed: requirements/package.json
	mkdir -p $(NPM)
	cp $< $(NPM)/package.json
	if command -v npm; then npm install --prefix $(NPM) --no-package-lock --ignore-scripts --silent; fi
	touch $@

# The adapters of the cloud ask for other versions than the tests, so they are apart.
$(ENGINES)/engines.installed: requirements/engines.txt
	test -x $(ENGINES)/bin/python || $(PYTHON) -m venv $(ENGINES)
	$(ENGINES)/bin/python -m pip install --quiet --requirement $<
	touch $@

clean: ## Remove all that was made here, the environment too
	rm -rf $(VENV) $(ENGINES) $(NPM) python/*.egg-info python/src/*.egg-info python/.*_cache .*_cache
	rm -rf $(DEMO)/data $(DEMO)/target $(DEMO)/dbt_packages $(DEMO)/logs
	rm -f $(DEMO)/*.duckdb $(DEMO)/*.duckdb.wal
	rm -rf benchmarks/work benchmarks/project/target benchmarks/project/dbt_packages benchmarks/project/logs
	rm -rf lint/target lint/logs target logs dbt_packages
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
