"""Correct a figure with a reason, see what that changes, and withdraw it: forms, in process."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from lxml.html import FormElement, HtmlElement
from sqlalchemy import Engine, text

from app.pages.corrections.typed_figures import parse_typed
from app.pipeline.statement import Statement
from app.services.fixing import MAX_NAME, MAX_REASON
from tests.helpers.kept import keep_filings, two_reports
from tests.helpers.pages import AS_BROWSER, links_of, main_of, page_of, text_of

usable = pytest.mark.usefixtures("on_migrated")
REVENUE = {"line": "revenue", "year": "2023"}


class Desk:
    """A company with two filings, and a person who fills in the forms of its pages."""

    def __init__(
        self, client: TestClient, engine: Engine, filings: Sequence[Sequence[Statement]]
    ) -> None:
        self.client, self.engine = client, engine
        self.id = keep_filings(engine, filings)
        self.at = f"/companies/{self.id}"

    def get(self, path: str, *, status: int = 200, **query: Any) -> HtmlElement:
        return self._checked(
            self.client.get(f"{self.at}{path}", params=query or None, headers=AS_BROWSER), status
        )

    def figure(self, **query: Any) -> HtmlElement:
        return self.get("/income-statement/figure", **{**REVENUE, **query})

    def submit(self, form: FormElement, *, status: int = 200, **typed: str) -> HtmlElement:
        """Send a form as a browser does, with what is typed in."""
        fields = {**dict(form.form_values()), **typed}
        answer = self.client.post(str(form.action), data=fields, headers=AS_BROWSER)
        return self._checked(answer, status)

    def correct(self, *, status: int = 200, **typed: str) -> HtmlElement:
        filled: dict[str, Any] = {"value": "48,212", "because": "page 31", "by": "Ann", **typed}
        return self.submit(form_of(self.figure()), status=status, **filled)

    def value(self) -> str | None:
        """Return the figure as programs get it."""
        answer = self.client.get(
            f"/api/v1{self.at}/statements/income_statement/why", params=REVENUE
        ).json()
        found: str | None = answer["v"]
        return found

    def _checked(self, answer: Any, status: int) -> HtmlElement:
        assert answer.status_code == status, answer.text
        return page_of(answer)


def form_of(page: HtmlElement, action: str = "/corrections") -> FormElement:
    (form,) = [each for each in page.forms if str(each.action).endswith(action)]
    return form


@pytest.fixture
def desk(client: TestClient, migrated: Engine) -> Desk:
    return Desk(client, migrated, two_reports())


@usable
def test_a_figure_is_corrected_and_its_page_and_the_list_show_it(desk: Desk) -> None:
    page = desk.correct(value="48,212", because="misread on page 31")
    told = main_of(page)
    assert "Corrected from 48,211 to 48,212 USD million, which is 48,212,000,000." in told
    assert "By Ann, because: misread on page 31" in told
    assert "Holds no longer In the statement held before" in told
    assert "All years" in told

    figure = desk.get(links_of(page)["Back to the figure"].removeprefix(desk.at))
    assert "read as 48,211; corrected by Ann" in main_of(figure)
    assert desk.value() == "48212"

    (row,) = desk.get("/corrections").xpath("//tbody/tr")
    assert [text_of(each) for each in row.xpath("td")][1:4] == [
        "48,211",
        "48,212USD million",
        "misread on page 31",
    ]
    assert text_of(row.xpath("td")[5]).startswith("in force")
    (link,) = row.xpath("th/a/@href")
    assert "read as 48,211" in main_of(desk.get(link.removeprefix(desk.at)))


@usable
def test_a_correction_is_withdrawn_on_the_page_of_its_figure(desk: Desk) -> None:
    desk.correct()
    form = form_of(desk.figure(), "/withdraw")
    told = main_of(desk.submit(form))
    assert "The correction is withdrawn: 48,212 is not in force any more." in told
    assert "48,212 48,211 proved now" in told
    assert desk.value() == "48211"
    assert "was withdrawn before; nothing was changed now" in main_of(desk.submit(form))
    (row,) = desk.get("/corrections").xpath("//tbody/tr")
    assert text_of(row.xpath("td")[5]).startswith("withdrawn ")
    assert not row.xpath(".//form")


@usable
def test_sending_a_form_twice_changes_nothing(desk: Desk) -> None:
    form = form_of(desk.figure())
    typed: dict[str, Any] = {"value": "48,212", "because": "page 31", "by": "Ann"}
    desk.submit(form, **typed)
    assert "in force already" in main_of(desk.submit(form, **typed))
    assert len(desk.get("/corrections").xpath("//tbody/tr")) == 1


@usable
def test_a_figure_that_changed_since_the_form_was_shown_is_not_corrected(desk: Desk) -> None:
    form = form_of(desk.figure())
    desk.correct(value="48,213", by="Bob")
    page = desk.submit(form, status=409, value="1", because="mine", by="Ann")
    told = main_of(page)
    assert "has changed since it was shown: look again. Nothing was changed." in told
    assert "It is 48,213 now" in told
    assert desk.value() == "48213"
    again = form_of(page)
    assert (again.fields["value"], again.fields["because"], again.fields["by"]) == (
        "1",
        "mine",
        "Ann",
    )
    desk.submit(again)
    assert desk.value() == "1"


@usable
def test_of_two_corrections_at_once_the_second_is_refused(desk: Desk) -> None:
    form = form_of(desk.figure())

    def send(value: str) -> int:
        typed = {"value": value, "because": f"by {value}", "by": "Ann"}
        data = {**dict(form.form_values()), **typed}
        return desk.client.post(str(form.action), data=data, headers=AS_BROWSER).status_code

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(send, ["1", "2", "3", "4"])) == [200, 409, 409, 409]
    assert len(desk.get("/corrections").xpath("//tbody/tr")) == 1


@usable
def test_a_place_in_which_nothing_was_read_is_filled(client: TestClient, migrated: Engine) -> None:
    reports = two_reports()
    selling = reports[1][0].rows[3]
    assert selling.label == "Selling expenses"
    del selling.cells[reports[1][0].periods[0].key]
    desk = Desk(client, migrated, reports)
    query = {"line": "Selling expenses", "year": "2023"}
    page = desk.get("/income-statement/figure", status=404, **query)
    assert "No figure could be read here." in main_of(page)
    told = main_of(desk.submit(form_of(page), value="(6,120)", because="page 3", by="Ann"))
    assert "Corrected from ? to (6,120)" in told
    assert "Holds now, and did not before" in told


@usable
def test_a_form_without_what_was_seen_is_refused(desk: Desk) -> None:
    form = form_of(desk.figure())
    desk.submit(form, status=409, seen="", value="1", because="x", by="Ann")
    assert desk.value() == "48211"


REFUSED: list[tuple[int, dict[str, str], str]] = [
    (422, {"value": ""}, "is empty"),
    (422, {"value": "1.234"}, "could be two figures: write 1,234"),
    (422, {"value": "<b>1"}, "is no figure"),
    (422, {"because": " \t\n "}, "The reason is missing."),
    (422, {"because": "x" * (MAX_REASON + 1)}, "The reason has more than 2,000 characters."),
    (422, {"by": ""}, "The name is missing."),
    (422, {"by": "y" * (MAX_NAME + 1)}, "The name has more than 200 characters."),
    (422, {"by": "A\x00nn"}, "The name has characters that cannot be printed."),
    (422, {"because": "\u202eevil"}, "The reason has characters that cannot be printed."),
    (409, {"value": "48,211"}, "is 48,211 already"),
]


@usable
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(desk: Desk) -> None:
    for status, typed, words in REFUSED:
        page = desk.correct(status=status, **typed)
        assert words in main_of(page)
        assert "Nothing was changed." in main_of(page)
        fields = form_of(page).fields
        for name, value in {"because": "page 31", "by": "Ann", **typed}.items():
            if value.isprintable():
                assert fields[name] == value
    assert desk.value() == "48211"
    assert "No figure of this company was corrected." in main_of(desk.get("/corrections"))


@usable
def test_a_wrong_field_is_marked_for_those_who_do_not_see_it(desk: Desk) -> None:
    (field,) = desk.correct(status=422, value="x").xpath("//input[@name='value']")
    assert field.get("aria-invalid") == "true"
    assert field.get("aria-describedby") == "value-hint value-wrong"


@usable
def test_a_form_that_names_no_figure_is_refused(desk: Desk) -> None:
    path = f"{desk.at}/corrections"
    typed = {"value": "1", "because": "x", "by": "y", "seen": "z"}
    place = {"statement": "income_statement", "line": "id:revenue", "year": "2023"}
    for changes, status in (
        ({"statement": "balance"}, 400),
        ({"line": ""}, 400),
        ({"line": "id:none"}, 404),
        ({"year": "1999"}, 404),
        ({"year": "\x00"}, 404),
        ({"line": "x" * 20_000}, 404),
        ({"currency": "XXX"}, 404),
    ):
        sent = {**typed, **place, **changes}
        assert desk.client.post(path, data=sent).status_code == status, changes
    assert desk.client.post(path, json=typed).status_code == 415
    assert (
        desk.client.post(path, data={"x": "1"} | {f"f{n}": "" for n in range(60)}).status_code
        == 400
    )
    assert desk.client.post(path, data={"x": "1" * 70_000}).status_code == 413
    for url in ("/companies/999999/corrections", f"{path}/999999/withdraw"):
        assert desk.client.post(url, data={**typed, **place}).status_code == 404


@usable
def test_a_correction_of_another_company_is_not_withdrawn(desk: Desk) -> None:
    desk.correct()
    other = keep_filings(desk.engine, two_reports(), "Other plc")
    form = form_of(desk.figure(), "/withdraw")
    number = str(form.action).split("/")[-2]
    answer = desk.client.post(f"/companies/{other}/corrections/{number}/withdraw")
    assert answer.status_code == 404
    assert desk.value() == "48212"


@usable
def test_a_lost_correction_says_so_and_can_be_withdrawn(desk: Desk) -> None:
    desk.correct()
    with desk.engine.begin() as connection:
        connection.execute(text("DELETE FROM documents WHERE fiscal_year = 2023"))
    page = desk.get("/corrections")
    (row,) = page.xpath("//tbody/tr")
    assert text_of(row.xpath("td")[5]).startswith("not in force: its document was removed")
    desk.submit(form_of(page, "/withdraw"))
    assert "withdrawn" in main_of(desk.get("/corrections"))


@usable
def test_the_figure_that_was_first_reported_has_no_form(desk: Desk) -> None:
    page = desk.figure(view="original")
    assert "A correction is of the figure that the newest filing states" in main_of(page)
    assert not [each for each in page.forms if each.get("method") == "post"]


@usable
def test_the_way_back_keeps_how_the_statement_was_shown(desk: Desk) -> None:
    form = form_of(desk.figure(years="5", order="oldest"))
    page = desk.submit(form, value="48,212", because="x", by="y")
    assert "years=5&order=oldest" in links_of(page)["The statement"]


READ = {
    "1,234": "1234",
    "(1,234)": "-1234",
    "-1,234.5": "-1234.5",
    "\u22121,234.50": "-1234.50",
    "\u20131 234": "-1234",
    "1\u2009234\u2009567": "1234567",
    "(1\u202f234.5)": "-1234.5",
    "1\u00a0234": "1234",
    "1'234'567": "1234567",
    "12\u2019345.5": "12345.5",
    " 0.234 ": "0.234",
    "1.2340": "1.2340",
    "1234.567": "1234.567",
    "0": "0",
    "(0)": "0",
    "999": "999",
}


@pytest.mark.parametrize("typed", READ)
def test_a_figure_is_read_as_reports_print_it(typed: str) -> None:
    assert str(parse_typed(typed)) == READ[typed]
    assert parse_typed(typed) == Decimal(READ[typed])


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "1.234", "(12.345)", "-1.234", "1.234.567", "1,23", "1 23", "12 34", "1 234,5"),
        *(
            "1,234 567",
            "1 234\u2009567",
            "1234 567",
            "01,234",
            "1e5",
            "NaN",
            "Infinity",
            "(5",
            "5)",
        ),
        *("(-5)", "--5", "- 5", "$5", "5%", "5-", "\u0661", "\uff11", "0x10", "1_000", "9" * 41),
        *("9" * 10_000, "\x00", "<b>1</b>", "\ud800", "1,234\n,567"),
    ],
)
def test_a_figure_that_could_be_two_or_none_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_typed(typed)
