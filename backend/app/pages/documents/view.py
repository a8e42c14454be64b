"""One document as its page shows it: statement by statement, what was read and how far proved."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.pages import addresses
from app.pages.documents.reading_words import (
    MEANINGS,
    NAMES,
    badge_of,
    check_words,
    framework_words,
    proof_of,
    proof_words,
    share_words,
    status_of,
    status_words,
    unit_words,
)
from app.pages.documents.upload_results import sentence
from app.pages.templates import count, day
from app.pipeline.statement import StatementName
from app.pipeline.wording import KINDS, framework_name
from app.services.accepting import acceptable
from app.services.document_readings import MOST_ISSUES, KeptDocument, KeptReading
from app.services.document_uses import FigureOfPage, Use

_YEAR: Final = re.compile(r"FY[0-9]{4}")
_SCOPES: Final = {
    "consolidated": "consolidated",
    "parent": "of the parent company",
}


@dataclass(frozen=True, slots=True)
class IssueView:
    """An issue in words.

    Attributes:
        place: Period and page of it, as far as they are known.
    """

    message: str
    place: str


@dataclass(frozen=True, slots=True)
class StatementView:
    """What was read of one statement of one filing.

    Attributes:
        statement: Its name in addresses.
        name: For people.
        title: As printed; empty where none is known.
        status: A key of `reading_words.STATUSES`.
        words: The status.
        meaning: What the status means.
        proof: How many figures are proved.
        facts: Names of what is known of it, with their values: periods, currency, pages, reader.
        checks: Result and sentence of each that applies.
        issues: The first of them.
        further: How many more there are.
        marked: A sentence for the figures that are marked in the table; empty without any.
        pages: Those that it was found on, each with the address of a figure whose page has a
            picture of it; None where no figure of that page is used.
        is_acceptable: Whether it is doubtful, and a person may accept it.
    """

    statement: StatementName
    name: str
    title: str
    status: str
    words: str
    meaning: str
    proof: str
    share: str
    facts: list[tuple[str, list[str]]]
    checks: list[tuple[str, str]]
    issues: list[IssueView]
    further: int
    marked: list[str]
    pages: list[tuple[int, str | None]]
    is_acceptable: bool

    @property
    def badge(self) -> str:
        """Return the class of its badge."""
        return badge_of(self.status)


@dataclass(frozen=True, slots=True)
class FilingView:
    """A filing of a document.

    Attributes:
        heading: Names it, where the document has several; else empty.
        statements: In their order.
        missing: Names of those that were not found.
    """

    heading: str
    statements: list[StatementView]
    missing: list[str]


@dataclass(frozen=True, slots=True)
class UseView:
    """What a ten-year statement takes from a document."""

    statement: StatementName
    name: str
    words: str
    query: Mapping[str, str | None]


def filings_of(document: KeptDocument, figures: Iterable[FigureOfPage]) -> list[FilingView]:
    """Return the filings of a document, the newest first.

    Args:
        document: With its readings.
        figures: Of its pages, that compiled statements take from there.
    """
    pictures = {(each.statement, each.page): _picture(document, each) for each in figures}
    by_filing: dict[str | None, list[KeptReading]] = {}
    for each in document.readings:
        by_filing.setdefault(each.accession, []).append(each)
    is_several = len(by_filing) > 1
    return [
        FilingView(
            heading=_heading(readings[0]) if is_several else "",
            statements=[_statement(each, pictures) for each in readings],
            missing=[
                name
                for key, name in NAMES.items()
                if key not in {each.statement for each in readings}
            ],
        )
        for readings in by_filing.values()
    ]


def uses_of_document(uses: Sequence[Use]) -> list[UseView]:
    """Return what the ten-year statements take from a document, in the order of the statements."""
    order = list(NAMES)
    found = []
    for each in sorted(uses, key=lambda each: (order.index(each.statement), each.place)):
        query = {} if not each.place else {"framework": each.framework, "currency": each.currency}
        name = NAMES[each.statement]
        if each.place:
            parts = [framework_name(each.framework or "framework not known"), each.currency]
            name += f" ({', '.join(part for part in parts if part)})"
        found.append(UseView(each.statement, name, _use_words(each), query))  # type: ignore[arg-type]
    return found


def _use_words(use: Use) -> str:
    if use.figures:
        return f"{count(sum(use.figures.values()), 'figure')} of {_years(use.figures)}"
    if use.is_second_reading:
        return (
            "compared only: the same filing is used in another kind; "
            f"{use.equal:,} figures agree, {use.different:,} do not"
        )
    return "no figure: newer filings state all that it states"


def _years(labels: Iterable[str]) -> str:
    """Return the labels of periods, such as "FY2007 to FY2009, 6 months to 2019-12-31"."""
    years = sorted(int(each[2:]) for each in labels if _YEAR.fullmatch(each))
    runs: list[list[int]] = []
    for year in years:
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    parts = [f"FY{each[0]}" + (f" to FY{each[-1]}" if each[1:] else "") for each in runs]
    return ", ".join([*parts, *(each for each in labels if not _YEAR.fullmatch(each))])


def _heading(reading: KeptReading) -> str:
    source = _part(reading.head, "source")
    newest = reading.newest_year
    parts = [
        str(source.get("form") or "Filing"),
        *([f"FY{newest}"] if newest else []),
        *([f"filed {_day(source.get('filed'))}"] if source.get("filed") else []),
        *([reading.accession] if reading.accession else []),
    ]
    return " · ".join(parts)


def _picture(document: KeptDocument, figure: FigureOfPage) -> str:
    query: dict[str, str | None] = {"line": figure.line, "year": figure.period}
    if figure.place:
        query |= {"framework": figure.framework, "currency": figure.currency}
    return addresses.figure(document.company_id, figure.statement, query)  # type: ignore[arg-type]


def _statement(reading: KeptReading, pictures: Mapping[tuple[str, int], str]) -> StatementView:
    head = reading.head
    checks = _part(head, "checks")
    title = head.get("title")
    labels = {str(each.get("key")): str(each.get("label")) for each in reading.periods}
    return StatementView(
        statement=reading.statement,  # type: ignore[arg-type]
        name=NAMES[reading.statement],
        title=title if isinstance(title, str) else "",
        status=status_of(reading),
        words=status_words(reading),
        meaning=MEANINGS[status_of(reading)],
        proof=proof_words(reading),
        share=share_words(proof_of(reading)),
        facts=_facts(reading),
        checks=check_words(checks),
        issues=[_issue(each, labels) for each in reading.issues],
        further=max(reading.number_of_issues - MOST_ISSUES, 0),
        marked=_marked(reading),
        pages=[(each, pictures.get((reading.statement, each))) for each in reading.pages],
        is_acceptable=bool(acceptable([reading])),
    )


def _facts(reading: KeptReading) -> list[tuple[str, list[str]]]:
    """Return what is known of a statement: names, each with its values."""
    head = reading.head
    reader = reading.reader or "not recorded"
    if reading.model:
        reader += f", {reading.model}"
    facts = {
        "Periods": [_period(each) for each in reading.periods] or ["not known"],
        "Amounts": [unit_words(head)],
        "Framework": [framework_words(head)],
        "Scope": [_SCOPES.get(str(head.get("scope")), "not known")],
        "Read": [f"{KINDS.get(reading.method, reading.method)} ({reader})"],
        "Lines left out": [f"{reading.skipped:,}" if reading.skipped else "none"],
        "Other readings": [f"{reading.readings - 1:,}, not in use"] if reading.readings > 1 else [],
    }
    return [(name, values) for name, values in facts.items() if values]


def _marked(reading: KeptReading) -> list[str]:
    """Return sentences for figures that a mark shows in the table."""
    found = []
    if number := reading.marked.get("not_proved"):
        verb = "is" if number == 1 else "are"
        found.append(
            f"{count(number, 'line or figure', 'lines or figures')} {verb} in no sum that holds."
        )
    if number := reading.marked.get("unreadable_figure"):
        found.append(f"{count(number, 'figure')} cannot be read.")
    return found


def _issue(issue: Mapping[str, Any], labels: Mapping[str, str]) -> IssueView:
    page, period = issue.get("page"), labels.get(str(issue.get("period")))
    places = [*([period] if period else []), *([f"page {page}"] if isinstance(page, int) else [])]
    return IssueView(sentence(str(issue.get("message", ""))), ", ".join(places))


def _period(period: Mapping[str, Any]) -> str:
    label = str(period.get("label") or period.get("key"))
    start, end = period.get("start"), period.get("end")
    if start and end:
        return f"{label} ({_day(start)} to {_day(end)})"
    return f"{label} ({_day(end)})" if end else label


def _day(text: object) -> str:
    try:
        return day(date.fromisoformat(str(text)))
    except ValueError:
        return str(text)


def _part(head: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = head.get(name)
    return part if isinstance(part, dict) else {}
