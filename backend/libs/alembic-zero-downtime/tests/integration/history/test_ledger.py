"""Each migration is recorded in the database, and the record is compared with the code."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text

from alembic_zero_downtime.history.ledger import Ledger, read_ledger
from alembic_zero_downtime.history.state import read_state
from alembic_zero_downtime.history.verification import Discrepancy, verify
from project.definition import FOLDER, VERSION
from support.databases import execute
from support.project import BEFORE_HEAD, HEAD, IDS, ProjectCopy
from support.shell import psql, run

Alembic = Callable[..., int]


def ledger_of(engine: Engine) -> Ledger:
    with engine.connect() as connection:
        return read_ledger(connection)


def actions(engine: Engine) -> list[tuple[str, str | None]]:
    return [(entry.action, entry.revision) for entry in ledger_of(engine).entries]


def discrepancies(engine: Engine, project: ProjectCopy) -> list[Discrepancy]:
    scripts, definition = project.scripts, project.definition
    with engine.connect() as connection:
        state = read_state(connection, definition, scripts)
        return verify(state, read_ledger(connection), scripts, definition.commands)


def test_each_step_is_recorded_with_role_time_and_duration(alembic: Alembic, empty: Engine) -> None:
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


def test_the_commit_is_from_git_or_from_the_setting(
    alembic: Alembic, empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert alembic(empty.url, "upgrade", "+1") == 0
    monkeypatch.setenv("MIGRATION_GIT_COMMIT", "0123abc")
    assert alembic(empty.url, "upgrade", "+1") == 0
    commit = run("git", "rev-parse", "HEAD", cwd=FOLDER).stdout.strip()
    first, second = (entry.git_commit for entry in ledger_of(empty).entries)
    assert (first or "").removesuffix("-dirty") == commit
    assert second == "0123abc"


def test_a_failed_revision_is_not_in_the_ledger(
    project: ProjectCopy, alembic: Alembic, migrated: Engine
) -> None:
    before = actions(migrated)
    project.add('op.execute("SELECT 1/0")')
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    assert actions(migrated) == before


def test_offline_sql_writes_the_ledger_too(
    alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (("upgrade", "head"), ("downgrade", f"{HEAD}:{BEFORE_HEAD}")):
        capsys.readouterr()
        assert alembic(empty.url, *arguments, "--sql") == 0
        psql(empty.url, capsys.readouterr().out)
    assert actions(empty) == [*(("upgrade", each) for each in IDS), ("downgrade", HEAD)]
    for entry in ledger_of(empty).entries:
        assert entry.host is None, "the host that wrote the script does not run it"
        assert entry.duration is not None
        assert entry.duration.total_seconds() > 0
    assert ledger_of(empty).heads == frozenset({BEFORE_HEAD})


@pytest.mark.parametrize("is_at_head", [True, False])
def test_a_database_without_a_ledger_is_adopted(
    is_at_head: bool,
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
) -> None:
    execute(migrated, "DROP TABLE migration_ledger")
    assert discrepancies(migrated, project) == []
    added = [] if is_at_head else [("upgrade", project.add("pass"))]
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    assert actions(migrated) == [*(("adopt", each) for each in IDS), *added]
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    assert len(actions(migrated)) == len(IDS) + len(added), "adopted once"


def test_a_role_without_privileges_on_the_ledger_is_not_refused_at_head(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    execute(migrated, "DROP TABLE migration_ledger")
    role = f"reader_of_{migrated.url.database}"
    execute(
        migrated,
        f"CREATE ROLE {role} LOGIN PASSWORD 'none'; GRANT SELECT ON alembic_version TO {role}",
    )
    try:
        url = migrated.url.set(username=role, password="none")
        assert alembic(url, "upgrade", "head", ini=project.ini) == 0
    finally:
        execute(migrated, f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert "Not recorded in migration_ledger: permission denied" in capsys.readouterr().err


def test_a_stamp_is_recorded_for_each_revision_that_it_applies(
    alembic: Alembic, empty: Engine
) -> None:
    assert alembic(empty.url, "stamp", "head") == 0
    assert actions(empty) == [("stamp", each) for each in IDS]
    assert alembic(empty.url, "stamp", "base") == 0
    assert actions(empty)[-1] == ("stamp", None)
    assert not ledger_of(empty).heads
    assert ledger_of(empty).applied == set()


def test_an_edit_of_the_code_is_found_and_of_a_comment_is_not(
    project: ProjectCopy, alembic: Alembic, migrated: Engine
) -> None:
    assert discrepancies(migrated, project) == []
    path = project.path_of("002")
    code = path.read_text(encoding="utf-8")
    path.write_text(code.replace("def upgrade", "# A comment.\ndef upgrade"), encoding="utf-8")
    assert discrepancies(migrated, project) == []
    path.write_text(code.replace("op.execute(INSERT)", "op.execute(INSERT + '')"), encoding="utf-8")
    assert [(each.kind, each.revision) for each in discrepancies(migrated, project)] == [
        ("edited", "002")
    ]
    assert alembic(migrated.url, "downgrade", "001", ini=project.ini) == 0
    assert discrepancies(migrated, project) == [], "it is reverted"
    assert alembic(migrated.url, "stamp", "002", ini=project.ini) == 0
    path.write_text(code.replace("op.execute(INSERT)", "pass"), encoding="utf-8")
    assert len(discrepancies(migrated, project)) == 1
    assert alembic(migrated.url, "stamp", "001", ini=project.ini) == 0
    assert discrepancies(migrated, project) == [], "it is not applied"


def test_an_applied_revision_without_its_file_is_found(
    project: ProjectCopy, alembic: Alembic, migrated: Engine
) -> None:
    revision = project.add("pass")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    project.path_of(revision).unlink()
    assert [(each.kind, each.revision) for each in discrepancies(migrated, project)] == [
        ("unknown", revision)
    ]


def test_a_manual_change_of_the_version_table_is_found_and_resolved_by_a_stamp(
    project: ProjectCopy, alembic: Alembic, migrated: Engine
) -> None:
    execute(migrated, "UPDATE alembic_version SET version_num = '001'")
    (found,) = discrepancies(migrated, project)
    assert found.kind == "heads"
    assert f"alembic_version has 001, the ledger {HEAD}: " in found.message
    assert "alembic stamp --purge" in found.message
    assert alembic(migrated.url, "stamp", "--purge", "001", ini=project.ini) == 0
    assert discrepancies(migrated, project) == []


def test_a_purged_version_table_is_recorded(
    project: ProjectCopy, alembic: Alembic, migrated: Engine
) -> None:
    assert alembic(migrated.url, "stamp", "--purge", "base") == 0
    assert not ledger_of(migrated).heads
    assert discrepancies(migrated, project) == []


def test_a_stamp_resolves_an_unknown_revision(
    project: ProjectCopy, alembic: Alembic, migrated: Engine
) -> None:
    revision = project.add("pass")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    project.path_of(revision).unlink()
    assert alembic(migrated.url, "stamp", "head", ini=project.ini) != 0
    assert alembic(migrated.url, "stamp", "--purge", "head", ini=project.ini) == 0
    assert discrepancies(migrated, project) == []


def test_autogenerate_ignores_the_ledger(alembic: Alembic, migrated: Engine) -> None:
    assert ledger_of(migrated).exists
    assert alembic(migrated.url, "check") == 0


def test_a_ledger_has_the_origin_of_a_revision_until_it_is_reverted() -> None:
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
