"""The database and the code differ."""

from collections.abc import Iterator

from sqlalchemy import text

from support.faults.case import AFTER, BEFORE, CREATE_TABLE, FAULTY, LINES, REST, Case
from support.faults.registry import fault
from support.migration_locks import IS_WAITED_FOR, held
from support.project import HEAD
from support.shell import Done


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
    foreign.write_text(code.replace(CREATE_TABLE.format("before"), "pass"), encoding="utf-8")
    assert case.alembic("upgrade", "foreign").returncode == 0
    aside = foreign.rename(foreign.with_suffix(".aside"))
    yield case.upgrade()
    aside.rename(foreign)
    assert case.alembic("downgrade", HEAD).returncode == 0
    foreign.unlink()


@fault("The tables exist, and the record of their revision does not")
def unmanaged(case: Case) -> Iterator[Done]:
    case.sql("DROP TABLE alembic_version, migration_ledger")
    yield case.upgrade()
    assert case.alembic("stamp", HEAD).returncode == 0


@fault("An applied revision was edited")
def edited(case: Case) -> Iterator[Done]:
    assert case.upgrade().returncode == 0
    case.rewrite(REST)
    yield case.manage("verify")
    case.rewrite(LINES)


@fault("`alembic_version` was changed manually")
def heads_differ(case: Case) -> Iterator[Done]:
    assert case.upgrade().returncode == 0
    case.sql(f"UPDATE alembic_version SET version_num = '{BEFORE}'")
    yield case.manage("verify")
    assert case.alembic("stamp", "--purge", AFTER).returncode == 0


@fault("A downgrade would lose data, and there is no terminal")
def downgrade_would_lose_data(case: Case) -> Iterator[Done]:
    set_downgrade(case, "DROP TABLE after")
    case.sql("INSERT INTO after VALUES (1)")
    yield case.alembic("downgrade", "-1")
    case.sql("DELETE FROM after")


@fault("A downgrade would destroy data that cannot be counted")
def downgrade_would_destroy_uncounted_data(case: Case) -> Iterator[Done]:
    set_downgrade(case, "DROP SERVER s CASCADE")
    case.sql("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w")
    case.sql("CREATE FOREIGN TABLE f (n int) SERVER s")
    yield case.alembic("downgrade", "-1")
    case.sql("DROP FOREIGN DATA WRAPPER w CASCADE")


@fault("Rows arrive between the question of a downgrade and the downgrade")
def rows_arrive_before_a_downgrade(case: Case) -> Iterator[Done]:
    set_downgrade(case, "DROP TABLE after")

    def insert() -> None:
        case.sql("INSERT INTO after VALUES (1)")
        holder.execute(text("SELECT pg_advisory_unlock_all()"))

    with held(case.engine) as holder, case.when(IS_WAITED_FOR, insert):
        done = case.alembic("downgrade", "-1")
    yield done
    case.sql("DELETE FROM after")


def set_downgrade(case: Case, statement: str) -> None:
    """Let the downgrade of the newest revision execute a statement; apply all revisions."""
    newest = case.project.path_of(AFTER)
    head, _, _ = newest.read_text(encoding="utf-8").rpartition("pass")
    newest.write_text(f'{head}op.execute("{statement}")\n', encoding="utf-8")
    assert case.upgrade().returncode == 0


@fault("Two revisions have one number")
def two_revisions_have_one_number(case: Case) -> Iterator[Done]:
    ours, newest = map(case.project.path_of, (FAULTY, AFTER))
    theirs = ours.with_name(f"{FAULTY}_of_another_branch.py")
    code = newest.read_text(encoding="utf-8").replace(FAULTY, BEFORE).replace(AFTER, FAULTY)
    theirs.write_text(code, encoding="utf-8")
    newest.unlink()
    yield case.upgrade()
    assert case.manage("renumber", "--revision", theirs.stem).returncode == 0
