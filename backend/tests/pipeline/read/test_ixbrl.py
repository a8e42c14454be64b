"""Tests of Inline XBRL: each figure with its sign, period, scale and fact, or said not to be so."""

import re
from datetime import date
from decimal import Decimal

import pytest

from app.pipeline.errors import ReadError
from app.pipeline.read.ixbrl import read_ixbrl
from app.pipeline.statement import Filing, Row, Statement, StatementName
from tests.pipeline.read.ixbrl_builder import (
    BALANCE_ROWS,
    CASH_ROWS,
    INCOME_ROWS,
    NAMESPACES,
    document,
    heads,
    line,
    table,
    tag,
    text_tag,
    within,
)

INCOME = "<p>Consolidated income statement</p><p>in thousands of EUR</p>"
BALANCE = "<p>Consolidated balance sheet</p><p>in thousands of EUR</p>"
CASH = "<p>Consolidated statement of cash flows</p>"


def statement(filing: Filing, name: StatementName) -> Statement:
    return next(each for each in filing.statements if each.statement == name)


def income(*body: str, **options: object) -> Statement:
    """Return the income statement of a document with only that."""
    filing = read_ixbrl(document(*body, **options))  # type: ignore[arg-type]
    return statement(filing, "income_statement")


def row(found: Statement, label: str) -> Row:
    return next(each for each in found.rows if each.label == label)


def figures(found: Row) -> list[str]:
    return [str(cell.v) for cell in found.cells.values()]


def codes(found: Statement | Filing) -> set[str]:
    return {issue.code for issue in found.issues}


def test_three_statements_are_found_with_title_framework_currency_scale_and_scope() -> None:
    filing = read_ixbrl(
        document(
            INCOME, table(*INCOME_ROWS), BALANCE, table(*BALANCE_ROWS), CASH, table(*CASH_ROWS)
        )
    )

    assert [each.statement for each in filing.statements] == [
        "income_statement",
        "balance_sheet",
        "cash_flow_statement",
    ]
    found = filing.statements[0]
    assert found.title == "Consolidated income statement"
    assert (found.framework, found.currency, found.scale) == ("ifrs", "EUR", 3)
    assert (found.scope, found.language) == ("consolidated", "en")
    assert filing.company.identifiers == {"lei": "EXAMPLELEI0000000042"}
    assert not any(each.issues for each in filing.statements)


def test_the_printed_sign_is_shown_and_the_tagged_value_kept() -> None:
    found = row(income(INCOME, table(*INCOME_ROWS)), "Cost of sales")

    assert found.cells["p0"].v == Decimal(-300)
    assert found.cells["p0"].tagged == Decimal(300_000)


def american(label: str, concept: str, *texts: str) -> str:
    """Return a row whose currency signs and closing parentheses have cells of their own."""
    cells = [f'<td colspan="2">{label}</td>']
    for period, text in zip(("d22", "d21"), texts, strict=True):
        opening = "(" if text.startswith("(") else ""
        tagged = tag(concept, period, text.strip("()"))
        cells += ["<td>$</td>", f"<td>{opening}{tagged}</td>", f"<td>{')' if opening else ''}</td>"]
    return f"<tr>{''.join(cells)}</tr>"


def test_a_closing_parenthesis_and_a_currency_may_stand_in_cells_of_their_own() -> None:
    head = '<tr><td colspan="2"></td><td colspan="3">2022</td><td colspan="3">2021</td></tr>'
    rows = (
        american("Revenue", "ifrs-full:Revenue", "500", "450"),
        american("Tax", "ifrs-full:IncomeTaxExpenseContinuingOperations", "(50)", "40"),
        american("Loss", "ifrs-full:ProfitLoss", "7", "(9)"),
    )
    found = income(INCOME, table(head, *rows))

    assert [figures(each) for each in found.rows] == [["500", "450"], ["-50", "40"], ["7", "-9"]]
    assert [each.printed for each in found.periods] == ["2022", "2021"]


