"""Everything can be done by the keyboard alone, with and without scripts."""

from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.filings.decade import DEMO, DEMO_SEED, make_decade
from tests.filings.decade_readings import write_files
from tests.pages.browser.conftest import OpenTab, Site
from tests.pages.browser.keys import Keyboard
from tests.pages.browser.states import BALANCE, CASH_FLOW, DOCUMENTS, INCOME, STATES

_READING: Final = 60_000
"""Milliseconds that reading a file may take on a busy machine."""
WITH_AND_WITHOUT_SCRIPTS = pytest.mark.parametrize(
    "has_scripts", [True, False], ids=["scripts", "no-scripts"]
)


def test_focus_is_seen_at_each_stop_of_each_page(
    site: Site, empty_site: Site, open_tab: OpenTab
) -> None:
    # Narrow enough that years scroll below the labels.
    size = (800, 600)
    tabs = {
        "demo": open_tab(site, size=size, expected=(404,)),
        "empty": open_tab(empty_site, size=size),
    }
    # The three statements are made by one template.
    one_of_each = {
        state.route: state
        for state in reversed(STATES)
        if state.status == 200 and not state.path.startswith((BALANCE, CASH_FLOW))
    }
    faults = {}
    for state in one_of_each.values():
        page = tabs[state.database]
        page.goto(state.path)
        keyboard = Keyboard(page)
        assert len(keyboard.stops()) > 4, state.name
        if keyboard.faults:
            faults[state.name] = keyboard.faults[:5]
    assert not faults


@WITH_AND_WITHOUT_SCRIPTS
def test_first_stop_skips_to_the_content(has_scripts: bool, site: Site, open_tab: OpenTab) -> None:
    page = open_tab(site, java_script_enabled=has_scripts)
    page.goto(INCOME)
    keyboard = Keyboard(page)
    keyboard.tab()
    assert not keyboard.faults
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keyboard.press("Enter")
    keyboard.tab()
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@WITH_AND_WITHOUT_SCRIPTS
def test_a_person_finds_corrects_and_withdraws_by_keyboard(
    has_scripts: bool, writable_site: Site, open_tab: OpenTab
) -> None:
    page = open_tab(writable_site, java_script_enabled=has_scripts)
    keyboard = Keyboard(page)
    page.goto("/")
    keyboard.go_to(page.get_by_role("searchbox"))
    keyboard.type("costa")
    with page.expect_navigation():
        keyboard.press("Enter")
    keyboard.use(page.get_by_role("link", name="Costa Verde Foods Group plc", exact=True))
    keyboard.use(page.get_by_role("link", name="Balance sheet"))
    keyboard.use(page.get_by_role("link", name="Income statement"))
    keyboard.use(page.locator(".switch a[href*='years=5']"))
    keyboard.use(_figure(page, "Administrative expenses", "(347)"))

    keyboard.go_to(page.get_by_label("Figure as printed"))
    keyboard.type("(348)")
    keyboard.go_to(page.get_by_label("Reason"))
    keyboard.type("Misread on page 3")
    keyboard.go_to(page.get_by_label("Your name"))
    keyboard.type("A. Reader")
    keyboard.use(page.get_by_role("button", name="Correct the figure"))
    expect(page.get_by_role("status").first).to_contain_text("(348)")
    keyboard.use(page.get_by_role("link", name="Back to the figure"))
    keyboard.use(page.get_by_role("button", name="Withdraw the correction"))
    page.goto(INCOME)
    expect(_figure(page, "Administrative expenses", "(347)")).to_be_visible()
    assert not keyboard.faults


@WITH_AND_WITHOUT_SCRIPTS
def test_a_person_removes_a_report_and_adds_it_again_by_keyboard(
    has_scripts: bool, writable_site: Site, open_tab: OpenTab, tmp_path: Path
) -> None:
    write_files(make_decade(DEMO_SEED, DEMO), tmp_path / "reports")
    page = open_tab(writable_site, java_script_enabled=has_scripts)
    keyboard = Keyboard(page)
    page.goto(DOCUMENTS)
    keyboard.use(page.get_by_role("main").get_by_role("link", name="FY2025").first)
    keyboard.use(page.get_by_role("link", name="Remove"))
    keyboard.use(page.get_by_role("button", name="Remove it"))
    expect(page.get_by_role("status").first).to_contain_text("was removed")
    expect(page.get_by_role("heading", name="9 documents")).to_be_visible()

    # Enter opens the system's dialog, which is no part of the page; here the files are given.
    files = page.get_by_label("Annual reports")
    keyboard.go_to(files)
    files.set_input_files(
        [tmp_path / "reports" / f"annual-report-{year}.pdf" for year in (2024, 2025)]
    )
    keyboard.go_to(page.get_by_role("button", name="Add", exact=True))
    keyboard.press("Enter")
    results = page.get_by_role("list", name="Files of this upload").get_by_role("listitem")
    for name, words in (("annual-report-2025.pdf", "Added"), ("annual-report-2024.pdf", "already")):
        expect(results.filter(has_text=name)).to_contain_text(words, timeout=_READING)
    page.goto(DOCUMENTS)
    expect(page.get_by_role("heading", name="10 documents")).to_be_visible()
    assert not keyboard.faults


def test_what_a_mark_means_is_told_at_the_focus_until_escape(site: Site, open_tab: OpenTab) -> None:
    page = open_tab(site)
    page.goto(INCOME)
    keyboard = Keyboard(page)
    figure = _figure(page, "Revenue", "8,462")
    keyboard.go_to(figure)
    told = page.locator("tr", has_text="Revenue").first.locator(".tip:popover-open")
    expect(told).to_be_visible()
    expect(told).to_contain_text("restated")
    keyboard.press("Escape")
    expect(told).to_have_count(0)
    expect(figure).to_be_focused()
    keyboard.press("Shift+Tab")
    expect(page.locator(".tip:popover-open")).to_have_count(0)


@WITH_AND_WITHOUT_SCRIPTS
def test_what_a_mark_means_is_told_by_its_button(
    has_scripts: bool, site: Site, open_tab: OpenTab
) -> None:
    page = open_tab(site, java_script_enabled=has_scripts)
    page.goto(INCOME)
    keyboard = Keyboard(page)
    mark = page.locator("tr", has_text="Revenue").first.locator("button.k").first
    keyboard.go_to(mark)
    keyboard.press("Escape")
    keyboard.press("Enter")
    told = page.locator(".tip:popover-open")
    expect(told).to_contain_text("restated")
    keyboard.press("Escape")
    expect(told).to_have_count(0)
    expect(mark).to_be_focused()
    mark.click()
    expect(told).to_be_visible()


def _figure(page: Page, label: str, text: str) -> Locator:
    label_of_row = page.get_by_role("rowheader", name=label, exact=True)
    row = page.locator("table.years tr").filter(has=label_of_row)
    return row.get_by_role("link", name=text, exact=True)
