"""The canon of migration tests: one head, up and down and up, models equal to the schema."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import URL, Engine

from app.db.migrations.state import list_revisions, load_scripts
from tests.catalog import read_catalog, read_rows
from tests.shell import BACKEND, as_text, run

Alembic = Callable[..., int]

SCRIPTS = load_scripts(BACKEND / "alembic.ini")
REVISIONS = list_revisions(SCRIPTS)
IDS = [revision.revision for revision in REVISIONS]


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
    assert not re.search(r"^\s*(from|import) (app|config)\b", code, re.MULTILINE)


@pytest.mark.parametrize("index", range(len(IDS)), ids=IDS)
def test_each_revision_goes_up_down_and_up_again(
    index: int, alembic: Alembic, empty: Engine, empty_url: URL
) -> None:
    previous = IDS[index - 1] if index else "base"
    assert alembic(empty_url, "upgrade", previous) == 0 if index else True
    with empty.connect() as connection:
        before = read_catalog(connection)
    assert alembic(empty_url, "upgrade", IDS[index]) == 0
    with empty.connect() as connection:
        after, rows = read_catalog(connection), read_rows(connection)
    assert alembic(empty_url, "downgrade", previous) == 0
    with empty.connect() as connection:
        assert without_alembic(read_catalog(connection)) == without_alembic(before)
    assert alembic(empty_url, "upgrade", IDS[index]) == 0
    with empty.connect() as connection:
        assert read_catalog(connection) == after
        assert without_keys(read_rows(connection)) == without_keys(rows)


def test_models_declare_what_the_migrations_build(alembic: Alembic, migrated_url: URL) -> None:
    assert alembic(migrated_url, "check") == 0


def test_a_model_that_differs_is_noticed(
    alembic: Alembic, migrated: Engine, migrated_url: URL
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE companies ALTER tickers DROP DEFAULT")
    assert alembic(migrated_url, "check") != 0


def test_offline_sql_builds_the_same_database(
    empty_url: URL, empty: Engine, migrated: Engine
) -> None:
    rendered = run("alembic", "upgrade", "head", "--sql", env={"DATABASE_URL": as_text(empty_url)})
    assert rendered.returncode == 0
    manage = ("python", "scripts/db_manager.py", "psql")
    done = run(*manage, env={"DATABASE_URL": as_text(empty_url)}, stdin=rendered.stdout)
    assert done.returncode == 0, done.stderr
    with empty.connect() as offline, migrated.connect() as online:
        assert read_catalog(offline) == read_catalog(online)
        assert read_rows(offline) == read_rows(online)


def test_offline_downgrade_takes_the_same_rows(migrated_url: URL, migrated: Engine) -> None:
    env = {"DATABASE_URL": as_text(migrated_url)}
    rendered = run("alembic", "downgrade", "002:001", "--sql", env=env)
    done = run("python", "scripts/db_manager.py", "psql", env=env, stdin=rendered.stdout)
    assert (rendered.returncode, done.returncode) == (0, 0), done.stderr
    with migrated.connect() as connection:
        assert read_rows(connection)["companies"] == []
        assert read_rows(connection)["alembic_version"] == ["(001)"]


def without_alembic(picture: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out the version table, which a downgrade to base leaves empty but there."""
    return {
        kind: [row for row in rows if "alembic_version" not in row]
        for kind, rows in picture.items()
    }


def without_keys(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out identity keys, which go on counting."""
    return {
        table: sorted(re.sub(r"^\(\d+,", "(", row) for row in values)
        for table, values in rows.items()
    }
