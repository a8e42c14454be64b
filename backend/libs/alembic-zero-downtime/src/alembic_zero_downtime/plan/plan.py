"""Make a plan: read the target, copy its schema, run the pending revisions there, assess."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alembic_zero_downtime import embedded
from alembic_zero_downtime.database.client import read_address
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.embedded.sandbox import create_sandbox
from alembic_zero_downtime.history.state import MigrationState, MigrationStatus, read_state
from alembic_zero_downtime.lint.suppressions import Suppression, read_suppressions
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.plan import PlanError
from alembic_zero_downtime.plan.risk import Assessment, Risk, assess, highest
from alembic_zero_downtime.plan.schema_copy import COPY, Copy, copy_schema, stamp_copy
from alembic_zero_downtime.plan.target import Target, read_target
from alembic_zero_downtime.plan.throughput import Throughput, measure_throughput
from alembic_zero_downtime.plan.traced import TracedRevision
from alembic_zero_downtime.plan.trial import trace

PLANNED = (MigrationStatus.AT_HEAD, MigrationStatus.BEHIND, MigrationStatus.EMPTY)


@dataclass(frozen=True)
class RevisionPlan:
    """A pending revision and the risk of its statements.

    Attributes:
        revision: its id.
        title: the first line of its docstring.
        statements: in their order, without those that only read.
        suppressions: of lint rules; they do not change the risk.
    """

    revision: str
    title: str
    statements: tuple[Assessment, ...]
    suppressions: tuple[Suppression, ...]

    @property
    def risk(self) -> Risk:
        """The highest risk of its statements."""
        return highest(each.risk for each in self.statements)

    @property
    def seconds(self) -> float:
        """The estimated duration; it takes longer if a statement is not known."""
        return sum(each.known_seconds or 0.0 for each in self.statements)

    @property
    def is_known(self) -> bool:
        """Whether the effects of all its statements are known."""
        return not any(each.statement.unknown for each in self.statements)


@dataclass(frozen=True)
class Plan:
    """The pending revisions and their effects on a database.

    Attributes:
        database: the target.
        state: the target's migration state.
        target: the sizes and sessions that were read from it.
        copy: the database in which the revisions ran; None if none is pending.
        throughput: the basis of the estimates; None if no revision is pending.
        revisions: oldest first.
    """

    database: MigrationDatabase
    state: MigrationState
    target: Target
    copy: Copy | None
    throughput: Throughput | None
    revisions: tuple[RevisionPlan, ...]

    @property
    def risk(self) -> Risk:
        """The highest risk of the revisions."""
        return highest(each.risk for each in self.revisions)


def make_plan(
    environment: MigrationEnvironment,
    database: MigrationDatabase,
    report: Callable[[str], object] = lambda _: None,
) -> Plan:
    """Run the pending revisions on a copy of the schema, and assess them by the target's sizes.

    Only the catalogs and the migration tables of the target are read.

    Args:
        environment: of the revisions.
        database: the target.
        report: called with each stage, to show progress.

    Raises:
        PlanError: The plan cannot be made.
        CommandError: The target cannot be reached.
        EmbeddedServerError: The server for the copy does not start.
    """
    project = environment.project
    with database.connect() as connection:
        state = read_state(connection, project, environment.scripts)
        connection.rollback()
        if state.status not in PLANNED:
            raise PlanError(f"the database is at {state}; {state.next_step}")
        target = read_target(connection)
        if state.is_at_head:
            return Plan(database, state, target, None, None, ())
        folder = database.settings.shadow_bin
        programs = embedded.choose_programs(
            folder, project.commands.install, "the plan", needs_clients=True
        )
        from alembic_zero_downtime.embedded.disposable import (  # noqa: PLC0415 psutil, as production lacks
            disposable_server,
        )

        report("Starting a server for the copy")
        with disposable_server(programs) as server:
            report("Copying the schema")
            source = read_address(connection, database.address)
            connection.close()
            sandbox = create_sandbox(server, COPY)
            copy = copy_schema(source, target, sandbox, database.settings.lock_timeout)
            stamp_copy(copy, state.current, project.version_table)
            report("Measuring the throughput of this machine")
            throughput = measure_throughput(server)
            traced = trace(copy, environment, target.tables, report)
    revisions = tuple(_plan(each, throughput) for each in traced)
    return Plan(database, state, target, copy, throughput, revisions)


def _plan(traced: TracedRevision, throughput: Throughput) -> RevisionPlan:
    script = traced.script
    return RevisionPlan(
        revision=script.revision,
        title=script.doc.rstrip("."),
        statements=tuple(assess(traced, throughput)),
        suppressions=read_suppressions(Path(script.path)),
    )
