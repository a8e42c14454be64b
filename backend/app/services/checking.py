"""Check what is kept of companies: what is proved, what is missing, and what needs a person."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.db.models import Company, CompiledStatement, Document, Extraction
from app.pipeline.compile.build import compile_or_explain
from app.pipeline.compile.corrected import WITHOUT_CELL
from app.pipeline.compile.entry import Entry
from app.pipeline.compile.notices import DOUBTFUL
from app.pipeline.compile.readings import Reading
from app.pipeline.compiled import Compiled, digest_of
from app.pipeline.read.versions import READERS
from app.pipeline.statement import Issue, StatementName
from app.pipeline.verify.vocabulary import OF_WHICH, normalise
from app.services.compiling import STATEMENTS, Readings, load_readings
from app.services.corrections import active_corrections
from app.services.storable import storable

_SMALL_COMPANIES: Final = frozenset({"frs-102", "frs-105"})
"""Frameworks by which a small company may file its balance sheet alone."""
NOT_FOUND: Final = "not_found_by_present_reader"
"""A statement that only an older reader has found in the file."""
_NOTES: Final = frozenset(
    {"block_from_older_filing", "doubtful_not_compared", "scale_from_other_report"}
)
"""Codes of issues that tell how a figure was chosen, and ask nothing of a person."""


@dataclass(slots=True)
class Checked:
    """What is known of one statement of a company.

    Attributes:
        is_compiled: Whether there is anything to compile.
        years: Labels of the periods, the newest first.
        proved: Figures that a sum proves.
        checkable: Figures that sums should prove.
        unproved: Label and period of each checkable figure that no sum proves.
        doubtful: Files that are left out, and those that a person accepted.
        missing_years: Fiscal years between the oldest and the newest.
        lost: Corrections that find no cell.
        issues: Further messages that need a person, by their code.
        is_stale: What is kept is not what the readings and corrections give.
        is_optional: A small company need not publish it.
    """

    statement: StatementName
    is_compiled: bool = False
    years: list[str] = field(default_factory=list)
    proved: int = 0
    checkable: int = 0
    unproved: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    missing_years: list[int] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    issues: list[tuple[str, str]] = field(default_factory=list)
    is_stale: bool = False
    is_optional: bool = False

    @property
    def needs_a_person(self) -> bool:
        """Return whether anything is not well."""
        return bool(
            (not self.is_compiled and not self.is_optional)
            or self.unproved
            or self.left_out
            or self.missing_years
            or self.lost
            or self.issues
            or self.is_stale
        )


@dataclass(slots=True)
class CheckedCompany:
    """What is known of a company.

    Attributes:
        unusable: Files of which a reading is of another form: read them again.
    """

    id: int
    name: str
    statements: list[Checked]
    unusable: list[str]

    @property
    def needs_a_person(self) -> bool:
        """Return whether anything is not well."""
        return bool(self.unusable) or any(each.needs_a_person for each in self.statements)

    def as_json(self) -> dict[str, Any]:
        """Return it for a script."""
        return {
            "company": self.name,
            "id": self.id,
            "ok": not self.needs_a_person,
            "statements": [
                {**asdict(each), "ok": not each.needs_a_person} for each in self.statements
            ],
            "unusable": self.unusable,
        }


def check_company(session: Session, company: Company) -> CheckedCompany:
    """Return what is known of a company; nothing is written."""
    readings = load_readings(session, company.id)
    query = select(CompiledStatement.statement_type, CompiledStatement.digest).where(
        CompiledStatement.company_id == company.id
    )
    kept = {name: digest for name, digest in session.execute(query)}  # noqa: C416 rows, to mypy
    readers = _newest_readers(session, company.id)
    statements = [_check(session, company.id, name, readings, kept) for name in STATEMENTS]
    for each in statements:
        each.issues += _not_found(readings.of[each.statement], readers)
    return CheckedCompany(company.id, company.name, statements, readings.unusable)


def _newest_readers(session: Session, company_id: int) -> dict[str | None, str | None]:
    """Return the reader that has last read each file of a company, by the file's digest."""
    query = (
        select(Document.sha256, Extraction.reader)
        .join(Extraction, Extraction.document_id == Document.id)
        .where(Document.company_id == company_id, Extraction.method.in_(READERS))
        .order_by(Document.id, Extraction.id.desc())
        .ext(distinct_on(Document.id))
    )
    return {sha256: reader for sha256, reader in session.execute(query)}  # noqa: C416 rows


