"""The server is unavailable, or refuses."""

from collections.abc import Iterator

from sqlalchemy import make_url

from support.faults.case import BEFORE, IS_BLOCKED, PASSWORD, Case
from support.faults.registry import fault
from support.shell import Done


@fault("It does not answer")
def no_server(case: Case) -> Iterator[Done]:
    url = case.url
    case.url = url.set(host="127.0.0.1", port=1, query={})
    yield case.upgrade()
    case.url = url


@fault("Its host name is unknown")
def unknown_host(case: Case) -> Iterator[Done]:
    url = case.url
    case.url = url.set(host="no-such-host.invalid", query={})
    yield case.upgrade()
    case.url = url


@fault("There is no such role")
def no_such_role(case: Case) -> Iterator[Done]:
    url = case.url
    case.url = url.set(username="no_such_role")
    yield case.upgrade()
    case.url = url


@fault("It does not answer yet, and `MIGRATION_DB_WAIT` is set", is_slow=True)
def server_starts(case: Case) -> Iterator[Done]:
    server = case.move_to_own_server()
    server.stop()
    yield case.upgrade_that_waits(server.start, MIGRATION_DB_WAIT="30")


@fault("It crashes or restarts", is_slow=True)
def server_crashes(case: Case) -> Iterator[Done]:
    server = case.move_to_own_server()
    with case.blocked() as reader:
        with case.when(IS_BLOCKED, server.kill):
            done = case.upgrade()
        reader.invalidate()
    server.start()
    yield done


@fault("The password is wrong", is_slow=True)
def wrong_password(case: Case) -> Iterator[Done]:
    server = case.move_to_own_server()
    with case.as_role():
        server.require_password(case.url.username)
        case.url = case.url.set(password=PASSWORD)
        done = case.upgrade()
    yield done


@fault("There is no such database")
def no_such_database(case: Case) -> Iterator[Done]:
    url = case.url
    case.url = url.set(database="no_such_database")
    yield case.upgrade()
    case.url = url


@fault("It is embedded, and its folder cannot be written")
def embedded_server_cannot_write(case: Case) -> Iterator[Done]:
    url = case.url
    case.url = make_url("postgresql+embedded:///name?directory=/dev/null/server")
    yield case.upgrade()
    case.url = url


@fault("It has no free connection")
def too_many_connections(case: Case) -> Iterator[Done]:
    with case.as_role("CONNECTION LIMIT 2"):
        done = case.upgrade()
    yield done


@fault("The role lacks a privilege")
def no_privilege(case: Case) -> Iterator[Done]:
    with case.as_role():
        done = case.upgrade()
    yield done


@fault("It is read-only, as a standby is")
def read_only(case: Case) -> Iterator[Done]:
    name = case.url.database
    case.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    yield case.upgrade()
    case.sql(f"BEGIN READ WRITE; ALTER DATABASE {name} RESET ALL; COMMIT")


@fault("Its disk is full", is_slow=True)
def disk_is_full(case: Case) -> Iterator[Done]:
    server = case.move_to_own_server()
    assert case.alembic("upgrade", BEFORE).returncode == 0
    file = server.data / case.sql("SELECT pg_relation_filepath('before')")
    aside = file.rename(f"{file}.aside")
    file.symlink_to("/dev/full")
    yield case.upgrade()
    file.unlink()
    aside.rename(file)
