"""A filing of another company is noticed, and one of a renamed company is not refused."""

import pytest

from app.pipeline.statement import Statement
from app.services.adding import Adding, Options
from app.services.errors import NotFoundError, RefusedError
from tests.helpers.accounts import a_year_earlier, group
from tests.helpers.shelf import Shelf

LEI, OTHER_LEI = "5493006W3QUS5LMH6R84", "213800H2PQMIF3OVZY47"


def other_figures() -> list[Statement]:
    """Return statements for the same years with other figures."""
    statements = group()
    for statement in statements:
        for _, _, cell in statement.cells():
            cell.v = cell.v and cell.v * 7 + 1
    return statements


def test_a_filing_of_another_company_is_refused_by_name(shelf: Shelf) -> None:
    shelf.company()
    (kept,) = shelf.add("Acme plc", shelf.file("a.pdf", company="Umbrella Corp."))
    assert (kept.outcome, kept.code) == ("refused", "other_company")
    assert kept.message == (
        "it is of Umbrella Corp., not of Acme plc; --same-company adds it nevertheless"
    )
    (kept,) = shelf.add("Acme plc", str(shelf.folder / "a.pdf"), trusted=True)
    assert kept.outcome == "added"


@pytest.mark.parametrize(
    ("known", "said"),
    [({"cik": "0000000007"}, {"cik": "8"}), ({"lei": LEI}, {"lei": OTHER_LEI})],
)
def test_a_filing_of_another_company_is_refused_by_its_identifier(
    shelf: Shelf, known: dict[str, str], said: dict[str, str]
) -> None:
    shelf.company(**known)
    (kept,) = shelf.add("Acme plc", shelf.file("a.htm", kind="ixbrl", identifiers=said))
    assert kept.outcome == "refused"
    assert "not of Acme plc (" in (kept.message or "")


def test_equal_identifiers_beat_another_name(shelf: Shelf) -> None:
    shelf.company(cik="0000000007")
    path = shelf.file("a.htm", kind="ixbrl", company="Zenith AG", identifiers={"cik": "7"})
    assert shelf.add("Acme plc", path)[0].outcome == "added"


def test_equal_figures_of_shared_years_beat_another_name(shelf: Shelf) -> None:
    shelf.company()
    paths = shelf.file("a.pdf"), shelf.file("b.pdf", age=1, company="Zenith AG")
    assert [each.outcome for each in shelf.add("Acme plc", *paths)] == ["added", "added"]


def test_other_figures_of_shared_years_are_refused_though_the_name_is_equal(shelf: Shelf) -> None:
    shelf.company()
    paths = shelf.file("a.pdf"), shelf.file("b.pdf", statements=other_figures())
    _, kept = shelf.add("Acme plc", *paths)
    assert kept.outcome == "refused"
    assert "its figures are not those of Acme plc" in (kept.message or "")
    assert "(to 2023-12-31)" in (kept.message or "")


@pytest.mark.parametrize(
    "changes", [{"currency": "EUR"}, {"framework": "us-gaap"}, {"scope": "parent"}]
)
def test_figures_of_another_currency_framework_or_scope_are_not_compared(
    shelf: Shelf, changes: dict[str, str]
) -> None:
    shelf.company()
    statements = [each.model_copy(update=changes) for each in other_figures()]
    paths = shelf.file("a.pdf"), shelf.file("b.pdf", statements=statements)
    assert [each.outcome for each in shelf.add("Acme plc", *paths)] == ["added", "added"]


def test_figures_in_another_scale_are_compared_after_rounding(shelf: Shelf) -> None:
    shelf.company()
    finer = group()
    for statement in finer:
        statement.scale = 3
        for row, _, cell in statement.cells():
            if row.kind in {"line", "total"} and cell.v is not None:
                cell.v = cell.v * 1000 + 123
    paths = shelf.file("a.pdf"), shelf.file("b.pdf", company="Zenith AG", statements=finer)
    assert [each.outcome for each in shelf.add("Acme plc", *paths)] == ["added", "added"]


