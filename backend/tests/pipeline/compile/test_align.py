"""Which rows of two reports are one line: the cases in which labels or figures mislead."""

from dataclasses import replace

import pytest

from app.pipeline.compile.merge import merge
from app.pipeline.statement import Equation
from app.pipeline.verify.equations import find_equations
from tests.pipeline.compile.reports import NEWER, Report, changed, merged, shown


def test_a_renamed_line_is_joined_by_its_figures() -> None:
    lines = merged(NEWER, changed(("Selling expenses", "Distribution")))

    assert "Selling expenses | Distribution" in shown(lines)


def test_equal_figures_of_few_digits_join_no_other_label() -> None:
    lines = merged(
        changed(("-610 | -580", "7 | 5"), base=NEWER),
        changed(("Selling expenses | -580", "Gain on disposal | 5")),
    )

    assert "Selling expenses | -" in shown(lines)
    assert "- | Gain on disposal" in shown(lines)


def test_a_moved_line_is_joined_by_its_label_where_no_year_is_shared() -> None:
    text = """
    Selling expenses | -440 | -430
    Revenue | 3,820 | 3,410
    """
    lines = merged(NEWER, Report(2019, text))

    assert "Selling expenses | Selling expenses" in shown(lines)
    assert "Revenue | Revenue" in shown(lines)


def test_exchanged_labels_are_joined_by_name_so_that_the_change_is_seen() -> None:
    exchanged = changed(
        ("Cost of sales | -2,930", "Selling expenses | -2,930"),
        ("Selling expenses | -580", "Cost of sales | -580"),
    )
    lines = merged(NEWER, exchanged)

    assert "Selling expenses | Selling expenses" in shown(lines)
    assert "Cost of sales | Cost of sales" in shown(lines)


def test_exchanged_labels_are_joined_by_the_equal_figures_of_two_years() -> None:
    newer = Report(2023, "Rent | 5,310 | 4,821 | 4,417\nTravel | 7,120 | 7,931 | 7,703")
    older = Report(2022, "Travel | 4,821 | 4,417 | 4,011\nRent | 7,931 | 7,703 | 7,305")

    assert shown(merged(newer, older)) == ["Rent | Travel", "Travel | Rent"]


def test_basic_and_diluted_stay_apart_when_they_are_equal() -> None:
    text = """
    # Loss per share
    % Basic | -1.20 | -1.31
    % Diluted | -1.20 | -1.31
    """
    newer = Report(2023, text)
    lines = merged(newer, Report(2022, text.replace("-1.20 | -1.31", "-1.31 | -1.44")))
    dropped = merged(newer, Report(2022, "# Loss per share\n% Diluted | -1.31 | -1.44"))

    assert shown(lines)[1:] == ["Basic | Basic", "Diluted | Diluted"]
    assert shown(dropped)[1:] == ["Basic | -", "Diluted | Diluted"]


def test_a_filers_change_of_sign_is_noted_and_remembered() -> None:
    newest = Report(2023, "Dividends paid | -912 | -847", name="cash_flow_statement")
    turned = Report(2022, "Dividends paid | 847 | 803", name="cash_flow_statement")
    oldest = Report(2021, "Dividends paid | 803 | 799", name="cash_flow_statement")
    (line,) = merged(newest, turned, oldest)

    assert line.evidence == {0: "new", 1: "sign", 2: "values"}
    assert line.signs == {0: 1, 1: -1, 2: -1}


def test_another_scale_is_equal_after_rounding() -> None:
    lines = merged(NEWER, Report(2022, "Turnover | 4,820,312 | 4,410,078", scale=3))

    assert lines[0].evidence == {0: "new", 1: "rounding"}
    assert lines[0].rows[1].label == "Turnover"


def test_cut_off_figures_are_equal_too() -> None:
    lines = merged(
        Report(2023, "Turnover | 5,310 | 4,819"),
        Report(2022, "Revenue | 4,819,912 | 4,410,078", scale=3),
    )

    assert [each.evidence for each in lines] == [{0: "new", 1: "rounding"}]


def test_a_split_of_shares_is_told_by_the_constant_ratio() -> None:
    lines = merged(
        Report(2023, "% Basic earnings per share | 3.31 | 2.99 | 3.00"),
        Report(2022, "% Basic earnings per share | 11.97 | 12.01 | 9.27"),
    )

    assert [each.evidence for each in lines] == [{0: "new", 1: "split"}]


