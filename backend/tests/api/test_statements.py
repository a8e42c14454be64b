"""Statements, their formats and entity tags, their origins and compiling, in process."""

import csv
import gzip
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from pyarrow import parquet
from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

from app.api import statement_formats
from app.cli.main import run as fde
from app.main import create_app
from app.pipeline.compile.view import view_of
from app.pipeline.compiled import Compiled, digest_of
from app.pipeline.json_text import json_line
from app.schemas.statement_examples import COMPILED, ORIGIN
from app.services.origin_form import Origin
from app.services.statements import Stored
from tests.helpers.compiled_years import typed_years
from tests.helpers.kept import keep_filings, two_reports
from tests.helpers.shell import as_text

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"
TEXT = "\n".join(
    [
        "# Results",
        ">Sales | " + " | ".join(f"{1000 - n} < {990 - n} restated" for n in range(13)),
        ">Cost | " + " | ".join(f"{400 - n}" for n in range(13)),
        ">=Margin | " + " | ".join("600" for _ in range(13)),
        "# Formerly",
        f">Rent {'|' * 12} 5 | 7",
        "%Basic | " + " | ".join(f"1.{n:02}" for n in range(13)),
    ]
)
SUMS = {"Margin": ["Sales", "-Cost"]}


def thirteen_years(**changes: Any) -> Compiled:
    """Return a statement that the ten newest years cut, in two frameworks."""
    other = typed_years("Umsatz | 9 | 8", years=[2020, 2019], framework="ifrs", currency="EUR")
    return typed_years(TEXT, SUMS, others=[other], **changes)


INSERT = text("""
    INSERT INTO compiled_statements (company_id, statement_type, data, digest)
    VALUES (:company, :statement, CAST(:data AS jsonb), :digest)
    ON CONFLICT (company_id, statement_type) DO UPDATE
       SET data = excluded.data, digest = excluded.digest
""")


def store(engine: Engine, company: int, compiled: Compiled) -> str:
    """Store a statement as a program does that knows nothing of renderings; return its digest."""
    data = compiled.as_json()
    values = {
        "company": company,
        "statement": compiled.statement,
        "data": json.dumps(data),
        "digest": digest_of(data),
    }
    with engine.begin() as connection:
        connection.execute(INSERT, values)
    return digest_of(data)


@dataclass(frozen=True)
class Served:
    """A client of the API, and the companies of its database.

    Attributes:
        costa: Two generated filings, compiled.
        long: Thirteen years of an income statement in two frameworks, without a rendering.
    """

    client: TestClient
    engine: Engine
    costa: int
    long: int
    digest: str

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(f"/api/v1/companies/{path}", **options)

    def long_income(self, **options: Any) -> Any:
        return self.get(f"{self.long}/statements/income_statement", **options)