def test_a_filing_that_does_not_say_its_company_is_kept_and_said_so(shelf: Shelf) -> None:
    shelf.company()
    (kept,) = shelf.add("Acme plc", shelf.file("a.pdf", company=None))
    assert kept.outcome == "added"
    assert kept.notes == ("it does not say its company, and shares no year with another filing",)
    (kept,) = shelf.add("Acme plc", shelf.file("b.pdf", age=1, company=None))
    assert (kept.outcome, kept.notes) == ("added", ())


def test_a_document_of_another_company_is_refused(shelf: Shelf) -> None:
    shelf.company()
    other = shelf.company("Acme Limited")
    path = shelf.file("a.pdf")
    shelf.add("Acme plc", path)
    (kept,) = shelf.add("Acme Limited", path)
    assert kept.outcome == "refused"
    assert "it is a document of Acme plc (id:" in (kept.message or "")
    assert shelf.add("Acme Limited", path, trusted=True)[0].outcome == "added"
    assert shelf.one("SELECT count(*) FROM documents WHERE company_id = :id", id=other) == 1
    assert len(list(shelf.storage.list())) == 1


def test_an_identifier_of_another_known_company_is_refused(shelf: Shelf) -> None:
    shelf.company(cik=None)
    shelf.company("Zenith AG", cik="0000000007")
    (kept,) = shelf.add("Acme plc", shelf.file("a.htm", kind="ixbrl", identifiers={"cik": "7"}))
    assert "it is of Zenith AG (CIK 0000000007), not of Acme plc" in (kept.message or "")


def test_an_identifier_of_another_known_company_is_not_taken_from_it(shelf: Shelf) -> None:
    shelf.company()
    shelf.company("Zenith AG", cik="0000000007")
    path = shelf.file("a.htm", kind="ixbrl", identifiers={"cik": "7"})
    assert shelf.add("Acme plc", path, trusted=True)[0].outcome == "added"
    assert shelf.one("SELECT cik FROM companies WHERE name = 'Acme plc'") is None


def test_an_identifier_printed_in_a_pdf_is_weaker_than_its_name(shelf: Shelf) -> None:
    shelf.company(lei=LEI)
    assert (
        shelf.add("Acme plc", shelf.file("a.pdf", identifiers={"lei": OTHER_LEI}))[0].outcome
        == "added"
    )
    assert shelf.one("SELECT lei FROM companies WHERE name = 'Acme plc'") == LEI


def test_what_the_company_lacks_is_filled_in_from_its_filings(shelf: Shelf) -> None:
    company = shelf.company()
    shelf.add(
        "Acme plc",
        shelf.file("a.htm", kind="ixbrl", identifiers={"cik": "7", "lei": LEI, "ticker": "acm"}),
    )
    columns = "cik, lei, primary_ticker, fiscal_year_end"
    (row,) = shelf.rows(f"SELECT {columns} FROM companies WHERE id = :id", id=company)
    assert tuple(row) == ("0000000007", LEI, "ACM", "12-31")


@pytest.mark.parametrize("said", [{"cik": "x"}, {"lei": "short"}, {"ticker": "a\0b" * 20}])
def test_invalid_identifiers_are_ignored(shelf: Shelf, said: dict[str, str]) -> None:
    shelf.company()
    assert (
        shelf.add("Acme plc", shelf.file("a.htm", kind="ixbrl", identifiers=said))[0].outcome
        == "added"
    )
    assert shelf.one("SELECT count(*) FROM companies WHERE cik || lei || primary_ticker <> ''") == 0


def made(shelf: Shelf) -> tuple[object, ...]:
    (row,) = shelf.rows(
        "SELECT name, primary_ticker, tickers, cik, lei, fiscal_year_end FROM companies "
        "WHERE created_at >= '2026-11-24'"
    )
    return tuple(row)


