"""Load compiled statements."""

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from app.db.models import Company, CompiledStatement, Document, Extraction
from app.pipeline.compiled import Compiled
from app.pipeline.statement import StatementName
from app.services.companies import reference_of
from app.services.errors import NotFoundError, RefusedError


def load_compiled(session: Session, company_id: int, statement: StatementName) -> Compiled:
    """Return the compiled statement of a company.

    Raises:
        NotFoundError: Nothing is compiled; the message says why, and what to do next.
        RefusedError: A filing was added or removed, and the command ended before it compiled.
    """
    found = session.execute(
        # As text: it is parsed and checked in one step.
        select(cast(CompiledStatement.data, Text).label("data"), CompiledStatement.digest).where(
            CompiledStatement.company_id == company_id,
            CompiledStatement.statement_type == statement,
        )
    ).one_or_none()
    if found is None:
        raise _not_compiled(session, company_id, statement)
    try:
        compiled = Compiled.model_validate_json(found.data)
    except ValidationError:
        message = "was compiled by another release, in another form"
        name, reference = _named(session, company_id)
        raise NotFoundError(
            "other_form", f"the {_words(statement)} of {name} {message}: fde compile {reference}"
        ) from None
    if found.digest is None:
        name, reference = _named(session, company_id)
        message = f"the {_words(statement)} of {name} is older than its filings"
        raise RefusedError("stale", f"{message}: fde compile {reference}")
    return compiled


def _not_compiled(session: Session, company_id: int, statement: StatementName) -> NotFoundError:
    """Return why a statement is not compiled."""
    name, reference = _named(session, company_id)
    is_own = Document.company_id == company_id
    documents = _count(session, Document, is_own)
    if not documents:
        message = f"{name} has no documents yet: fde add {reference} FILE..."
        return NotFoundError("no_documents", message)
    read = _count(session, Extraction, is_own, Extraction.statement_type == statement)
    if not read:
        held = "its document" if documents == 1 else f"its {documents} documents"
        message = f"no {_words(statement)} of {name} was found in {held}: fde documents {reference}"
        return NotFoundError("not_found_in_documents", message)
    usable = (Extraction.status != "doubtful") | Extraction.doubtful_accepted
    if not _count(session, Extraction, is_own, Extraction.statement_type == statement, usable):
        message = (
            f"the {_words(statement)} of {name} is doubtful wherever it was read, and is compiled "
            f"only when asked: fde add --accept-doubtful {reference} FILE..."
        )
        return NotFoundError("all_doubtful", message)
    if reasons := _left_out(session, company_id, statement):
        message = f"the {_words(statement)} of {name} cannot be compiled: {'; '.join(reasons)}"
        return NotFoundError("left_out", message)
    message = f"the {_words(statement)} of {name} is not compiled yet: fde compile {reference}"
    return NotFoundError("not_compiled", message)


def _left_out(session: Session, company_id: int, statement: StatementName) -> list[str]:
    """Return why each reading of a statement is left out; none if one can be compiled."""
    from app.services.compiling import compile_readings  # noqa: PLC0415 slow, and seldom needed

    ((_, _, issues),) = compile_readings(session, company_id, [statement])
    return [each.message for each in issues]


def _count(
    session: Session,
    model: type[Document | Extraction],
    *conditions: ColumnElement[bool],
) -> int:
    query = select(func.count()).select_from(model)
    if model is Extraction:
        query = query.join(Document)
    return session.scalar(query.where(*conditions)) or 0


def _named(session: Session, company_id: int) -> tuple[str, str]:
    """Return the name of a company, and how a command refers to it."""
    company = session.get_one(Company, company_id)
    return company.name, reference_of(session, company)


def _words(statement: StatementName) -> str:
    return statement.replace("_", " ")
