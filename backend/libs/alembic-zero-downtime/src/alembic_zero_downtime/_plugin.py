"""The entry point `alembic.plugins`: Alembic calls `setup` while it is being imported.

At that time only `alembic.operations` and `alembic.util` are complete: the operations may import
nothing else of Alembic at module level. The name of the entry point begins with
`alembic.autogenerate.`, so that Alembic's default list of plugins includes it.
"""

from typing import TYPE_CHECKING

from alembic.util import DispatchPriority, PriorityDispatchResult

from alembic_zero_downtime._alembic import add_object_filter, escape_percent_signs
from alembic_zero_downtime.tables import MIGRATION_TABLES

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import UpgradeOps
    from alembic.runtime.plugins import Plugin


def setup(plugin: "Plugin") -> None:
    """Register the online operations with `op`, and hide the migration tables from autogenerate."""
    import alembic_zero_downtime.operations  # noqa: F401, PLC0415 the import registers them

    escape_percent_signs()
    plugin.add_autogenerate_comparator(
        _hide_migration_tables, "autogenerate", priority=DispatchPriority.FIRST
    )


def _hide_migration_tables(context: "AutogenContext", _: "UpgradeOps") -> PriorityDispatchResult:
    """Let no comparison see the ledger and the backfill positions, as Alembic's own table."""
    add_object_filter(context, _is_of_the_project)
    return PriorityDispatchResult.CONTINUE


def _is_of_the_project(_: object, name: str | None, kind: str, *__: object) -> bool:
    return kind != "table" or name not in MIGRATION_TABLES