def _not_found(
    readings: Iterable[Reading], readers: Mapping[str | None, str | None]
) -> list[tuple[str, str]]:
    """Return code and message for each statement that the reader of its file has not found.

    Args:
        readings: The newest of each statement.
        readers: That have last read the files, by their digests.
    """
    found = []
    for reading in readings:
        last, reader = readers.get(reading.sha256), reading.statement.source.reader
        if reading.statement.source.kind in READERS and last not in {None, storable(reader)}:
            name = Entry(reading, reading.statement).named()
            message = f"{name}: {last} does not find it any more; what {reader} read is in use"
            found.append((NOT_FOUND, message))
    return sorted(found)


def _check(
    session: Session,
    company_id: int,
    name: StatementName,
    readings: Readings,
    kept: Mapping[str, str | None],
) -> Checked:
    """Return what is known of one statement."""
    corrections = active_corrections(session, company_id, name)
    compiled, issues = compile_or_explain(name, readings.of[name], corrections)
    checked = Checked(name, is_compiled=compiled is not None)
    frameworks = {each.statement.framework for of in readings.of.values() for each in of}
    checked.is_optional = bool(frameworks) and frameworks <= _SMALL_COMPANIES
    for reading in readings.of[name]:
        entry = Entry(reading, reading.statement)
        if entry.status == "doubtful" and reading.accepted:
            checked.accepted.append(entry.named())
    checked.accepted.sort()
    if compiled is None:
        checked.is_stale = kept.get(name) is not None
        checked.lost = [f"{each.label} for {each.period_end}" for each in corrections]
        _add_issues(checked, [each for each in issues if each.code != WITHOUT_CELL], {})
        return checked
    checked.is_stale = kept.get(name) != digest_of(compiled.as_json())
    checked.years = [each.label for each in compiled.periods]
    checked.missing_years = [each.fiscal_year for each in compiled.gaps]
    for each in (compiled, *compiled.others):
        _add_figures(checked, each)
    return checked


def _add_figures(checked: Checked, compiled: Compiled) -> None:
    """Add what is proved of one framework and currency."""
    labels = {each.key: each.label for each in compiled.periods}
    checked.proved += sum(each.verified for each in compiled.checks.values())
    checked.checkable += sum(each.checkable for each in compiled.checks.values())
    checked.unproved += [(label, labels[key]) for label, key in _unproved(compiled)]
    _add_issues(checked, compiled.issues, labels)


def _add_issues(checked: Checked, issues: Iterable[Issue], labels: Mapping[str, str]) -> None:
    """Add what needs a person.

    Args:
        checked: Is changed.
        issues: Of a compiled statement, or why there is none.
        labels: Of its periods, by their key.
    """
    for issue in issues:
        if issue.code == WITHOUT_CELL:
            checked.lost.append(issue.message)
        elif issue.code == DOUBTFUL:
            named, _, _ = issue.message.partition(" doubtful")
            checked.left_out.append(named.rpartition(" ")[0])
        elif issue.code not in _NOTES:
            label = labels.get(issue.period or "")
            where = f" ({label})" if label else ""
            checked.issues.append((issue.code, f"{issue.message}{where}"))


def _unproved(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """Yield label and period of the checkable figures that nothing proves."""
    for row in compiled.rows:
        if row.kind in {"line", "total"} and not OF_WHICH.search(normalise(row.label)):
            for key, cell in row.cells.items():
                if not cell.verified:
                    yield row.label, key
