"""Readings made elsewhere: only what the document shows is proved, whatever they claim."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.pipeline.statement import Checks, Issue, Row, SkippedLine, Statement
from app.pipeline.verify import verify
from app.pipeline.verify.confirm import FACTS
from app.pipeline.verify.elsewhere import NOTE, prove_elsewhere
from tests.helpers.accounts import group, income, sheet

Change = Callable[[Statement], None]
DOCUMENT = verify(group())
TWINS = """
    Revenue | 48 | 44
    Other | 1 | 6
    Other | 5 | 6"""


def stated(change: Change = lambda _: None, number: int = 0) -> Statement:
    """Return a person's reading of a statement of the group."""
    reading = group()[number].model_copy(deep=True)
    reading.source.kind, reading.source.reader = "manual", "ada"
    change(reading)
    return reading


def prove(reading: Statement, shown: list[Statement] | None = None, **more: Any) -> Statement:
    """Prove a reading by the group's document, beside the other statements."""
    document = [each.model_copy(deep=True) for each in DOCUMENT]
    others = [each for each in document if each.statement != reading.statement]
    own = [each for each in document if each.statement == reading.statement]
    return prove_elsewhere(reading, own if shown is None else shown, others, kind="pdf", **more)


def checks(statement: Statement) -> Checks:
    assert statement.checks is not None
    return statement.checks


def codes(statement: Statement) -> set[str]:
    return {each.code for each in statement.issues}


def row(statement: Statement, label: str) -> Row:
    return next(each for each in statement.rows if each.label == label)


def set_figure(label: str, value: str, key: str = "p0") -> Change:
    def change(reading: Statement) -> None:
        row(reading, label).cells[key].v = Decimal(value)

    return change


@pytest.mark.parametrize("number", range(3))
def test_a_faithful_reading_is_proved_as_the_programs_own(number: int) -> None:
    own = verify(group())[number]
    proved = prove(stated(number=number))
    assert checks(own).status == "verified"
    assert proved.checks == own.checks
    assert proved.rows == own.rows
    assert proved.equations == own.equations
    assert proved.issues == own.issues
    assert (proved.source.kind, proved.source.reader) == ("manual", "ada")


def test_what_a_reading_claims_of_its_proof_is_discarded() -> None:
    def claim(reading: Statement) -> None:
        set_figure("Revenue", "99999")(reading)
        reading.checks = Checks(cells=1, checkable=1, verified=1, status="verified")
        reading.equations = verify([income()])[0].equations
        row(reading, "Revenue").cells["p0"].by = ["e0"]
        reading.issues = [Issue(code="all_is_well", message="")]

    proved = prove(stated(claim))
    assert checks(proved).status == "partly"
    assert row(proved, "Revenue").cells["p0"].by == []
    assert not any("p0" in e.diff for e in proved.equations if e.total == 2)
    assert "all_is_well" not in codes(proved)


def test_a_note_of_the_reader_is_kept() -> None:
    def note(reading: Statement) -> None:
        reading.issues = [Issue(code=NOTE, message="a stain on the page", row=1)]

    assert prove(stated(note)).issues == [Issue(code=NOTE, message="a stain on the page", row=1)]


def test_an_invented_figure_is_kept_named_and_proves_nothing() -> None:
    proved = prove(stated(set_figure("Cost of sales", "-30000")))
    cell = row(proved, "Cost of sales").cells["p0"]
    assert (cell.v, cell.unconfirmed, cell.by, cell.at) == (Decimal(-30000), True, [], None)
    (issue,) = [each for each in proved.issues if each.code == "figure_not_found"]
    assert (issue.row, issue.period) == (1, "p0")
    assert "-30000 as 'Cost of sales', but -30172" in issue.message
    assert row(proved, "Gross profit").cells["p1"].by  # the other year is as it was


def times(factor: int) -> Change:
    def change(reading: Statement) -> None:
        for _, _, cell in reading.cells():
            cell.v = cell.v * factor if cell.v is not None else None

    return change


def swap_years(reading: Statement) -> None:
    for each in reading.rows:
        if each.cells:
            each.cells = {"p0": each.cells["p1"], "p1": each.cells["p0"]}


def move_years(reading: Statement) -> None:
    for each in reading.periods:
        assert each.end
        each.end, each.start = each.end.replace(year=each.end.year - 2), None


