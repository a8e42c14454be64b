"""Make the plan of what `migrate` would do: look at the target, copy it, run there, judge."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory

from app.db import embedded
from app.db.client import read_address
from app.db.impact import PlanError
from app.db.impact.copy import Copy, copy_schema
from app.db.impact.observe import Observation, observe
from app.db.impact.rates import Rates, measure_rates
from app.db.impact.target import Target, read_target
from app.db.impact.verdict import Judgement, Verdict, judge, worst
from app.db.lint.exceptions import Allowed, read_exceptions
from app.db.migrations.connection import connect
from app.db.migrations.settings import MigrationSettings
from app.db.migrations.state import MigrationState, read_state
from app.db.migrations.state import Verdict as Standing
from app.db.url import DatabaseURL

PLANNED = (Standing.AT_HEAD, Standing.BEHIND, Standing.EMPTY)


@dataclass(frozen=True)
class RevisionPlan:
    """A pending revision, judged.

    Attributes:
        revision: its id.
        title: the first line of its docstring.
        statements: in their order, without those that only look.
        exceptions: what its author has allowed it, for the lint; it changes no verdict.
    """

    revision: str
    title: str
    statements: tuple[Judgement, ...]
    exceptions: tuple[Allowed, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst one of its statements."""
        return worst(each.verdict for each in self.statements)

    @property
    def seconds(self) -> float:
        """An estimate of how long it takes."""
        return sum(each.seconds for each in self.statements)


@dataclass(frozen=True)
class Plan:
    """What is pending, and what it would do to a database.

    Attributes:
        state: where the database stands.
        target: what was read of it.
        copy: where the revisions ran; None where nothing is pending.
        rates: on which the estimates are based; None as well.
        revisions: oldest first.
    """

    database: DatabaseURL
    state: MigrationState
    target: Target
    copy: Copy | None
    rates: Rates | None
    revisions: tuple[RevisionPlan, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst one of the revisions."""
        return worst(each.verdict for each in self.revisions)


def make_plan(
    database: DatabaseURL,
    settings: MigrationSettings,
    scripts: ScriptDirectory,
    report: Callable[[str], object] = lambda _: None,
) -> Plan:
    """Run what is pending on a copy of the schema, and judge it by the target's sizes.

    The target's catalogs are read, and nothing else of it.

    Args:
        database: the target.
        settings: of the sessions in it.
        scripts: the revisions.
        report: is told what is being done, for people who wait.

    Raises:
        PlanError: There is no plan.
        CommandError: The target does not answer.
        EmbeddedServerError: The server for the copy does not start.
    """
    with connect(database, settings) as connection:
        state = read_state(connection, scripts)
        connection.rollback()
        if state.verdict not in PLANNED:
            raise PlanError(f"the database is at {state}; {state.next_step}")
        target = read_target(connection)
        if state.is_at_head:
            return Plan(database, state, target, None, None, ())
        if not embedded.is_installed():
            raise PlanError(
                "the copy needs the embedded PostgreSQL, which is not installed here: plan where "
                "make install has run, with DATABASE_URL set to this database"
            )
        from app.db.embedded.disposable import (  # noqa: PLC0415 psutil, as production lacks
            disposable_server,
        )

        report("Starting a server for the copy")
        with disposable_server() as server:
            report("Copying the schema")
            source = read_address(connection, database)
            connection.close()
            copy = copy_schema(source, target, state.current, server, settings.lock_timeout)
            report("Measuring how fast this machine is")
            rates = measure_rates(server)
            observations = observe(copy.url, scripts, target.tables, report)
    revisions = tuple(_plan(each, rates) for each in observations)
    return Plan(database, state, target, copy, rates, revisions)


def _plan(observation: Observation, rates: Rates) -> RevisionPlan:
    script = observation.script
    return RevisionPlan(
        revision=script.revision,
        title=script.doc.rstrip("."),
        statements=tuple(judge(observation, rates)),
        exceptions=read_exceptions(Path(script.path)),
    )
