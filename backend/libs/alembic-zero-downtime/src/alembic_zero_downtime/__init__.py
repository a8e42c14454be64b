"""Safe Alembic migrations for PostgreSQL: serialized, retried, recorded, checked beforehand.

The names below are the public interface; `op` gets its online operations through the entry point
`alembic.plugins`. Everything else may change.
"""

import sys
from typing import TYPE_CHECKING, Any

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


LIGHT = {
    f"{__name__}.{module}"
    for module in (
        *("__main__", "cli", "interrupts", "database", "database.url", "database.url_checks"),
        *("embedded", "embedded.account", "embedded.authentication", "embedded.binaries"),
        *("embedded.cluster", "embedded.dialect", "embedded.programs", "embedded.server"),
    )
}
"""The modules that import nothing of Alembic, for a program that starts quickly.

So are those within `cli`, until they import one that is not.
"""


class _AlembicFirst:
    """Imports Alembic before any other module of this package.

    Alembic loads the operations, as its plugin, while it is being imported. They import modules
    that import Alembic: none of those may be half imported then.
    """

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Find nothing; Python calls this before it imports a module (`sys.meta_path`)."""
        is_own = name.startswith(f"{__name__}.")
        if is_own and name not in LIGHT and not name.startswith(f"{__name__}.cli."):
            sys.meta_path.remove(self)
            import alembic  # noqa: F401, PLC0415


if "alembic" not in sys.modules:
    sys.meta_path.insert(0, _AlembicFirst())


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562): a service needs `read_state` only."""
    from importlib import import_module  # noqa: PLC0415

    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{MODULES[name]}"), name)
    return globals().setdefault(name, value)
