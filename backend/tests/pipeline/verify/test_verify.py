"""What makes the statements of a filing verified, partly verified or doubtful."""

import random
from typing import Any

import pytest

from app.pipeline.statement import (
    CheckResult,
    Checks,
    Issue,
    SkippedLine,
    Source,
    SourceKind,
    Statement,
)
from app.pipeline.verify import verify
from app.pipeline.verify.status import CONTRADICTIONS
from tests.evaluation.damage import DAMAGES
from tests.helpers.accounts import FLOW, INCOME, SHEET, flow, group, income, sheet
from tests.helpers.tables import typed_statement


def checks(statement: Statement) -> Checks:
    assert statement.checks is not None
    return statement.checks


def codes(statement: Statement) -> set[str]:
    return {issue.code for issue in statement.issues}


def statuses(statements: list[Statement]) -> list[str]:
    return [checks(each).status for each in verify(statements)]


def test_statements_that_agree_are_verified() -> None:
    done = verify(group())

    assert [checks(each).status for each in done] == ["verified"] * 3
    assert [each.issues for each in done] == [[], [], []]
    assert checks(done[1]).balance == checks(done[1]).closing_cash == "pass"
    assert checks(done[2]).cash == checks(done[2]).net_income == "pass"


def test_figures_per_share_are_no_money_and_count_apart() -> None:
    (done, *_) = verify(group())

    assert (checks(done).cells, checks(done).checkable, checks(done).verified) == (22, 20, 20)


def test_each_proved_cell_names_its_equations() -> None:
    done = verify(group())[0]
    ids = {each.id for each in done.equations}

    for row, _, cell in done.cells():
        assert set(cell.by) <= ids
        assert bool(cell.by) == (row.kind != "per_share")


def test_a_tie_names_the_row_of_the_other_statement() -> None:
    done = verify(group())[2]
    (tie,) = [each for each in done.equations if each.id == "closing_cash"]

    assert tie.other is not None
    assert (tie.other.statement, tie.other.row) == ("balance_sheet", 6)


def test_verifying_twice_changes_nothing() -> None:
    once = verify(group())

    assert verify(once) == once


def test_what_is_given_is_not_changed() -> None:
    given = group()
    verify(given)

    assert given == group()


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "check"),
    [
        ("sheet", "Total assets | 84,984", "Total assets | 85,984", "balance_differs", "balance"),
        ("flow", "year | 7,253", "year | 7,353", "cash_differs", "cash"),
        ("flow", "Profit for the year | 5,839", "Profit for the year | 5,389", "net_income_differs",
         "net_income"),
    ],
)  # fmt: skip
def test_a_hard_check_that_fails_makes_a_statement_doubtful(
    name: str, old: str, new: str, code: str, check: str
) -> None:
    texts = {"sheet": SHEET, "flow": FLOW}
    assert old in texts[name]
    texts[name] = texts[name].replace(old, new)
    done = {
        each.statement: each
        for each in verify([income(), sheet(texts["sheet"]), flow(texts["flow"])])
    }
    damaged = done["balance_sheet" if name == "sheet" else "cash_flow_statement"]

    assert getattr(checks(damaged), check) == "fail"
    assert checks(damaged).status == "doubtful"
    assert code in codes(damaged)
    assert all(issue.row is not None for issue in damaged.issues if issue.code == code)


def test_less_than_six_in_ten_figures_proved_is_doubtful() -> None:
    text = INCOME.replace("18,039", "18,093").replace("7,832", "7,823").replace("7,391", "7,319")

    assert statuses([income(text), sheet(), flow()])[0] == "doubtful"


def test_an_unproved_figure_is_named_with_row_and_period() -> None:
    text = SHEET.replace("Property | 41,377 | 39,120", "Property | 41,377 | ?")
    done = verify([income(), sheet(text), flow()])[1]

    assert checks(done).status == "partly"
    assert ("unreadable_figure", 1, "p1") in {(i.code, i.row, i.period) for i in done.issues}
    assert ("not_proved", 2, "p1") in {(i.code, i.row, i.period) for i in done.issues}


