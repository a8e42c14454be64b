"""The floor of the web server: an application that answers a number of bytes and does nothing else.

`uvicorn tests.bench.api.empty:app`
"""

from functools import cache

from fastapi import FastAPI, Response

_MOST = 4_000_000

app = FastAPI(openapi_url=None)


@app.get("/{size}")
async def answer(size: int) -> Response:
    """Answer as many bytes as asked for."""
    return _prepared(min(size, _MOST))


@cache
def _prepared(size: int) -> Response:
    return Response(b" " * size, media_type="application/json")
