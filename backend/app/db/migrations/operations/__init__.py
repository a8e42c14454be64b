"""Operations that change a table while others use it: `op.create_index_online` and its siblings.

Importing this package registers them with Alembic (Alembic manual, "Operation Plugins"); it needs
nothing else of this project. `typings/alembic/op.pyi` tells editors and mypy what they take.

Each operation is a row of steps, and each step a transaction of its own, so that no lock outlives
one short statement. A step looks first whether it is done: a revision that was ended halfway is
simply run again.
"""

from app.db.migrations.operations import backfill, column, constraint, index, not_null

__all__ = ["backfill", "column", "constraint", "index", "not_null"]
