"""A copy of the migrations that a test adds revisions to, and `alembic` in a process of its own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL, Connection, text

from tests.revisions import HEAD
from tests.shell import BACKEND, CLEAN_ENVIRONMENT, as_text

REVISION = '''"""{revision}: a revision of a test."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{previous}"
{declarations}

def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''


class Project:
    """The project's `alembic/` and `alembic.ini` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(BACKEND / "alembic", folder / "alembic", ignore=ignored)
        ini = (BACKEND / "alembic.ini").read_text(encoding="utf-8")
        self.ini = folder / "alembic.ini"
        # The path of the package, and not of this copy, is where `app` is.
        here = "prepend_sys_path = %(here)s"
        assert here in ini
        self.ini.write_text(ini.replace(here, f"prepend_sys_path = {BACKEND}"), encoding="utf-8")
        self.ids: list[str] = []

    @property
    def versions(self) -> Path:
        return self.ini.parent / "alembic" / "versions"

    @property
    def head(self) -> str:
        return self.ids[-1] if self.ids else HEAD

    def path_of(self, revision: str) -> Path:
        (path,) = self.versions.glob(f"{revision}_*.py")
        return path

    def add(self, upgrade: str, downgrade: str = "pass", declarations: str = "") -> str:
        """Add a revision whose functions have these lines; return its id."""
        revision = f"{int(self.head) + 1:03d}"
        code = REVISION.format(
            revision=revision,
            previous=self.head,
            declarations=declarations,
            upgrade="\n    ".join(upgrade.splitlines()),
            downgrade="\n    ".join(downgrade.splitlines()),
        )
        (self.versions / f"{revision}_of_a_test.py").write_text(code, encoding="utf-8")
        self.ids.append(revision)
        return revision

    def start(
        self, url: URL, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start `alembic` and do not wait for it."""
        return subprocess.Popen(
            [Path(sys.executable).parent / "alembic", "-c", self.ini, *arguments],
            env={**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(url), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def wait_for(connection: Connection, query: str, seconds: float = 30) -> None:
    """Wait until `query` answers true; each look is a transaction of its own."""
    deadline = time.monotonic() + seconds
    while not connection.scalar(text(query)):
        connection.rollback()
        assert time.monotonic() < deadline, query
        time.sleep(0.02)
    connection.rollback()


def end(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Send a signal and return what the process had said when it ended."""
    os.kill(process.pid, number)
    return process.communicate(timeout=30)[0]
