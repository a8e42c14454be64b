"""Say in one line why a database refused."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError


def describe_failure(error: SQLAlchemyError) -> str:
    """Return the server's or the driver's own words, on one line and without the statement."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return _one_line(str(error))
    diagnostics = getattr(error.orig, "diag", None)
    parts = [
        getattr(diagnostics, field, None)
        for field in ("message_primary", "message_detail", "message_hint")
    ]
    return _one_line(". ".join(part.rstrip(".") for part in parts if part) or str(error.orig))


def _one_line(text: str) -> str:
    return " ".join(text.split())
