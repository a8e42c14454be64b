"""`/docs` and `/redoc`: complete without another host, and without scripts in their text."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import URL

from app.api.reference.routes import ASSETS, LIBRARY, POLICY
from tests.helpers.http import free_port, wait_for_answer
from tests.helpers.shell import as_text
from tests.test_server import serving

CHROMIUM = shutil.which("chromium") or ""
BROWSER = (
    *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-quic"),
    *("--virtual-time-budget=8000", "--enable-logging=stderr", "--dump-dom"),
)


class Page(HTMLParser):
    """What a page loads, and the scripts and styles in its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within = tag
        for name, value in attrs:
            if name == "src" or (name == "href" and tag == "link"):
                self.loaded.append(value or "")
            if name == "style" or name.startswith("on"):
                self.inline.append(name)

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within in {"script", "style"} and data.strip():
            self.inline.append(data)


@pytest.mark.parametrize("name", ["docs", "redoc"])
def test_a_page_loads_only_files_of_this_server(name: str, client: TestClient) -> None:
    answer = client.get(f"/{name}")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    assert not page.inline
    files = [each for each in page.loaded if each != "data:,"]
    assert {each.partition("/")[0] for each in files} == {name}
    for each in files:
        file = client.get(f"/{each}")
        assert file.status_code == 200, each
        assert file.headers["content-type"].startswith(("text/javascript", "text/css"))
        not_modified = client.get(f"/{each}", headers={"If-None-Match": file.headers["etag"]})
        assert not_modified.status_code == 304


@pytest.mark.parametrize("name", ["docs", "redoc"])
def test_the_policy_of_a_page_lets_nothing_in_from_elsewhere(name: str, client: TestClient) -> None:
    policy = client.get(f"/{name}").headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_nonce_of_a_page_is_used_once(client: TestClient) -> None:
    pages = [client.get("/redoc") for _ in range(2)]
    nonces = [re.findall(r'nonce="([\w-]{40,})"', page.text) for page in pages]
    assert nonces[0] != nonces[1]
    for page, (nonce,) in zip(pages, nonces, strict=True):
        assert f"style-src 'self' 'nonce-{nonce}'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
    assert client.get("/docs").headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("name", ASSETS)
def test_a_page_keeps_the_licence_of_what_it_loads(name: str, client: TestClient) -> None:
    answer = client.get(f"/{name}/LICENSE")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert ("Apache License" if name == "docs" else "MIT") in answer.text


@pytest.mark.parametrize("path", ["/docs/nothing", "/docs/redoc.standalone.js", "/docs/..%2f.."])
def test_there_is_no_other_file(path: str, client: TestClient) -> None:
    assert client.get(path).status_code == 404


def test_only_files_of_the_library_are_used() -> None:
    """Its class would replace functions of FastAPI for every application of the process."""
    assert {each.package for group in ASSETS.values() for each in group.values()} == {
        LIBRARY,
        "app.api.reference",
    }


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
@pytest.mark.parametrize("path", ["docs", "redoc"])
def test_a_browser_shows_the_operations_and_refuses_nothing(
    path: str, migrated_database: URL, tmp_path: Path
) -> None:
    port = free_port()
    command = ["uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", str(port)]
    with serving(command, {"DATABASE_URL": as_text(migrated_database)}, tmp_path / "log"):
        wait_for_answer(f"http://127.0.0.1:{port}/healthz")
        done = subprocess.run(
            [*BROWSER, f"--user-data-dir={tmp_path}", f"http://127.0.0.1:{port}/{path}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert "List companies" in done.stdout
    assert not [line for line in done.stderr.splitlines() if "CONSOLE" in line]
