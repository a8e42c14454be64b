"""Filings are kept once, with their facts, and compiled; nothing is half-kept."""

import stat
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from app.pipeline.read.versions import READERS
from app.services import adding as module
from app.services.answer import Answer
from app.services.errors import NotFoundError, RefusedError
from app.services.given_files import digest_of, pack
from app.services.kept_filing import Kept
from app.storage import Storage, StorageError
from tests.helpers.accounts import income
from tests.helpers.shelf import Shelf


def outcomes(results: list[Kept]) -> list[str]:
    return [each.outcome for each in results]


def test_a_file_becomes_a_document_with_its_readings_and_is_compiled(shelf: Shelf) -> None:
    company = shelf.company()
    path = shelf.file("a.pdf", form="10-K", filed=date(2024, 2, 1))
    (kept,) = shelf.add("acme PLC", path)
    assert (kept.outcome, kept.fiscal_year, kept.form) == ("added", 2023, "10-K")
    assert [status for _, status in kept.statements] == ["verified"] * 3
    (row,) = shelf.rows(
        "SELECT company_id, url, fiscal_year, document_type, file_path, file_name, sha256, "
        "media_type, form, filed_on, period_end, supersedes_id FROM documents"
    )
    digest = row.sha256
    assert row == (
        *(company, f"sha256:{digest}", 2023, "annual_report", f"{digest[:2]}/{digest}"),
        *("a.pdf", digest, "application/pdf", "10-K", date(2024, 2, 1), date(2023, 12, 31), None),
    )
    with shelf.storage.open(row.file_path) as file:
        assert file.read() == Path(path).read_bytes()
    readings = shelf.rows(
        "SELECT statement_type, method, reader, accession, status, confidence, source_page, "
        "duration::text, raw_data ->> 'schema' FROM extractions ORDER BY 1"
    )
    assert [each.statement_type for each in readings] == [
        *("balance_sheet", "cash_flow_statement", "income_statement"),
    ]
    reader = READERS["pdf"]
    assert {tuple(each)[1:] for each in readings} == {
        ("pdf", reader, None, "verified", 0.5, 1, "00:00:00.5", "statement/1")
    }
    shelf.compile("Acme plc")
    assert shelf.one("SELECT count(digest) FROM compiled_statements") == 3
    assert shelf.one("SELECT fiscal_year_end FROM companies WHERE id = :id", id=company) == "12-31"


def test_a_file_is_there_once_and_is_read_once(shelf: Shelf) -> None:
    shelf.company()
    first, twin, second = shelf.file("a.pdf"), shelf.folder / "twin.pdf", shelf.file("b.pdf", age=1)
    twin.write_bytes(Path(first).read_bytes())
    assert outcomes(shelf.add("Acme plc", first, first, str(twin), second)) == [
        *("added", "already_there", "added"),
    ]
    before = shelf.rows("SELECT * FROM documents ORDER BY id")
    again = shelf.add("Acme plc", second, str(twin))
    assert outcomes(again) == ["already_there", "already_there"]
    assert again[0].statements == tuple(
        (name, "verified") for name in ("income_statement", "balance_sheet", "cash_flow_statement")
    )
    assert shelf.rows("SELECT * FROM documents ORDER BY id") == before
    assert shelf.read == ["a.pdf", "b.pdf"]


