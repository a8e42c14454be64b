"""Reports of ten years: each closes, and each cell of the truth changed as its kind says."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.filings.compare import compare
from tests.filings.decade import DEMO, DEMO_SEED, Decade, Story, eventful, make_decade
from tests.filings.decade_readings import read_decade, true_readings, true_statements
from tests.filings.decade_truth import Said, TrueCell, as_json, missing_years, true_lines
from tests.filings.samples import SAMPLES
from tests.filings.strategies import seeds, stories
from tests.filings.truth import STATEMENTS

MANY = settings(
    phases=[Phase.explicit, Phase.generate],
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
FEW = settings(MANY, max_examples=2)
_READ = ("american", "german", "japanese", "bank")


@pytest.fixture(scope="module")
def demo() -> Decade:
    return make_decade(DEMO_SEED, DEMO)


def _cells(decade: Decade) -> Iterator[tuple[str, int, TrueCell]]:
    for name in STATEMENTS:
        for line in true_lines(decade, name):
            for year, cell in line.cells.items():
                yield line.key, year, cell


def _rounded(older: Said, newer: Said) -> bool:
    """Whether two figures are one, rounded to two scales."""
    fine, coarse = sorted((older, newer), key=lambda said: said.scale)
    unit = Decimal(10) ** (coarse.scale - fine.scale)
    exact = fine.value * fine.natural / unit
    least = exact.quantize(Decimal(1), ROUND_HALF_UP) - coarse.value * coarse.natural
    return abs(least) <= 1


def _assert_changed_as_said(story: Story, older: Said, newer: Said) -> None:
    change = older.change
    if change == "none":
        assert older.effect == newer.effect
    elif change == "rounding":
        assert older.scale != newer.scale
        assert _rounded(older, newer)
    elif change == "sign":
        assert older.natural != newer.natural
        assert older.scale != newer.scale or older.worth == -newer.worth
    elif change == "split":
        more = newer.worth / older.worth if older.worth else 0
        cents = Decimal(story.ratio) / 100
        assert more == story.ratio or abs(newer.worth * story.ratio - older.worth) <= cents
    else:
        assert older.effect != newer.effect


def _assert_true(decade: Decade) -> None:
    for _, _, cell in _cells(decade):
        assert cell.latest.change == "none"
        for newer, older in zip(cell.said, cell.said[1:], strict=False):
            _assert_changed_as_said(decade.story, older, newer)


def test_every_kind_of_change_is_in_the_reports_of_the_demo(demo: Decade) -> None:
    found = {cell.change for _, _, cell in _cells(demo)}
    assert found == {"none", "rounding", "restated", "split", "sign", "reclassified"}
    assert {report.kind for report in demo.reports} == {"pdf", "zip", "xhtml"}
    assert len(demo.reports) == 10


def test_cells_changed_as_their_kind_says(demo: Decade) -> None:
    _assert_true(demo)


def test_restated_year_has_other_totals_and_reclassified_one_has_not(demo: Decade) -> None:
    newest = demo.reports[0].fiscal_year
    changes = {(key, newest - year): cell.change for key, year, cell in _cells(demo)}
    assert changes["profit", 2] == changes["total_assets", 2] == "restated"
    assert changes["operating_cash", 2] == changes["eps_basic", 2] == "restated"
    assert changes["selling", 4] == changes["payables", 4] == "reclassified"
    assert changes["operating_profit", 4] == changes["current_liabilities", 4] == "none"


def test_year_that_no_report_states_is_known(demo: Decade) -> None:
    missing = missing_years(demo)
    assert missing == (demo.reports[0].fiscal_year - 8,)
    assert as_json(demo)["missing_years"] == list(missing)


def test_same_seed_has_the_same_reports(demo: Decade) -> None:
    again = make_decade(DEMO_SEED, DEMO)
    assert [each.sha256 for each in again.reports] == [each.sha256 for each in demo.reports]
    other = make_decade(DEMO_SEED + 1, DEMO)
    assert not {each.sha256 for each in other.reports} & {each.sha256 for each in demo.reports}


def test_reports_of_the_demo_are_proved(demo: Decade) -> None:
    for reading in true_readings(demo):
        assert reading.statement.checks is not None
        assert reading.statement.checks.status == "verified"


def test_reports_can_be_as_long_as_real_ones() -> None:
    story = Story(layout=DEMO.layout, reports=1, pages=40)
    (report,) = make_decade(1, story).reports
    assert report.data.count(b"/Type /Page\n") >= 40


@FEW
@given(seeds, stories())
def test_cells_of_a_story_changed_as_their_kind_says(seed: int, story: Story) -> None:
    _assert_true(make_decade(seed, story))


@pytest.mark.slow
@MANY
@given(seeds, stories())
def test_cells_of_any_story_changed_as_their_kind_says(seed: int, story: Story) -> None:
    _assert_true(make_decade(seed, story))


def _assert_read_whole(decade: Decade, folder: Path) -> None:
    read = {(each.sha256, each.statement.statement): each for each in read_decade(decade, folder)}
    for report in decade.reports:
        for truth in true_statements(report):
            statement = read[report.sha256, truth.statement].statement
            assert compare(truth, statement) == []
            assert statement.checks is not None
            assert statement.checks.status != "doubtful"


@pytest.mark.slow
def test_files_of_the_demo_are_read_whole_and_proved(demo: Decade, tmp_path: Path) -> None:
    _assert_read_whole(demo, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", _READ)
def test_files_in_other_layouts_are_read_whole(name: str, tmp_path: Path) -> None:
    _assert_read_whole(make_decade(3, eventful(SAMPLES[name])), tmp_path)
