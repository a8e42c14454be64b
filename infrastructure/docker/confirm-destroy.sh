# Ask for confirmation before the data is deleted; FORCE=1 skips the question.
set -eu

if [ "$FORCE" = 1 ]; then
    exit 0
elif [ ! -t 0 ]; then
    echo "destroy-dev: nothing was changed: it asks first, and there is no terminal. To go ahead: make destroy-dev FORCE=1" >&2
    exit 1
fi
printf 'This deletes the development server and all its data. Type yes to continue: ' >&2
read -r answer || answer=
if [ "$answer" != yes ]; then
    echo "destroy-dev: nothing was changed" >&2
    exit 1
fi
