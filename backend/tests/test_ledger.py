"""What was done to a database is written down in it, and compared with the code."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text

from app import VERSION
from app.db.migrations.ledger import Ledger, read_ledger
from app.db.migrations.state import load_scripts, read_state
from app.db.migrations.verify import Finding, verify
from tests.project import Project
from tests.revisions import BEFORE_HEAD, HEAD, IDS
from tests.shell import BACKEND, psql, run

Alembic = Callable[..., int]


def ledger_of(engine: Engine) -> Ledger:
    with engine.connect() as connection:
        return read_ledger(connection)


def actions(engine: Engine) -> list[tuple[str, str | None]]:
    return [(entry.action, entry.revision) for entry in ledger_of(engine).entries]


def findings(engine: Engine, project: Project) -> list[Finding]:
    scripts = load_scripts(project.ini)
    with engine.connect() as connection:
        return verify(read_state(connection, scripts), read_ledger(connection), scripts)


def write(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_each_step_is_recorded_with_who_when_and_how_long(alembic: Alembic, empty: Engine) -> None:
    assert alembic(empty.url, "upgrade", "head") == 0
    assert alembic(empty.url, "downgrade", "-1") == 0
    assert actions(empty) == [*(("upgrade", each) for each in IDS), ("downgrade", HEAD)]
    with empty.connect() as connection:
        role, now = connection.execute(text("SELECT current_user, now()")).one()
    ledger = ledger_of(empty)
    assert ledger.heads == frozenset({BEFORE_HEAD})
    for entry in ledger.entries:
        assert (entry.role, entry.application_version, entry.attempts) == (role, VERSION, 1)
        assert entry.host == run("hostname").stdout.strip()
        assert 0 < (now - entry.recorded_at).total_seconds() < 60
        assert entry.duration is not None
        assert 0 < entry.duration.total_seconds() < 10
        assert re.fullmatch("[0-9a-f]{64}", entry.checksum or "")


def test_the_commit_is_git_s_or_what_is_set(
    alembic: Alembic, empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert alembic(empty.url, "upgrade", "+1") == 0
    monkeypatch.setenv("MIGRATION_GIT_COMMIT", "0123abc")
    assert alembic(empty.url, "upgrade", "+1") == 0
    commit = run("git", "rev-parse", "HEAD", cwd=BACKEND).stdout.strip()
    first, second = (entry.git_commit for entry in ledger_of(empty).entries)
    assert (first or "").removesuffix("-dirty") == commit
    assert second == "0123abc"


def test_a_failed_revision_is_not_in_the_ledger(
    project: Project, alembic: Alembic, migrated: Engine
) -> None:
    before = actions(migrated)
    project.add('op.execute("SELECT 1/0")')
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) != 0
    assert actions(migrated) == before


def test_sql_for_somebody_else_writes_the_ledger_too(
    alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (("upgrade", "head"), ("downgrade", f"{HEAD}:{BEFORE_HEAD}")):
        capsys.readouterr()
        assert alembic(empty.url, *arguments, "--sql") == 0
        psql(empty.url, capsys.readouterr().out)
    assert actions(empty) == [*(("upgrade", each) for each in IDS), ("downgrade", HEAD)]
    for entry in ledger_of(empty).entries:
        assert entry.host is None, "where it was written is not where it was run"
        assert entry.duration is not None
        assert entry.duration.total_seconds() > 0
    assert ledger_of(empty).heads == frozenset({BEFORE_HEAD})


@pytest.mark.parametrize("is_at_head", [True, False])
def test_a_database_from_before_the_ledger_is_adopted(
    is_at_head: bool,
    project: Project,
    alembic: Alembic,
    migrated: Engine,
) -> None:
    write(migrated, "DROP TABLE migration_ledger")
    assert findings(migrated, project) == []
    added = [] if is_at_head else [("upgrade", project.add("pass"))]
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) == 0
    assert actions(migrated) == [*(("adopt", each) for each in IDS), *added]
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) == 0
    assert len(actions(migrated)) == len(IDS) + len(added), "adopted once"


def test_who_may_not_write_the_ledger_is_still_at_head(
    project: Project,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(migrated, "DROP TABLE migration_ledger")
    role = f"reader_of_{migrated.url.database}"
    write(
        migrated,
        f"CREATE ROLE {role} LOGIN PASSWORD 'none'; GRANT SELECT ON alembic_version TO {role}",
    )
    try:
        url = migrated.url.set(username=role, password="none")
        assert alembic(url, "upgrade", "head", ini=str(project.ini)) == 0
    finally:
        write(migrated, f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert "Not recorded in migration_ledger: permission denied" in capsys.readouterr().err


def test_stamps_are_recorded_with_all_that_they_declare(alembic: Alembic, empty: Engine) -> None:
    assert alembic(empty.url, "stamp", "head") == 0
    assert actions(empty) == [("stamp", each) for each in IDS]
    assert alembic(empty.url, "stamp", "base") == 0
    assert actions(empty)[-1] == ("stamp", None)
    assert not ledger_of(empty).heads
    assert ledger_of(empty).applied == set()


def test_an_edited_revision_is_found_whatever_is_not_code_is_not(
    project: Project, alembic: Alembic, migrated: Engine
) -> None:
    assert findings(migrated, project) == []
    path = project.path_of("002")
    code = path.read_text(encoding="utf-8")
    path.write_text(code.replace("def upgrade", "# A comment.\ndef upgrade"), encoding="utf-8")
    assert findings(migrated, project) == []
    path.write_text(code.replace("op.execute(INSERT)", "op.execute(INSERT + '')"), encoding="utf-8")
    assert [(each.kind, each.revision) for each in findings(migrated, project)] == [
        ("edited", "002")
    ]
    assert alembic(migrated.url, "downgrade", "001", ini=str(project.ini)) == 0
    assert findings(migrated, project) == [], "it is not applied any more"
    assert alembic(migrated.url, "stamp", "002", ini=str(project.ini)) == 0
    path.write_text(code.replace("op.execute(INSERT)", "pass"), encoding="utf-8")
    assert len(findings(migrated, project)) == 1
    assert alembic(migrated.url, "stamp", "001", ini=str(project.ini)) == 0
    assert findings(migrated, project) == [], "nor is it now"


def test_an_applied_revision_without_its_file_is_found(
    project: Project, alembic: Alembic, migrated: Engine
) -> None:
    revision = project.add("pass")
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) == 0
    project.path_of(revision).unlink()
    assert [(each.kind, each.revision) for each in findings(migrated, project)] == [
        ("unknown", revision)
    ]


def test_a_version_table_that_somebody_wrote_is_found_and_settled_by_a_stamp(
    project: Project, alembic: Alembic, migrated: Engine
) -> None:
    write(migrated, "UPDATE alembic_version SET version_num = '001'")
    (found,) = findings(migrated, project)
    assert found.kind == "heads"
    assert f"alembic_version says 001 and the ledger {HEAD}" in found.words
    assert "alembic stamp --purge" in found.words
    assert alembic(migrated.url, "stamp", "--purge", "001", ini=str(project.ini)) == 0
    assert findings(migrated, project) == []


def test_a_purged_version_table_is_recorded(
    project: Project, alembic: Alembic, migrated: Engine
) -> None:
    assert alembic(migrated.url, "stamp", "--purge", "base") == 0
    assert not ledger_of(migrated).heads
    assert findings(migrated, project) == []


def test_a_stamp_settles_a_revision_that_nobody_knows(
    project: Project, alembic: Alembic, migrated: Engine
) -> None:
    revision = project.add("pass")
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) == 0
    project.path_of(revision).unlink()
    assert alembic(migrated.url, "stamp", "head", ini=str(project.ini)) != 0
    assert alembic(migrated.url, "stamp", "--purge", "head", ini=str(project.ini)) == 0
    assert findings(migrated, project) == []


def test_autogenerate_does_not_see_the_ledger(alembic: Alembic, migrated: Engine) -> None:
    assert ledger_of(migrated).exists
    assert alembic(migrated.url, "check") == 0


def test_a_ledger_says_how_a_revision_came_in_and_whether_it_still_is() -> None:
    def entry(action: str, revision: str) -> Any:
        return type("Entry", (), {"action": action, "revision": revision, "heads": None})()

    ledger = Ledger(
        exists=True,
        entries=(entry("upgrade", "a"), entry("accept", "a"), entry("upgrade", "b")),
    )
    assert (ledger.last("a").action, ledger.origin("a").action) == ("accept", "upgrade")  # type: ignore[union-attr]
    assert ledger.applied == {"a", "b"}
    ledger = Ledger(exists=True, entries=(*ledger.entries, entry("downgrade", "b")))
    assert (ledger.last("b"), ledger.origin("b"), ledger.applied) == (None, None, {"a"})
