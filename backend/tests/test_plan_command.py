"""`db_manager.py plan`: what it says, what it asks of the target, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TextIO

import pytest
from rich.console import Console
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from app.commands import target as command_target
from app.commands.output import Exit
from app.db import embedded
from app.db.impact.copy import Copy
from app.db.impact.effect import Kind
from app.db.impact.plan import Plan, RevisionPlan
from app.db.impact.report import as_json, as_markdown, print_plan
from app.db.impact.target import OpenTransaction, Replica, Target
from app.db.impact.verdict import Verdict, judge
from app.db.lint.exceptions import Allowed
from app.db.migrations.state import MigrationState
from app.db.migrations.state import Verdict as Standing
from app.db.url import DatabaseURL
from tests.catalog import read_catalog, read_rows
from tests.planning import RATES, planning
from tests.project import Project
from tests.shell import BACKEND, CLEAN_ENVIRONMENT, Done, as_text
from tests.unsafe import enlarge

INDEX = 'op.create_index("ix_documents_probe", "documents", ["url"])'
COLUMN = 'op.add_column("documents", sa.Column("probe", sa.Text()))'
PAGE = BACKEND.parent / "docs" / "database" / "plan.md"
Manage = Callable[..., Done]


@pytest.fixture
def pending(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a copy of the migrations, which the command uses."""
    monkeypatch.setattr(command_target, "INI_FILE", project.ini)
    return project


@pytest.fixture
def large(migrated: Engine) -> Engine:
    with migrated.begin() as connection:
        enlarge(connection)
    return migrated


def test_dangerous_plan_has_its_exit_code(pending: Project, manage: Manage, large: Engine) -> None:
    index = pending.add(INDEX)
    column = pending.add(COLUMN)
    done = manage(large.url, "plan")
    assert (done.returncode, done.stderr) == (Exit.DANGEROUS, "")
    assert f"{index} {index}: a revision of a test: DANGEROUS, takes ~" in done.stdout
    assert f"{column} {column}: a revision of a test: short lock, takes < 0.1 s" in done.stdout
    assert "writes of documents wait ~" in done.stdout
    assert "Instead: op.create_index_online" in done.stdout
    assert "2 pending revisions: DANGEROUS" in done.stdout
    assert re.search(r"by the rates of this machine: reads \d[\d.]* [MG]B/s", done.stdout)


def test_plan_of_short_locks_is_fine(pending: Project, manage: Manage, large: Engine) -> None:
    pending.add(COLUMN)
    done = manage(large.url, "plan", "--json")
    assert done.returncode == Exit.FINE
    plan = json.loads(done.stdout)
    assert plan["verdict"] == "short lock"
    (statement,) = plan["revisions"][0]["statements"]
    assert statement["sql"] == "ALTER TABLE documents ADD COLUMN probe TEXT"
    assert statement["tables"][0]["lock"] == "ACCESS EXCLUSIVE"


def test_exception_of_the_author_is_shown_and_changes_no_verdict(
    pending: Project, manage: Manage, large: Engine
) -> None:
    pending.add(INDEX, declarations="# migrate-lint: allow create-index: nobody writes at night")
    done = manage(large.url, "plan")
    assert done.returncode == Exit.DANGEROUS
    assert "Allowed by its author: create-index: nobody writes at night" in done.stdout


def test_nothing_pending_is_fine(manage: Manage, migrated_url: URL) -> None:
    done = manage(migrated_url, "plan")
    assert done.returncode == Exit.FINE
    assert done.stdout.endswith("\nNothing is pending\n")


def test_empty_database_is_planned_from_the_first_revision(manage: Manage, empty_url: URL) -> None:
    done = manage(empty_url, "plan", "--json")
    assert done.returncode == Exit.FINE, done.stderr
    plan = json.loads(done.stdout)
    assert plan["revisions"][0]["revision"] == "001"
    assert plan["verdict"] == "safe"


def test_target_is_read_and_nothing_else(pending: Project, manage: Manage, large: Engine) -> None:
    """EXCLUSIVE lets nobody in but ACCESS SHARE, and the sessions may write nothing."""
    pending.add(INDEX)
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
        done = manage(read_only, "plan")
        assert done.returncode == Exit.DANGEROUS, done.stderr
        connection.rollback()
        assert (read_catalog(connection), read_rows(connection), statistics(large)) == before


