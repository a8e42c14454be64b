"""What `examine` finds of files and statements, one fault at a time."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.db.models import Company, CompiledStatement, Document, Extraction
from app.pipeline.compiled import ALGORITHM, digest_of
from app.pipeline.read.versions import PDF
from app.services.diagnosis import Check, Level
from app.services.doctor import examine
from app.services.transactions import lock_file
from app.storage import Storage
from tests.helpers.waiting import wait_for

pytestmark = pytest.mark.usefixtures("fresh_engine", "on_migrated")
CONTENT = b"an annual report"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
WAITS = "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
PATH = f"{SHA256[:2]}/{SHA256}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the storage, a folder with one file."""
    folder = tmp_path / "storage"
    monkeypatch.setenv("STORAGE_URL", str(folder))
    report = tmp_path / "report.pdf"
    report.write_bytes(CONTENT)
    Storage(str(folder)).put(report, SHA256)
    return folder


@pytest.fixture
def kept(folder: Path, migrated: Engine) -> Path:
    """Return the storage, with a document of the file that was read and compiled."""
    data = {"algorithm": ALGORITHM, "rows": [{"cells": {"2023": {"at": [1, 0.1, 1e-7]}}}]}
    with Session(migrated) as session, session.begin():
        company = session.query(Company).filter_by(name="SAP SE").one()
        document = Document(
            company_id=company.id, url=f"sha256:{SHA256}", fiscal_year=2023,
            document_type="annual_report", file_path=PATH, file_name="report.pdf", sha256=SHA256,
        )  # fmt: skip
        session.add(document)
        session.flush()
        session.add_all(
            [
                Extraction(
                    document_id=document.id, statement_type="income_statement", raw_data={},
                    method="pdf", reader=PDF, status="verified",
                ),
                CompiledStatement(
                    company_id=company.id, statement_type="income_statement", data=data,
                    digest=digest_of(data),
                ),
            ]
        )  # fmt: skip
    return folder


def findings(*, deep: bool = False) -> list[Check]:
    return [each for each in examine(deep=deep) if each.level is not Level.OK]


def change(migrated: Engine, statement: str) -> None:
    with migrated.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("deep", [False, True])
def test_all_is_well_with_a_document_its_file_and_its_statements(*, deep: bool) -> None:
    assert findings(deep=deep) == []
    areas = [each.area for each in examine(deep=deep)]
    assert areas == ["database", "schema", "storage", "documents", "statements"]


def test_a_file_that_is_gone_is_a_fault(kept: Path) -> None:
    (kept / PATH).unlink()
    (check,) = findings(deep=True)
    assert (check.area, check.level) == ("documents", Level.FAULT)
    assert check.message == "1 document without a file in the storage"
    assert check.items[0].endswith("report.pdf")


def test_a_file_that_was_changed_is_found_by_its_digest(kept: Path) -> None:
    (kept / PATH).chmod(0o600)
    (kept / PATH).write_bytes(CONTENT.upper())
    assert findings() == []
    (check,) = findings(deep=True)
    assert (check.level, check.message) == (Level.FAULT, "1 document with a damaged file")


@pytest.mark.usefixtures("folder")
def test_a_file_without_a_document_is_named() -> None:
    (check,) = findings()
    assert (check.area, check.level) == ("documents", Level.WARNING)
    assert check.message == "1 file in the storage without a document"
    assert check.items == (PATH,)


@pytest.mark.usefixtures("folder")
def test_a_file_that_is_just_being_added_is_waited_for(migrated: Engine) -> None:
    with Session(migrated) as adding, ThreadPoolExecutor(1) as thread:
        lock_file(adding, SHA256)
        adding.execute(
            text(
                "INSERT INTO documents (company_id, url, fiscal_year, document_type, file_path,"
                f" sha256) SELECT min(id), 'u', 2023, 'other', '{PATH}', '{SHA256}' FROM companies"
            )
        )
        found = thread.submit(findings)
        with migrated.connect() as connection:
            wait_for(connection, WAITS)
        adding.commit()
        assert found.result(timeout=10) == []


