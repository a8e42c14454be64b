"""Tests of Inline XBRL whose lines are texts that styles or positions set apart."""

import pytest

from app.pipeline.read.ixbrl.titles import scope_of, title_kind
from tests.pipeline.read.ixbrl_builder import tag
from tests.pipeline.read.test_ixbrl_layouts import (
    EXPECTED,
    ROWS,
    figure,
    figures,
    positioned,
    read,
)


def page(*parts: str) -> str:
    return f'<div class="page" style="position:relative">{"".join(parts)}</div>'


def test_floating_texts_of_one_line_are_cells() -> None:
    rows = [
        f'<div><span class="l">{label}</span><span class="f">{note}</span>'
        f'<span style="float:left">{figure(concept, "d22", now)}</span>'
        f'<span class="f">{figure(concept, "d21", before)}</span><span class="no">9</span></div>'
        for label, note, concept, now, before in ROWS
    ]
    style = ".l{float:left;width:60%} .f{display:inline-block} .no{display:none}"
    found = read("<div>Consolidated income statement</div>", *rows, style=style)

    assert figures(found) == EXPECTED
    assert [each.note for each in found.rows] == ["4", "5", None, "6", None]


def test_each_word_sign_and_parenthesis_may_be_positioned_by_itself() -> None:
    parts = [positioned(50, 20, "Income"), positioned(90, 20, "statement")]
    parts += [
        positioned(250, 40, "31"),
        positioned(262, 40, "December"),
        positioned(300, 40, "2022"),
    ]
    top = 60.0
    for label, _, concept, now, before in ROWS:
        words = [*label.split(), "at", "1", "January", "(in", "\u20ac)"]
        parts += [positioned(50 + 30 * at, top, word) for at, word in enumerate(words)]
        for left, text, period in ((300, now, "d22"), (400, before, "d21")):
            if text.startswith("("):
                parts.append(positioned(left - 4, top, "-"))
            parts.append(positioned(left, top, tag(concept, period, text.strip("()"))))
        top += 14
    found = read(page(*parts))

    assert figures(found) == {
        f"{label} at 1 January (in \u20ac)": v for label, v in EXPECTED.items()
    }
    assert found.skipped == []


def test_a_unit_with_digits_is_no_figure_and_a_page_number_is_named() -> None:
    parts = [positioned(50, 20, "Income statement"), positioned(50, 30, "(NOK 1 000)")]
    parts += [positioned(250, 40, "Note"), positioned(300, 40, "2022"), positioned(400, 40, "2021")]
    top = 60.0
    for label, _, concept, now, before in ROWS:
        parts.append(positioned(50, top, label))
        parts.append(positioned(300, top, figure(concept, "d22", now)))
        parts.append(positioned(400, top, figure(concept, "d21", before)))
        top += 14
    found = read(page(*parts, positioned(250, top + 50, "45")))

    assert figures(found) == EXPECTED
    assert [(each.text, each.reason) for each in found.skipped] == [("45", "page_number")]


def test_several_notes_at_the_end_of_a_label_are_no_part_of_it() -> None:
    rows = [
        f"<p>{label} {note and note + ', 14'} {figure(concept, 'd22', now)} "
        f"{figure(concept, 'd21', before)}</p>"
        for label, note, concept, now, before in ROWS
    ]
    found = read("<p>Consolidated income statement</p>", *rows)

    assert figures(found) == EXPECTED
    assert [each.note for each in found.rows] == ["4, 14", "5, 14", None, "6, 14", None]


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("income_statement", "Konsolidovan\u00fd v\u00fdkaz zisku a ztr\u00e1ty"),
        ("income_statement", "Konszolid\u00e1lt eredm\u00e9nykimutat\u00e1s"),
        ("balance_sheet", "Konsolidert balanse"),
        ("balance_sheet", "Balance pr. 31. december"),
        ("balance_sheet", "Konszolid\u00e1lt m\u00e9rleg"),
        (
            "cash_flow_statement",
            "Konsolidovan\u00fd v\u00fdkaz o pen\u011b\u017en\u00edch toc\u00edch",
        ),
        ("cash_flow_statement", "Konsolidert kontantstr\u00f8moppstilling"),
        ("comprehensive", "Demonstra\u00e7\u00e3o do rendimento integral consolidado"),
        ("other", "Demonstra\u00e7\u00e3o das altera\u00e7\u00f5es no capital pr\u00f3prio"),
    ],
)
def test_titles_in_languages_of_the_union(kind: str, title: str) -> None:
    assert title_kind(title) == kind


