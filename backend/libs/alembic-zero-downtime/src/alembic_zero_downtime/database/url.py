"""The address of a database: parsed, completed, and safe to show."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

EMBEDDED = "postgresql+embedded"
DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "postgresql+psycopg2": "postgresql+psycopg2",
    EMBEDDED: EMBEDDED,
}
SECRET_PARAMETERS = ("password", "sslpassword")


@dataclass(frozen=True)
class DatabaseURL:
    """A database's address and the setting that it comes from.

    Attributes:
        url: the complete address, with the password.
        source: the setting, e.g. `DATABASE_URL`.
        written: the address as configured, if `url` was completed.
    """

    url: URL
    source: str
    written: URL | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether this is an embedded server."""
        return self.url.drivername == EMBEDDED

    @property
    def masked(self) -> str:
        """The address without passwords, not even in a query parameter."""
        url = self.written or self.url
        hidden = {name: "***" for name in SECRET_PARAMETERS if name in url.query}
        return url.update_query_dict(hidden).render_as_string(hide_password=True)

    def __str__(self) -> str:
        """Return the masked address and its source."""
        return f"{self.masked} (from {self.source})"

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
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(
            f"{variable} is not a database URL: write postgresql://user:password@host:5432/name, "
            "with special characters in the password percent-encoded"
        ) from None
    if text.partition("?")[0].count("@") > 1 or "@" in (url.host or ""):
        raise ValueError(f"{variable} has more than one '@': write the one in the password as %40")
    if url.drivername not in DRIVERS:
        scheme = url.drivername if url.drivername.isprintable() else "this"
        raise ValueError(
            f"{variable} names a {scheme}:// database: only PostgreSQL works here (postgresql://…)"
        )
    if not url.database:
        raise ValueError(f"{variable} names no database: add /name after the host")
    if url.drivername == EMBEDDED:
        _check_embedded(url, variable)
    return url.set(drivername=DRIVERS[url.drivername])


def _check_embedded(url: URL, variable: str) -> None:
    """Refuse parts of a URL that the embedded server would ignore."""
    if url.host or url.port or url.username or url.password:
        raise ValueError(f"{variable}: an embedded server has no host, port, user or password")
    if unknown := set(url.query) - {"directory"}:
        raise ValueError(f"{variable}: unknown parameter {min(unknown)!r}")
