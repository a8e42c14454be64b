"""Stored files are read again by the present readers, and nothing that was known is lost."""

from collections.abc import Callable, Generator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from app.db.models import Correction, Document, Extraction
from app.pipeline.statement import Filing, Statement
from app.pipeline.verify import verify
from app.services import rereading
from app.services.answer import Answer
from app.services.errors import NotFoundError
from app.services.limits import Limits
from app.services.reading import Request
from app.services.rereading import Options, Reread, reread
from app.services.statements import load_compiled
from app.storage import Storage
from tests.helpers.kept import keep_filings, two_reports

PRESENT = "pdf-geometry/2"


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "storage"))


class World:
    """A company whose two filings an older reader has read, and what the present one finds."""

    def __init__(self, engine: Engine, storage: Storage) -> None:
        self.company_id = keep_filings(engine, two_reports())
        self.sessions = sessionmaker(engine)
        self.storage = storage
        self.finds = two_reports()
        self.failures: dict[int, Answer] = {}
        self.digest: str | None = None
        self.read: list[str] = []
        with self.sessions() as session:
            for stored in session.scalars(select(Document.file_path)):
                path = Path(storage.name) / str(stored)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"%PDF")

    def read_files(
        self, requests: Sequence[Request], limits: Limits, jobs: int, note: Callable[[int], None]
    ) -> Generator[Answer]:
        assert (limits, jobs) == (Limits(), 1)
        for number, request in enumerate(requests):
            note(number)
            sha256 = request.path.name
            which = 0 if sha256.endswith(f"{2022:08x}") else 1
            self.read.append(sha256)
            statements = verify(self.finds[which])
            for each in statements:
                each.source.sha256, each.source.reader = self.digest or sha256, PRESENT
            filing = Filing(kind="pdf", statements=statements)
            yield self.failures.get(which) or Answer(kind="pdf", filing=filing, seconds=0.5)

    def reread(self, reference: str | None = "COSTA", *, force: bool = False) -> Reread:
        options = Options(force=force)
        return next(reread(self.sessions, self.storage, reference, options))

    def extractions(self) -> list[tuple[Any, ...]]:
        query = text("SELECT id, reader, raw_data::text, doubtful_accepted FROM extractions")
        with self.sessions() as session:
            return sorted(tuple(each) for each in session.execute(query))

    def compiled(self, label: str, key: str) -> Decimal | None:
        with self.sessions() as session:
            rows = load_compiled(session, self.company_id, "income_statement").rows
        return next(row.cells[key].v for row in rows if row.label == label)


