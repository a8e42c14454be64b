"""Examples of problem documents, one for each status."""

import re
from http import HTTPStatus
from typing import Any, Final

_EXAMPLES: Final = {
    400: ("malformed_form", "the form has no boundary"),
    401: ("invalid_write_token", "the token is not the WRITE_TOKEN of this server"),
    403: (
        "write_not_allowed",
        "it comes from another machine: changes are accepted from this machine only",
    ),
    404: ("no_such_company", "there is no company id:4711"),
    406: (
        "not_acceptable",
        "there are application/json, text/csv; or choose a format: json, csv",
    ),
    408: ("slow_body", "the body did not come in time"),
    409: ("conflict", "it contradicts what is stored: look at that again"),
    412: ("changed", "it is not as If-Match says: get it again, and look at what changed"),
    413: ("too_large", "the body has more than 100 MB"),
    414: ("long_address", "the address is longer than 16 KiB"),
    415: ("unsupported_media_type", "send the file as multipart/form-data"),
    416: ("range_not_satisfiable", "the file has 4711 bytes, and the range begins after them"),
    422: ("invalid_query", "'limt': there is no such parameter; there are: after, limit"),
    503: ("busy", "too many requests at once: send it again"),
}
"""Code and detail."""


def example_of(status: int, path: str) -> dict[str, Any]:
    """Return a problem document as an operation may answer it.

    Args:
        status: Of the answer.
        path: Of the operation, with the names of its parameters.
    """
    code, detail = _EXAMPLES[status]
    instance = re.sub(r"\{\w+_id\}", "4711", path).replace("{statement}", "income_statement")
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
    }
