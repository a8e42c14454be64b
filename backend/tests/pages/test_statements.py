"""The page of a statement as a browser gets it: figures, reasons, entity tags and the cache."""

from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text

from app.cli.compiled_statement import Page, draw_statement
from app.main import create_app
from app.pipeline.compile.view import view_of
from app.pipeline.compiled import Compiled
from app.pipeline.statement import StatementName
from app.services.company_heads import CompanyHead
from app.services.statements import load_compiled
from tests.helpers.compiled_years import typed_years
from tests.helpers.http import LOCAL, local_client
from tests.helpers.shelf import Shelf
from tests.helpers.statement_pages import Shown, keep_compiled

SLUGS = ("income-statement", "balance-sheet", "cash-flow-statement")
BROWSER = {"Accept": "text/html"}


def twelve(**changes: Any) -> Compiled:
    figures = " | ".join(str(100 * n) for n in range(12, 0, -1))
    return typed_years(f"Revenue | {figures}\nTax | {figures}", **changes)


def get(client: TestClient, company: int, query: str = "", slug: str = SLUGS[0]) -> Shown:
    answer = client.get(f"/companies/{company}/{slug}{query}", headers=BROWSER)
    assert answer.status_code == 200, answer.text
    return Shown(answer.text)


@pytest.mark.parametrize("name", get_args(StatementName))
def test_it_has_the_figures_of_the_terminal(
    filled: Shelf, client: TestClient, name: StatementName
) -> None:
    filled.add("ACME", filled.file("new.pdf"), filled.file("old.pdf", age=1), create=True)
    filled.compile("ACME")
    company = filled.one("SELECT id FROM companies WHERE name = 'Acme plc'")
    with filled.sessions() as session:
        stored = load_compiled(session, company, name)
    shown = view_of(stored)
    lines = list(draw_statement(Page("Acme plc", "ACME", shown, stored), None, lambda t, *_: t))
    page = get(client, company, slug=SLUGS[get_args(StatementName).index(name)])
    assert len(page.rows) > 3
    for label, figures in page.rows.items():
        printed = [line for line in lines if label.rstrip("'") in line]
        assert any(line.split()[-len(figures) :] == figures for line in printed), label
    assert any(page.proof in line for line in lines)


def test_the_options_of_the_address_are_heeded(filled: Shelf, client: TestClient) -> None:
    company = filled.company()
    keep_compiled(filled, company, twelve())
    assert len(get(client, company).years) == 10
    assert get(client, company, "?years=5&order=oldest").years[0] == "FY2019"
    assert get(client, company, "?show=share").row("Tax")[0] == "100.0%*"
    assert get(client, company, "?show=growth&years=all").row("Tax")[-1] == "n/a*"
    assert get(client, company, "?view=original").current("Figures") == "As first reported"
    page = get(client, company, "?years=%00&view=x&show=1&order=&unknown=%ff&framework=nope")
    assert page.row("Tax")[0] == "1,200*"
    assert page.notices[0].startswith("No income statement in nope")


def test_a_share_of_a_cash_flow_needs_the_income_statement(
    filled: Shelf, client: TestClient
) -> None:
    company = filled.company()
    flow = typed_years("Paid | 60", years=[2023], statement="cash_flow_statement")
    keep_compiled(filled, company, flow)
    page = get(client, company, "?show=share", SLUGS[2])
    assert page.row("Paid") == ["n/a*"]
    keep_compiled(filled, company, twelve())
    assert get(client, company, "?show=share", SLUGS[2]).row("Paid") == ["5.0%*"]
    keep_compiled(filled, company, twelve(), digest=None)
    assert get(client, company, "?show=share", SLUGS[2]).row("Paid") == ["n/a*"]
    keep_compiled(filled, company, twelve(), data='{"schema": "compiled/0"}', digest="0" * 64)
    assert get(client, company, "?show=share", SLUGS[2]).row("Paid") == ["n/a*"]


def test_its_headers_keep_others_out(filled: Shelf, client: TestClient) -> None:
    company = filled.company()
    keep_compiled(filled, company, twelve())
    for _ in range(2):  # made, and from the cache
        answer = client.get(f"/companies/{company}/income-statement")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] == "private, no-cache"
        assert "cookie" in answer.headers["vary"].lower()


