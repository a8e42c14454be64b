"""Changes that depend on what the client has seen (RFC 9110, 13.1.1)."""

import hashlib

from fastapi import Request
from pydantic import BaseModel

from app.web.problems import ProblemError


def etag_of(model: BaseModel) -> str:
    """Return the entity tag of a model's JSON, without quotes, as `answer_model` sends it."""
    return hashlib.sha256(model.model_dump_json(by_alias=True).encode()).hexdigest()


def require_match(request: Request, etag: str) -> None:
    """Refuse a request whose `If-Match` does not name an entity tag.

    The tag of a compressed answer is weak (RFC 9110, 8.8.1) and says the same of what is stored:
    it matches too, or a client that accepts gzip could never change a large one.

    Raises:
        ProblemError: It was changed meanwhile.
    """
    given = request.headers.getlist("if-match")
    tags = {each.strip().removeprefix("W/") for each in ",".join(given).split(",")}
    if given and not tags & {"*", f'"{etag}"'}:
        raise ProblemError(
            412, "changed", "it is not as If-Match says: get it again, and look at what changed"
        )
