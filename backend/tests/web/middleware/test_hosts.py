"""By which names the API is called: ALLOWED_HOSTS, and hosts that are malformed."""

import pytest
from fastapi.testclient import TestClient

from app.host_names import HostName, parse_allowed, parse_host
from app.main import create_app
from tests.helpers.http import LOCAL, local_client


def status(host: str | None, path: str = "/docs") -> int:
    """Return the status of an answer to a request with a host."""
    with local_client() as client:
        return client.get(path, headers={} if host is None else {"Host": host}).status_code


@pytest.mark.parametrize(
    ("allowed", "host", "is_allowed"),
    [
        ("api.example.com", "api.example.com", True),
        ("api.example.com", "API.Example.COM", True),
        ("api.example.com", "api.example.com.", True),
        ("API.example.com.", "api.example.com", True),
        ("api.example.com", "api.example.com:8443", True),
        ("api.example.com", "example.com", False),
        ("api.example.com", "api.example.com.evil.example", False),
        ("api.example.com", "evil-api.example.com", False),
        ("api.example.com", "127.0.0.1:8000", False),
        ("a.example, b.example", "b.example", True),
        (" a.example ,, b.example , ", "a.example", True),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com:8000", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "evilexample.com", False),
        ("*.example.com", ".example.com", False),
        ("example.com:8443", "example.com:8443", True),
        ("example.com:8443", "example.com", False),
        ("example.com:8443", "example.com:8444", False),
        ("example.com:443", "example.com", True),
        ("*.example.com:8443", "a.example.com:8443", True),
        ("*.example.com:8443", "a.example.com:1", False),
        ("[::1]", "[::1]:8000", True),
        ("::1", "[0:0:0:0:0:0:0:1]", True),
        ("[2001:db8::1]:8000", "[2001:DB8:0::1]:8000", True),
        ("[2001:db8::1]:8000", "[2001:db8::1]", False),
        ("127.0.0.1", "127.0.0.1:8000", True),
        ("127.0.0.1", "localhost", False),
        ("", "anything.example", True),
        ("*", "anything.example", True),
        ("my_service", "my_service:8000", True),
    ],
)
def test_a_host_is_allowed_by_its_name(
    allowed: str, host: str, is_allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", allowed)
    assert status(host) == (200 if is_allowed else 400)


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "a b",
        "a/b",
        "a@b",
        "user:password@a.example",
        "a.example:x",
        "a.example:-1",
        "a.example:65536",
        "a.example:123456",
        "a..example",
        ".example",
        "a.example?x",
        "a,b",
        "http://a.example",
        "[::1",
        "::1",
        "[::1]x",
        "[::g]",
        "[fe80::1%eth0]",
        "[1.2.3.4]",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "0x7f.0.0.1",
        "0x7f",
        f"{'a' * 64}.example",
        ".".join(["a" * 60] * 5),
    ],
)
@pytest.mark.parametrize("path", ["/docs", "/healthz"])
def test_a_malformed_host_is_always_refused(host: str, path: str) -> None:
    assert parse_host(host) is None
    with local_client() as client:
        answer = client.get(path, headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_host")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PURGE"])
def test_a_malformed_host_is_refused_with_every_method(method: str) -> None:
    with local_client() as client:
        assert client.request(method, "/healthz", headers={"Host": "a b"}).status_code == 400


def test_two_hosts_are_malformed() -> None:
    with local_client() as client:
        answer = client.get("/healthz", headers=[("Host", "a.example"), ("Host", "a.example")])
    assert answer.status_code == 400


def test_a_refusal_is_a_problem_that_does_not_quote_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "api.example.com")
    with local_client() as client:
        answer = client.get("/api/v1/companies", headers={"Host": "evil.example"})
    assert answer.json()["code"] == "host_not_allowed"
    assert answer.json()["instance"] == "/api/v1/companies"
    assert "evil" not in answer.text


@pytest.mark.parametrize(("path", "expected"), [("/healthz", 200), ("/docs", 400)])
def test_the_health_command_of_a_container_needs_no_allowed_host(
    path: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "api.example.com")
    assert status("127.0.0.1:8000", path) == expected


def test_a_path_of_the_proxy_before_it_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "api.example.com")
    with TestClient(create_app(), LOCAL, root_path="/fde") as client:
        assert client.get("/fde/healthz").status_code == 200
        assert client.get("/fde/docs").status_code == 400


@pytest.mark.parametrize(
    "text",
    [
        "http://a.example",
        "a.example/x",
        "*.",
        "*a.example",
        "a.*.example",
        "é.example",
        "a b",
        "a:x",
    ],
)
def test_what_is_no_name_of_a_host_is_no_setting(text: str) -> None:
    with pytest.raises(ValueError, match="one of them is no name of a host"):
        parse_allowed(f"good.example,{text}")


def test_a_host_is_compared_in_one_form() -> None:
    assert parse_host("A.Example.:8000") == HostName("a.example", 8000)
    assert parse_host("[2001:DB8:0:0::1]:80") == HostName("2001:db8::1", 80)
    assert parse_host("a.example:") == HostName("a.example")
