"""Uploads of filings, in process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anyio import CapacityLimiter
from sqlalchemy import text

from app.services.answer import Answer
from app.services.reading import Request
from app.web import upload_slots
from tests.helpers.upload_desk import UploadDesk, form, problem_of

FILE = 'name="file"; filename="a.pdf"'
COMPANY = "Acme plc"


def company_of(desk: UploadDesk, name: str = COMPANY) -> int:
    number: int = desk.one("SELECT id FROM companies WHERE name = :name", name=name)
    return number


def test_an_upload_is_kept_and_its_company_compiled(desk: UploadDesk) -> None:
    company = company_of(desk)
    path = desk.file("2023.pdf")
    answer = desk.send(company, path, "Annual report.pdf")
    assert answer.status_code == 201, answer.text
    document = answer.json()
    assert answer.headers["location"] == f"/api/v1/documents/{document['id']}"
    assert (document["company_id"], document["outcome"]) == (company, "added")
    assert (document["fiscal_year"], document["kind"]) == (2023, "pdf")
    assert document["file_name"] == "Annual report.pdf"
    assert [each["status"] for each in document["statements"]] == ["verified"] * 3
    assert document["statements"][0]["proved_share"] == 0.5
    assert [each["effect"] for each in document["compiled"]] == ["new"] * 3
    assert document["missing"] == []
    stored = desk.folder / "storage" / document["sha256"][:2] / document["sha256"]
    assert stored.read_bytes() == Path(path).read_bytes()
    assert desk.one("SELECT count(*) FROM compiled_statements WHERE digest IS NOT NULL") == 3
    assert not desk.left_over()


def test_the_same_file_again_changes_nothing(desk: UploadDesk) -> None:
    company, path = company_of(desk), desk.file("2023.pdf")
    first = desk.send(company, path, "one.pdf")
    second = desk.send(company, path, "two.pdf")
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["outcome"] == "already_there"
    assert second.json()["id"] == first.json()["id"]
    assert second.json()["file_name"] == "one.pdf"
    assert [each["effect"] for each in second.json()["compiled"]] == ["same"] * 3
    assert desk.one("SELECT count(*) FROM documents") == 1
    assert len(desk.read) == 1


def test_an_upload_that_was_killed_before_compiling_is_finished_by_the_same_one(
    desk: UploadDesk,
) -> None:
    company, path = company_of(desk), desk.file("2023.pdf")
    desk.add(f"id:{company}", path)  # without compiling
    answer = desk.send(company, path)
    assert answer.status_code == 200
    assert [each["effect"] for each in answer.json()["compiled"]] == ["new"] * 3


def test_a_filing_of_another_company_is_refused_unless_the_client_says_otherwise(
    desk: UploadDesk,
) -> None:
    company, path = company_of(desk), desk.file("other.pdf", company="Borax SA")
    refused = desk.send(company, path)
    assert refused.status_code == 409
    problem = problem_of(refused)
    assert problem["code"] == "other_company"
    assert "--" not in problem["detail"]
    assert desk.one("SELECT count(*) FROM documents") == 0
    assert not list((desk.folder / "storage").glob("??/*"))
    assert desk.send(company, path, same_company="true").status_code == 201


def test_doubtful_statements_are_reported_and_compiled_only_if_accepted(desk: UploadDesk) -> None:
    company, path = company_of(desk), desk.file("2023.pdf", status="doubtful")
    document = desk.send(company, path).json()
    assert {each["status"] for each in document["statements"]} == {"doubtful"}
    assert {each["effect"] for each in document["compiled"]} == {"absent"}
    assert all("doubtful" in each["reason"] for each in document["left_out"])
    assert len(document["left_out"]) == 3
    accepted = desk.send(company, path, accept_doubtful="true").json()
    assert all(each["doubtful_accepted"] for each in accepted["statements"])
    assert {each["effect"] for each in accepted["compiled"]} == {"new"}


def test_a_file_that_cannot_be_read_is_a_problem_without_advice_for_the_command_line(
    desk: UploadDesk,
) -> None:
    company = company_of(desk)
    for code, status in {
        "not_a_report": 422,
        "time_limit": 422,
        "crashed": 422,
        "internal_error": 422,
        "killed": 503,
    }.items():
        advice = ": allow more with --timeout" if code in {"time_limit", "crashed"} else ""
        desk.failures[code.encode()] = (code, f"It is bad{advice}")
        answer = desk.send(company, code.encode())
        assert (answer.status_code, problem_of(answer)["code"]) == (status, code)
        assert "retry-after" in answer.headers or status == 422
        assert "--" not in problem_of(answer)["detail"]
    detail = problem_of(desk.send(company, b"time_limit"))["detail"]
    assert detail == "reading it takes longer than 120 s"
    assert desk.one("SELECT count(*) FROM documents") == 0
    assert not desk.left_over()


FORMS: dict[str, tuple[bytes, int, str]] = {
    "no form": (b"", 400, "malformed_form"),
    "noise": (bytes(range(256)) * 10, 400, "malformed_form"),
    "another boundary": (form((FILE, b"x"), boundary="c"), 400, "malformed_form"),
    "cut off": (form((FILE, b"x" * 100))[:120], 400, "malformed_form"),
    "no last boundary": (form((FILE, b"x"))[:-6], 400, "malformed_form"),
    "no part": (b"--b--\r\n", 422, "invalid_request"),
    "no name": (form(('filename="a"', b"x")), 400, "malformed_form"),
    "no file": (form(('name="same_company"', b"true")), 422, "invalid_request"),
    "two files": (form((FILE, b"x"), (FILE, b"y")), 422, "invalid_request"),
    "another field": (form(('name="ticker"', b"A"), (FILE, b"x")), 422, "invalid_request"),
    "a field twice": (
        form(('name="same_company"', b"true"), ('name="same_company"', b"false"), (FILE, b"x")),
        422,
        "invalid_request",
    ),
    "no boolean": (form(('name="same_company"', b"yes"), (FILE, b"x")), 422, "invalid_request"),
    "a long header": (form((f'name="file"; x="{"y" * 5000}"', b"x")), 400, "malformed_form"),
    "many headers": (
        b"--b\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(50)) + b"\r\nx\r\n--b--\r\n",
        400,
        "malformed_form",
    ),
    "a header twice": (
        form(('name="file"\r\nContent-Disposition: form-data; name="x"', b"x")),
        400,
        "malformed_form",
    ),
    "base64": (
        form((f"{FILE}\r\nContent-Transfer-Encoding: base64", b"eA==")),
        422,
        "invalid_request",
    ),
    "text before": (b"hello\r\n" + form((FILE, b"x")), 400, "malformed_form"),
}  # fmt: skip


def test_each_malformed_form_is_a_problem_that_leaves_nothing(desk: UploadDesk) -> None:
    company = company_of(desk)
    for name, (body, status, code) in FORMS.items():
        answer = desk.send_form(company, body)
        assert answer.status_code == status, (name, answer.text)
        assert problem_of(answer)["code"] == code, name
        assert not desk.left_over(), name
    assert not desk.read


def test_a_field_that_is_too_long_is_not_kept_in_memory(desk: UploadDesk) -> None:
    body = form(('name="same_company"', b"true" + b" " * 1000), (FILE, b"x"))
    answer = desk.send_form(company_of(desk), body)
    assert problem_of(answer)["detail"] == "'same_company': it is too long"


def test_what_is_no_form_is_refused_by_its_type(desk: UploadDesk) -> None:
    url = f"/api/v1/companies/{company_of(desk)}/documents"
    for sent in ({"json": {"file": "x"}}, {"content": b"%PDF-"}, {"data": {"file": "x"}}, {}):
        arguments: dict[str, Any] = sent
        answer = desk.client.post(url, **arguments)
        assert problem_of(answer)["code"] == "unsupported_media_type", sent
        assert answer.status_code == 415
    answer = desk.client.post(
        url, content=b"x", headers={"Content-Type": "multipart/form-data", "Content-Encoding": "br"}
    )
    assert problem_of(answer)["code"] == "unsupported_encoding"
    for kind in ("multipart/form-data", f"multipart/form-data; boundary={'b' * 300}"):
        answer = desk.client.post(url, content=b"x", headers={"Content-Type": kind})
        assert (answer.status_code, problem_of(answer)["code"]) == (400, "malformed_form")


def test_forms_of_all_clients_are_read(desk: UploadDesk) -> None:
    company, path = company_of(desk), desk.file("2023.pdf")
    data = Path(path).read_bytes()
    for body in (
        form(('name="file"', data)),  # without a name of the file
        form((FILE, data), ('name="same_company"', b"True"), ('name="accept_doubtful"', b"FALSE")),
        b"\r\n" + form((FILE, data)) + b"an epilogue",
    ):
        answer = desk.send_form(company, body)
        assert answer.status_code in {200, 201}, answer.text
    assert answer.json()["file_name"] == "unnamed"


def test_a_company_that_does_not_exist_is_404_before_the_file_is_read(desk: UploadDesk) -> None:
    for company in (4711, 2**63 - 1):
        assert problem_of(desk.send(company, b"x"))["code"] == "no_such_company"
        assert desk.send_form(company, b"no form").status_code == 404
    for company in (0, 2**63, -1):
        assert desk.send(company, b"x").status_code == 422
    assert not desk.read


def test_a_file_of_the_largest_size_is_read_and_one_of_a_byte_more_is_not(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_UPLOAD_MEGABYTES", "1")
    company, megabyte = company_of(desk), 1024**2
    assert problem_of(desk.send(company, bytes(megabyte)))["code"] == "not_a_report"
    for size in (megabyte + 1, 2 * megabyte):
        answer = desk.send(company, bytes(size))
        assert (answer.status_code, problem_of(answer)["code"]) == (413, "too_large")
    assert len(desk.read) == 1
    assert not desk.left_over()


def test_one_upload_too_many_is_told_to_come_again(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, path = company_of(desk), desk.file("2023.pdf")
    slots = desk.client.app.state.upload_slots  # type: ignore[attr-defined]
    monkeypatch.setattr(slots, "_admitted", CapacityLimiter(0))
    answer = desk.send(company, path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert problem_of(answer)["code"] == "busy"


def test_a_file_waits_for_its_reading_no_longer_than_its_limit(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, path = company_of(desk), desk.file("2023.pdf")
    slots = desk.client.app.state.upload_slots  # type: ignore[attr-defined]
    monkeypatch.setattr(slots, "_reading", CapacityLimiter(0))
    monkeypatch.setattr(upload_slots, "READ_WAIT", 0.05)
    assert problem_of(desk.send(company, path))["code"] == "busy"
    assert not desk.left_over()
    monkeypatch.setattr(slots, "_reading", None)
    assert desk.send(company, path).status_code == 201


def test_a_report_is_alone_in_its_folder_and_only_its_owner_reads_it(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[list[str], int]] = []

    def look(data: bytes) -> Answer:
        (path,) = desk.temporary.glob("*/*/*")
        assert path.read_bytes() == data
        seen.append(([each.name for each in path.parent.iterdir()], path.parent.stat().st_mode))
        return Answer.failed("not_a_report", "It is no report")

    monkeypatch.setattr(desk, "answer_to", look)
    desk.send(company_of(desk), b"data", "../../evil.pdf")
    assert seen == [(["file"], 0o40700)]


def test_a_company_that_is_deleted_meanwhile_is_404_and_its_file_is_not_kept(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, path = company_of(desk), desk.file("2023.pdf")
    answer_to = desk.answer_to

    def delete(data: bytes) -> Answer:
        with desk.sessions.begin() as session:
            session.execute(text("DELETE FROM companies WHERE id = :id"), {"id": company})
        return answer_to(data)

    monkeypatch.setattr(desk, "answer_to", delete)
    answer = desk.send(company, path)
    assert (answer.status_code, problem_of(answer)["code"]) == (404, "no_such_company")
    assert not list((desk.folder / "storage").glob("??/*"))
    assert not desk.left_over()


def test_a_storage_that_cannot_be_used_is_a_problem_without_its_address(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.file("2023.pdf")
    for url in (f"{desk.folder}/2023.pdf/below", "nonsense://u:s3cr3t@host/path"):
        monkeypatch.setenv("STORAGE_URL", url)
        answer = desk.send(company_of(desk), path)
        assert (answer.status_code, problem_of(answer)["code"]) == (503, "storage_unavailable")
        assert "s3cr3t" not in answer.text
        assert str(desk.folder) not in answer.text
    assert desk.one("SELECT count(*) FROM documents") == 0
    assert not desk.left_over()


def test_a_limit_that_is_no_number_is_not_configured(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FDE_TIMEOUT", "soon")
    answer = desk.send(company_of(desk), b"x")
    assert (answer.status_code, problem_of(answer)["code"]) == (503, "not_configured")


def test_the_limits_of_the_command_line_are_those_of_uploads(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FDE_TIMEOUT", "7")
    monkeypatch.setenv("FDE_MEMORY", "300")
    limits = []

    def read(requests: list[Request], given: Any, *_: object) -> Iterator[Answer]:
        limits.append(given)
        yield from (Answer.failed("not_a_report", "no") for _ in requests)

    monkeypatch.setattr("app.services.adding.read_files", read)
    desk.send(company_of(desk), b"x")
    assert [(each.seconds, each.memory) for each in limits] == [(7, 300)]
