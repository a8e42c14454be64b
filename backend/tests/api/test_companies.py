"""`/api/v1/companies`, in process."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from tests.helpers.waiting import wait_for

COMPANIES = "/api/v1/companies"
JSON = {"Content-Type": "application/json"}
LEI = "HWUPKR0MPOU8FGXBT394"
OTHER_LEI = "5493000IBP32UQZ0KL24"

pytestmark = pytest.mark.usefixtures("on_migrated")


def names(client: TestClient, **parameters: Any) -> list[str]:
    answer = client.get(COMPANIES, params=parameters)
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


def make(client: TestClient, **values: Any) -> dict[str, Any]:
    answer = client.post(COMPANIES, json={"name": "Apple Inc.", **values})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    return found


def test_companies_come_by_name_with_their_listings(client: TestClient) -> None:
    companies = client.get(COMPANIES).json()["items"]
    assert len(companies) == 6
    assert companies[0]["name"] == "Allianz SE"
    assert companies[0]["tickers"] == [{"ticker": "ALV", "exchange": "XETRA"}]


def test_a_company_of_a_filing_has_identifiers_and_no_page(
    client: TestClient, migrated: Engine
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO companies (name, lei, cik, fiscal_year_end)"
            " VALUES ('A plc', '529900D6BF99LW9R2E68', '0000320193', '09-30')"
        )
    company = client.get(COMPANIES).json()["items"][0]
    assert company["name"] == "A plc"
    assert company["ir_url"] is None
    assert company["lei"] == "529900D6BF99LW9R2E68"
    assert (company["cik"], company["fiscal_year_end"]) == ("0000320193", "09-30")
    assert company["created_at"].endswith("Z")


FILTERS: list[tuple[dict[str, str], list[str]]] = [
    ({"q": "SIEM"}, ["Siemens AG"]),
    ({"q": "alv"}, ["Allianz SE"]),
    ({"q": "%"}, []),
    ({"q": "_"}, []),
    ({"q": "\\"}, []),
    ({"q": "société"}, ["SOCIÉTÉ X"]),
    ({"ticker": "azn", "exchange": "lse"}, ["AstraZeneca PLC"]),
    ({"ticker": "azn", "exchange": "XETRA"}, []),
    ({"exchange": "xetra"}, ["Allianz SE", "SAP SE", "Siemens AG"]),
    ({"ticker": "SAP", "q": "allianz"}, []),
    ({"lei": LEI.lower()}, ["SOCIÉTÉ X"]),
    ({"cik": "320193"}, ["SOCIÉTÉ X"]),
    ({"cik": "320194"}, []),
]


def test_filters_have_to_fit_all(client: TestClient) -> None:
    make(client, name="SOCIÉTÉ X", lei=LEI, cik="320193")
    for parameters, found in FILTERS:
        assert names(client, **parameters) == found, parameters


def test_pages_follow_names_whatever_is_added_meanwhile(client: TestClient) -> None:
    for name in ("b", "B b", "ß\u00a0".strip(), "日本", "É"):
        make(client, name=name)
    every = names(client)
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = client.get(COMPANIES, params={"limit": 2, **after}).json()
        found += [each["name"] for each in page["items"]]
        if not found[2:]:
            make(client, name="A before")
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == every


def test_a_cursor_of_a_name_that_is_not_printable_leads_on(
    client: TestClient, migrated: Engine
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("INSERT INTO companies (name) VALUES (U&'0\\00A0\\0009 plc')")
    page = client.get(COMPANIES, params={"limit": 1}).json()
    assert page["items"][0]["name"].startswith("0")
    assert names(client, limit=1, after=page["next"]) == ["Allianz SE"]


WRONG_PARAMETERS: list[Any] = [
    {"q": ""},
    {"q": "a\0"},
    {"q": "a" * 201},
    {"lei": "X"},
    {"cik": "x"},
    {"limit": "0"},
    {"limit": "201"},
    {"after": "x"},
    {"name": "Apple"},
    [("q", "a"), ("q", "b")],
]


def test_a_parameter_that_is_wrong_is_a_problem(client: TestClient) -> None:
    for parameters in WRONG_PARAMETERS:
        problem(client.get(COMPANIES, params=parameters), 422)


def test_a_company_is_made_and_found_by_all_that_was_given(client: TestClient) -> None:
    answer = client.post(
        COMPANIES,
        json={
            "name": "  Apple   Inc. ",
            "primary_ticker": "aapl",
            "tickers": [{"ticker": "aapl", "exchange": "NASDAQ"}],
            "ir_url": "https://investor.apple.com",
            "lei": LEI.lower(),
            "cik": "320193",
            "fiscal_year_end": "02-29",
        },
    )
    assert answer.status_code == 201
    company = answer.json()
    assert answer.headers["location"] == f"{COMPANIES}/{company['id']}"
    assert company["name"] == "Apple Inc."
    assert (company["primary_ticker"], company["tickers"][0]["ticker"]) == ("AAPL", "AAPL")
    assert company["ir_url"] == "https://investor.apple.com"
    assert (company["lei"], company["cik"]) == (LEI, "0000320193")
    assert company["fiscal_year_end"] == "02-29"
    again = client.get(answer.headers["location"])
    assert again.json() == company
    assert again.headers["etag"] == answer.headers["etag"]
    same = client.get(again.url, headers={"If-None-Match": f"W/{again.headers['etag']}"})
    assert (same.status_code, same.content) == (304, b"")


WRONG_FIELDS: list[tuple[str, Any]] = [
    ("name", ""),
    ("name", "   "),
    ("name", "a" * 201),
    ("name", "a\nb"),
    ("name", "a\u202eb"),
    ("name", "a\0"),
    ("name", "\ud800"),
    ("name", None),
    ("name", 1),
    ("primary_ticker", "A:B"),
    ("primary_ticker", "<b>"),
    ("tickers", [{"ticker": "A"}]),
    ("tickers", [{"ticker": "A", "exchange": "B", "more": 1}]),
    ("tickers", [{"ticker": "A", "exchange": "B:C"}]),
    ("tickers", [{"ticker": "A", "exchange": "N"}, {"ticker": "a", "exchange": "n"}]),
    ("tickers", [{"ticker": f"A{n}", "exchange": "N"} for n in range(51)]),
    ("tickers", None),
    ("ir_url", "javascript:alert(1)"),
    ("ir_url", "ftp://example.com"),
    ("ir_url", "http:example.com"),
    ("ir_url", "https://user:secret@example.com"),
    ("ir_url", "https://" + "a" * 2000),
    ("lei", "HWUPKR0MPOU8FGXBT395"),
    ("lei", "HWUPKR0MPOU8FGXBT3"),
    ("cik", "12345678901"),
    ("cik", "-1"),
    ("cik", "0"),
    ("cik", "\u0661"),
    ("cik", 320193),
    ("fiscal_year_end", "02-30"),
    ("fiscal_year_end", "13-01"),
    ("fiscal_year_end", "9-30"),
    ("fiscal_year_end", "09-30\n"),
    ("fiscal_year_end", "W01-1"),
    ("id", 5),
]


def test_a_field_that_is_wrong_is_named(client: TestClient) -> None:
    for field, value in WRONG_FIELDS:
        body = json.dumps({"name": "Apple Inc.", field: value})  # httpx encodes no surrogate
        answer = client.post(COMPANIES, content=body, headers=JSON)
        errors = problem(answer, 422)["errors"]
        assert errors[0]["location"].startswith(f"body.{field}")
    assert names(client, q="apple") == []


NO_COMPANIES = ["", "{", "[]", "null", '{"name": "' + "a" * 100, "[" * 100_000, "\xff", "1e999"]


def test_a_body_that_is_no_company_is_a_problem(client: TestClient) -> None:
    for body in NO_COMPANIES:
        answer = client.post(COMPANIES, content=body.encode("latin-1"), headers=JSON)
        assert problem(answer, answer.status_code)["status"] in {400, 422}


TAKEN = [
    {"name": "APPLE INC."},
    {"name": "Another", "lei": LEI},
    {"name": "Another", "cik": "0000320193"},
]


def test_what_another_company_has_is_named_with_it(client: TestClient) -> None:
    first = make(client, lei=LEI, cik="320193")
    other = make(client, name="Other", lei=OTHER_LEI)
    path = f"{COMPANIES}/{other['id']}"
    for values in TAKEN:
        field = list(values)[-1]
        changed = {field: values[field]}
        for answer in (client.post(COMPANIES, json=values), client.patch(path, json=changed)):
            found = problem(answer, 409)
            assert found["code"] == f"{field}_taken"
            assert f"id:{first['id']} " in found["detail"]
            assert found["errors"][0]["location"] == f"body.{field}"
    assert client.get(path).json() == other


def test_a_patch_changes_what_it_names(client: TestClient) -> None:
    company = make(client, lei=LEI, primary_ticker="AAPL", fiscal_year_end="09-30")
    path = f"{COMPANIES}/{company['id']}"
    answer = client.patch(
        path,
        json={"lei": None, "name": "APPLE INC."},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert answer.status_code == 200
    changed = answer.json()
    assert changed["updated_at"] > company["updated_at"]
    changed_only = {"updated_at": company["updated_at"], "lei": LEI, "name": "Apple Inc."}
    assert changed | changed_only == company
    assert (changed["lei"], changed["name"]) == (None, "APPLE INC.")
    assert client.patch(path, json={}).json() == changed


NO_PATCHES: list[Any] = [{"name": None}, {"tickers": None}, {"id": 1}, [], None]


def test_a_patch_that_cannot_be_applied_changes_nothing(client: TestClient) -> None:
    company = make(client)
    path = f"{COMPANIES}/{company['id']}"
    for body in NO_PATCHES:
        problem(client.patch(path, json=body), 422)
    assert client.get(path).json() == company


def test_a_change_of_what_was_changed_meanwhile_is_refused(client: TestClient) -> None:
    company = make(client)
    path = f"{COMPANIES}/{company['id']}"
    seen = client.get(path).headers["etag"]
    first = client.patch(path, json={"cik": "1"}, headers={"If-Match": f'"x", {seen}'})
    assert first.status_code == 200
    for tag in (seen, f"W/{seen}", first.headers["etag"].strip('"'), "x", ""):
        stale = {"If-Match": tag}
        assert problem(client.patch(path, json={"cik": "2"}, headers=stale), 412)
        assert problem(client.delete(path, headers=stale), 412)
    assert client.get(path).json()["cik"] == "0000000001"
    newest = {"If-Match": f"W/{first.headers['etag']}"}
    assert client.delete(path, headers=newest).status_code == 200
    assert problem(client.patch(path, json={}, headers={"If-Match": "*"}), 404)


def test_a_company_without_anything_is_deleted(client: TestClient) -> None:
    company = make(client)
    path = f"{COMPANIES}/{company['id']}"
    gone = client.delete(path).json()
    assert (gone["name"], gone["documents"], gone["files"]) == ("Apple Inc.", 0, 0)
    for answer in (client.get(path), client.delete(path), client.patch(path, json={})):
        assert problem(answer, 404)["code"] == "no_such_company"


NO_IDS = ["0", "-1", str(2**63), "9" * 5000, "x", "1.0", "%00"]


def test_an_id_that_cannot_be_is_a_problem(client: TestClient) -> None:
    for number in NO_IDS:
        for send in (client.get, client.delete):
            answer = send(f"{COMPANIES}/{number}")
            assert problem(answer, answer.status_code)["status"] in {404, 422}
            assert re.fullmatch(r"[a-z_]+", answer.json()["code"])


def test_of_many_at_once_one_makes_a_company(client: TestClient, migrated: Engine) -> None:
    def post(number: int) -> httpx.Response:
        name = "Apple Inc." if number % 4 == 1 else "APPLE INC."
        body = {"name": name} if number % 2 else {"name": f"Other {number}", "lei": LEI}
        return client.post(COMPANIES, json=body)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(post, range(8)))
    assert sorted(each.status_code for each in answers) == [201, 201, *[409] * 6]
    codes = {each.json()["code"] for each in answers if each.status_code == 409}
    assert codes == {"name_taken", "lei_taken"}
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM companies WHERE id > 6")) == 2


def test_an_identifier_that_a_filing_gives_meanwhile_is_taken(
    client: TestClient, migrated: Engine
) -> None:
    first = make(client)
    second = make(client, name="Other")
    path = f"{COMPANIES}/{second['id']}"
    with migrated.connect() as connection, migrated.connect() as look:
        connection.execute(text("UPDATE companies SET cik = '0000000001' WHERE id = :id"), first)
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(client.patch, path, json={"cik": "1"})
            wait_for(look, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted")
            connection.commit()
            found = problem(waiting.result(), 409)
    assert found["code"] == "cik_taken"
    assert f"id:{first['id']} " in found["detail"]
    assert client.get(path).json() == second


def test_a_name_that_looks_the_same_is_the_same(client: TestClient) -> None:
    make(client, name="Socie\u0301te\u0301 G\u00e9n\u00e9rale")
    again = client.post(COMPANIES, json={"name": "Soci\u00e9t\u00e9 Ge\u0301ne\u0301rale"})
    assert problem(again, 409)["code"] == "name_taken"
    assert len(names(client, q="cie\u0301t")) == len(names(client, q="ci\u00e9t")) == 1


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_body_that_gives_a_name_twice_is_refused(client: TestClient, method: str) -> None:
    path = f"{COMPANIES}/{make(client)['id']}" if method == "PATCH" else COMPANIES
    body = '{"name": "One Inc.", "name": "Two Inc."}'
    answer = client.request(method, path, content=body, headers=JSON)
    assert "twice" in problem(answer, 422)["detail"]
    assert names(client, q="Inc.") in ([], ["Apple Inc."])


def test_a_wrong_type_is_named_by_its_place_in_the_body(client: TestClient) -> None:
    path = f"{COMPANIES}/{make(client)['id']}"
    for body, place in (({"name": 5}, "name"), ({"tickers": [{"ticker": 5}]}, "tickers.0.ticker")):
        places = [
            each["location"] for each in problem(client.patch(path, json=body), 422)["errors"]
        ]
        assert f"body.{place}" in places
        assert not any("function" in each for each in places)
