"""Text of files as PostgreSQL takes it, and the facts of a filing that its document has."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.pipeline.statement import Filing, Period, SourceKind, Statement

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
MEDIA_TYPES: Final[dict[SourceKind, str]] = {
    "pdf": "application/pdf",
    "ixbrl": "application/xhtml+xml",
    "xbrl": "application/zip",
    "xbrl_json": "application/json",
    "companyfacts": "application/json",
}
MAX_ACCESSION: Final = 100
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_ZIP: Final = b"PK"
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_MAX_NAME: Final = 255
_MAX_FORM: Final = 40


def storable(value: Any) -> Any:
    """Return a value of JSON as jsonb takes it.

    NUL and halves of surrogate pairs become the replacement character, and a number that is not
    finite becomes 0: only a hostile file has them.
    """
    if isinstance(value, str):
        return _UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, dict):
        return {storable(key): storable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [storable(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return 0.0
    return value


def printable(text: str | None, length: int = _MAX_NAME) -> str | None:
    """Return text in one line without control characters; None if nothing is left."""
    if text is None:
        return None
    kept = "".join(each if each.isprintable() else REPLACEMENT for each in text)
    return kept.strip()[:length].strip() or None


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a document.

    Attributes:
        fiscal_year: The newest, from 1900 to 2100; None if no period names one.
        period_end: The last day of it.
    """

    fiscal_year: int | None
    period_end: date | None
    form: str | None
    filed_on: date | None

    @property
    def is_amendment(self) -> bool:
        """Whether the document amends an earlier one."""
        return is_amendment(self.form)


def is_amendment(form: str | None) -> bool:
    """Whether a form says that it amends another filing, such as 10-K/A."""
    return bool(form) and (form.upper().endswith("/A") or "amend" in form.lower())  # type: ignore[union-attr]


def facts_of(filing: Filing) -> Facts:
    """Return the facts of a filing; those of companyfacts are of its newest fiscal year."""
    newest = [_newest(each.periods) for each in filing.statements]
    known = [each for each in newest if each is not None]
    if filing.kind == "companyfacts":
        best = max(known, key=_order, default=None)
        return Facts(_year(best), best.end if best else None, None, None)
    # A misread date in one statement must not stand for all.
    count = Counter((each.end, _year(each)) for each in known)
    best = max(known, key=lambda each: (count[each.end, _year(each)], _order(each)), default=None)
    forms = {each.source.form for each in filing.statements if each.source.form}
    filed = {each.source.filed for each in filing.statements if each.source.filed}
    return Facts(
        fiscal_year=_year(best),
        period_end=best.end if best else None,
        form=printable(min(forms), _MAX_FORM) if len(forms) == 1 else None,
        filed_on=filed.pop() if len(filed) == 1 else None,
    )


def _newest(periods: Sequence[Period]) -> Period | None:
    """Return the newest period whose year is plausible."""
    return max((each for each in periods if _year(each) is not None), key=_order, default=None)


def _year(period: Period | None) -> int | None:
    """Return the fiscal year of a period, if it is one that the database takes."""
    if period is None:
        return None
    year = period.fiscal_year
    if year is None and period.end:
        year = period.end.year
    return year if year is not None and _FIRST_YEAR <= year <= _LAST_YEAR else None


def _order(period: Period) -> tuple[int, date]:
    return (_year(period) or 0, period.end or date.min)


def media_type_of(kind: SourceKind, head: bytes) -> str:
    """Return the media type of a file (RFC 6838) by its content.

    Args:
        kind: Of the report.
        head: The first bytes of the file, which may be a package of the report.
    """
    if head.startswith(_ZIP):
        return "application/zip"
    return MEDIA_TYPES.get(kind, "application/octet-stream")


def one_of_each(statements: Sequence[Statement]) -> tuple[list[Statement], list[Statement]]:
    """Return the statements to keep, one of a kind, reader and accession, and those left over.

    Of a filing that has the group's and the parent's statement, the group's is kept.
    """
    kept: dict[tuple[str, str, str, str | None], Statement] = {}
    for each in statements:
        key = (each.statement, each.source.kind, each.source.reader, each.source.accession)
        if key not in kept or (each.scope == "consolidated" != kept[key].scope):
            kept[key] = each
    chosen = list(kept.values())
    return chosen, [each for each in statements if not any(each is one for one in chosen)]
