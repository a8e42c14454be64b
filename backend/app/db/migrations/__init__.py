"""The mechanism behind `alembic/env.py`: nothing in here knows this application's tables."""
