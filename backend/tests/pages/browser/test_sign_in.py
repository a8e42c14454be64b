"""Signing in with Chromium, as a person on another machine does it."""

from tests.pages.browser.conftest import FROM_ELSEWHERE, TOKEN, OpenTab, Site
from tests.pages.browser.states import CORRECTED, INCOME


def test_a_person_signs_in_withdraws_a_correction_and_signs_out(
    writable_site: Site, open_tab: OpenTab
) -> None:
    tab = open_tab(writable_site, expected=(401,), extra_http_headers=FROM_ELSEWHERE)
    tab.goto(CORRECTED)
    tab.locator("main").get_by_role("link", name="Sign in").click()
    tab.get_by_label("Write token").fill("not the token")
    tab.get_by_role("button", name="Sign in").click()
    assert tab.get_by_role("alert").inner_text() == "This is not the write token of this server."
    tab.get_by_label("Write token").fill(TOKEN)
    tab.get_by_role("button", name="Sign in").click()
    assert tab.url.endswith(CORRECTED)
    (cookie,) = tab.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    tab.get_by_role("button", name="Withdraw the correction").click()
    assert "The correction is withdrawn" in tab.get_by_role("status").inner_text()
    tab.goto("/sign-in")
    tab.get_by_role("button", name="Sign out").click()
    assert not tab.context.cookies()
    tab.goto(CORRECTED)
    assert tab.get_by_role("button", name="Correct the figure").count() == 0


def test_a_form_is_filled_in_without_scripts(writable_site: Site, open_tab: OpenTab) -> None:
    tab = open_tab(writable_site, expected=(422,), java_script_enabled=False)
    tab.goto(INCOME)
    tab.locator("table a[href*='/figure?']").first.click()
    tab.get_by_label("Figure as printed").fill("1.234")
    tab.get_by_label("Reason").fill("misread")
    tab.get_by_label("Your name").fill("Ann")
    tab.get_by_role("button", name="Correct the figure").click()
    assert tab.get_by_text("could be two figures").count() == 1
    assert tab.get_by_label("Reason").input_value() == "misread"
    tab.get_by_label("Figure as printed").fill("1,234")
    tab.get_by_role("button", name="Correct the figure").click()
    assert "1,234" in tab.get_by_role("status").inner_text()
