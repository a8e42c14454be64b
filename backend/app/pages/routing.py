"""Routers of pages: no part of the API's document, and unknown query parameters are ignored."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.web.problems import ProblemError


class PageRoute(APIRoute):
    """A route whose parameters are an address that a person may have typed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which says in plain words what is wrong with an address."""
        handle = super().get_route_handler()

        async def handle_page(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise _problem_of(error) from None

        return handle_page


def page_router(prefix: str = "") -> APIRouter:
    """Return a router of pages."""
    return APIRouter(prefix=prefix, include_in_schema=False, route_class=PageRoute)


def _problem_of(error: RequestValidationError) -> ProblemError:
    """Return that there is no such page, or which parameters its address lacks."""
    places = [tuple(map(str, each["loc"])) for each in error.errors()]
    if any(each[0] == "path" for each in places):
        return ProblemError(404, "not_found", "there is no page with this address")
    names = ", ".join(dict.fromkeys(each[-1] for each in places))
    detail = f"the address lacks a part, or has one that means nothing: {names}"
    return ProblemError(400, "invalid_address", detail)
