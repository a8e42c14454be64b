"""Let only the server's own account and root connect, as any role (PostgreSQL manual, 20.9)."""

import os
import pwd
import tempfile
from pathlib import Path

from alembic_zero_downtime.embedded.account import ROOT, Account

MAP = "embedded"
RULES = f"local all all peer map={MAP}\n"


def restrict_access(data: Path, account: Account) -> None:
    """Write `pg_hba.conf` and `pg_ident.conf` of a stopped server.

    The kernel tells the server the account of each client (peer authentication); both files are
    replaced, so that the rules of an earlier version do not stay.
    """
    names = {pwd.getpwuid(ROOT).pw_name, account.name}
    lines = [f'{MAP} "{name}" all\n' for name in sorted(filter(None, names))]
    _replace(data / "pg_ident.conf", "".join(lines), account)
    _replace(data / "pg_hba.conf", RULES, account)


def _replace(path: Path, content: str, account: Account) -> None:
    """Replace a file; if it is a symbolic link, not its target."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
    account.chown(Path(name))
    Path(name).replace(path)
