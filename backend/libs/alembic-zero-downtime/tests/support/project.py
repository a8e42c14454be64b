"""A copy of the test project to which a test adds revisions, and `alembic` in its own process."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from alembic_zero_downtime.history.state import list_revisions
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from project.definition import FOLDER, PROJECT
from support.shell import CLEAN_ENVIRONMENT, TESTS, as_text

INI = FOLDER / "alembic.ini"
IDS = [revision.revision for revision in list_revisions(PROJECT.load_revisions())]
HEAD, BEFORE_HEAD = IDS[-1], IDS[-2]
NEXT, AFTER_NEXT = (f"{len(IDS) + n:03d}" for n in (1, 2))
AT_HEAD = f"{HEAD} (head)"
AT_NONE = f"no revision (empty, {len(IDS)} pending: {', '.join(IDS)})"
ONE_BEHIND = f"{BEFORE_HEAD} (behind, 1 pending: {HEAD})"

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


class ProjectCopy:
    """The test project's `alembic/` and `alembic.ini` in its own folder."""

    def __init__(self, folder: Path) -> None:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(FOLDER / "alembic", folder / "alembic", ignore=ignored)
        ini = INI.read_text(encoding="utf-8")
        self.ini = folder / "alembic.ini"
        here = "prepend_sys_path = %(here)s/.."
        assert here in ini
        self.ini.write_text(ini.replace(here, f"prepend_sys_path = {TESTS}"), encoding="utf-8")
        self.ids: list[str] = []
        self.definition = replace(PROJECT, config_file=self.ini)

    @property
    def scripts(self) -> ScriptDirectory:
        return self.definition.load_revisions()

    @property
    def config(self) -> Config:
        return Config(self.ini)

    @property
    def environment(self) -> MigrationEnvironment:
        return MigrationEnvironment(self.definition, self.config)

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

    def set_option(self, name: str, value: object) -> None:
        """Let env.py pass another value of a field of `Project`."""
        env = self.ini.parent / "alembic" / "env.py"
        code = env.read_text(encoding="utf-8")
        assert "\nrun(PROJECT)\n" in code
        replacing = (
            f"\nfrom dataclasses import replace\n\nrun(replace(PROJECT, {name}={value!r}))\n"
        )
        env.write_text(code.replace("\nrun(PROJECT)\n", replacing), encoding="utf-8")

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
    """Wait until `query` returns true; each read is its own transaction."""
    deadline = time.monotonic() + seconds
    while not connection.scalar(text(query)):
        connection.rollback()
        assert time.monotonic() < deadline, query
        time.sleep(0.02)
    connection.rollback()


def end(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Send a signal and return the output of the process when it has terminated."""
    os.kill(process.pid, number)
    return process.communicate(timeout=30)[0]
