"""Checks of the parts of a database URL.

No message quotes a part: if a URL was divided in the wrong place, each of them may contain the
password.
"""

import difflib
import re
from collections.abc import Iterable
from ipaddress import ip_address

import psycopg2
from psycopg2.extensions import parse_dsn

NO_URL = "a whole URL belongs in a setting for URLs"
ENCODE = "percent-encode special characters: @ is %40, / is %2F, ? is %3F, # is %23"
LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
HOST_NAME = re.compile(rf"{LABEL}(\.{LABEL})*\.?")
SOCKET = re.compile(r"[/@][^@=?#]*")  # a folder, or a name in Linux's abstract namespace
WHOLE_ADDRESS = re.compile(r"=|://|:.*@|@.*/")
MAX_PORT = 65_535

# Names that other clients use, with their counterparts in libpq.
SEARCH_PATH = "for a schema, write options=-csearch_path%3DNAME"
FOREIGN = {
    "schema": SEARCH_PATH,
    "currentSchema": SEARCH_PATH,
    "search_path": SEARCH_PATH,
    "ssl": "write sslmode=require",
    "charset": "write client_encoding",
    "encoding": "write client_encoding",
    "timeout": "write connect_timeout",
    "passwd": "write password",
    "pwd": "write password",
    "username": "write user",
    "database": "write dbname",
    "pgbouncer": "remove it",
    "connection_limit": "remove it",
    "pool_timeout": "remove it",
}
FREQUENT = (
    *("application_name", "client_encoding", "connect_timeout", "dbname", "host", "options"),
    *("passfile", "password", "port", "service", "sslcert", "sslkey", "sslmode", "sslpassword"),
    *("sslrootcert", "target_session_attrs", "user"),
)


def check_bytes(data: bytes, setting: str) -> None:
    """Refuse text that is not UTF-8, and a NUL byte.

    Raises:
        ValueError: The text has one of them.
    """
    if b"\0" in data:
        raise ValueError(f"{setting} has a NUL byte, which PostgreSQL does not accept")
    try:
        data.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{setting} has a byte that is not UTF-8: write it in UTF-8") from None


def check_delimiters(text: str, setting: str) -> None:
    """Refuse a URL of which it is not certain where the password ends.

    Raises:
        ValueError: The URL has two `@`, one after `/`, `?` or `#`, or a fragment.
    """
    before, _, after = text.partition("://")[2].rpartition("@")
    if "@" in before:
        raise ValueError(f"{setting} has more than one '@': write the one in the password as %40")
    if re.search("[/?#]", before):
        raise ValueError(f"{setting} has an '@' after a '/', '?' or '#': {ENCODE}")
    if "#" in after:
        raise ValueError(f"{setting} has a '#': {ENCODE}")


def check_host(host: str, setting: str, advice: str = NO_URL) -> None:
    """Refuse a text that is no host name, IP address or directory of a socket.

    Raises:
        ValueError: The text is none of them.
    """
    if not (HOST_NAME.fullmatch(host) or _is_address(host) or _is_socket(host)):
        raise ValueError(
            f"{setting} is not a host name, an IP address or the directory of a socket: {advice}"
        )


def check_host_address(address: str, setting: str) -> None:
    """Refuse a text that is no IP address.

    Raises:
        ValueError: The text is none.
    """
    if not _is_address(address):
        raise ValueError(f"{setting} is not an IP address")


def check_port(port: str, setting: str) -> None:
    """Refuse a text that is no port; an empty one is the default port.

    Raises:
        ValueError: The text is no number from 1 to 65535.
    """
    if port and not (re.fullmatch(r"[0-9]{1,5}", port) and 1 <= int(port) <= MAX_PORT):
        raise ValueError(f"{setting} is not a number from 1 to {MAX_PORT}")


def check_database(name: str, setting: str) -> None:
    """Refuse a URL or a connection string instead of the name of a database.

    libpq's programs would expand it, and its password would be shown as the name.

    Raises:
        ValueError: The text is not only a name.
    """
    if WHOLE_ADDRESS.search(name) or not name.isprintable():
        raise ValueError(
            f"{setting} is not the name of a database: {NO_URL}, and a parameter after its '?'"
        )


def check_directory(path: str, setting: str) -> None:
    """Refuse a URL instead of the directory of an embedded server.

    Raises:
        ValueError: The text is not only a path.
    """
    if re.search("://|:.*@", path) or not path.isprintable():
        raise ValueError(f"{setting} is not a path")


def check_user(name: str, setting: str) -> None:
    """Refuse a URL, a connection string or `user:password` instead of the name of a user.

    Raises:
        ValueError: The text is not only a name.
    """
    if WHOLE_ADDRESS.search(name) or ":" in name or not name.isprintable():
        raise ValueError(
            f"{setting} is not the name of a user: the password is a separate part; {NO_URL}"
        )


def check_parameters(names: Iterable[str], setting: str) -> None:
    """Refuse parameters that libpq does not know, and repeated ones except `host`.

    The message contains the name of a parameter only if it is a known one: after a password with
    an unencoded `&`, it is a part of the password.

    Raises:
        ValueError: A parameter is unknown or repeated.
    """
    seen = set()
    for number, name in enumerate(names, 1):
        if not is_parameter(name):
            raise ValueError(f"{setting}: unknown parameter {_describe(name, number)}")
        if name in seen and name != "host":
            raise ValueError(f"{setting} has the parameter {name!r} more than once")
        seen.add(name)


def _describe(name: str, number: int) -> str:
    """Return an unknown parameter, the `number`-th after the `?`, and what to write instead."""
    simple = name.strip().lower()
    label = repr(name) if name in FOREIGN or is_parameter(simple) else f"no. {number} after the '?'"
    similar = difflib.get_close_matches(simple, FREQUENT, 1, 0.75)
    advice = FOREIGN.get(name) or (f"did you mean {similar[0]}?" if similar else ENCODE)
    return f"{label}: {advice}"


def is_parameter(name: str) -> bool:
    """Whether the libpq of this installation knows a connection parameter of that name."""
    if not re.fullmatch("[a-z_]+", name):
        return False
    try:
        parse_dsn(f"{name}=''")
    except psycopg2.ProgrammingError:
        return False
    return True


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return text.isprintable()


def _is_socket(text: str) -> bool:
    return bool(SOCKET.fullmatch(text)) and "://" not in text and text.isprintable()
