"""The modes in which PostgreSQL locks a table, from the weakest to the strongest."""

import re
from enum import IntEnum


class Lock(IntEnum):
    """A mode, and whom it keeps waiting (PostgreSQL manual, "Explicit Locking")."""

    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    @classmethod
    def of(cls, mode: str) -> "Lock":
        """Return the mode that `pg_locks` calls e.g. `AccessExclusiveLock`."""
        return cls[re.sub(r"\B(?=[A-Z])", "_", mode.removesuffix("Lock")).upper()]

    @property
    def is_felt(self) -> bool:
        """Whether anybody waits for it who only works with rows."""
        return self >= Lock.SHARE

    @property
    def blocks(self) -> str:
        """Who waits for it."""
        if self is Lock.ACCESS_EXCLUSIVE:
            return "reads and writes"
        return "writes" if self.is_felt else "nobody"

    def __str__(self) -> str:
        """Return its name as SQL has it."""
        return self.name.replace("_", " ")
