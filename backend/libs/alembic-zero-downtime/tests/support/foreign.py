"""The form of a revision in the style of other projects, and the rules of its findings."""

from typing import NamedTuple


class Foreign(NamedTuple):
    """A revision.

    Attributes:
        name: of the case.
        upgrade: the lines of its function.
        rules: a finding of each is expected, and of no other rule about SQL.
        head: the lines before the function.
        downgrade: the lines of its function.
    """

    name: str
    upgrade: str
    rules: tuple[str, ...] = ()
    head: str = ""
    downgrade: str = "raise NotImplementedError('the old rows are gone')"


INDEX = ("require-concurrent-index-creation",)
DROP = ("ban-drop-column",)
TYPE = ("changing-column-type",)
WRITE = ("unbatched-write",)
ROWS = ("row-by-row",)
