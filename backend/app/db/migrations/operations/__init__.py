"""Operations that change a table while others use it: `op.create_index_online` and its siblings.

Importing this package registers them with Alembic (Alembic manual, "Operation Plugins"); of this
project it needs nothing but the folder above it. `typings/alembic/op.pyi` tells editors and mypy
what they take.

Each operation is a row of steps, and each step a transaction of its own, so that no lock outlives
one short statement. A step looks first whether it is done: a revision that was ended halfway is
simply run again. Where the session has no lock_timeout, the steps have one of their own.

Backfills keep where they are in a table of this package, `migration_backfill`, which the
`include_name` of a project's env.py leaves out of autogenerate.
"""

from app.db.migrations.operations import backfill, column, constraint, index, not_null

__all__ = ["backfill", "column", "constraint", "index", "not_null"]
