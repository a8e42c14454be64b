"""The commands of `scripts/db_manager.py`: a module each, with `run` and its own options."""

from app import BACKEND

INI_FILE = BACKEND / "alembic.ini"
