"""`/schema`, in process."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from lxml.html import HtmlElement
from sqlalchemy import URL, Engine, text

from app.pages.schema import took
from app.services.schema_state import Revision
from tests.helpers.pages import AS_BROWSER, main_of, open_page, text_of
from tests.helpers.revisions import BEFORE_HEAD, HEAD, IDS
from tests.helpers.shell import as_text

SECRET = "s3cr3t"


def execute(database: Engine, *statements: str) -> None:
    with database.begin() as connection:
        for each in statements:
            connection.execute(text(each))


def applied(page: HtmlElement) -> dict[str, list[str]]:
    """Return the cells of each applied revision behind its number."""
    rows = page.xpath("//table[contains(@class, 'schema')]/tbody/tr")
    return {
        text_of(row.xpath("./th")[0]): [text_of(each) for each in row.xpath("./td")] for row in rows
    }


@pytest.mark.usefixtures("on_migrated")
def test_at_head_each_revision_has_its_time_and_duration_and_no_user_host_or_commit(
    client: TestClient, migrated: Engine
) -> None:
    execute(
        migrated,
        f"UPDATE migration_ledger SET role = '{SECRET}-role', host = '{SECRET}-host',"
        f" git_commit = '{SECRET}-commit', duration = interval '1.5 s', attempts = 2,"
        " recorded_at = '2026-01-02 03:04:05+01'",
    )
    answer = client.get("/schema", headers=AS_BROWSER)
    assert SECRET not in answer.text
    page = open_page(client, "/schema")
    assert "At head" in main_of(page)
    rows = applied(page)
    assert [*rows] == IDS[::-1]
    assert rows["001"] == [
        "Create the initial schema",
        "2026-01-02 02:04:05",
        "1.500 s, 2 attempts",
    ]


@pytest.mark.usefixtures("on_migrated")
def test_behind_names_what_is_pending_and_how_to_apply_it(
    client: TestClient, migrated: Engine
) -> None:
    execute(migrated, f"UPDATE alembic_version SET version_num = '{BEFORE_HEAD}'")
    page = open_page(client, "/schema")
    said = main_of(page)
    assert "Behind Migrations of this release are not applied yet" in said
    assert "cannot use it" in said
    assert "run make migrate" in said
    assert [text_of(each).split()[0] for each in page.xpath("//ol/li")] == [HEAD]
    assert HEAD not in applied(page)


@pytest.mark.usefixtures("on_migrated")
def test_ahead_of_this_release_the_unknown_revision_is_listed(
    client: TestClient, migrated: Engine
) -> None:
    execute(
        migrated,
        "UPDATE alembic_version SET version_num = '999'",
        "INSERT INTO migration_ledger (action, revision, role, host)"
        f" VALUES ('upgrade', '999', '{SECRET}', '{SECRET}')",
    )
    page = open_page(client, "/schema")
    assert "can use it meanwhile" in main_of(page)
    assert applied(page)["999"][0] == "unknown to this release"
    assert applied(page)["999"][2] == "not known"
    assert SECRET not in page.text_content()
    execute(migrated, f"UPDATE alembic_version SET version_num = '{'<script>' * 3}'")
    page = open_page(client, "/schema")
    assert not page.xpath("//main//script")
    assert "<script>" in main_of(page)


@pytest.mark.usefixtures("on_migrated")
def test_without_a_ledger_the_times_are_not_known(client: TestClient, migrated: Engine) -> None:
    execute(migrated, "DROP TABLE migration_ledger")
    page = open_page(client, "/schema")
    assert "no ledger" in main_of(page)
    assert applied(page)["001"][1:] == ["not recorded", "\N{EN DASH}"]


@pytest.mark.usefixtures("on_migrated")
def test_a_user_who_may_not_read_the_ledger_or_the_version_is_told_so(
    client: TestClient, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(
        migrated,
        "DROP ROLE IF EXISTS reader_of_pages",
        "CREATE ROLE reader_of_pages LOGIN PASSWORD 'reader'",
        "GRANT SELECT ON alembic_version TO reader_of_pages",
    )
    try:
        url = migrated.url.set(username="reader_of_pages", password="reader")
        monkeypatch.setenv("DATABASE_URL", as_text(url))
        page = open_page(client, "/schema")
        assert "may not read the ledger" in main_of(page)
        execute(migrated, "REVOKE SELECT ON alembic_version FROM reader_of_pages")
        assert "may not read" in main_of(open_page(client, "/schema", status=503))
    finally:
        execute(migrated, "DROP OWNED BY reader_of_pages", "DROP ROLE reader_of_pages")


def test_an_empty_database_is_said_to_be_empty(
    client: TestClient, empty_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", as_text(empty_database))
    page = open_page(client, "/schema")
    assert "Empty The database is empty" in main_of(page)
    assert len(page.xpath("//ol/li")) == len(IDS)
    assert not applied(page)
    refused = open_page(client, "/", status=503)
    assert "its migrations were not applied yet" in main_of(refused)
    assert refused.xpath("//main//a[@href='/schema']")


def test_a_database_that_is_not_reached_is_a_page_with_the_reason(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u:{SECRET}@127.0.0.1:1/n")
    page = open_page(client, "/schema", status=503)
    assert "database" in main_of(page)
    assert SECRET not in page.text_content()


def test_what_took_no_time_says_how_it_was_applied() -> None:
    assert took(Revision("001", "x", action="stamp")) == "stamped"
    assert took(Revision("001", "x", duration=timedelta(seconds=1234.5))) == "1,234.500 s"
