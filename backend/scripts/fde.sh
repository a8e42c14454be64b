#!/bin/sh
# Run `python -m app` of the checkout that holds this file, from any folder. scripts/install.sh
# copies it to .venv/bin/fde. It finds the checkout when it runs, so that this may be moved.
file=$0
while [ -L "$file" ]; do
    target=$(readlink "$file")
    case $target in
        /*) file=$target ;;
        *) file=${file%/*}/$target ;;
    esac
done
backend=$(CDPATH='' cd -- "$(dirname -- "$file")/../.." && pwd) || exit 1
if [ ! -x "$backend/.venv/bin/python" ]; then
    echo "fde: there is no $backend/.venv: run make install in $backend" >&2
    exit 1
fi
# -P: a module in the folder that the user is in is not imported.
PYTHONPATH="$backend${PYTHONPATH:+:$PYTHONPATH}" exec "$backend/.venv/bin/python" -P -m app "$@"
