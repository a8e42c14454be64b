"""The SQL that a request executes, as the server logs it."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

PLAIN: Final = (
    "SELECT data::text FROM compiled_statements"
    " WHERE company_id = %(company)s AND statement_type = %(statement)s"
)
"""The SQL that reads a compiled statement as text."""
_LOGGED: Final = re.compile(
    r"^\S+ \S+ \S+ \[\d+\] LOG:  (?:statement|execute [^:]*): (.*?)(?=^\d{4}-\d\d-\d\d |\Z)",
    re.MULTILINE | re.DOTALL,
)
_OF_TRANSACTIONS: Final = re.compile(
    r"(?:BEGIN|COMMIT|ROLLBACK|SET|SHOW|SELECT (?:pg_catalog\.)?set_config)\b", re.IGNORECASE
)
_LIMITS: Final = re.compile(r"^SELECT set_config\([^;]*; ")
"""Before a query that is sent in one message with its limits."""
_SECONDS: Final = 0.3  # until each session has read the settings again, and the log is written


def logged_statements(url: URL, log: Path, ask: Callable[[], object]) -> list[str]:
    """Return the statements that the server executes while something is asked of the API.

    Args:
        url: Of the database, whose server no other client uses.
        log: Of the server.
        ask: Sends the request.
    """
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET log_statement = 'all'"))
        connection.execute(text("SELECT pg_reload_conf()"))
        time.sleep(_SECONDS)
        start = log.stat().st_size
        ask()
        time.sleep(_SECONDS)
        with log.open("rb") as file:
            file.seek(start)
            written = file.read().decode(errors="replace")
        connection.execute(text("ALTER SYSTEM RESET log_statement"))
        connection.execute(text("SELECT pg_reload_conf()"))
    return [" ".join(each.split()) for each in _LOGGED.findall(written)]


def queries_of(statements: list[str]) -> list[str]:
    """Return the statements that read or write rows: not those that begin or limit transactions."""
    alone = (_LIMITS.sub("", each) for each in statements)
    return [each for each in alone if not _OF_TRANSACTIONS.match(each)]


def with_parameters(query: str, company: int, statement: str) -> str:
    """Return a query with parameters in place of the company and the statement."""
    escaped = re.sub(rf"\b{company}\b", "%(company)s", query.replace("%", "%%"))
    return escaped.replace(f"'{statement}'", "%(statement)s")