def test_reports_without_a_common_year_are_joined_by_concept_and_label() -> None:
    lines = merged(
        Report(
            2023,
            "Sales | 5,310\nImpairment | -12\nInterest paid | -7",
            {"Sales": "ifrs-full:Revenue", "Impairment": "x:Impairment"},
        ),
        Report(
            2019,
            "Turnover | 4,020\nImpairment | -44\nInterests paid | -3",
            {"Turnover": "ifrs-full:Revenue", "Impairment": "ifrs-full:ImpairmentLoss"},
        ),
    )

    assert shown(lines) == [
        "Sales | Turnover",
        "- | Impairment",
        "Impairment | -",
        "Interest paid | Interests paid",
    ]
    assert lines[0].evidence[1] == "concept"
    assert lines[3].evidence[1] == "fuzzy"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Proceeds from issuance of senior notes", "Proceeds from issuance of junior notes"),
        ("Other current liabilities", "Other non-current liabilities"),
        ("Net cash from investing activities", "Net cash from financing activities"),
        ("Purchases of investments", "Sales of investments"),
        ("Profit before tax", "Profit after tax"),
        ("Cash at the beginning of the year", "Cash at the end of the year"),
        ("Total income", "Total comprehensive income"),
        ("Interest income", "Interest expense"),
        ("Loans to directors of the parent company", "Loans to creditors of the parent company"),
        (
            "Total income from investments in associates",
            "Total comprehensive income from investments in associates",
        ),
        ("Sonstige kurzfristige Schulden", "Sonstige langfristige Schulden"),
    ],
)
def test_similar_labels_of_different_lines_stay_apart(one: str, other: str) -> None:
    assert len(merged(Report(2023, f"{one} | 512"), Report(2019, f"{other} | 433"))) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Net income (loss)", "Net income"),
        ("Cash used in investing activities", "Cash generated by/(used in) investing activities"),
        ("Decrease (increase) in receivables", "Increase in receivables"),
        ("Trade receivables, less allowances of $61", "Trade receivables, less allowances of $53"),
        ("Cash at 31 December 2023", "Cash at 31 December 2019"),
        ("Provision for (benefit from) income taxes", "Provision for income taxes"),
        ("Non-current provisions", "Noncurrent provisions"),
    ],
)
def test_labels_that_change_with_the_year_are_of_one_line(one: str, other: str) -> None:
    assert len(merged(Report(2023, f"{one} | 512"), Report(2019, f"{other} | 433"))) == 1


def test_restated_figures_keep_the_line_of_their_label() -> None:
    restated = changed(("4,820 | 4,410", "4,790 | 4,410"), ("1,890", "1,860"), ("1,310", "1,280"))
    lines = merged(NEWER, restated)

    assert len(lines) == 5
    assert lines[0].evidence[1] == "label"


def test_a_label_is_never_joined_against_a_differing_concept() -> None:
    lines = merged(
        Report(2023, "Other | 512 | 430", {"Other": "x:OtherIncome"}),
        Report(2022, "Other | 11 | 12", {"Other": "x:OtherCosts"}),
    )

    assert len(lines) == 2


def test_a_changed_concept_is_joined_by_equal_figures() -> None:
    lines = merged(
        replace(NEWER, concepts={"Revenue": "us-gaap:RevenueFromContractWithCustomer"}),
        replace(
            changed(("Revenue", "Net sales")), concepts={"Net sales": "us-gaap:SalesRevenueNet"}
        ),
    )

    assert "Revenue | Net sales" in shown(lines)


def test_an_extension_is_joined_by_its_anchor() -> None:
    lines = merged(
        replace(
            Report(2023, "Platform fees | 512", {"Platform fees": "abc:PlatformFees"}),
            anchors={"Platform fees": "ifrs-full:RevenueFromRenderingOfServices"},
        ),
        Report(2019, "Services | 433", {"Services": "ifrs-full:RevenueFromRenderingOfServices"}),
    )

    assert [each.evidence[1] for each in lines] == ["concept"]


def test_rows_of_members_are_lines_of_their_own() -> None:
    concept = "us-gaap:Revenues"
    axis = "srt:ProductOrServiceAxis"
    newer = Report(
        2023,
        "Goods | 512 | 430\nServices | 512 | 410\n= Revenue | 1,024 | 840",
        {"Goods": concept, "Services": concept, "Revenue": concept},
        {"Goods": {axis: "us-gaap:ProductMember"}, "Services": {axis: "us-gaap:ServiceMember"}},
    )
    lines = merged(newer, replace(newer, year=2019, text=newer.text.replace("Goods", "Wares")))
    assert shown(lines)[0] == "Goods | -"

    renamed = replace(
        newer,
        year=2019,
        text="Wares | 301 | 300\nServices | 302 | 300\n= Revenue | 603 | 600",
        concepts={"Wares": concept, "Services": concept, "Revenue": concept},
        axes={"Wares": newer.axes["Goods"], "Services": newer.axes["Services"]},
    )
    assert shown(merged(newer, renamed)) == [
        "Goods | Wares",
        "Services | Services",
        "Revenue | Revenue",
    ]


