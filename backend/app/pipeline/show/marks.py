"""The marks of figures: what a reader has to know of each, beside its digits."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from app.pipeline.compile.view import View
from app.pipeline.compiled import Change, Compiled, CompiledCell, CompiledRow

UNREADABLE: Final = "?"
UNPROVED: Final = "*"
CORRECTED: Final = "ᶜ"
LATER: Final = "ˡ"
UNADJUSTED: Final = "ᵘ"
CHANGES: Final[Mapping[Change, str]] = {
    "restated": "ʳ",
    "split": "ˢ",
    "sign": "±",
    "reclassified": "ᵐ",
}
"""Marks of the kinds of change; another rounding changes nothing that a reader has to know."""
CHECKABLE: Final = frozenset({"line", "total"})
"""Kinds of rows whose figures an equation can prove."""


@dataclass(frozen=True, slots=True)
class Marking:
    """Which marks the figures of a table have.

    Attributes:
        view: Which filings give the figures.
        unadjusted: Of figures as first reported, the newest filing before a split: its figures per
            share, and those of older filings, are not comparable with those of newer filings.
    """

    view: View
    unadjusted: int | None = None

    @classmethod
    def of_statement(cls, compiled: Compiled, view: View) -> "Marking":
        """Return the marking of a statement.

        Args:
            compiled: With all the years that are asked for.
            view: That it is cut to.
        """
        if view == "latest":
            return cls(view)
        cells = [cell for row in compiled.rows for cell in row.cells.values()]
        return cls(
            view, min((each.input for each in cells if each.change == "split"), default=None)
        )

    def of(self, cell: CompiledCell, row: CompiledRow, own: Collection[int]) -> str:
        """Return what a reader has to know: by whom, of when, changed how, and whether proved.

        Args:
            cell: The figure.
            row: Its line.
            own: The filings of the year itself.
        """
        is_later = self.view == "original" and bool(own) and cell.input not in own
        is_before_split = (
            bool(cell.unadjusted)
            if self.view == "latest"
            else (
                self.unadjusted is not None
                and cell.change != "split"
                and row.kind in {"per_share", "shares"}
                and cell.input >= self.unadjusted
            )
        )
        is_unproved = cell.v is not None and row.kind in CHECKABLE and not cell.verified
        marks = [
            CORRECTED * bool(cell.corrected),
            LATER * is_later,
            UNADJUSTED * (is_before_split and bool(cell.v)),
            CHANGES.get(cell.change, ""),
            UNPROVED * is_unproved,
        ]
        return "".join(marks)
