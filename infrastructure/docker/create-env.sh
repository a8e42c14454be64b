# Configure the backend for the development server: create backend/.env, unless it exists.
set -eu
cd "$(dirname "$0")/../../backend"

if [ ! -e .env ]; then
    # A port from the command line has to apply to the backend's commands too.
    awk '/^DB_PORT=/ && ENVIRON["DB_PORT"] { $0 = "DB_PORT=" ENVIRON["DB_PORT"] } { print }' \
        .env.example >.env
    echo "Created backend/.env from .env.example: the backend now uses this server."
fi
