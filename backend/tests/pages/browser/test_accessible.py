"""What axe-core finds on each page, in light and dark, on a desk and on a phone."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.helpers.chromium import DESKTOP, PHONE
from tests.pages.browser.conftest import FROM_ELSEWHERE, OpenTab, Site
from tests.pages.browser.states import STATES, State

_AXE = Axe()
_COLOURS = ["color-contrast", "link-in-text-block"]
# Colours are the same on a desk and on a phone, and the other rules in light and dark.
_RUNS: Final[tuple[tuple[tuple[int, int], Literal["light", "dark"], Mapping[str, Any]], ...]] = (
    (DESKTOP, "light", {}),
    (DESKTOP, "dark", {"runOnly": _COLOURS}),
    (PHONE, "dark", {"runOnly": _COLOURS}),
    (PHONE, "light", {"rules": {rule: {"enabled": False} for rule in _COLOURS}}),
)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name.replace(" ", "-"))
def test_axe_finds_nothing(state: State, site: Site, empty_site: Site, open_tab: OpenTab) -> None:
    page = open_tab(
        site if state.database == "demo" else empty_site,
        expected=(state.status,),
        extra_http_headers=FROM_ELSEWHERE if state.elsewhere else {},
    )
    answer = page.goto(state.path)
    assert answer is not None
    assert (answer.status, answer.headers["content-type"]) == (
        state.status,
        "text/html; charset=utf-8",
    )
    page.evaluate(_AXE.axe_script)
    found = []
    for (width, height), scheme, options in _RUNS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        found += [f"{width} pixels, {scheme}: {each}" for each in _violations(page, options)]
    assert not found, "\n".join(found)


def _violations(page: Page, options: Mapping[str, Any]) -> list[str]:
    """Return what breaks a rule: the rule, and each element with what it should be."""
    # Not by `Axe.run`, which loads axe into the page again, and brings all that is in order.
    violations = page.evaluate(
        "options => axe.run(options).then(found => found.violations)",
        {"resultTypes": ["violations"], **options},
    )
    return [
        f"{rule['id']} ({rule['impact']}): {node['html']}: {node['failureSummary']}"
        for rule in violations
        for node in rule["nodes"]
    ]
