"""Periods, currency and scale of columns, in the layouts of many countries."""

from datetime import date

import pytest

from app.pipeline.read.pdf import read_pdf
from app.pipeline.statement import Statement
from tests.pipeline.read.pdf.drawn import Row, balance, draw, flows, income

FOUR = (340.0, 400.0, 470.0, 540.0)


def doubled(rows: list[Row]) -> list[Row]:
    """Return rows whose figures stand twice: of the group, and of the parent."""
    return [(*row, *row[1:]) if isinstance(row, tuple) and len(row) == 3 else row for row in rows]


def only(data: bytes) -> Statement:
    (found,) = read_pdf(data).statements
    return found


def ends(statement: Statement) -> list[date | None]:
    return [period.end for period in statement.periods]


def codes(statement: Statement) -> set[str]:
    return {each.code for each in statement.issues}


@pytest.mark.parametrize(
    ("heads", "end", "start"),
    [
        (["for the year ended 31 March 2022", ("", "2022", "2021")],
         date(2022, 3, 31), date(2021, 4, 1)),
        ([("", "Year ended", "Year ended"), ("", "31 March", "31 March"), ("", "2022", "2021")],
         date(2022, 3, 31), date(2021, 4, 1)),
        ([("", "Year ended 30", "Year ended 30"), ("", "June 2022", "June 2021")],
         date(2022, 6, 30), date(2021, 7, 1)),
        ([{480.0: "Year ended December 31,"}, ("", "2022", "2021")],
         date(2022, 12, 31), date(2022, 1, 1)),
        ([("", "52 weeks", "52 weeks"), ("", "ended", "ended"), ("", "Jan 28,", "Jan 29,"),
          ("", "2023", "2022")], date(2023, 1, 28), date(2022, 1, 30)),
        ([("", "30-Jun-22", "30-Jun-21")], date(2022, 6, 30), date(2021, 7, 1)),
        ([("", "31.12.2022", "31.12.2021")], date(2022, 12, 31), date(2022, 1, 1)),
        (["f\u00fcr die Zeit vom 1. Januar bis 31. Dezember 2022", ("", "2022", "2021")],
         date(2022, 12, 31), date(2022, 1, 1)),
        (["pour l'exercice clos le 31 d\u00e9cembre 2022", ("", "2022", "2021")],
         date(2022, 12, 31), date(2022, 1, 1)),
    ],
)  # fmt: skip
def test_a_year_is_read_from_its_headings(heads: list[Row], end: date, start: date) -> None:
    found = only(draw(income("Consolidated income statement", *heads)))
    assert (found.periods[0].end, found.periods[0].start) == (end, start)
    assert found.periods[1].end is not None
    assert found.periods[1].end.year == end.year - 1


def test_a_fiscal_year_may_end_in_the_next_calendar_year() -> None:
    data = draw(
        income(
            "Consolidated Statements of Operations",
            "Fiscal years ended January 28, 2023 and January 29, 2022",
            ("", "2022", "2021"),
        ),
        balance("Consolidated Balance Sheets", ("", "Jan 28, 2023", "Jan 29, 2022")),
        flows("Consolidated Statements of Cash Flows", ("", "Fiscal 2022", "Fiscal 2021")),
    )
    for statement in read_pdf(data).statements:
        assert ends(statement) == [date(2023, 1, 28), date(2022, 1, 29)]
        assert [period.fiscal_year for period in statement.periods] == [2022, 2021]


def test_only_the_newest_year_of_weeks_ends_where_the_title_says() -> None:
    page = income("Income statement", "for the 52 weeks ended 24 September 2022",
                  ("", "2022", "2021"))  # fmt: skip
    assert ends(only(draw(page))) == [date(2022, 9, 24), None]


def test_a_day_without_year_that_is_no_month_end_is_that_of_the_newest_year() -> None:
    page = income("Income statement", "for the 52 weeks ended 24 September", ("", "2022", "2021"))
    assert ends(only(draw(page))) == [date(2022, 9, 24), None]


def test_years_without_a_day_take_the_other_statements_days() -> None:
    data = draw(
        income("Consolidated income statement", ("NOK million", "2021/22", "2020/21")),
        balance("Consolidated balance sheet", ("NOK million", "31 Aug 2022", "31 Aug 2021")),
    )
    for statement in read_pdf(data).statements:
        assert ends(statement) == [date(2022, 8, 31), date(2021, 8, 31)]


