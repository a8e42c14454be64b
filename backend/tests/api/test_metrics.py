"""`/metrics`: what is counted, under which labels, and how long a scrape may take."""

import socket
import time
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from app.api import stored
from tests.helpers.http import local_client
from tests.helpers.load import on_this_machine
from tests.helpers.revisions import HEAD

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(client: TestClient) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Listen on a port as a server that accepts connections and says nothing; return the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.usefixtures("on_migrated")
def test_requests_are_counted_by_method_route_and_status(client: TestClient) -> None:
    client.get("/api/v1/companies")
    client.get("/api/v1/companies", params={"unknown": "1"})
    client.head("/healthz")
    samples = scrape(client)
    count = "http_requests_total"
    companies = "/api/v1/companies"
    assert value(samples, count, method="GET", route=companies, status="200") == 1
    assert value(samples, count, method="GET", route=companies, status="422") == 1
    assert value(samples, count, method="HEAD", route="/healthz", status="200") == 1
    seconds = "http_request_duration_seconds"
    assert value(samples, f"{seconds}_count", method="GET", route=companies) == 2
    assert value(samples, f"{seconds}_bucket", method="GET", route=companies, le="+Inf") == 2
    assert value(samples, "http_requests_in_progress") == 1  # the scrape itself
    assert value(samples, "process_start_time_seconds") is not None


@pytest.mark.usefixtures("on_migrated")
def test_clients_do_not_choose_labels(client: TestClient) -> None:
    for number in range(20):
        client.get(f"/unknown/{number}")
        client.request(f"METHOD{number}", "/healthz")
        client.post(f"/refused/{number}", headers={"Via": "1.1 proxy"})
        client.get("/healthz", headers={"Host": f"a b {number}"})
    samples = scrape(client)
    counted = {labels: n for (name, labels), n in samples.items() if name == "http_requests_total"}
    assert {tuple(sorted(dict(labels).values())) for labels in counted} == {
        ("404", "GET", "unmatched"),
        ("/healthz", "405", "other"),
        ("403", "POST", "unmatched"),
        ("400", "GET", "unmatched"),
    }
    assert set(counted.values()) == {20}


@pytest.mark.usefixtures("on_migrated", "fresh_engine")
def test_a_fault_of_the_program_is_counted() -> None:
    with local_client() as client:

        @client.app.get("/fault")  # type: ignore[attr-defined, untyped-decorator]
        async def fail() -> None:
            raise LookupError

        with pytest.raises(LookupError):
            client.get("/fault")
        samples = scrape(client)
    assert value(samples, "http_requests_total", method="GET", route="/fault", status="500") == 1


@pytest.mark.usefixtures("on_migrated")
def test_the_database_tells_its_revision_and_its_readings(
    client: TestClient, migrated: Engine
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO documents (company_id, fiscal_year, document_type, url)"
            " SELECT min(id), 2024, 'annual_report', 'https://example.com' FROM companies"
        )
        for status in ("'verified'", "'verified'", "'doubtful'", "NULL"):
            connection.exec_driver_sql(
                "INSERT INTO extractions (document_id, statement_type, raw_data, status)"
                f" SELECT id, 'income_statement', '{{}}', {status} FROM documents"
            )
    samples = scrape(client)
    assert value(samples, "database_up") == 1
    assert value(samples, "schema_revision_info", revision=HEAD, code=HEAD) == 1
    assert value(samples, "schema_migration_status", status="at head") == 1
    assert value(samples, "schema_migration_status", status="behind") == 0
    assert value(samples, "readings", status="verified") == 2
    assert value(samples, "readings", status="doubtful") == 1
    assert value(samples, "readings", status="unknown") == 1


@pytest.mark.usefixtures("on_migrated")
def test_the_pool_is_shown_once_it_exists(client: TestClient) -> None:
    assert value(scrape(client), "database_pool_size") == 0
    client.get("/api/v1/companies")
    samples = scrape(client)
    assert value(samples, "database_pool_size") == 10
    assert value(samples, "database_pool_in_use") == 0
    assert value(samples, "database_pool_waiting") == 0


@pytest.mark.usefixtures("on_migrated")
def test_the_database_is_asked_at_most_every_15_seconds(
    client: TestClient, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert value(scrape(client), "schema_migration_status", status="at head") == 1
    with migrated.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '001'")
    assert value(scrape(client), "schema_migration_status", status="at head") == 1
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + stored.FRESH_SECONDS + 1)
    samples = scrape(client)
    assert value(samples, "schema_migration_status", status="behind") == 1
    assert value(samples, "schema_revision_info", revision="001", code=HEAD) == 1


def test_a_database_without_our_tables_has_no_readings(
    client: TestClient, empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = empty.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", address)
    samples = scrape(client)
    assert value(samples, "database_up") == 1
    assert value(samples, "schema_migration_status", status="empty") == 1
    assert not [name for name, _ in samples if name == "readings"]


@pytest.mark.parametrize("url", ["postgresql://u:s3cr3t@127.0.0.1:1/n", "mysql://u:s3cr3t@h/n"])
def test_without_a_database_the_rest_is_shown(
    url: str, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    client.get("/healthz")
    samples = scrape(client)
    assert value(samples, "database_up") == 0
    assert value(samples, "http_requests_total", method="GET", route="/healthz", status="200") == 1
    assert not [name for name, _ in samples if name.startswith(("schema", "readings"))]


@pytest.mark.slow
def test_a_mute_database_holds_up_no_scrape(
    client: TestClient, silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u@127.0.0.1:{silent_server}/n")
    for _ in range(2):
        started = time.monotonic()
        assert value(scrape(client), "database_up") == 0
        assert time.monotonic() - started < on_this_machine(3)


@pytest.mark.slow
@pytest.mark.usefixtures("on_migrated")
def test_a_locked_table_holds_up_no_scrape(client: TestClient, migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE extractions IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        samples = scrape(client)
        assert time.monotonic() - started < on_this_machine(3)
    assert value(samples, "database_up") == 1
    assert not [name for name, _ in samples if name == "readings"]
