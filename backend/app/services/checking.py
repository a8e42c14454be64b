"""Check what is kept of companies: what is proved, what is missing, and what needs a person."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import Company, CompiledStatement
from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.corrected import WITHOUT_CELL
from app.pipeline.compile.entry import Entry
from app.pipeline.compile.notices import DOUBTFUL
from app.pipeline.compiled import Compiled, digest_of
from app.pipeline.statement import StatementName
from app.pipeline.verify.vocabulary import OF_WHICH, normalise
from app.services.compiling import STATEMENTS, Readings, load_readings
from app.services.corrections import active_corrections

_SMALL_COMPANIES: Final = frozenset({"frs-102", "frs-105"})
"""Frameworks by which a small company may file its balance sheet alone."""
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
    return CheckedCompany(
        id=company.id,
        name=company.name,
        statements=[_check(session, company.id, name, readings, kept) for name in STATEMENTS],
        unusable=readings.unusable,
    )


def _check(
    session: Session,
    company_id: int,
    name: StatementName,
    readings: Readings,
    kept: dict[str, str | None],
) -> Checked:
    """Return what is known of one statement."""
    corrections = active_corrections(session, company_id, name)
    compiled = compile_statement(name, readings.of[name], corrections)
    checked = Checked(name, is_compiled=compiled is not None)
    frameworks = {each.statement.framework for of in readings.of.values() for each in of}
    checked.is_optional = bool(frameworks) and frameworks <= _SMALL_COMPANIES
    for reading in readings.of[name]:
        entry = Entry(reading, reading.statement)
        if entry.status == "doubtful" and reading.accepted:
            checked.accepted.append(entry.named())
        elif entry.status == "doubtful" and compiled is None:
            checked.left_out.append(entry.named())
    checked.left_out.sort()
    checked.accepted.sort()
    if compiled is None:
        checked.is_stale = kept.get(name) is not None
        checked.lost = [f"{each.label} for {each.period_end}" for each in corrections]
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
    for issue in compiled.issues:
        if issue.code == WITHOUT_CELL:
            checked.lost.append(issue.message)
        elif issue.code == DOUBTFUL:
            named, _, _ = issue.message.partition(" doubtful")
            checked.left_out.append(named.rpartition(" ")[0])
        elif issue.code not in _NOTES:
            where = f" ({labels[issue.period]})" if issue.period in labels else ""
            checked.issues.append((issue.code, f"{issue.message}{where}"))


def _unproved(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """Yield label and period of the checkable figures that nothing proves."""
    for row in compiled.rows:
        if row.kind in {"line", "total"} and not OF_WHICH.search(normalise(row.label)):
            for key, cell in row.cells.items():
                if not cell.verified:
                    yield row.label, key
