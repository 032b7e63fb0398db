# Every target does its own set-up first; see .ci/setup.sh. PYTHON=python3.12 chooses the interpreter.
.PHONY: help demo lab test test-full faults faults-full check bench docs clean
.DEFAULT_GOAL := help
bin := .venv/bin
export PYTHON
export NO_MKDOCS_2_WARNING = 1

help:
	@echo "make demo       run the quickstart notebook and show what it left in the database"
	@echo "make lab        open JupyterLab on the notebooks"
	@echo "make test       every test and notebook"
	@echo "make test-full  also the long tests, the lowest library versions, a second Python"
	@echo "make faults     only the tests of what may go wrong; writes docs/reliability.md (faults-full: the long counts)"
	@echo "make check      format, lint, types, floors, declared dependencies, then make test"
	@echo "make bench      our speed beside raw SQLite's"
	@echo "make docs       build the documentation into site/"

demo:
	@.ci/setup.sh demo
	@$(bin)/python notebooks/run_demo.py

lab:
	@.ci/setup.sh lab
	$(bin)/jupyter lab --notebook-dir=notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

test:
	@.ci/setup.sh dev
	.ci/test.sh

test-full: test
	.ci/full.sh

faults:
	@.ci/setup.sh dev
	$(bin)/python -m tests.faults

faults-full:
	@.ci/setup.sh dev
	$(bin)/python -m tests.faults --full

check:
	@.ci/setup.sh dev
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports --no-logo
	$(bin)/deptry artigraph artigraph_jupyter
	.ci/test.sh

bench:
	@.ci/setup.sh demo
	$(bin)/python -m tests.benchmarks
	$(bin)/python -m tests.benchmarks.kept

docs:
	@.ci/setup.sh docs
	$(bin)/mkdocs build --strict

clean:
	rm -rf build dist site demo .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
