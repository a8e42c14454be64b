"""What our own command line costs, measured against Alembic's in the same run."""
