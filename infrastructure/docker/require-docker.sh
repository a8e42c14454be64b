# Succeed if Docker is usable, else print the alternative: require-docker.sh TARGET ALTERNATIVE.
set -eu

if ! command -v docker >/dev/null; then
    reason="Docker is not installed here"
elif ! docker info >/dev/null 2>&1; then
    reason="the Docker engine does not answer"
elif ! docker compose version >/dev/null 2>&1; then
    reason="Docker's compose plugin is not installed here"
else
    exit 0
fi
echo "$1: $reason; $2" >&2
exit 1
