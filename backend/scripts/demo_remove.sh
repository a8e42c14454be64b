# Stop the database of `make demo`, and delete all that it made. Run by make, from backend/.
set -eu
database='postgresql+embedded:///demo?directory=.demo/postgres'
if [ -x .venv/bin/python ] && [ -d .demo/postgres ]; then
    DATABASE_URL=$database .venv/bin/python scripts/db_manager.py stop >/dev/null
fi
rm -rf .demo
