"""`/healthz` and `/readyz`, in process."""

import logging

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import URL, Engine

from tests.helpers.revisions import AT_HEAD, AT_NONE
from tests.helpers.shell import as_text


@pytest.mark.usefixtures("on_migrated")
def test_ready_at_head(client: TestClient) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "ready")
    assert AT_HEAD in response.json()["reason"]


@pytest.mark.usefixtures("on_migrated")
def test_not_ready_when_the_code_does_not_know_the_revision(
    client: TestClient, migrated: Engine
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '999'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "unknown to this code" in response.json()["reason"]


@pytest.mark.usefixtures("on_migrated")
def test_ready_while_a_newer_release_is_being_deployed(
    client: TestClient, migrated: Engine
) -> None:
    """The new code has migrated: this one serves until it is replaced."""
    with migrated.begin() as connection:
        for statement in (
            "UPDATE alembic_version SET version_num = '999'",
            "INSERT INTO migration_ledger (action, revision) VALUES ('upgrade', '999')",
        ):
            connection.exec_driver_sql(statement)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["migration_status"]) == (200, "ahead")
    assert "999 applied 20" in response.json()["reason"]
    with migrated.begin() as connection:
        connection.exec_driver_sql("DELETE FROM migration_ledger WHERE revision = '001'")
    response = client.get("/readyz")
    assert (response.status_code, response.json()["migration_status"]) == (503, "diverged")
    assert "merge the branches" in response.json()["next_step"]


def test_not_ready_before_the_migrations(
    client: TestClient, empty_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", as_text(empty_database))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert AT_NONE in response.json()["reason"]
    assert client.get("/api/v1/companies").status_code == 503


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://u:s3cr3t@127.0.0.1:1/n", "Connection refused"),
        ("mysql://u:s3cr3t@h/n", "only PostgreSQL works"),
    ],
)
def test_alive_but_not_ready_without_a_database(
    url: str, reason: str, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert response.status_code == 503
    assert reason in response.json()["reason"]
    assert client.get("/api/v1/companies").status_code == 503
    assert "s3cr3t" not in response.text


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:a?b@s3cr3t/x@host/d",
        "postgresql://u@h/d?PASSWORD=s3cr3t",
        "{server}&sslmode=disable;password=s3cr3t",
        "{server}&service=s3cr3t",
        "{server}&options=-c%20work_mem%3Ds3cr3t",
        "{server}&options=--s3cr3t%3D1",
    ],
)
def test_no_answer_shows_a_value_that_may_be_a_secret(
    text: str,
    client: TestClient,
    migration_server: URL,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = as_text(migration_server.update_query_dict({"connect_timeout": "5"}))
    monkeypatch.setenv("DATABASE_URL", text.replace("{server}", server))
    with caplog.at_level(logging.INFO), TestClient(client.app):  # its start logs the address
        answers = [client.get(path).text for path in ("/readyz", "/api/v1/companies")]
    assert "s3cr3t" not in "".join(answers) + caplog.text
    assert "atabase: " in caplog.text


def test_documentation_is_served(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/healthz", "/readyz", "/api/v1/companies"} <= set(paths)
