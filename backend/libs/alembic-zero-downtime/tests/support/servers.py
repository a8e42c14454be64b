"""Run the system's own PostgreSQL, older than the embedded, for tests that name a version."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL

from alembic_zero_downtime.embedded.account import account_for
from alembic_zero_downtime.embedded.disposable import FAST, fast_folder

ROOT = Path("/usr/lib/postgresql")  # where Debian and Ubuntu keep every major version
SERVERS = {"embedded": "migration_server", "system": "system_url"}
"""The fixtures that return the administrative database of a server."""


EACH_SERVER = ["embedded", pytest.param("system", marks=pytest.mark.slow)]
"""Parameters: the embedded server, and the system's, which is for the slow tier."""


def find_system_postgres() -> Path | None:
    """Return the folder of the oldest supported PostgreSQL's programs; nothing if there is none."""
    versions = (path for path in ROOT.glob("*/bin") if (path / "initdb").exists())
    supported = (path for path in versions if int(path.parent.name) >= 15)
    return min(supported, key=lambda path: int(path.parent.name), default=None)


@contextmanager
def system_server(
    programs: Path, *options: str, rule: str = "", prefix: Sequence[str] = ()
) -> Iterator[URL]:
    """Start a new server; yields the address of its database `postgres`.

    Args:
        programs: the folder of `initdb` and `pg_ctl`.
        options: server settings, e.g. `wal_level=logical`, besides those that make it fast.
        rule: a line for `pg_hba.conf`, e.g. for clients in a network.
        prefix: the beginning of each command, e.g. to enter a namespace.
    """
    with tempfile.TemporaryDirectory(prefix="migration-system-", dir=fast_folder()) as name:
        folder = Path(name)
        account = account_for(folder).with_name()
        account.chown(folder)
        data = folder / "data"
        if prefix:  # it needs root's rights itself
            prefix = [*prefix, "setpriv", f"--reuid={account.uid}", f"--regid={account.gid}"]
            prefix.append("--clear-groups")

        def call(program: str, *arguments: str) -> None:
            done = subprocess.run(
                [*prefix, str(programs / program), "-D", str(data), *arguments],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
                **({} if prefix else account.credentials),
            )
            output.seek(0)
            assert done.returncode == 0, output.read()

        with (folder / "words").open("w+") as output:
            call("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
            with (data / "pg_hba.conf").open("a", encoding="utf-8") as rules:
                rules.write(rule)
            settings = [*FAST, "listen_addresses=", f"unix_socket_directories={folder}", *options]
            assert not any(re.search(r"\s", setting) for setting in settings)
            start = " ".join(f"-c {setting}" for setting in settings)
            call("pg_ctl", "start", "-w", "-l", str(folder / "data" / "log"), "-o", start)
            try:
                yield URL.create(
                    "postgresql+psycopg2",
                    username="postgres",
                    database="postgres",
                    query={"host": str(folder)},
                )
            finally:
                call("pg_ctl", "stop", "-m", "immediate")
                shutil.rmtree(data, ignore_errors=True)