def test_a_file_is_read_again_by_a_newer_reader(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.company()
    path = shelf.file("a.pdf")
    shelf.add("Acme plc", path)
    newer = {**READERS, "pdf": "pdf-geometry/999"}
    monkeypatch.setattr(module, "READERS", newer)
    monkeypatch.setattr("tests.helpers.shelf.READERS", newer)
    shelf.file("a.pdf")
    (kept,) = shelf.add("Acme plc", path)
    assert (kept.outcome, len(kept.statements)) == ("read_again", 3)
    assert shelf.one("SELECT count(*) FROM documents") == 1
    assert shelf.one("SELECT count(*) FROM extractions") == 6


def test_what_an_older_reader_did_not_tell_is_filled_in_and_a_doubtful_statement_stays_accepted(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.company()
    path = shelf.file("a.pdf", status="doubtful")
    other = shelf.file("b.pdf", status="doubtful", age=1)
    shelf.add("Acme plc", path, accept_doubtful=True)
    shelf.add("Acme plc", other)
    newer = {**READERS, "pdf": "pdf-geometry/999"}
    monkeypatch.setattr(module, "READERS", newer)
    monkeypatch.setattr("tests.helpers.shelf.READERS", newer)
    shelf.file("a.pdf", status="doubtful", form="10-K", filed=date(2024, 2, 1))
    shelf.file("b.pdf", status="doubtful", age=1)
    read = shelf.add("Acme plc", path, other)
    assert [(each.outcome, each.accepted) for each in read] == [
        ("read_again", True),
        ("read_again", False),
    ]
    assert shelf.one("SELECT count(*) FROM extractions WHERE doubtful_accepted") == 6
    facts = shelf.rows("SELECT form, filed_on FROM documents ORDER BY id")
    assert [tuple(each) for each in facts] == [("10-K", date(2024, 2, 1)), (None, None)]


def test_a_document_that_is_removed_after_the_look_is_named_so(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.company()
    path = shelf.file("a.pdf")
    monkeypatch.setattr(module.Adding, "_known", lambda _: {digest_of(Path(path))})
    (kept,) = shelf.add("Acme plc", path)
    assert (kept.outcome, kept.code) == ("unreadable", "removed")
    assert kept.message == "It was removed meanwhile: add it again"


def test_a_file_that_is_missing_in_the_storage_is_stored_again(shelf: Shelf) -> None:
    shelf.company()
    path = shelf.file("a.pdf")
    shelf.add("Acme plc", path)
    (stored,) = shelf.storage.list()
    shelf.storage.delete(stored)
    assert outcomes(shelf.add("Acme plc", path)) == ["already_there"]
    assert list(shelf.storage.list()) == [stored]


def test_a_file_that_is_damaged_in_the_storage_is_stored_again(shelf: Shelf) -> None:
    shelf.company()
    path = shelf.file("a.pdf")
    shelf.add("Acme plc", path)
    (stored,) = shelf.storage.list()
    with shelf.storage.local_copy(stored) as file:
        content = file.read_bytes()
        file.chmod(0o600)
        file.write_bytes(bytes(len(content)))
        assert outcomes(shelf.add("Acme plc", path)) == ["already_there"]
        assert file.read_bytes() == content


def test_a_file_without_a_document_is_adopted(shelf: Shelf) -> None:
    shelf.company()
    path = shelf.file("a.pdf")
    digest = digest_of(Path(path))
    shelf.storage.put(Path(path), digest)
    shelf.add("Acme plc", path)
    assert list(shelf.storage.list()) == [shelf.one("SELECT file_path FROM documents")]


def test_what_a_killed_process_left_in_the_storage_is_swept(shelf: Shelf) -> None:
    shelf.company()
    left = shelf.folder / "storage" / ".tmp" / "1-abandoned"
    left.parent.mkdir(parents=True)
    left.touch()
    shelf.add("Acme plc", shelf.file("a.pdf"))
    assert not left.exists()


def test_unreadable_files_are_named_and_the_others_are_kept(shelf: Shelf) -> None:
    shelf.company()
    bad, good = shelf.file("bad.pdf"), shelf.file("good.pdf")
    shelf.answer(bad, Answer.failed("encrypted", "The PDF is encrypted: save it without"))
    results = shelf.add("Acme plc", bad, "missing.pdf", good)
    assert outcomes(results) == ["unreadable", "unreadable", "added"]
    assert [each.code for each in results] == ["encrypted", "not_found", None]
    assert len(list(shelf.storage.list())) == 1


def test_what_is_no_filing_is_left_out_of_a_folder_and_refused_by_name(shelf: Shelf) -> None:
    shelf.company()
    shelf.file("reports/2023.pdf")
    odd = shelf.file("reports/odd.pdf")
    shelf.answer(odd, Answer.failed("not_a_report", "The file is odd"))
    (shelf.folder / "reports" / "notes.txt").write_text("notes")
    results = shelf.add("Acme plc", str(shelf.folder / "reports"))
    assert outcomes(results) == ["added", "left_out", "left_out"]
    assert outcomes(shelf.add("Acme plc", odd)) == ["unreadable"]


def test_a_file_that_changes_while_it_is_read_is_not_kept(shelf: Shelf) -> None:
    shelf.company()
    path = shelf.file("a.pdf")
    Path(path).write_bytes(b"%PDF-another")
    (kept,) = shelf.add("Acme plc", path)
    assert (kept.outcome, kept.code) == ("unreadable", "changed")
    assert shelf.one("SELECT count(*) FROM documents") == 0
    assert list(shelf.storage.list()) == []


def test_a_storage_that_fails_leaves_no_document(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.company()
    paths = shelf.file("a.pdf"), shelf.file("b.pdf", age=1)
    put = Storage.put
    stored: list[str] = []

    def fail_later(self: Storage, path: Path, sha256: str) -> str:
        if stored:
            raise StorageError("cannot use the storage of files: No space left on device")
        stored.append(sha256)
        return put(self, path, sha256)

    monkeypatch.setattr(Storage, "put", fail_later)
    with pytest.raises(StorageError, match="No space left"):
        shelf.add("Acme plc", *paths)
    assert shelf.one("SELECT sha256 FROM documents") == stored[0]
    monkeypatch.setattr(Storage, "put", put)
    assert outcomes(shelf.add("Acme plc", *paths)) == ["already_there", "added"]


def test_a_transaction_that_fails_leaves_no_file(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.company()
    path = shelf.file("a.pdf")

    def fail(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("the server is gone"))

    with monkeypatch.context() as patched:
        patched.setattr(module, "describe_kept", fail)  # after the file is stored
        with pytest.raises(OperationalError):
            shelf.add("Acme plc", path)
    assert list(shelf.storage.list()) == []
    assert shelf.one("SELECT count(*) FROM documents") == 0


def test_compiled_statements_have_no_digest_until_they_are_compiled_again(shelf: Shelf) -> None:
    shelf.company()
    shelf.add("Acme plc", shelf.file("a.pdf"))
    shelf.compile("Acme plc")
    shelf.add("Acme plc", str(shelf.folder / "a.pdf"))
    assert shelf.one("SELECT count(digest) FROM compiled_statements") == 3
    shelf.add("Acme plc", shelf.file("b.pdf", age=1))
    assert shelf.one("SELECT count(digest) FROM compiled_statements") == 0
    shelf.compile("Acme plc")
    assert shelf.one("SELECT count(digest) FROM compiled_statements") == 3


def test_doubtful_statements_are_compiled_only_when_they_are_accepted(shelf: Shelf) -> None:
    shelf.company()
    path = shelf.file("a.pdf", status="doubtful")
    shelf.add("Acme plc", path)
    assert shelf.one("SELECT count(*) FROM extractions WHERE doubtful_accepted") == 0
    (kept,) = shelf.add("Acme plc", path, accept_doubtful=True)
    assert (kept.outcome, kept.accepted) == ("already_there", True)
    assert shelf.one("SELECT count(*) FROM extractions WHERE doubtful_accepted") == 3
    shelf.add("Acme plc", path)
    assert shelf.one("SELECT count(*) FROM extractions WHERE doubtful_accepted") == 3
    shelf.add("Acme plc", shelf.file("b.pdf", age=1), accept_doubtful=True)
    assert shelf.one("SELECT count(*) FROM extractions WHERE doubtful_accepted") == 3


@pytest.mark.parametrize("order", [("a.pdf", "b.pdf", "c.htm"), ("b.pdf", "c.htm", "a.pdf")])
def test_an_amendment_supersedes_its_original_whatever_comes_first(
    shelf: Shelf, order: tuple[str, ...]
) -> None:
    shelf.company()
    shelf.file("a.pdf", form="10-K/A")
    shelf.file("b.pdf", form="10-K")
    shelf.file("c.htm", form="10-K", kind="ixbrl")
    shelf.file("d.pdf", form="10-K", age=1)
    for name in (*order, "d.pdf"):
        shelf.add("Acme plc", str(shelf.folder / name))
    links = shelf.rows(
        "SELECT a.file_name, b.file_name FROM documents a JOIN documents b "
        "ON a.supersedes_id = b.id"
    )
    assert [tuple(each) for each in links] == [("a.pdf", "b.pdf")]


def test_hostile_text_is_stored_without_what_postgresql_refuses(shelf: Shelf) -> None:
    shelf.company()
    statement = income()
    statement.rows[0].label = "Re\0venue \ud800"
    statement.title = "\0"
    path = shelf.file("e\x1b[31mvil\udcff.pdf", statements=[statement])
    (kept,) = shelf.add("Acme plc", path)
    assert kept.outcome == "added"
    assert shelf.one("SELECT file_name FROM documents") == "e\ufffd[31mvil\ufffd.pdf"
    assert (
        shelf.one("SELECT raw_data #>> '{rows,0,label}' FROM extractions") == "Re\ufffdvenue \ufffd"
    )
    assert shelf.one("SELECT raw_data ->> 'title' FROM extractions") == "\ufffd"


@pytest.mark.parametrize("year", [None, 1066, 20231])
def test_a_filing_without_a_plausible_fiscal_year_is_refused(
    shelf: Shelf, year: int | None
) -> None:
    shelf.company()
    statement = income()
    for each in statement.periods:
        each.fiscal_year, each.end, each.start = year, None, None
    paths = shelf.file("a.pdf", statements=[statement]), shelf.file("b.pdf")
    first, second = shelf.add("Acme plc", *paths)
    assert (first.outcome, first.code) == ("refused", "no_fiscal_year")
    assert second.outcome == "added"


def test_a_quarterly_report_is_refused(shelf: Shelf) -> None:
    shelf.company()
    (kept,) = shelf.add("Acme plc", shelf.file("a.htm", kind="ixbrl", form="10-Q/A"))
    assert (kept.outcome, kept.code) == ("refused", "not_annual")


def test_an_accession_without_end_is_refused(shelf: Shelf) -> None:
    shelf.company()
    statement = income()
    statement.source.accession = "0" * 101
    (kept,) = shelf.add("Acme plc", shelf.file("a.pdf", statements=[statement]))
    assert (kept.outcome, kept.code) == ("refused", "bad_accession")
    assert list(shelf.storage.list()) == []


def test_of_two_statements_of_a_kind_that_of_the_group_is_kept(shelf: Shelf) -> None:
    shelf.company()
    parent, group = income(scope="parent"), income()
    (kept,) = shelf.add("Acme plc", shelf.file("a.pdf", statements=[parent, group]))
    assert kept.notes == ("income statement: only one of several is kept",)
    assert shelf.one("SELECT raw_data ->> 'scope' FROM extractions") == "consolidated"


def test_an_unknown_company_is_an_error_before_anything_is_read(shelf: Shelf) -> None:
    with pytest.raises(NotFoundError, match="no company 'Acme plc'"):
        shelf.add("Acme plc", shelf.file("a.pdf"))
    assert shelf.read == []


def test_a_folder_of_xbrl_is_kept_as_one_zip_that_is_always_the_same(shelf: Shelf) -> None:
    shelf.company()
    folder = shelf.folder / "filing"
    folder.mkdir()
    (folder / "acme.xsd").write_text("<schema/>")
    (folder / "acme.xml").write_text("<xbrl/>")
    packed = []
    for _ in range(2):
        target = shelf.folder / "packed.zip"
        pack(folder, target)
        packed.append(target.read_bytes())
        (folder / "acme.xml").touch()
        (folder / "acme.xml").chmod(stat.S_IRUSR)
    assert packed[0] == packed[1]


def test_refused_files_do_not_make_a_company(shelf: Shelf) -> None:
    path = shelf.file("a.pdf", company="Other plc")
    with pytest.raises(RefusedError, match="of Other plc, not of Acme Insurance"):
        shelf.add("Acme Insurance", path, create=True)
    assert shelf.one("SELECT count(*) FROM companies") == 6
