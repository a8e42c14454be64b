"""A document goes with all that was read in it, and its file with the last document that has it."""

from datetime import date

import pytest

from app.services.errors import NotFoundError, RefusedError
from app.services.removing import plan_removal, remove
from app.storage import Storage, StorageError
from tests.helpers.shelf import Shelf


def test_it_says_what_goes_and_removes_it(shelf: Shelf) -> None:
    company = shelf.company()
    first, second = shelf.add("Acme plc", shelf.file("a.pdf"), shelf.file("b.pdf", age=1))
    shelf.compile("Acme plc")
    digest = shelf.one("SELECT sha256 FROM documents WHERE id = :id", id=first.document)
    shelf.correct(company, digest)
    planned = plan_removal(shelf.sessions, str(first.document))
    assert (planned.file_name, planned.fiscal_year, planned.company) == ("a.pdf", 2023, company)
    assert (planned.extractions, planned.corrections, planned.years) == (3, 1, (2023,))
    removed = remove(shelf.sessions, shelf.storage, planned)
    assert removed.is_file_deleted
    assert shelf.one("SELECT id FROM documents") == second.document
    assert shelf.one("SELECT count(*) FROM extractions") == 3
    assert shelf.one("SELECT count(*) FROM corrections") == 0
    assert shelf.one("SELECT file_path FROM documents") == next(shelf.storage.list())
    years = "SELECT DISTINCT jsonb_path_query(data, '$.periods[*].fiscal_year') FROM "
    assert {each[0] for each in shelf.rows(f"{years} compiled_statements")} == {2022, 2021}


def test_the_last_document_takes_the_compiled_statements_with_it(shelf: Shelf) -> None:
    shelf.company()
    (kept,) = shelf.add("Acme plc", shelf.file("a.pdf"))
    shelf.compile("Acme plc")
    remove(shelf.sessions, shelf.storage, plan_removal(shelf.sessions, str(kept.document)))
    assert shelf.one("SELECT count(*) FROM compiled_statements") == 0
    assert list(shelf.storage.list()) == []


def test_a_file_that_another_document_has_stays(shelf: Shelf) -> None:
    shelf.company()
    shelf.company("Zenith AG")
    path = shelf.file("a.pdf")
    (first,) = shelf.add("Acme plc", path)
    (second,) = shelf.add("Zenith AG", path, trusted=True)
    planned = plan_removal(shelf.sessions, str(first.document))
    assert planned.others == 1
    assert not remove(shelf.sessions, shelf.storage, planned).is_file_deleted
    assert len(list(shelf.storage.list())) == 1
    planned = plan_removal(shelf.sessions, str(second.document))
    assert remove(shelf.sessions, shelf.storage, planned).is_file_deleted


def test_an_amendment_stays_and_supersedes_the_next_original(shelf: Shelf) -> None:
    shelf.company()
    paths = [
        shelf.file("a.pdf", form="10-K"),
        shelf.file("b.pdf", form="10-K", filed=date(2024, 2, 1)),
        shelf.file("c.pdf", form="10-K/A"),
    ]
    first, second, amendment = shelf.add("Acme plc", *paths)
    query = "SELECT supersedes_id FROM documents WHERE id = :id"
    assert shelf.one(query, id=amendment.document) == second.document  # it was filed first
    planned = plan_removal(shelf.sessions, str(second.document))
    assert planned.amended_by == (amendment.document,)
    remove(shelf.sessions, shelf.storage, planned)
    assert shelf.one(query, id=amendment.document) == first.document


def test_nothing_is_removed_if_more_goes_with_it_than_was_said(shelf: Shelf) -> None:
    company = shelf.company()
    (kept,) = shelf.add("Acme plc", shelf.file("a.pdf"))
    planned = plan_removal(shelf.sessions, str(kept.document))
    shelf.correct(company, planned.sha256 or "")
    with pytest.raises(RefusedError, match="look at it again"):
        remove(shelf.sessions, shelf.storage, planned)
    assert shelf.one("SELECT count(*) FROM documents") == 1
    planned = plan_removal(shelf.sessions, str(kept.document))
    remove(shelf.sessions, shelf.storage, planned)
    with pytest.raises(NotFoundError, match="removed meanwhile"):
        remove(shelf.sessions, shelf.storage, planned)


def test_a_file_that_cannot_be_deleted_is_said(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.company()
    (kept,) = shelf.add("Acme plc", shelf.file("a.pdf"))

    def fail(*_: object) -> None:
        raise StorageError("cannot use the storage of files: read-only")

    monkeypatch.setattr(Storage, "delete", fail)
    planned = plan_removal(shelf.sessions, str(kept.document))
    removed = remove(shelf.sessions, shelf.storage, planned)
    assert removed.problem == "cannot use the storage of files: read-only"
    assert shelf.one("SELECT count(*) FROM documents") == 0


def test_a_document_is_found_by_id_and_by_the_beginning_of_its_digest(shelf: Shelf) -> None:
    shelf.company()
    (kept,) = shelf.add("Acme plc", shelf.file("a.pdf"))
    digest = shelf.one("SELECT sha256 FROM documents")
    for reference in (str(kept.document), digest, digest[:8].upper(), f"sha256:{digest[:8]}"):
        assert plan_removal(shelf.sessions, reference).document == kept.document


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("987654", "there is no document '987654'"),
        ("abc", "'abc' is no document: give its id"),
        ("", "'' is no document"),
        ("9" * 30, "is no document|there is no document"),
        ("x\0", "is no document"),
    ],
)
def test_an_unknown_document_is_one_line(shelf: Shelf, reference: str, message: str) -> None:
    with pytest.raises(NotFoundError, match=message):
        plan_removal(shelf.sessions, reference)


def test_two_documents_of_one_beginning_are_named(shelf: Shelf) -> None:
    shelf.company()
    shelf.company("Zenith AG")
    path = shelf.file("a.pdf")
    shelf.add("Acme plc", path)
    shelf.add("Zenith AG", path, trusted=True)
    digest = shelf.one("SELECT DISTINCT sha256 FROM documents")
    with pytest.raises(NotFoundError, match=r"means 2 documents: \d+ a.pdf; \d+ a.pdf"):
        plan_removal(shelf.sessions, digest[:10])
