"""Chromium as the system has it, without a window, and a watch on all that goes wrong in a page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Request,
    Response,
    WebError,
    expect,
    sync_playwright,
)

ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars"),
    *("--font-render-hinting=none", "--force-color-profile=srgb", "--disable-lcd-text"),
)
"""Nothing but the pages is loaded, and text is drawn alike everywhere."""
DESKTOP: Final = (1280, 900)
PHONE: Final = (390, 844)
SMALL_PHONE: Final = (320, 640)
_PATIENCE: Final = 30_000
"""Milliseconds that a page may take on a busy machine."""
_REPORT_VIOLATIONS: Final = """
document.addEventListener("securitypolicyviolation", (event) => {
  reportViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
});
"""


def find_chromium() -> str | None:
    """Return the path of the system's Chromium, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium until the block ends.

    Playwright's loop runs in this thread meanwhile: `asyncio.run` fails within the block.
    """
    path = find_chromium()
    assert path, "there is no Chromium"
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


class Watch:
    """What goes wrong in the tabs of a context, whose pages are all of one server.

    Attributes:
        problems: One text each: an error of a script or on the console, what the page's security
            policy refused, a request that failed or that went to another server.
        expected: Statuses of answers that are no problem.
    """

    def __init__(self, context: BrowserContext, origin: str, *, scripts: bool = True) -> None:
        self.problems: list[str] = []
        self.expected: set[int] = set()
        self._origin = origin
        context.on("console", self._see_message)
        context.on("weberror", self._see_error)
        context.on("request", self._see_request)
        context.on("requestfailed", self._see_failure)
        context.on("response", self._see_response)
        if scripts:
            context.expose_function("reportViolation", self._see_violation)
            context.add_init_script(_REPORT_VIOLATIONS)

    def _see_message(self, message: ConsoleMessage) -> None:
        # An answer with an error is also a message, which does not say whether it was expected.
        is_answer = message.text.startswith("Failed to load resource: the server responded")
        if message.type in {"error", "warning"} and not is_answer:
            self.problems.append(f"{message.type} on the console: {message.text}")

    def _see_error(self, error: WebError) -> None:
        self.problems.append(f"error of a script: {error.error}")

    def _see_violation(self, violation: str) -> None:
        self.problems.append(f"refused by the security policy: {violation}")

    def _see_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        is_elsewhere = f"{address.scheme}://{address.netloc}" != self._origin
        if is_elsewhere and address.scheme not in {"data", "blob", "about"}:
            self.problems.append(f"request to another server: {request.url}")

    def _see_failure(self, request: Request) -> None:
        # A page that is left, or a download, ends the request.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"failed request: {request.url}: {request.failure}")

    def _see_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.problems.append(f"answer {response.status}: {response.url}")


def make_context(
    browser: Browser, origin: str, *, size: tuple[int, int] = DESKTOP, **options: Any
) -> tuple[BrowserContext, Watch]:
    """Return a new context that shares nothing with others, and its watch.

    Args:
        browser: Chromium.
        origin: Scheme and host of the server, such as http://127.0.0.1:8000; paths are relative.
        size: Of the window, in CSS pixels.
        options: Further options of `Browser.new_context`.
    """
    width, height = size
    context = browser.new_context(
        base_url=origin,
        viewport={"width": width, "height": height},
        locale="en-GB",
        timezone_id="UTC",
        **{"reduced_motion": "reduce", **options},
    )
    context.set_default_timeout(_PATIENCE)
    scripts = bool(options.get("java_script_enabled", True))
    return context, Watch(context, origin, scripts=scripts)