def test_a_column_without_a_period_stays_unknown() -> None:
    found = only(draw(income("Consolidated income statement", ("", "This year", "Last year"))))
    assert ends(found) == [None, None]


def test_the_only_column_below_two_years_is_of_neither() -> None:
    rows = income("Consolidated income statement", {500.0: "30 June 2022 30 June 2021"})
    found = only(draw([row[:2] if isinstance(row, tuple) else row for row in rows]))
    assert ends(found) == [None]


def test_a_short_period_has_its_own_length() -> None:
    heads: list[Row] = [("", "9 months to", "Year to"), ("", "31 Dec", "31 Mar"),
                        ("", "2022", "2022")]  # fmt: skip
    found = only(draw(income("Consolidated income statement", *heads)))
    assert [(p.start, p.end) for p in found.periods] == [
        (date(2022, 4, 1), date(2022, 12, 31)),
        (date(2021, 4, 1), date(2022, 3, 31)),
    ]


def test_the_columns_of_the_company_beside_the_groups_are_left_out() -> None:
    heads: list[Row] = [
        "Balance sheets", "as at 31 December 2022", {360.0: "Group", 500.0: "Company"},
        ("", "2022", "2021", "2022", "2021"), ("", *(["S$'000"] * 4)),
    ]  # fmt: skip
    found = only(draw([*heads, *doubled(balance())], edges=FOUR))
    assert ends(found) == [date(2022, 12, 31), date(2021, 12, 31)]
    assert (found.scope, found.currency, found.scale) == ("consolidated", "SGD", 3)
    assert "column_left_out" in codes(found)


def test_the_parent_may_stand_before_the_group() -> None:
    heads: list[Row] = [
        "Statements of financial position", "(In thousands of Brazilian reais)",
        {360.0: "Parent company", 500.0: "Consolidated"},
        ("", "12/31/2022", "12/31/2021", "12/31/2022", "12/31/2021"),
    ]  # fmt: skip
    rows: list[Row] = [
        (row[0], "1", "2", *row[1:]) if isinstance(row, tuple) and len(row) == 3 else row
        for row in balance()
    ]
    found = only(draw([*heads, *rows], edges=FOUR))
    assert (found.scope, found.currency, found.scale) == ("consolidated", "BRL", 3)
    first = next(row for row in found.rows if row.cells)
    assert [cell.printed for cell in first.cells.values()] == ["640", "610"]


def test_a_convenience_translation_is_left_out() -> None:
    heads: list[Row] = [
        "Consolidated Statements of Income", "Years ended March 31, 2023 and 2022",
        {395.0: "Millions of yen", 510.0: "Thousands of"}, {510.0: "U.S. dollars"},
        ("", "2023", "2022", "2023"),
    ]  # fmt: skip
    rows: list[Row] = [(*row, "9,999") if isinstance(row, tuple) else row for row in income()]
    found = only(draw([*heads, *rows], edges=(360, 430, 530)))
    assert (found.currency, found.scale) == ("JPY", 6)
    assert ends(found) == [date(2023, 3, 31), date(2022, 3, 31)]
    assert "column_left_out" in codes(found)


def test_a_translation_headed_by_a_year_is_of_the_period_of_that_year() -> None:
    heads: list[Row] = [
        "Konzernbilanz", "in Tausend EUR", ("", "", "", "US$"), ("", "", "", "2022"),
        ("", "31.12.2022", "31.12.2021", "Note 2"),
    ]  # fmt: skip
    rows: list[Row] = [(*row, "9,999") if isinstance(row, tuple) else row for row in balance()]
    found = only(draw([*heads, *rows], edges=(330, 430, 530)))
    assert (found.currency, found.scale) == ("EUR", 3)
    assert ends(found) == [date(2022, 12, 31), date(2021, 12, 31)]


