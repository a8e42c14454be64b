"""The settings or the way to the server are wrong."""

from collections.abc import Iterator

import pytest

from support.faults.case import Case
from support.faults.registry import fault
from support.pooler import PGBOUNCER, pooler
from support.shell import Done, as_text


@fault("A `MIGRATION_` variable is wrong")
def wrong_setting(case: Case) -> Iterator[Done]:
    yield case.upgrade(MIGRATION_LOCK_TIMEOUT="five")


@fault("A pooler shares sessions between transactions", is_slow=True)
def transaction_pooler(case: Case) -> Iterator[Done]:
    if PGBOUNCER is None:
        pytest.skip("pgbouncer is not installed")
    direct = case.url
    with pooler(direct, "transaction") as case.url:
        yield case.upgrade()
    case.variables["MIGRATION_DATABASE_URL"] = as_text(direct)