@pytest.mark.parametrize(
    ("reference", "ticker", "listings"),
    [
        ("ACM", "ACM", []),
        ("acm", "ACM", []),  # as the filing says
        ("Acme", "ACM", []),
        ("acme PLC", "ACM", []),
        ("ACM:LSE", "ACM", [{"ticker": "ACM", "exchange": "LSE"}]),
        ("ACM.B", "ACM.B", []),  # another class of its shares
        ("cik:7", "ACM", []),
        (f"lei:{LEI}", "ACM", []),
    ],
)
def test_a_company_is_made_of_what_its_filing_says(
    shelf: Shelf, reference: str, ticker: str, listings: list[dict[str, str]]
) -> None:
    path = shelf.file("a.htm", kind="ixbrl", identifiers={"cik": "7", "lei": LEI, "ticker": "ACM"})
    for outcome in ("added", "already_there"):
        assert shelf.add(reference, path, create=True)[0].outcome == outcome
    assert made(shelf) == ("Acme plc", ticker, listings, "0000000007", LEI, "12-31")


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("MSFT", r"of Acme plc \(CIK 0000000007, .*\), ACM, not of MSFT"),
        ("Microsoft", "not of Microsoft: a new ticker is written in capitals"),
        ("cik:8", "not of cik:8"),
        (f"lei:{OTHER_LEI}", "not of lei:"),
    ],
)
def test_no_company_is_made_of_the_filing_of_another(
    shelf: Shelf, reference: str, reason: str
) -> None:
    path = shelf.file("a.htm", kind="ixbrl", identifiers={"cik": "7", "lei": LEI, "ticker": "ACM"})
    with pytest.raises(RefusedError, match=reason):
        shelf.add(reference, path, create=True)
    assert shelf.one("SELECT count(*) FROM companies") == 6
    assert list(shelf.storage.list()) == []


def test_a_new_company_waits_for_the_filing_that_names_it(shelf: Shelf) -> None:
    paths = shelf.file("a.pdf", company=None), shelf.file("b.pdf", age=1)
    assert [each.outcome for each in shelf.add("ACM", *paths, create=True)] == ["added", "added"]
    assert made(shelf)[:2] == ("Acme plc", "ACM")


def test_a_company_that_no_filing_names_has_the_name_that_was_given(shelf: Shelf) -> None:
    shelf.add("Umbrella & Söhne", shelf.file("a.pdf", company=None), create=True)
    assert made(shelf)[:2] == ("Umbrella & Söhne", None)


@pytest.mark.parametrize("reference", ["id:7000", "cik:x"])
def test_no_company_is_made_of_an_id_or_a_wrong_number(shelf: Shelf, reference: str) -> None:
    with pytest.raises(NotFoundError):
        shelf.add(reference, shelf.file("a.pdf"), create=True)


def test_no_company_is_made_of_a_number_alone(shelf: Shelf) -> None:
    with pytest.raises(RefusedError, match="no file names its company"):
        shelf.add("cik:7", shelf.file("a.pdf", company=None), create=True)


def test_a_company_that_is_known_by_another_name_is_not_made_again(shelf: Shelf) -> None:
    shelf.company("Acme Holdings", cik="0000000007")
    path = shelf.file("a.htm", kind="ixbrl", identifiers={"cik": "7", "ticker": "ACM"})
    shelf.add("ACM", path, create=True)
    assert shelf.one("SELECT primary_ticker FROM companies WHERE name = 'Acme Holdings'") == "ACM"
    assert shelf.one("SELECT count(*) FROM companies") == 7


def test_the_end_of_the_fiscal_year_is_that_of_the_newest_filing_unless_a_person_set_it(
    shelf: Shelf,
) -> None:
    company = shelf.company()
    later = a_year_earlier(group())
    for statement in later:
        for each in statement.periods:
            each.end = each.end and each.end.replace(month=6, day=30)
    query = "SELECT fiscal_year_end FROM companies WHERE id = :id"
    shelf.add("Acme plc", shelf.file("a.pdf", statements=later))
    assert shelf.one(query, id=company) == "06-30"
    shelf.add("Acme plc", shelf.file("b.pdf"))
    assert shelf.one(query, id=company) == "12-31"
    second = shelf.company("Zenith AG", fiscal_year_end="03-31")
    shelf.add("Zenith AG", shelf.file("c.pdf", company="Zenith AG"))
    assert shelf.one(query, id=second) == "03-31"


def test_the_files_that_are_going_to_be_read_are_told(shelf: Shelf) -> None:
    shelf.company()
    told: list[object] = []
    use = Adding(shelf.sessions, shelf.storage, "Acme plc", Options())
    paths = [shelf.file("a.pdf"), shelf.file("b.pdf", age=1)]

    def watch(names: object) -> object:
        told.append(names)
        return told.append

    list(use.run(paths, watch))  # type: ignore[arg-type]
    assert told == [paths, 0, 1]
