"""`/api/v1/companies/{company_id}/corrections`, in process."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from app.services.fixing import MAX_REASON
from tests.helpers.kept import keep_filings, two_reports

pytestmark = pytest.mark.usefixtures("on_migrated")


class Corrections:
    """The corrections of a company with two filings, over HTTP."""

    def __init__(self, client: TestClient, engine: Engine) -> None:
        self.client, self.engine = client, engine
        self.company_id = keep_filings(engine, two_reports())
        self.url = f"/api/v1/companies/{self.company_id}/corrections"

    def post(self, status: int = 201, **changes: Any) -> dict[str, Any]:
        body = {
            "statement": "income_statement",
            "line": "Revenue",
            "year": "2023",
            "value": "48212",
            "because": "page 31",
            "by": "ann",
            **changes,
        }
        kept = {name: each for name, each in body.items() if each is not None}
        answer = self.client.post(
            self.url, content=json.dumps(kept), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == status, answer.text
        return self.checked(answer)

    def get(self, status: int = 200, **parameters: Any) -> dict[str, Any]:
        answer = self.client.get(self.url, params=parameters)
        assert answer.status_code == status, answer.text
        return self.checked(answer)

    def delete(self, number: int, status: int = 200) -> dict[str, Any]:
        answer = self.client.delete(f"{self.url}/{number}")
        assert answer.status_code == status, answer.text
        return self.checked(answer)

    def checked(self, answer: Any) -> dict[str, Any]:
        is_problem = answer.status_code >= 400
        assert answer.headers["content-type"] == (
            "application/problem+json" if is_problem else "application/json"
        )
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def corrections(client: TestClient, migrated: Engine) -> Corrections:
    return Corrections(client, migrated)


def test_a_figure_is_corrected_listed_and_withdrawn(corrections: Corrections) -> None:
    fixed = corrections.post()
    assert (fixed["schema"], fixed["outcome"]) == ("fixed/1", "corrected")
    assert (fixed["before"], fixed["after"], fixed["verified_after"]) == ("48211", "48212", False)
    number = fixed["correction"]
    (listed,) = corrections.get()["items"]
    assert (listed["id"], listed["state"], listed["value"]) == (number, "active", "48212")
    assert (listed["was"], listed["because"], listed["by"]) == ("48211", "page 31", "ann")

    taken = corrections.delete(number)
    assert (taken["correction"]["id"], taken["correction"]["state"]) == (number, "withdrawn")
    (change,) = taken["changes"]
    assert (change["statement"], change["effect"]) == ("income_statement", "changed")
    revenue = next(each for each in change["figures"] if each["label"] == "Revenue")
    assert (revenue["before"], revenue["after"], revenue["verified_after"]) == (
        "48212",
        "48211",
        True,
    )
    assert corrections.get()["items"] == []
    assert [each["id"] for each in corrections.get(withdrawn=True)["items"]] == [number]


def test_the_same_correction_again_changes_nothing(corrections: Corrections) -> None:
    first = corrections.post()
    again = corrections.post(200)
    assert (again["outcome"], again["correction"]) == ("unchanged", first["correction"])


def test_another_correction_takes_the_place_of_the_first(corrections: Corrections) -> None:
    first, second = corrections.post(), corrections.post(value="48213")
    assert second["replaced"] == first["correction"]
    assert [each["state"] for each in corrections.get(withdrawn=True)["items"]] == [
        "withdrawn",
        "active",
    ]


def test_pages_of_corrections_follow_each_other(corrections: Corrections) -> None:
    made = [corrections.post(value=str(value))["correction"] for value in (1, 2, 3)]
    seen, after = [], None
    while True:
        page = corrections.get(withdrawn=True, limit=2, **({"after": after} if after else {}))
        seen += [each["id"] for each in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == made
    assert corrections.get(422, after="bm9wZQ")["code"] == "invalid_cursor"


def test_a_lost_correction_is_listed_as_lost_and_withdrawn(corrections: Corrections) -> None:
    number = corrections.post()["correction"]
    with corrections.engine.begin() as connection:
        connection.execute(text("DELETE FROM documents WHERE fiscal_year = 2023"))
    assert corrections.get()["items"][0]["state"] == "lost"
    taken = corrections.delete(number)
    assert (taken["correction"]["document"], taken["correction"]["state"]) == (None, "withdrawn")
    assert corrections.delete(number, 404)["code"] == "no_such_correction"


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"line": "Sundry"}, 409, "line_not_found"),
    ({"year": "1999"}, 409, "year_not_found"),
    ({"currency": "EUR"}, 409, "group_not_found"),
    ({"value": "48211"}, 409, "nothing_to_correct"),
]


def test_the_reason_of_the_service_is_told(corrections: Corrections) -> None:
    for changes, status, code in REFUSED:
        assert corrections.post(status, **changes)["code"] == code
    assert corrections.get(withdrawn=True)["items"] == []


def test_the_nearest_lines_are_named(corrections: Corrections) -> None:
    problem = corrections.post(409, line="Revenues")
    assert problem["errors"][0] == {"location": "body.line", "message": "revenue: Revenue"}


def test_a_company_without_documents_is_there_and_has_nothing_to_correct(
    corrections: Corrections,
) -> None:
    made = corrections.client.post("/api/v1/companies", json={"name": "Willow Analytics plc"})
    corrections.url = f"/api/v1/companies/{made.json()['id']}/corrections"
    assert corrections.post(409)["code"] == "no_documents"
    assert corrections.get()["items"] == []


INVALID: list[dict[str, Any]] = [
    {"value": 1.5},
    {"value": "1e5"},
    {"value": "NaN"},
    {"value": "9" * 41},
    {"value": "1,000"},
    {"value": True},
    {"value": None},
    {"because": None},
    {"because": " \n "},
    {"because": "x" * (MAX_REASON + 1)},
    {"because": "a\u202eb"},
    {"by": "a\0b"},
    {"by": "\ud800"},
    {"line": ""},
    {"year": 2023},
    {"statement": "income"},
    {"extra": 1},
]


def test_an_invalid_body_is_refused(corrections: Corrections) -> None:
    for changes in INVALID:
        assert corrections.post(422, **changes)["code"] == "invalid_request", changes
    assert corrections.get(withdrawn=True)["items"] == []


def test_what_is_not_there_is_not_found(corrections: Corrections) -> None:
    assert corrections.delete(4711, 404)["code"] == "no_such_correction"
    corrections.delete(0, 422)
    corrections.url = "/api/v1/companies/4711/corrections"
    assert corrections.get(404)["code"] == "no_such_company"
    assert corrections.post(404)["code"] == "no_such_company"
    assert corrections.delete(1, 404)["code"] == "no_such_company"


def test_a_list_has_an_entity_tag(corrections: Corrections) -> None:
    tag = corrections.client.get(corrections.url).headers["etag"]
    same = corrections.client.get(corrections.url, headers={"If-None-Match": tag})
    assert same.status_code == 304
    corrections.post()
    assert corrections.client.get(corrections.url, headers={"If-None-Match": tag}).is_success