@pytest.mark.parametrize(("before", "after"), [("(", ""), ("", ")"), ("$ (", ")"), ("[", "]")])
def test_either_parenthesis_in_a_neighbouring_cell_makes_a_figure_negative(
    before: str, after: str
) -> None:
    def cells(concept: str, text: str, period: str) -> str:
        return f"<td>{before}</td><td>{tag(concept, period, text)}</td><td>{after}</td>"

    taxes = "ifrs-full:IncomeTaxExpenseContinuingOperations"
    rows = [
        each.replace("</td><td>", "</td><td></td><td>", 1)
        .replace("</ix:nonFraction></td><td>", "</ix:nonFraction></td><td></td><td></td><td>")
        .replace("<td>2022</td>", "<td>2022</td><td></td><td></td>")
        for each in (INCOME_ROWS[0], INCOME_ROWS[1], INCOME_ROWS[5])
    ]
    tax = f"<tr><td>Tax</td>{cells(taxes, '50', 'd22')}{cells(taxes, '40', 'd21')}</tr>"
    found = income(INCOME, table(*rows, tax))

    assert figures(row(found, "Tax")) == ["-50", "-40"]
    assert figures(row(found, "Revenue")) == ["500", "450"]


def test_dimensional_lines_are_rows_of_their_own_and_totals_have_no_dimension() -> None:
    axis, member = "ext:ProductAxis", "ext:BikesMember"
    options = {
        "members": [("d22", axis, member), ("d21", axis, member)],
    }
    bikes = line(
        "Bikes",
        "ifrs-full:Revenue",
        "200",
        "150",
        periods=(within("d22", member), within("d21", member)),
    )
    found = income(INCOME, table(INCOME_ROWS[0], bikes, *INCOME_ROWS[1:]), **options)

    assert row(found, "Bikes").axes == {axis: member}
    assert figures(row(found, "Bikes")) == ["200", "150"]
    assert row(found, "Revenue").axes == {}
    assert figures(row(found, "Revenue")) == ["500", "450"]


def test_the_concept_is_that_of_the_printed_total_not_the_first_of_a_list() -> None:
    own = line("Total net revenue", "ext:TotalNetRevenue", "900", "800")
    found = income(INCOME, table(INCOME_ROWS[0], own, *INCOME_ROWS[1:]))

    assert row(found, "Total net revenue").concept == "ext:TotalNetRevenue"
    assert figures(row(found, "Total net revenue")) == ["900", "800"]


@pytest.mark.parametrize(
    ("start", "end", "year"),
    [
        ("2021-10-01", "2022-09-30", 2022),
        ("2021-07-01", "2022-06-30", 2022),
        ("2021-02-01", "2022-01-31", 2022),
        ("2021-02-28", "2022-02-26", 2022),
        ("2021-01-03", "2022-01-01", 2021),
        ("2020-12-28", "2022-01-02", 2021),
        ("2021-01-08", "2022-01-07", 2021),
        ("2021-01-09", "2022-01-08", 2022),
    ],
)
def test_the_fiscal_year_is_that_of_the_end_but_an_early_january_ends_the_year_before(
    start: str, end: str, year: int
) -> None:
    before = (date.fromisoformat(start).replace(year=int(start[:4]) - 1)).isoformat()
    periods = {
        "d22": (start, end),
        "d21": (before, date.fromordinal(date.fromisoformat(start).toordinal() - 1).isoformat()),
    }
    found = income(INCOME, table(*INCOME_ROWS), periods=periods)

    assert found.periods[0].fiscal_year == year
    assert found.periods[0].label.startswith(str(year))


def test_the_year_that_the_filing_names_is_its_fiscal_year_and_others_follow_by_distance() -> None:
    focus = text_tag("dei:DocumentFiscalYearFocus", "2021", "d22")
    periods = {"d22": ("2021-02-01", "2022-01-29"), "d21": ("2020-02-02", "2021-01-30")}
    found = income(INCOME, table(*INCOME_ROWS), hidden=focus, periods=periods)

    assert [each.fiscal_year for each in found.periods] == [2021, 2020]


def test_a_short_period_is_labelled_with_its_months() -> None:
    periods = {"d22": ("2022-07-01", "2022-12-31"), "d21": ("2021-07-01", "2022-06-30")}
    found = income(INCOME, table(*INCOME_ROWS), periods=periods)

    assert [each.label for each in found.periods] == ["2022 (6 months)", "2022"]
    assert found.periods[0].days == 184


