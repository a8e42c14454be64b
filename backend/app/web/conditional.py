"""Answers with an entity tag, and 304 where the client has them already (RFC 9110, 8.8 and 13)."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

JSON: Final = "application/json"
_TAG: Final = re.compile(r'[\s,]*(?:W/)?(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s",]+))\s*(?=,|$)')
"""Of a list: a quoted one may have commas; one without quotes is no tag, and is meant as one."""
REVALIDATE: Final = "no-cache"
"""A cache keeps an answer, and asks whether it is still right before it uses it."""


def answer_model(
    request: Request, model: BaseModel, *, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a model as JSON; its entity tag is the SHA-256 of the body."""
    content = model.model_dump_json(by_alias=True).encode()
    return answer(request, content, etag=hashlib.sha256(content).hexdigest(), headers=headers)


def answer(
    request: Request,
    content: bytes,
    *,
    etag: str,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer, or 304 without a body if the client has it.

    Args:
        request: Whose `If-None-Match` is compared.
        content: The body.
        etag: Changes whenever the body does; without quotes.
        media_type: Of the body.
        headers: Further ones.
    """
    if (same := not_modified(request, etag, headers)) is not None:
        return same
    return Response(content, 200, _headers(etag, headers), media_type)


def not_modified(
    request: Request, etag: str, headers: Mapping[str, str] | None = None
) -> Response | None:
    """Return 304 if the client has what has this entity tag, before it is even rendered."""
    if not is_known(request, etag):
        return None
    kept = {name: value for name, value in (headers or {}).items() if name.lower() != "location"}
    return Response(None, 304, _headers(etag, kept))


def is_known(request: Request, etag: str) -> bool:
    """Return whether `If-None-Match` names an entity tag; weak ones are compared alike."""
    tags = known_tags(request)
    return tags == ["*"] or etag in tags


def known_tags(request: Request) -> list[str]:
    """Return the entity tags of `If-None-Match` without their quotes; `*` stands for any."""
    given = ",".join(request.headers.getlist("if-none-match")).strip()
    if given == "*":
        return ["*"]
    tags: list[str] = []
    place = 0
    while (match := _TAG.match(given, place)) is not None:  # until one is malformed
        tags.append(match["quoted"] if match["bare"] is None else match["bare"])
        place = match.end()
    return [each for each in tags if each != "*"]


def _headers(etag: str, headers: Mapping[str, str] | None) -> dict[str, str]:
    sent = {"ETag": f'"{etag}"', "Cache-Control": REVALIDATE, "Vary": "Accept"}
    return {**sent, **(headers or {})}
