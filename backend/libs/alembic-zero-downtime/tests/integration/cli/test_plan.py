"""`alembic-zero-downtime plan`: its output, the locks on its target, and its exit codes."""

import json
import os
import re
import signal
from collections.abc import Callable

import pytest
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime import embedded
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.plan.target import read_target
from support.databases import connected, new_database
from support.large_tables import enlarge
from support.planning import THROUGHPUT
from support.project import ProjectCopy
from support.shell import Done
from support.snapshots import read_catalog, read_rows

# Slow: it starts or resets servers and databases of its own.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shadow_server")]
INDEX = 'op.create_index("ix_documents_probe", "documents", ["url"])'
COLUMN = 'op.add_column("documents", sa.Column("probe", sa.Text()))'
Manage = Callable[..., Done]
Plan = Callable[..., Done]


@pytest.fixture
def plan(project: ProjectCopy, manage: Manage, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Return the command with the project's revisions and a fixed throughput."""
    measure = "alembic_zero_downtime.plan.plan.measure_throughput"
    monkeypatch.setattr(measure, lambda _: THROUGHPUT)
    return lambda url, *options: manage(url, "plan", *options, ini=project.ini)


@pytest.fixture
def large(migrated: Engine) -> Engine:
    with migrated.begin() as connection:
        enlarge(connection)
    return migrated


def test_dangerous_plan_has_a_separate_exit_code(
    project: ProjectCopy, manage: Manage, large: Engine
) -> None:
    """The throughput of this machine is measured."""
    index = project.add(INDEX)
    column = project.add(COLUMN)
    done = manage(large.url, "plan", ini=project.ini)
    assert (done.returncode, done.stderr) == (Exit.DANGEROUS, "")
    assert f"{index} {index}: a revision of a test: DANGEROUS, takes ~" in done.stdout
    assert f"{column} {column}: a revision of a test: short lock, takes < 0.1 s" in done.stdout
    assert "writes of documents wait ~" in done.stdout
    assert "Instead: op.create_index_online" in done.stdout
    assert "2 pending revisions: DANGEROUS" in done.stdout
    assert re.search(r"use the throughput of this machine: scans \d[\d.]* [MG]B/s", done.stdout)


def test_plan_of_short_locks_succeeds(project: ProjectCopy, plan: Plan, large: Engine) -> None:
    project.add(COLUMN)
    done = plan(large.url, "--json")
    assert done.returncode == Exit.OK
    output = json.loads(done.stdout)
    assert output["risk"] == "short lock"
    (statement,) = output["revisions"][0]["statements"]
    assert statement["sql"] == "ALTER TABLE documents ADD COLUMN probe TEXT"
    assert statement["tables"][0]["lock"] == "ACCESS EXCLUSIVE"


def test_suppression_is_shown_and_changes_no_risk(
    project: ProjectCopy, plan: Plan, large: Engine
) -> None:
    project.add(
        INDEX, declarations="# migrate-lint: allow create-index: no session writes at night"
    )
    done = plan(large.url)
    assert done.returncode == Exit.DANGEROUS
    assert "Suppressed by its author: create-index: no session writes at night" in done.stdout


def test_nothing_pending_succeeds(plan: Plan, migrated_database: URL) -> None:
    done = plan(migrated_database)
    assert done.returncode == Exit.OK
    assert done.stdout.endswith("\nNothing is pending\n")


def test_empty_database_is_planned_from_the_first_revision(plan: Plan, empty_database: URL) -> None:
    done = plan(empty_database, "--json")
    assert done.returncode == Exit.OK, done.stderr
    output = json.loads(done.stdout)
    assert output["revisions"][0]["revision"] == "001"
    assert output["risk"] == "safe"


def test_target_is_only_read(project: ProjectCopy, plan: Plan, large: Engine) -> None:
    """EXCLUSIVE conflicts with every lock but ACCESS SHARE, and the sessions are read-only."""
    project.add(INDEX)
    read_only = large.url.update_query_dict(
        {"options": "-c default_transaction_read_only=on -c lock_timeout=200ms"}
    )
    with large.connect() as connection:
        before = read_catalog(connection), read_rows(connection), statistics(large)
        connection.rollback()
        tables = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        connection.execute(text(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE"))
        done = plan(read_only)
        assert done.returncode == Exit.DANGEROUS, done.stderr
        connection.rollback()
        assert (read_catalog(connection), read_rows(connection), statistics(large)) == before


def statistics(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        query = "SELECT oid, relfilenode, relpages, reltuples FROM pg_class ORDER BY oid"
        return [tuple(row) for row in connection.execute(text(query))]


def test_wait_for_a_locked_table_ends_after_the_lock_timeout(
    project: ProjectCopy, plan: Plan, large: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.add(COLUMN)
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "100ms")
    with large.connect() as connection:
        connection.execute(text("LOCK TABLE documents"))
        done = plan(large.url)
    assert done.returncode == Exit.FAILED
    assert "lock timeout" in one_line(done)


def test_older_server_is_planned_for(
    project: ProjectCopy, plan: Plan, alembic: Callable[..., int], system_url: URL
) -> None:
    with new_database(system_url) as url:
        assert alembic(url, "upgrade", "head") == 0
        with create_engine(url, poolclass=NullPool).begin() as connection:
            enlarge(connection)
            version = connection.scalar(text("SHOW server_version"))
        project.add(INDEX)
        project.add("op.execute(\"UPDATE documents SET file_path = 'x' WHERE id = 1\")")
        done = plan(url, "--json")
        assert done.returncode == Exit.DANGEROUS, done.stderr
        index, update = json.loads(done.stdout)["revisions"]
        assert index["statements"][0]["tables"][0]["rows"] == 20_000_000
        assert update["risk"] == "safe"
        assert f"The server is PostgreSQL {version}, and the copy 18" in plan(url).stdout


def test_longest_open_transaction_is_read(large: Engine) -> None:
    with large.connect() as connection, large.connect() as other:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        transaction = read_target(other).longest_transaction
    assert str(transaction) == f"pid {pid} (postgres, idle in transaction)"


def test_longest_open_transaction_is_shown_from_a_second(
    project: ProjectCopy, plan: Plan, large: Engine
) -> None:
    project.add(COLUMN)
    with large.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid() FROM pg_sleep(1.1)"))
        done = plan(large.url)
    assert f"pid {pid} (postgres, idle in transaction): it blocks DDL on every table" in done.stdout


def test_failing_revision_is_one_line(project: ProjectCopy, plan: Plan, large: Engine) -> None:
    revision = project.add('op.execute("SELECT 1 / 0")')
    done = plan(large.url)
    assert done.returncode == Exit.FAILED
    assert f"revision {revision} fails on a copy of the schema: division by zero" in one_line(done)


def test_unknown_revision_is_one_line(plan: Plan, migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '999'"))
    done = plan(migrated.url)
    assert done.returncode == Exit.FAILED
    assert "999 unknown to this code" in one_line(done)


def test_object_that_cannot_be_copied_is_named(
    project: ProjectCopy, plan: Plan, large: Engine
) -> None:
    project.add(COLUMN)
    with large.begin() as connection:
        connection.execute(
            text("CREATE FUNCTION f(int, int) RETURNS int LANGUAGE internal AS 'int4pl'")
        )
    done = plan(large.url)
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert "not known: FUNCTION public f(integer, integer): permission denied" in done.stdout


def test_statement_that_needs_a_superuser_is_not_known(
    project: ProjectCopy, plan: Plan, large: Engine
) -> None:
    project.add(f"{COLUMN}\nop.execute(\"COPY documents TO PROGRAM 'cat'\")")
    done = plan(large.url)
    assert (done.returncode, done.stderr) == (Exit.FAILED, "")
    assert "Not known: COPY documents TO PROGRAM 'cat': permission denied" in done.stdout
    assert "1 pending revision: not known" in done.stdout
    output = json.loads(plan(large.url, "--json").stdout)
    column, copy = output["revisions"][0]["statements"]
    assert (output["risk"], column["risk"], copy["risk"]) == (
        "not known",
        "short lock",
        "not known",
    )
    assert copy["unknown"].startswith("permission denied")


def test_role_that_may_only_read_is_enough(
    project: ProjectCopy, plan: Plan, migration_server: URL, large: Engine
) -> None:
    role = "test_plan_only_reads"
    project.add(INDEX)
    with connected(migration_server) as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN IN ROLE pg_read_all_data"))
        try:
            done = plan(large.url.set(username=role))
        finally:
            connection.execute(text(f"DROP ROLE {role}"))
    assert done.returncode == Exit.DANGEROUS, done.stderr
    assert "Open transactions of other roles are hidden" in done.stdout


def test_without_the_embedded_server_the_message_names_the_installation(
    project: ProjectCopy, plan: Plan, large: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.add(COLUMN)
    monkeypatch.setattr(embedded, "is_installed", lambda: False)
    done = plan(large.url)
    assert done.returncode == Exit.FAILED
    install = 'pip install "alembic-zero-downtime[embedded,lint]"'
    assert f"not installed here: {install}; or run it on a machine that has it" in one_line(done)


@pytest.mark.parametrize("options", [[], ["--markdown"], ["--json"]])
def test_closed_pipe_is_no_error(
    options: list[str],
    project: ProjectCopy,
    plan: Plan,
    migrated_database: URL,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project.add(COLUMN)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output:
        monkeypatch.setattr("sys.stdout", output)
        done = plan(migrated_database, *options)
    assert (done.returncode, done.stderr) == (Exit.FAILED, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_interrupts_the_plan(
    number: signal.Signals, project: ProjectCopy, plan: Plan, migrated_database: URL
) -> None:
    project.add(f"import os\nos.kill(os.getpid(), {number:d})\nimport time\ntime.sleep(60)")
    before = signal.getsignal(signal.SIGTERM)
    done = plan(migrated_database)
    assert done == (128 + number, "", "alembic-zero-downtime: interrupted\n")
    assert signal.getsignal(signal.SIGTERM) is before


def one_line(done: Done) -> str:
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line
