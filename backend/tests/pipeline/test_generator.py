"""The generator of filings is right itself: its sums close, its ties hold, its text is printed."""

import json
from decimal import Decimal
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings

from tests.filings.__main__ import main
from tests.filings.blocks import sums_of
from tests.filings.company import make_company
from tests.filings.layout import THIN_SPACE, Layout, print_figure
from tests.filings.pdf import draw_report, make_report
from tests.filings.samples import SAMPLES
from tests.filings.statements import write_truth
from tests.filings.strategies import layouts, seeds
from tests.filings.truth import TrueStatement


def _natural(statement: TrueStatement, column: int) -> dict[str, Decimal]:
    """Return the figures of a column by key, costs negative."""
    return {
        row.key: value * row.natural
        for row in statement.rows
        if row.values and (value := row.values[column]) is not None
    }


def _assert_sums_close(statement: TrueStatement) -> None:
    sums = sums_of(frozenset(row.key for row in statement.rows))
    totals = {row.key for row in statement.rows if row.kind == "total"}
    # Equal to another figure, not a sum; tied below.
    assert totals - sums.keys() <= {"net_change", "closing_cash", "revenue", "generated"}
    for column in range(len(statement.periods)):
        figures = _natural(statement, column)
        for total, terms in sums.items():
            assert sum(figures.get(key, 0) for key in terms) == figures[total], total


@pytest.mark.parametrize(
    "name", [name for name, layout in SAMPLES.items() if layout.rounding == "exact"]
)
def test_sums_close_and_statements_tie(name: str) -> None:
    layout = SAMPLES[name]
    company = make_company(3, variant=layout.variant, scale=layout.scale, weeks=layout.weeks)
    truth = write_truth(company, layout)
    income, balance, cash = truth.statements
    for statement in truth.statements:
        _assert_sums_close(statement)
    for column, period in enumerate(balance.periods):
        other = [each.end for each in cash.periods].index(period.end)
        assert balance.value("cash", column) == cash.value("closing_cash", other)
        key = "profit" if layout.variant == "us" else "profit_before_tax"
        assert cash.value("cf_profit", other) == income.value(key, other)
        if layout.variant != "uk":
            assert balance.value("total_assets", column) == balance.value(
                "equity_and_liabilities", column
            )
    flows = _natural(cash, 0)
    moved = sum(flows[key] for key in ("operating_cash", "investing_cash", "financing_cash"))
    assert flows["opening_cash"] + moved + flows["fx_effect"] == flows["closing_cash"]


def test_truncated_sums_differ_by_less_than_their_terms() -> None:
    statement = make_report(3, SAMPLES["japanese"]).truth.named("income_statement")
    figures = _natural(statement, 0)
    difference = figures["profit_before_tax"] - sum(
        figures[key] for key in sums_of(frozenset(figures))["profit_before_tax"]
    )
    assert abs(difference) <= 5


@pytest.mark.parametrize("name", ["american", "dutch", "swiss", "swedish", "inset"])
def test_every_figure_stands_in_the_text_layer_where_the_truth_says(name: str) -> None:
    layout = SAMPLES[name]
    report = make_report(4, layout)
    with pypdfium2.PdfDocument(report.data) as document:
        texts = [page.get_textpage() for page in document]
        for statement in report.truth.statements:
            for (n, column), (page, left, bottom, right, top) in statement.boxes.items():
                row = statement.rows[n]
                value = row.values[column]
                assert value is not None
                text = texts[page - 1]
                read = text.get_text_bounded(left - 1, bottom, right + 1, top)
                printed = print_figure(value, layout, 2 if row.kind == "per_share" else 0)
                plain = read.strip().replace("\ufffe", "-").replace(" ", "")
                assert plain == printed.replace(THIN_SPACE, "").replace(" ", "")


def test_scanned_report_has_pictures_and_no_text() -> None:
    with pypdfium2.PdfDocument(make_report(1, SAMPLES["scanned"]).data) as document:
        assert len(document) > 3
        assert not any(page.get_textpage().get_text_bounded().strip() for page in document)


def test_same_seed_and_layout_give_the_same_bytes() -> None:
    layout = Layout(variant="fr", spread=True)
    assert make_report(5, layout) == make_report(5, layout)
    assert make_report(5, layout).data != make_report(6, layout).data


@pytest.mark.parametrize("kind", ["pdf", "xhtml", "zip"])
def test_command_writes_a_file_and_its_truth(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["--seed", "4", "--kind", kind, "--layout", "variant=de", "scale=6", "memo=yes"]
    monkeypatch.setattr("sys.argv", ["filings", "--out", str(tmp_path), *asked])
    main()
    truth = json.loads((tmp_path / "report-4.json").read_text("utf-8"))
    assert (tmp_path / truth["file"]).stat().st_size > 5000
    assert [each["scale"] for each in truth["statements"]] == [6, 6, 6]


def test_report_of_the_year_before_shares_its_newest_year() -> None:
    company = make_company(7)
    newest = draw_report(company, Layout()).truth
    before = draw_report(company.year_before(), Layout()).truth
    for statement, older in zip(newest.statements, before.statements, strict=True):
        assert statement.periods[1] == older.periods[0]
        assert [row.values[1:] for row in statement.rows] == [row.values[:-1] for row in older.rows]


@settings(max_examples=5, deadline=None, derandomize=True)
@given(seeds, layouts())
def test_any_layout_places_every_figure_on_its_page(seed: int, layout: Layout) -> None:
    report = make_report(seed, layout)
    for statement in report.truth.statements:
        figures = sum(value is not None for row in statement.rows for value in row.values)
        assert all(row.label or row.kind == "total" for row in statement.rows)
        assert len(statement.boxes) == figures
        assert all(box[1] > 0 and box[2] > 20 for box in statement.boxes.values())
        assert statement.as_statement().as_json()["schema"] == "statement/1"
