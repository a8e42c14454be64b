"""A real PostgreSQL inside the checkout, as `postgresql+embedded:///name`: for development only.

Importing this registers the URL with SQLAlchemy; the server starts when something connects.
To use another wheel, change `binaries.py` and nothing else.
"""

from sqlalchemy import URL
from sqlalchemy.dialects import registry

from app.db.embedded.binaries import is_installed
from app.errors import EmbeddedServerError

DRIVERNAME = "postgresql+embedded"

registry.register("postgresql.embedded", "app.db.embedded.dialect", "EmbeddedDialect")


def stop(url: URL) -> bool:
    """End the server that `url` means, by default the checkout's; return whether it ran.

    Raises:
        EmbeddedServerError: It does not end, or a production install has no such server.
    """
    if not is_installed():
        raise EmbeddedServerError("the embedded server is not installed here")
    from app.db.embedded.dialect import server_of  # noqa: PLC0415 needs psutil, as production lacks

    return server_of(url).stop()


__all__ = ["DRIVERNAME", "is_installed", "stop"]