def test_a_sum_that_one_year_contradicts_is_named() -> None:
    done = verify([income(INCOME.replace("3,974", "3,794")), sheet(), flow()])[0]
    (issue,) = [each for each in done.issues if each.code == "sum_differs"]

    assert (issue.row, issue.period) == (9, "p1")
    assert issue.message == "'Profit for the year' is 3794, and its terms add up to 3974"
    assert checks(done).failed == 1


@pytest.mark.parametrize(
    ("changes", "code", "result"),
    [
        ({"scope": "parent"}, "parent_statement", "fail"),
        ({"title": None}, "title_unknown", "unknown"),
        ({"currency": None}, "currency_unknown", "unknown"),
        ({"scale": None}, "scale_unknown", "unknown"),
    ],
)
def test_a_statement_of_unknown_or_other_identity_is_partly_verified(
    changes: dict[str, Any], code: str, result: CheckResult
) -> None:
    done = verify([income(**changes), sheet(**changes), flow(**changes)])

    for each in done:
        assert (checks(each).status, checks(each).identity) == ("partly", result)
        assert code in codes(each)


def test_an_unknown_period_is_partly_verified() -> None:
    given = group()
    given[0].periods[1].end = None

    assert statuses(given)[0] == "partly"


def test_a_company_without_a_group_is_verified_by_its_ties() -> None:
    assert statuses([income(scope=None), sheet(scope=None), flow(scope=None)]) == ["verified"] * 3


def test_statements_without_a_scope_beside_those_of_the_group_are_not_verified() -> None:
    done = verify([*group(), income(scope=None), sheet(scope=None), flow(scope=None)])

    assert [checks(each).status for each in done] == ["verified"] * 3 + ["partly"] * 3
    assert codes(done[3]) == {"scope_unknown"}


def test_a_balance_sheet_of_another_entity_is_not_verified() -> None:
    text = SHEET.replace("7,253 |", "9,253 |").replace("31,127", "33,127")
    text = text.replace("84,984", "86,984").replace("Borrowings | 27,350", "Borrowings | 29,350")
    text = text.replace("41,268", "43,268")
    (alone,) = verify([sheet(text)])
    together = verify([income(), sheet(text, scope=None), flow()])[1]

    assert checks(alone).verified == checks(alone).checkable
    assert checks(together).closing_cash == "unknown"
    assert checks(together).status == "partly"
    assert "scope_unknown" in codes(together)


def test_cash_of_another_magnitude_is_a_failure() -> None:
    text = SHEET.replace("7,253 | 4,870", "253 | 170")
    text = text.replace("Inventories | 9,871 | 8,032", "Inventories | 16,871 | 12,732")

    assert statuses([income(), sheet(text), flow()])[1:] == ["doubtful", "doubtful"]


def test_opening_and_closing_cash_may_be_named_by_their_heading() -> None:
    text = FLOW.replace("Cash at the beginning", "# Cash and cash equivalents\n    Beginning")
    text = text.replace("Cash at the end", "End")

    assert statuses([income(), sheet(), flow(text)]) == ["verified"] * 3


def test_cash_less_overdrafts_is_the_balance_sheets() -> None:
    text = SHEET.replace("4,870\n", "4,870\n").replace(
        "Borrowings | 27,350 | 25,011",
        "Bank overdrafts | 350 | 11\n    Borrowings | 27,000 | 25,000",
    )
    flow_text = (
        FLOW.replace("7,253", "6,903")
        .replace("4,870", "4,859")
        .replace("3,755", "3,744")
        .replace("2,383", "2,044")
        .replace("-87", "-426")
    )
    done = verify([income(), sheet(text), flow(flow_text)])

    assert [checks(each).closing_cash for each in done[1:]] == ["pass", "pass"]
    assert checks(done[2]).status == "verified"


def test_a_printed_reconciliation_ties_restricted_cash() -> None:
    text = FLOW.replace("Cash at the", "Cash and restricted cash at the").replace(
        "7,253", "7,853").replace("4,870", "5,470").replace("3,755", "4,355")  # fmt: skip
    text += "\n    Restricted cash | -600 | -600\n    = Cash and cash equivalents | 7,253 | 4,870"
    done = verify([income(), sheet(), flow(text)])

    assert checks(done[2]).closing_cash == "pass"
    assert checks(done[2]).status == "verified"


