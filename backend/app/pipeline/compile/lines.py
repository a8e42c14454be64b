"""A line of a statement over years, while it is compiled."""

from dataclasses import dataclass, field
from typing import Literal

from app.pipeline.statement import Row, Statement

Evidence = Literal["new", "values", "rounding", "sign", "split", "concept", "label", "fuzzy"]
"""Why a row is on its line: it began the line; equal figures in shared years; figures that are
equal after rounding, or with the other sign, or by a constant ratio per share; the same concept;
the same label (of a heading also: the same rows below it); a similar label."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A statement with its number among the inputs, and the columns that it states.

    Attributes:
        number: Position among the inputs, of which the newest is 0.
        columns: Key of the compiled period by key of the statement's period.
    """

    number: int
    statement: Statement
    columns: dict[str, str]


@dataclass(slots=True)
class Line:
    """One line, or one heading: the row of each input that has it, by number of the input.

    Attributes:
        evidence: By number of the input, why its row is on this line.
        signs: By number of the input, 1 or -1: -1 if it states the line with the other sign than
            the newest inputs, as its figures in shared years tell.
        section: The headings above, outermost first, in the words of the newest input that has
            each of them.
        level: How far its label is indented: as the newest lines of its block, though its own
            report may indent otherwise; None of a line of its own report's block.
    """

    rows: dict[int, Row] = field(default_factory=dict)
    evidence: dict[int, Evidence] = field(default_factory=dict)
    signs: dict[int, int] = field(default_factory=dict)
    section: list[str] = field(default_factory=list)
    level: int | None = None

    @property
    def newest(self) -> Row:
        """Return the row of the newest input, which gives label, section, level and kind."""
        return self.rows[min(self.rows)]