def statistics(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        query = "SELECT oid, relfilenode, relpages, reltuples FROM pg_class ORDER BY oid"
        return [tuple(row) for row in connection.execute(text(query))]


def test_table_that_somebody_changes_is_not_waited_for_without_end(
    pending: Project, manage: Manage, large: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending.add(COLUMN)
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "100ms")
    with large.connect() as connection:
        connection.execute(text("LOCK TABLE documents"))
        done = manage(large.url, "plan")
    assert done.returncode == Exit.FAILED
    assert "lock timeout" in one_line(done)


def test_older_server_is_planned_for(
    pending: Project, manage: Manage, alembic: Callable[..., int], system_url: URL
) -> None:
    url = system_url.set(database="fde_test_plan")
    with as_superuser(system_url) as engine, engine.connect() as connection:
        connection.execute(text("CREATE DATABASE fde_test_plan"))
        try:
            assert alembic(url, "upgrade", "head") == 0
            target = create_engine(url, poolclass=NullPool)
            with target.begin() as large:
                enlarge(large)
                version = large.scalar(text("SHOW server_version"))
            pending.add(INDEX)
            pending.add("op.execute(\"UPDATE documents SET file_path = 'x' WHERE id = 1\")")
            done = manage(url, "plan", "--json")
            assert done.returncode == Exit.DANGEROUS, done.stderr
            index, update = json.loads(done.stdout)["revisions"]
            assert index["statements"][0]["tables"][0]["rows"] == 20_000_000
            assert update["verdict"] == "safe"
            assert f"The server is PostgreSQL {version}, and the copy" in manage(url, "plan").stdout
        finally:
            connection.execute(text("DROP DATABASE fde_test_plan WITH (FORCE)"))


@contextmanager
def as_superuser(url: URL) -> Iterator[Engine]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    yield engine
    engine.dispose()


def test_longest_open_transaction_is_named(pending: Project, manage: Manage, large: Engine) -> None:
    pending.add(COLUMN)
    with large.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid() FROM pg_sleep(1.1)"))
        done = manage(large.url, "plan")
    assert f"pid {pid} (postgres, idle in transaction): a lock on a table" in done.stdout


def test_failing_revision_is_one_line(pending: Project, manage: Manage, large: Engine) -> None:
    revision = pending.add('op.execute("SELECT 1 / 0")')
    done = manage(large.url, "plan")
    assert done.returncode == Exit.FAILED
    assert f"revision {revision} fails on a copy of the schema: division by zero" in one_line(done)


def test_unknown_revision_is_one_line(manage: Manage, migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '999'"))
    done = manage(migrated.url, "plan")
    assert done.returncode == Exit.FAILED
    assert "999 unknown to this code" in one_line(done)


def test_schema_that_the_copy_does_not_bear_is_one_line(
    pending: Project, manage: Manage, large: Engine
) -> None:
    pending.add(COLUMN)
    with large.begin() as connection:  # as a function of an extension that is not installed here
        connection.execute(
            text(
                "CREATE FUNCTION f(int, int) RETURNS int LANGUAGE internal AS 'int4pl';"
                "UPDATE pg_proc SET prosrc = 'no_such_function' WHERE proname = 'f'"
            )
        )
    done = manage(large.url, "plan")
    assert done.returncode == Exit.FAILED
    assert "does not bear a copy of the schema" in one_line(done)


def test_role_that_may_only_read_is_enough(
    pending: Project, manage: Manage, admin: Engine, large: Engine
) -> None:
    pending.add(INDEX)
    with admin.connect() as connection:
        connection.execute(text("CREATE ROLE fde_test_planner LOGIN IN ROLE pg_read_all_data"))
        try:
            done = manage(large.url.set(username="fde_test_planner"), "plan")
        finally:
            connection.execute(text("DROP ROLE fde_test_planner"))
    assert done.returncode == Exit.DANGEROUS, done.stderr
    assert "Open transactions of other roles are hidden" in done.stdout


@pytest.mark.parametrize("options", [[], ["--markdown"], ["--json"]])
def test_reader_that_leaves_early_is_no_error(
    options: list[str], project: Project, migrated_url: URL
) -> None:
    project.add(COLUMN)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output:
        process = start(project, migrated_url, *options, stdout=output)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == Exit.FAILED


def test_without_the_embedded_server_it_says_where_to_plan(
    pending: Project, manage: Manage, large: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending.add(COLUMN)
    monkeypatch.setattr(embedded, "is_installed", lambda: False)
    done = manage(large.url, "plan")
    assert done.returncode == Exit.FAILED
    assert "not installed here" in one_line(done)


def one_line(done: Done) -> str:
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def start(project: Project, url: URL, *options: str, stdout: TextIO | int) -> subprocess.Popen[str]:
    """Start the command with a project's migrations, and do not wait for it."""
    code = (
        "import pathlib, sys, app.commands.target\n"
        f"app.commands.target.INI_FILE = pathlib.Path({str(project.ini)!r})\n"
        "from scripts import db_manager\n"
        f"sys.exit(db_manager.main({['plan', *options]!r}))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=BACKEND,
        env={**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(url)},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_server_of_the_copy_ends_with_the_command(
    number: signal.Signals, project: Project, migrated_url: URL, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    project.add(
        f'host = op.get_bind().engine.url.query["host"]\n'
        f"import pathlib, time\n"
        f"pathlib.Path({str(told)!r}).write_text(host)\n"
        "time.sleep(60)"
    )
    process = start(project, migrated_url, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (told.exists() and told.read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, number)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (130, "", "db_manager: interrupted\n")
    assert not Path(told.read_text()).exists()


@pytest.fixture(scope="module")
def snapshot(admin: Engine, template: str, worker_id: str) -> Plan:
    """Return a plan in which nothing depends on this machine."""
    name = f"fde_test_snapshot_{worker_id}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    engine = create_engine(admin.url.set(database=name), poolclass=NullPool)
    with engine.begin() as connection:
        enlarge(connection)
    with planning(engine) as planner:
        observations = planner.observe(
            f'{COLUMN}\nop.execute("UPDATE extractions SET raw_data = raw_data")',
            'op.create_index_online("ix_documents_probe", "documents", ["url"])',
        )
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    allowed = Allowed("backfill", "the *table* is empty | nearly", 9)
    target = Target(
        version="15.3",
        tables={},
        search_path=("public",),
        roles=(),
        longest=OpenTransaction(4711, "reporting", "etl", "active", 754.0),
        prepared=("left behind",),
        replicas=(Replica("standby", "streaming", 3_200_000), Replica("far", "streaming", None)),
        sees_all=False,
    )
    first, second = (
        RevisionPlan(revision, title, tuple(judge(each, RATES)), exceptions)
        for revision, title, each, exceptions in zip(
            ("101", "102"),
            ("Add a probe", "Index it"),
            observations,
            ((allowed,), ()),
            strict=True,
        )
    )
    url = URL.create("postgresql+psycopg2", "app", "secret", "db.example.com", 5432, "production")
    return Plan(
        DatabaseURL(url, "DATABASE_URL"),
        MigrationState(Standing.BEHIND, ("100",), ("102",), ("101", "102")),
        target,
        Copy(url, 18),
        RATES,
        (first, second),
    )


def example(language: str) -> str:
    """Return what the documentation shows in this language, which is once."""
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return str(code)


def test_page_shows_the_table_for_people(snapshot: Plan) -> None:
    screen = StringIO()
    print_plan(snapshot, Console(file=screen, width=1000, highlight=False, markup=False))
    lines = [line.rstrip() for line in screen.getvalue().splitlines()]
    assert lines == example("text").splitlines()


def test_page_shows_the_markdown_for_a_pull_request(snapshot: Plan) -> None:
    assert as_markdown(snapshot) == example("markdown")


def test_page_shows_the_json_for_a_script(snapshot: Plan) -> None:
    plan = as_json(replace(snapshot, revisions=snapshot.revisions[1:]))
    assert json.dumps(plan, indent=2) + "\n" == example("json")


def test_page_names_every_kind_of_work_and_every_verdict() -> None:
    page = PAGE.read_text()
    for kind in Kind:
        assert f"| `{kind.name.lower()}` |" in page
    for verdict in Verdict:
        assert f"| `{verdict}` |" in page


def test_plan_for_people_is_coloured_on_a_terminal_only(snapshot: Plan) -> None:
    screens = [StringIO(), StringIO()]
    for screen, is_terminal in zip(screens, (True, False), strict=True):
        console = Console(file=screen, width=200, force_terminal=is_terminal, no_color=False)
        print_plan(snapshot, console)
    assert ["\x1b[" in screen.getvalue() for screen in screens] == [True, False]
