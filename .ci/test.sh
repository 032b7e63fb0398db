#!/usr/bin/env bash
# Every test that is not marked full, and every notebook, in one pytest run. More arguments go to pytest.
# Notebooks run in a copy, so that the databases they make are fresh and leave nothing in the tree.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf build/notebooks
mkdir -p build/notebooks
cp notebooks/*.ipynb build/notebooks/ 2>/dev/null || true
exec .venv/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --nbval-lax --nbval-sanitize-with notebooks/sanitize.cfg tests build/notebooks "$@"
