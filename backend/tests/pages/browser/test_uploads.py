"""Files that are dropped, chosen, cancelled, or sent without a script, in Chromium."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.filings.layout import Layout
from tests.filings.pdf import make_report
from tests.pages.browser.conftest import OpenTab, Site

GARBAGE = b"\0\1garbage" * 1000
DROP = """(files) => {
  const dropped = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
    dropped.items.add(new File([bytes], name));
  }
  if (files.length === 0) dropped.items.add("a text", "text/plain");
  const options = { dataTransfer: dropped, bubbles: true, cancelable: true };
  const form = document.querySelector("form.drop");
  form.dispatchEvent(new DragEvent("dragover", options));
  if (!form.classList.contains("over")) throw new Error("the form does not show that it is meant");
  form.dispatchEvent(new DragEvent("drop", options));
}"""
"""Drops files on the form, as Chromium tells a page of it."""
RATE = 5_000
"""Bytes in a second: a report takes about two seconds."""


@pytest.fixture(scope="module")
def reports() -> dict[str, bytes]:
    return {f"report-{seed}.pdf": make_report(seed, Layout()).data for seed in (1, 2)}


def drop(tab: Page, files: dict[str, bytes]) -> None:
    tab.evaluate(DROP, [[name, base64.b64encode(data).decode()] for name, data in files.items()])


def open_documents(tab: Page, site: Site) -> None:
    tab.goto(f"/companies/{site.company}/documents")
    tab.get_by_text("Exceptions").click()
    tab.get_by_label("the same company").check()


def send_slowly(tab: Page, rate: int = RATE) -> CDPSession:
    """Let a page send so many bytes in a second; return the session that can change it."""
    session = tab.context.new_cdp_session(tab)
    session.send("Network.enable")
    limit_sending(session, rate)
    return session


def limit_sending(session: CDPSession, rate: int) -> None:
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
    session.send("Network.emulateNetworkConditions", limits)


def line_of(tab: Page, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return tab.locator("[data-files] > li").filter(has=tab.locator("bdi", has_text=name))


def test_of_three_files_that_are_dropped_two_are_added_and_one_is_refused(
    writable_site: Site, open_tab: OpenTab, reports: dict[str, bytes]
) -> None:
    tab = open_tab(writable_site, expected=(422,))
    open_documents(tab, writable_site)
    before = tab.locator("[data-documents] tbody tr").count()
    network = send_slowly(tab, 1_000)  # until it was seen
    first, second = reports
    # More than the browser takes for sent when it is in its own buffers.
    drop(tab, {"garbage.pdf": GARBAGE + bytes(4 * 1024**2), **reports})
    expect(tab.get_by_role("progressbar", name="garbage.pdf")).to_be_visible()
    expect(line_of(tab, "garbage.pdf")).to_contain_text("Sending")
    expect(line_of(tab, second)).to_contain_text("Waiting")
    limit_sending(network, -1)
    for name in reports:
        expect(line_of(tab, name)).to_contain_text("Added", timeout=60_000)
    expect(line_of(tab, "garbage.pdf")).to_contain_text("Not added The file is of an unknown kind")
    expect(tab.get_by_role("progressbar")).to_have_count(0)
    expect(tab.get_by_role("log")).to_contain_text("All files are done.")
    # The table is that of now, without the page being loaded again.
    expect(tab.locator("[data-documents] tbody tr")).to_have_count(before + 2)
    expect(tab.locator("header.company .count").first).to_have_text(str(before + 2))
    line_of(tab, first).get_by_role("link", name="See it").click()
    expect(tab.locator("h2").first).to_contain_text("FY")


def test_a_file_that_is_cancelled_stops_no_other(
    writable_site: Site, open_tab: OpenTab, reports: dict[str, bytes]
) -> None:
    tab = open_tab(writable_site)
    open_documents(tab, writable_site)
    send_slowly(tab)
    large = b"%PDF-" + bytes(4 * 1024**2)
    names = ["large-1.pdf", "large-2.pdf"]
    drop(tab, {**dict.fromkeys(names, large), **reports})
    first, second = reports
    line_of(tab, second).get_by_role("button", name=f"Cancel {second}").click()
    expect(line_of(tab, second)).to_contain_text("Cancelled It was not sent.")
    for name in names:
        line_of(tab, name).get_by_role("button", name="Cancel").click()
        expect(line_of(tab, name)).to_contain_text("Cancelled Nothing of it is kept.")
    expect(line_of(tab, first)).to_contain_text("Added", timeout=60_000)
    line_of(tab, second).get_by_role("button", name="Send again").click()
    expect(line_of(tab, second)).to_contain_text("Added", timeout=60_000)


def test_leaving_the_page_warns_while_files_are_sent(
    writable_site: Site, open_tab: OpenTab, reports: dict[str, bytes]
) -> None:
    tab = open_tab(writable_site)
    open_documents(tab, writable_site)
    send_slowly(tab)
    asked: list[str] = []

    def leave(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    tab.on("dialog", leave)
    drop(tab, reports)
    tab.close(run_before_unload=True)
    expect(line_of(tab, "report-1.pdf")).to_be_visible()
    for name in reports:
        expect(line_of(tab, name)).to_contain_text("Added", timeout=60_000)
    assert asked == ["beforeunload"]


def test_what_cannot_be_a_report_is_told_without_sending_it(site: Site, open_tab: OpenTab) -> None:
    tab = open_tab(site)
    open_documents(tab, site)
    sent: list[str] = []
    tab.on("request", lambda request: sent.append(request.method))
    drop(tab, {"empty.pdf": b"", "a\u202efdp.exe": b""})
    drop(tab, {})
    expect(line_of(tab, "empty.pdf")).to_contain_text("The file is empty")
    expect(line_of(tab, "afdp.exe")).to_be_visible()
    expect(line_of(tab, "What was dropped")).to_contain_text("It is no file")
    assert "POST" not in sent


def test_without_a_script_the_form_sends_all_files(
    writable_site: Site, open_tab: OpenTab, reports: dict[str, bytes], tmp_path: Path
) -> None:
    tab = open_tab(writable_site, java_script_enabled=False)
    open_documents(tab, writable_site)
    folder = tmp_path / "chosen"
    folder.mkdir()
    for name, data in {**reports, "garbage.pdf": GARBAGE}.items():
        (folder / name).write_bytes(data)
    tab.get_by_label("Annual reports").set_input_files(sorted(folder.iterdir()))
    tab.get_by_role("button", name="Add", exact=True).click()
    results = tab.locator("[data-files] > li .badge")
    expect(results).to_have_text(["Not added", "Added", "Added"], timeout=60_000)
    expect(results.first).to_be_in_viewport()
