"""Tests of Inline XBRL that is printed without one plain table for each statement."""

from decimal import Decimal

from app.pipeline.read.ixbrl import read_ixbrl
from app.pipeline.statement import Statement
from tests.pipeline.read.ixbrl_builder import document, tag

ROWS = (
    ("Revenue", "4", "ifrs-full:Revenue", "500", "450"),
    ("Cost of sales", "5", "ifrs-full:CostOfSales", "(300)", "(280)"),
    ("Gross profit", "", "ifrs-full:GrossProfit", "200", "170"),
    ("Finance costs", "6", "ifrs-full:FinanceCosts", "(20)", "\u2014"),
    ("Profit", "", "ifrs-full:ProfitLoss", "180", "170"),
)
EXPECTED = {
    "Revenue": ["500", "450"],
    "Cost of sales": ["-300", "-280"],
    "Gross profit": ["200", "170"],
    "Finance costs": ["-20", "0"],
    "Profit": ["180", "170"],
}


def figure(concept: str, period: str, text: str) -> str:
    """Return a tagged figure, with its parentheses outside of the tag."""
    bare = text.strip("()")
    return text.replace(bare, tag(concept, period, bare))


def read(*body: str, style: str = "") -> Statement:
    return read_ixbrl(document(*body, style=style)).statements[0]


def figures(found: Statement) -> dict[str, list[str]]:
    return {
        each.label: [str(cell.v) for cell in each.cells.values()]
        for each in found.rows
        if each.cells
    }


def test_rows_of_divisions_are_rows() -> None:
    rows = [
        f'<div class="row"><div><p>{label}</p></div><div>{note}</div>'
        f"<div>{figure(concept, 'd22', now)}</div><div>{figure(concept, 'd21', before)}</div></div>"
        for label, note, concept, now, before in ROWS
    ]
    head = '<div class="row"><div></div><div>Note</div><div>2022</div><div>2021</div></div>'
    heading = '<div class="row"><div><p>Continuing operations</p></div></div>'
    found = read("<div>Consolidated income statement</div>", head, heading, *rows)

    assert figures(found) == EXPECTED
    assert [each.note for each in found.rows] == [None, "4", "5", None, "6", None]
    assert found.rows[0].label == "Continuing operations"
    assert [each.printed for each in found.periods] == ["2022", "2021"]


def test_few_rows_of_divisions_are_not_one_row() -> None:
    rows = [
        f"<div><div>{label}</div><div>{figure(concept, 'd22', now)}</div></div>"
        for label, _, concept, now, _ in ROWS
    ]
    found = read("<div>Consolidated income statement</div>", *rows)

    assert figures(found) == {label: texts[:1] for label, texts in EXPECTED.items()}


def positioned(left: float, top: float, text: str) -> str:
    return f'<div style="position:absolute;left:{left}px;top:{top}px">{text}</div>'


def test_texts_positioned_on_a_page_are_lines_by_their_height() -> None:
    parts = [positioned(50, 20, "Consolidated income statement")]
    parts += [positioned(300, 40, "2022"), positioned(400, 40.4, "2021")]
    top = 60.0
    for label, note, concept, now, before in ROWS:
        # The figures come first in the file, and not all at the very same height.
        parts.append(positioned(400, top + 0.6, figure(concept, "d21", before)))
        parts.append(positioned(300, top, figure(concept, "d22", now)))
        parts.append(positioned(250, top, note or "&#160;"))
        parts.append(positioned(50, top - 0.5, label))
        top += 14
    found = read(f'<div class="page" style="position:relative">{"".join(parts)}</div>')

    assert figures(found) == EXPECTED
    assert [each.note for each in found.rows] == ["4", "5", None, "6", None]


def test_a_page_whose_title_is_a_picture_is_known_by_its_concepts() -> None:
    rows = "".join(
        positioned(50, 60 + 14 * n, label)
        + positioned(300, 60 + 14 * n, figure(concept, "d22", now))
        + positioned(400, 60 + 14 * n, figure(concept, "d21", before))
        for n, (label, _, concept, now, before) in enumerate(ROWS)
    )
    found = read(f'<div style="position:relative">{rows}</div>')

    assert found.title is None
    assert figures(found) == EXPECTED


def test_a_tag_around_a_text_block_is_no_page() -> None:
    rows = [
        f'<ix:nonNumeric name="ext:Block" contextRef="d22">{positioned(50, 60 + 14 * n, label)}'
        f"</ix:nonNumeric>{positioned(300, 60 + 14 * n, figure(concept, 'd22', now))}"
        + positioned(400, 60 + 14 * n, figure(concept, "d21", before))
        for n, (label, _, concept, now, before) in enumerate(ROWS)
    ]
    title = positioned(50, 20, "Consolidated income statement")
    found = read(f'<div style="position:relative">{title}{"".join(rows)}</div>')

    assert figures(found) == EXPECTED


