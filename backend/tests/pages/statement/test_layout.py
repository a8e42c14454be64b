"""Columns, sections, totals, trends: where things stand on the page of a statement."""

import gzip
from datetime import date
from decimal import Decimal

import pytest

from app.pages.statement.routes import LEVEL
from app.pages.statement.trends import HEIGHT, WIDTH, Point, trend_of
from app.pipeline.compiled import Break, Compiled, Gap, Stated
from tests.helpers.compiled_years import period, typed_years
from tests.helpers.statement_pages import Shown, shown

SECTIONS = """
    # Sales:
    >Goods | 30 | 20
    >>Of which abroad | 3 | 2
    >=Total sales | 30 | 20
    Tax | 5 |
    =Profit | 25 | 20
"""


def test_the_newest_year_is_on_the_left_or_on_the_right() -> None:
    compiled = typed_years("Tax | 3 | 2 | 1")
    assert shown(compiled).years == ["FY2023", "FY2022", "FY2021"]
    page = shown(compiled, order="oldest")
    assert page.years == ["FY2021", "FY2022", "FY2023"]
    assert page.row("Tax") == ["1*", "2*", "3*"]


def test_five_ten_and_all_years() -> None:
    compiled = typed_years(f"Tax | {' | '.join(map(str, range(12)))}")
    assert len(shown(compiled).years) == 10
    assert len(shown(compiled, years=5).years) == 5
    page = shown(compiled, years=None)
    assert page.years[-1] == "FY2012"
    (older,) = shown(compiled).notices
    assert older == "Older years are not shown: FY2012–FY2013. All years"  # noqa: RUF001


def test_a_missing_year_is_a_column_and_a_sentence() -> None:
    gap = [Gap(fiscal_year=2022, reason="no report")]
    page = shown(typed_years("Tax | 3 | 2", years=[2023, 2021], gaps=gap))
    assert page.years == ["FY2023", "FY2022", "FY2021"]
    assert page.row("Tax") == ["3*", "", "2*"]
    assert page.document.xpath("//tr/td[@class = 'g']")
    assert page.document.xpath("string(//th[@class = 'g'])") == "FY2022 missing: no report"
    assert page.notices == ["FY2022 missing: no report."]
    oldest = shown(typed_years("Tax | 3 | 2", years=[2023, 2021], gaps=gap), order="oldest")
    assert oldest.row("Tax") == ["2*", "", "3*"]


@pytest.mark.parametrize(("order", "column"), [("newest", 1), ("oldest", 2)])
def test_a_break_is_an_edge_and_a_sentence(order: str, column: int) -> None:
    broken = [Break(between=("2022", "2023"), reason="currency EUR, then USD")]
    page = shown(typed_years("Tax | 3 | 2 | 1", breaks=broken), order=order)
    heads = page.document.xpath("//thead//th[not(@class) or @class = 'b']")
    assert [n for n, each in enumerate(heads) if each.get("class") == "b"] == [column]
    cells = page.document.xpath("//tbody//td[not(@class = 'w')]")
    marked = [n for n, each in enumerate(cells) if "b" in each.get("class").split()]
    assert marked == [column]
    assert page.notices == ["FY2022 and FY2023 are not comparable: currency EUR, then USD."]


def with_short_period() -> Compiled:
    compiled = typed_years("Tax | 3 | 2 | 1", years=[2023, 2022, 2021])
    short = period(2022, 1, key="6m", label="6 months to 2022-06-30", regular=False)
    compiled.periods[1] = short.model_copy(update={"end": date(2022, 6, 30)})
    compiled.rows[0].cells["6m"] = compiled.rows[0].cells.pop("2022")
    return compiled


def test_a_short_period_is_told_apart_and_is_no_year() -> None:
    page = shown(with_short_period())
    assert page.years == ["FY2023", "6 months", "FY2021"]
    days = [each.text for each in page.document.xpath("//thead//small")]
    assert days == ["31 Dec", "30 Jun 22", "31 Dec"]
    assert (
        "6 months to 2022-06-30: not a whole year to the usual day, and not counted as one."
        in page.notices
    )
    (cell,) = page.document.xpath("//td[contains(@class, 'x')]/a")
    assert cell.get("href").endswith("line=tax&year=6m")