def test_opening_and_closing_cash_of_one_concept_stay_apart() -> None:
    concept = "us-gaap:Cash"
    text = "Cash, beginning of year | 210 | 180\nCash, end of year | 260 | 210"
    names = {"Cash, beginning of year": concept, "Cash, end of year": concept}
    newer = Report(2023, text, names, name="cash_flow_statement")
    lines = merged(newer, replace(newer, year=2022, text=text.replace("260 | 210", "210 | 180")))

    assert len(lines) == 2


def test_a_line_of_the_other_activity_is_another_one() -> None:
    text = """
    # Operating activities
    Interest received | 1,512 | 1,433
    # Financing activities
    Interest paid | -801 | -804
    """
    newer = Report(2023, text, name="cash_flow_statement")
    moved = replace(
        newer,
        year=2022,
        text="# Financing activities\nInterest received | 1,433 | 1,410",
    )

    assert "Interest received | -" in shown(merged(newer, moved))


def test_a_moved_and_renamed_line_is_joined_by_its_concept() -> None:
    concept = {"Software": "x:Software", "Licences": "x:Software"}
    lines = merged(
        Report(2023, "Land | 5,310\nMachines | 4,020\nSoftware | 77", concept),
        Report(2019, "Licences | 83\nLand | 5,110\nMachines | 4,420", concept),
    )

    assert "Software | Licences" in shown(lines)


def test_an_anchor_of_several_lines_joins_none() -> None:
    wider = "ifrs-full:AdjustmentsForReconcileProfitLoss"
    newer = replace(
        Report(2023, "Fees | 512\nGrants | 77", {"Fees": "x:Fees", "Grants": "x:Grants"}),
        anchors={"Fees": wider, "Grants": wider},
    )
    older_ = replace(Report(2019, "Levies | 83", {"Levies": "x:L"}), anchors={"Levies": wider})

    assert len(merged(newer, older_)) == 3


def test_dividends_per_share_are_no_earnings_rounded() -> None:
    lines = merged(
        Report(2023, "% Basic earnings per share | 3.31 | 2.99"),
        Report(2022, "% Dividends declared per share | 3 | 2.72"),
    )

    assert len(lines) == 2


def test_one_of_several_rows_of_a_name_is_told_by_its_figures() -> None:
    lines = merged(
        Report(2023, "# Costs\nRent | 512 | 433\nOther | 77 | 41\nOther | 9 | 8\nOther | 4 | 3"),
        Report(2022, "# Costs\nRent | 433 | 419\nOther | 888 | 901"),
    )

    assert [sorted(each.rows) for each in lines] == [[0, 1], [0, 1], [1], [0], [0], [0]]


def test_basic_is_not_renamed_to_diluted() -> None:
    lines = merged(
        Report(2023, "Sales | 5,310 | 4,821\n% Basic loss per share | -1.20 | -1.31"),
        Report(2022, "Sales | 4,821 | 4,410\n% Diluted loss per share | -1.31 | -1.44"),
    )

    assert len(lines) == 3


def test_equal_figures_of_two_members_are_two_lines() -> None:
    axis, concept = "srt:ProductOrServiceAxis", "us-gaap:Revenues"
    lines = merged(
        Report(
            2023,
            "Goods | 5,310 | 4,821",
            {"Goods": concept},
            {"Goods": {axis: "us-gaap:ProductMember"}},
        ),
        Report(
            2022,
            "Services | 4,821 | 4,410",
            {"Services": concept},
            {"Services": {axis: "us-gaap:ServiceMember"}},
        ),
    )

    assert len(lines) == 2


def test_exchanged_labels_of_neighbours_are_joined_by_name() -> None:
    lines = merged(
        Report(2023, "Rent | 5,310 | 4,821\nWages | 7,120 | 6,933"),
        Report(2022, "Rent | 6,933 | 6,812\nWages | 4,821 | 4,777"),
    )

    assert shown(lines) == ["Rent | Rent", "Wages | Wages"]


