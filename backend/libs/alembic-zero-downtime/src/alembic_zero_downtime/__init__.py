"""Safe Alembic migrations for PostgreSQL: serialized, retried, recorded, checked beforehand.

The names below are the public interface; `op` gets its online operations through the entry point
`alembic.plugins`. Everything else may change.
"""

from typing import TYPE_CHECKING, Any

import alembic  # noqa: F401 complete before its plugins load the operations, which import it

if TYPE_CHECKING:
    from alembic_zero_downtime.database.url import DatabaseURL
    from alembic_zero_downtime.environment import run
    from alembic_zero_downtime.errors import MigrationError
    from alembic_zero_downtime.history.state import MigrationState, MigrationStatus, read_state
    from alembic_zero_downtime.project import CommandNames, Project
    from alembic_zero_downtime.settings import MigrationSettings

MODULES = {
    "CommandNames": "project",
    "DatabaseURL": "database.url",
    "MigrationError": "errors",
    "MigrationSettings": "settings",
    "MigrationState": "history.state",
    "MigrationStatus": "history.state",
    "Project": "project",
    "read_state": "history.state",
    "run": "environment",
}

__all__ = [
    "CommandNames",
    "DatabaseURL",
    "MigrationError",
    "MigrationSettings",
    "MigrationState",
    "MigrationStatus",
    "Project",
    "read_state",
    "run",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562): a service needs `read_state` only."""
    from importlib import import_module  # noqa: PLC0415

    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{MODULES[name]}"), name)
    return globals().setdefault(name, value)
