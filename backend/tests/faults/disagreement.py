"""The database and the code do not agree."""

from collections.abc import Iterator

from app.db.migrations.renumber import renumber
from tests.faults.case import AFTER, BEFORE, FAULTY, LINES, MAKE_TABLE, REST, Case, fault
from tests.revisions import HEAD
from tests.shell import Done


@fault("The database is ahead")
def ahead(case: Case) -> Iterator[Done]:
    assert case.upgrade().returncode == 0
    newest = case.project.path_of(AFTER)
    aside = newest.rename(newest.with_suffix(".aside"))
    yield case.upgrade()
    aside.rename(newest)


@fault("The database has a revision of another branch")
def diverged(case: Case) -> Iterator[Done]:
    ours = case.project.path_of(BEFORE)
    foreign = ours.with_name("foreign.py")
    code = ours.read_text(encoding="utf-8").replace(f'= "{BEFORE}"', '= "foreign"')
    foreign.write_text(code.replace(MAKE_TABLE.format("before"), "pass"), encoding="utf-8")
    assert case.alembic("upgrade", "foreign").returncode == 0
    aside = foreign.rename(foreign.with_suffix(".aside"))
    yield case.upgrade()
    aside.rename(foreign)
    assert case.alembic("downgrade", HEAD).returncode == 0
    foreign.unlink()


@fault("The tables are there, and their record is not")
def unmanaged(case: Case) -> Iterator[Done]:
    case.sql("DROP TABLE alembic_version, migration_ledger")
    yield case.upgrade()
    assert case.alembic("stamp", HEAD).returncode == 0


@fault("An applied revision was edited")
def edited(case: Case) -> Iterator[Done]:
    assert case.upgrade().returncode == 0
    case.rewrite(REST)
    yield case.verify()
    case.rewrite(LINES)


@fault("Somebody has written into `alembic_version`")
def heads_differ(case: Case) -> Iterator[Done]:
    assert case.upgrade().returncode == 0
    case.sql(f"UPDATE alembic_version SET version_num = '{BEFORE}'")
    yield case.verify()
    assert case.alembic("stamp", "--purge", AFTER).returncode == 0


@fault("A downgrade would destroy what somebody wrote, and nobody can be asked")
def downgrade_would_lose_data(case: Case) -> Iterator[Done]:
    newest = case.project.path_of(AFTER)
    code = newest.read_text(encoding="utf-8")
    head, _, _ = code.rpartition("pass")
    newest.write_text(f'{head}op.drop_table("after")\n', encoding="utf-8")
    assert case.upgrade().returncode == 0
    case.sql("INSERT INTO after VALUES (1)")
    yield case.alembic("downgrade", "-1")
    case.sql("DELETE FROM after")


@fault("Two revisions have one number")
def two_revisions_have_one_number(case: Case) -> Iterator[Done]:
    ours, newest = map(case.project.path_of, (FAULTY, AFTER))
    theirs = ours.with_name(f"{FAULTY}_of_another_branch.py")
    code = newest.read_text(encoding="utf-8").replace(FAULTY, BEFORE).replace(AFTER, FAULTY)
    theirs.write_text(code, encoding="utf-8")
    newest.unlink()
    yield case.upgrade()
    renumber(case.project.versions, own=[theirs.stem])