@pytest.fixture(scope="module")
def served(migration_server: URL, migrated_template: str) -> Iterator[Served]:
    """Return what is only read; the application keeps its database after the first request."""
    admin = create_engine(migration_server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    url = migration_server.set(database=f"test_{uuid4().hex[:12]}")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE {url.database} TEMPLATE "{migrated_template}"')
    engine = create_engine(url, poolclass=NullPool)
    costa = keep_filings(engine, two_reports())
    long = keep_filings(engine, [], "Grüße & Co. =1+1 Ltd")
    digest = store(engine, long, thirteen_years())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", as_text(url))
        with TestClient(create_app(), headers={"Accept-Encoding": "identity"}) as client:
            client.get("/api/v1/companies")
            yield Served(client, engine, costa, long, digest)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {url.database} WITH (FORCE)")


@pytest.fixture
def queries(served: Served) -> Iterator[list[str]]:
    """Note the queries of the application's own engine."""
    noted: list[str] = []
    database: Any = served.client.app.state.database  # type: ignore[attr-defined]
    engine = database.sessions.kw["bind"]

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        noted.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield noted
    event.remove(engine, "before_cursor_execute", note)


def problem(answer: Any, status: int) -> tuple[str, str]:
    """Return code and detail of a problem document."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    return found["code"], found["detail"]


def test_ten_years_are_the_default_and_the_tag_is_the_digest(served: Served) -> None:
    answer = served.long_income()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["etag"] == f'"{served.digest}"'
    assert answer.headers["cache-control"] == "no-cache"
    assert "content-disposition" not in answer.headers
    assert answer.text == json_line(view_of(thirteen_years()).as_json())
    assert len(answer.json()["periods"]) == 10
    assert [each["framework"] for each in answer.json()["others"]] == ["ifrs"]


def test_what_is_kept_rendered_is_answered_by_one_query(served: Served, queries: list[str]) -> None:
    path = f"{served.costa}/statements/balance_sheet"
    answer = served.get(path)
    assert answer.status_code == 200
    assert len(queries) == 1
    with served.engine.connect() as connection:
        data, digest, rendering = connection.execute(
            text(
                "SELECT data::text, digest, rendering FROM compiled_statements"
                " WHERE company_id = :id AND statement_type = 'balance_sheet'"
            ),
            {"id": served.costa},
        ).one()
    assert gzip.decompress(rendering) == answer.content
    assert answer.text == json_line(view_of(Compiled.model_validate_json(data)).as_json())
    assert answer.headers["etag"] == f'"{digest}"'


def test_what_is_kept_rendered_is_sent_as_it_is_to_clients_that_take_gzip(served: Served) -> None:
    path = f"{served.costa}/statements/balance_sheet"
    plain = served.get(path)
    packed = served.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] == f"W/{plain.headers['etag']}"
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert packed.content == plain.content
    assert "Accept-Encoding" in plain.headers["vary"]
    for refused in ("gzip;q=0", "identity, gzip;q=0.5", "br"):
        answer = served.get(path, headers={"Accept-Encoding": refused})
        assert "content-encoding" not in answer.headers


def test_a_client_that_has_the_statement_is_answered_without_reading_it(
    served: Served, queries: list[str]
) -> None:
    for path in (
        f"{served.costa}/statements/income_statement",
        f"{served.long}/statements/income_statement",
    ):
        tag = served.get(path).headers["etag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            queries.clear()
            answer = served.get(path, headers={"If-None-Match": known})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == tag
            assert len(queries) == 1
        assert served.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_what_is_not_kept_rendered_is_rendered_once_in_the_process(
    served: Served, monkeypatch: pytest.MonkeyPatch, queries: list[str]
) -> None:
    first = served.long_income(params={"years": 12, "view": "original"})
    monkeypatch.setattr(Stored, "parse", None)  # would fail
    queries.clear()
    for coding in ("identity", "gzip"):
        again = served.long_income(
            params={"years": 12, "view": "original"}, headers={"Accept-Encoding": coding}
        )
        assert again.content == first.content
        assert again.headers["etag"].removeprefix("W/") == first.headers["etag"]
    assert len(queries) == 2


def test_each_representation_has_a_tag_of_its_own(served: Served) -> None:
    options: list[dict[str, Any]] = [
        {},
        {"years": 11},
        {"years": "all"},
        {"view": "original"},
        {"view": "original", "years": 11},
        {"framework": "ifrs"},
        {"currency": "EUR"},
        {"format": "csv"},
        {"format": "long-csv"},
        {"format": "xlsx"},
        {"format": "parquet"},
        {"format": "csv", "years": 3},
    ]
    answers = [served.long_income(params=each) for each in options]
    tags = [each.headers["etag"] for each in answers]
    assert len(set(tags)) == len(tags)
    assert all(each.startswith(f'"{served.digest}') for each in tags)
    again = [
        served.long_income(params=each, headers={"If-None-Match": tag}).status_code
        for each, tag in zip(options, tags, strict=True)
    ]
    assert again == [304] * len(tags)
    other = served.long_income(params={"years": 3}, headers={"If-None-Match": ", ".join(tags)})
    assert other.status_code == 200
    assert len(other.json()["periods"]) == 3


def test_the_tag_of_accept_is_that_of_the_format(served: Served) -> None:
    by_accept = served.long_income(headers={"Accept": "text/csv"})
    by_format = served.long_income(params={"format": "csv"}, headers={"Accept": XLSX})
    assert by_accept.headers["etag"] == by_format.headers["etag"]
    assert by_accept.content == by_format.content
    assert "Accept" in by_accept.headers["vary"]
    assert served.long_income().headers["vary"] == by_accept.headers["vary"]


@pytest.mark.parametrize("years", [1, 2, 9, 10, 11, 13, 200, "all"])
@pytest.mark.parametrize("view", ["latest", "original"])
@pytest.mark.parametrize("group", [{}, {"framework": "IFRS"}, {"currency": "usd"}])
def test_json_is_the_view_of_the_command_line(
    served: Served, years: int | str, view: Any, group: dict[str, str]
) -> None:
    answer = served.long_income(params={"years": years, "view": view, **group})
    number = None if years == "all" else int(years)
    shown = view_of(thirteen_years(), years=number, view=view, **group)
    assert answer.text == json_line(shown.as_json())


def test_files_are_attachments_with_a_safe_name(served: Served) -> None:
    for name, ending, media_type in (
        ("csv", ".csv", "text/csv; charset=utf-8"),
        ("long-csv", "-long.csv", "text/csv; charset=utf-8"),
        ("xlsx", ".xlsx", XLSX),
        ("parquet", ".parquet", PARQUET),
    ):
        answer = served.long_income(params={"format": name})
        assert answer.headers["content-type"] == media_type
        wanted = f'attachment; filename="grusse-co-1-1-ltd-income-statement{ending}"'
        assert answer.headers["content-disposition"] == wanted


def test_files_hold_the_figures(served: Served) -> None:
    wide = served.long_income(params={"format": "csv", "years": 2}).text
    header, *lines = csv.reader(io.StringIO(wide))
    assert header[-2:] == ["2023", "2022"]
    assert [line[-2:] for line in lines if line[3] == "Sales"] == [["1000", "999"]]
    book = load_workbook(io.BytesIO(served.long_income(params={"format": "xlsx"}).content))
    assert book.sheetnames == ["Income statement", "Sources", "Checks"]
    table = parquet.read_table(
        io.BytesIO(served.long_income(params={"format": "parquet", "years": "all"}).content)
    )
    assert table.num_rows == 13 * 4 + 2
    long = served.long_income(params={"format": "long-csv", "years": "all"}).text
    assert len(long.splitlines()) == table.num_rows + 1


def test_there_is_no_html(served: Served) -> None:
    code, detail = problem(served.long_income(headers={"Accept": "text/html"}), 406)
    assert code == "not_acceptable"
    for each in ("application/json", "text/csv", XLSX, PARQUET, "long-csv"):
        assert each in detail


def test_without_pyarrow_parquet_is_not_acceptable(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_formats, "has_parquet", lambda: False)
    for options in ({"params": {"format": "parquet"}}, {"headers": {"Accept": PARQUET}}):
        code, detail = problem(served.long_income(**options), 406)
        assert code == "not_acceptable"
        assert "the extra parquet installs" in detail
        assert "application/json, text/csv" in detail
    accept = f"{PARQUET}, text/csv;q=0.5"
    answer = served.long_income(headers={"Accept": accept})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize(
    "params",
    [
        {"years": "0"},
        {"years": "201"},
        {"years": "-1"},
        {"years": "5.0"},
        {"years": "+5"},
        {"years": "1_0"},
        {"years": "05"},
        {"years": "\N{ARABIC-INDIC DIGIT FIVE}"},
        {"years": "ALL"},
        {"years": ""},
        {"view": "newest"},
        {"format": "pdf"},
        {"framework": ""},
        {"framework": "x" * 41},
        {"currency": "E\0R"},
        {"year": "5"},
    ],
)
def test_a_parameter_that_means_nothing_is_refused(served: Served, params: Any) -> None:
    problem(served.long_income(params=params), 422)


def test_a_framework_that_there_is_not_is_named(served: Served) -> None:
    code, detail = problem(served.long_income(params={"framework": "local"}), 404)
    assert code == "group_not_found"
    assert detail.endswith("it was compiled in us-gaap (USD) and ifrs (EUR)")


def test_companies_and_statements_that_there_are_not(served: Served) -> None:
    for path in ("4711/statements", "4711/statements/income_statement"):
        code, detail = problem(served.get(path), 404)
        assert (code, detail) == ("no_such_company", "there is no company id:4711")
    why = served.get("4711/statements/income_statement/why", params={"line": "a", "year": "1"})
    assert problem(why, 404)[0] == "no_such_company"
    problem(served.get(f"{served.long}/statements/notes"), 422)
    problem(served.get(f"{2**63}/statements/income_statement"), 422)


def test_the_next_step_is_a_request(served: Served) -> None:
    code, detail = problem(served.get(f"{served.long}/statements/balance_sheet"), 404)
    assert code == "no_documents"
    next_step = f"POST /api/v1/companies/{served.long}/documents"
    assert detail == f"Grüße & Co. =1+1 Ltd has no documents yet: {next_step}"


def test_the_list_tells_what_is_compiled(served: Served) -> None:
    answer = served.get(f"{served.long}/statements")
    assert answer.headers["etag"]
    (item,) = answer.json()["items"]
    assert item["statement"] == "income_statement"
    assert (item["digest"], item["stale"]) == (served.digest, False)
    assert [(e["framework"], e["currency"]) for e in item["groups"]] == [
        ("us-gaap", "USD"),
        ("ifrs", "EUR"),
    ]
    first = item["groups"][0]
    assert first["periods"][0] == "2023"
    assert (first["verified"], first["checkable"]) == (39, 41)
    assert served.client.get(item["links"]["self"]).status_code == 200
    names = [each["statement"] for each in served.get(f"{served.costa}/statements").json()["items"]]
    assert names == ["income_statement", "balance_sheet", "cash_flow_statement"]


def test_why_tells_the_origin(served: Served) -> None:
    path = f"{served.costa}/statements/income_statement/why"
    answer = served.get(path, params={"line": "Revenue", "year": "FY2022"})
    assert answer.status_code == 200
    origin = Origin.model_validate(answer.json())
    assert (origin.line, origin.period, str(origin.v)) == ("revenue", "2022", "44087")
    known = {"If-None-Match": answer.headers["etag"]}
    again = served.get(path, params={"line": "revenue", "year": "2022"}, headers=known)
    assert again.status_code == 304


def test_why_names_the_lines_that_may_be_meant(served: Served) -> None:
    path = f"{served.costa}/statements/income_statement/why"
    answer = served.get(path, params={"line": "Revenu", "year": "2022"})
    assert problem(answer, 404)[0] == "line_not_found"
    assert answer.json()["errors"][0] == {"location": "query.line", "message": "revenue: Revenue"}
    answer = served.get(path, params={"line": "zzzz", "year": "2022"})
    assert problem(answer, 404)[1].endswith("called 'zzzz': the statement lists them")
    problem(served.get(path, params={"line": "Revenue"}), 422)
    answer = served.get(path, params={"line": "Revenue", "year": "1999"})
    assert problem(answer, 404)[0] == "year_not_found"


@pytest.mark.parametrize(("example", "form"), [(COMPILED, Compiled), (ORIGIN, Origin)])
def test_the_examples_have_their_form(example: dict[str, Any], form: Any) -> None:
    read = form.model_validate(example)
    written = read.as_json() if isinstance(read, Compiled) else read.model_dump(mode="json")
    assert written == example


def test_the_document_names_the_form_and_the_media_types(served: Served) -> None:
    document = served.client.get("/openapi.json").json()
    paths = document["paths"]
    found = paths["/api/v1/companies/{company_id}/statements/{statement}"]["get"]
    content = found["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/csv", XLSX, PARQUET}
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/Compiled"}
    assert content["application/json"]["example"] == COMPILED
    assert {"404", "406", "409", "422", "503"} <= set(found["responses"])


# From here on, what is stored changes: a database for each test.


@pytest.fixture
def costa(migrated: Engine, on_migrated: None) -> int:
    del on_migrated
    return keep_filings(migrated, two_reports())


def test_the_command_line_prints_the_same_bytes(
    client: TestClient, costa: int, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    base = f"/api/v1/companies/{costa}/statements/income_statement"
    cases: list[tuple[list[str], dict[str, Any]]] = [
        (["--json"], {}),
        (["--json", "--years", "1"], {"years": 1}),
        (["--json", "--view", "original"], {"view": "original"}),
        (["--json", "--years", "all"], {"years": "all"}),
        (["--format", "csv"], {"format": "csv"}),
        (["--format", "long-csv"], {"format": "long-csv"}),
        (["--format", "xlsx"], {"format": "xlsx"}),
        (["--format", "parquet"], {"format": "parquet"}),
    ]
    for options, params in cases:
        capfdbinary.readouterr()
        assert fde(["statements", "COSTA", "income", *options]) == 0
        assert client.get(base, params=params).content == capfdbinary.readouterr().out
    assert fde(["why", "COSTA", "income", "Revenue", "2022", "--json"]) == 0
    why = client.get(f"{base}/why", params={"line": "Revenue", "year": "2022"})
    assert why.content == capfdbinary.readouterr().out


def test_a_stale_statement_is_refused_until_it_is_compiled(
    client: TestClient, costa: int, migrated: Engine
) -> None:
    base = f"/api/v1/companies/{costa}"
    before = client.get(f"{base}/statements/income_statement")
    tag = before.headers["etag"]
    with migrated.begin() as connection:
        connection.execute(text("UPDATE compiled_statements SET digest = NULL"))
    step = f"POST {base}/compile"
    for known in ({}, {"If-None-Match": tag}, {"If-None-Match": "*"}):
        answer = client.get(f"{base}/statements/income_statement", headers=known)
        assert problem(answer, 409) == (
            "stale",
            f"the income statement of Costa Verde plc is older than its filings: {step}",
        )
    assert [each["stale"] for each in client.get(f"{base}/statements").json()["items"]] == [
        True
    ] * 3
    done = client.post(f"{base}/compile").json()
    assert done["company"] == "Costa Verde plc"
    assert {each["effect"] for each in done["statements"]} == {"changed"}
    assert client.get(f"{base}/statements/income_statement").headers["etag"] == tag
    again = client.post(f"{base}/compile").json()
    assert {each["effect"] for each in again["statements"]} == {"same"}
    problem(client.post("/api/v1/companies/4711/compile"), 404)


def test_a_statement_of_another_form_is_to_be_compiled(
    client: TestClient, costa: int, migrated: Engine
) -> None:
    with migrated.begin() as connection:
        connection.execute(
            text("""UPDATE compiled_statements SET data = '{"a": 1}', digest = repeat('0', 64)""")
        )
    base = f"/api/v1/companies/{costa}"
    code, detail = problem(client.get(f"{base}/statements/income_statement"), 404)
    assert code == "other_form"
    assert detail.endswith(f"in another form: POST {base}/compile")
    assert all(each["stale"] for each in client.get(f"{base}/statements").json()["items"])


def test_a_rendering_of_other_data_is_not_shown(
    client: TestClient, costa: int, migrated: Engine
) -> None:
    path = f"/api/v1/companies/{costa}/statements/income_statement"
    before = client.get(path).json()
    digest = store(migrated, costa, thirteen_years())
    answer = client.get(path)
    assert answer.headers["etag"] == f'W/"{digest}"'  # the client takes gzip
    assert answer.text == json_line(view_of(thirteen_years()).as_json())
    assert answer.json() != before


def test_a_new_name_of_the_company_is_another_file(
    client: TestClient, costa: int, migrated: Engine
) -> None:
    path = f"/api/v1/companies/{costa}/statements/income_statement"
    before = client.get(path, params={"format": "csv"})
    with migrated.begin() as connection:
        connection.execute(
            text("UPDATE companies SET name = 'Other plc' WHERE id = :id"), {"id": costa}
        )
    known = {"If-None-Match": before.headers["etag"]}
    answer = client.get(path, params={"format": "csv"}, headers=known)
    assert answer.status_code == 200
    assert "Other plc" in answer.text


def test_a_schema_without_renderings_is_served(
    client: TestClient,
    costa: int,
    migrated: Engine,
    alembic: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")  # of the renderings
    path = f"/api/v1/companies/{costa}/statements/income_statement"
    before = client.get(path)
    assert alembic(migrated.url, "downgrade", "036") == 0
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.content == before.content
    assert answer.headers["etag"] == before.headers["etag"]


def test_a_statement_is_found_after_its_connection_was_cut(
    client: TestClient, costa: int, migrated: Engine
) -> None:
    path = f"/api/v1/companies/{costa}/statements/income_statement"
    before = client.get(path)
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with migrated.connect() as connection:
        assert connection.execute(cut).all()
    assert client.get(path).content == before.content


def test_a_statement_waits_for_a_lock_no_longer_than_others(
    client: TestClient, costa: int, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_LOCK_SECONDS", "0.1")
    path = f"/api/v1/companies/{costa}/statements/income_statement"
    assert client.get(path).status_code == 200
    with migrated.begin() as connection:
        connection.execute(text("LOCK TABLE compiled_statements IN ACCESS EXCLUSIVE MODE"))
        started = time.monotonic()
        answer = client.get(path)
        assert time.monotonic() - started < 5
        problem(answer, 503)
        assert answer.headers["retry-after"]
    assert client.get(path).status_code == 200