def test_of_columns_before_a_total_only_the_total_is_read() -> None:
    heads: list[Row] = [
        "Consolidated income statement", "for the year ended 31 December 2022",
        {310.0: "2022", 490.0: "2021"},
        ("", *(["Underlying", "Exceptional", "Total"] * 2)), ("", *(["\u00a3m"] * 6)),
    ]  # fmt: skip
    rows: list[Row] = [
        (row[0], "1", "2", row[1], "3", "4", row[2]) if isinstance(row, tuple) else row
        for row in income()
    ]
    edges = (250, 310, 370, 430, 490, 550)
    found = only(draw([*heads, *rows], edges=edges, font=7))
    assert ends(found) == [date(2022, 12, 31), date(2021, 12, 31)]
    assert [cell.printed for cell in found.rows[0].cells.values()] == ["1,250", "1,180"]


def test_a_column_headed_by_a_range_has_its_first_day() -> None:
    found = only(draw(income("Income statement", ("", "1.1.-31.12.2022", "1.1.-31.12.2021"))))
    assert [(p.start, p.end) for p in found.periods] == [
        (date(2022, 1, 1), date(2022, 12, 31)),
        (date(2021, 1, 1), date(2021, 12, 31)),
    ]


@pytest.mark.parametrize(
    ("heads", "currency", "scale"),
    [
        ([("", "2022", "2021"), ("", "\u00a3'000", "\u00a3'000")], "GBP", 3),
        (["(in millions of euros)", ("", "2022", "2021")], "EUR", 6),
        ([("in Mio. \u20ac", "2022", "2021")], "EUR", 6),
        ([("CHF000 Notes", "2022", "2021")], "CHF", 3),
        ([("", "2022", "2021"), ("", "\u00a3", "\u00a3")], "GBP", 0),
        (["(Expressed in US dollars)", ("", "2022", "2021")], "USD", 0),
        ([("", "2022", "2021")], None, None),
        ([("", "2022", "2021"), ("", "EUR", "TEUR")], "EUR", None),
    ],
)
def test_currency_and_scale_are_those_of_the_headings(
    heads: list[Row], currency: str | None, scale: int | None
) -> None:
    found = only(draw(income("Consolidated income statement", "31 December 2022", *heads)))
    assert (found.currency, found.scale) == (currency, scale)


def test_a_scale_that_no_page_states_is_that_of_the_document() -> None:
    policy = "All amounts are presented in thousands of Swiss francs, unless otherwise stated."
    data = draw(
        income("Consolidated income statement", "31 December 2022", ("", "2022", "2021")),
        ["Notes to the consolidated financial statements", policy],
    )
    found = only(data)
    assert (found.currency, found.scale) == ("CHF", 3)
    assert "scale_from_document" in codes(found)


def test_a_scale_that_one_page_does_not_state_is_that_of_the_statement_it_agrees_with() -> None:
    unit: Row = ("", "\u20acm", "\u20acm")
    years: Row = ("", "2022", "2021")
    data = draw(
        income("Consolidated income statement", "31 December 2022", years, unit),
        flows("Consolidated cash flow statement", "31 December 2022", years),
    )
    found = read_pdf(data).statements[1]
    assert (found.currency, found.scale) == ("EUR", 6)
    assert {"scale_from_other_statement", "currency_from_other_statement"} <= codes(found)


def test_equal_figures_in_different_scales_leave_both_scales_unknown() -> None:
    years: Row = ("", "2022", "2021")
    data = draw(
        income("Consolidated income statement", "31 December 2022", years,
               ("", "\u20acm", "\u20acm")),
        flows("Consolidated cash flow statement", "31 December 2022", years,
              ("", "\u20ac'000", "\u20ac'000")),
    )  # fmt: skip
    for statement in read_pdf(data).statements:
        assert statement.scale is None
        assert "scales_differ" in codes(statement)


def test_figures_per_share_have_their_own_scale_and_unit() -> None:
    page = income("Consolidated income statement", "31 December 2022", ("", "2022", "2021"),
                  ("", "\u20acm", "\u20acm"))  # fmt: skip
    row = only(draw(page)).rows[-1]
    assert (row.kind, row.scale, row.unit) == ("per_share", 0, "EUR/share")


def test_the_company_is_named_as_most_pages_and_the_cover_do() -> None:
    line = "Alder & Birch Holdings plc"
    filing = read_pdf(draw([line], *[[line, *income("Income statement")] for _ in range(3)]))
    assert filing.company.name == line
