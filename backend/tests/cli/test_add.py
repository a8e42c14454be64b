"""`fde add` and `fde remove`: a line for each file, what to do next, exit codes, JSON."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli import adding, removing
from app.cli.exit_codes import Exit
from app.cli.main import run
from app.services.answer import Answer
from tests.helpers.accounts import flow, income, sheet
from tests.helpers.shelf import Shelf

Fde = Callable[..., tuple[int, str, str]]


@pytest.fixture
def fde(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fde:
    """Return the command line, on the database and storage of the shelf."""
    monkeypatch.chdir(shelf.folder)
    monkeypatch.setattr("app.cli.database.base.SessionLocal", shelf.sessions, raising=False)
    for module in (adding, removing):
        monkeypatch.setattr(module, "open_storage", lambda: shelf.storage)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        return code, *capsys.readouterr()

    return call


def test_each_file_has_a_line_and_the_next_command_is_said(shelf: Shelf, fde: Fde) -> None:
    first, second = shelf.file("a.pdf", form="10-K"), shelf.file("b.pdf", age=1)
    code, output, errors = fde("add", "--create", "ACM", first, second)
    assert (code, errors) == (Exit.OK, "")
    assert output.splitlines() == [
        f"{first}: added: FY2023 10-K, 3 statements verified",
        f"{second}: added: FY2022, 3 statements verified",
        "Acme plc (new): 2 added, compiled FY2021 to FY2023",
        "next: fde statements ACM",
    ]
    code, output, _ = fde("add", "acm", first)
    assert (code, output.splitlines()[0]) == (
        Exit.OK,
        f"{first}: already there: FY2023 10-K, 3 statements verified",
    )


def test_what_is_not_kept_is_an_error_and_the_rest_is_kept(shelf: Shelf, fde: Fde) -> None:
    shelf.company()
    other, bad = shelf.file("o.pdf", company="Zenith AG"), shelf.file("bad\x1b[31m.pdf")
    shelf.answer(bad, Answer.failed("encrypted", "the PDF is encrypted: save it without"))
    good = shelf.file("good.pdf")
    code, output, errors = fde("add", "Acme plc", other, bad, good)
    assert code == Exit.UNREADABLE
    assert errors.splitlines() == [
        (
            f"fde: {other}: refused: it is of Zenith AG, not of Acme plc; --same-company adds it "
            "nevertheless"
        ),
        f"fde: {shelf.folder}/bad\ufffd[31m.pdf: not read: The PDF is encrypted: save it without",
    ]
    assert output.splitlines()[:2] == [
        f"{good}: added: FY2023, 3 statements verified",
        "Acme plc: 1 refused, 1 not read, 1 added, compiled FY2022 to FY2023",
    ]
    assert output.splitlines()[2] == "next: fde statements 'Acme plc'"


def test_each_command_says_why_nothing_of_what_was_read_is_compiled(shelf: Shelf, fde: Fde) -> None:
    shelf.company()
    undated = income()
    for each in undated.periods:
        each.start = each.end = None
    path = shelf.file("a.pdf", statements=[undated, sheet(), flow()])
    why = "the end of no period of a.pdf is known: it is left out"
    code, output, errors = fde("add", "Acme plc", path)
    assert (code, errors) == (Exit.DOUBTFUL, f"fde: the income statement is not compiled: {why}\n")
    assert "compiled FY2022 to FY2023" in output
    code, output, _ = fde("add", "Acme plc", path, "--json")
    assert json.loads(output)["left_out"] == [{"statement": "income_statement", "reason": why}]
    message = f"fde: the income statement of Acme plc cannot be compiled: {why}\n"
    assert fde("statements", "Acme plc", "income") == (Exit.USAGE, "", message)
    code, output, _ = fde("check", "Acme plc")
    assert code == Exit.DOUBTFUL
    assert "income statement: nothing of what was read can be compiled\n" in output
    assert f"{why} [period_end_unknown]" in output
    code, output, _ = fde("compile", "Acme plc")
    assert f"Acme plc: income statement is not compiled: {why}\n" in output


def test_a_doubtful_or_missing_statement_is_exit_code_1(shelf: Shelf, fde: Fde) -> None:
    shelf.company()
    doubtful = shelf.file("a.pdf", status="doubtful")
    code, output, errors = fde("add", "Acme plc", doubtful)
    assert (code, errors, output.splitlines()[0]) == (
        Exit.DOUBTFUL,
        "",
        f"{doubtful}: added: FY2023, 3 statements doubtful",
    )
    code, output, _ = fde("add", "Acme plc", doubtful, "--accept-doubtful")
    assert (code, "3 statements doubtful, accepted" in output) == (Exit.OK, True)
    code, output, _ = fde("add", "Acme plc", shelf.file("b.pdf", statements=[income()]))
    assert (code, "1 statement verified, 2 not found" in output) == (Exit.DOUBTFUL, True)


def test_a_file_in_the_place_of_the_company_is_named_so(shelf: Shelf, fde: Fde) -> None:
    first, second = shelf.file("a.pdf"), shelf.file("b.pdf", age=1)
    code, output, errors = fde("add", first, second)
    assert (code, output) == (Exit.USAGE, "")
    assert (
        errors == f"fde: {first!r} is a file: name the company before it: fde add COMPANY FILE...\n"
    )


def test_json_is_one_object(shelf: Shelf, fde: Fde) -> None:
    path = shelf.file("a\udcff\u202e.pdf", identifiers={"ticker": "ACM"}, kind="ixbrl")
    code, output, _ = fde("add", "--create", "--json", "ACM", path, "missing.pdf")
    written = json.loads(output)
    assert (code, "\u202e" in output) == (Exit.UNREADABLE, False)
    assert written["company"]["ticker"] == "ACM"
    assert written["company"]["is_new"]
    assert [each["outcome"] for each in written["files"]] == ["added", "unreadable"]
    assert written["files"][1]["code"] == "not_found"
    assert [each["periods"] for each in written["compiled"]] == [["2023", "2022"]] * 3


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("add", "Umbrella", "a.pdf"), Exit.USAGE, "there is no company 'Umbrella'"),
        (("add", "ACM"), Exit.USAGE, "Missing argument 'FILE...'"),
        (("add",), Exit.USAGE, "Missing argument 'COMPANY'"),
        (("remove", "zz"), Exit.USAGE, "'zz' is no document"),
    ],
)
def test_a_wrong_command_is_one_line(
    fde: Fde, arguments: tuple[str, ...], code: Exit, words: str
) -> None:
    done = fde(*arguments)
    assert done[:2] == (code, "")
    assert words in done[2]
    assert len(done[2].splitlines()) == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "removed"), [("y\n", True), ("n\n", False), ("", False)])
def test_removing_says_what_goes_and_asks_on_a_terminal(
    shelf: Shelf, fde: Fde, monkeypatch: pytest.MonkeyPatch, answer: str, *, removed: bool
) -> None:
    shelf.company()
    (kept,) = shelf.add("Acme plc", shelf.file("a.pdf"))
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    code, output, errors = fde("remove", str(kept.document))
    assert errors.splitlines()[:3] == [
        f"document {kept.document} of Acme plc: FY2023, a.pdf",
        "with it go 3 statements that were read in it",
        "            the fiscal years 2023, 2022, which no other document states",
    ]
    assert "Remove it? [y/N] " in errors
    assert shelf.one("SELECT count(*) FROM documents") == (0 if removed else 1)
    assert code == (Exit.OK if removed else Exit.USAGE)
    assert output == (f"removed document {kept.document}, and its file\n" if removed else "")


def test_removing_without_a_terminal_needs_yes(
    shelf: Shelf, fde: Fde, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = shelf.company()
    (kept,) = shelf.add("Acme plc", shelf.file("a.pdf"))
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    code, _, errors = fde("remove", str(kept.document))
    assert (code, errors.splitlines()[-1]) == (
        Exit.USAGE,
        "fde: nothing was removed: answer y, or give --yes",
    )
    code, output, errors = fde("remove", str(kept.document), "--yes", "--json")
    assert (code, errors) == (Exit.OK, "")
    written = json.loads(output)
    assert (written["document"], written["file_deleted"]) == (kept.document, True)
    assert written["years"] == [2023, 2022]
    assert written["company"] == {"id": company, "name": "Acme plc"}
    assert not [each for each in Path(shelf.folder / "storage").rglob("*") if each.is_file()]