def test_a_path_of_a_release_before_is_no_stored_file(kept: Path, migrated: Engine) -> None:
    assert kept.exists()
    change(
        migrated,
        "INSERT INTO documents (company_id, url, fiscal_year, document_type, file_path)"
        " SELECT min(id), 'u', 2020, 'annual_report', '../../etc/passwd' FROM companies",
    )
    (check,) = findings(deep=True)
    assert check.message == "1 document without a file in the storage"


def test_a_storage_that_others_can_read_is_a_warning(kept: Path) -> None:
    kept.chmod(0o755)
    (kept / PATH).chmod(0o644)
    (check,) = findings()
    assert (check.area, check.level) == ("storage", Level.WARNING)
    assert check.items == (PATH,)
    assert check.fix == f"chmod -R go= {kept}"


def test_the_command_for_a_folder_that_others_can_read_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "of ours"
    folder.mkdir()
    folder.chmod(0o755)
    monkeypatch.setenv("STORAGE_URL", f"file://{folder}")
    assert f"chmod -R go= '{folder}'" in [each.fix for each in examine(deep=False)]


def test_a_storage_that_forgets_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_URL", "memory://files")
    (check,) = [each for each in examine(deep=False) if "forgets" in each.message]
    assert (check.area, check.level) == ("storage", Level.WARNING)


def test_a_temporary_file_of_a_killed_process_is_a_warning_and_stays(kept: Path) -> None:
    left = kept / ".tmp" / "1-a-b"
    left.touch()
    (check,) = findings()
    assert check.message == "1 temporary file of interrupted commands"
    assert left.exists()


def test_a_folder_that_cannot_be_written_is_a_fault(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept.exists()
    monkeypatch.setenv("STORAGE_URL", "/proc/storage")  # not even root can
    assert [(each.area, each.level) for each in findings()] == [("storage", Level.FAULT)]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE compiled_statements SET digest = NULL", "1 company with statements to compile"),
        ("DELETE FROM compiled_statements", "1 company with statements to compile"),
        (
            """UPDATE compiled_statements SET data = jsonb_set(data, '{algorithm}', '"0"')""",
            "1 company with statements to compile",
        ),
        ("UPDATE extractions SET reader = 'pdf-geometry/0'", "1 company read by an older reader"),
    ],
)
@pytest.mark.usefixtures("kept")
def test_statements_that_are_not_up_to_date_are_a_warning(
    statement: str, message: str, migrated: Engine
) -> None:
    change(migrated, statement)
    (check,) = findings()
    assert (check.area, check.level) == ("statements", Level.WARNING)
    assert check.message.startswith(message)
    assert check.items[0].endswith("SAP SE")


@pytest.mark.usefixtures("kept")
def test_a_doubtful_statement_that_no_person_accepted_is_not_to_be_compiled(
    migrated: Engine,
) -> None:
    change(migrated, "DELETE FROM compiled_statements")
    change(migrated, "UPDATE extractions SET status = 'doubtful'")
    assert findings() == []
    change(migrated, "UPDATE extractions SET doubtful_accepted = true")
    assert len(findings()) == 1


@pytest.mark.usefixtures("kept")
def test_a_compiled_statement_that_was_edited_is_a_fault(migrated: Engine) -> None:
    change(migrated, """UPDATE compiled_statements SET data = jsonb_set(data, '{scale}', '3')""")
    assert findings() == []
    (check,) = findings(deep=True)
    assert check.message == "1 compiled statement changed by another program"


@pytest.mark.usefixtures("folder")
def test_a_schema_that_is_behind_leaves_out_what_depends_on_it(
    migrated: Engine, alembic: Callable[..., int]
) -> None:
    assert alembic(migrated.url, "downgrade", "-1") == 0
    (check,) = findings()
    assert (check.area, check.level) == ("schema", Level.FAULT)
    assert check.fix == "run make migrate"


def test_a_storage_of_no_known_kind_leaves_the_rest(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept.exists()
    monkeypatch.setenv("STORAGE_URL", "nosuch://u:hunter2@bucket/folder")
    (check,) = findings()
    assert (check.area, check.level) == ("storage", Level.FAULT)
    assert "hunter2" not in check.message
    assert "statements" in {each.area for each in examine(deep=False)}
