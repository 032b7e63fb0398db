#!/usr/bin/env bash
# What takes too long for every change: tests marked full, the lowest library versions, a second Python.
set -euo pipefail
cd "$(dirname "$0")/.."
export UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS-1}
uv=.venv/bin/uv

core_tests() { # core_tests VENV ARGUMENTS...: the tests that are about our code, not about the tree around it
    local venv=$1
    shift
    echo "== $("$venv/bin/python" --version) in $venv"
    "$venv/bin/python" -m pytest -n 2 --dist loadfile tests \
        --ignore tests/house --ignore tests/packaging --ignore tests/typing "$@"
}

.venv/bin/python -m pytest -m full tests || [ $? = 5 ] # 5: no test is marked full

$uv venv --quiet --clear --python .venv/bin/python .venv-lowest
$uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct \
    --editable ".[jupyter,networkx,polars,pydantic]" --group test
core_tests .venv-lowest -W default # old libraries warn about new ones

ours=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
for version in 3.14 3.13 3.12; do
    for python in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python3; do
        [ "$version" != "$ours" ] && "$python" -c '' 2>/dev/null || continue
        $uv venv --quiet --clear --python "$python" .venv-second
        $uv pip install --quiet --python .venv-second/bin/python --editable . --group test
        core_tests .venv-second
        exit
    done
done
echo "no second Python found (3.14, 3.13 or 3.12)" >&2
[ "${CI:-}" != true ]
