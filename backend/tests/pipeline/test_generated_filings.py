"""What is read of generated filings equals their truth, or is not said to be verified."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.pipeline.errors import ReadError
from app.pipeline.read.ixbrl import read_ixbrl
from app.pipeline.read.package import Package, read_package
from app.pipeline.read.pdf import read_pdf
from app.pipeline.read.xbrl import read_xbrl
from app.pipeline.statement import Filing, Statement
from app.pipeline.verify import verify
from tests.filings.compare import Difference, choose, compare
from tests.filings.esef import make_esef
from tests.filings.inline import Inline
from tests.filings.ixbrl import make_ixbrl
from tests.filings.layout import Layout
from tests.filings.pdf import make_report
from tests.filings.samples import SAMPLES
from tests.filings.strategies import inlines, layouts, seeds
from tests.filings.xbrl import make_xbrl

FEW = settings(max_examples=3, deadline=None, derandomize=True, database=None)
# Without shrinking: a report takes long to read a thousand times, and the layout is in the failure.
MANY = settings(
    phases=[Phase.explicit, Phase.generate],
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# Columns within columns are not told apart yet; what is read of them is not verified.
_NOT_READ = {"inset", "scanned"}
_FAST = {"american", "french", "swedish", "beside"}
_READ = [
    pytest.param(name, marks=() if name in _FAST else pytest.mark.slow)
    for name in SAMPLES
    if name not in _NOT_READ
]


def _differences(truth: Sequence[Statement], filing: Filing) -> list[Difference]:
    read = verify(filing.statements)
    return [found for each in truth for found in compare(each, choose(read, each))]


def _assert_truthful(truth: Sequence[Statement], filing: Filing) -> None:
    """Assert that no statement is verified and has another figure, period, currency or scale."""
    read = verify(filing.statements)
    for each in truth:
        statement = choose(read, each)
        if statement is None or statement.checks is None:
            continue
        if statement.checks.status == "verified":
            found = compare(each, statement)
            assert [each for each in found if each.kind != "label"] == []


def _truth(seed: int, layout: Layout) -> tuple[list[Statement], Filing]:
    report = make_report(seed, layout)
    return [each.as_statement() for each in report.truth.statements], read_pdf(report.data)


@pytest.mark.parametrize("name", _READ)
def test_each_kind_of_pdf_is_read_whole_and_proved(name: str) -> None:
    truth, filing = _truth(1, SAMPLES[name])
    read = verify(filing.statements)
    for each in truth:
        statement = choose(read, each)
        assert compare(each, statement) == []
        assert statement is not None
        assert statement.checks is not None
        assert statement.checks.status == "verified"
        assert statement.source.pages == each.source.pages


@pytest.mark.parametrize(
    ("seed", "layout"),
    [
        # Dots and a note with a letter behind a label were read as the end of the label.
        (773, Layout(note_style="letters", leaders=True)),
        # Only the last line of a wrapped label was read.
        (643, Layout(variant="de", note_style="letters", change=True)),
        # Truncated flows and cash differ by less than their number.
        (10, Layout(rounding="truncated")),
    ],
)
def test_layouts_that_were_once_misread_are_read_whole(seed: int, layout: Layout) -> None:
    assert _differences(*_truth(seed, layout)) == []


def test_parts_left_of_their_totals_are_not_said_to_be_verified() -> None:
    _assert_truthful(*_truth(1, SAMPLES["inset"]))


def test_scanned_pdf_is_said_to_have_no_text() -> None:
    with pytest.raises(ReadError) as raised:
        read_pdf(make_report(1, SAMPLES["scanned"]).data)
    assert "scan" in str(raised.value)


@FEW
@given(seeds, layouts())
def test_verified_statement_of_a_pdf_is_true(seed: int, layout: Layout) -> None:
    _assert_truthful(*_truth(seed, layout))


@pytest.mark.slow
@MANY
@given(seeds, layouts())
def test_verified_statement_of_any_pdf_is_true(seed: int, layout: Layout) -> None:
    _assert_truthful(*_truth(seed, layout))


@FEW
@given(st.data(), seeds, layouts())
def test_figures_of_ixbrl_are_its_facts(data: st.DataObject, seed: int, layout: Layout) -> None:
    report = make_ixbrl(seed, layout, data.draw(inlines(layout)))
    assert _differences(report.statements, read_ixbrl(report.data)) == []


@pytest.mark.slow
@MANY
@given(st.data(), seeds, layouts())
def test_figures_of_any_ixbrl_are_its_facts(data: st.DataObject, seed: int, layout: Layout) -> None:
    report = make_ixbrl(seed, layout, data.draw(inlines(layout)))
    assert _differences(report.statements, read_ixbrl(report.data)) == []


@pytest.mark.parametrize("name", ["german", "french"])
def test_package_is_read_as_its_report(name: str) -> None:
    package = make_esef(1, SAMPLES[name], Inline(numbered=True))
    filing = read_package(Package.of(package.members))
    assert _differences(package.report.statements, filing) == []


@FEW
@given(seeds, layouts())
def test_folder_is_read_in_the_order_of_its_presentation(seed: int, layout: Layout) -> None:
    # A presentation knows neither totals without a label nor totals that are headings.
    folder = make_xbrl(seed, replace(layout, unlabelled=False, totals_first=False))
    assert _differences(folder.statements, read_xbrl(Package.of(folder.members))) == []
