"""The settings or the way to the server are wrong."""

from collections.abc import Iterator

import pytest

from support.faults.case import PASSWORD, Case
from support.faults.registry import fault
from support.pooler import PGBOUNCER, pooler
from support.shell import Done, as_text


@fault("A `MIGRATION_` variable is wrong")
def wrong_setting(case: Case) -> Iterator[Done]:
    yield case.upgrade(MIGRATION_LOCK_TIMEOUT="five")


@fault("A `MIGRATION_` variable is misspelt")
def misspelt_setting(case: Case) -> Iterator[Done]:
    yield case.upgrade(MIGRATION_LOCK_TIMOUT="5s")


@fault("The password in the address has an unencoded `@`, `/`, `?` or `#`")
def unencoded_password(case: Case) -> Iterator[Done]:
    yield case.upgrade(MIGRATION_DATABASE_URL=f"postgresql://u:a?{PASSWORD}@h/d")


@fault("The address has a parameter that libpq does not know")
def unknown_parameter(case: Case) -> Iterator[Done]:
    yield case.upgrade(MIGRATION_DATABASE_URL=f"postgresql://u@h/d?PASSWORD={PASSWORD}")


@fault("The address has a parameter with a wrong value")
def wrong_parameter(case: Case) -> Iterator[Done]:
    url = as_text(case.url.set(query={"sslmode": f"disable;password={PASSWORD}"}))
    yield case.upgrade(MIGRATION_DATABASE_URL=url)


@fault("A pooler shares sessions between transactions", is_slow=True)
def transaction_pooler(case: Case) -> Iterator[Done]:
    if PGBOUNCER is None:
        pytest.skip("pgbouncer is not installed")
    direct = case.url
    with pooler(direct, "transaction") as case.url:
        yield case.upgrade()
    case.variables["MIGRATION_DATABASE_URL"] = as_text(direct)
