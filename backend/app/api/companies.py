"""`/api/v1/companies`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final, cast

from fastapi import Query, Request, Response, status
from pydantic import AfterValidator, Field
from sqlalchemy.orm import Session

from app.api.bounds import CompanyId, Line
from app.api.pagination import DEFAULT_LIMIT, After, Limit, Page, cursor_of, key_of
from app.api.routing import api_router
from app.db.models import Company
from app.pipeline.identifiers import MAX_NAME
from app.schemas.companies import (
    CompanyCreate,
    CompanyPatch,
    CompanyRead,
    CompanyRemoved,
    one_form,
)
from app.services.company_changes import (
    TakenError,
    change_company,
    create_company,
    get_company,
    remove_company,
)
from app.services.company_pages import CompanyFilter, list_page
from app.web.conditional import JSON, REVALIDATE, answer_model
from app.web.dependencies import OpenDatabase
from app.web.discarding import discard_files
from app.web.preconditions import etag_of, require_match
from app.web.problems import FieldError, ProblemError, problem_responses
from app.web.write_access import WriteAccess

router = api_router("/companies", "companies")

PATH: Final = "/{company_id}"
_MERGE_PATCH: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            "application/merge-patch+json": {
                "schema": {"$ref": "#/components/schemas/CompanyPatch"}
            }
        }
    }
}

Contains = Annotated[
    Annotated[Line, Field(max_length=MAX_NAME), AfterValidator(one_form)] | None,
    Query(description="Text that the name or a ticker contains, in any case.", examples=["apple"]),
]
TickerIs = Annotated[
    Annotated[Line, Field(max_length=31)] | None,
    Query(description="A ticker, in any case.", examples=["AAPL"]),
]
ExchangeIs = Annotated[
    Annotated[Line, Field(max_length=50)] | None,
    Query(
        description="An exchange, in any case; with `ticker`: of the same listing.",
        examples=["NASDAQ"],
    ),
]
LeiIs = Annotated[
    str | None,
    Query(
        pattern="^[A-Za-z0-9]{18}[0-9]{2}$",
        description="A Legal Entity Identifier.",
        examples=["HWUPKR0MPOU8FGXBT394"],
    ),
]
CikIs = Annotated[
    str | None,
    Query(
        pattern="^[0-9]{1,10}$",
        description="A Central Index Key, with or without leading zeros.",
        examples=["320193"],
    ),
]
Cascade = Annotated[
    bool, Query(description="Whether its documents, statements and corrections go with it.")
]


@router.get(
    "",
    response_model=Page[CompanyRead],
    operation_id="list_companies",
    summary="List companies",
    responses=problem_responses(),
)
async def list_companies(  # noqa: PLR0913, PLR0917 the filters
    request: Request,
    database: OpenDatabase,
    q: Contains = None,
    ticker: TickerIs = None,
    exchange: ExchangeIs = None,
    lei: LeiIs = None,
    cik: CikIs = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Response:
    """Return companies ordered by name; of several filters, all have to fit."""
    wanted = CompanyFilter(q, ticker, exchange, lei and lei.upper(), cik and cik.zfill(10))
    key = None if after is None else cast("tuple[str, int]", tuple(key_of(after, str, int)))

    def work(session: Session) -> Page[CompanyRead]:
        companies, following = list_page(session, wanted, key, limit)
        return Page[CompanyRead](
            items=[CompanyRead.model_validate(each) for each in companies],
            next=cursor_of(*following) if following else None,
        )

    return answer_model(request, await database.run(work))


@router.post(
    "",
    response_model=CompanyRead,
    status_code=status.HTTP_201_CREATED,
    operation_id="create_company",
    summary="Make a company",
    responses=problem_responses(400, 401, 403, 409, 413),
    dependencies=[WriteAccess],
)
async def create(body: CompanyCreate, database: OpenDatabase) -> Response:
    """Make a company without documents; filings are added to it afterwards.

    409 names the field and the other company if that has the same name (in any case), LEI or CIK.
    """

    def work(session: Session) -> CompanyRead:
        with _conflicts():
            return CompanyRead.model_validate(create_company(session, body.model_dump()))

    company = await database.run(work)
    location = f"{router.prefix}/{company.id}"
    return _answer(company, status.HTTP_201_CREATED, Location=location)


@router.get(
    PATH,
    response_model=CompanyRead,
    operation_id="get_company",
    summary="Get a company",
    responses=problem_responses(404),
)
async def get(request: Request, company_id: CompanyId, database: OpenDatabase) -> Response:
    """Return a company. Its entity tag is what `If-Match` of a change takes."""
    company = await database.run(
        lambda session: CompanyRead.model_validate(get_company(session, company_id))
    )
    return answer_model(request, company)


@router.patch(
    PATH,
    response_model=CompanyRead,
    operation_id="update_company",
    summary="Change a company",
    responses=problem_responses(400, 401, 403, 404, 409, 412, 413),
    dependencies=[WriteAccess],
    openapi_extra=_MERGE_PATCH,
)
async def update(
    request: Request, company_id: CompanyId, body: CompanyPatch, database: OpenDatabase
) -> Response:
    """Change what the body names (JSON Merge Patch, RFC 7396): null clears, what is absent stays.

    With `If-Match`, only if it was not changed since the client read it.
    """

    def work(session: Session) -> CompanyRead:
        values = body.model_dump(exclude_unset=True)
        with _conflicts():
            company = change_company(session, company_id, values, _matching(request))
        return CompanyRead.model_validate(company)

    return _answer(await database.run(work), status.HTTP_200_OK)


@router.delete(
    PATH,
    response_model=CompanyRemoved,
    operation_id="delete_company",
    summary="Delete a company",
    responses=problem_responses(401, 403, 404, 409, 412),
    dependencies=[WriteAccess],
)
async def delete(
    request: Request, company_id: CompanyId, database: OpenDatabase, *, cascade: Cascade = False
) -> CompanyRemoved:
    """Delete a company, and say what went with it.

    It is refused while documents, statements or corrections belong to it, unless `cascade=true`;
    then stored files that no other company's document has are deleted too.
    """
    removed = await database.run(
        lambda session: remove_company(
            session, company_id, cascade=cascade, check=_matching(request)
        )
    )
    files = await discard_files(database, removed.files)
    return CompanyRemoved(
        id=removed.id,
        name=removed.name,
        documents=removed.documents,
        extractions=removed.extractions,
        statements=removed.statements,
        corrections=removed.corrections,
        files=files.deleted,
        files_kept=files.kept,
        files_left_over=files.left_over,
    )


def _matching(request: Request) -> Callable[[Company], None]:
    """Return the check that a company is as the client has seen it."""
    return lambda company: require_match(request, etag_of(CompanyRead.model_validate(company)))


@contextmanager
def _conflicts() -> Iterator[None]:
    """Say in the answer which field another company has."""
    try:
        yield
    except TakenError as error:
        field = FieldError(location=f"body.{error.field}", message=str(error))
        raise ProblemError(409, error.code, str(error), errors=[field]) from None


def _answer(company: CompanyRead, code: int, **headers: str) -> Response:
    """Return the answer to a change."""
    sent = {"ETag": f'"{etag_of(company)}"', "Cache-Control": REVALIDATE, **headers}
    return Response(company.model_dump_json(by_alias=True), code, sent, JSON)
