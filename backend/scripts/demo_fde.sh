#!/bin/sh
# fde with the database and the files of `make demo`. scripts/demo.sh copies it to .demo/fde.
backend=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) || exit 1
unset DB_HOST DB_PORT DB_NAME DB_USERNAME DB_PASSWORD
export DATABASE_URL='postgresql+embedded:///demo?directory=.demo/postgres'
export STORAGE_URL=.demo/storage
exec "$backend/.venv/bin/fde" "$@"
