"""Run a real PgBouncer in front of a server."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import URL

from alembic_zero_downtime.embedded.account import Account, account_for
from alembic_zero_downtime.embedded.authentication import MAP
from alembic_zero_downtime.embedded.server import SOCKET_NAME
from support.databases import connected

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
needs_pgbouncer = pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed")

CONFIGURATION = """
[databases]
* = {server}
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
auth_type = any
pool_mode = {mode}
default_pool_size = 5
{options}
"""


@contextmanager
def pooler(url: URL, mode: str, options: str = "") -> Iterator[URL]:
    """Run a PgBouncer in front of the server of `url`; yields its address."""
    with tempfile.TemporaryDirectory(prefix="bouncer-", dir="/tmp") as name:
        folder = Path(name)
        server = {
            "host": url.query.get("host") or url.host,
            "port": url.port or 5432,
            "user": url.username,
            "password": url.password,
        }
        written = " ".join(f"{name}={value}" for name, value in server.items() if value)
        ini = folder / "pgbouncer.ini"
        ini.write_text(
            CONFIGURATION.format(server=written, folder=folder, mode=mode, options=options)
        )
        account = account_for(folder).with_name()
        for path in (folder, ini):
            account.chown(path)
        _admit(url, account)
        command = [str(PGBOUNCER), "--quiet", str(ini)]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, **account.credentials
        ) as process:
            try:
                address = url.set(host=None, port=6432, query={"host": str(folder)})
                _wait_until_it_answers(address, process)
                yield address
            finally:
                process.terminate()
                process.communicate(timeout=10)


def _admit(url: URL, account: Account) -> None:
    """Let the account of the pooler connect to an embedded server as any role."""
    with connected(url) as admin:
        line = f"COPY (SELECT '{MAP} {account.name} all') TO PROGRAM 'cat >> pg_ident.conf'"
        admin.exec_driver_sql(line)
        admin.exec_driver_sql("SELECT pg_reload_conf()")
    folder = Path(str(url.query["host"]))
    folder.chmod(0o711)
    (folder / SOCKET_NAME).chmod(0o777)


def _wait_until_it_answers(url: URL, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 10
    while True:
        with suppress(psycopg2.OperationalError):
            psycopg2.connect(
                host=url.query["host"], port=url.port, user=url.username, dbname=url.database
            ).close()
            return
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "pgbouncer does not answer"
        time.sleep(0.05)