def test_a_fact_of_another_period_is_no_substitute() -> None:
    wrong = line("Other", "ifrs-full:OtherIncome", "7", "6", periods=("q22", "d21"))
    found = income(INCOME, table(*INCOME_ROWS, wrong))

    cell = row(found, "Other").cells["p0"]
    assert (cell.v, cell.fact, cell.tagged) == (Decimal(7), None, None)
    assert "fact_of_other_period" in codes(found)


def test_an_instant_of_another_day_is_no_substitute_in_a_balance_sheet() -> None:
    wrong = line("Other", "ifrs-full:OtherAssets", "7", "6", periods=("i22", "i20"))
    found = statement(read_ixbrl(document(BALANCE, table(*BALANCE_ROWS, wrong))), "balance_sheet")

    assert row(found, "Other").cells["p1"].tagged is None
    assert "fact_of_other_period" in codes(found)


def test_a_quarterly_table_is_not_the_statement() -> None:
    more = line("Costs", "ifrs-full:FinanceCosts", "3", "2")
    quarter = [each.replace('"d22"', '"q22"') for each in (*INCOME_ROWS, more)]
    focus = text_tag("dei:DocumentType", "10-K")
    title = "<p>Consolidated statement of income</p>"
    found = income(title, table(*quarter), INCOME, table(*INCOME_ROWS), hidden=focus)

    assert found.title == "Consolidated income statement"
    assert found.periods[0].start == date(2022, 1, 1)


def test_opening_cash_is_an_instant_of_the_day_before_the_period() -> None:
    found = statement(read_ixbrl(document(CASH, table(*CASH_ROWS))), "cash_flow_statement")

    assert [each.label for each in found.periods] == ["2022", "2021"]
    assert figures(row(found, "Opening")) == ["30", "25"]
    assert figures(row(found, "Closing")) == ["40", "30"]
    assert row(found, "Opening").cells["p1"].tagged == Decimal(25_000)


def test_other_comprehensive_income_apart_is_no_income_statement() -> None:
    oci = table(
        heads("2022", "2021"),
        line("Profit", "ifrs-full:ProfitLoss", "150", "130"),
        line("Translation", "ifrs-full:OtherComprehensiveIncome", "7", "6"),
        line("Total", "ifrs-full:ComprehensiveIncome", "157", "136"),
    )
    title = "<p>Consolidated statement of comprehensive income</p>"
    found = income(INCOME, table(*INCOME_ROWS), title, oci)

    assert [each.label for each in found.rows][-1] == "Profit"


def test_untitled_comprehensive_income_behind_the_income_statement_is_left_out() -> None:
    oci = table(
        heads("2022", "2021"),
        line("Profit", "ifrs-full:ProfitLoss", "150", "130"),
        line("Translation", "ifrs-full:OtherComprehensiveIncomeExchangeDifferences", "7", "6"),
        line("Hedges", "ifrs-full:OtherComprehensiveIncomeCashFlowHedges", "1", "1"),
        line("Total", "ifrs-full:ComprehensiveIncome", "158", "137"),
    )
    found = income(INCOME, table(*INCOME_ROWS), oci)

    assert "Translation" not in [each.label for each in found.rows]


def test_a_statement_in_one_form_is_kept_whole() -> None:
    more = (
        line("Translation", "ifrs-full:OtherComprehensiveIncome", "7", "6"),
        line("Total comprehensive income", "ifrs-full:ComprehensiveIncome", "157", "136"),
    )
    title = "<p>Consolidated statement of profit or loss and other comprehensive income</p>"
    found = income(title, table(*INCOME_ROWS, *more))

    assert [each.label for each in found.rows][-2:] == ["Translation", "Total comprehensive income"]


def test_each_row_keeps_the_scale_of_its_tags() -> None:
    more = (
        line("Basic", "ifrs-full:BasicEarningsLossPerShare", "1.25", "1.10", unit="EPS", scale=0),
        line("Shares", "ifrs-full:WeightedAverageShares", "120", "118", unit="shares", scale=6),
    )
    found = income(INCOME, table(*INCOME_ROWS, *more))

    assert found.scale == 3
    basic, shares = row(found, "Basic"), row(found, "Shares")
    assert (basic.kind, basic.unit, basic.scale) == ("per_share", "EUR/share", 0)
    assert (shares.kind, shares.unit, shares.scale) == ("shares", "shares", 6)


