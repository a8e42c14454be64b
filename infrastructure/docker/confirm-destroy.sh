# Ask before the data goes; FORCE=1 has answered already.
set -eu

if [ "$FORCE" = 1 ]; then
    exit 0
elif [ ! -t 0 ]; then
    echo "destroy-dev: this removes the data and there is no terminal to ask on: FORCE=1" >&2
    exit 1
fi
printf 'This removes the development server and all its data. Type yes to go on: ' >&2
read -r answer || answer=
if [ "$answer" != yes ]; then
    echo "destroy-dev: nothing was changed" >&2
    exit 1
fi