def test_a_year_end_that_is_the_same_is_said_once() -> None:
    page = shown(typed_years("Tax | 3 | 2"))
    measures = page.document.xpath("string(//p[@class = 'measures'])")
    assert measures == "USD million · US GAAP · years to 31 December · 2 reports"
    assert not page.document.xpath("//thead//small")


def test_sections_levels_and_totals() -> None:
    sums = {"Total sales": ["Goods"], "Profit": ["Total sales", "-Tax"]}
    page = shown(typed_years(SECTIONS, sums))
    assert page.headings == ["Sales:"]
    rows = page.document.xpath("//tbody/tr[td/a]")
    assert [each.get("class") or "" for each in rows] == ["i1", "i2", "i1 t r", "", "t r e"]
    assert [len(each.xpath("tr")) for each in page.document.xpath("//tbody")] == [6]
    assert page.row("Tax") == ["5", ""]


def test_the_table_has_a_head_for_each_row_and_column() -> None:
    page = shown(typed_years(SECTIONS))
    table = page.document.xpath("//table")[0]
    scopes = {each.get("scope") for each in table.xpath("thead//th")}
    assert scopes == {"col"}
    for row in table.xpath("tbody/tr"):
        (head,) = row.xpath("th")
        assert head.get("scope") in {"row", "rowgroup"}
    widths = {sum(int(cell.get("colspan", "1")) for cell in row) for row in table.xpath(".//tr")}
    assert len(widths) == 1
    assert table.xpath("caption")


def test_every_id_is_one_of_a_kind_and_found() -> None:
    page = shown(typed_years("Tax | 100 | 90 < 95 restated\n# Tax:\n%Basic | 1 | 2 < 8 split"))
    ids = page.document.xpath("//@id")
    assert len(ids) == len({*ids})
    for name in ("aria-describedby", "aria-labelledby", "popovertarget", "for"):
        for value in page.document.xpath(f"//@{name}"):
            assert {*value.split()} <= {*ids}


def test_a_figure_leads_to_its_page_with_all_options() -> None:
    compiled = typed_years("Tax | 3 | 2")
    links = [each.get("href") for each in shown(compiled).document.xpath("//td/a")]
    assert links == [
        f"/companies/7/income-statement/figure?line=tax&year={y}" for y in (2023, 2022)
    ]
    page = shown(compiled, years=5, view="original", show="growth", order="oldest")
    link = page.document.xpath("//td/a/@href")[0]
    assert link == (
        "/companies/7/income-statement/figure?line=tax&years=5&view=original&show=growth"
        "&order=oldest&year=2022"
    )


def test_the_line_of_a_link_is_taken_for_nothing_else() -> None:
    compiled = typed_years("Tax | 3")
    for name, query in (("id:x", "id%3Aid%3Ax"), ("a&b=c", "a%26b%3Dc"), ("ä b", "%C3%A4+b")):
        compiled.rows[0].id = name
        (link,) = shown(compiled).document.xpath("//td/a/@href")
        assert link == f"/companies/7/income-statement/figure?line={query}&year=2023"


def replaced() -> Shown:
    text = "Sales | 10 | 9\nServices | 5 | 1\nOld | | 1"
    compiled = typed_years(text, years=[2023, 2022])
    stated = Stated(input=1, row=0, period="p", v=Decimal(4), label="Services", change="none")
    compiled.rows[1].cells.pop("2022")
    compiled.rows[1].replaced = {"2022": [stated]}
    compiled.rows[2].cells.clear()
    compiled.rows[2].replaced = {"2022": [stated]}
    return shown(compiled)


def test_figures_that_newer_reports_leave_out_can_be_reached() -> None:
    page = replaced()
    assert page.row("Services") == ["5*", "○"]
    (link,) = page.document.xpath("//td[@class = 'o']/a/@href")
    assert link == "/companies/7/income-statement/figure?line=services&year=2022&view=original"
    assert page.legend["○"].startswith("only older reports state it")
    (notice,) = page.notices
    assert notice.startswith("2 lines are broken down otherwise by newer reports. As first")
    assert notice.endswith("Old")
    assert page.document.xpath("//ul[@class = 'notices']//a/@href") == [
        "/companies/7/income-statement?view=original"
    ]


def paths(page: Shown) -> list[str]:
    return [str(each) for each in page.document.xpath("//svg/path[not(@class)]/@d")]


