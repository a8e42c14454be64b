"""Which pages hold the primary statements of the group."""

from collections.abc import Callable

import pytest

from app.pipeline.errors import ReadError
from app.pipeline.read.pdf import explain_pages, read_pdf
from tests.pipeline.read.pdf.drawn import Row, balance, draw, flows, income

UNIT: tuple[str, str, str] = ("", "\u00a3'000", "\u00a3'000")
YEARS: tuple[str, str, str] = ("", "2022", "2021")
DATE = "for the year ended 31 December 2022"


def statements(prefix: str = "Consolidated ") -> list[list[Row]]:
    return [
        income(f"{prefix}income statement", DATE, YEARS, UNIT),
        balance(f"{prefix}balance sheet", "at 31 December 2022", YEARS, UNIT),
        flows(f"{prefix}cash flow statement", DATE, YEARS, UNIT),
    ]


def pages_of(data: bytes) -> dict[str, list[int]]:
    return {each.statement: each.source.pages for each in read_pdf(data).statements}


def expected(first: int) -> dict[str, list[int]]:
    names = ("income_statement", "balance_sheet", "cash_flow_statement")
    return {name: [first + offset] for offset, name in enumerate(names)}


def contents() -> list[Row]:
    return [
        "Contents",
        *(f"{name} ................ {page}" for name, page in (
            ("Consolidated income statement", 2), ("Consolidated balance sheet", 3),
            ("Consolidated cash flow statement", 4))),
    ]  # fmt: skip


def summary() -> list[Row]:
    rows = [row for row in income() if isinstance(row, tuple)]
    return ["Five-year summary", YEARS, UNIT, *rows, "Consolidated balance sheet:",
            ("Total assets", "1,500", "1,410"), ("Total equity", "785", "660")]  # fmt: skip


def joint_venture() -> list[Row]:
    return balance(
        "Notes to the consolidated financial statements",
        "14 Investments in joint ventures",
        "The balance sheet of the joint venture is set out below.",
        "Balance sheet of the joint venture",
        YEARS,
        UNIT,
    )


@pytest.mark.parametrize("decoy", [contents, summary, joint_venture])
@pytest.mark.parametrize("place", ["before", "after"])
def test_pages_that_look_like_statements_are_not_taken(
    decoy: Callable[[], list[Row]], place: str
) -> None:
    group = statements()
    before = place == "before"
    data = draw(*([decoy(), *group] if before else [*group, decoy()]))
    assert pages_of(data) == expected(2 if before else 1)


@pytest.mark.parametrize("parent_first", [True, False])
def test_the_statements_of_the_group_are_preferred_to_the_parents(parent_first: bool) -> None:
    group, parent = statements(), statements("Company ")
    data = draw(*(parent + group if parent_first else group + parent))
    assert pages_of(data) == expected(4 if parent_first else 1)
    assert {each.scope for each in read_pdf(data).statements} == {"consolidated"}


def test_the_groups_statements_are_taken_even_if_only_the_parents_add_up() -> None:
    torn = [
        [(row[0], f"{index},137", row[2]) if isinstance(row, tuple) and len(row) == 3 and row[0]
         else row for index, row in enumerate(page, 1)]
        for page in statements()
    ]  # fmt: skip
    assert pages_of(draw(*statements("Company "), *torn)) == expected(4)


def test_the_parents_statements_are_taken_as_such_where_there_are_no_others() -> None:
    found = read_pdf(draw(*statements("Company "))).statements
    assert {each.scope for each in found} == {"parent"}


def test_a_balance_sheet_goes_on_at_the_next_page() -> None:
    whole = balance("Consolidated balance sheet", "at 31 December 2022", YEARS, UNIT)
    cut = whole.index("Equity")
    head: list[Row] = ["Consolidated balance sheet (continued)", YEARS, UNIT]
    first, _, last = statements()
    found = pages_of(draw(first, whole[:cut], [*head, *whole[cut:]], last))
    assert found["balance_sheet"] == [2, 3]
    assert found["cash_flow_statement"] == [4]


def test_a_balance_sheet_whose_second_page_has_no_title_goes_on() -> None:
    whole = balance("Consolidated balance sheet", "at 31 December 2022", YEARS, UNIT)
    cut = whole.index("Equity")
    assert pages_of(draw(whole[:cut], [YEARS, UNIT, *whole[cut:]]))["balance_sheet"] == [1, 2]


def test_a_balance_sheet_goes_on_under_the_same_title_until_it_balances() -> None:
    head: list[Row] = ["Consolidated balance sheet", "at 31 December 2022", YEARS, UNIT]
    whole = balance(*head)
    cut = whole.index("Liabilities")
    found = pages_of(draw(whole[:cut], [*head, *whole[cut:]]))
    assert found["balance_sheet"] == [1, 2]


