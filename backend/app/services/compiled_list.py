"""List what is compiled of a company, without its figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.pipeline.statement import StatementName
from app.services.errors import NotFoundError

_FORM: Final = "compiled/1"
# One row with NULLs for a company of which nothing is compiled.
_LIST: Final = text("""
    SELECT statement_type, digest, compiled_statements.updated_at, data ->> 'schema' AS form,
           (SELECT jsonb_agg(jsonb_build_object(
                       'framework', part -> 'framework', 'currency', part -> 'currency',
                       'periods', jsonb_path_query_array(part, '$.periods[*].key'),
                       'verified', jsonb_path_query_array(part, '$.checks.*.verified'),
                       'checkable', jsonb_path_query_array(part, '$.checks.*.checkable'))
                   ORDER BY number)
              FROM jsonb_array_elements(jsonb_build_array(data) || coalesce(data -> 'others', '[]'))
                   WITH ORDINALITY AS groups (part, number)
             WHERE data ->> 'schema' = :form) AS groups
      FROM companies
      LEFT JOIN compiled_statements ON company_id = companies.id
     WHERE companies.id = :company
     ORDER BY array_position(
           ARRAY['income_statement', 'balance_sheet', 'cash_flow_statement'], statement_type)
""")


@dataclass(frozen=True, slots=True)
class Group:
    """A statement in one framework and currency.

    Attributes:
        periods: Keys, the newest first.
        verified: Figures that are proved by sums.
        checkable: Figures that could be.
    """

    framework: str | None
    currency: str | None
    periods: list[str]
    verified: int
    checkable: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A compiled statement.

    Attributes:
        digest: None where it is stale.
        stale: Whether it is shown only after it has been compiled again.
        groups: The one that is shown by default first.
    """

    statement: StatementName
    digest: str | None
    stale: bool
    groups: list[Group]
    updated_at: datetime


def list_compiled(session: Session, company_id: int) -> Sequence[Listed]:
    """Return what is compiled of a company, by one query.

    Raises:
        NotFoundError: There is no such company.
    """
    rows = session.execute(_LIST, {"company": company_id, "form": _FORM}).all()
    if not rows:
        raise NotFoundError("no_such_company", f"there is no company id:{company_id}")
    return [
        Listed(
            statement=row.statement_type,
            digest=row.digest,
            stale=row.digest is None or row.form != _FORM,
            groups=[_group(each) for each in row.groups or []],
            updated_at=row.updated_at,
        )
        for row in rows
        if row.statement_type is not None
    ]


def _group(part: dict[str, Any]) -> Group:
    return Group(
        framework=part["framework"],
        currency=part["currency"],
        periods=part["periods"],
        verified=sum(part["verified"]),
        checkable=sum(part["checkable"]),
    )
