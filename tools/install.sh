#!/bin/sh
# Makes .venv with exactly the packages of requirements.lock, hash-checked, and Clarion itself in editable form.
# Usage: tools/install.sh PYTHON. Run again it mends an existing .venv.
set -eu
cd "$(dirname "$0")/.."
python=$1

fail() { echo "make install: $1" >&2; exit 1; }

command -v "$python" >/dev/null || fail "no '$python' found. Install Python 3.11 or newer, or name one: make install PYTHON=/path/to/python3"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') || fail "'$python' does not run."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail \
    "'$python' is Python $version and Clarion needs 3.11 or newer. Name a newer one: make install PYTHON=python3.12"

# An interpreter that was upgraded or removed leaves a .venv that cannot start.
[ -d .venv ] && ! .venv/bin/python -c '' 2>/dev/null && rm -rf .venv

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    # Debian ships Python without ensurepip; its pip can still fill a virtual environment that has none.
    rm -rf .venv
    "$python" -m venv .venv >/dev/null 2>&1 ||
        { "$python" -m venv --clear --without-pip .venv && "$python" -m pip --python .venv/bin/python install --quiet pip; } ||
        fail "could not make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv"
fi

# uv comes from the same lock and installs the rest in seconds. It does not read pip's configuration, so where only a
# mirror named there can be reached, pip does the same slowly.
awk '/^[a-z]/ { wanted = /^uv==/ } wanted' requirements.lock > .venv/uv.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv/uv.txt
export UV_LINK_MODE=copy UV_NO_PROGRESS=1
if .venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes --strict requirements.lock; then
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
else
    echo "make install: uv could not install; trying pip, which takes about a minute" >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
fi
