"""`/api/v1/companies/{company_id}/statements`: years side by side, and where figures come from."""

import hashlib
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import StringConstraints
from sqlalchemy.orm import Session

from app.api.bounds import CompanyId, Line, StatementIs
from app.api.rendered import OpenRendered
from app.api.routing import api_router
from app.api.statement_answers import Wanted, for_programs
from app.api.statement_formats import (
    DEFAULT_YEARS,
    Asked,
    Years,
    choose_format,
    openapi_content,
)
from app.pipeline.compile.view import View
from app.pipeline.compiled import Compiled
from app.pipeline.json_text import json_line
from app.schemas.statement_examples import COMPILED, ORIGIN
from app.schemas.statements import (
    CompileChange,
    CompiledGroup,
    CompiledItem,
    CompiledItems,
    CompileResult,
    Links,
)
from app.services.compiled_list import list_compiled
from app.services.compiling import recompile
from app.services.errors import ServiceError
from app.services.exporting import Format
from app.services.lines import NoSuchLineError
from app.services.origin_form import Origin
from app.services.why import Question, why
from app.web.conditional import answer, answer_model
from app.web.dependencies import OpenDatabase
from app.web.problems import FieldError, ProblemError, problem_responses
from app.web.write_access import WriteAccess

Short = Annotated[Line, StringConstraints(max_length=40)]
Framework = Annotated[
    Short | None, Query(description="Where there are several, such as us-gaap or ifrs.")
]
Currency = Annotated[Short | None, Query(description="Where there are several, such as EUR.")]
FormatName = Annotated[Format | None, Query(description="By default what `Accept` prefers.")]
ViewName = Annotated[
    View, Query(description="Figures of the newest filing, or as they were first reported.")
]
router = api_router("/companies/{company_id}", "statements")


@router.get(
    "/statements",
    operation_id="list_statements",
    summary="List what is compiled of a company",
    response_model=CompiledItems,
    responses=problem_responses(404),
)
async def list_statements(
    request: Request, database: OpenDatabase, company_id: CompanyId
) -> Response:
    """Return the compiled statements without their figures: periods, proof, entity tag.

    A statement is stale if filings were added, removed or corrected since: it is shown again after
    `POST /api/v1/companies/{company_id}/compile`.
    """
    listed = await database.run(lambda session: list_compiled(session, company_id))
    items = [
        CompiledItem(
            statement=each.statement,
            digest=each.digest,
            stale=each.stale,
            groups=[CompiledGroup.model_validate(part) for part in each.groups],
            updated_at=each.updated_at,
            links=Links(self=f"{request.url.path}/{each.statement}"),
        )
        for each in listed
    ]
    return answer_model(request, CompiledItems(company_id=company_id, items=items))


@router.get(
    "/statements/{statement}",
    operation_id="get_statement",
    summary="Get years of a statement side by side",
    response_model=Compiled,
    responses={
        200: {
            "description": "The statement. Its entity tag is the digest, with default options",
            "content": openapi_content(COMPILED),
        },
        **problem_responses(404, 406, 409),
    },
)
async def get_statement(  # noqa: PLR0913 each is a parameter of the route
    request: Request,
    database: OpenDatabase,
    rendered: OpenRendered,
    company_id: CompanyId,
    statement: StatementIs,
    *,
    years: Years = DEFAULT_YEARS,
    view: ViewName = "latest",
    framework: Framework = None,
    currency: Currency = None,
    format: FormatName = None,  # noqa: A002 the name of the parameter
) -> Response:
    """Return the newest years of a statement, each figure with its origin and its proof.

    JSON is the form compiled/1, as `fde statements --json` prints it. `format` wins over `Accept`,
    which knows the same formats but the long CSV.
    """
    number = None if years == "all" else years
    asked = Asked(choose_format(request, format), number, view, framework, currency)
    return await Wanted(database, rendered, company_id, statement, asked).answer(request)


@router.get(
    "/statements/{statement}/why",
    operation_id="explain_figure",
    summary="Tell where a figure comes from",
    response_model=Origin,
    responses={
        200: {"content": {"application/json": {"example": ORIGIN}}},
        **problem_responses(404, 409),
    },
)
async def explain_figure(  # noqa: PLR0913, PLR0917 each is a parameter of the route
    request: Request,
    database: OpenDatabase,
    company_id: CompanyId,
    statement: StatementIs,
    line: Annotated[Line, Query(description="Id or label of the line, or `Section > Label`.")],
    year: Annotated[
        Short, Query(description="Such as 2023, FY2023, or the key or last day of a period.")
    ],
    *,
    view: ViewName = "latest",
    framework: Framework = None,
    currency: Currency = None,
) -> Response:
    """Return a figure with its filing, its place, its proofs and its history (origin/1).

    It is what `fde why --json` prints. A line that is not found, or found several times, is
    answered with those that may be meant in `errors`.
    """
    question = Question(f"id:{company_id}", statement, line, year, framework, currency)

    def work(session: Session) -> bytes:
        origin, _ = why(session, question, view)
        return json_line(origin.model_dump(mode="json")).encode()

    try:
        content = await database.run(work)
    except NoSuchLineError as error:
        raise _no_such_line(error) from None
    except ServiceError as error:
        raise for_programs(error, company_id) from None
    return answer(request, content, etag=hashlib.sha256(content).hexdigest())


@router.post(
    "/compile",
    operation_id="compile_statements",
    summary="Compile a company's statements again",
    dependencies=[WriteAccess],
    response_model=CompileResult,
    responses=problem_responses(401, 403, 404),
)
async def compile_statements(database: OpenDatabase, company_id: CompanyId) -> CompileResult:
    """Compile the three statements from all readings and corrections, and say what changed.

    The same readings give the same statements: to do it twice changes nothing.
    """
    done = await database.call(lambda sessions: recompile(sessions, company_id))
    statements = [
        CompileChange(statement=name, effect=effect, digest=digest)
        for name, effect, digest in done.changes
    ]
    return CompileResult(company=done.company, statements=statements)


def _no_such_line(error: NoSuchLineError) -> ProblemError:
    """Return that no line fits, or several do, with those that may be meant."""
    status = 409 if error.code.startswith("several_") else 404
    candidates = [
        FieldError(
            location="query.line", message=f"{each.id}: {' > '.join([*each.section, each.label])}"
        )
        for each in error.candidates
    ]
    detail = str(error)
    if not candidates:
        detail = f"{detail.rpartition(': ')[0]}: the statement lists them"
    return ProblemError(status, error.code, detail, errors=candidates)
