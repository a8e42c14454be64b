"""Hostile text in Chromium: no script of it runs, nothing is loaded, and no policy is needed."""

from pathlib import Path

from playwright.sync_api import Dialog, Page
from sqlalchemy import URL, Engine

from tests.helpers.api_server import api_server
from tests.helpers.hostile import ATTACK, hostile, keep_hostile, make_hostile
from tests.pages.browser.conftest import OpenTab, Site

FIGURES = "table a[href*='/figure?']"
STATEMENTS = ("income-statement", "balance-sheet", "cash-flow-statement")


def test_nothing_runs_on_the_pages_of_a_hostile_company(
    migrated_database: URL, migrated: Engine, tmp_path: Path, open_tab: OpenTab
) -> None:
    company = keep_hostile(migrated)
    with api_server(migrated_database, tmp_path) as server:
        site = Site(f"http://127.0.0.1:{server.port}", company)
        tab = open_tab(site, expected=(404, 409, 422))
        dialogs: list[str] = []

        def note(dialog: Dialog) -> None:
            dialogs.append(dialog.message)
            dialog.dismiss()

        tab.on("dialog", note)
        at = f"/companies/{company}"
        for slug in STATEMENTS:
            for options in ("", "?view=original", "?show=growth"):
                tab.goto(f"{at}/{slug}{options}")
                _touch(tab)
        _correct(tab, f"{at}/income-statement")
        make_hostile(migrated)
        for path in (f"{at}/corrections", f"{at}/documents", "/", "/sign-in", "/schema"):
            tab.goto(path)
            _touch(tab)
        for link in ("document", "remove", "pages"):
            tab.goto(f"{at}/documents")
            tab.goto(tab.locator("a[href^='/documents/']").first.get_attribute("href") or "")
            if link != "document":
                tab.goto(f"{tab.url}/{link}")
            _touch(tab)
        tab.goto("/")
        tab.get_by_role("searchbox").fill(hostile("query"))
        tab.get_by_role("searchbox").press("Enter")
        _touch(tab)
        assert not dialogs
        tab.close()


def _touch(tab: Page) -> None:
    """Put the pointer and the focus where a page reacts, and see that the title is one text."""
    assert tab.locator("main").count() == 1
    assert tab.locator("img[src='x'], main script, [onerror], [onload]").count() == 0
    assert "\u202e" not in tab.title()
    for each in tab.locator("main a, main button, main summary").all()[:12]:
        if each.is_visible():
            each.hover()
            each.focus()


def _correct(tab: Page, statement: str) -> None:
    tab.goto(statement)
    tab.locator(FIGURES).first.click()
    for value in (ATTACK[:99], "1"):
        tab.get_by_label("Figure as printed").fill(value)
        tab.get_by_label("Reason").fill(ATTACK)
        tab.get_by_label("Your name").fill(ATTACK)
        tab.get_by_role("button", name="Correct the figure").click()
        _touch(tab)
    assert tab.get_by_role("status").get_by_text("Corrected from").count() == 1