def test_a_trend_begins_at_zero() -> None:
    (path,) = paths(shown(typed_years("Tax | 100 | 50 | 0", years=[2023, 2022, 2021])))
    assert path == f"M2 {HEIGHT - 2}L28 9L54 2"


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_trend_goes_from_the_oldest_to_the_newest_year(order: str) -> None:
    page = shown(typed_years("Tax | 100 | 50", years=[2023, 2022]), order=order)
    assert paths(page) == ["M2 9L54 2"]
    assert page.document.xpath("//svg/@aria-label") == ["FY2022 50 to FY2023 100"]
    head = page.document.xpath("string(//thead//th[@class = 'w'])")
    assert head == "Trend, from the oldest to the newest year"


def dots(page: Shown) -> list[str]:
    return [str(each) for each in page.document.xpath("//svg/path[@class = 's']/@d")]


def test_a_trend_breaks_at_gaps_and_breaks() -> None:
    gap = [Gap(fiscal_year=2022, reason="no report")]
    page = shown(typed_years("Tax | 3 | 2 | 1", years=[2023, 2021, 2020], gaps=gap))
    assert (paths(page), dots(page)) == (["M2 11L19 6"], ["M54 2h0"])
    broken = [Break(between=("2021", "2022"), reason="currency")]
    page = shown(typed_years("Tax | 3 | 2 | 1", breaks=broken))
    assert (len(paths(page)), len(dots(page))) == (1, 1)
    text = "%Basic | 3 | 2 < 8 split | 7 / 4:1 | 6 / 4:1"
    (path,) = paths(shown(typed_years(text, years=[2023, 2022, 2021, 2020])))
    assert path.count("M") == 2


def test_a_year_that_no_line_reaches_is_a_dot() -> None:
    page = shown(typed_years("Tax | 3 | ? | 1 | | 2"))
    (dotted,) = dots(page)
    assert not paths(page)
    assert dotted.count("M") == dotted.count("h0") == 3


def test_a_short_period_is_no_point_of_a_trend() -> None:
    page = shown(with_short_period())
    assert (paths(page), dots(page)) == ([], ["M2 11h0M54 2h0"])


def test_negative_figures_are_below_a_line_of_zero() -> None:
    page = shown(typed_years("Tax | 100 | -100", years=[2023, 2022]))
    assert paths(page) == ["M2 16L54 2"]
    assert page.document.xpath("//svg/path[@class = 'z']/@d") == [f"M0 9H{WIDTH}"]
    page = shown(typed_years("Tax | -100 | -50", years=[2023, 2022]))
    assert page.document.xpath("//svg/path[@class = 'z']/@d") == [f"M0 2H{WIDTH}"]


def test_one_figure_and_zeros_are_no_trend() -> None:
    page = shown(typed_years("Tax | 3 |\nNothing | 0 | 0"))
    assert not page.document.xpath("//svg")
    assert not page.document.xpath("//th[@class = 'w']")


def test_huge_figures_stay_in_the_box() -> None:
    points = [Point("a", Decimal("9" * 40), "a", "a"), Point("b", Decimal("-0.000001"), "b", "b")]
    trend = trend_of(points, lambda *_: True)
    assert trend is not None
    assert trend.path == "M2 2L54 16"


def test_sums_of_money_with_fewer_decimals_are_moved_to_the_left() -> None:
    page = shown(typed_years("Tax | 100.25 | 90 | -1.5\n%Basic | 1.25 | 2 | 3"))
    cells = page.document.xpath("//tr[th//bdi = 'Tax']/td[a]/@class")
    assert cells == ["u", "f3 u", "n f1 u"]
    assert not page.document.xpath("//tr[th//bdi = 'Basic [USD/share]']/td[a]/@class")


def test_a_statement_without_periods_or_rows_is_still_a_page() -> None:
    compiled = typed_years("Tax | 3").model_copy(update={"periods": [], "rows": []})
    for show in ("amounts", "share", "growth"):
        page = shown(compiled, show=show)
        assert page.years == []
        assert page.rows == {}


@pytest.mark.slow
def test_the_longest_statement_stays_small() -> None:
    figures = " | ".join(f"{number * 1_234_567}" for number in range(1, 31))
    text = "\n".join(f">Line {n} of a statement that is long | {figures}" for n in range(150))
    content = str(shown(typed_years(text), years=None).content).encode()
    assert len(content) < 1_000_000
    assert len(gzip.compress(content, LEVEL)) < 80_000
