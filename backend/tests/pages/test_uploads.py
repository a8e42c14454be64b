"""Uploads by the page of a company's documents, with and without a script, in process."""

import json
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from anyio import CapacityLimiter
from fastapi.testclient import TestClient

from app.main import create_app
from app.pages.documents import listing as documents
from app.services.answer import Answer
from app.web import body_limits, upload_slots
from tests.helpers.http import LOCAL
from tests.helpers.pages import AS_BROWSER, main_of, page_of, text_of
from tests.helpers.upload_desk import UploadDesk, form, problem_of

SCRIPT = "application/json"
FILE = 'name="file"; filename="{}"'
GARBAGE = b"\0\1garbage"
HOSTILE = "..\\..\\<img src=x onerror=alert(1)>\u202efdp.exe"


def company_of(desk: UploadDesk) -> int:
    number: int = desk.one("SELECT id FROM companies WHERE name = 'Acme plc'")
    return number


def results(answer: httpx.Response) -> list[str]:
    """Return the line of each file of an upload."""
    return [text_of(each) for each in page_of(answer).xpath("//ul[@data-files]/li")]


def send_form(desk: UploadDesk, body: bytes, accept: str = AS_BROWSER["Accept"]) -> httpx.Response:
    headers = {
        "Accept": accept,
        "Origin": LOCAL,
        "Content-Type": "multipart/form-data; boundary=b",
    }
    return desk.client.post(
        f"/companies/{company_of(desk)}/documents", content=body, headers=headers
    )


def test_several_files_of_one_form_have_a_result_each(desk: UploadDesk) -> None:
    company, new, old = company_of(desk), desk.file("2023.pdf"), desk.file("2022.pdf", age=1)
    desk.send(company, old)
    answer = desk.send_to_page(company, ("new.pdf", new), ("bad.pdf", GARBAGE), ("old.pdf", old))
    assert answer.status_code == 200
    assert results(answer) == [
        "new.pdf Added FY2023, 3 statements verified. See it",
        "bad.pdf Not added It is no report.",
        "old.pdf Unchanged The same file is there already: FY2022, 3 statements verified. See it",
    ]
    assert "2 documents" in main_of(page_of(answer))
    assert desk.one("SELECT count(*) FROM compiled_statements WHERE digest IS NOT NULL") == 3
    assert not desk.left_over()


