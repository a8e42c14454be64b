"""The address of a database: parsed, completed, and safe to show."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote_plus, unquote, unquote_to_bytes

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from alembic_zero_downtime.database.url_checks import (
    ENCODE,
    WHOLE_ADDRESS,
    check_bytes,
    check_database,
    check_delimiters,
    check_directory,
    check_host,
    check_host_address,
    check_parameters,
    check_port,
    check_user,
    is_parameter,
)

EMBEDDED = "postgresql+embedded"
DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "postgresql+psycopg2": "postgresql+psycopg2",
    EMBEDDED: EMBEDDED,
}
OTHER_DRIVERS = ("asyncpg", "pg8000", "psycopg", "psycopg2cffi", "psycopg_async")
OTHER_DATABASES = ("mariadb", "mssql", "mysql", "oracle", "sqlite")
SYNTAX = "postgresql://user:password@host:5432/name"

SHOWN_PARAMETERS = ("host", "hostaddr", "port", "directory")
"""The parameters whose values are shown; they are checked, and are no secrets."""
HARMLESS_VARIABLES = ("PGDATABASE", "PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER")
HIDDEN = "***"
MIN_BARE = 4
"""The length from which a hidden value is replaced in a message also without quotes around it."""

# libpq's form with several hosts, which SQLAlchemy does not parse.
HOST_LIST = re.compile(
    r"(?P<start>[\w+]+://(?:[^@/?]*@)?)(?P<hosts>[^/?@]*,[^/?@]*)(?P<rest>(?:[/?].*)?)", re.DOTALL
)


@dataclass(frozen=True)
class DatabaseURL:
    """A database's address and the setting that it comes from.

    Attributes:
        url: the complete address, with the password.
        source: the setting, e.g. `DATABASE_URL`.
        written: the address as configured, if `url` was completed.
    """

    url: URL = field(repr=False)
    source: str
    written: URL | None = field(default=None, repr=False)

    @property
    def is_embedded(self) -> bool:
        """Whether this is an embedded server."""
        return self.url.drivername == EMBEDDED

    @property
    def masked(self) -> str:
        """The driver, user, host, port and database; of other parameters only the names."""
        url = self.written or self.url
        query = "&".join(
            f"{quote_plus(name)}={quote_plus(value) if name in SHOWN_PARAMETERS else HIDDEN}"
            for name, value in sorted(_parameters(url))
        )
        address = url.set(query={}).render_as_string(hide_password=True)
        return f"{address}?{query}" if query else address

    def __str__(self) -> str:
        """Return the masked address and its source."""
        return f"{self.masked} (from {self.source})"

    def scrub(self, message: str) -> str:
        """Return a message of libpq or of the server without the values that `masked` hides.

        libpq quotes a wrong value, and the server a part of `options`. The variables that libpq
        reads (PGSSLMODE, …) are hidden too.
        """
        for hidden in sorted(_hidden_texts(self.url), key=len, reverse=True):
            message = message.replace(f'"{hidden}"', f'"{HIDDEN}"')
            if len(hidden) >= MIN_BARE:
                message = re.sub(rf"(?<!\w){re.escape(hidden)}(?!\w)", HIDDEN, message)
        return message

    def within(self, folder: Path) -> "DatabaseURL":
        """Return the same; the directory of an embedded server becomes relative to `folder`."""
        if not self.is_embedded:
            return self
        directory = self.url.query.get("directory")
        path = folder / (directory if isinstance(directory, str) else ".postgres")
        completed = self.url.update_query_dict({"directory": str(path)})
        return DatabaseURL(completed, self.source, self.written or self.url)


def parse_url(text: str, variable: str) -> URL:
    """Return `text` as a SQLAlchemy URL with an explicit driver.

    A parameter such as `?host=` or `?password=` overrides the part before it, as in libpq.

    Args:
        text: postgres://, postgresql://, postgresql+psycopg2:// or postgresql+embedded://
        variable: the setting to name in an error.

    Raises:
        ValueError: It is not the URL of a PostgreSQL database. The message never quotes it.
    """
    if not text.strip():
        raise ValueError(f"{variable} is set but empty: give it a value or unset it")
    if text != text.strip():
        raise ValueError(f"{variable} begins or ends with white space: remove it")
    check_bytes(unquote_to_bytes(text.encode(errors="surrogatepass")), variable)
    check_delimiters(text, variable)
    try:
        url = _make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(
            f"{variable} is not a database URL: write {SYNTAX}, "
            "with special characters in the password percent-encoded"
        ) from None
    _check_driver(url.drivername, variable)
    url = url.set(drivername=DRIVERS[url.drivername])
    names = [name for name, _ in parse_qsl(text.partition("?")[2], keep_blank_values=True)]
    if url.drivername == EMBEDDED:
        _check_embedded(url, names, variable)
    else:
        check_parameters(names, variable)
        url = _with_effective_parts(url, variable)
    if not url.database:
        raise ValueError(f"{variable} names no database: add /name after the host")
    check_database(url.database, f"{variable}: the part after the host")
    return url


def _make_url(text: str) -> URL:
    """Return the URL; several hosts become the parameters `host` and `port`."""
    match = HOST_LIST.fullmatch(text)
    if match is None:
        return make_url(text)
    url = make_url(match["start"] + match["rest"])
    if "host" in url.query:
        return url
    return url.update_query_dict({"host": match["hosts"].split(",")})


def _check_driver(name: str, variable: str) -> None:
    """Refuse another database, or another driver for PostgreSQL."""
    if name in DRIVERS:
        return
    backend, _, driver = name.partition("+")
    if backend in DRIVERS:
        other = f"the driver {driver}" if driver in OTHER_DRIVERS else "another driver"
        raise ValueError(
            f"{variable} names {other}: connections use psycopg2; write {backend}://… without a "
            "driver"
        )
    other = f"a {backend}://" if backend in OTHER_DATABASES else "another"
    raise ValueError(
        f"{variable} names {other} database: only PostgreSQL works here (postgresql://…)"
    )


def _check_embedded(url: URL, names: list[str], variable: str) -> None:
    """Refuse parts of a URL that the embedded server would ignore."""
    if url.host or url.port or url.username or url.password:
        raise ValueError(f"{variable}: an embedded server has no host, port, user or password")
    for number, name in enumerate(names, 1):
        if name != "directory":
            label = repr(name) if is_parameter(name) else f"no. {number} after the '?'"
            raise ValueError(
                f"{variable}: unknown parameter {label}: an embedded server has only 'directory'"
            )
    if len(names) > 1:
        raise ValueError(f"{variable} has the parameter 'directory' more than once")
    check_directory(str(url.query.get("directory", "")), f"{variable}: the directory")


def _with_effective_parts(url: URL, variable: str) -> URL:
    """Return the URL with the parts that libpq would use, each checked."""
    query = {name: str(value) for name, value in url.query.items() if name != "host"}
    user = query.pop("user", url.username)
    password = query.pop("password", str(url.password) if url.password is not None else None)
    database = query.pop("dbname", url.database)
    port = query.pop("port", "" if url.port is None else str(url.port))
    check_user(user or "", f"{variable}: the user")
    if "hostaddr" in query:
        for address in query["hostaddr"].split(","):
            check_host_address(address, f"{variable}: hostaddr")
    hosts, ports = _read_hosts(url, port, variable)
    is_name = len(hosts) == 1 and not hosts[0].startswith(("/", "@"))
    if hosts and not is_name:
        query["host"] = ",".join(hosts)
    if len(ports) > 1 and any(ports):
        query["port"] = ",".join(ports)
    return URL.create(
        url.drivername,
        username=user,
        password=password,
        host=hosts[0] if is_name else None,
        port=int(ports[0]) if len(ports) == 1 and ports[0] else None,
        database=database,
        query=query,
    )


def _read_hosts(url: URL, port: str, variable: str) -> tuple[list[str], list[str]]:
    """Return the hosts and, for each of them, the port; one port is that of all hosts."""
    value = url.query.get("host") or unquote(url.host or "")
    items = value if isinstance(value, tuple) else value.split(",") if value else ()
    pairs = [_split_host(item) for item in items]
    hosts = [host for host, _ in pairs]
    ports = port.split(",")
    if any(own for _, own in pairs):
        ports = [own for _, own in pairs]
    elif len(ports) == 1:
        ports *= len(hosts) or 1
    for host in hosts:
        check_host(host, f"{variable}: the host", ENCODE)
    for each in ports:
        check_port(each, f"{variable}: the port")
    if len(ports) != max(len(hosts), 1):
        raise ValueError(f"{variable} has {len(hosts)} hosts and {len(ports)} ports")
    return hosts, ports


def _split_host(item: str) -> tuple[str, str]:
    """Return a host and its port, which may be empty; an IPv6 address may be in brackets."""
    if bracketed := re.fullmatch(r"\[(.*)\](?::(.*))?", item):
        return bracketed[1], bracketed[2] or ""
    if item.startswith(("/", "@")) or item.count(":") != 1:
        return item, ""
    host, _, port = item.partition(":")
    return host, port


def _parameters(url: URL) -> Iterator[tuple[str, str]]:
    for name, value in url.query.items():
        for each in (value,) if isinstance(value, str) else value:
            yield name, each


def _hidden_texts(url: URL) -> set[str]:
    """Return the values that are not shown, and the parts that the server may quote."""
    parameters = dict(_parameters(url))
    hidden = [value for name, value in parameters.items() if name not in SHOWN_PARAMETERS]
    for name, value in os.environ.items():
        if re.fullmatch("PG[A-Z0-9]+", name):
            is_harmless = name in HARMLESS_VARIABLES and not WHOLE_ADDRESS.search(value)
            hidden += [] if is_harmless else [value]
    parts = {part for value in hidden for part in _parts_of(value)}
    shown = {url.username, url.host, str(url.port), url.database}
    shown |= {parameters.get(name) for name in SHOWN_PARAMETERS}
    return {*parts, url.password or ""} - shown - {""}


def _parts_of(value: str) -> Iterator[str]:
    """Yield a value and its parts, also as the server names an option: `--a-b` as `a_b`."""
    yield value
    for part in re.split(r"[\s=;,&'\"\\]+", value):
        for option in (part, part.removeprefix("-c"), part.lstrip("-")):
            yield from (option, option.replace("-", "_"))
