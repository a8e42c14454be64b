"""What lies between a migration and its server is wrong."""

from collections.abc import Iterator

import pytest

from tests.faults.case import Case, fault
from tests.shell import Done, as_text
from tests.test_pooler import PGBOUNCER, pooler


@fault("A `MIGRATION_` variable is wrong")
def wrong_setting(case: Case) -> Iterator[Done]:
    yield case.upgrade(MIGRATION_LOCK_TIMEOUT="five")


@fault("A pooler shares sessions between transactions")
def transaction_pooler(case: Case) -> Iterator[Done]:
    if PGBOUNCER is None:
        pytest.skip("pgbouncer is not installed")
    direct = case.url
    with pooler(direct, "transaction") as case.url:
        yield case.upgrade()
    case.variables["MIGRATION_DATABASE_URL"] = as_text(direct)