def test_a_scale_that_the_heading_contradicts_is_an_issue() -> None:
    found = income(
        "<p>Consolidated income statement</p><p>in millions of EUR</p>", table(*INCOME_ROWS)
    )

    assert found.scale == 3
    assert "scale_differs_from_heading" in codes(found)


def test_a_scale_that_cannot_be_is_not_known() -> None:
    rows = [each.replace('scale="3"', 'scale="-1"') for each in INCOME_ROWS]
    found = income("<p>Consolidated income statement</p>", table(*rows))

    assert found.scale is None
    assert all(each.scale is None for each in found.rows)
    assert "scale_unknown" in codes(found)


def test_the_number_of_a_footnote_is_no_sign() -> None:
    noted = line("Other", "ifrs-full:OtherIncome", "7", "6").replace("</td></tr>", " (1)</td></tr>")
    found = income(INCOME, table(*INCOME_ROWS, noted))

    assert figures(row(found, "Other")) == ["7", "6"]


def test_characters_without_width_are_not_seen() -> None:
    empty = "<td>&#8203;</td>"
    rows = [
        each.replace("<tr>", f"<tr>{empty}").replace("<td>Revenue", "<td>Rev&#173;enue", 1)
        for each in INCOME_ROWS
    ]
    found = income(INCOME, table(*rows))

    assert figures(row(found, "Revenue")) == ["500", "450"]


def test_a_printed_figure_beyond_reason_is_not_known() -> None:
    long = "9" * 60
    odd = line("Other", "ifrs-full:OtherIncome", long, "6")
    cell = row(income(INCOME, table(*INCOME_ROWS, odd)), "Other").cells["p0"]

    assert (cell.v, cell.printed, cell.tagged) == (None, long, None)


def test_a_dash_is_zero_and_comma_decimals_are_not_off_by_thousand() -> None:
    rows = (
        line("Other", "ifrs-full:OtherIncome", "\u2014", "\u2014", rule="ixt:fixed-zero"),
        line(
            "Basic",
            "ifrs-full:BasicEarningsLossPerShare",
            "1,25",
            "1.234,10",
            rule="ixt:num-comma-decimal",
            unit="EPS",
            scale=0,
        ),
    )
    found = income(INCOME, table(*INCOME_ROWS, *rows))

    assert figures(row(found, "Other")) == ["0", "0"]
    assert row(found, "Other").cells["p0"].printed == "\u2014"
    assert figures(row(found, "Basic")) == ["1.25", "1234.10"]


def test_hidden_facts_are_not_printed_and_nil_is_no_fact() -> None:
    hidden = tag("ifrs-full:OtherIncome", "d22", "999")
    nil = line("Grants", "ifrs-full:GovernmentGrants", "\u2014", "5", rule=None, scale=None)
    nil = nil.replace(' decimals="0" >\u2014', ' xsi:nil="true">\u2014', 1).replace(
        ' decimals="0" >5', ' decimals="0" scale="3">5', 1
    )
    found = income(INCOME, table(*INCOME_ROWS, nil), hidden=hidden)

    cell = row(found, "Grants").cells["p0"]
    assert (cell.v, cell.printed, cell.tagged) == (Decimal(0), "\u2014", None)
    assert all("999" not in str(cell.v) for _, _, cell in found.cells())


def test_facts_within_labels_are_no_figures() -> None:
    par = tag("ifrs-full:ParValuePerShare", "i22", "0.10", unit="EPS", scale=0)
    shares = tag("ifrs-full:NumberOfSharesIssued", "i22", "1,000", unit="shares", scale=0)
    label = f"Share capital, {par} par value; {shares} shares issued"
    capital = line(label, "ifrs-full:IssuedCapital", "25", "25", periods=("i22", "i21"))
    filing = read_ixbrl(document(BALANCE, table(*BALANCE_ROWS[:4], capital, *BALANCE_ROWS[4:])))
    found = statement(filing, "balance_sheet")

    capital_row = row(found, "Share capital, 0.10 par value; 1,000 shares issued")
    assert figures(capital_row) == ["25", "25"]
    assert capital_row.concept == "ifrs-full:IssuedCapital"


