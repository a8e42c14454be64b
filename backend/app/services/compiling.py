"""Compile a company's statements from what was read, and keep them where they changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from pydantic import ValidationError
from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased, sessionmaker, undefer

from app.db.models import Company, CompiledStatement, Document, Extraction
from app.pipeline.compile.build import compile_or_explain
from app.pipeline.compile.readings import Reading
from app.pipeline.compiled import Compiled, digest_of
from app.pipeline.cycles import without_cycle_collection
from app.pipeline.statement import Issue, Statement, StatementName
from app.services.corrections import active_corrections
from app.services.newest import in_use_first
from app.services.rendering import key_of, render
from app.services.transactions import in_transaction, lock_company

STATEMENTS: Final[tuple[StatementName, ...]] = get_args(StatementName)
Effect = Literal["new", "changed", "same", "removed", "absent"]
"""What compiling does to the statement that is kept; absent: there is nothing to compile."""


@dataclass(frozen=True, slots=True)
class Change:
    """What compiling did to one statement of a company.

    Attributes:
        kept: The row of the database; None where there is nothing to compile.
        left_out: Where nothing is compiled: why each statement that was read is not.
    """

    statement: StatementName
    effect: Effect
    kept: CompiledStatement | None
    compiled: Compiled | None
    left_out: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Recompiled:
    """What compiling did to a company.

    Attributes:
        company: Its name.
        changes: Statement, effect, and the digest afterwards.
        left_out: Statements that were read and cannot be compiled, with why.
    """

    company: str
    changes: tuple[tuple[StatementName, Effect, str | None], ...]
    left_out: tuple[tuple[StatementName, str], ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read of a company.

    Attributes:
        of: The reading in use of each statement of each filing.
        unusable: Names of files of which a reading is of another form.
    """

    of: dict[StatementName, list[Reading]]
    unusable: list[str]


def recompile(sessions: sessionmaker[Session], company_id: int) -> Recompiled:
    """Compile the three statements of a company in one transaction of its own.

    Raises:
        NotFoundError: There is no such company.
        UnavailableError: Another transaction keeps its locks for too long.
    """

    def work(session: Session) -> Recompiled:
        company = lock_company(session, company_id)
        changes = compile_changes(session, company_id)
        return Recompiled(
            company.name,
            tuple((e.statement, e.effect, e.kept.digest if e.kept else None) for e in changes),
            tuple((e.statement, issue.message) for e in changes for issue in e.left_out),
        )

    return in_transaction(sessions, work)


def compile_company(session: Session, company_id: int) -> list[CompiledStatement]:
    """Compile the three statements; return the rows that there are then.

    The caller holds the lock of the company's row, and commits. A row is written only where its
    digest changed, and deleted where no reading is left.
    """
    changes = compile_changes(session, company_id)
    return [each.kept for each in changes if each.kept is not None]


def compile_changes(session: Session, company_id: int) -> list[Change]:
    """Compile the three statements as `compile_company` does; return what changed."""
    query = (
        select(CompiledStatement)
        .options(undefer(CompiledStatement.rendering_key))
        .where(CompiledStatement.company_id == company_id)
    )
    kept = {each.statement_type: each for each in session.scalars(query)}
    changes = [
        replace(
            _keep(session, company_id, name, compiled, kept.get(name)),
            left_out=tuple(issues),
        )
        for name, compiled, issues in compile_readings(session, company_id)
    ]
    session.flush()
    return changes


def compile_readings(
    session: Session, company_id: int, names: Sequence[StatementName] = STATEMENTS
) -> Iterator[tuple[StatementName, Compiled | None, list[Issue]]]:
    """Yield each statement with what its readings and corrections give, and write nothing.

    Where they give nothing, the issues tell why each statement that was read is left out.
    """
    readings = load_readings(session, company_id)
    for name in names:
        corrections = active_corrections(session, company_id, name)
        with without_cycle_collection():
            compiled, issues = compile_or_explain(name, readings.of[name], corrections)
        yield name, compiled, issues


def load_readings(session: Session, company_id: int) -> Readings:
    """Return the reading in use of each statement of each filing of a company."""
    amended = aliased(Document)
    key = Extraction.document_id, Extraction.statement_type, Extraction.accession
    query = (
        select(
            # As text: one parser reads and checks it, without dictionaries between.
            cast(Extraction.raw_data, Text),
            Extraction.doubtful_accepted,
            Document.sha256,
            Document.file_name,
            Document.form,
            Document.filed_on,
            amended.sha256,
        )
        .join(Document, Extraction.document_id == Document.id)
        .outerjoin(amended, Document.supersedes_id == amended.id)
        .where(
            Document.company_id == company_id,
            Document.sha256.is_not(None),
            Extraction.reader.is_not(None),  # the releases before kept another form
        )
        .ext(distinct_on(*key))
        .order_by(*key, *in_use_first())
    )
    readings = Readings({name: [] for name in STATEMENTS}, [])
    with without_cycle_collection():
        for raw, accepted, sha256, file, form, filed, supersedes in session.execute(query):
            try:
                statement = Statement.model_validate_json(raw)
            except ValidationError:
                readings.unusable.append(file or str(sha256)[:12])
                continue
            reading = Reading(statement, str(sha256), file, form, filed, supersedes, accepted)
            readings.of[statement.statement].append(reading)
    return readings


def _keep(
    session: Session,
    company_id: int,
    name: StatementName,
    compiled: Compiled | None,
    kept: CompiledStatement | None,
) -> Change:
    """Write a compiled statement, and its rendering, where they differ from those kept."""
    if compiled is None:
        if kept is None or not _is_ours(kept):
            return Change(name, "absent", kept, None)
        session.delete(kept)
        return Change(name, "removed", None, None)
    data = compiled.as_json()
    digest = digest_of(data)
    if kept is None:
        kept = CompiledStatement(
            company_id=company_id, statement_type=name, data=data, digest=digest
        )
        session.add(kept)
        effect: Effect = "new"
    elif kept.digest == digest:
        effect = "same"
    else:
        kept.data, kept.digest = data, digest
        kept.updated_at = func.now()
        effect = "changed"
    if kept.rendering_key != key_of(digest):  # or another release rendered it, or none did
        kept.rendering, kept.rendering_key = render(compiled), key_of(digest)
    return Change(name, effect, kept, compiled)


def _is_ours(kept: CompiledStatement) -> bool:
    """Return whether a row is in our form, and not in that of a release before."""
    return kept.data.get("schema") == "compiled/1"


def companies_to_compile(session: Session) -> Sequence[int]:
    """Return the companies with documents or compiled statements, in the order of their ids."""
    documents = select(Document.company_id).where(Document.company_id == Company.id).exists()
    compiled = (
        select(CompiledStatement.id).where(CompiledStatement.company_id == Company.id).exists()
    )
    return session.scalars(
        select(Company.id).where(documents | compiled).order_by(Company.id)
    ).all()
