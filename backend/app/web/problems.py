"""Every error as a problem document (RFC 9457)."""

import errno
import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from app.errors import SettingsError
from app.services.errors import NotFoundError, RefusedError, ServiceError, UnavailableError
from app.storage import StorageError
from app.web.database import BusyError
from app.web.deadline import DeadlineError

logger = logging.getLogger("uvicorn.error")  # the server's own log

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = "2"
"""Seconds after which a request that was not begun may be sent again."""
_CHOICE: Final = re.compile(r"function-(?:after|before|plain|wrap)\[")
MOST_ERRORS: Final = 20
LONGEST: Final = 500  # characters of a message
UNDEFINED: Final = frozenset({"42P01", "42703", "3F000", "42883", "42704"})
"""SQLSTATE of a table, column, schema, function and type that the database lacks."""
NO_ANSWER: Final = (
    *("08", "53", "55", "57", "58"),
    *("40001", "40P01", "25006"),
)
"""Beginnings of SQLSTATE after which the same request may succeed later (PostgreSQL manual,
appendix A): connections, resources, states such as locks, cancellation, the system; conflicts of
transactions; and a standby that does not write."""


EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT})
"""File descriptors, memory and disk that others may give back."""


class FieldError(BaseModel):
    """Where a request is wrong."""

    location: str = Field(description="such as body.name or query.limit", max_length=200)
    message: str = Field(max_length=LONGEST)


class Problem(BaseModel):
    """Why a request was not carried out (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "there is no company id:4711",
                    "instance": "/api/v1/companies/4711",
                    "code": "no_such_company",
                }
            ]
        }
    )

    type: str = Field(default="about:blank", description="`code` tells the problems apart")
    title: str = Field(description="of the status")
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="one line for people")
    instance: str = Field(description="path of the request")
    code: str = Field(description="a stable name in snake_case")
    errors: list[FieldError] | None = Field(
        default=None, description="where the request is wrong, if that can be told"
    )


class ProblemError(Exception):
    """A request that is not carried out."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(detail)
        self.status: Final = status
        self.code: Final = code
        self.headers: Final = dict(headers or {})
        self.errors: Final = list(errors)


def busy(detail: str, retry_after: str) -> ProblemError:
    """Return that too many others are before a request, which was not begun.

    Args:
        detail: One line for people.
        retry_after: Seconds after which it may be sent again.
    """
    return ProblemError(503, "busy", detail, headers={"Retry-After": retry_after})


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route for the OpenAPI document; 422 and 503 are in each."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*statuses, 422, 503})
    }


def problem_response(  # noqa: PLR0913 the parts of the answer
    instance: str,
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[FieldError] = (),
) -> Response:
    """Return a problem document as an answer to the path `instance`; 503 has Retry-After."""
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=_line(detail),
        instance=_line(instance),
        code=code,
        errors=list(errors[:MOST_ERRORS]) or None,
    )
    sent = {"Cache-Control": "no-store", **(headers or {})}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        sent.setdefault("Retry-After", RETRY_AFTER)
    content = problem.model_dump_json(exclude_none=True)
    return Response(content, status, sent, MEDIA_TYPE)


def add_handlers(application: FastAPI) -> None:
    """Let the application answer every error with a problem document."""
    for kind in (
        ProblemError,
        HTTPException,
        RequestValidationError,
        ServiceError,
        StorageError,
        SettingsError,
        BusyError,
        DeadlineError,
        DBAPIError,
        DisconnectionError,
        PoolTimeoutError,
        Exception,
    ):
        application.add_exception_handler(kind, _handle)


async def _handle(request: Request, error: Exception) -> Response:
    described = _described(error)
    if described[1] in DOUBTFUL and await _has_other_schema(request):
        described = OTHER_SCHEMA
    status, code, detail, headers, errors = described
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, BusyError):
        logger.warning("%s %s: %s", request.method, _line(request.url.path), code)
    path = request.url.path
    return problem_response(path, status, code, detail, headers=headers, errors=errors)


