"""`fde reread`: what it prints, and its exit codes."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from app.cli import rereading
from app.cli.exit_codes import Exit
from app.cli.main import run as fde
from app.db import base
from app.services.corrections import Listed
from app.services.reading_changes import FigureChange, ReadingChanges
from app.services.rereading import Options, Read, Reread
from tests.filings.pdf import make_report
from tests.filings.samples import SAMPLES
from tests.helpers.shell import Done, as_text

Fde = Callable[..., Done]


def change(kind: Any, before: str | None, after: str | None) -> FigureChange:
    return FigureChange(
        kind=kind,
        statement="income_statement",
        accession=None,
        period="2023",
        period_end=date(2023, 12, 31),
        section=["Costs"],
        label="St\x1baff",
        before=None if before is None else Decimal(before),
        before_scale=6,
        after=None if after is None else Decimal(after),
        after_scale=6,
    )


def lost() -> Listed:
    return Listed(
        id=7,
        state="lost",
        statement="income_statement",
        period_end=date(2023, 12, 31),
        section=[],
        label="Revenue",
        occurrence=1,
        concept=None,
        document=1,
        file="a.pdf",
        sha256="0" * 64,
        was=None,
        value=Decimal(1),
        scale=6,
        because="b",
        by="me",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        withdrawn_at=None,
    )


CHANGED = ReadingChanges(90, [change("new", None, "5"), change("changed", "1", "-2")], [])
LESS = ReadingChanges(90, [change("gone", "3", None)], [("balance_sheet", None)])


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[Reread]:
    """Return what the next command gets; no file is read."""
    answers: list[Reread] = []

    def reread(*arguments: Any) -> Iterator[Reread]:
        assert isinstance(arguments[3], Options)
        yield from answers

    monkeypatch.setattr(rereading, "reread", reread)
    monkeypatch.setattr(rereading, "with_sessions", lambda work: work(None))
    monkeypatch.setattr(rereading, "open_storage", lambda: None)
    return answers


def read(changes: ReadingChanges | None = None, **failure: Any) -> Read:
    return Read(3, "a\x1b[31m.pdf", "pdf-geometry/1", "pdf-geometry/2", changes=changes, **failure)


@pytest.mark.parametrize(
    ("company", "code", "lines"),
    [
        (Reread("A"), Exit.OK, ["A: nothing to read again"]),
        (Reread("A", current=2), Exit.OK, ["A: 2 documents read by the present readers already"]),
        (
            Reread("A", [read(CHANGED)]),
            Exit.OK,
            ["90 figures as before, 1 new, 1 changed, 0 gone", "1 million → (2) million", "new: "],
        ),
        (
            Reread("A", [read(CHANGED, elsewhere=(("balance_sheet", "a\x1bda"),))]),
            Exit.OK,
            ["the balance sheet that ", "da has read elsewhere stays in use"],
        ),
        (
            Reread("A", [read(LESS)]),
            Exit.DOUBTFUL,
            ["the balance sheet is not found any more", "gone: income statement · Costs > St"],
        ),
        (
            Reread("A", [read(CHANGED)], lost=[lost()]),
            Exit.DOUBTFUL,
            ["correction 7 finds its"],
        ),
    ],
)
def test_what_changed_is_told_and_less_is_an_exit_code(
    answered: list[Reread],
    capsys: pytest.CaptureFixture[str],
    company: Reread,
    code: Exit,
    lines: list[str],
) -> None:
    answered.append(company)
    assert fde(["reread"]) == code
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out
    for each in lines:
        assert each in printed.out
    assert fde(["reread", "--json"]) == code
    written = json.loads(capsys.readouterr().out)
    assert (written["company"], written["current"]) == (company.name, company.current)
    assert len(written["documents"]) == len(company.read)


def test_a_file_that_cannot_be_read_is_one_line(
    answered: list[Reread], capsys: pytest.CaptureFixture[str]
) -> None:
    answered.append(Reread("A", [read(code="encrypted", message="the file is encrypted")]))
    assert fde(["reread"]) == Exit.UNREADABLE
    printed = capsys.readouterr()
    assert printed.err.endswith(".pdf: not read again: The file is encrypted\n")
    assert "\x1b" not in printed.err


def test_many_changes_are_cut_to_the_gravest(
    answered: list[Reread], capsys: pytest.CaptureFixture[str]
) -> None:
    figures = [change("new", None, "5")] * 50 + [change("gone", "5", None)]
    answered.append(Reread("A", [read(ReadingChanges(1, figures, []))]))
    fde(["reread"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("  gone: ")
    assert lines[-1] == "  and 31 more (--json lists them)"


@pytest.mark.slow
def test_a_real_file_is_added_and_read_again(
    migrated: Engine,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("engine", "SessionLocal"):
        monkeypatch.delitem(vars(base), name, raising=False)
    monkeypatch.setenv("DATABASE_URL", as_text(migrated.url))
    monkeypatch.setenv("STORAGE_URL", str(tmp_path / "storage"))
    path = tmp_path / "report.pdf"
    path.write_bytes(make_report(1, SAMPLES["british"]).data)
    try:
        assert fde(["add", "--create", "MADE", str(path)]) in {Exit.OK, Exit.DOUBTFUL}
        with migrated.begin() as connection:
            connection.execute(text("UPDATE extractions SET reader = 'pdf-geometry/0'"))
        capsys.readouterr()
        assert fde(["reread", "MADE"]) == Exit.OK
        assert " 0 new, 0 changed, 0 gone" in capsys.readouterr().out
        assert fde(["reread", "MADE"]) == Exit.OK
        assert "1 document read by the present readers already" in capsys.readouterr().out
    finally:
        if "engine" in vars(base):
            base.engine.dispose()
