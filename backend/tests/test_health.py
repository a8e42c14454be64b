"""`/healthz` and `/readyz`, in process."""

import logging
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import URL, Engine

from app.api import health
from tests.helpers.revisions import AT_HEAD, AT_NONE, HEAD
from tests.helpers.shell import as_text


@pytest.mark.usefixtures("on_migrated")
def test_ready_at_head(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ready", "migration_status": "at head"}
    assert AT_HEAD in caplog.text


@pytest.mark.usefixtures("on_migrated")
def test_ready_while_the_thread_of_the_last_answer_ends(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One in a hundred requests that followed each other at once was answered 503."""
    answer = health._answer  # noqa: SLF001

    def answer_and_linger(*arguments: Any) -> None:
        answer(*arguments)
        time.sleep(0.3)

    monkeypatch.setattr(health, "_answer", answer_and_linger)
    assert [client.get("/readyz").status_code for _ in range(2)] == [200, 200]


@pytest.mark.usefixtures("on_migrated")
def test_the_log_says_once_why_it_is_not_ready_and_when_it_is_again(
    client: TestClient, migrated: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with migrated.begin() as connection:
        (head,) = connection.exec_driver_sql("SELECT version_num FROM alembic_version").one()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '001'")
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            assert client.get("/readyz").json() == {
                "status": "not ready",
                "migration_status": "behind",
            }
        with migrated.begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{head}'")
        for _ in range(3):
            assert client.get("/readyz").status_code == 200
    said = [each.getMessage() for each in caplog.records if "eady: " in each.getMessage()]
    assert [each.partition(":")[0] for each in said] == ["Not ready", "Ready"]


@pytest.mark.usefixtures("on_migrated")
def test_not_ready_when_the_code_does_not_know_the_revision(
    client: TestClient, migrated: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '999'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "not ready", "migration_status": "ahead"}
    assert "unknown to this code" in caplog.text


@pytest.mark.usefixtures("on_migrated")
def test_ready_while_a_newer_release_is_being_deployed(
    client: TestClient, migrated: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """The new code has migrated: this one serves until it is replaced."""
    with migrated.begin() as connection:
        for statement in (
            "UPDATE alembic_version SET version_num = '999'",
            "INSERT INTO migration_ledger (action, revision) VALUES ('upgrade', '999')",
        ):
            connection.exec_driver_sql(statement)
    with caplog.at_level(logging.INFO):
        response = client.get("/readyz")
    assert (response.status_code, response.json()["migration_status"]) == (200, "ahead")
    assert "999 applied 20" in caplog.text
    with migrated.begin() as connection:
        connection.exec_driver_sql("DELETE FROM migration_ledger WHERE revision = '001'")
    response = client.get("/readyz")
    assert (response.status_code, response.json()["migration_status"]) == (503, "diverged")
    assert "merge the branches" in caplog.text


def test_not_ready_before_the_migrations(
    client: TestClient,
    empty_database: URL,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("DATABASE_URL", as_text(empty_database))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "not ready", "migration_status": "empty"}
    assert AT_NONE in caplog.text
    assert client.get("/api/v1/companies").status_code == 503


@pytest.mark.usefixtures("on_migrated")
@pytest.mark.parametrize("statement", ["RAISE not_null_violation", "RAISE EXCEPTION 'no'"])
@pytest.mark.parametrize(("revision", "code"), [("001", "other_schema"), (HEAD, None)])
def test_what_an_older_schema_refuses_may_be_sent_again(
    client: TestClient, migrated: Engine, statement: str, revision: str, code: str | None
) -> None:
    """It may have rules that this code does not know."""
    with migrated.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
        connection.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {statement}; END $$"
        )
        connection.exec_driver_sql(
            "CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON companies"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    answer = client.patch("/api/v1/companies/1", json={"name": "A"})
    assert answer.headers["content-type"] == "application/problem+json"
    if code:
        assert (answer.status_code, answer.json()["code"]) == (503, code)
        assert int(answer.headers["retry-after"]) > 0
    else:
        assert answer.status_code in {409, 500}
    with migrated.connect() as connection:
        query = "SELECT count(*) FROM companies WHERE name = 'A'"
        assert connection.exec_driver_sql(query).scalar_one() == 0


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://u:s3cr3t@127.0.0.1:1/n", "Connection refused"),
        ("mysql://u:s3cr3t@h/n", "only PostgreSQL works"),
    ],
)
def test_alive_but_not_ready_without_a_database(
    url: str,
    reason: str,
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "not ready", "migration_status": None}
    assert reason in caplog.text
    assert client.get("/api/v1/companies").status_code == 503
    assert "s3cr3t" not in caplog.text


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


@pytest.mark.usefixtures("on_migrated")
def test_not_ready_while_a_setting_is_invalid(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WRITE_TOKEN", "hunter2")
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (503, "not ready")
    assert client.get("/api/v1/companies").json()["code"] == "not_configured"
    assert "WRITE_TOKEN: it has fewer than 16 characters" in caplog.text
    assert "hunter2" not in response.text + caplog.text
