"""A company's rows of compiled statements: written where they change, and only there."""

from typing import Any

import pytest

from app.db.models import Company
from app.pipeline.compiled import Compiled, as_bytes, digest_of
from app.pipeline.read.versions import READERS
from app.services.checking import check_company
from app.services.compiling import compile_changes, compile_company, load_readings
from tests.helpers.shelf import Shelf


def effects(shelf: Shelf, company: int) -> list[str]:
    with shelf.sessions.begin() as session:
        return [each.effect for each in compile_changes(session, company)]


def needs(shelf: Shelf, company: int) -> dict[str, Any]:
    with shelf.sessions.begin() as session:
        found = session.get(Company, company)
        assert found
        return check_company(session, found).as_json()


@pytest.fixture
def company(shelf: Shelf) -> int:
    made = shelf.company()
    shelf.add("Acme plc", shelf.file("new.pdf"), shelf.file("old.pdf", age=1))
    return made


def test_three_statements_are_compiled_once(shelf: Shelf, company: int) -> None:
    assert effects(shelf, company) == ["new"] * 3
    written = shelf.rows("SELECT id, xmin::text, updated_at FROM compiled_statements ORDER BY id")
    assert effects(shelf, company) == ["same"] * 3
    assert written == shelf.rows(
        "SELECT id, xmin::text, updated_at FROM compiled_statements ORDER BY id"
    )


def test_what_is_kept_has_its_digest(shelf: Shelf, company: int) -> None:
    with shelf.sessions.begin() as session:
        assert len(compile_company(session, company)) == 3
    for row in shelf.rows("SELECT data, digest FROM compiled_statements"):
        assert digest_of(row.data) == row.digest
        again = Compiled.model_validate(row.data).as_json()
        assert as_bytes(again) == as_bytes(row.data)
    (years,) = {
        tuple(each["key"] for each in row.data["periods"])
        for row in shelf.rows("SELECT data FROM compiled_statements")
    }
    assert years == ("2023", "2022", "2021")


def test_a_row_marked_as_stale_is_compiled_again(shelf: Shelf, company: int) -> None:
    effects(shelf, company)
    with shelf.sessions.begin() as session:
        session.connection().exec_driver_sql("UPDATE compiled_statements SET digest = NULL")
    assert [each["is_stale"] for each in needs(shelf, company)["statements"]] == [True] * 3
    assert effects(shelf, company) == ["changed"] * 3
    assert [each["is_stale"] for each in needs(shelf, company)["statements"]] == [False] * 3


def test_without_readings_nothing_is_kept(shelf: Shelf, company: int) -> None:
    effects(shelf, company)
    with shelf.sessions.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM documents")
    assert effects(shelf, company) == ["removed"] * 3
    assert shelf.one("SELECT count(*) FROM compiled_statements") == 0
    assert effects(shelf, company) == ["absent"] * 3


def test_the_newest_reading_of_a_filing_counts(shelf: Shelf, company: int) -> None:
    with shelf.sessions.begin() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO extractions"
            " (document_id, statement_type, raw_data, method, reader, status)"
            " SELECT document_id, statement_type, jsonb_set(raw_data, '{title}', '\"Again\"'),"
            " method, 'newer/2', status FROM extractions"
        )
    with shelf.sessions.begin() as session:
        readings = load_readings(session, company)
    assert {each.statement.title for of in readings.of.values() for each in of} == {"Again"}
    assert [len(of) for of in readings.of.values()] == [2, 2, 2]


def test_a_reading_of_another_form_is_named_and_not_compiled(shelf: Shelf, company: int) -> None:
    with shelf.sessions.begin() as session:
        session.connection().exec_driver_sql(
            'UPDATE extractions SET raw_data = \'{"schema": "statement/0"}\' WHERE id ='
            " (SELECT min(id) FROM extractions)"
        )
    effects(shelf, company)
    assert needs(shelf, company)["unusable"] == ["new.pdf"]
    assert not needs(shelf, company)["ok"]


def test_a_statement_that_the_newest_reader_does_not_find_any_more_is_said(
    shelf: Shelf, company: int
) -> None:
    effects(shelf, company)
    with shelf.sessions.begin() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO extractions"
            " (document_id, statement_type, raw_data, method, reader, status)"
            " SELECT e.document_id, e.statement_type,"
            " jsonb_set(e.raw_data, '{source,reader}', '\"newer/2\"'), e.method, 'newer/2',"
            " e.status"
            " FROM extractions e JOIN documents d ON d.id = e.document_id"
            " WHERE d.file_name = 'old.pdf' AND e.statement_type <> 'cash_flow_statement'"
        )
    effects(shelf, company)
    found = needs(shelf, company)
    assert not found["ok"]
    reader = READERS["pdf"]
    assert [each["issues"] for each in found["statements"]] == [
        *([], []),
        [
            (
                "not_found_by_present_reader",
                f"old.pdf: newer/2 does not find it any more; what {reader} read is in use",
            )
        ],
    ]


def test_another_company_has_other_rows(shelf: Shelf, company: int) -> None:
    other = shelf.company("Other plc")
    effects(shelf, company)
    assert effects(shelf, other) == ["absent"] * 3


def test_check_finds_nothing_where_all_is_well(shelf: Shelf, company: int) -> None:
    effects(shelf, company)
    found = needs(shelf, company)
    income = found["statements"][0]
    assert (income["is_compiled"], income["is_stale"], income["missing_years"]) == (True, False, [])
    assert income["years"] == ["FY2023", "FY2022", "FY2021"]