def test_cash_that_is_unlike_the_balance_sheets_by_its_label_has_nothing_to_compare() -> None:
    text = FLOW.replace("Cash at the", "Cash and restricted cash at the").replace(
        "7,253", "7,853").replace("4,870", "5,470").replace("3,755", "4,355")  # fmt: skip
    done = verify([income(), sheet(), flow(text)])

    assert [checks(each).closing_cash for each in done[1:]] == ["not_applicable"] * 2


def test_a_statement_that_was_not_found_leaves_ties_open() -> None:
    done = verify([income(), sheet()])

    assert [checks(each).status for each in done] == ["partly", "partly"]
    assert [codes(each) for each in done] == [{"statement_missing"}] * 2


@pytest.mark.parametrize("seed", range(24))
def test_what_is_not_verified_says_why(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311
    given = group()[: draw.randint(1, 3)]
    damaged = draw.choice(given)
    row, period, _ = draw.choice(list(damaged.cells()))
    damage = draw.choice(list(DAMAGES.values()))
    given = [
        damage(each, row.n, period, draw) or each if each is damaged else each for each in given
    ]

    for each in verify(given):
        assert (checks(each).status == "verified") == (each.issues == [])


def test_a_small_company_may_file_its_balance_sheet_alone() -> None:
    source = Source(kind="ixbrl", reader="test/1")
    small = sheet(framework="frs-102", scope=None, source=source)

    assert statuses([small]) == ["verified"]


def test_a_micro_entity_states_equity_below_its_only_assets() -> None:
    source = Source(kind="ixbrl", reader="test/1")
    text = "= Current assets | 1,101 | 1,007\n= Capital and reserves | 1,101 | 1,007"

    assert statuses([sheet(text, framework="frs-105", scope=None, source=source)]) == ["verified"]


def test_a_cash_flow_that_begins_with_receipts_has_no_profit_to_compare() -> None:
    text = FLOW.replace("Profit for the year | 5,839", "Receipts from customers | 45,839").replace(
        "Depreciation | 2,210 | 2,087", "Payments to suppliers | -37,790 | 2,087")  # fmt: skip
    done = verify([income(), sheet(), flow(text)])

    assert [checks(each).net_income for each in done] == ["not_applicable"] * 3
    assert checks(done[0]).status == "verified"


@pytest.mark.parametrize("kind", ["xbrl_json", "companyfacts"])
def test_facts_without_a_statement_are_partly_verified(kind: SourceKind) -> None:
    source = Source(kind=kind, reader="test/1")
    given = [each.model_copy(update={"source": source}) for each in group()]

    assert statuses(given) == ["partly"] * 3


@pytest.mark.parametrize(
    ("label", "status"),
    [
        ("Other reserves", "partly"),
        ("Treasury shares", "verified"),
        ("Less: own shares", "verified"),
    ],
)
def test_a_term_is_subtracted_only_where_sign_or_label_says_so(label: str, status: str) -> None:
    text = SHEET.replace("38,716 | 35,277", f"39,516 | 36,277\n    {label} | 800 | 1,000")
    done = verify([income(), sheet(text), flow()])[1]

    assert checks(done).status == status
    assert ("sign_not_stated" in codes(done)) == (status == "partly")
    signed = verify([income(), sheet(text.replace("800 | 1,000", "-800 | -1,000")), flow()])[1]
    assert checks(signed).status == "verified"


def test_an_income_statement_with_a_balance_sheet_behind_it_is_not_verified() -> None:
    done = verify([income(INCOME + SHEET), sheet(), flow()])[0]

    assert checks(done).status != "verified"
    assert "other_statement" in codes(done)


def test_statements_of_different_days_are_not_verified() -> None:
    statements = group()
    newest, oldest = statements[1].periods
    newest.end, oldest.end = oldest.end, newest.start
    assert newest.end is not None

    done = verify(statements)

    assert [checks(each).identity for each in done] == ["unknown"] * 3
    assert all("period_ends_differ" in codes(each) for each in done)


@pytest.mark.parametrize("code", sorted(CONTRADICTIONS))
def test_a_file_that_contradicts_itself_is_not_verified(code: str) -> None:
    statements = group()
    statements[1].issues.append(Issue(code=code, message="the file says two things"))

    assert statuses(statements) == ["verified", "partly", "verified"]


@pytest.mark.parametrize(
    ("reason", "status"), [("footnote", "verified"), ("unread_figures", "partly")]
)
def test_a_skipped_line_needs_a_reason(reason: str, status: str) -> None:
    line = SkippedLine(text="Other income 12 11", reason=reason, page=3)
    done = verify([income(skipped=[line]), sheet(), flow()])[0]

    assert checks(done).status == status
    assert ("skipped_line" in codes(done)) == (status == "partly")


def test_another_scale_than_the_other_statements_is_a_failure() -> None:
    done = verify([income(), sheet(scale=3), flow()])

    assert checks(done[1]).scale == "fail"
    assert "scale_differs" in codes(done[1])
    assert checks(done[1]).status == "doubtful"


def test_a_single_difference_in_exact_statements_is_no_rounding() -> None:
    done = verify([income(), sheet(SHEET.replace("9,871", "9,872")), flow()])

    assert checks(done[1]).status == "partly"
    assert ("sum_differs", 7, "p0") in {(i.code, i.row, i.period) for i in done[1].issues}


def test_a_figure_per_share_that_cannot_be_read_is_named() -> None:
    done = verify([income(INCOME.replace("share | 1.17", "share | ?")), sheet(), flow()])[0]

    assert checks(done).verified == checks(done).checkable
    assert checks(done).status == "partly"


def cut_off(*larger: int) -> str:
    """Return blocks of five lines whose totals exceed them by so many units."""
    lines = []
    for block, more in enumerate(larger):
        figures = [7013 * (block + 2) + 911 * i for i in range(5)]
        lines += [f"Line {i} | {figure}" for i, figure in enumerate(figures)]
        lines.append(f"= Total {block} | {sum(figures) + more}")
    return "\n".join(lines)


def test_digits_that_are_cut_off_are_seen_in_all_statements_together() -> None:
    differs = income(cut_off(3, 0, 1, 0))
    like_it, exact = sheet(cut_off(2, 2, 2, 2)), sheet(cut_off(0, 0, 0, 0))

    assert checks(verify([differs])[0]).verified == 18
    assert checks(verify([differs, exact])[0]).verified == 18
    assert checks(verify([differs, like_it])[0]).verified == 24


def test_a_cash_flow_read_as_an_income_statement_is_not_verified() -> None:
    done = verify([income(FLOW), sheet(), flow()])[0]

    assert checks(done).status == "partly"
    assert "other_statement" in codes(done)


def test_opening_cash_is_the_closing_cash_of_the_year_before() -> None:
    text = FLOW.replace("beginning of the year | 4,870", "beginning of the year | 4,780").replace(
        "rates | -87", "rates | 3").replace("2,383", "2,473")  # fmt: skip
    done = verify([income(), sheet(), flow(text)])[2]

    assert checks(done).cash == "unknown"
    assert "opening_cash_differs" in codes(done)


GERMAN = (
    """
    Umsatzerlöse | 48.211 | 44.087
    Materialaufwand | -30.172 | -28.450
    = Betriebsergebnis | 18.039 | 15.637
    Steuern | -4.552 | -3.190
    = Konzernergebnis | 13.487 | 12.447""",
    """
    Sachanlagen | 41.377 | 39.120
    Flüssige Mittel | 7.253 | 4.870
    = Summe Aktiva | 48.630 | 43.990
    Eigenkapital | 27.030 | 24.447
    Verbindlichkeiten | 21.600 | 19.543
    = Summe Passiva | 48.630 | 43.990""",
    """
    Konzernergebnis | 13.487 | 12.447
    Abschreibungen | 2.210 | 2.087
    = Cashflow aus laufender Geschäftstätigkeit | 15.697 | 14.534
    Investitionen in Sachanlagen | -9.301 | -8.880
    Erlöse aus Abgängen | 122 | 310
    = Cashflow aus Investitionstätigkeit | -9.179 | -8.570
    Dividenden | -4.135 | -4.849
    = Cashflow aus Finanzierungstätigkeit | -4.135 | -4.849
    = Veränderung des Finanzmittelbestands | 2.383 | 1.115
    Finanzmittelbestand am Anfang der Periode | 4.870 | 3.755
    = Finanzmittelbestand am Ende der Periode | 7.253 | 4.870""",
)
FRENCH = (
    """
    Chiffre d'affaires | 48.211 | 44.087
    Charges d'exploitation | -30.172 | -28.450
    = Résultat opérationnel | 18.039 | 15.637
    Impôts sur les résultats | -4.552 | -3.190
    = Résultat net | 13.487 | 12.447""",
    """
    Immobilisations | 41.377 | 39.120
    Trésorerie et équivalents de trésorerie | 7.253 | 4.870
    = Total de l'actif | 48.630 | 43.990
    Capitaux propres | 27.030 | 24.447
    Dettes | 21.600 | 19.543
    = Total du passif | 48.630 | 43.990""",
    """
    Résultat net | 13.487 | 12.447
    Amortissements | 2.210 | 2.087
    = Flux de trésorerie liés aux activités opérationnelles | 15.697 | 14.534
    Acquisitions | -9.301 | -8.880
    Cessions | 122 | 310
    = Flux de trésorerie liés aux investissements | -9.179 | -8.570
    Dividendes | -4.135 | -4.849
    = Flux de trésorerie liés au financement | -4.135 | -4.849
    = Variation de la trésorerie | 2.383 | 1.115
    Trésorerie à l'ouverture | 4.870 | 3.755
    = Trésorerie à la clôture | 7.253 | 4.870""",
)
DUTCH = (
    """
    Netto-omzet | 48.211 | 44.087
    Kosten | -30.172 | -28.450
    = Bedrijfsresultaat | 18.039 | 15.637
    Belastingen | -4.552 | -3.190
    = Resultaat na belastingen | 13.487 | 12.447""",
    """
    Materiële vaste activa | 41.377 | 39.120
    Liquide middelen | 7.253 | 4.870
    = Totaal activa | 48.630 | 43.990
    Eigen vermogen | 27.030 | 24.447
    Schulden | 21.600 | 19.543
    = Totaal passiva | 48.630 | 43.990""",
    """
    Resultaat na belastingen | 13.487 | 12.447
    Afschrijvingen | 2.210 | 2.087
    = Kasstroom uit operationele activiteiten | 15.697 | 14.534
    Investeringen | -9.301 | -8.880
    Desinvesteringen | 122 | 310
    = Kasstroom uit investeringsactiviteiten | -9.179 | -8.570
    Dividend | -4.135 | -4.849
    = Kasstroom uit financieringsactiviteiten | -4.135 | -4.849
    = Mutatie geldmiddelen | 2.383 | 1.115
    Geldmiddelen begin boekjaar | 4.870 | 3.755
    = Geldmiddelen einde boekjaar | 7.253 | 4.870""",
)
UNKNOWN = tuple(
    "\n".join(
        f"    {'= ' if line.strip().startswith('=') else ''}Zeile {i} | {line.partition('|')[2]}"
        for i, line in enumerate(text.strip().splitlines())
    )
    for text in GERMAN
)


@pytest.mark.parametrize("texts", [GERMAN, FRENCH, DUTCH], ids=["de", "fr", "nl"])
def test_the_ties_are_found_in_other_languages(texts: tuple[str, str, str]) -> None:
    names = ("income_statement", "balance_sheet", "cash_flow_statement")
    given = [
        typed_statement(name, text.replace(".", ""), currency="EUR")  # type: ignore[arg-type]
        for name, text in zip(names, texts, strict=True)
    ]
    done = verify(given)

    assert [checks(each).status for each in done] == ["verified"] * 3, [
        each.issues for each in done
    ]


def test_a_language_that_is_not_known_is_never_more_than_partly_verified() -> None:
    names = ("income_statement", "balance_sheet", "cash_flow_statement")
    given = [
        typed_statement(name, text.replace(".", ""))  # type: ignore[arg-type]
        for name, text in zip(names, UNKNOWN, strict=True)
    ]
    done = verify(given)

    assert checks(done[1]).balance == checks(done[2]).cash == "pass"
    assert checks(done[1]).status == "partly"
