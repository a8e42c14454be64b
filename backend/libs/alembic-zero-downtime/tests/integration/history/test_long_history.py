"""The work for a revision does not depend on the number of the others."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import psycopg2.extensions
import pytest
from alembic.script import ScriptDirectory
from alembic.util import to_tuple
from sqlalchemy import URL, Engine, event

from alembic_zero_downtime.history.ledger import Entry, Ledger, read_ledger
from alembic_zero_downtime.history.state import list_revisions, read_state
from support.bare import bare
from support.databases import execute, new_database
from support.project import IDS, REVISION, ProjectCopy

Alembic = Callable[..., int]
SIZES = (10, 20, 30)  # revisions
STATEMENTS = ("the checks", "the revision's own", "the version table", "the ledger")
"""The statements of a step, each a round trip. BEGIN and COMMIT are the driver's."""


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Count the statements of this thread, and how often a revision is looked up."""
    counts: Counter[str] = Counter()

    class CountingCursor(psycopg2.extensions.cursor):  # type: ignore[misc]
        def execute(self, *arguments: Any) -> Any:
            counts["statements"] += threading.current_thread() is threading.main_thread()
            return super().execute(*arguments)

    def use_counting_cursor(_: object, __: object, ___: object, options: dict[str, Any]) -> None:
        options["cursor_factory"] = CountingCursor

    get_revision = ScriptDirectory.get_revision

    def count_and_get(scripts: ScriptDirectory, revision: str) -> Any:
        counts["revisions"] += 1
        return get_revision(scripts, revision)

    monkeypatch.setattr(ScriptDirectory, "get_revision", count_and_get)
    event.listen(Engine, "do_connect", use_counting_cursor)
    yield counts
    event.remove(Engine, "do_connect", use_counting_cursor)


def long_history(project: ProjectCopy, size: int) -> ProjectCopy:
    """Add revisions up to a number of them."""
    while len(project.ids) < size:
        project.add('op.execute("SELECT 1")')
    return project


@pytest.mark.parametrize("command", ["upgrade head", "stamp head", "upgrade head --sql"])
def test_the_work_of_a_command_grows_by_the_same_for_each_revision(
    command: str,
    counts: Counter[str],
    alembic: Alembic,
    migration_server: URL,
    project: ProjectCopy,
) -> None:
    bare(project)
    totals: list[Counter[str]] = []
    for size in SIZES:
        long_history(project, size)
        with new_database(migration_server) as url:
            counts.clear()
            assert alembic(url, *command.split(), ini=project.ini) == 0
            totals.append(Counter(counts))
    growth, again = (after - before for before, after in pairwise(totals))
    assert growth == again
    assert growth["revisions"] <= 30 * 10
    assert growth["statements"] == (10 * len(STATEMENTS) if command == "upgrade head" else 0)


@pytest.mark.parametrize("command", ["history", "verify", "info"])
def test_a_command_looks_up_each_revision_a_fixed_number_of_times(
    command: str,
    counts: Counter[str],
    alembic: Alembic,
    manage: Callable[..., Any],
    empty: Engine,
    project: ProjectCopy,
) -> None:
    bare(project)
    totals: list[Counter[str]] = []
    for size in SIZES:
        long_history(project, size)
        assert alembic(empty.url, "upgrade", "head", ini=project.ini) == 0
        counts.clear()
        assert manage(empty.url, command, ini=project.ini).returncode == 0
        totals.append(Counter(counts))
    growth, again = (after - before for before, after in pairwise(totals))
    assert growth == again
    assert growth["statements"] == 0


def test_the_ledger_is_read_once_for_all_revisions() -> None:
    class Entries(tuple[Entry, ...]):  # noqa: SLOT001 it counts
        reads = 0

        def __iter__(self) -> Iterator[Entry]:
            Entries.reads += 1
            return super().__iter__()

    ledger = Ledger(exists=True, entries=Entries())
    for revision in map(str, range(50)):
        assert (ledger.last(revision), ledger.origin(revision)) == (None, None)
    assert Entries.reads == 2


def branch(project: ProjectCopy, revision: str, parents: object, needs: str | None = None) -> None:
    code = REVISION.format(
        revision=revision,
        previous="",
        declarations=f"down_revision = {parents!r}\ndepends_on = {needs!r}\n",
        upgrade="pass",
        downgrade="pass",
    )
    (project.versions / f"{revision}_of_a_test.py").write_text(code, encoding="utf-8")


def test_revisions_are_listed_after_those_that_they_follow_or_depend_on(
    counts: Counter[str], project: ProjectCopy
) -> None:
    head = IDS[-1]
    for number in range(20):  # diamonds
        branch(project, f"left{number}", head)
        branch(project, f"right{number}", head)
        branch(project, f"merge{number}", (f"left{number}", f"right{number}"))
        head = f"merge{number}"
    branch(project, "other", None, needs="left7")
    scripts = project.scripts
    counts.clear()
    revisions = list_revisions(scripts)
    assert counts["revisions"] <= 5 * len(revisions)
    listed = [each.revision for each in revisions]
    assert sorted(listed) == sorted(each.revision for each in scripts.walk_revisions())
    for number, script in enumerate(revisions):
        parents = to_tuple(script.down_revision, default=())
        assert set(parents) <= set(listed[:number])
    assert listed.index("left7") < listed.index("other")


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE migration_ledger",
        "TRUNCATE migration_ledger",
        "CREATE SCHEMA old; ALTER TABLE migration_ledger SET SCHEMA old",
    ],
)
def test_a_ledger_that_a_revision_drops_or_truncates_is_filled_again(
    damage: str, project: ProjectCopy, alembic: Alembic, empty: Engine
) -> None:
    damaging = project.add(f'op.execute("{damage}")')
    last = project.add("pass")
    assert alembic(empty.url, "upgrade", "head", ini=project.ini) == 0
    with empty.connect() as connection:
        ledger = read_ledger(connection)
        state = read_state(connection, project.definition)
    assert ledger.applied == {*IDS, damaging, last}
    assert Counter(each.action for each in ledger.entries) == {"adopt": len(IDS), "upgrade": 2}
    assert state.is_at_head


def test_a_repeated_first_step_adopts_once(
    project: ProjectCopy, alembic: Alembic, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alembic_zero_downtime.runtime.executor.FIRST_PAUSE", 0.0)
    execute(migrated, "DELETE FROM migration_ledger; CREATE SEQUENCE attempts")
    execute(  # a deferred trigger, which fails at the first commit: the entries were written
        migrated,
        "CREATE TABLE t (n int); CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF nextval('attempts') = 1 THEN RAISE 'busy' USING ERRCODE = '55P03'; END IF;"
        " RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON t"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_once()",
    )
    added = [project.add('op.execute("INSERT INTO t VALUES (1)")'), project.add("pass")]
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    with migrated.connect() as connection:
        entries = [(each.action, each.revision) for each in read_ledger(connection).entries]
    assert entries == [*(("adopt", each) for each in IDS), *(("upgrade", each) for each in added)]


def test_an_entry_that_cannot_be_written_fails_the_step(
    project: ProjectCopy, alembic: Alembic, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """The missing table is another one than the ledger."""
    project.add("pass")
    trigger = (
        "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN"
        " INSERT INTO missing VALUES (1); RETURN NEW; END $f$;"
        " CREATE TRIGGER audit BEFORE INSERT ON migration_ledger"
        " FOR EACH ROW EXECUTE FUNCTION audit()"
    )
    last = project.add(f'op.execute("""{trigger}""")')
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    assert 'relation "missing" does not exist' in capsys.readouterr().err
    with migrated.connect() as connection:
        assert last not in read_ledger(connection).applied
        assert last in read_state(connection, project.definition).pending
