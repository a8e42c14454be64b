"""A statement as a person reads it, at 80 columns and in a pipe."""

from datetime import date
from decimal import Decimal

import pytest
from rich.cells import cell_len

from app.cli.report import draw_answer, draw_candidates, draw_statement
from app.pipeline.statement import (
    Cell,
    Checks,
    Company,
    Filing,
    Issue,
    Period,
    Row,
    RowKind,
    SkippedLine,
    Source,
    Statement,
)
from app.services.answer import Answer, Candidate

YEARS = ("2023", "2022")


def row(
    number: int,
    label: str,
    *figures: str | None,
    kind: RowKind = "line",
    by: str = "e0",
    level: int = 0,
    unit: str | None = None,
    scale: int | None = None,
) -> Row:
    cells = {
        f"p{column}": Cell(
            v=None if figure is None else Decimal(figure.replace("—", "0")),
            printed=figure,
            by=[by] if by else [],
        )
        for column, figure in enumerate(figures)
    }
    return Row(n=number, label=label, kind=kind, level=level, cells=cells, unit=unit, scale=scale)


def statement(*rows: Row, years: tuple[str, ...] = YEARS) -> Statement:
    periods = [
        Period(key=f"p{column}", fiscal_year=int(year), label=year, end=date(int(year), 12, 31))
        for column, year in enumerate(years)
    ]
    return Statement(
        statement="income_statement",
        framework="ifrs",
        scope="consolidated",
        language="en",
        title="Consolidated income statement",
        currency="CHF",
        scale=3,
        source=Source(kind="pdf", reader="test/1", pages=[84, 85]),
        periods=periods,
        rows=list(rows),
        checks=Checks(cells=8, checkable=6, verified=5, status="partly", balance="pass"),
    )


def drawn(one: Statement, width: int | None = 80) -> list[str]:
    return list(draw_statement(one, width, lambda text, _: text))


def test_columns_sections_totals_and_signs_are_as_printed() -> None:
    lines = drawn(
        statement(
            row(0, "Revenue", kind="heading"),
            row(1, "Products", "1250", "1300.5", level=1),
            row(2, "Returns", "-50", "—", level=1),
            row(3, "Net revenue", "1200", "1300.5", kind="total", level=1),
            row(4, "Basic", "0.12", None, kind="per_share", by="", unit="CHF/share", scale=0),
            row(5, "Shares", "10", "10", kind="shares", by="", unit="shares"),
            row(6, "Goodwill", "7", by=""),
        )
    )
    assert lines == [
        "Consolidated income statement",
        "income statement · CHF thousand · consolidated · pages 84, 85",
        "",
        "                                2023          2022",
        "                          2023-12-31    2022-12-31",
        "Revenue",
        "  Products                     1,250       1,300.5",
        "  Returns                        (50)            —",
        "                          ──────────    ──────────",
        "  Net revenue                  1,200       1,300.5",
        "Basic [CHF/share]               0.12             ?",
        "Shares [thousand shares]          10            10",
        "Goodwill                           7 *",
        "",
        "partly: 5 of 6 figures proved by sums · 2 not checkable · balance pass · scale",
        "unknown · lines unknown · identity unknown",
        "* in no sum that holds",
        "? a figure stands there, and cannot be read",
    ]


def test_a_total_above_its_parts_has_no_rule() -> None:
    lines = drawn(statement(row(0, "Revenue", "3", "3", kind="total"), row(1, "Sales", "3", "3")))
    assert not any("─" in line for line in lines)


def test_a_long_label_wraps_and_the_figures_stand_on_its_last_line() -> None:
    long = "Share of profit of associates and joint ventures accounted for by the equity method"
    lines = drawn(statement(row(0, long, "1", "2")), 60)
    assert max(map(len, lines)) <= 60
    above = lines.index("Share of profit of associates")
    last = lines[above + 2]
    assert last.split()[-2:] == ["1", "2"]


def test_columns_that_do_not_fit_follow_below_each_other() -> None:
    years = tuple(str(year) for year in range(2023, 2013, -1))
    lines = drawn(statement(row(0, "Revenue", *years), years=years))
    assert max(map(len, lines)) <= 80
    assert len([line for line in lines if line.startswith("Revenue")]) > 1
    figures = [each for line in lines if line.startswith("Revenue") for each in line.split()[1:]]
    assert figures == [f"{int(year):,}" for year in years]


