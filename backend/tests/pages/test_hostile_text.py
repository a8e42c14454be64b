"""Text of filings, file names and persons is text on every page, whatever it tries to be."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from lxml.html import FormElement, HtmlElement
from sqlalchemy import Engine

from app.pages.templates import environment
from tests.helpers.hostile import ATTACK, PLACES, hostile, keep_hostile, make_hostile, mark_of
from tests.helpers.kept import keep_filings, two_reports
from tests.helpers.page_checks import check_headers, check_page
from tests.helpers.pages import AS_BROWSER, text_of
from tests.pages.browser.states import page_routes

STATEMENTS = ("income-statement", "balance-sheet", "cash-flow-statement")
OPTIONS = ("", "?view=original", "?show=share", "?show=growth&years=all&order=oldest", "?years=5")
OF_QUERY = ("line", "year", "framework", "currency", "q", "next", "then", "removed", "page", "show")
UNSHOWN = {"link"}
"""The page of investor relations is on no page; as a link it would have to be http or https."""
NO_PAGES = {
    "/static/{name}",
    "/companies/{company_id}",
    "/companies/{company_id}/{slug}/figure.png",
}


def _is_of(route: str, path: str) -> bool:
    pattern = re.sub(r"\\?\{\w+\\?\}", "[^/]+", re.escape(route))
    return re.fullmatch(pattern, path.partition("?")[0]) is not None and route not in NO_PAGES


TRUSTING = re.compile(r"\|\s*safe\b|autoescape|xmlattr|<style|\sstyle=|\son[a-z]+=")


class Walk:
    """A person who looks at every page of a hostile company."""

    def __init__(self, client: TestClient, engine: Engine, company: int) -> None:
        self.client, self.engine, self.company = client, engine, company
        self.at = f"/companies/{self.company}"
        self.texts: dict[str, str] = {}
        self.looked_at: set[str] = set()

    def get(self, path: str, *, status: int | None = 200) -> HtmlElement:
        answer = self.client.get(path, headers=AS_BROWSER)
        self.looked_at.update(each for each in page_routes() if _is_of(each, path))
        assert status is None or answer.status_code == status, (path, answer.text)
        return self.see(path, answer)

    def see(self, path: str, answer: Any) -> HtmlElement:
        page = check_page(answer)
        shown = text_of(page)
        for each in page.xpath("//@*"):
            shown += f"\n{each}"
        self.texts[path] = shown
        return page

    def send(self, form: FormElement, *, status: int, **typed: str) -> HtmlElement:
        fields = {**dict(form.form_values()), **typed}
        answer = self.client.post(str(form.action), data=fields, headers=AS_BROWSER)
        assert answer.status_code == status, answer.text
        return self.see(f"{form.action} {status} {len(self.texts)}", answer)

    def figures(self) -> Iterator[str]:
        for slug in STATEMENTS:
            page = self.get(f"{self.at}/{slug}")
            links = page.xpath("//table//a[contains(@href, '/figure?')]/@href")
            assert links
            yield from links[:: max(len(links) // 3, 1)]


@pytest.fixture
def walk(client: TestClient, migrated: Engine) -> Walk:
    return Walk(client, migrated, keep_hostile(migrated))


def form_of(page: HtmlElement, action: str) -> FormElement:
    (form,) = [each for each in page.forms if str(each.action).endswith(action)]
    return form


def look_at_everything(walk: Walk) -> None:
    """Look at each page, fill in each form, and follow a sample of the links."""
    company, at = walk.company, walk.at
    walk.get("/")
    walk.get(f"/?q={quote(hostile('query'))}")
    new = walk.get(f"/companies/new?name={quote(hostile('query'))}")
    walk.send(new.forms[1], status=422, name=hostile("query"), lei=hostile("query"))
    for slug in STATEMENTS:
        for options in OPTIONS:
            walk.get(f"{at}/{slug}{options}")
    figures = list(walk.figures())
    for path in figures:
        walk.get(path)
    for path in figures[:3]:
        walk.get(f"{path}&view=original", status=None)
    _correct(walk, figures[0])
    walk.get(figures[0])
    walk.get(f"{at}/corrections")
    form = walk.get(f"{at}/corrections").xpath("//form[contains(@action, '/withdraw')]")[0]
    walk.send(form, status=200)
    walk.send(form, status=200)
    walk.get(f"{at}/corrections")
    links = walk.get(f"{at}/documents").xpath("//a[starts-with(@href, '/documents/')]/@href")
    for path in links:
        walk.get(path)
        walk.get(f"{path}/remove")
        walk.get(f"{path}/pages", status=None)
    edit = walk.get(f"{at}/edit")
    walk.send(edit.forms[1], status=422, name=hostile("query"), cik=hostile("query"))
    walk.get(f"{at}/remove")
    walk.get("/schema")
    walk.get(f"/sign-in?next={quote(hostile('query'))}")
    walk.get(f"/{quote(hostile('query'))}", status=404)
    walk.get(f"/companies/{company}/{quote(hostile('query'))}", status=404)


def _correct(walk: Walk, path: str) -> None:
    form = form_of(walk.get(path), "/corrections")
    typed = {"value": hostile("query"), "because": hostile("reason"), "by": hostile("person")}
    walk.send(form, status=422, **typed)
    walk.send(form, status=422, **{name: f"\x00{each}\ufffe" for name, each in typed.items()})
    walk.send(form, status=409, value="1", because=ATTACK, by=ATTACK, seen=hostile("query"))
    walk.send(form, status=200, value="1", because=ATTACK, by=ATTACK)
    walk.send(form, status=200, value="1", because=ATTACK, by=ATTACK)
    make_hostile(walk.engine)


@pytest.mark.usefixtures("on_migrated")
def test_hostile_text_is_shown_as_text_on_every_page(walk: Walk) -> None:
    look_at_everything(walk)
    everything = "\n".join(walk.texts.values())
    unseen = {place for place in PLACES if mark_of(place) not in everything}
    assert unseen <= UNSHOWN
    assert walk.looked_at == page_routes() - NO_PAGES  # a new page has to be looked at here
    assert "<script>alert(1)</script>" in everything  # as text
    assert "{{7*7}}" in everything


@pytest.mark.usefixtures("on_migrated")
def test_hostile_queries_are_answered_by_pages(walk: Walk) -> None:
    values = (hostile("query"), "\x00", "\ud800".encode("utf-8", "surrogatepass"), "x" * 5000, "%")
    paths = [
        *("/", "/companies/new", "/schema", "/sign-in", walk.at, f"{walk.at}/documents"),
        *(f"{walk.at}/corrections", f"{walk.at}/income-statement"),
        *(f"{walk.at}/income-statement/figure", "/documents/1", "/documents/1/remove"),
    ]
    for value in values:
        query = "&".join(f"{name}={quote(value)}" for name in OF_QUERY)
        for path in paths:
            answer = walk.client.get(f"{path}?{query}", headers=AS_BROWSER, follow_redirects=False)
            assert answer.status_code < 500, (path, value)
            if 300 <= answer.status_code < 400:
                check_headers(answer)
                assert answer.headers["location"].startswith(walk.at)
            else:
                check_page(answer)


@pytest.mark.usefixtures("on_migrated")
def test_labels_of_a_hundred_thousand_characters(client: TestClient, migrated: Engine) -> None:
    reports = two_reports()
    for statements in reports:
        for row in statements[0].rows:
            row.label += ("x" * 99 + " ") * 1000
    walk = Walk(client, migrated, keep_filings(migrated, reports, "Long plc"))
    page = walk.get(f"{walk.at}/income-statement")
    links = page.xpath("//table//a[contains(@href, '/figure?')]/@href")
    walk.get(links[0])
    walk.get(f"{walk.at}/corrections")
    walk.get(f"{walk.at}/documents")


def test_no_template_trusts_a_text() -> None:
    templates = environment().list_templates()
    assert len(templates) > 10
    for name in templates:
        source, _, _ = environment().loader.get_source(environment(), name)  # type: ignore[union-attr]
        assert not re.search(
            r"\|\s*safe\b|autoescape|xmlattr|<style|\sstyle=|\son[a-z]+=", source
        ), name
