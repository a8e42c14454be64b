"""The canon of migration tests: one head, up and down and up, models equal to the schema."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from sqlalchemy import URL, CheckConstraint, Engine
from sqlalchemy.schema import CreateIndex

import app.db.models  # noqa: F401 declares every table
from alembic_zero_downtime.tables import BACKFILL_TABLE, MIGRATION_TABLES
from app.db.base import Base
from support.snapshots import read_catalog, read_rows
from tests.helpers.revisions import IDS, REVISIONS, SCRIPTS
from tests.helpers.shell import BACKEND, psql

Alembic = Callable[..., int]


def test_there_is_one_head() -> None:
    assert len(SCRIPTS.get_heads()) == 1, "two revisions follow the same one: renumber the newer"


def test_revisions_are_numbered_without_gaps_and_files_say_so() -> None:
    assert [f"{number:03d}" for number in range(1, len(IDS) + 1)] == IDS
    for revision in REVISIONS:
        name = revision.path.rsplit("/", 1)[-1]
        assert re.fullmatch(rf"{revision.revision}_[a-z0-9_]+\.py", name), name


@pytest.mark.parametrize("revision", REVISIONS, ids=IDS)
def test_revision_explains_itself_and_imports_nothing_of_the_application(revision: object) -> None:
    path = getattr(revision, "path", "")
    code = (BACKEND / path).read_text(encoding="utf-8")
    docstring = getattr(revision, "longdoc", "")
    assert len(docstring.split("Revision ID")[0].split()) > 10, "say what it does and why"
    assert "Describe here the change" not in docstring, "the template's text is left"
    assert not re.search(r"^\s*(from|import) (app|config)\b", code, re.MULTILINE)


def test_all_revisions_go_up_down_and_up_again(
    alembic: Alembic, empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    with empty.connect() as connection:
        before = read_catalog(connection)
    assert alembic(empty.url, "upgrade", "head") == 0
    with empty.connect() as connection:
        after = read_catalog(connection)
    assert alembic(empty.url, "downgrade", "base") == 0
    with empty.connect() as connection:
        assert without_alembic(read_catalog(connection)) == without_alembic(before)
    assert alembic(empty.url, "upgrade", "head") == 0
    with empty.connect() as connection:
        assert read_catalog(connection) == after


@pytest.mark.slow
def test_each_revision_goes_up_down_and_up_again(alembic: Alembic, empty: Engine) -> None:
    """One database goes all the way: each revision begins where the one before has left it."""
    for previous, revision in pairwise(["base", *IDS]):
        with empty.connect() as connection:
            before = read_catalog(connection)
        assert alembic(empty.url, "upgrade", revision) == 0, revision
        with empty.connect() as connection:
            after, rows = read_catalog(connection), read_rows(connection)
        if alembic(empty.url, "downgrade", previous) != 0:  # it raises, with a reason
            with empty.connect() as connection:
                assert (read_catalog(connection), read_rows(connection)) == (after, rows), revision
            continue
        with empty.connect() as connection:
            assert without_alembic(read_catalog(connection)) == without_alembic(before), revision
        assert alembic(empty.url, "upgrade", revision) == 0, revision
        with empty.connect() as connection:
            assert read_catalog(connection) == after, revision
            assert without_keys(read_rows(connection)) == without_keys(rows), revision


def test_models_declare_what_the_migrations_build(alembic: Alembic, migrated_database: URL) -> None:
    assert alembic(migrated_database, "check") == 0


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE companies ALTER tickers DROP DEFAULT",
        "ALTER TABLE documents DROP CONSTRAINT ck_documents_fiscal_year_plausible",
        "ALTER TABLE documents ADD CONSTRAINT ck_documents_more CHECK (fiscal_year <> 0)",
    ],
)
def test_a_model_that_differs_is_noticed(
    change: str, alembic: Alembic, migrated: Engine, migrated_database: URL
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(change)
    assert alembic(migrated_database, "check") != 0


def test_models_and_migrations_agree_on_every_condition_of_a_check(migrated: Engine) -> None:
    definition = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{}'"
    checks = [
        (table, constraint)
        for table in Base.metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    ]
    assert len(checks) > 10
    for table, check in checks:
        name = str(check.name)
        with migrated.connect() as connection:
            connection.exec_driver_sql(
                f"ALTER TABLE {table.name} ADD CONSTRAINT probe CHECK ({check.sqltext})"
            )
            built = connection.exec_driver_sql(definition.format(name)).scalar()
            declared = connection.exec_driver_sql(definition.format("probe")).scalar()
        assert built == declared, name


def test_models_and_migrations_agree_on_every_detail_of_an_index(migrated: Engine) -> None:
    definition = "SELECT indexdef FROM pg_indexes WHERE indexname = '{}'"
    indexes = [index for table in Base.metadata.sorted_tables for index in table.indexes]
    assert len(indexes) > 3
    for index in indexes:
        create = str(CreateIndex(index).compile(migrated))
        name = str(index.name)
        with migrated.connect() as connection:
            connection.exec_driver_sql(create.replace(name, "probe", 1))
            built = connection.exec_driver_sql(definition.format(name)).scalar()
            declared = connection.exec_driver_sql(definition.format("probe")).scalar()
        assert built == str(declared).replace("probe", name, 1)


def test_offline_sql_builds_the_same_database(
    alembic: Alembic,
    empty: Engine,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert alembic(empty.url, "upgrade", "head", "--sql") == 0
    psql(empty.url, capsys.readouterr().out)
    with empty.connect() as offline, migrated.connect() as online:
        assert without_positions(read_catalog(offline)) == without_positions(read_catalog(online))
        assert read_rows(offline) == read_rows(online)


def test_offline_downgrade_takes_the_same_rows(
    alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alembic(empty.url, "upgrade", "002") == 0
    capsys.readouterr()
    assert alembic(empty.url, "downgrade", "002:001", "--sql") == 0
    psql(empty.url, capsys.readouterr().out)
    with empty.connect() as connection:
        assert read_rows(connection)["companies"] == []
        assert read_rows(connection)["alembic_version"] == ["(001)"]


def without_positions(snapshot: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out where backfills keep their positions: a script has none to keep."""
    return {
        kind: [row for row in rows if BACKFILL_TABLE not in row] for kind, rows in snapshot.items()
    }


def without_alembic(snapshot: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out the tables about migrations, which a downgrade to base leaves there."""
    return {
        kind: [row for row in rows if not any(name in row for name in MIGRATION_TABLES)]
        for kind, rows in snapshot.items()
    }


def without_keys(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out identity keys, which go on counting."""
    return {
        table: sorted(re.sub(r"^\(\d+,", "(", row) for row in values)
        for table, values in rows.items()
    }
