# Go on if Docker can be used, else say in one line what to do instead: require-docker.sh TARGET INSTEAD.
set -eu

if ! command -v docker >/dev/null; then
    reason="Docker is not installed here"
elif ! docker info >/dev/null 2>&1; then
    reason="no Docker engine answers"
elif ! docker compose version >/dev/null 2>&1; then
    reason="Docker's compose plugin is not installed here"
else
    exit 0
fi
echo "$1: $reason; $2" >&2
exit 1
