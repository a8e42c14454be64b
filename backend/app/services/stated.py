"""Take a reading that a person or a language model made: in the form statement/1, and in bounds."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from app.pipeline.read.versions import READERS
from app.pipeline.statement import Cell, Period, Row, Source, Statement, StatementName
from app.pipeline.verify.elsewhere import NOTE
from app.services.errors import ServiceError
from app.services.newest import ELSEWHERE
from app.services.strict_json import BadJsonError, read_strict

MAX_ROWS: Final = 500
MAX_PERIODS: Final = 20
MAX_SKIPPED: Final = 2000
MAX_ISSUES: Final = 200
MAX_PAGES: Final = 20
MAX_LABEL: Final = 1000  # characters
MAX_READER: Final = 100
_MAX_SECTIONS: Final = 20
_MAX_SHORT: Final = 200
_MAX_TEXT: Final = 5000
_LAST_PAGE: Final = 100_000
_SCALES: Final = range(-20, 21)
_LEVELS: Final = range(101)
_YEARS: Final = range(1900, 2101)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_FRAMEWORK: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LANGUAGE: Final = re.compile(r"[a-z]{2}")
_PROGRAMS: Final = frozenset(each.partition("/")[0] for each in READERS.values())
_MOST_ERRORS: Final = 20
Fault = tuple[str, str]
"""Where a reading is wrong, such as `rows.3.label`, and how."""


class BadReadingError(ServiceError):
    """A reading is not in the form statement/1, or out of bounds.

    Attributes:
        faults: Where, and how.
    """

    def __init__(self, code: str, faults: Sequence[Fault]) -> None:
        """Keep the first faults; the message is the first of them."""
        where, how = faults[0]
        super().__init__(code, f"{where}: {how}" if where else how)
        self.faults: Final = tuple(faults[:_MOST_ERRORS])


def read_stated(data: bytes, statement: StatementName) -> Statement:
    """Return a reading in the form statement/1, without what it says of its proof.

    Args:
        data: JSON in UTF-8.
        statement: That it is to be.

    Raises:
        BadReadingError: It is none, or out of bounds.
    """
    try:
        value = read_strict(data)
    except BadJsonError as error:
        raise BadReadingError("bad_json", [("", str(error))]) from None
    if not isinstance(value, dict):
        raise BadReadingError("invalid_statement", [("", "it is no object")])
    if faults := list(_too_many(value)):
        raise BadReadingError("too_large", faults)
    try:
        # As text, in which a day is a string and a box a list. What is proved is computed anew.
        text = json.dumps({**value, "equations": [], "checks": None})
        stated = Statement.model_validate_json(text, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        faults = [(".".join(map(str, each["loc"])), each["msg"]) for each in found[:_MOST_ERRORS]]
        raise BadReadingError("invalid_statement", faults) from None
    faults = list(_faults(stated))
    if stated.statement != statement:
        faults.insert(0, ("statement", f"it is not the {statement.replace('_', ' ')}"))
    if faults:
        raise BadReadingError("invalid_statement", faults)
    return _normal(stated)


def _too_many(value: dict[str, Any]) -> Iterator[Fault]:
    """Yield which lists are too long, before any of their parts is looked at."""
    for name, most in (
        ("rows", MAX_ROWS),
        ("periods", MAX_PERIODS),
        ("skipped", MAX_SKIPPED),
        ("issues", MAX_ROWS * MAX_PERIODS),  # the computed ones are dropped
    ):
        found = value.get(name)
        if isinstance(found, list | dict) and len(found) > most:
            yield name, f"there are more than {most}"


def _faults(stated: Statement) -> Iterator[Fault]:
    """Yield what the form allows, and a statement cannot have."""
    yield from _faults_of_source(stated.source)
    for name, pattern in (
        ("currency", _CURRENCY),
        ("framework", _FRAMEWORK),
        ("language", _LANGUAGE),
    ):
        text = getattr(stated, name)
        if text is not None and not pattern.fullmatch(text):
            yield name, f"it is null, or has the form {pattern.pattern}"
    if stated.scale is not None and stated.scale not in _SCALES:
        yield "scale", "it is null, or from -20 to 20"
    yield from _too_long("title", stated.title, MAX_LABEL)
    yield from _faults_of_periods(stated.periods)
    keys = {each.key for each in stated.periods}
    for n, row in enumerate(stated.rows):
        for name, how in _faults_of_row(n, row, keys):
            yield f"rows.{n}.{name}", how
    if not any(row.cells for row in stated.rows):
        yield "rows", "no row has a figure"
    yield from _faults_of_notes(stated, keys)


def _faults_of_source(source: Source) -> Iterator[Fault]:
    if source.kind not in ELSEWHERE:
        yield "source.kind", "it is manual or llm: the program's own readings are not put"
    if not 1 <= len(source.reader.strip()) <= MAX_READER:
        yield "source.reader", f"it has from 1 to {MAX_READER} characters: who or what has read"
    if source.reader.strip().partition("/")[0].casefold() in _PROGRAMS:
        yield "source.reader", "it is the name of a reader of this program"
    if source.sha256 is None:
        yield "source.sha256", "it is missing: that of the document"
    if len(source.pages) > MAX_PAGES or len(set(source.pages)) < len(source.pages):
        yield "source.pages", f"there are up to {MAX_PAGES}, each once"
    if any(not 1 <= each <= _LAST_PAGE for each in source.pages):
        yield "source.pages", f"they are from 1 to {_LAST_PAGE}"


def _faults_of_periods(periods: Sequence[Period]) -> Iterator[Fault]:
    seen: set[object] = set()
    for n, each in enumerate(periods):
        where = f"periods.{n}"
        if each.key in seen:
            yield f"{where}.key", "it is that of another period"
        same = each.start, each.end, each.fiscal_year if each.end is None else None
        if same in seen and same != (None, None, None):
            yield where, "it is the same as another period"
        seen |= {each.key, same}
        if not each.key:
            yield f"{where}.key", "it is empty"
        yield from _too_long(f"{where}.key", each.key, _MAX_SHORT)
        yield from _too_long(f"{where}.label", each.label, _MAX_SHORT)
        yield from _too_long(f"{where}.printed", each.printed, MAX_LABEL)
        if each.fiscal_year is not None and each.fiscal_year not in _YEARS:
            yield f"{where}.fiscal_year", "it is null, or from 1900 to 2100"
        for name, day in (("start", each.start), ("end", each.end)):
            if day is not None and day.year not in _YEARS:
                yield f"{where}.{name}", "it is from 1900 to 2100"
        if each.start is not None and (each.end is None or each.start > each.end):
            yield f"{where}.start", "it is later than the end, or has no end"
        elif each.days is not None and each.days != _days(each.start, each.end):
            yield f"{where}.days", "they are not those from start to end"


def _days(start: date | None, end: date | None) -> int | None:
    return (end - start).days + 1 if start is not None and end is not None else None


def _faults_of_row(n: int, row: Row, keys: set[str]) -> Iterator[Fault]:
    if row.n != n:
        yield "n", f"it is {n}, the position of the row"
    yield from _too_long("label", row.label, MAX_LABEL)
    if len(row.section) > _MAX_SECTIONS:
        yield "section", f"there are up to {_MAX_SECTIONS}"
    for each in row.section:
        yield from _too_long("section", each, MAX_LABEL)
    if row.level not in _LEVELS:
        yield "level", "it is from 0 to 100"
    if row.scale is not None and row.scale not in _SCALES:
        yield "scale", "it is from -20 to 20"
    yield from _too_long("note", row.note, _MAX_SHORT)
    yield from _too_long("unit", row.unit, _MAX_SHORT)
    if row.kind == "heading" and row.cells:
        yield "cells", "a heading has no figures"
    for key, cell in row.cells.items():
        if key not in keys:
            yield "cells", "a key is that of no period"
        yield from _too_long("cells", cell.printed, _MAX_SHORT)


def _faults_of_notes(stated: Statement, keys: set[str]) -> Iterator[Fault]:
    for n, line in enumerate(stated.skipped):
        yield from _too_long(f"skipped.{n}.text", line.text, _MAX_TEXT)
        yield from _too_long(f"skipped.{n}.reason", line.reason, _MAX_SHORT)
    notes = [each for each in stated.issues if each.code == NOTE]
    if len(notes) > MAX_ISSUES:
        yield "issues", f"there are more than {MAX_ISSUES} notes"
    for each in notes:
        yield from _too_long("issues", each.message, MAX_LABEL)
        if each.row is not None and not 0 <= each.row < len(stated.rows):
            yield "issues", "a note is about no row"
        if each.period is not None and each.period not in keys:
            yield "issues", "a note is about no period"
        if each.page is not None and not 1 <= each.page <= _LAST_PAGE:
            yield "issues", "a note is about no page"


def _too_long(name: str, text: str | None, most: int) -> Iterator[Fault]:
    if text is not None and len(text) > most:
        yield name, f"it has more than {most} characters"


def _normal(stated: Statement) -> Statement:
    """Return a reading with what follows from it, and without claims of its proof and place."""
    for period in stated.periods:
        period.days = _days(period.start, period.end)
    for row in stated.rows:
        row.cells = {
            key: Cell(
                v=abs(cell.v) if cell.v is not None and not cell.v else cell.v, printed=cell.printed
            )
            for key, cell in row.cells.items()
        }
    stated.source.reader = stated.source.reader.strip()
    stated.issues = [each for each in stated.issues if each.code == NOTE]
    return stated
