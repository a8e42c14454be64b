"""What users of other tools have reported of statements over years, and what is right instead.

The numbers are those of the table in `docs/statements/reports.md`, which names each report.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.readings import Reading
from app.pipeline.compile.view import view_of
from app.pipeline.compiled import Compiled
from app.pipeline.statement import Period
from tests.helpers.reports import NEWER, OLDER, cell, figures, reading, row

SHEET = """
# Assets
Cash | 612 | 633
Bank-owned life insurance | 141 | 151
= Total assets | 753 | 784
# Liabilities and equity
Deposits | 400 | 420
= Total liabilities | 400 | 420
Equity | 353 | 364
= Total liabilities and equity | 753 | 784
"""


def income(*readings: Reading) -> Compiled:
    compiled = compile_statement("income_statement", readings)
    assert compiled is not None
    return compiled


def with_concepts(given: Reading, **concepts: str) -> Reading:
    """Return a reading whose rows have concepts, by the first word of their label."""
    read = given.statement.model_copy(deep=True)
    for each in read.rows:
        each.concept = concepts.get(each.label.split()[0].lower())
    return replace(given, statement=read)


def with_years(given: Reading, *periods: tuple[date, date]) -> Reading:
    read = given.statement.model_copy(deep=True)
    read.periods = [
        Period(
            key=f"p{number}",
            fiscal_year=end.year,
            label=str(end.year),
            start=start,
            end=end,
            days=(end - start).days + 1,
        )
        for number, (start, end) in enumerate(periods)
    ]
    return replace(given, statement=read)


def test_3_dividends_have_one_sign_over_the_years_and_the_turn_is_marked() -> None:
    newer = "Cash from operations | 900 | 800\nDividends | -120 | -110\n= Net cash | 780 | 690"
    older = "Cash from operations | 800 | 700\nDividends | 110 | 100\n= Net cash | 690 | 600"
    compiled = compile_statement(
        "cash_flow_statement",
        [
            reading(year, text, "cash_flow_statement")
            for year, text in ((2017, newer), (2016, older))
        ],
    )
    assert figures(compiled, "Dividends") == {"2017": "-120", "2016": "-110", "2015": "-100"}
    assert cell(compiled, "Dividends", "2016").change == "sign"
    assert cell(compiled, "Dividends", "2015").turned


def test_5_one_label_of_two_concepts_is_two_lines() -> None:
    newer = with_concepts(
        reading(2023, NEWER), revenue="us-gaap:Revenues", selling="us-gaap:Selling"
    )
    older = with_concepts(
        reading(2020, OLDER.replace("580", "777").replace("540", "666")),
        revenue="us-gaap:Revenues",
        selling="us-gaap:MarketingExpense",
    )
    compiled = income(newer, older)
    selling = {
        each.concepts[0]: sorted(each.cells)
        for each in compiled.rows
        if each.label == "Selling expenses"
    }
    assert selling == {
        "us-gaap:Selling": ["2022", "2023"],
        "us-gaap:MarketingExpense": ["2019", "2020"],
    }


def test_9_a_transition_of_six_months_is_a_column_of_its_own_beside_the_years() -> None:
    half = with_years(
        reading(2019, OLDER),
        (date(2019, 7, 1), date(2019, 12, 31)),
        (date(2018, 7, 1), date(2019, 6, 30)),
    )
    after = with_years(reading(2020, NEWER), (date(2020, 1, 1), date(2020, 12, 31)))
    for each in after.statement.rows:
        each.cells.pop("p1")
    compiled = income(after, half)
    shown = [(each.key, each.label, each.regular) for each in compiled.periods]
    assert shown == [
        ("2020", "FY2020", True),
        ("2019-6m", "6 months to 2019-12-31", False),
        ("2019", "FY2019", True),
    ]
    assert figures(compiled, "Revenue") == {"2020": "5310", "2019-6m": "4820", "2019": "4410"}
    assert len(view_of(compiled, years=2).periods) == 3


def test_10_a_quarter_never_stands_in_the_column_of_the_year() -> None:
    quarter = with_years(
        reading(2023, NEWER),
        (date(2023, 10, 1), date(2023, 12, 31)),
        (date(2022, 1, 1), date(2022, 12, 31)),
    )
    compiled = income(quarter, reading(2022, OLDER))
    assert "2023" not in row(compiled, "Revenue").cells
    assert figures(compiled, "Revenue") == {"2023-3m": "5310", "2022": "4820", "2021": "4410"}


def test_13_a_line_that_only_one_report_has_is_there() -> None:
    compiled = income(
        reading(2023, NEWER),
        reading(2022, OLDER + "Gain from discontinued operations | 7 | 9\n"),
        reading(
            2021, "Revenue | 4,410 | 4,002\nAmortisation of goodwill | -33 | -31", accepted=True
        ),
    )
    assert figures(compiled, "Gain from discontinued operations") == {"2022": "7", "2021": "9"}
    assert figures(compiled, "Amortisation of goodwill") == {"2021": "-33", "2020": "-31"}
    assert compiled.unplaced == []


def test_14_the_order_is_that_of_the_newest_report_and_the_bytes_are_always_the_same() -> None:
    moved = "\n".join(OLDER.strip().splitlines()[i] for i in (0, 3, 1, 2, 4))
    reports = [reading(2023, NEWER), reading(2022, moved), reading(2021, OLDER)]
    compiled = income(*reports)
    assert [each.label for each in compiled.rows] == [
        *("Revenue", "Cost of sales", "Gross profit", "Selling expenses", "Operating profit"),
    ]
    assert income(*reports[::-1]).as_json() == compiled.as_json()


def test_15_a_line_whose_tag_changed_is_one_line() -> None:
    compiled = income(
        with_concepts(reading(2023, NEWER), revenue="us-gaap:RevenueFromContractWithCustomer"),
        with_concepts(
            reading(2022, OLDER.replace("Revenue", "Net sales")), net="us-gaap:SalesRevenueNet"
        ),
    )
    assert figures(compiled, "Revenue") == {"2023": "5310", "2022": "4820", "2021": "4410"}
    assert row(compiled, "Revenue").concepts == [
        "us-gaap:RevenueFromContractWithCustomer",
        "us-gaap:SalesRevenueNet",
    ]


def test_16_insurance_is_not_total_assets_and_liabilities_are_not_liabilities_and_equity() -> None:
    sheets = [reading(year, SHEET, "balance_sheet") for year in (2023,)]
    compiled = compile_statement("balance_sheet", sheets)
    assert figures(compiled, "Total assets")["2023"] == "753"
    assert figures(compiled, "Bank-owned life insurance")["2023"] == "141"
    assert figures(compiled, "Total liabilities")["2023"] == "400"
    assert figures(compiled, "Total liabilities and equity")["2023"] == "753"
    total = cell(compiled, "Total assets", "2023")
    assert compiled is not None
    assert total.verified
    assert {each.id for each in compiled.equations} >= set(total.by)


def restated() -> Compiled:
    newer = NEWER.replace("4,820", "4,800").replace("1,890", "1,870").replace("1,310", "1,290")
    return income(reading(2023, newer), reading(2022, OLDER))


def test_17_restated_and_first_reported_figures_are_both_kept_and_name_their_filing() -> None:
    compiled = restated()
    original = view_of(compiled, view="original")
    assert cell(compiled, "Revenue", "2022").v == Decimal(4800)
    assert cell(compiled, "Revenue", "2022").change == "restated"
    assert cell(original, "Revenue", "2022").v == Decimal(4820)
    files = [each.file for each in compiled.inputs]
    assert files[cell(compiled, "Revenue", "2022").input] == "2023 pdf None"
    assert files[cell(original, "Revenue", "2022").input] == "2022 pdf None"


def test_18_an_amendment_supersedes_its_own_year_and_is_marked() -> None:
    amended = OLDER.replace("4,820", "4,900").replace("1,890", "1,970").replace("1,310", "1,390")
    original = reading(2022, OLDER, form="10-K", filed=date(2023, 2, 1))
    amendment = reading(
        2022, amended, form="10-K/A", filed=date(2023, 5, 1), supersedes=original.sha256
    )
    compiled = income(amendment, original)
    assert figures(compiled, "Revenue") == {"2022": "4900", "2021": "4410"}
    assert [each.amends for each in compiled.inputs] == [True, False]


def test_18_an_amendment_without_the_statement_changes_nothing() -> None:
    original = reading(2022, OLDER, form="10-K", filed=date(2023, 2, 1))
    other = reading(2022, SHEET, "balance_sheet", form="10-K/A", supersedes=original.sha256)
    assert income(other, original).as_json() == income(original).as_json()


def test_20_an_unknown_scale_is_shown_by_equal_figures_and_never_assumed() -> None:
    lost = reading(2022, OLDER, scale=None)
    compiled = income(reading(2023, NEWER), lost)
    assert compiled.scale == 6
    assert figures(compiled, "Revenue")["2021"] == "4410"
    apart = income(reading(2023, NEWER), reading(2018, OLDER, scale=None))
    stated = [apart, *apart.others]
    assert all(each.scale != 6 or "2018" not in row(each, "Revenue").cells for each in stated)


def test_25_currencies_stay_apart_and_nothing_is_converted() -> None:
    euros = reading(2022, OLDER, currency="EUR")
    compiled = income(reading(2023, NEWER, currency="USD"), euros)
    assert compiled.currency == "USD"
    assert figures(compiled, "Revenue") == {"2023": "5310", "2022": "4820"}
    (other,) = compiled.others
    assert other.currency == "EUR"
    assert figures(other, "Revenue") == {"2022": "4820", "2021": "4410"}
    assert "EUR" in compiled.breaks[0].reason


def test_26_proved_means_an_equation_that_is_stored_and_holds() -> None:
    compiled = restated()
    proved = [
        (number, key, each)
        for number, line in enumerate(compiled.rows)
        for key, each in line.cells.items()
        if each.verified
    ]
    equations = {each.id: each for each in compiled.equations}
    assert proved
    for number, key, each in proved:
        assert each.by or each.own
        for name in each.by:
            equation = equations[name]
            assert number in {equation.total, *(term for _, term in equation.terms)}
            assert abs(equation.diff[key]) <= equation.tolerance
    wrong = income(reading(2023, NEWER.replace("5,310", "53,100")))
    assert not cell(wrong, "Revenue", "2023").verified
