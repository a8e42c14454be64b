"""Who may change things from a browser: this machine, and people who have signed in."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.main import create_app
from app.pages import sign_in
from app.pages.sign_in import own_path
from app.web.sessions import NAME, SECONDS, new_session
from tests.helpers.kept import keep_filings, two_reports
from tests.helpers.pages import AS_BROWSER, links_of, main_of, page_of

TOKEN = "0123456789abcdef-fedcba9876543210"
THERE = "http://fin.example"
PROXIED = "https://fin.example"
FROM = ("192.0.2.7", 50000)
WITHDRAW = "/companies/999999/corrections/1/withdraw"
"""A form that the protection lets through ends here with 404, and changes nothing."""


@pytest.fixture(autouse=True)
def _no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "DELAY", 0)


@contextmanager
def person(url: str = THERE, **options: Any) -> Iterator[TestClient]:
    """Give the browser of a person on another machine."""
    with TestClient(create_app(), url, client=FROM, **options) as client:
        client.headers.update(AS_BROWSER)
        yield client


@pytest.fixture
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRITE_TOKEN", TOKEN)


with_token = pytest.mark.usefixtures("_token", "on_migrated")


def enter(client: TestClient, token: str = TOKEN, **fields: str) -> httpx.Response:
    return client.post(
        "/sign-in",
        data={"token": token, **fields},
        headers={"Origin": str(client.base_url).rstrip("/")},
        follow_redirects=False,
    )


def change(client: TestClient, **headers: str) -> httpx.Response:
    return client.post(WITHDRAW, headers=headers)


@with_token
def test_a_person_signs_in_changes_something_and_signs_out(migrated: Engine) -> None:
    company = keep_filings(migrated, two_reports())
    figure = f"/companies/{company}/income-statement/figure?line=revenue&year=2023"
    own = {"Origin": THERE}
    with person() as client:
        page = page_of(client.get(figure))
        assert "Sign in with the server\u2019s write token to make changes." in main_of(page)
        assert not page.xpath("//main//form[@method='post']")
        link = links_of(page)["Sign in"]

        (form,) = page_of(client.get(link)).xpath("//main//form")
        answer = enter(client, next=form.fields["next"])
        assert (answer.status_code, answer.headers["location"]) == (303, figure)

        page = page_of(client.get(figure))
        (form,) = page.xpath("//main//form[@method='post']")
        typed = {**dict(form.form_values()), "value": "48212", "because": "x", "by": "Ann"}
        assert client.post(form.action, data=typed, headers=own).status_code == 200

        page = page_of(client.get("/sign-in"))
        assert "You are signed in" in main_of(page)
        left = client.post("/sign-out", headers=own, follow_redirects=False)
        assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
        assert NAME not in client.cookies
        assert change(client, **own).status_code == 401


@with_token
def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() -> None:
    with person() as client:
        (cookie,) = enter(client).headers.get_list("set-cookie")
        parts = {each.strip().lower() for each in cookie.split(";")[1:]}
        assert parts == {"httponly", "samesite=strict", "path=/", f"max-age={SECONDS}"}
        assert TOKEN not in cookie


@with_token
def test_the_cookie_is_for_tls_where_the_browser_uses_it() -> None:
    with person(PROXIED) as client:
        assert "; Secure" in enter(client).headers["set-cookie"]
    with person(THERE) as client:  # a proxy speaks TLS, and says nothing of it
        headers = {"Origin": "https://fin.example"}
        answer = client.post(
            "/sign-in", data={"token": TOKEN}, headers=headers, follow_redirects=False
        )
        assert (answer.status_code, "; Secure" in answer.headers["set-cookie"]) == (303, True)


@with_token
def test_under_the_path_of_a_proxy_the_cookie_is_for_that_path() -> None:
    with person(root_path="/fin") as client:
        answer = client.post(
            "/fin/sign-in",
            data={"token": TOKEN, "next": "/schema"},
            headers={"Origin": THERE},
            follow_redirects=False,
        )
        assert answer.headers["location"] == "/fin/schema"
        assert "; Path=/fin;" in answer.headers["set-cookie"]
        headers = {"Origin": THERE}
        assert client.post(f"/fin{WITHDRAW}", headers=headers).status_code == 404
        assert client.post("/fin/api/v1/companies", headers=headers).status_code == 401


OWN: list[dict[str, str]] = [
    {"Origin": THERE},
    {"Origin": f"{THERE}:80"},
    {"Origin": PROXIED},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://public.example"},
]
"""The last one is behind a proxy that calls by a name of its own."""
FOREIGN: list[dict[str, str]] = [
    {},
    {"Referer": f"{THERE}/"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://fin.example:8080"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://fin.example.evil.example"},
    {"Origin": "http://fin.example@evil.example"},
    {"Origin": "file://"},
    {"Sec-Fetch-Site": "cross-site", "Origin": THERE},
    {"Sec-Fetch-Site": "same-site", "Origin": THERE},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "", "Origin": THERE},
    {"Sec-Fetch-Site": "same-origin, cross-site"},
]


@with_token
def test_a_session_counts_for_forms_of_pages_of_this_server_only() -> None:
    with person() as client:
        enter(client)
        for headers in OWN:
            assert change(client, **headers).status_code == 404, headers
        for headers in FOREIGN:
            answer = change(client, **headers)
            assert answer.status_code == 403, headers
            told = main_of(page_of(answer))
            assert "This form did not come from a page of this server" in told
            assert "Nothing was changed." in told
        two = [("Origin", THERE), ("Origin", "http://evil.example")]
        assert client.post(WITHDRAW, headers=two).status_code == 403


@with_token
def test_where_the_server_speaks_tls_a_page_without_it_is_foreign() -> None:
    with person(PROXIED) as client:
        enter(client)
        assert change(client, Origin=PROXIED).status_code == 404
        assert change(client, Origin=THERE).status_code == 403


@with_token
def test_a_session_does_not_count_for_the_api() -> None:
    with person() as client:
        enter(client)
        for path in ("/api/v1/companies", "/api/v1/companies/1/documents"):
            answer = client.post(path, json={"name": "x"}, headers={"Origin": THERE})
            assert (answer.status_code, answer.json()["code"]) == (401, "write_token_required")


@with_token
def test_a_login_of_the_proxy_does_not_matter_to_a_session() -> None:
    basic = {"Origin": THERE, "Authorization": "Basic dTpw"}
    with person() as client:
        form = {"token": TOKEN}
        assert change(client, **basic).status_code == 401
        answer = client.post("/sign-in", data=form, headers=basic, follow_redirects=False)
        assert answer.status_code == 303
        assert change(client, **basic).status_code == 404
        assert change(client, **{**basic, "Origin": "http://evil.example"}).status_code == 403
        assert change(client, Origin=THERE, Authorization="Bearer wrong").status_code == 401


@with_token
def test_without_a_session_a_form_leads_to_the_sign_in_and_back() -> None:
    with person() as client:
        answer = change(client, Origin=THERE, Referer=f"{THERE}/companies/7/corrections?a=b")
        assert answer.status_code == 401
        link = links_of(page_of(answer))["Sign in"]
        assert link == "/sign-in?next=/companies/7/corrections%3Fa%3Db"
        evil = change(client, Origin=THERE, Referer="http://evil.example//evil.example/x")
        assert links_of(page_of(evil))["Sign in"] == "/sign-in"


FORGED = [
    "",
    "x",
    ".",
    "9999999999",
    "9999999999.",
    "9999999999." + "0" * 64,
    "-1." + "0" * 64,
    "9" * 5000 + ".0",
    "\u0663." + "0" * 64,
    "é.ü",
]


def ends(cookie: str, seconds: float) -> str:
    """Return a cookie of another end with the same proof."""
    end, _, proof = cookie.partition(".")
    return f"{int(end) + int(seconds)}.{proof}"


@with_token
def test_a_cookie_that_is_forged_or_of_another_token_does_not_count() -> None:
    ours = new_session(TOKEN.encode())
    with person() as client:
        for value in (
            *FORGED,
            new_session(b"another token of 16"),
            ends(ours, 60),
            ours[:-1],
            f"{ours}0",
            TOKEN,
        ):
            cookie = f"{NAME}={value}".encode()
            answer = client.post(
                WITHDRAW, headers=[(b"Origin", THERE.encode()), (b"Cookie", cookie)]
            )
            assert answer.status_code == 401, value
        both = f"{NAME}=x; other=1; {NAME}={ours}"
        assert change(client, Origin=THERE, Cookie=both).status_code == 404


@with_token
def test_a_session_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = f"{NAME}={new_session(TOKEN.encode())}"
    with person() as client:
        assert change(client, Origin=THERE, Cookie=cookie).status_code == 404
        now = time.time()
        monkeypatch.setattr("app.web.sessions.time.time", lambda: now + SECONDS + 1)
        assert change(client, Origin=THERE, Cookie=cookie).status_code == 401
        # A clock that was wrong when the session began gives it no longer life.
        monkeypatch.setattr("app.web.sessions.time.time", lambda: now - 3600)
        assert change(client, Origin=THERE, Cookie=cookie).status_code == 401


@with_token
@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], f"{TOKEN}x", TOKEN.upper(), "ключ", "\x00"])
def test_a_wrong_token_is_told_plainly_and_kept_nowhere(
    token: str, caplog: pytest.LogCaptureFixture
) -> None:
    with person() as client:
        answer = enter(client, token, next="/schema")
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        page = page_of(answer)
        assert "This is not the write token of this server." in main_of(page)
        (form,) = page.xpath("//main//form")
        assert (form.fields["next"], form.fields["token"]) == ("/schema", None)
        assert not token.strip("\x00x") or token not in caplog.text
        assert enter(client, f" {TOKEN}\n").status_code == 303


@with_token
def test_wrong_tokens_wait_and_too_many_at_once_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sign_in, "DELAY", 0.05)
    with person() as client:
        started = time.monotonic()
        assert enter(client, "wrong").status_code == 401
        assert time.monotonic() - started >= 0.05
        monkeypatch.setattr(sign_in, "MOST_WAITING", 0)
        answer = enter(client, "wrong")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
        assert "Go back, and send the form again in 5 seconds." in main_of(page_of(answer))
        assert enter(client).status_code == 303


@with_token
def test_another_site_neither_signs_in_or_out_nor_tries_tokens() -> None:
    with person() as client:
        for path in ("/sign-in", "/sign-out"):
            for headers in FOREIGN:
                answer = client.post(path, data={"token": TOKEN}, headers=headers)
                assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


@pytest.mark.usefixtures("on_migrated")
def test_without_a_token_the_pages_say_from_where_changes_are_accepted() -> None:
    with person() as client:
        told = main_of(page_of(client.get("/sign-in")))
        assert (
            "from browsers on the server\u2019s own machine, by the name localhost, until" in told
        )
        assert enter(client, "x" * 20).status_code == 409
        answer = change(client, Origin=THERE)
        assert answer.status_code == 403
        assert "Changes are not accepted from here" in main_of(page_of(answer))
        cookie = f"{NAME}={new_session(b'')}"
        assert change(client, Origin=THERE, Cookie=cookie).status_code == 403


@with_token
def test_this_machine_needs_no_session_and_another_site_gains_nothing_by_it(
    client: TestClient,
) -> None:
    assert "without signing in" in main_of(page_of(client.get("/sign-in")))
    assert client.post(WITHDRAW).status_code == 404
    own = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    assert client.post(WITHDRAW, headers=own).status_code == 404
    for headers in ({"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post(WITHDRAW, headers=headers).status_code == 401


PATHS = {
    "/schema": "/schema",
    "/companies/7/income-statement?years=5&view=original": None,
    "": "/",
    "schema": "/",
    "//evil.example": "/",
    "/\\evil.example": "/",
    "/\t/evil.example": "/",
    "/%09/evil.example": None,
    "/\n//evil.example": "/",
    "http://evil.example/": "/",
    "javascript:alert(1)": "/",
    "/x\r\nSet-Cookie: a=b": "/",
    "/x\\y": "/",
    "/ü": "/",
    "/sign-out": "/",
    "/sign-in?next=/sign-in": "/",
    "/" + "x" * 3000: "/",
    "/x\x00": "/",
}


@pytest.mark.parametrize("given", PATHS)
def test_one_goes_on_to_pages_of_this_server_only(given: str) -> None:
    assert own_path(given) == (PATHS[given] or given)
