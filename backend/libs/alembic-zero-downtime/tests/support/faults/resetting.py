"""A reset is refused."""

from collections.abc import Iterator

import pytest

from alembic_zero_downtime.cli import reset
from alembic_zero_downtime.database.reset import lock_objects
from support.faults.case import LINES, Case
from support.faults.registry import fault
from support.shell import Done


@fault("There is no terminal to ask on", is_slow=True)
def no_terminal(case: Case) -> Iterator[Done]:
    yield case.manage("reset")
    assert case.reset().returncode == 0


@fault("The database is declared `production`", is_slow=True)
def production(case: Case) -> Iterator[Done]:
    assert case.manage("stamp-env", "production").returncode == 0
    yield case.reset()
    assert case.manage("stamp-env", "development").returncode == 0
    assert case.reset().returncode == 0


@fault("Another word for production is declared", is_slow=True)
def another_word(case: Case) -> Iterator[Done]:
    yield case.manage("stamp-env", "prod")
    assert case.manage("stamp-env", "production").returncode == 0
    assert case.upgrade().returncode == 0


@fault("Objects outside of the schema depend on it", is_slow=True)
def dependent_objects(case: Case) -> Iterator[Done]:
    case.sql("CREATE SCHEMA other CREATE VIEW v AS TABLE public.companies")
    yield case.reset()
    case.sql("DROP SCHEMA other CASCADE")


@fault("The database changes during the reset", is_slow=True)
def changes_meanwhile(case: Case) -> Iterator[Done]:
    def create_and_lock(*arguments: object) -> None:
        case.sql("CREATE SEQUENCE meanwhile")
        lock_objects(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reset, "lock_objects", create_and_lock)
        done = case.reset()
    case.sql("DROP SEQUENCE meanwhile")
    yield done


@fault("A transaction blocks the reset", is_slow=True)
def reset_is_blocked(case: Case) -> Iterator[Done]:
    with case.blocked("LOCK companies IN ROW EXCLUSIVE MODE"):
        done = case.reset()
    yield done


@fault("The dump fails", is_slow=True)
def dump_fails(case: Case) -> Iterator[Done]:
    folder = case.project.ini.with_name(".backups")
    folder.touch()
    yield case.reset()
    folder.unlink()


@fault("The migrations fail in the emptied database", is_slow=True)
def migrations_fail(case: Case) -> Iterator[Done]:
    case.rewrite('op.execute("SELECT 1 / 0")')
    yield case.reset()
    case.rewrite(LINES)
