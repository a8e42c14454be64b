# Install a list of locked packages into .venv: install.sh LOCK STAMP. Run by make, from backend/.
set -eu
lock=$1
stamp=$2

# One installation at a time, where the system can lock; the next one finds its work done.
if command -v flock >/dev/null; then
    exec 9>.venv.lock
    flock 9
    if [ "$stamp" -nt "$lock" ]; then
        exit 0
    fi
fi

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

if [ ! -x .venv/bin/python ] || ! is_new_enough .venv/bin/python; then
    for python in "$PYTHON" python3.14 python3.13 python3.12 python3.11 none; do
        is_new_enough "$python" && break
    done
    if [ "$python" = none ]; then
        echo "install: no Python 3.11 or newer found: install one, or name it: make PYTHON=/path/to/python3" >&2
        exit 1
    fi
    rm -rf .venv
    if ! "$python" -m venv .venv >.venv.log 2>&1; then
        cat .venv.log >&2
        echo "install: $python cannot make a virtual environment: install its venv module (Debian: apt install python3-venv)" >&2
        rm -rf .venv .venv.log
        exit 1
    fi
    rm -f .venv.log
fi

echo "Installing $lock into backend/.venv (once, until it changes) …" >&2
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
    --require-virtualenv --only-binary :all: --require-hashes --compile -r "$lock" >&2; then
    echo "install: pip could not install $lock: see above; is the package index reachable?" >&2
    exit 1
fi
.venv/bin/python -m compileall -q app alembic scripts config.py
touch "$stamp"
