"""What migration steps lose, and how it is described."""

from dataclasses import dataclass, field
from typing import Literal

from alembic_zero_downtime.data_loss.recount import Watched

Change = Literal["dropped", "deleted", "changed"]


@dataclass(frozen=True)
class Loss:
    """Rows of a table that are dropped, deleted or changed, or the values of a dropped column.

    Attributes:
        table: its name, with the schema unless it is the current one.
        column: the dropped column; None for rows.
        change: whether the table or the column is dropped, or its rows are deleted or changed.
        count: the rows; of a column, its values that are not NULL.
        restored: how many of them the upgrade restores.
    """

    table: str
    column: str | None
    change: Change
    count: int
    restored: int

    @property
    def lost(self) -> int:
        """How many of them the upgrade does not restore."""
        return self.count - self.restored

    def __str__(self) -> str:
        """Describe it in one line."""
        name = f"{self.table}.{self.column}" if self.column else self.table
        unit = f"{'value' if self.column else 'row'}{'s' * (self.count > 1)}"
        amount = f"{self.count:,} {unit}" if self.count else "empty"
        if self.restored:
            share = f"{self.restored:,}" if self.lost else "all" if self.count > 1 else "it"
            amount += f" (the migrations re-create {share})"
        return f"would be {self.change}: {name}, {amount}"


@dataclass(frozen=True)
class DataLoss:
    """The estimated data loss of migration steps.

    Attributes:
        losses: by table.
        uncounted: one line for each change whose amount is not known.
        unknown_because: why the restored rows are unknown; none counts as restored then.
        watched: what the steps themselves must not exceed (see `recount`).
    """

    losses: tuple[Loss, ...]
    uncounted: tuple[str, ...] = ()
    unknown_because: str | None = None
    watched: tuple[Watched, ...] = field(default=(), repr=False)

    @property
    def is_loss(self) -> bool:
        """Whether a row or a value may be lost that the upgrade does not restore."""
        return bool(self.uncounted) or any(loss.lost for loss in self.losses)

    def lines(self) -> list[str]:
        """Return one line for each loss."""
        lines = [*map(str, self.losses), *self.uncounted]
        if self.unknown_because and self.is_loss:
            lines.append(f"how much the migrations re-create is not known: {self.unknown_because}")
        return lines

    def __str__(self) -> str:
        """Describe all losses."""
        return "\n".join(self.lines()) or "no data loss"
