"""The form of a filing, as its tags or its cover say it."""

import pytest

from app.pipeline.read.forms import form_of
from app.pipeline.read.ixbrl import read_ixbrl
from app.pipeline.read.package import Package, read_package
from app.pipeline.read.pdf.cover import find_form
from app.pipeline.read.pdf.language import fold
from app.pipeline.read.pdf.pages import PageText
from tests.filings.esef import make_esef
from tests.filings.inline import Inline
from tests.filings.ixbrl import make_ixbrl
from tests.filings.samples import SAMPLES

COMMISSION = "UNITED STATES\nSECURITIES AND EXCHANGE COMMISSION\nWashington, D.C. 20549\n"


def page(text: str) -> PageText:
    return PageText(1, text, fold(text))


@pytest.mark.parametrize(
    ("kind", "amends", "form"),
    [
        ("10-K", "false", "10-K"),
        ("10-K", "true", "10-K/A"),
        ("10-k/a ", "true", "10-K/A"),
        ("20-F", None, "20-F"),
        ("", "true", None),
        (None, None, None),
        ("an annual report, of a kind", None, None),
    ],
)
def test_the_form_is_that_of_the_tags(
    kind: str | None, amends: str | None, form: str | None
) -> None:
    assert form_of(kind, amends) == form


@pytest.mark.parametrize(
    ("cover", "form"),
    [
        (f"{COMMISSION}FORM 10-K\n(Mark One)", "10-K"),
        (f"{COMMISSION}Form 10\u2010K\n", "10-K"),
        (f"{COMMISSION}_____ FORM 20-F _____ (Mark One)", "20-F"),
        (f"{COMMISSION}FORM 10-K/A\n", "10-K/A"),
        (f"{COMMISSION}FORM 10-K\n(Amendment No. 1)\n", "10-K/A"),
        (f"{COMMISSION}This report amends our Form 10-K of last year\n", None),
        ("Annual report\nFORM 10-K\n", None),
        ("Annual report and accounts 2023", None),
    ],
)
def test_the_form_is_a_line_of_the_cover(cover: str, form: str | None) -> None:
    assert find_form([page("Our year"), page(cover)]) == form


def test_the_form_on_a_later_page_is_not_the_files() -> None:
    pages = [page("Annual report")] * 8 + [page(f"{COMMISSION}FORM 10-K\n")]
    assert find_form(pages) is None


def test_an_inline_report_has_its_form() -> None:
    filing = read_ixbrl(make_ixbrl(1, SAMPLES["american"], Inline()).data)
    assert {each.source.form for each in filing.statements} == {"10-K"}


def test_rows_of_a_report_package_have_their_anchors() -> None:
    members = dict(make_esef(1, SAMPLES["german"], Inline(numbered=True)).members)
    own = [name for name in members if name.endswith("_def.xml")]
    anchors = [
        [row.anchor for each in read_package(Package.of(files)).statements for row in each.rows]
        for files in (
            members,
            {name: data for name, data in members.items() if name not in own},
            {**members, **{name: members[name][:-40] for name in own}},
        )
    ]
    assert "ifrs-full:FinanceIncomeCost" in anchors[0]
    assert set(anchors[1]) == set(anchors[2]) == {None}
