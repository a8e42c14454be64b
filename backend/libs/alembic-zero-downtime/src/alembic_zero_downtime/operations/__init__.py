"""Online operations: `op.create_index_online` and others change a table while it is in use.

Importing this package registers them with Alembic (Alembic manual, "Operation Plugins").
`typings/alembic/op.pyi` declares their signatures for editors and mypy.

Each operation is a sequence of transactions, so that no lock is held longer than one short
statement takes. Each transaction first checks whether its work is done: an interrupted revision is
simply run again. If the session has no lock_timeout, the operation sets one.

Backfills keep their position in the table `migration_backfill`, which autogenerate ignores.
"""

from alembic_zero_downtime.operations import backfill, column, constraint, index, not_null

__all__ = ["backfill", "column", "constraint", "index", "not_null"]
