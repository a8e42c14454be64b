"""The report of a plan: as tables, Markdown and JSON, as the documentation shows it."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.cli.plan_report import as_json, as_markdown, print_plan
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.embedded.sandbox import Sandbox
from alembic_zero_downtime.history.state import MigrationState, MigrationStatus
from alembic_zero_downtime.lint.suppressions import Suppression
from alembic_zero_downtime.plan.effect import WorkKind
from alembic_zero_downtime.plan.plan import Plan, RevisionPlan
from alembic_zero_downtime.plan.risk import Risk, assess
from alembic_zero_downtime.plan.schema_copy import Copy
from alembic_zero_downtime.plan.target import OpenTransaction, Replica, Target
from alembic_zero_downtime.plan.traced import TracedRevision
from support.databases import new_database
from support.docs import DOCS, needs_docs
from support.large_tables import enlarge
from support.planning import THROUGHPUT, planning

PAGE = DOCS / "explanation" / "plan.md"
JSON_PAGE = DOCS / "reference" / "json.md"
SUPPRESSION = Suppression("backfill", "the *table* is empty | nearly", 9)
TARGET = Target(
    version="15.3",
    tables={},
    search_path=("public",),
    roles=(),
    extensions=(),
    foreign_data_wrappers=(),
    event_triggers=(),
    longest_transaction=OpenTransaction(4711, "reporting", "etl", "active", 754.0),
    prepared_transactions=("left behind",),
    replicas=(Replica("standby", "streaming", 3_200_000), Replica("far", "streaming", None)),
    sees_all=False,
)


@pytest.fixture(scope="module")
def traced(migration_server: URL, migrated_template: str) -> Iterator[list[TracedRevision]]:
    """Return two revisions that were traced on a copy of large tables."""
    with new_database(migration_server, migrated_template) as url:
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            enlarge(connection)
        with planning(engine) as planner:
            yield planner.trace(
                'op.add_column("documents", sa.Column("probe", sa.Text()))\n'
                'op.execute("UPDATE extractions SET raw_data = raw_data")',
                'op.create_index_online("ix_documents_probe", "documents", ["url"])',
            )


@pytest.fixture
def plan(traced: list[TracedRevision]) -> Plan:
    """Return a plan that does not depend on this machine."""
    first, second = (tuple(assess(without_samples(each), THROUGHPUT)) for each in traced)
    url = URL.create("postgresql+psycopg2", "app", "secret", "db.example.com", 5432, "production")
    return Plan(
        MigrationDatabase(DatabaseURL(url, "DATABASE_URL")),
        MigrationState(MigrationStatus.BEHIND, ("100",), ("102",), ("101", "102"), ""),
        TARGET,
        Copy(Sandbox(url, url), 18),
        THROUGHPUT,
        (
            RevisionPlan("101", "Add a probe", first, (SUPPRESSION,)),
            RevisionPlan("102", "Index it", second, ()),
        ),
    )


def without_samples(revision: TracedRevision) -> TracedRevision:
    """Return a revision without what was measured on samples of its tables."""
    statements = [
        replace(
            statement,
            effects=tuple(
                replace(
                    effect,
                    builds=tuple(replace(build, row_seconds=None) for build in effect.builds),
                    expression_seconds=0.0,
                )
                for effect in statement.effects
            ),
        )
        for statement in revision.statements
    ]
    return replace(revision, statements=statements)


def example(language: str) -> str:
    """Return the only example of the page in a language."""
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return str(code)


@needs_docs
def test_page_shows_the_tables(plan: Plan) -> None:
    screen = StringIO()
    print_plan(plan, Console(file=screen, width=1000, highlight=False, markup=False))
    lines = [line.rstrip() for line in screen.getvalue().splitlines()]
    assert lines == example("text").splitlines()


@needs_docs
def test_page_shows_the_markdown(plan: Plan) -> None:
    assert as_markdown(plan) == example("markdown")


@needs_docs
def test_page_shows_the_json(plan: Plan) -> None:
    output = as_json(replace(plan, revisions=plan.revisions[1:]))
    assert json.dumps(output, indent=2) + "\n" == example("json")


@needs_docs
def test_pages_list_every_kind_of_work_and_every_risk() -> None:
    for kind in WorkKind:
        assert f"| `{kind.name.lower()}` |" in JSON_PAGE.read_text()
    for risk in Risk:
        assert f"| `{risk}` |" in PAGE.read_text()


def test_tables_have_colours_only_on_a_terminal(plan: Plan) -> None:
    screens = [StringIO(), StringIO()]
    for screen, is_terminal in zip(screens, (True, False), strict=True):
        console = Console(file=screen, width=200, force_terminal=is_terminal, no_color=False)
        print_plan(plan, console)
    assert ["\x1b[" in screen.getvalue() for screen in screens] == [True, False]
