# Install the packages of a lock file and the library in libs/ into .venv: install.sh LOCK STAMP.
# Run by make, from backend/.
set -eu
lock=$1
stamp=$2
library=libs/alembic-zero-downtime
launcher=scripts/fde.sh

if [ ! -w . ]; then
    echo "install: $PWD is read-only, and its .venv is missing or older than $lock: run this in a writable copy" >&2
    exit 1
fi

# Serialize installations, if the system has flock; the next one finds the work done.
if command -v flock >/dev/null; then
    exec 9>.venv.lock
    flock 9
    if [ "$stamp" -nt "$lock" ] && [ "$stamp" -nt "$library/pyproject.toml" ] \
        && [ "$stamp" -nt "$launcher" ]; then
        exit 0
    fi
fi

trap 'rm -f .venv.log' EXIT
trap 'exit 130' INT

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

if [ ! -x .venv/bin/python ] || ! is_new_enough .venv/bin/python; then
    if [ "$PYTHON" != python3 ] && ! is_new_enough "$PYTHON"; then
        echo "install: $PYTHON is no Python 3.11 or newer: correct PYTHON, or leave it out" >&2
        exit 1
    fi
    for python in "$PYTHON" python3.14 python3.13 python3.12 python3.11 none; do
        is_new_enough "$python" && break
    done
    if [ "$python" = none ]; then
        echo "install: no Python 3.11 or newer found: install one, or pass its path: make PYTHON=/path/to/python3" >&2
        exit 1
    fi
    case $PWD in *:*)
        echo "install: Python creates no virtual environment in a path with a colon: rename the folder $PWD" >&2
        exit 1
    esac
    echo "Creating backend/.venv with $python …" >&2
    rm -rf .venv
    if ! "$python" -m venv .venv >.venv.log 2>&1; then
        cat .venv.log >&2
        echo "install: $python cannot create a virtual environment: install its venv module (Debian: apt install python3-venv)" >&2
        rm -rf .venv
        exit 1
    fi
fi

echo "Installing $lock into backend/.venv (only when it has changed) …" >&2
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
    --require-virtualenv --only-binary :all: --require-hashes --compile -r "$lock" >.venv.log 2>&1; then
    grep -v '^WARNING: Retrying' .venv.log >&2 || true  # without a network, one for each attempt
    echo "install: pip could not install $lock: see above; is the package index reachable?" >&2
    exit 1
fi
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
    --require-virtualenv --no-deps --no-build-isolation --no-index --editable "$library" >&2; then
    echo "install: pip could not install $library: see above" >&2
    exit 1
fi
# pip writes an absolute path. A path relative to the environment survives a moved checkout.
.venv/bin/python - "$library/src" <<'PYTHON'
import pathlib, sys, sysconfig
packages = pathlib.Path(sysconfig.get_path("purelib"))
up = "../" * len(packages.relative_to(pathlib.Path.cwd()).parts)
(packages / "alembic_zero_downtime.pth").write_text(f"{up}{sys.argv[1]}\n")
PYTHON
cp "$launcher" .venv/bin/fde
chmod 755 .venv/bin/fde
.venv/bin/python -m compileall -q app alembic scripts config.py "$library/src"
touch "$stamp"
