"""Each kind of misreading is told apart from the others, and a right reading is right."""

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from app.pipeline.statement import Checks, Row, Statement
from tests.evaluation.facts import Tagged, TaggedFact
from tests.evaluation.folder import find_filings
from tests.evaluation.judgement import Judgement, judge
from tests.evaluation.page_truth import read_pages, statements_of
from tests.evaluation.truth import TruthStatement, find_typed
from tests.filings.pdf import Report, make_report
from tests.filings.samples import SAMPLES
from tests.filings.truth import TrueStatement


@pytest.fixture(scope="module")
def report() -> Report:
    return make_report(1, SAMPLES["american"])


@pytest.fixture
def income(report: Report, tmp_path: Path) -> TruthStatement:
    (tmp_path / "a.json").write_text(json.dumps(report.truth.as_typed("a.pdf")))
    return find_typed([tmp_path])["a.pdf"][0]


@pytest.fixture
def read(report: Report) -> Statement:
    return verified(report.truth.statements[0].as_statement())


def verified(statement: Statement) -> Statement:
    checks = Checks(cells=1, checkable=1, verified=1, status="verified")
    return statement.model_copy(update={"checks": checks}, deep=True)


def judged(truth: TruthStatement, *read: Statement) -> Judgement:
    return judge("a.pdf", "pdf", truth, read)


def test_a_right_reading_is_right(income: TruthStatement, read: Statement) -> None:
    judgement = judged(income, read)
    assert judgement.verdicts == Counter(right=judgement.compared)
    assert judgement.compared > 30
    assert (judgement.page, judgement.extra, judgement.moved, judgement.faults) == (True, 0, 0, [])


def figure(row: Row) -> Decimal:
    return row.cells["p0"].v or Decimal(0)


def lose_sign(statement: Statement) -> None:
    row = next(row for row in statement.rows if row.cells and row.kind == "line")
    row.cells["p0"].v = -figure(row)


def scale_up(statement: Statement) -> None:
    row = next(row for row in statement.rows if row.cells and row.kind == "line")
    row.cells["p0"].v = figure(row) * 1000


def change_digit(statement: Statement) -> None:
    row = next(row for row in statement.rows if row.cells and row.kind == "line")
    row.cells["p0"].v = figure(row) + 1


def exchange_columns(statement: Statement) -> None:
    row = next(row for row in statement.rows if row.cells and row.kind == "line")
    row.cells["p0"], row.cells["p1"] = row.cells["p1"], row.cells["p0"]


def lose_figure(statement: Statement) -> None:
    next(row for row in statement.rows if row.cells).cells.pop("p0")


def lose_label(statement: Statement) -> None:
    next(row for row in statement.rows if row.cells).label = "Anything but that"


@pytest.mark.parametrize(
    ("damage", "verdict", "figures", "wrong"),
    [
        (lose_sign, "sign", 1, 1),
        (scale_up, "scale", 1, 1),
        (change_digit, "wrong", 1, 1),
        (exchange_columns, "year", 2, 2),
        (lose_figure, "missing", 1, 0),
        (lose_label, "label", 3, 0),
    ],
)
def test_a_misreading_is_named(
    damage: Callable[[Statement], None],
    verdict: str,
    figures: int,
    wrong: int,
    income: TruthStatement,
    read: Statement,
) -> None:
    damage(read)
    judgement = judged(income, read)
    assert judgement.verdicts == {"right": judgement.compared - figures, verdict: figures}
    assert judgement.wrong_in_verified == wrong


def test_a_scale_that_is_not_known_is_not_right(income: TruthStatement, read: Statement) -> None:
    read.scale = None
    judgement = judged(income, read)
    assert judgement.verdicts["scale"] > judgement.verdicts["right"]


def test_a_statement_of_other_pages_is_on_the_wrong_page(
    income: TruthStatement, read: Statement
) -> None:
    read.source.pages = [99]
    assert not judged(income, read).page


def test_figures_of_a_missing_statement_are_missing(income: TruthStatement) -> None:
    judgement = judged(income)
    assert (judgement.found, judgement.verdicts["missing"]) == (False, judgement.compared)


def test_rows_that_the_report_does_not_have_are_extra(
    income: TruthStatement, read: Statement
) -> None:
    last = read.rows[-1].model_copy(update={"label": "A footnote"}, deep=True)
    for cell in last.cells.values():
        cell.v = Decimal(71)
    read.rows.append(last)
    assert judged(income, read).extra == len(last.cells)


_USUAL = {
    "revenue": "Revenues",
    "profit": "NetIncomeLoss",
    "gross_profit": "GrossProfit",
    "tax": "IncomeTaxExpenseBenefit",
}


def facts_of(statement: TrueStatement) -> list[TaggedFact]:
    """Return the figures of a statement as facts, with the signs of costs turned."""
    found = []
    for row in statement.rows:
        concept = _USUAL.get(row.key, row.key)
        for period, value in zip(statement.periods, row.values, strict=False):
            if value is None or row.kind == "heading":
                continue
            scale = row.scale if row.scale is not None else statement.scale
            unit = "USD/shares" if row.kind == "per_share" else "USD"
            unit = "shares" if row.kind == "shares" else unit
            scaled = value if row.kind == "per_share" else value.scaleb(scale)
            found.append(
                TaggedFact(
                    concept, period.start, period.end, (), unit, scaled * row.natural, (row.label,)
                )
            )
    return found


def test_facts_and_the_text_layer_give_a_pdf_its_truth(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(report.data)
    income = report.truth.statements[0]
    end = max(period.end for period in income.periods)
    tagged = Tagged("xbrl", path, "", end.year, end, tuple(facts_of(income)))
    (truth, *_) = statements_of(read_pages(path), tagged, end)
    assert truth.statement == "income_statement"
    assert truth.pages == set(income.pages)
    judgement = judged(truth, verified(income.as_statement()))
    assert judgement.compared > 30
    assert judgement.verdicts == Counter(right=judgement.compared), judgement.faults


def test_filings_are_found_by_their_content(report: Report, tmp_path: Path) -> None:
    (tmp_path / "filings").mkdir()
    (tmp_path / "filings" / "report.txt").write_bytes(report.data)
    (tmp_path / "filings" / "page.pdf").write_text("<html>no report</html>")
    (tmp_path / "unpacked").mkdir()
    found, left = find_filings(tmp_path / "filings", tmp_path / "unpacked")
    assert [(each.name, each.kind) for each in found] == [("report.txt", "pdf")]
    assert left == ["page.pdf"]
