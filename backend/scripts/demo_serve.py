"""Serve the pages and the API with the database and the files of `make demo`: `demo_serve.py PORT`.

Ctrl-C ends it; the database of the demo goes on.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

BACKEND = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BACKEND))

from scripts import require_free_port

if TYPE_CHECKING:
    import socket

DEMO = BACKEND / ".demo"
TICKER = "CVF"
DATABASE = "postgresql+embedded:///demo?directory=.demo/postgres"
OTHERS = ("MIGRATION_DATABASE_URL", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USERNAME", "DB_PASSWORD")
"""Settings of other databases."""
ANNOUNCEMENT = """\
Ten years of the made-up company: {address}/companies/{company}/income-statement
All companies: {address}/    The API: {address}/docs
Ctrl-C ends the server; make demo-remove deletes what the demo made."""


def main(port: str) -> str | None:
    """Serve until Ctrl-C; return the reason why that is not possible, or None."""
    if not (DEMO / "postgres").is_dir():
        return "demo-serve: there is no demo yet: make demo"
    if problem := require_free_port.main(port, "demo-serve"):
        return problem
    for name in OTHERS:
        os.environ.pop(name, None)
    os.environ["DATABASE_URL"] = DATABASE
    os.environ["STORAGE_URL"] = ".demo/storage"
    company = find_company()
    if company is None:
        return "demo-serve: the demo is not complete: make demo"
    with suppress(KeyboardInterrupt):  # which the server passes on when it has ended
        serve(int(port), company)
    return None


def find_company() -> int | None:
    """Return the id of the demo's company; None if it is not there."""
    from sqlalchemy import create_engine  # noqa: PLC0415 the checks above come at once
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415
    from sqlalchemy.orm import Session  # noqa: PLC0415

    from app.db.url import resolve_database_url  # noqa: PLC0415
    from app.services import companies  # noqa: PLC0415
    from app.services.errors import NotFoundError  # noqa: PLC0415

    engine = create_engine(resolve_database_url().url)
    try:
        with Session(engine) as session:
            return companies.find_company(session, TICKER).id
    except (SQLAlchemyError, NotFoundError):
        return None
    finally:
        engine.dispose()


def serve(port: int, company: int) -> None:
    """Serve, and say where when it does."""
    import uvicorn  # noqa: PLC0415

    class Server(uvicorn.Server):
        async def startup(self, sockets: "list[socket.socket] | None" = None) -> None:
            await super().startup(sockets)
            if self.started:
                address = f"http://127.0.0.1:{port}"
                print(ANNOUNCEMENT.format(address=address, company=company), flush=True)

    Server(uvicorn.Config("app.main:app", host="127.0.0.1", port=port, log_level="warning")).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