def test_files_are_received_and_read_one_after_the_other(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = company_of(desk)
    places: list[int] = []
    answer_to = desk.answer_to

    def look(data: bytes) -> Answer:
        places.append(len(list(desk.temporary.glob("*/*/*"))))
        return answer_to(data)

    monkeypatch.setattr(desk, "answer_to", look)
    files = [(f"{number}.pdf", GARBAGE * number) for number in range(1, 5)]
    answer = desk.send_to_page(company, *files)
    assert len(results(answer)) == 4
    assert places == [1, 1, 1, 1]


def test_a_file_of_another_company_is_refused_with_the_next_step_and_added_when_it_is_taken(
    desk: UploadDesk,
) -> None:
    company, other = company_of(desk), desk.file("other.pdf", company="Borax SA")
    (refused,) = results(desk.send_to_page(company, ("other.pdf", other)))
    assert "Not added" in refused
    assert "if it is the same company, tick" in refused
    assert "--" not in refused
    (added,) = results(desk.send_to_page(company, ("other.pdf", other), same_company="true"))
    assert added.startswith("other.pdf Added")


def test_doubtful_statements_are_accepted_only_if_the_form_says_so(desk: UploadDesk) -> None:
    company, path = company_of(desk), desk.file("2023.pdf", status="doubtful")
    (kept,) = results(desk.send_to_page(company, ("a.pdf", path)))
    assert "3 statements doubtful." in kept
    assert "The income statement is not compiled" in kept
    (accepted,) = results(desk.send_to_page(company, ("a.pdf", path), accept_doubtful="true"))
    assert "doubtful, accepted" in accepted
    assert "not compiled" not in accepted


def test_a_file_that_is_too_large_does_not_stop_the_others(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_UPLOAD_MEGABYTES", "1")
    company, path = company_of(desk), desk.file("2023.pdf")
    large = bytes(1024**2 + 1)
    answer = desk.send_to_page(company, ("large.pdf", large), ("a.pdf", path), ("l.pdf", large))
    assert [each.split(" ", 2)[1] for each in results(answer)] == ["Not", "Added", "Not"]
    assert "The file has more than 1 MB." in results(answer)[0]
    assert len(desk.read) == 1
    assert not desk.left_over()


def test_a_form_that_is_too_large_in_all_is_refused_before_it_is_read(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_UPLOAD_MEGABYTES", "1")
    monkeypatch.setattr(body_limits, "LINGER_SECONDS", 0.01)
    files = [(f"{number}.pdf", bytes(1024**2)) for number in range(5)]
    answer = desk.send_to_page(company_of(desk), *files)
    assert answer.status_code == 413
    assert "the body has more than 4 mb" in main_of(page_of(answer)).lower()
    assert not desk.read
    assert not desk.left_over()


def test_without_a_file_the_page_says_to_choose_one(desk: UploadDesk) -> None:
    unchosen = form((FILE.format(""), b""))
    for body in (unchosen, form(('name="same_company"', b"true")), b"--b--\r\n"):
        answer = send_form(desk, body)
        assert answer.status_code == 422
        assert "no file was chosen" in main_of(page_of(answer)).lower()


def test_an_option_behind_a_file_is_refused_rather_than_ignored(desk: UploadDesk) -> None:
    body = form((FILE.format("a.pdf"), GARBAGE), ('name="same_company"', b"true"))
    answer = send_form(desk, body)
    assert answer.status_code == 422
    assert "it has to come before the files" in main_of(page_of(answer)).lower()


FORMS: dict[str, bytes] = {
    "no form": b"",
    "noise": bytes(range(256)) * 10,
    "another boundary": form((FILE.format("a"), b"x"), boundary="c"),
    "another field": form(('name="ticker"', b"A")),
    "a field twice": form(('name="same_company"', b"true"), ('name="same_company"', b"true")),
    "no boolean": form(('name="same_company"', b"yes"), (FILE.format("a"), b"x")),
    "no name": form(('filename="a"', b"x")),
    "many headers": b"--b\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(50)) + b"\r\nx",
    "base64": form((f"{FILE.format('a')}\r\nContent-Transfer-Encoding: base64", b"eA==")),
}


def test_each_malformed_form_is_a_page_that_says_so_and_leaves_nothing(desk: UploadDesk) -> None:
    for name, body in FORMS.items():
        answer = send_form(desk, body)
        assert answer.status_code in {400, 422}, name
        assert page_of(answer).xpath("//h1"), name
        assert not desk.left_over(), name
    assert not desk.read


def test_a_form_that_ends_too_early_still_tells_what_became_of_its_first_files(
    desk: UploadDesk,
) -> None:
    data = Path(desk.file("2023.pdf")).read_bytes()
    body = form((FILE.format("a.pdf"), data), (FILE.format("b.pdf"), b"x" * 100))
    answer = send_form(desk, body[:-60])
    assert answer.status_code == 200
    assert [each.partition(" FY")[0] for each in results(answer)] == ["a.pdf Added"]
    (problem,) = page_of(answer).xpath("//p[@class='problem']")
    assert text_of(problem).startswith("The rest was not received: the form cannot be read")
    assert not desk.left_over()


def test_more_files_than_may_be_are_not_passed_over_in_silence(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_FILES", 2)
    files = [(f"{number}.pdf", GARBAGE) for number in range(3)]
    answer = desk.send_to_page(company_of(desk), *files)
    assert len(results(answer)) == 2
    assert "More than 2 files were chosen: send the others again." in main_of(page_of(answer))


def test_the_same_file_twice_in_a_form_is_added_once(desk: UploadDesk) -> None:
    path = desk.file("2023.pdf")
    answer = desk.send_to_page(company_of(desk), ("a.pdf", path), ("b.pdf", path))
    assert [each.split()[1] for each in results(answer)] == ["Added", "Unchanged"]
    assert len(desk.read) == 1


def test_a_hostile_name_is_shown_without_what_is_not_safe(desk: UploadDesk) -> None:
    company = company_of(desk)
    answer = desk.send_to_page(company, (HOSTILE, desk.file("2023.pdf")), (HOSTILE, GARBAGE))
    page = page_of(answer)
    names = [text_of(each) for each in page.xpath("//ul[@data-files]/li/bdi")]
    assert names == ["_img src=x onerror=alert(1)_fdp.exe"] * 2
    assert not page.xpath("//main//img")
    sent = desk.send_to_page(company, (HOSTILE, GARBAGE), accept=SCRIPT).json()
    assert sent["file"] == names[0]


def test_a_script_sends_one_file_and_gets_what_became_of_it(desk: UploadDesk) -> None:
    company, path = company_of(desk), desk.file("2023.pdf")
    first = desk.send_to_page(company, ("a.pdf", path), accept=SCRIPT)
    again = desk.send_to_page(company, ("b.pdf", path), accept=SCRIPT)
    bad = desk.send_to_page(company, ("bad.pdf", GARBAGE), accept=SCRIPT)
    assert [each.status_code for each in (first, again, bad)] == [201, 200, 422]
    number = desk.one("SELECT id FROM documents")
    assert first.json() == {
        "file": "a.pdf",
        "outcome": "added",
        "word": "Added",
        "detail": "FY2023, 3 statements verified.",
        "status": 201,
        "document": number,
        "notes": [],
        "badge": "verified",
        "address": f"/documents/{number}",
    }
    assert (again.json()["outcome"], again.json()["document"]) == ("already_there", number)
    assert (bad.json()["outcome"], bad.json()["detail"]) == ("refused", "It is no report.")
    assert first.headers["cache-control"] == "no-store"
    assert not desk.left_over()


def test_a_script_that_sends_two_files_or_none_is_refused(desk: UploadDesk) -> None:
    two = form((FILE.format("a"), b"x"), (FILE.format("b"), b"y"))
    for body in (two, form(('name="same_company"', b"true")), b"--b--\r\n"):
        answer = send_form(desk, body, accept=SCRIPT)
        assert (answer.status_code, problem_of(answer)["code"]) == (422, "invalid_request")
    assert not desk.left_over()


def test_characters_that_turn_the_direction_reach_no_script(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: bytes) -> Answer:
        return Answer.failed("not_a_report", "It is \u202eno report\nbut <script>")

    monkeypatch.setattr(desk, "answer_to", fail)
    answer = desk.send_to_page(company_of(desk), ("a.pdf", GARBAGE), accept=SCRIPT)
    assert json.loads(answer.text)["detail"] == "It is no report but <script>."


def test_a_page_of_another_site_adds_nothing(desk: UploadDesk) -> None:
    address = f"/companies/{company_of(desk)}/documents"
    files: Any = {"file": ("a.pdf", Path(desk.file("2023.pdf")).read_bytes())}
    headers = {"Origin": "https://evil.example", **AS_BROWSER}
    assert desk.client.post(address, files=files, headers=headers).status_code == 403
    assert not desk.read


def test_a_company_that_does_not_exist_is_a_page_before_the_files_are_read(
    desk: UploadDesk,
) -> None:
    answer = desk.send_to_page(4711, ("a.pdf", GARBAGE))
    assert answer.status_code == 404
    assert "no company" in main_of(page_of(answer)).lower()
    assert not desk.read


def test_a_crowd_is_told_to_come_again(desk: UploadDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    company, path = company_of(desk), desk.file("2023.pdf")
    slots = desk.client.app.state.upload_slots  # type: ignore[attr-defined]
    monkeypatch.setattr(upload_slots, "READ_WAIT", 0.02)
    monkeypatch.setattr(slots, "_reading", CapacityLimiter(0))
    (busy,) = results(desk.send_to_page(company, ("a.pdf", path)))
    assert "Not added Too many files are being received or read: send it again." in busy
    monkeypatch.setattr(slots, "_admitted", CapacityLimiter(0))
    for accept in (AS_BROWSER["Accept"], SCRIPT):
        answer = desk.send_to_page(company, ("a.pdf", path), accept=accept)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert not desk.left_over()


def test_a_storage_that_cannot_be_used_is_told_without_its_address(
    desk: UploadDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_URL", f"{desk.folder}/2023.pdf/below")
    path = desk.file("2023.pdf")
    answer = desk.send_to_page(company_of(desk), ("a.pdf", path))
    assert "The storage of files cannot be used at the moment" in results(answer)[0]
    assert str(desk.folder) not in answer.text
    assert desk.one("SELECT count(*) FROM documents") == 0


def test_behind_a_proxy_all_addresses_have_its_path(desk: UploadDesk) -> None:
    company, path = company_of(desk), desk.file("2023.pdf")
    address = f"/fde/companies/{company}/documents"
    with TestClient(create_app(), LOCAL, root_path="/fde", client=("127.0.0.1", 50000)) as client:
        sent = {"file": ("a.pdf", Path(path).read_bytes())}
        headers = {"Accept": SCRIPT, "Origin": LOCAL}
        added = client.post(address, files=sent, headers=headers).json()
        page = page_of(client.get(address, headers=AS_BROWSER))
        assert added["address"] == f"/fde/documents/{added['document']}"
        assert page.xpath("//main//form/@action") == [f"{address}#add"]
        for each in page.xpath("//a/@href | //script/@src | //link/@href"):
            assert each.startswith(("/fde/", "#")), each
        seen = page_of(client.get(f"{added['address']}/remove", headers=AS_BROWSER))
        (mark,) = seen.xpath("//input[@name='seen']/@value")
        gone = client.post(
            f"{added['address']}/remove",
            data={"seen": mark},
            headers={**AS_BROWSER, "Origin": LOCAL},
            follow_redirects=False,
        )
    assert gone.headers["location"] == f"{address}?removed={added['document']}"
