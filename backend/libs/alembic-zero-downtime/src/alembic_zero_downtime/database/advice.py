"""The next step after a failed attempt to connect."""

import re
import shlex

from alembic_zero_downtime.database.reset import is_local
from alembic_zero_downtime.database.url import DatabaseURL

# By the message, as libpq returns no SQLSTATE for a failed connection; the first match is used.
ADVICE = (
    ("could not translate host name", "Correct the host in {source}{wait}"),
    ("authentication failed|no password supplied", "Correct the user or the password in {source}"),
    ('database ".*" does not exist', "Create it ({createdb}), or correct {source}"),
    (
        'role ".*" does not exist|not permitted to log in',
        "Create the role (createuser --login), or correct the user in {source}",
    ),
    (
        "too many (connections|clients)|connection slots are reserved",
        "Close other sessions, or raise the limit: a migration takes three connections",
    ),
    ("no pg_hba.conf entry", "Permit this client in the server's pg_hba.conf, or correct {source}"),
    ("SSL|certificate|sslmode", "Correct the parameters for TLS, such as sslmode, in {source}"),
    (
        "Connection refused|No such file|the database system is|server closed|timeout expired",
        "Start the server{start}, or correct {source}{wait}",
    ),
    ("", "Check {source}"),
)


def advise(error: Exception, database: DatabaseURL, start_server: str, db_wait: float) -> str:
    """Return what to do about a failed connection, as a sentence without its period.

    Args:
        error: of the driver, with the message of libpq or of the server.
        database: the address, and the setting that it is from.
        start_server: the command that starts a server on this machine; empty if there is none.
        db_wait: how long the server was waited for, in seconds.
    """
    if database.is_embedded:  # its errors have their own advice
        return ""
    host = database.url.host or database.url.query.get("host")
    is_here = isinstance(host, str | None) and is_local(host)
    advice = next(advice for pattern, advice in ADVICE if re.search(pattern, str(error)))
    return advice.format(
        source=database.source,
        start=f" ({start_server})" if start_server and is_here else "",
        wait="" if db_wait else ", or set MIGRATION_DB_WAIT=60 to wait for it",
        createdb=_createdb(database),
    )


def _createdb(database: DatabaseURL) -> str:
    """Return the shell command that creates the database."""
    url = database.url
    parts = {
        "host": url.host or url.query.get("host"),
        "port": url.port or url.query.get("port"),
        "username": url.username,
    }
    options = [f"--{name}={value}" for name, value in parts.items() if value]
    return shlex.join(["createdb", *options, str(url.database)])
