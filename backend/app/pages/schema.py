"""`/schema`: the revision of the database, what is pending, and what was applied when."""

from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import Request, Response

from alembic_zero_downtime.history.state import MigrationStatus
from app.pages import addresses
from app.pages.answering import page
from app.pages.routing import page_router
from app.services.schema_state import Revision, UnreadableError, read_schema
from app.web.dependencies import OpenDatabase
from app.web.problems import ProblemError

router = page_router()

MEANINGS: Final = {
    MigrationStatus.AT_HEAD: "The database has the schema that this release expects.",
    MigrationStatus.BEHIND: "Migrations of this release are not applied yet.",
    MigrationStatus.AHEAD: "A newer release has migrated the database.",
    MigrationStatus.DIVERGED: "The migrations of another branch are applied.",
    MigrationStatus.UNMANAGED: "The database has tables that no migration created.",
    MigrationStatus.EMPTY: "The database is empty: no migration is applied.",
}
ACTIONS: Final = {"stamp": "stamped", "adopt": "adopted"}
"""Words for how a revision came to be applied, where nothing was executed."""


@router.get(addresses.SCHEMA)
async def get_schema(request: Request, database: OpenDatabase) -> Response:
    """Return the state of the schema.

    Users, hosts and commits are on the command line only.
    """
    try:
        state = await database.run(read_schema)
    except UnreadableError:
        raise ProblemError(
            503, "schema_unreadable", "the server may not read the tables of the migrations"
        ) from None
    return page(
        request,
        "schema.html",
        state=state,
        meaning=MEANINGS[state.status],
        took=took,
        moment=moment,
    )


def moment(when: datetime) -> str:
    """Return a time as people read it, such as 2026-11-27 07:13:47."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def took(revision: Revision) -> str:
    """Return how long applying a revision took, and how often it was tried."""
    if revision.duration is None:
        return ACTIONS.get(revision.action or "", "not known")
    words = seconds(revision.duration)
    attempts = revision.attempts or 1
    return f"{words}, {attempts} attempts" if attempts > 1 else words


def seconds(duration: timedelta) -> str:
    """Return a duration, such as 0.012 s."""
    return f"{duration.total_seconds():,.3f} s"
