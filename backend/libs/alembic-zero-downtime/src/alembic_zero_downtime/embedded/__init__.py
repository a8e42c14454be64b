"""A PostgreSQL server inside the checkout, as `postgresql+embedded:///name`: for development only.

SQLAlchemy finds it by the entry point `sqlalchemy.dialects`; the first connection starts it.
To use another wheel, change only `binaries.py`.
"""

from sqlalchemy import URL

from alembic_zero_downtime.embedded.binaries import is_installed


def stop(url: URL) -> bool:
    """Stop the server of `url`, by default the checkout's; return whether it was running.

    Raises:
        EmbeddedServerError: It does not stop, or is not installed, as in production.
    """
    if not is_installed():
        from alembic_zero_downtime.errors import EmbeddedServerError  # noqa: PLC0415 needs Alembic

        raise EmbeddedServerError("the embedded server is not installed here")
    from alembic_zero_downtime.embedded.dialect import server_of  # noqa: PLC0415 needs psutil, which production lacks

    return server_of(url).stop()


__all__ = ["is_installed", "stop"]
