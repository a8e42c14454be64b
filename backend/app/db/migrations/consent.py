"""Say what a downgrade destroys, and ask before it destroys what nobody can bring back."""

import logging
import select
import sys
from collections.abc import Collection

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from app.db.migrations.connection import Target, connect
from app.db.migrations.failure import describe_error
from app.db.migrations.plan import Plan
from app.db.migrations.price import Price, price
from app.db.migrations.rehearsal import RehearsalError, run_steps, upgrades
from app.db.migrations.settings import MigrationSettings, duration
from app.db.migrations.signals import wakeup_pipe

ANSWERS = "FORCE=1 for make, ALLOW_DATA_LOSS=1 for alembic"

logger = logging.getLogger(__name__)


def require_consent(
    target: Target,
    settings: MigrationSettings,
    scripts: ScriptDirectory,
    plan: Plan,
    heads: Collection[str],
) -> None:
    """Work out what the plan destroys, and have it allowed where that is more than nothing.

    Args:
        target: the database.
        settings: whose `allow_data_loss` is an answer in advance.
        scripts: the revisions.
        plan: has downgrades in it.
        heads: where the database stands.

    Raises:
        CommandError: It is not allowed, or a downgrade refuses by itself.
    """
    try:
        found = _price(target, settings, scripts, plan, heads)
    except RehearsalError as error:
        if not settings.allow_data_loss:
            raise CommandError(f"{error}. To go on without knowing: {ANSWERS}") from error
        logger.warning("%s", error)
        return
    for line in found.lines():
        logger.warning("%s", line)
    if found.is_loss and not settings.allow_data_loss:
        if not sys.stdin.isatty():
            raise CommandError(f"data would be lost, and nobody can be asked here: {ANSWERS}")
        if not ask_for_name(str(target.url.database), "This data will be lost."):
            raise CommandError("that is not the database's name: nothing was changed")


def ask_for_name(database: str, consequence: str) -> bool:
    """Ask on the terminal for the database's name; return whether it was typed."""
    sys.stderr.write(f"{consequence} Type the database's name to go on: ")
    sys.stderr.flush()
    with wakeup_pipe() as (signals, _):  # or a Ctrl-C at this moment waits for the next line
        select.select([sys.stdin, signals], [], [])
    return sys.stdin.readline().strip() == database


def _price(
    target: Target,
    settings: MigrationSettings,
    scripts: ScriptDirectory,
    plan: Plan,
    heads: Collection[str],
) -> Price:
    def destroy(connection: Connection) -> None:
        run_steps(connection, scripts, lambda *_: plan.steps)

    def restore(connection: Connection) -> None:
        run_steps(connection, scripts, upgrades(scripts, sorted(heads)))

    with connect(target, settings) as connection:
        try:
            return price(connection, destroy, restore, lock_timeout=duration(settings.lock_timeout))
        except CommandError:
            raise
        except Exception as error:
            raise CommandError(
                f"{describe_error(error)}. This was a rehearsal: nothing was changed"
            ) from error
