"""Pages of companies with what there is of each, by a query that looks at no other companies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    Text,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import LateralFromClause

from app.db.models import Company, CompiledStatement, Document, Extraction
from app.services.company_search import EXACT, Search, search_companies
from app.services.compiled_proof import Proof, load_proofs, total_of
from app.services.documents import newest_readings

Key = tuple[int, str, int]
"""By which companies are ordered: how well they fit the search, the name in lower case, the id."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which companies are listed.

    Attributes:
        search: All by default.
        after: The key of the company before the first one.
        before: The key of the company behind the last one, where `after` is not given.
    """

    search: Search | None = None
    after: Key | None = None
    before: Key | None = None


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest document of a company: of its newest fiscal year the one that was filed last."""

    id: int
    form: str | None
    document_type: str
    fiscal_year: int
    filed_on: date | None


@dataclass(frozen=True, slots=True)
class Overview:
    """A company, and what there is of it.

    Attributes:
        listings: Each with `ticker` and `exchange`.
        documents: Their number.
        unread: The number of those in which no statement was found.
        doubtful: How many statements of filings are left out since they are doubtful.
        stale: Whether a statement is older than its filings, or than this release.
        proof: Of its compiled statements; None if nothing is compiled.
    """

    id: int
    name: str
    ticker: str | None
    listings: Sequence[dict[str, str]]
    lei: str | None
    cik: str | None
    documents: int
    newest: Newest | None
    unread: int
    doubtful: int
    stale: bool
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """A page of companies.

    Attributes:
        total: How many companies fit the search, on all pages.
        previous: The key before which the page before is; None on the first one.
        following: The key after which the page that follows is; None on the last one.
    """

    companies: Sequence[Overview]
    total: int
    previous: Key | None
    following: Key | None


def list_overviews(session: Session, wanted: Wanted, limit: int) -> OverviewPage:
    """Return companies with what there is of each: those that fit best first, then by name.

    Args:
        session: Its transaction reads.
        wanted: Which ones.
        limit: Their number at most.
    """
    is_backward = wanted.after is None and wanted.before is not None
    rows = session.execute(_query(wanted, limit + 1)).all()
    is_more = len(rows) > limit
    page = [*rows[:limit]][:: -1 if is_backward else 1]
    has_previous = is_more if is_backward else wanted.after is not None
    has_following = is_backward or is_more
    digests = {digest: row.id for row in page for digest in (row.compiled or {}).values() if digest}
    proofs = load_proofs(session, digests)
    return OverviewPage(
        companies=[_overview(row, proofs) for row in page],
        total=rows[0].total if rows else _count(session, wanted),
        previous=_key(page[0]) if page and has_previous else None,
        following=_key(page[-1]) if page and has_following else None,
    )


def _query(wanted: Wanted, limit: int) -> Select[Any]:
    """Return the query of the rows of a page, in the order in which they are met."""
    found = _found(wanted.search)
    total = select(func.count()).select_from(found if wanted.search else Company)
    key = found.c.rank, found.c.key, found.c.id
    is_backward = wanted.after is None and wanted.before is not None
    order = [each.desc() if is_backward else each for each in key]
    page = select(*key).order_by(*order).limit(limit)
    if wanted.after is not None:
        page = page.where(tuple_(*key) > _values(wanted.after))
    elif wanted.before is not None:
        page = page.where(tuple_(*key) < _values(wanted.before))
    on_page = page.cte("page")
    statement: Select[Any] = select(
        *(*on_page.c, total.scalar_subquery().label("total")),
        *(Company.name, Company.primary_ticker, Company.tickers, Company.lei, Company.cik),
    )
    statement = statement.join_from(on_page, Company, Company.id == on_page.c.id)
    for part in (_documents(on_page), _readings(on_page), _compiled(on_page)):
        statement = statement.join(part, true()).add_columns(*part.c)
    return statement.order_by(*(each.desc() if is_backward else each for each in on_page.c))


def _found(search: Search | None) -> CTE | Subquery:
    """Return rank, name and id of the companies that a search means; of all without one."""
    name = func.lower(Company.name).label("key")
    if search is None:  # an index has this order
        return select(literal(EXACT).label("rank"), name, Company.id).subquery("found")
    return search_companies(search).cte("found")


def _values(key: Key) -> ColumnElement[Any]:
    rank, name, number = key
    return tuple_(cast(rank, BigInteger), cast(name, Text), cast(number, BigInteger))


def _documents(page: CTE) -> LateralFromClause:
    """Return number, newest document and number of unread documents of each company."""
    is_read = exists().where(Extraction.document_id == Document.id)
    newest = func.jsonb_build_array(
        *(Document.id, Document.form, Document.document_type),
        *(Document.fiscal_year, Document.filed_on),
    )
    order = Document.fiscal_year.desc(), Document.filed_on.desc().nulls_last(), Document.id.desc()
    return (
        select(
            func.count().label("documents"),
            func.count().filter(~is_read).label("unread"),
            func.array_agg(aggregate_order_by(newest, *order), type_=ARRAY(JSONB))[1].label(
                "newest"
            ),
        )
        .where(Document.company_id == page.c.id)
        .correlate(page)
        .lateral("of_documents")
    )


def _readings(page: CTE) -> LateralFromClause:
    """Return how many readings are left out, and the statements that the others are of."""
    documents = select(Document.id).where(Document.company_id == page.c.id).correlate(page)
    newest = newest_readings().where(Extraction.document_id.in_(documents))
    in_use = newest.correlate(page).lateral("in_use")
    is_left_out = and_(in_use.c.status == "doubtful", ~in_use.c.doubtful_accepted)
    statements = func.array_agg(in_use.c.statement_type.distinct(), type_=ARRAY(Text))
    return (
        select(
            func.count().filter(is_left_out).label("doubtful"),
            statements.filter(or_(in_use.c.status.is_(None), ~is_left_out)).label("usable"),
        )
        .correlate(page)
        .lateral("of_readings")
    )


def _compiled(page: CTE) -> LateralFromClause:
    """Return the digests of the compiled statements of each company, by statement."""
    row = CompiledStatement.statement_type, CompiledStatement.digest
    return (
        select(func.jsonb_object_agg(*row).label("compiled"))
        .where(CompiledStatement.company_id == page.c.id)
        .correlate(page)
        .lateral("of_compiled")
    )


def _count(session: Session, wanted: Wanted) -> int:
    """Return how many companies fit a search of which a page is empty."""
    if wanted.after is None and wanted.before is None:
        return 0
    return session.scalar(select(func.count()).select_from(_found(wanted.search))) or 0


def _overview(row: Any, proofs: Mapping[str, Proof]) -> Overview:
    compiled = row.compiled or {}
    shown = [proofs[digest] for digest in compiled.values() if digest in proofs]
    is_incomplete = len(shown) < len(compiled) or not {*(row.usable or ())} <= {*compiled}
    return Overview(
        id=row.id,
        name=row.name,
        ticker=row.primary_ticker,
        listings=row.tickers,
        lei=row.lei,
        cik=row.cik,
        documents=row.documents,
        newest=_newest(row.newest) if row.newest else None,
        unread=row.unread,
        doubtful=row.doubtful,
        stale=is_incomplete or any(each.is_old for each in shown),
        proof=total_of(shown) if shown else None,
    )


def _newest(row: Sequence[Any]) -> Newest:
    number, form, kind, fiscal_year, filed_on = row
    day = date.fromisoformat(filed_on) if filed_on else None
    return Newest(number, form, kind, fiscal_year, day)


def _key(row: Any) -> Key:
    return row.rank, row.key, row.id
