"""Let only the server's own account and root connect, as any role (PostgreSQL manual, 20.9)."""

import os
import pwd
import tempfile
from collections.abc import Iterable
from pathlib import Path

from alembic_zero_downtime.embedded.account import ROOT, Account

MAP = "embedded"
SANDBOX = "sandbox"
"""The role for SQL of another origin on a disposable server."""
ALL_ROLES = ("all",)
KNOWN_ROLES = ("postgres", SANDBOX)
"""Those of a disposable server; before PostgreSQL 16 the map of names has no word for all roles."""
RULES = f"local all all peer map={MAP}\n"


def restrict_access(data: Path, account: Account, roles: Iterable[str] = ALL_ROLES) -> None:
    """Write `pg_hba.conf` and `pg_ident.conf` of a stopped server.

    The kernel tells the server the account of each client (peer authentication); both files are
    replaced, so that the rules of an earlier version do not stay.

    Args:
        data: the server's data directory.
        account: runs the server.
        roles: as which its clients may log in.
    """
    names = {pwd.getpwuid(ROOT).pw_name, account.name}
    found = [(name, role) for name in sorted(filter(None, names)) for role in roles]
    lines = [f'{MAP} "{name}" {role}\n' for name, role in found]
    _replace(data / "pg_ident.conf", "".join(lines), account)
    _replace(data / "pg_hba.conf", RULES, account)


def _replace(path: Path, content: str, account: Account) -> None:
    """Replace a file; if it is a symbolic link, not its target."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
    account.chown(Path(name))
    Path(name).replace(path)
