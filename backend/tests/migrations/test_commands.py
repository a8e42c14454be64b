"""The commands of alembic-zero-downtime, on the revisions and models of this application."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.schema.catalog import Catalog, read_catalog
from alembic_zero_downtime.schema.diff import compare
from support.databases import new_database
from support.servers import find_system_postgres, system_server
from tests.helpers.revisions import AT_HEAD, HEAD, IDS
from tests.helpers.shell import Done, run

Manage = Callable[..., Done]


def test_lint_has_no_findings(manage: Manage, migration_server: URL) -> None:
    done = manage(migration_server, "lint", "--all")
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert done.stdout.startswith(f"Checked {len(IDS)} of {len(IDS)} revisions: no findings")


@pytest.mark.usefixtures("shadow_server")
def test_models_migrations_and_database_agree(manage: Manage, migrated_database: URL) -> None:
    done = manage(migrated_database, "check")
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert done.stdout.splitlines()[1:] == [
        f"Models and migrations agree up to {HEAD}.",
        f"Migrations and database agree at {AT_HEAD}.",
    ]


@pytest.mark.usefixtures("shadow_server")
def test_plan_of_an_empty_database_is_safe(manage: Manage, empty_database: URL) -> None:
    done = manage(empty_database, "plan", "--json")
    assert done.returncode == Exit.OK, done.stderr
    plan = json.loads(done.stdout)
    assert [each["revision"] for each in plan["revisions"]] == IDS
    assert plan["risk"] == "safe"


@pytest.mark.slow
@pytest.mark.usefixtures("shadow_server")
def test_every_revision_creates_the_same_schema_on_an_older_server(
    manage: Manage, alembic: Callable[..., int], empty: Engine
) -> None:
    programs = find_system_postgres()
    if programs is None:
        pytest.skip("the system has no PostgreSQL")

    def migrate(engine: Engine, command: str, revision: str) -> Catalog:
        assert alembic(engine.url, command, revision) == 0
        with engine.connect() as connection:
            return read_catalog(connection)

    with system_server(programs) as server, new_database(server) as url:
        older = create_engine(url, poolclass=NullPool)
        for step in [
            *(("upgrade", revision) for revision in IDS),
            ("downgrade", IDS[1]),
            ("upgrade", HEAD),
        ]:
            assert compare(migrate(empty, *step), migrate(older, *step)) == (), step
        done = manage(url, "check")
        assert done.returncode == Exit.OK, done.stdout


@pytest.mark.slow
def test_command_that_needs_no_models_ignores_a_merge_conflict_in_one(checkout: Path) -> None:
    """Two branches that change one model and add a revision with the same number are common."""
    with (checkout / "app" / "db" / "models" / "company.py").open("a") as model:
        model.write("<<<<<<< HEAD\n")
    done = run("python", "scripts/db_manager.py", "renumber", cwd=checkout)
    assert "nothing to move" in done.stderr
