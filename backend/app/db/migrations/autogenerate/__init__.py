"""Write revisions that are safe on a live table out of what Alembic's autogenerate proposes."""
