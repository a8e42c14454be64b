"""`/sign-in` and `/sign-out`: a session in the browser for the holder of the write token."""

import asyncio
import hmac
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from fastapi import Request, Response

from app.pages import addresses
from app.pages.answering import page, root_of, see
from app.pages.forms import read_form
from app.pages.routing import page_router
from app.web.origins import says_https
from app.web.problems import ProblemError
from app.web.sessions import NAME, SECONDS, new_session
from app.web.write_access import CHALLENGE

if TYPE_CHECKING:
    from app.web.access import Access

DELAY: Final = 1.0
"""Seconds that the answer to a wrong token takes."""
MOST_WAITING: Final = 20
"""Answers that wait so long at a time; more are refused without a wait."""
LONGEST_PATH: Final = 2000  # characters
_OWN_PATH: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""No other host, as `//host` and `/\\host` are to browsers, also with a tab between them."""

router = page_router()


class _Wrong:
    """The wrong tokens whose answers wait."""

    def __init__(self) -> None:
        self._waiting = 0

    async def wait(self) -> None:
        """Wait before a wrong token is answered.

        Raises:
            ProblemError: Too many wait already.
        """
        if self._waiting >= MOST_WAITING:
            detail = "too many wrong tokens at once: try again in a few seconds"
            raise ProblemError(429, "too_many", detail, headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            await asyncio.sleep(DELAY)
        finally:
            self._waiting -= 1


_wrong = _Wrong()


def own_path(text: str) -> str:
    """Return a path of the pages to go on to; the first page for everything else."""
    is_own = len(text) <= LONGEST_PATH and _OWN_PATH.fullmatch(text) is not None
    is_session = text.startswith((addresses.SIGN_IN, addresses.SIGN_OUT))
    return text if is_own and not is_session else addresses.COMPANIES


@router.get(addresses.SIGN_IN)
async def get_sign_in(request: Request) -> Response:
    """Return the form, or that it is not needed or would not help."""
    to = own_path(request.query_params.get("next", ""))
    return page(request, "sign_in.html", next=to, problem=None)


@router.post(addresses.SIGN_IN)
async def sign_in(request: Request) -> Response:
    """Begin a session with the right token, and go on to the page that asked for it."""
    form = await read_form(request)
    to = own_path(form.get("next", ""))
    access: Access = request.app.state.access
    token = access.rules.token
    if token is None:
        return page(request, "sign_in.html", status=409, next=to, problem=None)
    if not _is_token(form.get("token", ""), token):
        await _wrong.wait()
        return page(
            request,
            "sign_in.html",
            status=401,
            headers={"WWW-Authenticate": CHALLENGE},
            next=to,
            problem="This is not the write token of this server.",
        )
    answer = see(request, to)
    _set(answer, request, new_session(token), SECONDS)
    return answer


@router.post(addresses.SIGN_OUT)
async def sign_out(request: Request) -> Response:
    """End the session in this browser."""
    answer = see(request, addresses.SIGN_IN)
    _set(answer, request, "", 0)
    return answer


def _is_token(given: str, token: bytes) -> bool:
    """Return whether a text is the token, in a time that does not depend on either."""
    digests = (sha256(each).digest() for each in (given.strip().encode(), token))
    return hmac.compare_digest(*digests)


def _set(answer: Response, request: Request, value: str, seconds: int) -> None:
    answer.set_cookie(
        NAME,
        value,
        max_age=seconds,
        path=root_of(request) or "/",
        secure=says_https(request.scope),
        httponly=True,
        samesite="strict",
    )