def test_a_browser_that_has_it_gets_304(filled: Shelf, client: TestClient) -> None:
    company = filled.company()
    keep_compiled(filled, company, twelve())
    path = f"/companies/{company}/income-statement"
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert plain.text == packed.text
    assert packed.headers["content-encoding"] == "gzip"
    tag = plain.headers["etag"]
    assert not tag.startswith("W/")
    same = client.get(path, headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    other = client.get(f"{path}?years=5", headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_it_is_made_once_and_never_older_than_its_company(
    filled: Shelf, client: TestClient
) -> None:
    company = filled.company()
    keep_compiled(filled, company, twelve())
    renderings = client.app.state.page_renderings  # type: ignore[attr-defined]
    before = get(client, company)
    assert get(client, company).content == before.content
    assert len([*renderings]) == 1
    get(client, company, "?years=5")
    assert len([*renderings]) == 2
    changed = twelve()
    changed.rows[1].label = "Income tax"
    keep_compiled(filled, company, changed)
    assert "Income tax" in get(client, company).rows
    with filled.sessions.begin() as session:
        session.execute(
            text("UPDATE companies SET name = 'Renamed & Co' WHERE id = :id"), {"id": company}
        )
    assert "Renamed &amp; Co" in str(get(client, company).content)
    keep_compiled(filled, company, changed, digest=None)
    page = get(client, company)
    assert "Older than its documents" not in page.content
    assert "Income statement: older than its documents" in page.content


def test_a_page_is_not_kept_for_a_head_that_is_older_than_its_figures(
    filled: Shelf, client: TestClient
) -> None:
    company = filled.company()
    keep_compiled(filled, company, twelve())
    heads = client.app.state.heads  # type: ignore[attr-defined]
    find = heads.find

    async def find_and_compile(company_id: int) -> CompanyHead:
        head: CompanyHead = await find(company_id)
        keep_compiled(filled, company, twelve(title="Compiled meanwhile"))
        return head

    heads.find = find_and_compile
    assert "Compiled meanwhile" in get(client, company).content
    assert not [*client.app.state.page_renderings]  # type: ignore[attr-defined]


def test_a_page_from_the_cache_asks_for_the_head_alone(filled: Shelf, client: TestClient) -> None:
    company = filled.company()
    keep_compiled(filled, company, twelve())
    get(client, company)
    queries: list[str] = []
    made = client.app.state.database._made  # type: ignore[attr-defined]  # noqa: SLF001

    @event.listens_for(made.engine, "before_cursor_execute")
    def note(*arguments: Any) -> None:
        queries.append(arguments[2])

    get(client, company)
    assert len(queries) == 1
    assert "compiled_statements WHERE company_id" in queries[0]
    assert "data" not in queries[0]


def test_what_is_not_there_is_said_with_the_next_step(filled: Shelf, client: TestClient) -> None:
    company = filled.company("Empty & Co")
    for slug in SLUGS:
        page = get(client, company, slug=slug)
        assert page.document.xpath("string(//h2)").endswith(": no documents yet")
        assert f"/companies/{company}/documents" in page.document.xpath("//main//p/a/@href")
        assert not page.document.xpath("//form[@method = 'post']")
    answer = client.get("/companies/404/income-statement", headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert client.get(f"/companies/{company}/no-statement", headers=BROWSER).status_code == 404


def test_a_stale_statement_is_compiled_by_a_button(filled: Shelf, client: TestClient) -> None:
    filled.add("ACME", filled.file("new.pdf"), create=True)
    filled.compile("ACME")
    company = filled.one("SELECT id FROM companies WHERE name = 'Acme plc'")
    with filled.sessions.begin() as session:
        session.execute(text("UPDATE compiled_statements SET digest = NULL"))
    page = get(client, company, slug=SLUGS[1])
    assert page.document.xpath("string(//h2)") == "Balance sheet: older than its documents"
    (form,) = page.document.xpath("//form[@method = 'post']")
    answer = client.post(form.get("action"), headers=BROWSER, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/companies/{company}/balance-sheet"
    assert get(client, company, slug=SLUGS[1]).rows


def test_where_compiling_leads(filled: Shelf, client: TestClient) -> None:
    company = filled.company()
    for query in ("", "?then=nowhere", "?then=//evil.example"):
        answer = client.post(f"/companies/{company}/compile{query}", follow_redirects=False)
        assert answer.headers["location"] == f"/companies/{company}"
    assert client.post("/companies/404/compile").status_code == 404


def test_a_stranger_compiles_nothing(filled: Shelf, client: TestClient) -> None:
    company = filled.company()
    keep_compiled(filled, company, twelve(), digest=None)
    foreign = {**BROWSER, "X-Forwarded-For": "192.0.2.1"}
    assert client.post(f"/companies/{company}/compile", headers=foreign).status_code == 403
    elsewhere = {**BROWSER, "Origin": "https://evil.example"}
    assert client.post(f"/companies/{company}/compile", headers=elsewhere).status_code == 403
    answer = client.get(f"/companies/{company}/income-statement", headers=foreign)
    assert "older than its documents" in answer.text
    assert '<form method="post"' not in answer.text


def test_a_proxy_may_serve_it_below_a_path(filled: Shelf, fresh_engine: None) -> None:
    del fresh_engine
    company = filled.company()
    keep_compiled(filled, company, twelve())
    client = TestClient(create_app(), LOCAL, root_path="/fde", client=("127.0.0.1", 50000))
    with client, local_client() as plain:
        page = get(client, company)
        links = page.document.xpath("//a[not(starts-with(@href, '#'))]/@href")
        assert links
        assert all(each.startswith("/fde/") for each in links)
        assert "/fde/" not in get(plain, company).content


def test_another_form_is_compiled_again(filled: Shelf, client: TestClient) -> None:
    company = filled.company()
    keep_compiled(filled, company, twelve(), data='{"schema": "compiled/0"}', digest="0" * 64)
    page = get(client, company)
    assert page.document.xpath("string(//h2)") == "Income statement: compiled by another release"
    assert page.document.xpath("//form[@method = 'post']//button")
