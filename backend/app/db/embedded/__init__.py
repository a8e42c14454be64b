"""A real PostgreSQL inside the checkout, as `postgresql+embedded:///name`: for development only.

Importing this registers the URL with SQLAlchemy; the server starts when something connects.
To use another wheel, change `binaries.py` and nothing else.
"""

from sqlalchemy.dialects import registry

from app.db.embedded.binaries import is_installed

DRIVERNAME = "postgresql+embedded"

registry.register("postgresql.embedded", "app.db.embedded.dialect", "EmbeddedDialect")

__all__ = ["DRIVERNAME", "is_installed"]