def turn_labels(reading: Statement) -> None:
    lines = [each for each in reading.rows if each.kind == "line"]
    labels = [each.label for each in lines]
    for each, label in zip(lines, [*labels[1:], labels[0]], strict=True):
        each.label = label


def of_the_parent(reading: Statement) -> None:
    reading.scope = "parent"


def in_euros(reading: Statement) -> None:
    reading.currency = "EUR"


def in_billions(reading: Statement) -> None:
    reading.scale = 9


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize(
    "change",
    [times(2), times(-1), swap_years, move_years, of_the_parent, in_euros, in_billions],
)
def test_a_table_that_adds_up_and_is_not_the_documents_is_doubtful(
    change: Change, number: int
) -> None:
    proved = prove(stated(change, number))
    assert checks(proved).status == "doubtful"
    for _, _, cell in proved.cells():
        assert not (cell.unconfirmed and cell.by)
    assert "figure_not_found" in codes(proved)


def test_lines_under_each_others_labels_are_not_proved() -> None:
    proved = prove(stated(turn_labels, 1))
    assert all(each.unconfirmed for each in row(proved, "Goodwill").cells.values())
    assert checks(proved).status == "doubtful"


def test_a_made_up_table_of_an_empty_document_proves_nothing() -> None:
    proved = prove(stated(), shown=[])
    assert (checks(proved).verified, checks(proved).status) == (0, "doubtful")
    assert proved.equations == []


def test_a_document_that_cannot_be_searched_proves_nothing() -> None:
    proved = prove(stated(), shown=[], unsearched="it is a scan")
    assert (checks(proved).verified, checks(proved).status) == (0, "doubtful")
    (issue,) = [each for each in proved.issues if each.code == "document_not_searched"]
    assert "it is a scan" in issue.message
    assert "figure_not_found" not in codes(proved)


def test_a_line_that_is_left_out_is_named_and_not_verified() -> None:
    def leave_out(reading: Statement) -> None:
        del reading.rows[-1]  # earnings per share, in no sum

    proved = prove(stated(leave_out))
    assert (checks(proved).lines, checks(proved).status) == ("fail", "partly")
    assert [e.message for e in proved.issues if e.code == "line_left_out"] == [
        "the document has 'Basic earnings per share', which is not in the reading"
    ]


def test_a_line_that_is_skipped_for_a_reason_is_not_left_out() -> None:
    def skip(reading: Statement) -> None:
        reading.rows.pop()
        text = "Basic earnings per share 1.17 0.79"
        reading.skipped = [SkippedLine(text=text, reason="footnote")]

    assert checks(prove(stated(skip))).status == "verified"


def test_one_year_of_two_is_a_whole_reading() -> None:
    def newest(reading: Statement) -> None:
        del reading.periods[1]
        for each in reading.rows:
            each.cells.pop("p1", None)

    assert checks(prove(stated(newest, 1))).status == "verified"


def test_a_line_stated_twice_is_found_once() -> None:
    def twice(reading: Statement) -> None:
        again = row(reading, "Revenue").model_copy(deep=True)
        reading.rows.append(again.model_copy(update={"n": len(reading.rows)}))

    proved = prove(stated(twice))
    assert [each.unconfirmed for each in proved.rows[-1].cells.values()] == [True, True]


def test_money_called_a_memo_does_not_hide_from_the_sums() -> None:
    def hide(reading: Statement) -> None:
        row(reading, "Finance costs").kind = "memo"

    proved = prove(stated(hide))
    assert "kind_not_confirmed" in codes(proved)
    assert checks(proved).status != "verified"


def test_what_the_document_does_not_say_is_not_confirmed() -> None:
    shown = verify(group())[0]
    shown.framework = shown.scope = None
    shown.periods[0].end = shown.periods[0].start = None
    proved = prove(stated(), [shown])
    assert {"framework_not_confirmed", "scope_not_confirmed"} <= codes(proved)
    assert "period_not_confirmed" in codes(proved)
    assert checks(proved).status == "partly"


@pytest.mark.parametrize("name", ["currency", "scale"])
def test_a_worth_that_the_document_does_not_say_is_not_proved(name: str) -> None:
    shown = verify(group())[0]
    setattr(shown, name, None)
    proved = prove(stated(), [shown])
    assert all(cell.unconfirmed for r, _, cell in proved.cells() if r.kind != "per_share")
    assert checks(proved).status == "doubtful"

    def unknown(reading: Statement) -> None:
        setattr(reading, name, None)

    proved = prove(stated(unknown), [shown])
    assert not any(cell.unconfirmed for r, _, cell in proved.cells() if r.kind != "per_share")
    assert checks(proved).status == "partly"


