"""The line and the year that a person means: exactly one, or what may be meant."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipeline.compiled import Compiled, CompiledPeriod, CompiledRow, Gap, LabelUse
from app.services.errors import NotFoundError
from app.services.lines import NoSuchLineError, find_line, find_period, normal


def row(name: str, label: str, *section: str, earlier: str = "", **changes: Any) -> CompiledRow:
    labels = [LabelUse(label=each, inputs=[0]) for each in (label, earlier) if each]
    values = {"kind": "line", **changes}
    return CompiledRow(id=name, label=label, section=list(section), labels=labels, **values)


ROWS = [
    row("net-sales", "Net sales:", kind="heading"),
    row("products", "Products", "Net sales", earlier="Net product sales"),
    row("total-net-sales", "Total net sales", "Net sales", earlier="Net sales", kind="total"),
    row("assets-other", "Other", "Assets", "Current assets"),
    row("liabilities-other", "Other", "Liabilities"),
    row("basic", "Basic", "Earnings per share"),
    row("basic-2", "Basic", "Shares"),
    row("90-days", "Due > 90 days", "Receivables"),
    row("owners-share", "Owner\u2019s  share \u2014 net", "Equity"),
    row("no-label", "", "Equity", kind="total"),
]


def period(key: str, label: str, year: int | None, end: date) -> CompiledPeriod:
    return CompiledPeriod(key=key, label=label, fiscal_year=year, end=end, input=0)


PERIODS = [
    period("2020", "FY2020", 2020, date(2020, 6, 30)),
    period("2019-6m", "6 months to 2019-06-30", 2019, date(2019, 6, 30)),
    period("2018", "FY2018", 2018, date(2018, 12, 31)),
]


def compiled(rows: list[CompiledRow] = ROWS) -> Compiled:
    return Compiled(
        statement="income_statement",
        framework="ifrs",
        currency="EUR",
        scope=None,
        scale=6,
        title=None,
        inputs=[],
        periods=PERIODS,
        rows=rows,
        gaps=[Gap(fiscal_year=2017, reason="no report")],
    )


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("products", "products"),
        ("PRODUCTS", "products"),
        (" Total \t net\u00a0sales : ", "total-net-sales"),
        ("net product sales", "products"),
        ("Net sales", "total-net-sales"),  # its label in an older filing; the heading has none
        ("Current assets > Other", "assets-other"),
        ("assets > CURRENT assets>other", "assets-other"),
        ("Liabilities > Other", "liabilities-other"),
        ("Liabilities > liabilities-other", "liabilities-other"),
        ("id:assets-other", "assets-other"),
        ("id: basic", "basic"),
        ("Due > 90 days", "90-days"),
        ("Receivables > Due > 90 days", "90-days"),
        ("receivables>due>90 days", "90-days"),
        ("owner's share - net", "owners-share"),
        ("(no label)", "no-label"),
        ("Equity > (no label)", "no-label"),
    ],
)
def test_a_line_is_found_by_id_label_older_label_and_section(reference: str, name: str) -> None:
    found = find_line(compiled(), reference)
    assert (found.row.id, found.homonyms) == (name, ())
    assert compiled().rows[found.position] == found.row


def test_several_lines_are_listed_and_none_is_chosen() -> None:
    with pytest.raises(NoSuchLineError, match="2 lines of the income statement") as caught:
        find_line(compiled(), "other")
    assert [each.id for each in caught.value.candidates] == ["assets-other", "liabilities-other"]
    assert caught.value.candidates[0].section == ("Assets", "Current assets")


def test_an_id_that_is_the_label_of_others_is_taken_and_the_others_are_named() -> None:
    found = find_line(compiled(), "basic")
    assert found.row.id == "basic"
    assert [each.id for each in found.homonyms] == ["basic-2"]
    with pytest.raises(NoSuchLineError) as caught:
        find_line(compiled(), "Basic")  # as it is printed: no id
    assert [each.id for each in caught.value.candidates] == ["basic", "basic-2"]


def test_a_present_label_comes_before_an_older_one() -> None:
    rows = [row("sales", "Sales", earlier="Revenue"), row("revenue-2", "Revenue")]
    assert find_line(compiled(rows), "Revenue").row.id == "revenue-2"


def test_the_nearest_lines_are_suggested() -> None:
    with pytest.raises(NoSuchLineError, match="no line of the income statement") as caught:
        find_line(compiled(), "Total net slaes")
    assert caught.value.candidates[0].id == "total-net-sales"


def test_a_heading_has_no_figures_and_names_the_lines_below_it() -> None:
    rows = [row("costs", "Costs", kind="heading"), row("staff", "Staff", "Costs")]
    with pytest.raises(NoSuchLineError, match="is a heading") as caught:
        find_line(compiled(rows), "costs:")
    assert [each.id for each in caught.value.candidates] == ["staff"]


@given(
    labels=st.lists(st.text(max_size=8), min_size=1, max_size=5),
    sections=st.lists(st.lists(st.text("ab>: \u202e\0", max_size=3), max_size=2), max_size=5),
    reference=st.text(max_size=12),
)
def test_hostile_labels_are_found_or_refused_and_ids_always_found(
    labels: list[str], sections: list[list[str]], reference: str
) -> None:
    sections = [*sections, *[[]] * len(labels)]
    rows = [row(f"r-{n}", each, *sections[n]) for n, each in enumerate(labels)]
    whole = compiled(rows)
    for each in (reference, *labels, ">", "id:", *(">".join([*s, "x"]) for s in sections)):
        try:
            find_line(whole, each)
        except NoSuchLineError as error:
            assert error.code in {"line_not_found", "several_lines", "heading"}  # noqa: PT017
    for n, each in enumerate(labels):
        assert find_line(whole, f"id:r-{n}").position == n
        alike = [other for other in labels if normal(other) == normal(each)]
        if len(alike) == 1 and normal(each) and ">" not in each:
            assert find_line(whole, f"  {each.upper().lower()} ").position == n or (
                normal(each.upper().lower()) != normal(each)
            )


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("2020", "2020"),
        ("FY2020", "2020"),
        (" fy 2020 ", "2020"),
        ("\uff12\uff10\uff12\uff10", "2020"),
        ("2019", "2019-6m"),
        ("2019-6M", "2019-6m"),
        ("6 Months to  2019-06-30", "2019-6m"),
        ("2018-12-31", "2018"),
    ],
)
def test_a_year_is_found_by_key_label_fiscal_year_and_last_day(reference: str, key: str) -> None:
    assert find_period(compiled(), reference).key == key


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("2017", "has no FY2017: no report"),
        ("fy2017", "has no FY2017: no report"),
        ("1999", r"no '1999': it has 2020, 2019-6m \(6 months to 2019-06-30\), 2018"),
        ("", "it has 2020"),
        ("20", "it has 2020"),
    ],
)
def test_a_year_that_is_not_there_is_said_with_those_that_are(reference: str, message: str) -> None:
    with pytest.raises(NotFoundError, match=message):
        find_period(compiled(), reference)


def test_two_periods_of_one_fiscal_year_are_listed() -> None:
    whole = compiled()
    short = period("2021-6m", "6 months to 2021-06-30", 2021, date(2021, 6, 30))
    whole.periods = [short, short.model_copy(update={"key": "2021-3m"}), *PERIODS]
    with pytest.raises(NotFoundError, match="'2021' is 2 periods: 2021-6m"):
        find_period(whole, "2021")
