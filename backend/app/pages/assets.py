"""The style, scripts and pictures of the pages, served from memory and kept by browsers."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request, Response

from app.web.conditional import answer
from app.web.problems import ProblemError

PACKAGE: Final = "app.pages"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FOREVER: Final = "public, max-age=31536000, immutable"
"""Of an address that has the digest of its content."""

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of `static`."""

    content: bytes
    digest: str
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """Return the files by name."""
    found = {}
    for file in files(PACKAGE).joinpath("static").iterdir():
        media_type = TYPES.get(f".{file.name.rpartition('.')[2]}")
        if media_type is not None:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:16]
            found[file.name] = Asset(content, digest, media_type)
    return found


@cache
def assets_digest() -> str:
    """Return what changes whenever one of the files does."""
    parts = "".join(f"{name}:{each.digest}\n" for name, each in sorted(assets().items()))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def address_of(name: str) -> str:
    """Return the path of a file of `static`, with the digest of its content."""
    return f"/static/{name}?v={assets()[name].digest}"


@router.get("/static/{name}")
async def get_asset(request: Request, name: str) -> Response:
    """Return a file; a browser asks for it again only when its content has changed."""
    asset = assets().get(name)
    if asset is None:
        raise ProblemError(404, "not_found", "there is no such file")
    is_current = request.query_params.get("v") == asset.digest
    headers = {"Cache-Control": FOREVER} if is_current else None
    return answer(
        request, asset.content, etag=asset.digest, media_type=asset.media_type, headers=headers
    )