def test_the_same_in_another_scale_is_the_same() -> None:
    def in_thousands(reading: Statement) -> None:
        reading.scale = 3
        for each, _, cell in reading.cells():
            if each.scale is None and cell.v is not None:
                cell.v *= 1000

    proved = prove(stated(in_thousands))
    assert not any(cell.unconfirmed for _, _, cell in proved.cells())
    assert "scale_not_confirmed" in codes(proved)  # the document is in millions


def test_places_tags_and_concepts_are_the_documents() -> None:
    shown = verify(group())[0]
    shown.rows[0].concept = "ifrs-full:Revenue"
    shown.rows[0].cells["p0"].at = (7, 1.0, 2.0, 3.0, 4.0)

    def claim(reading: Statement) -> None:
        reading.rows[0].concept = "us-gaap:NetIncomeLoss"
        reading.rows[0].cells["p0"].at = (99, 0.0, 0.0, 1.0, 1.0)
        reading.rows[1].concept = "us-gaap:Assets"

    proved = prove(stated(claim), [shown])
    assert proved.rows[0].concept == "ifrs-full:Revenue"
    assert proved.rows[0].cells["p0"].at == (7, 1.0, 2.0, 3.0, 4.0)
    assert proved.rows[1].concept is None


def test_a_contradiction_within_the_document_is_not_lost() -> None:
    shown = verify(group())[0]
    shown.issues = [Issue(code="printed_differs_from_fact", message="two figures", row=3)]
    proved = prove(stated(), [shown])
    assert "printed_differs_from_fact" in codes(proved)
    assert checks(proved).status == "partly"


def test_a_statement_on_two_pages_is_found_in_both() -> None:
    whole = verify([sheet()])[0]
    parts = [
        whole.model_copy(update={"rows": whole.rows[:9], "equations": []}),
        whole.model_copy(update={"rows": whole.rows[9:], "equations": []}),
    ]
    proved = prove(stated(number=1), parts)
    assert checks(proved).status == "verified"


CELLS = [(number, r.n, key) for number in range(3) for r, key, _ in group()[number].cells()]


@settings(deadline=None, max_examples=60)
@given(
    chosen=st.lists(st.sampled_from(CELLS), min_size=1, max_size=8, unique=True),
    values=st.lists(
        st.decimals(min_value=-(10**6), max_value=10**6, places=1, allow_nan=False),
        min_size=8,
        max_size=8,
    ),
)
def test_no_figure_that_the_document_does_not_show_is_proved(
    chosen: list[tuple[int, int, str]], values: list[Decimal]
) -> None:
    number = chosen[0][0]
    original = {(r.n, key): cell.v for r, key, cell in group()[number].cells()}
    reading = stated(number=number)
    for (which, n, key), value in zip(chosen, values, strict=False):
        if which == number:
            reading.rows[n].cells[key].v = value
    wanted = {(r.n, key): cell.v for r, key, cell in reading.cells()}
    proved = prove(reading)
    assert {(r.n, key): cell.v for r, key, cell in proved.cells()} == wanted
    invented = {place for place, v in wanted.items() if v != original[place]}
    for r, key, cell in proved.cells():
        if (r.n, key) in invented:
            assert cell.unconfirmed
            assert not cell.by
    for equation in proved.equations:
        rows = {equation.total, *(n for _, n in equation.terms), *equation.rows}
        assert not any((n, key) in invented for n in rows for key in equation.diff)
    if invented:
        assert checks(proved).status != "verified"


def test_a_reading_of_a_day_that_is_not_known_joins_by_its_year() -> None:
    shown = verify(group())[1]
    shown.periods[0].end = None
    proved = prove(stated(number=1), [shown])
    assert not any(cell.unconfirmed for _, _, cell in proved.cells())
    assert proved.periods[0].end == date(2023, 12, 31)
    assert checks(proved).status == "partly"


def test_a_sum_with_a_figure_that_is_not_shown_is_not_said_to_differ() -> None:
    assert "sum_differs" not in codes(prove(stated(set_figure("Revenue", "48000"))))


