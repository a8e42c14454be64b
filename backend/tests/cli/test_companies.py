"""`fde companies` and `fde documents`: tables, JSON, and text from a hostile file."""

import json

import pytest
from sqlalchemy import Engine

from app.cli import main
from app.cli.exit_codes import Exit
from app.pipeline.wording import year_ranges

pytestmark = pytest.mark.usefixtures("fresh_engine", "on_migrated")
DIGEST = "ab" * 32


@pytest.fixture
def with_report(migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO documents (company_id, url, fiscal_year, document_type, form, filed_on,"
            " file_name, sha256) SELECT id, 'x', 2023, 'annual_report', '20-F', '2024-02-29',"
            f" E'a\\x1b[2Jb\\u202e.pdf', '{DIGEST}' FROM companies WHERE name = 'SAP SE'"
        )
        connection.exec_driver_sql(
            "INSERT INTO extractions (document_id, statement_type, raw_data, method, status,"
            " reader) SELECT id, 'income_statement', '{}', 'pdf', 'doubtful', 'r/1' FROM documents"
        )


def test_companies_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["companies"]) == Exit.OK
    done = capsys.readouterr()
    assert done.out.splitlines()[0].split() == ["ID", "Company", "Ticker"]
    assert "AstraZeneca PLC" in done.out
    assert done.err == "No company has documents yet: fde add COMPANY FILE…\n"


@pytest.mark.usefixtures("with_report")
def test_companies_as_json_have_what_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["companies", "--json"]) == Exit.OK
    companies = json.loads(capsys.readouterr().out)["companies"]
    sap = next(each for each in companies if each["name"] == "SAP SE")
    assert (sap["documents"], sap["statements"], sap["years"]) == (1, {"doubtful": 1}, [])


@pytest.mark.usefixtures("with_report")
@pytest.mark.parametrize("width", ["40", "200"])
def test_documents_show_each_statement_and_no_control_characters(
    width: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    assert main.run(["documents", "sap"]) == Exit.OK
    output = capsys.readouterr().out
    for shown in ("20-F", "2023", "2024-02-29", "pdf", "doubtful", "none", "b.pdf", DIGEST[:12]):
        assert shown in output
    assert "\x1b" not in output
    assert "\u202e" not in output
    assert DIGEST not in output


@pytest.mark.usefixtures("with_report")
def test_documents_as_json_are_whole_and_safe(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["documents", "SAP:NYSE", "--json"]) == Exit.OK
    output = capsys.readouterr().out
    assert "\u202e" not in output
    listed = json.loads(output)
    assert listed["company"]["name"] == "SAP SE"
    (document,) = listed["documents"]
    assert (document["sha256"], document["filed_on"]) == (DIGEST, "2024-02-29")
    assert document["statements"] == {"income_statement": {"doubtful": 1}}
    assert document["file_name"] == "a\x1b[2Jb\u202e.pdf"


def test_a_company_without_documents_says_the_next_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.run(["documents", "AZN"]) == Exit.OK
    done = capsys.readouterr()
    assert done.out == ""
    assert done.err == "AstraZeneca PLC has no documents yet: fde add COMPANY FILE…\n"


def test_an_unknown_company_is_a_wrong_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["documents", "Nope"]) == Exit.USAGE
    assert capsys.readouterr().err.startswith("fde: there is no company 'Nope'")


def test_years_are_shown_as_ranges() -> None:
    assert year_ranges(()) == ""
    assert year_ranges((2015, 2016, 2017, 2019, 2021, 2022)) == "2015-2017, 2019, 2021-2022"
    assert year_ranges((2015, 2016), to=" to ") == "2015 to 2016"
