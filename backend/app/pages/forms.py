"""The fields of a form that a page sent, as text."""

from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from app.web.problems import ProblemError

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 50
MOST_BYTES: Final = 64 * 1024


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form without files; a field that was left empty is "".

    Raises:
        ProblemError: 415 if the body is no such form, 413 if it is too long, 400 if it is malformed
            or names a field twice.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != MEDIA_TYPE:
        raise ProblemError(415, "not_a_form", f"the body has to be a form: {MEDIA_TYPE}")
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise ProblemError(413, "too_large", f"the form has more than {MOST_BYTES // 1024} kB")
    try:
        fields = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:  # UnicodeDecodeError is one
        detail = "the form is not in UTF-8, or has too many fields"
        raise ProblemError(400, "malformed_form", detail) from None
    form = dict(fields)
    if len(form) < len(fields):
        raise ProblemError(400, "malformed_form", "the form has a field twice")
    return form
