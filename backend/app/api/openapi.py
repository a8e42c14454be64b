"""The application with its OpenAPI document as a whole: what every operation has in common."""

from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from starlette.types import ASGIApp

from app.api.openapi_examples import complete_examples
from app.api.openapi_problems import example_of
from app.web.middleware.headers import ProtectionHeaders
from app.web.problems import MEDIA_TYPE, Problem, problem_responses

PREFIX: Final = "/api/v1"
DESCRIPTION: Final = """\
Companies, their filings, what was read in them, and ten years of each statement side by side, with
the origin of every figure.

- **Figures** are exact decimals in strings. What is not known is null, never a guess.
- **Errors** are problem documents (RFC 9457); their `code` is a stable name.
- **Lists** come in pages: `next` is the value of `after` for the page that follows.
- **Entity tags**: send the `ETag` of an answer as `If-None-Match`; 304 says that nothing changed.
- **Reads are open. Changes** are accepted from programs on the server's own machine, and from
  others with the write token (`Authorization: Bearer TOKEN`).
"""
TAGS: Final = (
    ("companies", "Who reports: names, listings and identifiers."),
    ("documents", "Filings: find, add, download and delete them."),
    (
        "extractions",
        "What was read in a document, statement by statement, and how far it is proved.",
    ),
    ("statements", "Ten years of a statement side by side, and where each figure comes from."),
    ("corrections", "A person's figures beside what was read, which is never edited."),
    ("health", "For orchestrators and for Prometheus."),
)
ENTITY_TAG: Final = {
    "description": "Changes whenever the answer does.",
    "schema": {"type": "string"},
    "example": '"5f1c9e…"',
}
RETRY: Final = {
    "description": "Seconds after which the same request may succeed.",
    "schema": {"type": "string"},
    "example": "2",
}
NOT_MODIFIED: Final = {"description": "The client has it: `If-None-Match` names its entity tag."}
WRITE_TOKEN: Final = "WriteToken"  # noqa: S105 the name of the scheme
METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})


class Application(FastAPI):
    """FastAPI, with a document that also says what middleware answers.

    Args:
        around_all: Middleware around that which answers faults of the program, innermost first.
        options: Those of FastAPI.
    """

    def __init__(
        self, *, around_all: Sequence[Callable[[ASGIApp], ASGIApp]] = (), **options: Any
    ) -> None:
        self._around_all = around_all
        super().__init__(
            title="Financial Data Extractor",
            summary="Ten years of a company's financial statements side by side.",
            description=DESCRIPTION,
            license_info={"name": "MIT", "identifier": "MIT"},
            contact={"name": "Financial Data Extractor"},
            servers=[{"url": "/", "description": "this server"}],
            openapi_tags=[{"name": name, "description": text} for name, text in TAGS],
            docs_url=None,  # app.api.reference has these pages
            redoc_url=None,
            **options,
        )

    def build_middleware_stack(self) -> ASGIApp:
        """Return the routes with the middleware, also that which answers faults of the program."""
        stack = super().build_middleware_stack()
        for around in self._around_all:
            stack = around(stack)
        return ProtectionHeaders(stack)

    def openapi(self) -> dict[str, Any]:
        """Return the document; it is made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            _add_problem(document)
            complete_examples(document)
            for path, method, operation in operations(document):
                _complete(path, method, operation)
        return super().openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method in lower case, and operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def _add_problem(document: dict[str, Any]) -> None:
    """Add the schema of errors, which no route returns as a model."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema
    document["components"]["schemas"] = dict(sorted(schemas.items()))


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if method == "get" and path.startswith(PREFIX):
        responses["304"] = NOT_MODIFIED
        responses["200"].setdefault("headers", {})["ETag"] = ENTITY_TAG
    if security := operation.get("security"):
        operation["security"] = [*security, {}]  # programs on the same machine need none
        refusals = problem_responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        responses |= {str(status): refusals[status] for status in (401, 403)}
    if any(each["in"] == "query" for each in operation.get("parameters", ())):
        long = HTTPStatus.REQUEST_URI_TOO_LONG
        responses |= {str(int(long)): problem_responses(long)[long]}
    if path.startswith(PREFIX):
        responses["503"].setdefault("headers", {})["Retry-After"] = RETRY
    for status, response in responses.items():
        if problem := response.get("content", {}).get(MEDIA_TYPE):
            problem["example"] = example_of(int(status), path)
    operation["responses"] = dict(sorted(responses.items()))
