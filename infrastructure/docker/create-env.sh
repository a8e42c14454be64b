# Point the backend to the development server: make backend/.env, unless there is one.
set -eu
cd "$(dirname "$0")/../../backend"

if [ ! -e .env ]; then
    # A port that was chosen on the command line must hold for the backend's commands too.
    awk '/^DB_PORT=/ && ENVIRON["DB_PORT"] { $0 = "DB_PORT=" ENVIRON["DB_PORT"] } { print }' \
        .env.example >.env
    echo "Created backend/.env from .env.example: the backend now uses this server."
fi
