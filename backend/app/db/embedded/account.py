"""Choose the operating system's account that runs the server: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

# Read and search, past permissions; PostgreSQL asks with access(2), which looks at the real
# user and drops capabilities unless this bit is set (capabilities(7)).
CAPABILITY = "-all,+dac_read_search"
SECURE_BITS = "+no_setuid_fixup"


class AccountError(Exception):
    """Nobody may run the server here; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """The account of a server; `uid` is None where that is simply the current user."""

    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        """Give `path` to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def prefix(self, *paths: str | Path) -> list[str]:
        """Return the command that runs another one as this account, able to reach `paths`.

        Where a folder above them is closed to others (a home), the server gets the right to
        search, instead of the folder getting other permissions.
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
    """Return who runs the server of `directory`: this user; for root, its owner, or nobody.

    Where the directory is still to be made, its owner is that of the folder it goes into: what
    root starts in somebody's checkout, that person can use.

    Raises:
        AccountError: This is root on a system that cannot change the user.
    """
    if os.geteuid() != 0:
        return Account()
    if shutil.which("setpriv") is None:
        raise AccountError(
            "PostgreSQL does not run as root and setpriv (util-linux) is not here to change the "
            "user: use an ordinary account, or set DATABASE_URL"
        )
    place = next(path for path in (directory, *directory.parents) if path.exists())
    if (owner := place.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _is_reachable(path: Path) -> bool:
    """Whether any user may search every folder above `path`."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)
