"""`/api/v1/companies/{company_id}/corrections`: a person's figures, beside what was read."""

from typing import Annotated

from fastapi import Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.api.bounds import CompanyId, Id
from app.api.pagination import DEFAULT_LIMIT, After, Limit, Page, cursor_of, key_of
from app.api.routing import api_router
from app.schemas.corrections import (
    CorrectionCreate,
    CorrectionRead,
    CorrectionResult,
    CorrectionWithdrawn,
)
from app.services import corrections, fixing
from app.services.companies import find_company
from app.services.errors import NotFoundError
from app.services.lines import NoSuchLineError
from app.services.why import Question
from app.web.conditional import JSON, answer_model
from app.web.dependencies import OpenDatabase
from app.web.problems import FieldError, ProblemError, problem_responses
from app.web.write_access import WriteAccess

router = api_router("/companies/{company_id}/corrections", "corrections")

CorrectionId = Annotated[Id, Path(description="The correction's number.", examples=[7])]
Withdrawn = Annotated[bool, Query(description="Those that were withdrawn as well.")]


@router.get(
    "",
    response_model=Page[CorrectionRead],
    operation_id="list_corrections",
    summary="List corrections",
    responses=problem_responses(404),
)
async def list_corrections(  # noqa: PLR0913, PLR0917 the parameters of the route
    request: Request,
    database: OpenDatabase,
    company_id: CompanyId,
    withdrawn: Withdrawn = False,  # noqa: FBT002 a query parameter
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Response:
    """Return the corrections of a company, the oldest first, and whether each finds its cell.

    One that is `lost` finds none, after another reading or without its file: it is not in force.
    """
    last = None
    if after is not None:
        (last,) = key_of(after, int)

    def work(session: Session) -> Page[CorrectionRead]:
        company = find_company(session, f"id:{company_id}")
        found = corrections.list_corrections(
            session, company.id, withdrawn=withdrawn, after=_number(last), limit=limit + 1
        )
        items = [CorrectionRead(**each.model_dump()) for each in found[:limit]]
        more = cursor_of(items[-1].id) if len(found) > limit else None
        return Page[CorrectionRead](items=items, next=more)

    return answer_model(request, await database.run(work))


@router.post(
    "",
    response_model=CorrectionResult,
    status_code=201,
    operation_id="create_correction",
    summary="Correct a figure",
    dependencies=[WriteAccess],
    responses={
        200: {"model": CorrectionResult, "description": "It is in force already."},
        **problem_responses(400, 404, 409, 413),
    },
)
async def create_correction(
    database: OpenDatabase, company_id: CompanyId, body: CorrectionCreate
) -> Response:
    """Set a person's figure for a printed cell, and compile the statement again.

    What was read is kept beside it; the answer says which sums hold now, and which no longer. The
    same correction again changes nothing, and another one of the same cell takes its place. A
    statement, line or year that the company does not have is a conflict (409): the company and its
    list of corrections are there, and 404 would deny them.
    """
    question = Question(
        f"id:{company_id}", body.statement, body.line, body.year, body.framework, body.currency
    )

    def work(session: Session) -> tuple[int, str]:
        fixed, _ = fixing.correct(
            session, question, value=body.value, because=body.because, by=body.by
        )
        return (200 if fixed.outcome == "unchanged" else 201), fixed.model_dump_json()

    try:
        status, content = await database.run(work)
    except NoSuchLineError as error:
        raise _no_such_line(error) from None
    except NotFoundError as error:
        if error.code == "no_such_company":
            raise
        raise ProblemError(409, error.code, str(error)) from None
    return Response(content, status, media_type=JSON)


@router.delete(
    "/{correction_id}",
    response_model=CorrectionWithdrawn,
    operation_id="withdraw_correction",
    summary="Withdraw a correction",
    dependencies=[WriteAccess],
    responses=problem_responses(404, 409),
)
async def withdraw_correction(
    database: OpenDatabase, company_id: CompanyId, correction_id: CorrectionId
) -> Response:
    """Take a correction back, also one that finds no cell any more, and compile again.

    Its record stays, and is listed with `withdrawn=true`.
    """

    def work(session: Session) -> str:
        company = find_company(session, f"id:{company_id}")
        taken, changes = fixing.withdraw_number(session, company, correction_id)
        listed = corrections.describe_correction(session, taken)
        return CorrectionWithdrawn(
            correction=CorrectionRead(**listed.model_dump()), changes=changes
        ).model_dump_json()

    return Response(await database.run(work), media_type=JSON)


def _number(key: str | int | None) -> int | None:
    return key if isinstance(key, int) else None


def _no_such_line(error: NoSuchLineError) -> ProblemError:
    """Return that no line fits, or several do, with those that may be meant."""
    meant = [
        FieldError(
            location="body.line",
            message=f"{each.id}: {' > '.join([*each.section, each.label])}"[:500],
        )
        for each in error.candidates
    ]
    return ProblemError(409, error.code, str(error), errors=meant)