def test_a_wrong_row_does_not_take_the_line_of_a_right_one() -> None:
    document = verify([income(TWINS)])
    reading = income(TWINS.replace("Other | 1 | 6", "Other | 5 | 9"))
    reading.source.kind = "manual"
    proved = prove_elsewhere(reading, document, [], kind="pdf")
    others = [each for each in proved.rows if each.label == "Other"]
    assert [cell.unconfirmed for each in others for cell in each.cells.values()] == [
        *(True, True),
        *(None, None),
    ]


def call_it_the_year_before(reading: Statement) -> None:
    for each in reading.periods:
        assert each.fiscal_year
        each.fiscal_year -= 1
        each.label = each.printed = str(each.fiscal_year)


def begin_some_day(reading: Statement) -> None:
    for each in reading.periods:
        each.start = None


def sort_otherwise(reading: Statement) -> None:
    for each in reading.rows:
        each.section, each.level = ["Discontinued operations"], 3


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("change", [call_it_the_year_before, begin_some_day, sort_otherwise])
def test_years_and_headings_of_figures_are_the_documents(change: Change, number: int) -> None:
    own = DOCUMENT[number]
    proved = prove(stated(change, number))
    assert proved.periods == own.periods
    for each, shown in zip(proved.rows, own.rows, strict=True):
        assert not each.cells or (each.section, each.level) == (shown.section, shown.level)


def test_a_fiscal_year_that_the_document_calls_otherwise_is_named() -> None:
    proved = prove(stated(call_it_the_year_before))
    assert [e.period for e in proved.issues if e.code == "period_not_confirmed"] == ["p0", "p1"]
    assert checks(proved).status == "partly"


def test_a_period_of_which_the_document_shows_nothing_is_not_confirmed() -> None:
    def add(reading: Statement) -> None:
        invented = {"key": "p9", "fiscal_year": 1950, "label": "1950", "end": date(1950, 12, 31)}
        reading.periods.append(reading.periods[0].model_copy(update=invented))

    proved = prove(stated(add))
    assert [e.period for e in proved.issues if e.code == "period_not_confirmed"] == ["p9"]
    assert checks(proved).status == "partly"


@pytest.mark.parametrize("label", ["Financing activities", "Restated"])
def test_a_heading_above_other_lines_than_in_the_document_is_named(label: str) -> None:
    def rename(reading: Statement) -> None:
        row(reading, "Operating activities").label = label

    proved = prove(stated(rename, 2))
    assert [e.row for e in proved.issues if e.code == "heading_not_confirmed"] == [0]
    assert checks(proved).status == "partly"


def tagged_twice() -> list[Statement]:
    """Return the income statement of a tagged document, and the list of all its tagged lines."""
    printed = verify(group())[0]
    for each in printed.rows:
        each.concept = f"x:{each.label.replace(' ', '')}"
    listed = printed.model_copy(deep=True, update={"title": FACTS, "equations": []})
    note = [each.model_copy(deep=True) for each in listed.rows]
    listed.rows = [*listed.rows, *note]
    return [printed, listed]


def test_a_fact_that_stands_in_several_places_is_stated_once() -> None:
    def twice(reading: Statement) -> None:
        again = row(reading, "Gross profit").model_copy(deep=True)
        reading.rows.insert(3, again)
        for n, each in enumerate(reading.rows):
            each.n = n

    proved = prove(stated(twice), tagged_twice())
    copies = [each for each in proved.rows if each.label == "Gross profit"]
    assert [c.unconfirmed for each in copies for c in each.cells.values()] == [
        *(None, None),
        *(True, True),
    ]
    assert checks(proved).status != "verified"


def test_a_fact_of_a_document_whose_statement_is_not_found_is_stated_once() -> None:
    def twice(reading: Statement) -> None:
        reading.rows += [
            each.model_copy(deep=True, update={"n": each.n + len(reading.rows)})
            for each in reading.rows
        ]

    proved = prove(stated(twice), tagged_twice()[1:])
    half = len(proved.rows) // 2
    assert not any(c.unconfirmed for each in proved.rows[:half] for c in each.cells.values())
    assert all(c.unconfirmed for each in proved.rows[half:] for c in each.cells.values())


def test_another_statement_of_the_filing_is_not_this_one() -> None:
    def rename(reading: Statement) -> None:
        reading.statement = "balance_sheet"

    shown = verify([income().model_copy(update={"statement": "balance_sheet"})])
    proved = prove(stated(rename), shown)  # of a page that a reading may name
    assert "other_statement" in codes(proved)
    assert (checks(proved).verified, checks(proved).status) == (0, "doubtful")
