"""The pages, and the files that they load."""

import hashlib
import secrets
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template
from typing import Final, NamedTuple

from fastapi import APIRouter, Request, Response

from app.web.conditional import answer
from app.web.problems import ProblemError

router = APIRouter(include_in_schema=False)

LIBRARY: Final = "fastapi_standalone_docs"
"""Has Swagger UI and Redoc, with their licences; only its files are used."""
HTML: Final = "text/html; charset=utf-8"
SCRIPT: Final = "text/javascript; charset=utf-8"
STYLE: Final = "text/css; charset=utf-8"
PLAIN: Final = "text/plain; charset=utf-8"


class Asset(NamedTuple):
    """A file of a package."""

    package: str
    path: str
    media_type: str


OWN: Final = "app.api.reference"
PAGES: Final = {
    "docs": Asset(OWN, "swagger.html", HTML),
    "redoc": Asset(OWN, "redoc.html", HTML),
}
ASSETS: Final = {
    "docs": {
        "begin.js": Asset(OWN, "swagger.js", SCRIPT),
        "swagger-ui-bundle.js": Asset(LIBRARY, "static/swagger/swagger-ui-bundle.js", SCRIPT),
        "swagger-ui.css": Asset(LIBRARY, "static/swagger/swagger-ui.css", STYLE),
        "LICENSE": Asset(LIBRARY, "static/swagger/LICENSE", PLAIN),
    },
    "redoc": {
        "begin.js": Asset(OWN, "redoc.js", SCRIPT),
        "page.css": Asset(OWN, "redoc.css", STYLE),
        "redoc.standalone.js": Asset(LIBRARY, "static/redoc/redoc.standalone.js", SCRIPT),
        "logo-mini.svg": Asset(LIBRARY, "static/redoc/logo-mini.svg", "image/svg+xml"),
        "LICENSE": Asset(LIBRARY, "static/redoc/redoc.standalone.js.LICENSE.txt", PLAIN),
    },
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

STYLES_OF_REDOC: Final = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' "
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='"
)
"""Two styles that it makes before it knows the nonce: an empty one, and that of its scroll bar."""


@router.get("/docs")
async def get_swagger(request: Request) -> Response:
    """Return the page of Swagger UI."""
    return _answer(request, PAGES["docs"])


@router.get("/redoc")
async def get_redoc() -> Response:
    """Return the page of Redoc; the styles that it makes carry a number that is used once."""
    nonce = secrets.token_urlsafe()
    text = Template(_content(PAGES["redoc"])[0].decode()).substitute(nonce=nonce)
    styles = f"style-src 'self' 'nonce-{nonce}' {STYLES_OF_REDOC}"
    policy = POLICY.replace("style-src 'self'", styles)
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return Response(text, 200, headers, HTML)


@router.get("/docs/{name}")
async def get_swagger_file(request: Request, name: str) -> Response:
    """Return a file that the page of Swagger UI loads."""
    return _file(request, ASSETS["docs"], name)


@router.get("/redoc/{name}")
async def get_redoc_file(request: Request, name: str) -> Response:
    """Return a file that the page of Redoc loads."""
    return _file(request, ASSETS["redoc"], name)


def _file(request: Request, assets: Mapping[str, Asset], name: str) -> Response:
    asset = assets.get(name)
    if asset is None:
        raise ProblemError(404, "not_found", "there is no such file")
    return _answer(request, asset)


def _answer(request: Request, asset: Asset) -> Response:
    content, digest = _content(asset)
    headers = {"Content-Security-Policy": POLICY}
    return answer(request, content, etag=digest, media_type=asset.media_type, headers=headers)


@cache
def _content(asset: Asset) -> tuple[bytes, str]:
    """Return the bytes of a file, and their SHA-256."""
    content = files(asset.package).joinpath(asset.path).read_bytes()
    return content, hashlib.sha256(content).hexdigest()
