#!/usr/bin/env bash
# Makes .venv ready for one dependency group of pyproject.toml, and asks apt for the system programs it needs.
# Usage: .ci/setup.sh demo|lab|test|dev|docs    (PYTHON=python3.12 chooses the interpreter)
# Needs Python 3.11 or newer with pip, nothing else. A second call for the same group only compares a checksum.
set -euo pipefail
cd "$(dirname "$0")/.."
group=${1:?usage: .ci/setup.sh demo|lab|test|dev|docs}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_INPUT=1
export UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS-1}

say() { echo "setup: $*" >&2; }
fail() { say "$@"; exit 1; }
fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
as_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
apt_install() { # starts no service: tests start servers of their own
    local policy=/usr/sbin/policy-rc.d ours=
    [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && ours=yes; }
    local ended=0
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null || ended=$?
    [ -z "$ours" ] || rm -f $policy
    return $ended
}

# ---------------------------------------------------------------- system programs

missing=() skipped=()
need() { # need PACKAGE WHAT-IS-SKIPPED-WITHOUT-IT TEST...
    local package=$1 what=$2
    shift 2
    "$@" >/dev/null 2>&1 || { missing+=("$package"); skipped+=("$what"); }
}
have_font() { compgen -G "/usr/share/fonts/*/dejavu*/DejaVuSans.ttf" || { command -v fc-list && fc-list | grep DejaVuSans; }; }
have_postgres() { compgen -G "/usr/lib/postgresql/*/bin/initdb" || command -v initdb; }
have_mariadb() { [ -x /usr/sbin/mariadbd ] || command -v mariadbd; }
case $group in
demo | lab | test | dev) need graphviz "pictures laid out by Graphviz" command -v dot ;;
esac
case $group in
test | dev)
    need chromium "browser tests" command -v chromium
    need fonts-dejavu "tests of text widths" have_font
    need nodejs "JavaScript tests" command -v node
    need npm "JavaScript tests" command -v npm
    need postgresql "tests on PostgreSQL" have_postgres
    need mariadb-server "tests on MariaDB" have_mariadb
    ;;
esac
if [ ${#missing[@]} -gt 0 ]; then
    if as_root; then
        say "installing ${missing[*]}"
        apt_install "${missing[@]}" || say "apt-get could not install ${missing[*]}"
    else
        say "missing: ${missing[*]} (needs root); skipped for it: $(printf '%s\n' "${skipped[@]}" | sort -u | paste -sd, | sed 's/,/, /g')"
    fi
fi

# ---------------------------------------------------------------- the virtual environment

place=$PWD/.venv
bin=$place/bin
[ -z "${PYTHON:-}" ] || fits "$PYTHON" || fail "PYTHON=$PYTHON is no Python 3.11 or newer"
if [ -d .venv ]; then # one that was copied here, is broken, or has another Python than the one asked for is made anew
    version='import sys; print(sys.version_info[:2])'
    found=$("$bin/python" -c "$version" 2>/dev/null || true)
    wanted=$("${PYTHON:-$bin/python}" -c "$version" 2>/dev/null || true)
    made_for=$(cat .venv/place 2>/dev/null || echo "$place")
    if [ ! -x "$bin/pip" ] || [ "$made_for" != "$place" ] || [ "$wanted" != "$found" ]; then rm -rf .venv; fi
fi
if [ ! -d .venv ]; then
    for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        fits "$python" && break
        python=
    done
    [ -n "$python" ] || fail "no Python 3.11 or newer found; name one: make $group PYTHON=/path/to/python3"
    if "$python" -m pip --version >/dev/null 2>&1; then # this way needs no python3-venv
        "$python" -m venv --without-pip .venv
        echo "$place" >.venv/place
        "$python" -m pip --python "$bin/python" install --quiet "pip>=25.1"
    else
        "$python" -c 'import ensurepip' 2>/dev/null || { as_root && apt_install python3-venv; } ||
            fail "$python has neither pip nor venv; install python3-pip or python3-venv"
        "$python" -m venv .venv
        echo "$place" >.venv/place
    fi
fi

# ---------------------------------------------------------------- Python packages

stamp=$(cat pyproject.toml .ci/setup.sh | sha256sum)
case $group in # a larger group holds the smaller ones
demo) holders=(demo lab test dev) ;;
lab) holders=(lab test dev) ;;
test) holders=(test dev) ;;
*) holders=("$group") ;;
esac
ready=
for holder in "${holders[@]}"; do
    [ "$(cat ".venv/ready-$holder" 2>/dev/null)" = "$stamp" ] && ready=yes
done
if [ -z "$ready" ]; then
    say "installing the Python packages of '$group' into .venv"
    "$bin/python" -m pip install --quiet --upgrade "pip>=25.1" uv
    "$bin/uv" pip install --quiet --python "$bin/python" --editable . --group "$group" || {
        say "uv could not; trying pip"
        "$bin/python" -m pip install --quiet --editable . --group "$group"
    }
    echo "$stamp" >".venv/ready-$group"
fi

foreign=$(compgen -G ".venv/lib/python*/site-packages/artigraph-[0-9]*.dist-info" || true)
if [ -n "$foreign" ]; then
    say "the package 'artigraph' of another project is installed in .venv beside ours and hides it; remove it:" \
        ".venv/bin/python -m pip uninstall artigraph"
fi
