"""Choose the operating system account for the server: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from alembic_zero_downtime.errors import MigrationError

# Read and search regardless of permissions; PostgreSQL checks with access(2), which uses the real
# user id and drops capabilities unless this bit is set (capabilities(7)).
CAPABILITY = "-all,+dac_read_search"
SECURE_BITS = "+no_setuid_fixup"


class AccountError(MigrationError):
    """No account can run the server; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """The account of a server; `uid` is None for the current user."""

    uid: int | None = None
    gid: int | None = None

    def chown(self, path: Path) -> None:
        """Make the account the owner of `path`."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def prefix(self, *paths: str | Path) -> list[str]:
        """Return the prefix of a command that runs as this account and can reach `paths`.

        If other users may not search a parent folder, such as a home, the command gets a
        capability for that; the permissions of the folder do not change.
        """
        if self.uid is None:
            return []
        command = ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        if not all(_is_reachable(Path(path)) for path in paths):
            command += [
                f"--inh-caps={CAPABILITY}",
                f"--ambient-caps={CAPABILITY}",
                f"--securebits={SECURE_BITS}",
            ]
        return [*command, "--"]


def account_for(directory: Path) -> Account:
    """Return the account for `directory`: the current user; for root, its owner, or `nobody`.

    If the directory does not exist yet, the owner of its parent counts: the owner of a checkout
    can use the server that root starts in it.

    Raises:
        AccountError: The current user is root, and setpriv is not installed.
    """
    if os.geteuid() != 0:
        return Account()
    if shutil.which("setpriv") is None:
        raise AccountError(
            "PostgreSQL does not run as root, and setpriv (util-linux) is not installed to change "
            "the user: use an ordinary account, or set DATABASE_URL"
        )
    place = next(path for path in (directory, *directory.parents) if path.exists())
    if (owner := place.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _is_reachable(path: Path) -> bool:
    """Whether all users may search every parent folder of `path`."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)