@pytest.mark.parametrize("scale", ["400", "x", "1.5"])
def test_a_scale_beyond_reason_makes_the_fact_unknown_not_the_figure(scale: str) -> None:
    odd = line("Other", "ifrs-full:OtherIncome", "7", "6", scale=scale)
    filing = read_ixbrl(document(INCOME, table(*INCOME_ROWS, odd)))
    cell = row(filing.statements[0], "Other").cells["p0"]

    assert (cell.v, cell.tagged) == (Decimal(7), None)
    assert "unknown_fact" in codes(filing)


def test_an_unknown_format_is_said_and_never_guessed() -> None:
    odd = line("Other", "ifrs-full:OtherIncome", "1.234", "6", rule="ixt:num-lunar-decimal")
    filing = read_ixbrl(document(INCOME, table(*INCOME_ROWS, odd)))

    assert row(filing.statements[0], "Other").cells["p0"].tagged is None
    assert "unknown_fact" in codes(filing)


@pytest.mark.parametrize(
    "uri",
    [
        "http://xbrl.ifrs.org/taxonomy/2017-03-09/ifrs-full",
        "https://xbrl.ifrs.org/taxonomy/2022-03-24/ifrs-full",
    ],
)
def test_prefixes_are_arbitrary_and_releases_have_no_matter(uri: str) -> None:
    names = {key: value for key, value in NAMESPACES.items() if key != "ifrs-full"}
    names["ns7"] = uri
    rows = [each.replace("ifrs-full:", "ns7:") for each in INCOME_ROWS]
    found = income(INCOME, table(*rows), namespaces=names)

    assert found.framework == "ifrs"
    assert row(found, "Revenue").concept == "ifrs-full:Revenue"


def test_facts_that_contradict_each_other_are_an_issue_and_rounded_ones_are_not() -> None:
    rounded = tag("ifrs-full:Revenue", "d22", "0.5", scale=6).replace('"0"', '"-5"')
    found = income(f"<p>Revenue was {rounded} million.</p>", INCOME, table(*INCOME_ROWS))
    assert codes(found) == set()

    other = tag("ifrs-full:Revenue", "d22", "501")
    found = income(f"<p>Revenue was {other}.</p>", INCOME, table(*INCOME_ROWS))
    assert codes(found) == {"inconsistent_facts"}


def test_a_tag_whose_scale_is_not_that_of_its_row_is_an_issue() -> None:
    odd = line("Other", "ifrs-full:OtherIncome", "7", "6")
    odd = odd.replace('scale="3"', 'scale="6"', 1)
    found = income(INCOME, table(*INCOME_ROWS, odd, line("More", "ext:More", "1", "1")))

    assert "printed_differs_from_fact" in codes(found)


@pytest.mark.parametrize("heading", ["2021", "Year ended 31 December 2021"])
def test_a_year_without_tags_has_the_period_of_its_heading(heading: str) -> None:
    bare = [
        re.sub(r'<ix:nonFraction [^>]*"d21"[^>]*>([^<]*)</ix:nonFraction>', r"\1", each)
        for each in INCOME_ROWS[1:]
    ]
    periods = {"d22": ("2022-01-01", "2022-12-31")}
    found = income(INCOME, table(heads("2022", heading), *bare), periods=periods)

    assert [(each.start, each.end) for each in found.periods] == [
        (date(2022, 1, 1), date(2022, 12, 31)),
        (date(2021, 1, 1), date(2021, 12, 31)),
    ]
    assert figures(row(found, "Cost of sales")) == ["-300", "-280"]
    assert row(found, "Cost of sales").cells["p1"].tagged is None


def test_a_column_of_changes_in_per_cent_is_no_period() -> None:
    rows = [heads("2022", "2021", "Change")]
    rows += [each.replace("</tr>", "<td>12 %</td></tr>") for each in INCOME_ROWS[1:]]
    found = income(INCOME, table(*rows))

    assert [len(each.cells) for each in found.rows] == [2] * 5
    assert codes(found) == set()


