"""Choose the operating system account for the server: PostgreSQL refuses to run as root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = 0
SYSTEM = range(1, 1000)
"""User ids of system accounts (systemd, as above)."""
UNASSIGNED = range(65533, 65519, -1)
"""User ids that neither Debian (policy, 9.2) nor systemd ("Users, Groups, UIDs and GIDs") assigns.

No process but the server runs under such an id, so no other process can open its files, send it
a signal or trace it. `nobody` is shared by unrelated services.
"""


class AccountError(Exception):
    """No account can run the server; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """The account of a server; `uid` is None for the current user."""

    uid: int | None = None
    gid: int | None = None

    @property
    def credentials(self) -> dict[str, Any]:
        """The arguments with which `subprocess` runs a program as this account.

        A process that root starts as another user has no capability (capabilities(7)).
        """
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    @property
    def name(self) -> str | None:
        """Its name in the user database; None if it has no entry there."""
        try:
            return pwd.getpwuid(os.geteuid() if self.uid is None else self.uid).pw_name
        except KeyError:
            return None

    @property
    def folder_owner(self) -> "Account":
        """The account that owns the folder around the data: root, for an unassigned id."""
        return Account(ROOT, ROOT) if self.uid in UNASSIGNED else self

    def chown(self, path: Path) -> None:
        """Make the account the owner of `path`."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def chown_tree(self, folder: Path) -> None:
        """Make the account the owner of a folder and all its content; of the folder last.

        So the owner of the folder tells whether it was done completely.
        """
        if self.uid is None or folder.stat().st_uid == self.uid:
            return
        for parent, folders, files in os.walk(folder, topdown=False):
            for name in (*folders, *files):
                self.chown(Path(parent, name))
        self.chown(folder)

    def with_name(self) -> "Account":
        """Return the same account, or a named one, as initdb requires, if it has no name."""
        return self if self.uid is None or self.name else _find_idle_account()


def account_for(directory: Path) -> Account:
    """Return the account for `directory`: the current user; for root, its owner, or an unused id.

    If the directory does not exist yet, the owner of its parent counts: the owner of a checkout
    can use the server that root starts in it. A folder of `nobody` was made by root in an earlier
    version.

    Raises:
        AccountError: The current user is not in the user database.
    """
    user = Account()
    if user.name is None:
        raise AccountError(
            f"the user id {os.geteuid()} has no entry in /etc/passwd, which PostgreSQL requires: "
            "add one, or run this as a user that has one"
        )
    if os.geteuid() != ROOT:
        return user
    place = next(path for path in (directory, *directory.parents) if path.exists())
    owner = place.stat()
    if owner.st_uid in (ROOT, pwd.getpwnam("nobody").pw_uid):
        uid = next((uid for uid in UNASSIGNED if Account(uid).name is None), UNASSIGNED[0])
        return Account(uid, uid)
    return Account(owner.st_uid, owner.st_gid)


def _find_idle_account() -> Account:
    """Return a system account that runs no process; `nobody` if there is none."""
    busy = {process.info["uids"].real for process in psutil.process_iter(["uids"])}
    nobody = pwd.getpwnam("nobody")
    idle = (each for each in pwd.getpwall() if each.pw_uid in SYSTEM and each.pw_uid not in busy)
    chosen = next(idle, nobody)
    return Account(chosen.pw_uid, chosen.pw_gid)
