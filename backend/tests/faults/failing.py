"""A revision itself goes wrong."""

from collections.abc import Iterator

from tests.faults.case import BLOCK, LINES, REPEATABLE_BLOCK, REST, Case, fault
from tests.shell import Done


@fault("Its SQL fails")
def sql_fails(case: Case) -> Iterator[Done]:
    case.rewrite(f'{LINES}\nop.execute("SELECT 1 / 0")')
    yield case.upgrade()
    case.rewrite(LINES)


@fault("Its Python fails")
def python_fails(case: Case) -> Iterator[Done]:
    case.rewrite(f"{LINES}\n" + '{}["sector"]')
    yield case.upgrade()
    case.rewrite(LINES)


@fault("It fails behind its autocommit block")
def half_a_revision_fails(case: Case) -> Iterator[Done]:
    case.rewrite(f'{BLOCK}op.execute("SELECT 1 / 0")')
    yield case.upgrade()
    case.rewrite(REPEATABLE_BLOCK + REST)


@fault("It ends its transaction by itself")
def transaction_is_ended(case: Case) -> Iterator[Done]:
    case.rewrite(f'op.execute("ROLLBACK")\n{LINES}')
    yield case.upgrade()
    case.rewrite(LINES)


@fault("A statement takes longer than `MIGRATION_STATEMENT_TIMEOUT`")
def statement_timeout(case: Case) -> Iterator[Done]:
    with case.in_the_way():
        yield case.upgrade(MIGRATION_STATEMENT_TIMEOUT="500ms")


@fault("It computes longer than `MIGRATION_IDLE_IN_TRANSACTION_SESSION_TIMEOUT`")
def idle_in_transaction(case: Case) -> Iterator[Done]:
    case.rewrite(f"import time\n{LINES}\ntime.sleep(0.8)")
    yield case.upgrade(MIGRATION_IDLE_IN_TRANSACTION_SESSION_TIMEOUT="400ms")
