"""The answer of the process that reads a file, as its parent validates it."""

import json
from typing import Any, Literal, get_args

from pydantic import ConfigDict, Field

from app.pipeline.statement import (
    Company,
    Filing,
    Form,
    Issue,
    SourceKind,
    Statement,
    StatementName,
)

NOT_FOUND = "statement_not_found"
"""The code of the issue that a primary statement was not found."""


def missing_statements(filing: Filing) -> list[StatementName]:
    """Return the primary statements that were not found."""
    found = {each.statement for each in filing.statements}
    return [name for name in get_args(StatementName) if name not in found]


class Candidate(Form):
    """A page that may hold a statement, and why it was taken or not."""

    page: int
    statement: StatementName | None
    taken: bool
    score: float
    reasons: list[str]


class AskedPlace(Form):
    """The place of a figure in a PDF, to be drawn.

    Attributes:
        sha256: Of the file, in hex.
        page: From 1.
        box: Of the figure: x0, y0, x1, y1 in points from the lower left of the page as displayed;
            None where only the page is known.
        others: Boxes of other figures to show on the page.
        state: Of the figure.
    """

    sha256: str
    page: int
    box: tuple[float, float, float, float] | None
    others: list[tuple[float, float, float, float]] = Field(default_factory=list)
    state: Literal["proved", "read", "unreadable"]


class Elsewhere(Form):
    """A reading that was made elsewhere, to be proved.

    Attributes:
        others: The other statements of the same filing.
        unsearched: Why the document is not to be searched.
    """

    stated: Statement
    others: list[Statement]
    unsearched: str | None = None


class Picture(Form):
    """A picture as PNG."""

    model_config = ConfigDict(extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    png: bytes


class DrawnPlace(Form):
    """The place of a figure.

    Attributes:
        page: The whole page.
        detail: The lines around the figure; None where only the page is known.
        text: What the page has in the box of the figure.
    """

    page: Picture
    detail: Picture | None
    text: str


class Answer(Form):
    """The statements of a file, or the reason that it could not be read.

    Attributes:
        kind: Of the file, also of one that cannot be read, where it is known.
        error: Why the file cannot be read, or that it holds no statement.
        noted: Issues that its reader found nevertheless.
        candidates: Of the task `pages`.
        pictures: The files that were written.
        place: Of the task `place`.
    """

    kind: SourceKind | None = None
    filing: Filing | None = None
    error: Issue | None = None
    noted: list[Issue] = Field(default_factory=list)
    candidates: list[Candidate] = Field(default_factory=list)
    pictures: list[str] = Field(default_factory=list)
    place: DrawnPlace | None = None
    seconds: float = 0.0

    @property
    def company(self) -> Company:
        """Return the reporting entity, as far as it is known."""
        return self.filing.company if self.filing else Company()

    @property
    def issues(self) -> list[Issue]:
        """Return the issues of the file."""
        if self.error:
            return [self.error, *self.noted]
        return self.filing.issues if self.filing else []

    def as_json(self) -> bytes:
        """Return the answer in UTF-8; half a surrogate pair, as a PDF may hold, becomes `?`."""
        written: dict[str, Any] = self.model_dump(mode="json", by_alias=True)
        return json.dumps(written, ensure_ascii=False).encode(errors="replace")

    @classmethod
    def failed(cls, code: str, message: str, kind: SourceKind | None = None) -> "Answer":
        """Return the answer for a file that cannot be read."""
        return cls(kind=kind, error=Issue(code=code, message=message))
