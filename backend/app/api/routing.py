"""Routers whose routes refuse query parameters that they do not have, and ambiguous JSON."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.services.strict_json import BadJsonError, with_names_once
from app.web.problems import FieldError, ProblemError, problem_responses


class _StrictRequest(Request):
    """A request in whose JSON no object has a name twice."""

    async def json(self) -> Any:
        """Return the body's value.

        Raises:
            HTTPException: An object has a name twice.
            json.JSONDecodeError: It is no JSON.
        """
        try:
            return json.loads(await self.body(), object_pairs_hook=with_names_once)
        except BadJsonError as error:
            raise HTTPException(422, f"body: {error}") from None


class StrictRoute(APIRoute):
    """A route that refuses unknown and repeated query parameters: a misspelt one is no filter."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with the check before it."""
        handle = super().get_route_handler()
        known = _query_names(self.dependant)

        async def checked(request: Request) -> Response:
            _check(request, known)
            return await handle(_StrictRequest(request.scope, request.receive))

        return checked


def api_router(prefix: str, tag: str) -> APIRouter:
    """Return a router below `/api/v1`.

    Args:
        prefix: Such as `/companies`.
        tag: The group of its routes in the OpenAPI document.
    """
    return APIRouter(
        prefix=f"/api/v1{prefix}",
        tags=[tag],
        route_class=StrictRoute,
        responses=problem_responses(),
    )


def _query_names(dependant: Dependant) -> frozenset[str]:
    """Return the names of the query parameters of a route and of its dependencies."""
    names = {each.alias for each in dependant.query_params}
    return frozenset(names.union(*map(_query_names, dependant.dependencies)))


def _check(request: Request, known: frozenset[str]) -> None:
    """Refuse a query with another name, or with one twice.

    Raises:
        ProblemError: The message names the parameters that there are.
    """
    given = [name for name, _ in request.query_params.multi_items()]
    for name in given:
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            message = f"there is no such parameter; there are: {there}"
        elif given.count(name) > 1:
            message = "it is given more than once"
        else:
            continue
        error = FieldError(location=f"query.{name[:100]}", message=message)
        detail = f"{name[:100]!r}: {message}"
        raise ProblemError(422, "invalid_query", detail, errors=[error])
