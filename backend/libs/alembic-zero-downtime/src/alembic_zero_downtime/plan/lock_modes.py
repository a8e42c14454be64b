"""PostgreSQL's table lock modes, from the weakest to the strongest."""

import re
from enum import IntEnum


class Lock(IntEnum):
    """A lock mode (PostgreSQL manual, "Explicit Locking")."""

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
    def blocks_dml(self) -> bool:
        """Whether it blocks INSERT, UPDATE and DELETE."""
        return self >= Lock.SHARE

    @property
    def blocks(self) -> str:
        """The access to rows that it blocks."""
        if self is Lock.ACCESS_EXCLUSIVE:
            return "reads and writes"
        return "writes" if self.blocks_dml else "nothing"

    def __str__(self) -> str:
        """Return its name in SQL."""
        return self.name.replace("_", " ")
