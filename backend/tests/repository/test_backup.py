"""The commands of the storage page: after a back-up and a restore, all is as it was."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from alembic_zero_downtime.embedded.binaries import find_program
from alembic_zero_downtime.embedded.server import EmbeddedServer
from tests.filings.esef import make_esef
from tests.filings.inline import Inline
from tests.filings.samples import SAMPLES
from tests.helpers.shell import BACKEND, CLEAN_ENVIRONMENT, as_text, run

pytestmark = [pytest.mark.slow, pytest.mark.long]
PAGE = BACKEND.parent / "docs" / "statements" / "storage.md"
Shell = Callable[..., str]


def commands(heading: str) -> list[str]:
    """Return the blocks of commands of a section of the page."""
    page = PAGE.read_text(encoding="utf-8")
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section, heading
    return re.findall(r"^```bash\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL)


def make_shell(folder: Path, backend: Path, **variables: str) -> Shell:
    """Return a function that runs commands, of which none may fail, with `fde` on the path."""
    programs = folder / "bin"
    programs.mkdir()
    fde = programs / "fde"
    fde.write_text(f'#!/bin/sh\nPYTHONPATH="{backend}" exec python -P -m app "$@"\n')
    fde.chmod(0o755)
    path = f"{programs}:{find_program('pg_dump').parent}:{CLEAN_ENVIRONMENT['PATH']}"

    def shell(script: str, cwd: Path = folder, **more: str) -> str:
        env = {"PATH": path, **variables, **more}
        done = run("bash", "-e", "-u", "-c", script, cwd=cwd, env=env)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{script}"
        return done.stdout

    return shell


def fill(shell: Shell, folder: Path, **variables: str) -> None:
    """Add a filing of a made-up company."""
    report = folder / "report.zip"
    report.write_bytes(make_esef(1, SAMPLES["ifrs"], Inline()).data)
    shell('fde add --create EXMPL "$REPORT"', REPORT=str(report), **variables)


def everything(shell: Shell, **variables: str) -> list[str]:
    """Return what the program answers about the company."""
    return [
        shell("fde statements EXMPL --format json", **variables),
        shell("fde documents EXMPL --json", **variables),
        shell("fde companies --json", **variables),
    ]


def test_a_restored_database_and_storage_answer_the_same_bytes(
    tmp_path: Path, migrated: Engine, empty_database: URL
) -> None:
    shell = make_shell(
        tmp_path,
        BACKEND,
        ALEMBIC_CONFIG=str(BACKEND / "alembic.ini"),
        BACKUP=str(tmp_path / "a back-up"),
    )
    old = {
        "DATABASE_URL": as_text(migrated.url.set(drivername="postgresql")),
        "STORAGE_URL": str(tmp_path / "old files"),
    }
    new = {
        "DATABASE_URL": as_text(empty_database.set(drivername="postgresql")),
        "STORAGE_URL": str(tmp_path / "new files"),
    }
    fill(shell, tmp_path, **old)
    with migrated.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO corrections (company_id, document_sha256, statement_type, period_end,"
                " label, value, scale, reason, created_by) SELECT company_id, sha256,"
                " 'balance_sheet', '2024-09-30', 'Other', 1, 3, 'misread', 'me' FROM documents"
            )
        )
    before = everything(shell, **old)
    (back_up,) = commands("Back up")
    shell(back_up, **old)
    (restore,) = commands("Restore")
    report = shell(restore, **new)
    assert [line.split()[0] for line in report.splitlines()] == ["ok"] * 5
    assert everything(shell, **new) == before
    assert json.loads(before[1])["documents"]
    (tmp_path / "old files").rename(tmp_path / "gone")
    assert everything(shell, **new) == before
    assert (tmp_path / "new files").stat().st_mode & 0o777 == 0o700


def test_a_restored_embedded_server_answers_the_same_bytes(checkout: Path, tmp_path: Path) -> None:
    shell = make_shell(tmp_path, checkout, BACKUP=str(tmp_path / "a back-up"))
    try:
        shell("make migrate", cwd=checkout)
        fill(shell, tmp_path)
        before = everything(shell)
        back_up, restore = commands("The embedded server")
        shell(back_up, cwd=checkout)
        shell("fde remove --yes 1")
        report = shell(restore, cwd=checkout)
        assert [line.split()[0] for line in report.splitlines()[-5:]] == ["ok"] * 5
        assert everything(shell) == before
    finally:
        EmbeddedServer(checkout / ".postgres").stop()