def test_a_period_that_is_printed_twice_is_kept_once_and_said() -> None:
    rows = [heads("2022", "2022 restated", "2021")]
    for each in INCOME_ROWS[1:]:
        first = each.split("</td>")[1]
        rows.append(each.replace(first, f"{first}</td>{first}"))
    found = income(INCOME, table(*rows))

    assert [each.fiscal_year for each in found.periods] == [2022, 2021]
    assert figures(row(found, "Revenue")) == ["500", "450"]
    assert "repeated_period" in codes(found)


def test_columns_of_the_parent_and_of_a_currency_of_convenience_are_kept_apart() -> None:
    member, axis = "ifrs-full:SeparateMember", "ifrs-full:ConsolidatedAndSeparateAxis"
    parent = within("d22", member)
    rows = [heads("2022", "2021", "Company 2022")]
    for each, concept in zip(
        INCOME_ROWS[1:], ("Revenue", "CostOfSales", "GrossProfit", "Tax", "ProfitLoss"), strict=True
    ):
        extra = tag(f"ifrs-full:{concept}", parent, "11")
        rows.append(each.replace("</tr>", f"<td>{extra}</td></tr>"))
    found = income(INCOME, table(*rows), members=[("d22", axis, member)])

    assert [each.fiscal_year for each in found.periods] == [2022, 2021]
    assert figures(row(found, "Revenue")) == ["500", "450"]
    assert "other_dimension" in codes(found)

    dollars = [
        each.replace("</tr>", f"<td>{tag('ifrs-full:Revenue', 'd22', '9', unit='USD')}</td></tr>")
        for each in INCOME_ROWS[1:]
    ]
    found = income(INCOME, table(heads("2022", "2021", "US$ 2022"), *dollars))
    assert (found.currency, len(found.periods)) == ("EUR", 2)
    assert "other_currency" in codes(found)


def test_the_statement_of_the_parent_is_not_that_of_the_group() -> None:
    parent = [each.replace(">500<", ">5<") for each in INCOME_ROWS]
    found = income("<p>Company income statement</p>", table(*parent), INCOME, table(*INCOME_ROWS))

    assert found.scope == "consolidated"
    assert figures(row(found, "Revenue")) == ["500", "450"]

    more = line("Costs", "ifrs-full:FinanceCosts", "3", "2")
    title = "<p>Company income statement</p>"
    found = income(title, table(*parent, more), "<p>Income statement</p>", table(*INCOME_ROWS))
    assert (found.title, found.scope) == ("Income statement", None)


def test_a_balance_sheet_over_two_tables_is_one_statement() -> None:
    first, second = BALANCE_ROWS[:4], (BALANCE_ROWS[0], *BALANCE_ROWS[4:])
    filing = read_ixbrl(
        document(
            BALANCE,
            table(*first),
            "<p>Annual report 2022 | 79</p>",
            "<p>Consolidated balance sheet (continued)</p>",
            table(*second),
        )
    )
    found = statement(filing, "balance_sheet")

    assert [each.label for each in found.rows if each.cells] == [
        "Cash",
        "Inventories",
        "Total assets",
        "Equity",
        "Liabilities",
        "Total",
    ]
    assert [each.text for each in found.skipped] == ["Annual report 2022 | 79"]


def test_a_balance_sheet_goes_on_behind_the_foot_of_its_page() -> None:
    second = (heads("December 31, 2022", "December 31, 2021"), *BALANCE_ROWS[4:])
    foot = "<p>The accompanying notes are an integral part of these statements.</p>"
    note = "<p>1. Organization</p>"
    more = table(line("Debts", "ifrs-full:Borrowings", "3", "2", periods=("i22", "i21")))
    body = (BALANCE, table(*BALANCE_ROWS[:4]), foot, table(*second), foot, note, more)
    found = statement(read_ixbrl(document(*body)), "balance_sheet")

    assert [each.label for each in found.rows] == [
        "Cash",
        "Inventories",
        "Total assets",
        "Equity",
        "Liabilities",
        "Total",
    ]