def test_in_a_pipe_all_columns_stand_side_by_side() -> None:
    years = tuple(str(year) for year in range(2023, 2013, -1))
    lines = drawn(statement(row(0, "Revenue", *years), years=years), None)
    (line,) = [line for line in lines if line.startswith("Revenue")]
    assert len(line.split()) == 11


def test_a_figure_of_any_length_has_all_its_digits() -> None:
    digits = "1234567890" * 4
    lines = drawn(statement(row(0, "Revenue", digits, f"-{digits}")), None)
    (line,) = [line for line in lines if line.startswith("Revenue")]
    assert line.split()[1:] == [f"{int(digits):,}", f"({int(digits):,})"]


HOSTILE = "\x1b[31mred\x1b[0m \x9b2J[red]x[/red] \u202e123\u202c\u200b\x07\r\n\ud800 a\u2028b"


def test_text_of_a_file_cannot_steer_the_terminal() -> None:
    one = statement(row(0, HOSTILE, "1", "2", unit=HOSTILE))
    one.title = one.currency = one.framework = HOSTILE
    one.periods[0].label = HOSTILE
    one.issues = [Issue(code="x", message=HOSTILE)]
    one.skipped = [SkippedLine(text=HOSTILE, reason="x")]
    answer = Answer(
        kind="pdf", filing=Filing(kind="pdf", company=Company(name=HOSTILE), statements=[one])
    )
    lines = list(draw_answer(f"{HOSTILE}.pdf", answer, 80, lambda text, _: text))
    text = "\n".join(lines)
    assert all(character.isprintable() for character in text.replace("\n", ""))
    assert "[red]x[/red]" in text
    assert "\u202e" not in text


def test_wide_characters_keep_the_columns() -> None:
    lines = drawn(statement(row(0, "売上高", "1", "2"), row(1, "Revenue of all", "3", "4")))
    assert cell_len(lines[5]) == cell_len(lines[6])


def test_the_head_names_file_kind_company_framework_and_year() -> None:
    one = statement(row(0, "Revenue", "1", "2"))
    answer = Answer(
        kind="pdf",
        filing=Filing(
            kind="pdf",
            company=Company(name="Example AG"),
            statements=[one],
            issues=[Issue(code="statement_not_found", message="No balance sheet was found")],
        ),
    )
    lines = list(draw_answer("report.pdf", answer, 80, lambda text, _: text))
    assert lines[:2] == ["report.pdf", "PDF · Example AG · IFRS · fiscal year 2023"]
    assert lines[-1] == "! No balance sheet was found"


def test_many_issues_are_counted() -> None:
    one = statement()
    one.issues = [Issue(code="x", message=f"issue {number}", page=3) for number in range(20)]
    lines = drawn(one)
    assert "! Issue 0 (page 3)" in lines
    assert lines[-1] == "! 8 more issues (--json lists them)"


def test_what_a_mark_shows_is_not_said_again() -> None:
    one = statement(row(0, "Revenue", "1", "2", by=""))
    one.issues = [
        Issue(code="not_proved", message="no sum proves 'Revenue'", row=0),
        Issue(code="scale_unknown", message="iXBRL has no scale"),
    ]
    assert drawn(one)[-2:] == ["* in no sum that holds", "! iXBRL has no scale"]


def test_pages_are_shown_with_their_reasons() -> None:
    answer = Answer(
        kind="pdf",
        candidates=[
            Candidate(
                page=31, statement="income_statement", taken=True, score=0.95, reasons=["title"]
            ),
            Candidate(page=5, statement=None, taken=False, score=0.1, reasons=["a summary"]),
        ],
    )
    lines = list(draw_candidates("report.pdf", answer, 80, lambda text, _: text))
    assert lines == [
        "report.pdf",
        "page 31 · income statement · taken · score 0.95",
        "  title",
        "page 5 · no statement · not taken · score 0.10",
        "  a summary",
    ]


@pytest.mark.parametrize("width", [40, 80, 200, None])
def test_a_statement_without_columns_or_rows_is_drawn(width: int | None) -> None:
    assert drawn(statement(years=()), width)