def test_other_means_something_else_below_another_heading() -> None:
    lines = merged(
        Report(2023, "# Income of the year\nOther | 512"),
        Report(2019, "# Finance costs\nOther | 433"),
    )

    assert len([each for each in lines if each.newest.label == "Other"]) == 2


def test_several_rows_of_a_name_are_restated_if_their_figures_are_near() -> None:
    lines = merged(
        Report(2023, "# Costs\nOther | 77 | 410\nOther | 9 | -83"),
        Report(2022, "# Costs\nOther | 430 | 400\nOther | -81 | -99"),
    )

    assert shown(lines)[1:] == ["Other | Other", "Other | Other"]


def test_labels_in_other_scripts_are_names_too() -> None:
    newer = Report(2023, "売上高 | 5,310\n売上原価 | 3,120\nその他 | 12")
    older = Report(2019, "売上原価 | 2,930\n매출액 | 9\nその他 | 7\n売上高 | 4,820")

    assert shown(merged(newer, older)) == [
        "売上高 | 売上高",
        "売上原価 | 売上原価",
        "- | 매출액",
        "その他 | その他",
    ]


@pytest.mark.parametrize("name", ["{}% notes due", "Series {} notes"])
def test_labels_that_differ_in_a_number_are_of_other_lines_where_both_go_on(name: str) -> None:
    twelve, eleven, ten = (name.format(number) for number in (12, 11, 10))
    newer = Report(2023, f"{twelve} | 1,310\n{eleven} | 2,120")
    older = Report(2019, f"{eleven} | 2,930\n{ten} | 4,820")

    assert shown(merged(newer, older)) == [
        f"{twelve} | -",
        f"{eleven} | {eleven}",
        f"- | {ten}",
    ]


def test_rows_of_other_sums_are_two_lines_where_no_year_is_shared() -> None:
    newest = """
    # Revenues
    Licences | 5,399 | 5,127
    Hardware | 3,359 | 3,443
    = Total revenues | 8,758 | 8,570
    # Expenses
    Licences | 1,353 | 1,006
    Staff | 972 | 1,116
    = Total expenses | 2,325 | 2,122
    """
    oldest = """
    # Revenues
    Services | 4,358 | 4,389
    Licences | 6,418 | 7,276
    = Total revenues | 10,776 | 11,665
    # Expenses
    Hardware | 1,653 | 2,064
    Licences | 1,052 | 1,146
    = Total expenses | 2,705 | 3,210
    """
    numbered = [
        Report(year, text).numbered(number)
        for number, (year, text) in enumerate(((2021, newest), (2017, oldest)))
    ]
    for each in numbered:
        periods = [period.key for period in each.statement.periods]
        each.statement.equations = find_equations(each.statement.rows, periods)
    lines = shown(merge(numbered))

    assert "Hardware | -" in lines
    assert "- | Hardware" in lines


def test_a_sum_that_is_written_otherwise_keeps_no_lines_apart() -> None:
    newest = Report(2021, "Assets | 5,399 | 5,127\nEquity | 3,359 | 3,443\nDebts | 2,040 | 1,684")
    oldest = Report(2017, "Assets | 4,358 | 4,389\nEquity | 2,418 | 2,276\nDebts | 1,940 | 2,113")
    numbered = [newest.numbered(0), oldest.numbered(1)]
    for each, total, terms in zip(
        numbered, (2, 0), ([(1, 0), (-1, 1)], [(1, 1), (1, 2)]), strict=True
    ):
        each.statement.equations = [
            Equation.model_validate(
                {"id": "e0", "total": total, "terms": terms, "diff": {"2021": "0"}}
            )
        ]

    assert shown(merge(numbered)) == ["Assets | Assets", "Equity | Equity", "Debts | Debts"]


def test_footnotes_tell_no_lines_apart() -> None:
    text = """
    # Revenues
    Hardware | 3,359 | 3,443
    # Expenses
    Hardware (1) | 972 | 1,116
    """
    older = "# Expenses\nHardware | 1,653 | 2,064"

    assert "Hardware (1) | Hardware" in shown(merged(Report(2021, text), Report(2017, older)))


@pytest.mark.parametrize("mark", ["(1)", "(a)", "¹", "*", "(1):"])
def test_the_mark_of_a_footnote_makes_no_other_line(mark: str) -> None:
    marked = NEWER.text.replace("Selling expenses", f"Selling expenses {mark}")
    older = Report(2019, "Selling expenses | -440 | -430\nRevenue | 3,820 | 3,410")

    assert f"Selling expenses {mark} | Selling expenses" in shown(
        merged(replace(NEWER, text=marked), older)
    )