_Described = tuple[int, str, str, Mapping[str, str], Sequence[FieldError]]

OTHER_SCHEMA: Final[_Described] = (
    503,
    "other_schema",
    "the database has another schema than this program: it is being migrated",
    {},
    (),
)
DOUBTFUL: Final = frozenset({"conflict", "unexpected"})
"""Codes that an older schema may cause, by a constraint that this program does not know."""


async def _has_other_schema(request: Request) -> bool:
    """Return whether the database is at a revision that this program cannot use."""
    readiness = await request.app.state.probe.ask()
    return readiness.status != "ready" and readiness.migration_status is not None


def _described(error: Exception) -> _Described:  # noqa: C901, PLR0911 one for each kind
    """Return status, code, detail, headers and errors of the answer to an error."""
    match error:
        case ProblemError():
            return error.status, error.code, str(error), error.headers, error.errors
        case HTTPException():
            code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
            return error.status_code, code, str(error.detail), error.headers or {}, ()
        case RequestValidationError():
            found = [_field_error(each) for each in error.errors()[:MOST_ERRORS]]
            first = f"{found[0].location}: {found[0].message}" if found else "it is invalid"
            return 422, "invalid_request", first, {}, found
        case ServiceError():
            return _status_of(error), error.code, str(error), {}, ()
        case StorageError():
            logger.error("Storage: %s", error)
            return 503, "storage_unavailable", "the storage of files cannot be used", {}, ()
        case SettingsError():
            logger.error("No database: %s", error)
            return 503, "not_configured", "the database is not configured: see the log", {}, ()
        case BusyError():
            return 503, "busy", "too many requests at once: send it again", {}, ()
        case DBAPIError():
            return _of_database(error)
        case DeadlineError() | DisconnectionError() | PoolTimeoutError():
            return 503, "no_answer", "the database gives no answer: send it again", {}, ()
        case OSError() if error.errno in EXHAUSTED:
            return 503, "exhausted", "this machine lacks a resource: send it again later", {}, ()
        case _:
            return 500, "unexpected", "this is a fault of the program: see its log", {}, ()


def _status_of(error: ServiceError) -> int:
    if isinstance(error, NotFoundError):
        return 409 if error.code.startswith("several_") else 404
    if isinstance(error, RefusedError):
        return 409
    return 503 if isinstance(error, UnavailableError) else 400


def _of_database(error: DBAPIError) -> _Described:
    """Return the answer to an error of the database: later, after a migration, or never."""
    state = getattr(error.orig, "pgcode", None)
    if state in UNDEFINED:
        return OTHER_SCHEMA
    # Without a state, the connection failed or was lost.
    if state is None or state.startswith(NO_ANSWER):
        logger.warning("Database: SQLSTATE %s", state or "none, the connection failed")
        return 503, "no_answer", "the database gives no answer: send it again", {}, ()
    if state.startswith("23"):
        return 409, "conflict", "it contradicts what is stored: look at that again", {}, ()
    logger.error("Database: SQLSTATE %s", state, exc_info=error.orig)
    return 500, "unexpected", "this is a fault of the program: see its log", {}, ()


def _field_error(error: Mapping[str, Any]) -> FieldError:
    # Of a choice of types Pydantic names the one that was tried: the client knows nothing of it.
    parts = [str(each) for each in error["loc"] if not _CHOICE.match(str(each))]
    location = ".".join(parts)
    message = str(error["msg"]).removeprefix("Value error, ")
    return FieldError(location=_line(location)[:200], message=_line(message))


def _line(text: str) -> str:
    """Return text in one bounded line without characters that change how it is shown."""
    kept = "".join(each if each.isprintable() else " " for each in text[: 4 * LONGEST])
    kept = " ".join(kept.split())
    return kept if len(kept) <= LONGEST else f"{kept[: LONGEST - 1]}…"
