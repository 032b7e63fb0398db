#!/usr/bin/env bash
# What takes too long for every change: tests marked full, faults in their thousands, the lowest library versions, a
# second Python.
# Usage: .ci/full.sh [long] [faults] [lowest] [second]    (all without an argument; .ci/setup.sh dev comes first)
# All steps run, whatever becomes of the one before; the last lines say how each ended.
set -euo pipefail
cd "$(dirname "$0")/.."
export UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS-1}

environment() { # environment PLACE PYTHON PIP-ARGUMENTS...: made once, and again when what it is made of has changed
    local place=$1 python=$2 stamp
    shift 2
    stamp=$({ "$python" --version && cat pyproject.toml .ci/full.sh; } | sha256sum)
    if [ "$(cat "$place/ready" 2>/dev/null)" != "$stamp" ]; then
        .venv/bin/uv venv --quiet --clear --python "$python" "$place"
        .venv/bin/uv pip install --quiet --python "$place/bin/python" --group test "$@"
        echo "$stamp" >"$place/ready"
    fi
    echo "full: $("$place/bin/python" --version) in $place"
}

core_tests() { # core_tests PLACE ARGUMENTS...: the tests that are about our code, not about the tree around it
    local place=$1
    shift
    "$place/bin/python" -m pytest -n 3 --dist loadfile tests \
        --ignore tests/house --ignore tests/packaging --ignore tests/typing "$@"
}

long() { .venv/bin/python -m pytest -n 2 --dist loadfile -m full tests; }

faults() { ARTIGRAPH_FAULTS=full .venv/bin/python -m pytest -n 2 --dist loadfile tests/faults; }

lowest() { # the extras are named here, for what only the dependency group asks for would come in its newest version
    environment .venv-lowest .venv/bin/python --resolution lowest-direct \
        --editable ".[anndata,aws,hdf5,jupyter,mysql,networkx,pillow,plotly,polars,postgres,pydantic,zarr]"
    # Old libraries warn about new ones. Nobody installs our widgets' JupyterLab with us: its bound is for developers.
    core_tests .venv-lowest -W default --ignore tests/browser
}

second() {
    local python
    python=$(another_python) || {
        echo "full: no second Python (3.14, 3.13 or 3.12) found" >&2
        [ "${CI:-}" != true ]
        return
    }
    environment .venv-second "$python" --editable .
    core_tests .venv-second
}

another_python() {
    local ours version python
    ours=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    for version in 3.14 3.13 3.12; do
        [ "$version" != "$ours" ] || continue
        for python in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python3; do
            "$python" -c '' 2>/dev/null && echo "$python" && return
        done
    done
    return 1
}

[ $# -gt 0 ] || set -- long faults lowest second
results=() failed=0
for step in "$@"; do
    began=$SECONDS
    set +e
    (set -e && "$step")
    ended=$?
    set -e
    outcome=passed
    [ $ended = 0 ] || { outcome=FAILED && failed=1; }
    results+=("full: $step $outcome after $((SECONDS - began)) s")
    echo "${results[-1]}"
done
printf '%s\n' "${results[@]}"
exit $failed