@pytest.fixture
def world(migrated: Engine, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(migrated, storage)
    monkeypatch.setattr(rereading, "read_files", world.read_files)
    return world


def figure(statements: list[Statement], label: str) -> Any:
    return next(row for row in statements[0].rows if row.label == label).cells["p0"]


def test_an_older_reading_stays_beside_the_new_one(world: World) -> None:
    before = world.extractions()
    done = world.reread()
    assert (len(done.read), done.current, done.lost) == (2, 0, [])
    for each in done.read:
        assert (each.before, each.after) == ("test/1", PRESENT)
        assert each.changes
        assert (each.changes.figures, each.changes.lost) == ([], [])
        assert each.changes.same > 50
    after = world.extractions()
    assert after[: len(before)] == before
    assert [each[1] for each in after[len(before) :]] == [PRESENT] * 6


def test_what_the_present_reader_has_read_is_read_again_only_if_forced(world: World) -> None:
    world.reread()
    kept = world.extractions()
    done = world.reread()
    assert (done.read, done.current, len(world.read)) == ([], 2, 2)
    forced = world.reread(force=True).read
    assert [each.changes.figures for each in forced if each.changes] == [[], []]
    assert len(world.read) == 4
    assert world.extractions() == kept


def test_changed_figures_are_told_and_compiled(world: World) -> None:
    figure(world.finds[1], "Revenue").v = Decimal(48_212)
    changes = world.reread().read[1].changes
    assert changes
    told = [(each.kind, each.label, each.before, each.after) for each in changes.figures]
    assert told == [("changed", "Revenue", Decimal(48_211), Decimal(48_212))]
    assert world.compiled("Revenue", "2023") == Decimal(48_212)


def test_a_forced_reading_replaces_another_one_of_the_same_reader(world: World) -> None:
    world.reread()
    figure(world.finds[1], "Revenue").v = Decimal(48_212)
    count = len(world.extractions())
    world.reread(force=True)
    assert len(world.extractions()) == count
    assert world.compiled("Revenue", "2023") == Decimal(48_212)


def test_less_than_before_is_said(world: World) -> None:
    del world.finds[1][0].rows[3].cells["p0"]
    world.finds[0] = world.finds[0][:2]
    first, second = world.reread().read
    assert first.changes
    assert first.changes.lost == [("cash_flow_statement", None)]
    assert first.changes.is_less
    assert second.changes
    assert (second.changes.count("gone"), second.changes.is_less) == (1, True)
    assert [each.label for each in second.changes.figures] == ["Selling expenses"]


def test_a_file_that_cannot_be_read_any_more_keeps_its_reading(world: World) -> None:
    world.failures[0] = Answer.failed("encrypted", "The file is encrypted")
    before = world.extractions()
    first, second = world.reread().read
    assert (first.code, first.changes) == ("encrypted", None)
    assert second.changes
    assert len(world.extractions()) == len(before) + 3
    assert [each.file for each in world.reread().read] == [first.file]


def test_a_file_that_is_not_stored_keeps_its_reading(world: World) -> None:
    with world.sessions.begin() as session:
        stored = session.scalars(select(Document.file_path).order_by(Document.id)).first()
    world.storage.delete(str(stored))
    first, second = world.reread().read
    assert (first.code, first.changes, second.code) == ("not_stored", None, None)
    assert first.message is not None
    assert first.message.startswith("Its file is gone from the storage")


def test_a_stored_file_with_another_content_keeps_its_reading(world: World) -> None:
    world.digest = "0" * 64
    before = world.extractions()
    assert [each.code for each in world.reread().read] == ["damaged", "damaged"]
    assert world.extractions() == before


def test_a_statement_that_was_accepted_though_doubtful_stays_accepted(world: World) -> None:
    with world.sessions.begin() as session:
        session.execute(update(Extraction).values(doubtful_accepted=True, status="doubtful"))
    world.reread()
    assert all(each[3] for each in world.extractions())


def correction(world: World, **changes: Any) -> Correction:
    values: dict[str, Any] = {
        "company_id": world.company_id,
        "document_sha256": f"{world.company_id:032x}{2023:032x}",
        "statement_type": "income_statement",
        "period_end": date(2023, 12, 31),
        "label": "Revenue",
        "value": Decimal(1),
        "scale": 6,
        "reason": "b",
        "created_by": "me",
    }
    return Correction(**{**values, **changes})


def test_a_correction_survives_another_reading(world: World) -> None:
    with world.sessions.begin() as session:
        session.add(correction(world))
    figure(world.finds[1], "Revenue").v = Decimal(48_212)
    assert world.reread().lost == []
    assert world.compiled("Revenue", "2023") == Decimal(1)


def test_a_correction_that_does_not_find_its_cell_any_more_is_said(world: World) -> None:
    with world.sessions.begin() as session:
        session.add(correction(world))
    world.finds[1][0].rows[0].label = "Turnover"
    (lost,) = world.reread().lost
    assert (lost.label, lost.state) == ("Revenue", "lost")
    assert world.compiled("Turnover", "2023") == Decimal(48_211)


def test_a_failure_in_the_middle_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = world.extractions()

    def fail(*_: object) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(rereading, "compile_company", fail)
    with pytest.raises(RuntimeError):
        world.reread()
    assert world.extractions() == before


def test_all_companies_are_read_by_default_and_an_unknown_one_is_refused(world: World) -> None:
    assert world.reread(None).name == "Costa Verde plc"
    with pytest.raises(NotFoundError):
        world.reread("NONE")


def test_a_document_that_is_removed_meanwhile_is_said(
    world: World, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = world.read_files

    def read_and_remove(*arguments: Any) -> Generator[Answer]:
        with Session(migrated) as session, session.begin():
            session.execute(text("DELETE FROM documents WHERE fiscal_year = 2022"))
        yield from original(*arguments)

    monkeypatch.setattr(rereading, "read_files", read_and_remove)
    first, second = world.reread().read
    assert (first.code, second.code) == ("removed", None)