def test_a_group_is_named_in_languages_of_the_union() -> None:
    titles = ("Konsolidert balanse", "Konszolid\u00e1lt m\u00e9rleg", "Balan\u00e7o consolidado")

    assert {scope_of(title) for title in titles} == {"consolidated"}


@pytest.mark.parametrize("mark", ["1)", " 1)", "(1)", " (a)", "*"])
def test_the_mark_of_a_footnote_behind_a_figure_is_no_sign(mark: str) -> None:
    rows = [
        f"<tr><td>{label}</td><td>{figure(concept, 'd22', now)}<sup>{mark}</sup></td>"
        f"<td>{figure(concept, 'd21', before)}<sup>{mark}</sup></td></tr>"
        for label, _, concept, now, before in ROWS
    ]
    found = read("<p>Consolidated income statement</p>", f"<table>{''.join(rows)}</table>")

    assert figures(found) == EXPECTED


def test_years_printed_again_above_a_second_table_are_no_row() -> None:
    rows = [
        f"<tr><td>{label}</td><td>{figure(concept, 'd22', now)}</td>"
        f"<td>{figure(concept, 'd21', before)}</td></tr>"
        for label, _, concept, now, before in ROWS
    ]
    head = "<tr><td>Note</td><td>2022</td><td>31.12.2021</td></tr>"
    tables = [f"<table>{head}{''.join(part)}</table>" for part in (rows[:2], rows[2:])]
    found = read("<p>Consolidated income statement</p>", *tables)

    assert figures(found) == EXPECTED


def test_a_table_with_two_sides_is_read_one_side_after_the_other() -> None:
    left = (("Cash", "CashAndCashEquivalents", "40"), ("Inventories", "Inventories", "60"))
    right = (("Equity", "Equity", "70"), ("Debt", "Liabilities", "30"))
    sums = (("Total assets", "Assets", "100"), ("Total", "EquityAndLiabilities", "100"))
    rows = [
        "<tr>"
        + "".join(
            f"<td>{label}</td><td>{figure(f'ifrs-full:{name}', 'i22', now)}</td>"
            for label, name, now in pair
        )
        + "</tr>"
        for pair in (*zip(left, right, strict=True), sums)
    ]
    head = "<tr><td>Assets</td><td>2022</td><td>Equity and liabilities</td><td>2022</td></tr>"
    found = read("<p>Balance sheet</p>", f"<table>{head}{''.join(rows)}</table>")

    labels = ["Cash", "Inventories", "Total assets", "Equity", "Debt", "Total"]
    assert [each.label for each in found.rows if each.cells] == labels
    assert [str(each.cells["p0"].v) for each in found.rows if each.cells] == [
        "40",
        "60",
        "100",
        "70",
        "30",
        "100",
    ]


def test_of_two_columns_of_a_year_the_one_with_the_facts_is_kept() -> None:
    rows = [
        f"<tr><td>{label}</td><td>7{now.strip('()')}</td><td>{figure(concept, 'd22', now)}</td>"
        f"<td>{figure(concept, 'd21', before)}</td><td>1</td></tr>"
        for label, _, concept, now, before in ROWS
    ]
    head = "<tr><td></td><td>Underlying 2022</td><td>2022</td><td>2021</td><td>Change</td></tr>"
    found = read("<p>Consolidated income statement</p>", f"<table>{head}{''.join(rows)}</table>")

    assert figures(found) == EXPECTED
    assert {each.code for each in found.issues} == {"repeated_period", "column_without_period"}


def test_a_figure_without_a_tag_within_a_line_of_text_is_no_part_of_the_label() -> None:
    texts = {"Gross profit": "1,234", "Finance costs": "\u2014"}
    earlier = {"Profit": "1,570"}
    rows = [
        f"<p>{label} {texts.get(label) or figure(concept, 'd22', now)} "
        f"{earlier.get(label) or figure(concept, 'd21', before)}</p>"
        for label, _, concept, now, before in ROWS
    ]
    found = figures(read("<p>Consolidated income statement</p>", *rows))

    assert found["Gross profit"] == ["1234", "170"]
    assert found["Profit"] == ["180", "1570"]
    assert found["Finance costs"] == ["0", "0"]


def test_a_tag_of_another_year_does_not_move_a_figure_of_a_line() -> None:
    rows = [
        f"<p>{label} {figure(concept, 'd21' if label == 'Revenue' else 'd22', now)} "
        f"{figure(concept, 'd21', before)}</p>"
        for label, _, concept, now, before in ROWS
    ]
    found = read("<p>Consolidated income statement</p>", *rows)

    assert figures(found) == EXPECTED
    assert "fact_of_other_period" in {each.code for each in found.issues}