def test_the_notes_are_no_part_of_a_statement() -> None:
    for note in ("<p>1. General information</p>", "<p>Notes to the financial statements</p>"):
        more = table(line("Debts", "ifrs-full:Borrowings", "3", "2", periods=("d22", "d21")))
        found = income(INCOME, table(*INCOME_ROWS), note, more)
        assert [each.label for each in found.rows][-1] == "Profit"


def test_a_subsidiary_in_the_same_document_is_not_the_company() -> None:
    axis, member = "dei:LegalEntityAxis", "ext:SubMember"
    names = "FinanceCosts FinanceIncome OtherIncome DistributionCosts AdministrativeExpense "
    names += "RawMaterialsAndConsumablesUsed EmployeeBenefitsExpense"
    more = [line(name, f"ifrs-full:{name}", "1", "1") for name in names.split()]
    sub = [
        each.replace('"d22"', f'"{within("d22", member)}"').replace(
            '"d21"', f'"{within("d21", member)}"'
        )
        for each in (*INCOME_ROWS, *more)
    ]
    found = income(
        "<p>Sub Inc. statement of income</p>",
        table(*sub),
        "<p>Group Inc. statement of income</p>",
        table(*INCOME_ROWS),
        members=[("d22", axis, member), ("d21", axis, member)],
    )

    assert found.title == "Group Inc. statement of income"


def test_notes_headings_and_levels_are_read() -> None:
    rows = (
        heads("Note", "2022", "2021"),
        "<tr><td>Continuing operations:</td><td></td><td></td><td></td></tr>",
        *(
            each.replace("<td>", '<td style="padding-left:9pt">', 1)
            for each in (
                line("Revenue", "ifrs-full:Revenue", "500", "450", before=("4 a",)),
                line("Cost of sales", "ifrs-full:CostOfSales", "(300)", "(280)", before=("5, 6",)),
                line("Profit", "ifrs-full:ProfitLoss", "200", "170", before=("",)),
            )
        ),
    )
    found = income(INCOME, table(*rows))

    assert [each.kind for each in found.rows] == ["heading", "line", "line", "total"]
    assert [each.note for each in found.rows] == [None, "4 a", "5, 6", None]
    assert [each.level for each in found.rows] == [0, 1, 1, 1]
    assert found.rows[1].section == ["Continuing operations"]


def test_a_total_that_names_its_heading_ends_the_section() -> None:
    options = {"periods": ("i22", "i21")}
    rows = (
        BALANCE_ROWS[0],
        "<tr><td>Current assets</td><td></td><td></td></tr>",
        line("Cash", "ifrs-full:CashAndCashEquivalents", "40", "30", **options),  # type: ignore[arg-type]
        line("Total current assets", "ifrs-full:CurrentAssets", "40", "30", **options),  # type: ignore[arg-type]
        line("Buildings", "ifrs-full:PropertyPlantAndEquipment", "60", "50", **options),  # type: ignore[arg-type]
        *BALANCE_ROWS[3:],
    )
    found = statement(read_ixbrl(document(BALANCE, table(*rows))), "balance_sheet")

    assert row(found, "Total current assets").section == ["Current assets"]
    assert row(found, "Buildings").section == []


def test_a_label_over_two_lines_is_one_row() -> None:
    rows = (
        "<tr><td>Share of the profit of associates</td><td></td><td></td></tr>",
        line("and joint ventures", "ifrs-full:ShareOfProfitLoss", "3", "2"),
    )
    found = income(INCOME, table(*INCOME_ROWS, *rows))

    assert figures(row(found, "Share of the profit of associates and joint ventures")) == ["3", "2"]


def test_html_without_tags_is_refused_in_one_line() -> None:
    for data in (b"<html><body><p>Annual report</p></body></html>", document("<p>Report</p>")):
        with pytest.raises(ReadError) as caught:
            read_ixbrl(data)
        assert caught.value.code == "not_ixbrl"
        assert "\n" not in str(caught.value)


def test_a_missing_statement_is_an_issue() -> None:
    filing = read_ixbrl(document(INCOME, table(*INCOME_ROWS)))

    assert [each.statement for each in filing.statements] == ["income_statement"]
    assert codes(filing) == {"statement_not_found"}