def test_positions_may_be_those_of_classes_from_the_bottom_of_the_page() -> None:
    style = (
        ".t{position:absolute}.x0{left:50px}.x1{left:300px}"
        + "".join(f".y{n}{{bottom:{700 - 14 * n}px}}" for n in range(8))
        + "@media print{.y2{bottom:40pt}.y3{bottom:40pt}}"
    )
    lines = [
        f'<div class="t x0 y{n}">{label} <span class="_ _1"> </span>{note} '
        f"{figure(concept, 'd22', now)} <span> </span>{figure(concept, 'd21', before)}</div>"
        for n, (label, note, concept, now, before) in enumerate(ROWS, 2)
    ]
    title = '<div class="t x0 y0">Consolidated income statement</div>'
    body = f'<div class="pf"><div class="pc">{"".join(reversed(lines))}{title}</div></div>'
    found = read(body, style=style)

    assert figures(found) == EXPECTED
    assert [each.note for each in found.rows] == ["4", "5", None, "6", None]


def test_each_row_may_be_a_table_and_totals_stand_further_right() -> None:
    def row(label: str, widths: tuple[float, ...], *texts: str) -> str:
        cells = [f'<td style="width:{widths[0]}%">{label}</td>']
        cells += [
            f'<td style="width:{width}%">{text}</td>'
            for width, text in zip(widths[1:], texts, strict=True)
        ]
        return f"<table><tr>{''.join(cells)}</tr></table>"

    def tagged(concept: str, *texts: str) -> list[str]:
        return [
            tag(f"core:{concept}", period, text, unit="GBP", scale=0)
            for period, text in zip(("i22", "i21"), texts, strict=True)
        ]

    inner, outer = (40.0, 12.0, 25.0, 23.0), (52.0, 15.0, 13.0, 15.0, 5.0)
    current = tagged("CurrentAssets", "35", "24")
    net = tagged("NetAssetsLiabilities", "25", "16")
    found = read(
        "<table><tr><td>Balance sheet</td></tr></table>",
        row("", (40.0, 30.0, 30.0), "2022", "2021"),
        row("Debtors", inner, *tagged("Debtors", "30", "20"), ""),
        row("Cash at bank", inner, *tagged("CashBankOnHand", "5", "4"), ""),
        row("", outer, current[0], "", current[1], ""),
        row("Creditors", inner, "10", "8", ""),
        row("Net assets", outer, net[0], "", net[1], ""),
    )

    assert [each.label for each in found.rows] == [
        "Debtors",
        "Cash at bank",
        "",
        "Creditors",
        "Net assets",
    ]
    assert figures(found)["Creditors"] == ["10", "8"]
    assert found.rows[3].cells["p0"].tagged is None
    assert [str(cell.v) for cell in found.rows[2].cells.values()] == ["35", "24"]
    assert found.rows[2].kind == "total"


def test_small_accounts_without_tags_on_the_groups_statements_are_read_by_their_words() -> None:
    def row(*texts: str) -> str:
        return f"<tr>{''.join(f'<td>{text}</td>' for text in texts)}</tr>"

    rows = (
        row("", "Notes", "31.12.22", "31.12.21"),
        row("", "", "\u00a3", "\u00a3"),
        row("Fixed assets", "4", "900", "800"),
        row("Debtors", "5", "50", "40"),
        row("Creditors", "", "(150)", "(140)"),
        row("Net assets", "", "800", "700"),
        row("Capital and reserves", "", "800", "700"),
    )
    tagged = "".join(
        f"<p>{tag('core:' + name, 'i22', '7', unit='GBP', scale=0)}</p>"
        for name in ("Debtors", "Creditors")
    )
    found = read(
        "<p>Consolidated balance sheet</p>",
        f"<table>{''.join(rows)}</table>",
        "<h2>Notes</h2>",
        tagged,
    )

    assert (found.currency, found.scale, found.scope) == ("GBP", 0, "consolidated")
    assert [str(each.end) for each in found.periods] == ["2022-12-31", "2021-12-31"]
    assert figures(found)["Creditors"] == ["-150", "-140"]
    assert [each.note for each in found.rows] == ["4", "5", None, None, None]
    assert all(cell.tagged is None for _, _, cell in found.cells())


def test_a_second_document_of_the_set_may_hold_the_statements() -> None:
    rows = "".join(
        f"<tr><td>{label}</td><td>{figure(concept, 'd22', now)}</td>"
        f"<td>{figure(concept, 'd21', before)}</td></tr>"
        for label, _, concept, now, before in ROWS
    )
    exhibit = document("<p>Consolidated income statement</p>", f"<table>{rows}</table>")
    main = document(f"<p>{tag('ifrs-full:Revenue', 'd22', '500')}</p>")
    filing = read_ixbrl(main, others={"ex13.htm": exhibit, "lab.xml": b"<x/>"})

    assert figures(filing.statements[0]) == EXPECTED
    assert filing.statements[0].rows[0].cells["p0"].tagged == Decimal(500_000)
