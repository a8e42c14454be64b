"""Find what is compiled: one query for what is stored, and the reason where nothing is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from app.db.models import Company, Document, Extraction
from app.pipeline.compiled import Compiled
from app.pipeline.statement import StatementName
from app.services.companies import reference_of
from app.services.errors import NotFoundError, RefusedError
from app.services.rendering import RULES

ANY: Final = "*"
"""Instead of a digest that is known: whichever there is."""
# `kept` is NULL in a database that has not the columns yet: their names are then those of `absent`.
# The data is text, since it is parsed and checked in one step.
QUERY: Final = """
    SELECT digest, is_known,
           CASE WHEN NOT is_known THEN kept END AS rendering,
           CASE WHEN NOT is_known AND kept IS NULL THEN CAST(data AS text) END AS data,
           CASE WHEN %(with_name)s
                THEN (SELECT name FROM companies WHERE id = %(company)s) END AS company
      FROM (SELECT CAST(NULL AS bytea) AS rendering, CAST(NULL AS text) AS rendering_key) AS absent
     CROSS JOIN LATERAL (
           SELECT data, digest,
                  CAST(%(known)s AS text[]) && ARRAY['*', digest] AS is_known,
                  CASE WHEN rendering_key = %(rules)s || ':' || digest THEN rendering END AS kept
             FROM compiled_statements
            WHERE company_id = %(company)s AND statement_type = %(statement)s
           ) AS found
"""
"""Finds what is stored, in the style of the driver; its parameters are `Sought.values`."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A compiled statement, and what of it is needed.

    Attributes:
        known: Digests of which neither the data nor a rendering is needed; `ANY` for all.
        rendered: Whether its rendering is as good as the data.
        with_name: Whether the name of the company is needed.
    """

    company_id: int
    statement: StatementName
    known: Sequence[str] = ()
    rendered: bool = False
    with_name: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """Return the parameters of `QUERY`."""
        return {
            "company": self.company_id,
            "statement": self.statement,
            "known": list(self.known),
            "rules": RULES if self.rendered else None,
            "with_name": self.with_name,
        }


@dataclass(frozen=True, slots=True)
class Stored:
    """A compiled statement as it is stored.

    Attributes:
        digest: Of the data.
        rendering: Of the default view, in gzip, where it is kept.
        data: As JSON, where there is no rendering, and its digest is not known already.
        company: Its name, if it was asked for.
    """

    digest: str
    rendering: bytes | None
    data: str | None
    company: str | None = None

    @classmethod
    def of_row(cls, found: Row[Any] | None) -> "Stored | None":
        """Return what is stored, of the row of `QUERY`; None if there is none, or it is stale."""
        if found is None or found.digest is None:
            return None
        rendering = None if found.rendering is None else bytes(found.rendering)
        return cls(found.digest, rendering, found.data, found.company)

    def parse(self) -> Compiled:
        """Return the statement.

        Raises:
            ValidationError: It has another form.
        """
        return Compiled.model_validate_json(self.data or "")


def find_stored(session: Session, sought: Sought) -> Stored:
    """Return a compiled statement of a company, by one query.

    Raises:
        NotFoundError: Nothing is compiled; the message says why, and what to do next.
        RefusedError: A filing was added or removed, and the command ended before it compiled.
    """
    found = session.connection().exec_driver_sql(QUERY, sought.values).one_or_none()
    stored = Stored.of_row(found)
    if stored is not None:
        return stored
    if found is None:
        raise _not_compiled(session, sought.company_id, sought.statement)
    raise _refused(session, sought.company_id, sought.statement, found.data)


def load_compiled(session: Session, company_id: int, statement: StatementName) -> Compiled:
    """Return the compiled statement of a company.

    Raises:
        NotFoundError: Nothing is compiled; the message says why, and what to do next.
        RefusedError: A filing was added or removed, and the command ended before it compiled.
    """
    stored = find_stored(session, Sought(company_id, statement))
    try:
        return stored.parse()
    except ValidationError:
        raise other_form(session, company_id, statement) from None


def other_form(session: Session, company_id: int, statement: StatementName) -> NotFoundError:
    """Return that what is stored is not in the form `compiled/1`."""
    name, reference = _named(session, company_id)
    message = "was compiled by another release, in another form"
    return NotFoundError(
        "other_form", f"the {_words(statement)} of {name} {message}: fde compile {reference}"
    )


def _refused(
    session: Session, company_id: int, statement: StatementName, data: str | None
) -> NotFoundError | RefusedError:
    """Return why a statement without a digest is not shown."""
    if data is not None:
        try:
            Compiled.model_validate_json(data)
        except ValidationError:
            return other_form(session, company_id, statement)
    name, reference = _named(session, company_id)
    message = f"the {_words(statement)} of {name} is older than its filings"
    return RefusedError("stale", f"{message}: fde compile {reference}")


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
    """Return the name of a company, and how a command refers to it.

    Raises:
        NotFoundError: There is no such company.
    """
    company = session.get(Company, company_id)
    if company is None:
        raise NotFoundError("no_such_company", f"there is no company id:{company_id}")
    return company.name, reference_of(session, company)


def _words(statement: StatementName) -> str:
    return statement.replace("_", " ")