def test_two_statements_on_one_page_are_parted_at_their_titles() -> None:
    first, second, last = statements()
    found = {
        each.statement: each for each in read_pdf(draw([*first, "", *second], last)).statements
    }
    assert found["income_statement"].source.pages == [1]
    assert found["balance_sheet"].source.pages == [1]
    assert found["income_statement"].rows[-1].label == "Basic earnings per share"
    assert found["balance_sheet"].rows[0].label == "Non-current assets"


def test_comprehensive_income_after_the_income_statement_is_not_part_of_it() -> None:
    first, second, last = statements()
    other: list[Row] = [
        "Consolidated statement of comprehensive income", DATE, YEARS, UNIT,
        ("Profit for the year", "205", "185"),
        ("Exchange differences on translation", "(12)", "7"),
        ("Cash flow hedges", "3", "(2)"),
        ("Other comprehensive income", "(9)", "5"),
        ("Total comprehensive income for the year", "196", "190"),
    ]  # fmt: skip
    for pages in ([[*first, "", *other], second, last], [first, other, second, last]):
        found = read_pdf(draw(*pages)).statements[0]
        assert (found.statement, found.source.pages) == ("income_statement", [1])
        assert found.rows[-1].label == "Basic earnings per share"


def test_a_statement_of_comprehensive_income_from_revenue_on_is_an_income_statement() -> None:
    page = income("Consolidated statement of comprehensive income", DATE, YEARS, UNIT)
    found = read_pdf(draw(page, *statements()[1:]))
    assert found.statements[0].statement == "income_statement"


def test_comprehensive_income_from_the_profit_on_is_no_income_statement() -> None:
    other: list[Row] = [
        "Consolidated statement of comprehensive income", DATE, YEARS, UNIT,
        ("Profit for the year", "205", "185"),
        ("Revenue hedges, net of income tax", "(12)", "7"),
        ("Cash flow hedges", "3", "(2)"),
        ("Other comprehensive income", "(9)", "5"),
        ("Total comprehensive income for the year", "196", "190"),
        ("Comprehensive income per share", "1.96", "1.90"),
    ]  # fmt: skip
    assert "income_statement" not in pages_of(draw(other, *statements()[1:]))


def test_a_page_for_which_little_speaks_is_not_taken() -> None:
    years: Row = ("", "2022", "2021", "2020", "2019", "2018")
    rows: list[Row] = [
        (label, *(f"{number},{index}17" for number in range(3, 8)))
        for index, label in enumerate(("Revenue", "Income tax", "Profit", "Sales", "Debt", "Staff"))
    ]
    page = ["Five-year summary", years, *rows]
    assert pages_of(draw(page, edges=(300, 360, 420, 480, 540))) == {}


def test_a_statement_that_is_not_there_is_said() -> None:
    filing = read_pdf(draw(*statements()[:2]))
    assert [each.code for each in filing.issues] == ["statement_not_found"]


def test_pages_without_text_are_counted_where_a_statement_is_not_found() -> None:
    filing = read_pdf(draw(*statements()[:2], []))
    assert "pages_without_text" in {each.code for each in filing.issues}


def test_each_candidate_page_is_explained() -> None:
    found = explain_pages(draw(*statements(), joint_venture()))
    taken = {each.page for each in found if each.taken}
    refused = [each for each in found if not each.taken and each.page == 4]
    assert taken == {1, 2, 3}
    assert refused
    assert all(each.reasons for each in found)


def test_a_pdf_without_text_is_said_to_be_scanned() -> None:
    with pytest.raises(ReadError, match="OCR") as caught:
        read_pdf(draw([]))
    assert caught.value.code == "no_text"


def test_an_encrypted_pdf_is_said_to_be_encrypted() -> None:
    with pytest.raises(ReadError, match="password") as caught:
        read_pdf(draw(*statements(), password="secret"))
    assert caught.value.code == "encrypted"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"no pdf at all"])
def test_a_damaged_pdf_is_said_to_be_damaged(data: bytes) -> None:
    with pytest.raises(ReadError) as caught:
        read_pdf(data)
    assert caught.value.code == "damaged_pdf"


def test_a_language_that_is_not_read_is_named() -> None:
    text = "Los estados financieros de la sociedad y las cuentas por el ejercicio con sus notas"
    with pytest.raises(ReadError, match="Spanish") as caught:
        read_pdf(draw([text] * 20))
    assert caught.value.code == "language_not_read"
