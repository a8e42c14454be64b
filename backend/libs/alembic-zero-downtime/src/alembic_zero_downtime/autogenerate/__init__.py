"""Rewrite the operations that Alembic's autogenerate proposes into revisions without downtime."""
