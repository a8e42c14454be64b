"""A revision itself fails."""

from collections.abc import Iterator

from support.databases import execute
from support.faults.case import BLOCK, LINES, REPEATABLE_BLOCK, REST, Case
from support.faults.registry import fault
from support.shell import Done


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


@fault("It fails after its autocommit block")
def half_a_revision_fails(case: Case) -> Iterator[Done]:
    case.rewrite(f'{BLOCK}op.execute("SELECT 1 / 0")')
    yield case.upgrade()
    case.rewrite(REPEATABLE_BLOCK + REST)


@fault("It commits or rolls back its transaction itself")
def transaction_is_rolled_back(case: Case) -> Iterator[Done]:
    case.rewrite(f'op.execute("ROLLBACK")\n{LINES}')
    yield case.upgrade()
    case.rewrite(LINES)


@fault("It commits through the driver's own connection")
def driver_commits(case: Case) -> Iterator[Done]:
    *_, create_index = LINES.splitlines()
    case.rewrite(f"{create_index}\nop.get_bind().connection.commit()")
    yield case.upgrade()
    execute(case.engine, "DROP INDEX ix_before_n")
    case.rewrite(LINES)


@fault("It exits instead of returning, as with `sys.exit(0)`")
def revision_exits(case: Case) -> Iterator[Done]:
    case.rewrite(f"{LINES}\nraise SystemExit(0)")
    yield case.upgrade()
    case.rewrite(LINES)


@fault("It drops an index of that name that belongs to another table")
def index_of_another_table(case: Case) -> Iterator[Done]:
    case.rewrite('op.drop_index_online("ix_documents_fiscal_year", "companies")')
    yield case.upgrade()
    case.rewrite(LINES)


@fault("It is a coroutine or a generator")
def revision_is_a_generator(case: Case) -> Iterator[Done]:
    case.rewrite(f"{LINES}\nyield")
    yield case.upgrade()
    case.rewrite(LINES)


@fault("A statement takes longer than `MIGRATION_STATEMENT_TIMEOUT`")
def statement_timeout(case: Case) -> Iterator[Done]:
    with case.blocked():
        yield case.upgrade(MIGRATION_STATEMENT_TIMEOUT="300ms")


@fault("It computes longer than `MIGRATION_IDLE_IN_TRANSACTION_SESSION_TIMEOUT`")
def idle_in_transaction(case: Case) -> Iterator[Done]:
    case.rewrite(f"import time\n{LINES}\ntime.sleep(0.4)")
    yield case.upgrade(MIGRATION_IDLE_IN_TRANSACTION_SESSION_TIMEOUT="200ms")
