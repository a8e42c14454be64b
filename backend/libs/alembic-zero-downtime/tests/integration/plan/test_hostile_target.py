"""Code of the target and of the pending revisions gets no right on the machine of the plan."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.plan.risk import Risk
from support.databases import execute, new_database
from support.hostile import hostile
from support.planning import Planner, planning

pytestmark = pytest.mark.slow  # it starts or resets servers and databases of its own

BEYOND_OWNERS = """
    CREATE FUNCTION started() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM hostile.attack('event-trigger'); END $$;
    CREATE FUNCTION pid() RETURNS int LANGUAGE internal AS 'pg_backend_pid';
    CREATE TABLE built_on (pid int DEFAULT pid());
    CREATE EXTENSION earthdistance CASCADE;
    CREATE EXTENSION hstore;
    CREATE EXTENSION postgres_fdw;
    CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1');
    CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere OPTIONS (user 'u', password 'secret');
    CREATE FOREIGN TABLE far (id int) SERVER elsewhere;
"""
# An event trigger runs for each statement from here on.
EVENT_TRIGGER = "CREATE EVENT TRIGGER started ON ddl_command_start EXECUTE FUNCTION started()"


@pytest.fixture(scope="module")
def target(migration_server: URL, migrated_template: str) -> Iterator[tuple[Engine, Path]]:
    with new_database(migration_server, migrated_template) as url:
        engine = create_engine(url, poolclass=NullPool)
        with hostile(engine) as folder:
            execute(engine, BEYOND_OWNERS)
            execute(engine, EVENT_TRIGGER)
            yield engine, folder
            execute(engine, "DROP EVENT TRIGGER started")


@pytest.fixture(scope="module")
def planner(target: tuple[Engine, Path]) -> Iterator[Planner]:
    with planning(target[0]) as planner:
        yield planner


@pytest.fixture
def folder(target: tuple[Engine, Path]) -> Path:
    """Return the folder that the attacks write into."""
    return target[1]


def test_foreign_code_runs_without_rights(planner: Planner, folder: Path) -> None:
    statements = [
        "INSERT INTO victims (checked) VALUES (1)",
        "INSERT INTO victims DEFAULT VALUES",
        "UPDATE victims SET checked = 2",
        "ALTER TABLE victims ADD CHECK (hostile.attack('added') > 0)",
        "CREATE INDEX ON victims ((hostile.attack('new index')))",
        "CREATE TABLE copied AS SELECT * FROM seen",
        "REFRESH MATERIALIZED VIEW kept",
        "INSERT INTO ruled VALUES (1)",
        "UPDATE policed SET id = 1",
        "CREATE TABLE compared AS SELECT 1 === NULL::victims",
        "CREATE TABLE casted AS SELECT 1::victims",
        "CREATE TABLE gathered AS SELECT gather('x')",
        "ALTER TABLE policed ADD COLUMN n int DEFAULT hostile.attack('volatile')",
    ]
    (revision,) = planner.trace("\n".join(f'op.execute("{each}")' for each in statements))
    assert [(each.sql, each.unknown) for each in revision.statements] == [
        (each, None) for each in statements
    ]
    assert list(folder.iterdir()) == []


NEEDS_SUPERUSER = [
    "COPY (SELECT 1) TO PROGRAM 'touch {folder}/program'",
    "COPY documents TO '{folder}/documents'",
    "COPY documents (url) FROM '/etc/hostname'",
    "CREATE TABLE stolen AS SELECT pg_read_file('/etc/hostname')",
    "SELECT lo_import('/etc/hostname')",
    "DO $$ BEGIN PERFORM pg_ls_dir('/'); END $$",
    "CREATE FUNCTION p() RETURNS int LANGUAGE internal AS 'pg_backend_pid'",
    "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION started()",
    "CREATE EXTENSION file_fdw",
    "CREATE EXTENSION there_is_no_such_extension",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "GRANT pg_read_server_files TO CURRENT_USER",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "ALTER SYSTEM SET log_statement = 'all'",
    "CREATE TABLESPACE t LOCATION '{folder}'",
]


@pytest.mark.parametrize("is_block", [False, True])
def test_statement_that_needs_a_superuser_is_not_known(
    planner: Planner, folder: Path, *, is_block: bool
) -> None:
    statements = [each.format(folder=folder) for each in NEEDS_SUPERUSER]
    if not is_block:  # the last two cannot run in a transaction
        statements = statements[:-2]
    calls = [f'op.execute("{each}")' for each in statements]
    if is_block:
        calls = ["with op.get_context().autocommit_block():", *(f"    {each}" for each in calls)]
    *unknown, known = planner.assess(
        "\n".join([*calls, 'op.add_column("documents", sa.Column("n", sa.Text))'])
    )
    assert [each.statement.sql for each in unknown] == statements
    assert {each.risk for each in unknown} == {Risk.UNKNOWN}
    assert known.risk is Risk.SHORT_LOCK
    assert list(folder.iterdir()) == []


def test_revision_that_stops_for_lack_of_a_superuser_is_not_known(planner: Planner) -> None:
    first, second = planner.trace(
        "op.execute(\"SELECT pg_read_file('/etc/hostname')\")\nraise ValueError('no name')",
        'op.add_column("companies", sa.Column("probe", sa.Text()))',
    )
    assert [each.sql for each in first.statements] == [
        "SELECT pg_read_file('/etc/hostname')",
        "-- the rest",
    ]
    assert all(each.unknown for each in first.statements)
    assert [(each.sql, each.unknown) for each in second.statements] == [
        ("ALTER TABLE companies ADD COLUMN probe TEXT", None)
    ]


def test_objects_that_are_not_copied_are_named(planner: Planner) -> None:
    first, *others = planner.copy.missing
    assert first == "event trigger started"
    assert {each.partition(":")[0] for each in others} == {
        "FUNCTION public pid()",
        "TABLE public built_on",
        "extension postgres_fdw",
    }
    (assessment,) = planner.assess('op.execute("DROP TABLE built_on")')
    assert assessment.risk is Risk.UNKNOWN


def test_harmless_statements_need_no_superuser(planner: Planner) -> None:
    statements = {
        "CREATE VIEW v AS SELECT earth()": Risk.SAFE,
        "CREATE EXTENSION vector": Risk.SAFE,
        "CREATE TABLE vectors (v vector(3))": Risk.SAFE,
        "CREATE EXTENSION IF NOT EXISTS hstore": Risk.SAFE,
        "ALTER TABLE far ADD COLUMN n int": Risk.SHORT_LOCK,
        "INSERT INTO far VALUES (1)": Risk.UNKNOWN,  # the copy reaches no other server
        "CREATE ROLE test_plan_new; GRANT SELECT ON companies TO test_plan_new": Risk.SAFE,
        "ALTER TABLE companies OWNER TO test_plan_new": Risk.SHORT_LOCK,
        "COMMENT ON EXTENSION plpgsql IS 'a language'": Risk.SAFE,
        "DROP EXTENSION vector CASCADE": Risk.SAFE,
        "SET LOCAL session_replication_role = replica; ANALYZE documents": Risk.SAFE,
    }
    found = planner.assess("\n".join(f'op.execute("{each}")' for each in statements))
    assert {each.statement.sql: each.risk for each in found} == statements


def test_role_of_the_copy_has_no_rights_outside_of_it(planner: Planner) -> None:
    url = planner.copy.sandbox.url
    with create_engine(url, poolclass=NullPool).connect() as connection:
        role = connection.exec_driver_sql(
            "SELECT rolsuper, rolcreatedb, rolreplication,"
            " EXISTS (SELECT FROM pg_roles AS p WHERE p.rolname ~ '^pg_'"
            "          AND pg_has_role(current_user, p.oid, 'MEMBER')"
            "          AND p.rolname <> 'pg_database_owner'),"
            " (SELECT array_agg(datname::text) FROM pg_database"
            "   WHERE datallowconn AND has_database_privilege(datname, 'CONNECT'))"
            " FROM pg_roles WHERE rolname = current_user"
        ).one()
    assert tuple(role) == (False, False, False, False, [url.database])
