"""Readings made elsewhere beside the program's own: which one is in use, and what stays."""

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import sessionmaker

from app.db.models import Document, Extraction
from app.pipeline.statement import Filing, Statement
from app.pipeline.verify import verify
from app.pipeline.verify.elsewhere import prove_elsewhere
from app.services import elsewhere, rereading
from app.services.answer import Answer, Elsewhere
from app.services.checking import check_company
from app.services.companies import find_company
from app.services.corrections import list_corrections
from app.services.documents import list_documents
from app.services.elsewhere import Put
from app.services.errors import NotFoundError, RefusedError, UnavailableError
from app.services.extractions import list_extractions
from app.services.fixing import correct
from app.services.kept_filing import accept
from app.services.limits import Limits
from app.services.reading import Request
from app.services.rereading import Options, reread
from app.services.statements import load_compiled
from app.services.why import Question, why
from app.storage import Storage
from tests.helpers.accounts import group
from tests.helpers.kept import keep_filings, two_reports

Change = Callable[[Statement], None]


class World:
    """A company with two filings, and a person who reads the newer one."""

    def __init__(self, database: Connection, folder: Path) -> None:
        self.company_id = keep_filings(database, two_reports())
        self.sessions = sessionmaker(
            database, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        self.storage = Storage(str(folder))
        self.shows = group()
        self.failure: Answer | None = None
        with self.sessions() as session:
            self.document = session.scalars(
                select(Document).where(
                    Document.company_id == self.company_id, Document.fiscal_year == 2023
                )
            ).one()
            for stored in session.scalars(select(Document.file_path)):
                path = folder / str(stored)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"%PDF")

    def prove(
        self,
        requests: Sequence[Request],
        _limits: Limits,
        _jobs: int,
        *,
        stop: threading.Event | None,
    ) -> Generator[Answer]:
        """Answer as the worker does, for a document that shows the statements of the group."""
        assert stop is None
        for each in requests:
            assert each.elsewhere
            asked = Elsewhere.model_validate_json(each.elsewhere.read_bytes())
            if self.failure and asked.unsearched is None:
                yield self.failure
                continue
            shown = [s for s in verify(self.shows) if s.statement == asked.stated.statement]
            proved = prove_elsewhere(
                asked.stated,
                [] if asked.unsearched else shown,
                asked.others,
                kind="pdf",
                unsearched=asked.unsearched,
            )
            yield Answer(filing=Filing(kind="pdf", statements=[proved]))

    def put(
        self,
        change: Change = lambda _: None,
        *,
        reader: str = "ada",
        accept_doubtful: bool = False,
        model: str | None = None,
    ) -> Put:
        """Put a reading of the income statement."""
        stated = group()[0]
        stated.source.kind, stated.source.reader = "llm" if model else "manual", reader
        stated.source.sha256 = self.document.sha256
        change(stated)
        with self.sessions.begin() as session:
            asked = elsewhere.prepare(session, self.document.id, stated)
        proved = elsewhere.prove(self.storage, asked, Limits())
        with self.sessions.begin() as session:
            return elsewhere.keep(
                session, asked, proved, model=model, accept_doubtful=accept_doubtful
            )

    def figure(self, label: str = "Revenue", year: str = "2023") -> tuple[Decimal | None, bool]:
        """Return a compiled figure, and whether it is proved."""
        with self.sessions() as session:
            rows = load_compiled(session, self.company_id, "income_statement").rows
        cell = next(row.cells[year] for row in rows if row.label == label)
        return cell.v, cell.verified

    def question(self) -> Question:
        return Question(f"id:{self.company_id}", "income_statement", "Revenue", "2023")

    def readers(self) -> list[tuple[str | None, bool]]:
        """Return who has read the income statement, and whose reading is in use."""
        with self.sessions() as session:
            found = list_extractions(session, self.document.id)
        return [
            (each.extraction.reader, each.is_in_use)
            for each in found
            if each.extraction.statement_type == "income_statement"
        ]


@pytest.fixture
def world(
    shared_database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    with shared_database.connect() as connection, connection.begin() as transaction:
        made = World(connection, tmp_path)
        monkeypatch.setattr(elsewhere, "read_files", made.prove)
        yield made
        transaction.rollback()


def set_revenue(value: int) -> Change:
    def change(stated: Statement) -> None:
        stated.rows[0].cells["p0"].v = Decimal(value)

    return change


def double(stated: Statement) -> None:
    for _, _, cell in stated.cells():
        cell.v = cell.v * 2 if cell.v is not None else None


def test_a_reading_is_in_use_instead_of_the_programs(world: World) -> None:
    put = world.put(set_revenue(48000))
    assert (put.is_new, put.is_in_use, put.extraction.status) == (True, True, "partly")
    assert world.figure() == (Decimal(48000), False)
    assert world.readers() == [("test/1", False), ("ada", True)]
    (change,) = put.changes
    assert (change.statement, change.effect) == ("income_statement", "changed")
    revenue = change.figures[0]
    assert (revenue.label, revenue.period) == ("Revenue", "2023")
    assert (revenue.before, revenue.after) == (Decimal(48211), Decimal(48000))


def test_the_same_reading_again_changes_nothing(world: World) -> None:
    first, again = world.put(), world.put()
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.extraction.id, again.changes) == (first.extraction.id, [])
    assert world.readers() == [("test/1", False), ("ada", True)]


def test_another_reading_by_the_same_reader_takes_its_place(world: World) -> None:
    world.put(set_revenue(48000))
    world.put()
    assert world.readers() == [("test/1", False), ("ada", True)]
    assert world.figure() == (Decimal(48211), True)


def test_of_two_readers_the_last_is_in_use_and_may_come_back(world: World) -> None:
    world.put(set_revenue(48000))
    assert world.put(reader="bot", model="gpt").extraction.method == "llm"
    assert world.readers() == [("test/1", False), ("ada", False), ("bot", True)]
    assert world.put(set_revenue(48000)).is_new
    assert world.readers() == [("test/1", False), ("bot", False), ("ada", True)]


def test_a_doubtful_reading_is_not_in_use_until_it_is_accepted(world: World) -> None:
    put = world.put(double)
    assert (put.extraction.status, put.is_in_use, put.changes) == ("doubtful", False, [])
    assert world.figure() == (Decimal(48211), True)
    accepted = world.put(double, accept_doubtful=True)
    assert (accepted.is_new, accepted.is_in_use) == (True, True)
    assert world.figure() == (Decimal(96422), False)


def test_adding_a_file_again_accepts_no_reading_made_elsewhere(world: World) -> None:
    world.put(double)
    with world.sessions.begin() as session:
        assert not accept(session, world.document.id)
    assert world.readers() == [("test/1", True), ("ada", False)]


def test_sums_of_an_older_filing_do_not_prove_an_invented_figure(world: World) -> None:
    """The report for 2022 proves the sums of that year, which the invented figures satisfy."""
    world.put(double, accept_doubtful=True)
    assert world.figure(year="2022") == (Decimal(88174), False)
    with world.sessions() as session:
        compiled = load_compiled(session, world.company_id, "income_statement")
    for row in compiled.rows:
        for key in ("2023", "2022"):
            assert not row.cells[key].verified
            assert row.cells[key].unconfirmed


def test_a_correction_does_not_prove_the_invented_figures_beside_it(world: World) -> None:
    world.put(double, accept_doubtful=True)
    question = replace(world.question(), line="Basic earnings per share")
    with world.sessions.begin() as session:
        correct(session, question, value=Decimal("2.33"), because="typo", by="ann")
        assert [each.state for each in list_corrections(session, world.company_id)] == ["active"]
    assert world.figure() == (Decimal(96422), False)
    assert world.figure("Gross profit") == (Decimal(36078), False)


def test_a_correction_of_an_invented_figure_is_proved_by_the_sums(world: World) -> None:
    world.put(set_revenue(48000))
    with world.sessions.begin() as session:
        fixed, _ = correct(
            session, world.question(), value=Decimal(48211), because="page 31", by="ann"
        )
        origin, _ = why(session, world.question())
    assert (fixed.verified_before, fixed.verified_after) == (False, True)
    assert not origin.place.unconfirmed


def test_a_doubtful_reading_is_nowhere_taken_for_the_one_in_use(world: World) -> None:
    with world.sessions.begin() as session:
        correct(session, world.question(), value=Decimal(48212), because="x", by="ann")
    world.put(double)
    with world.sessions() as session:
        newest = list_documents(session, world.company_id)[0]
        (listed,) = list_corrections(session, world.company_id)
    assert newest.statuses["income_statement"] == {"verified": 1}
    assert (listed.state, listed.was) == ("active", Decimal(48211))


def test_where_a_figure_comes_from_is_told(world: World) -> None:
    world.put(set_revenue(48000))
    with world.sessions() as session:
        origin, _ = why(session, world.question())
    assert (origin.filing.kind, origin.filing.reader) == ("manual", "ada")
    assert (origin.v, origin.verified, origin.place.unconfirmed) == (Decimal(48000), False, True)


def test_reading_the_file_again_leaves_a_reading_made_elsewhere_in_use(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(set_revenue(48000))

    def read_again(requests: Sequence[Request], *_: object) -> Generator[Answer]:
        for each in requests:
            statements = verify(two_reports()[int(each.path.name.endswith(f"{2023:08x}"))])
            for one in statements:
                one.source.sha256, one.source.reader = each.path.name, "pdf-geometry/1"
            yield Answer(kind="pdf", filing=Filing(kind="pdf", statements=statements))

    monkeypatch.setattr(rereading, "read_files", read_again)
    result = next(reread(world.sessions, world.storage, "COSTA", Options()))
    assert [each.elsewhere for each in result.read] == [(), (("income_statement", "ada"),)]
    assert world.figure() == (Decimal(48000), False)
    assert world.readers() == [("test/1", False), ("ada", True), ("pdf-geometry/1", False)]


def test_what_is_listed_and_checked_knows_such_a_reading(world: World) -> None:
    world.put(set_revenue(48000), reader="bot", model="gpt")
    with world.sessions() as session:
        newest = list_documents(session, world.company_id)[0]
        checked = check_company(session, find_company(session, "COSTA"))
    assert newest.kinds == ("llm", "pdf")
    assert newest.statuses["income_statement"] == {"partly": 1}
    assert ("Revenue", "FY2023") in checked.statements[0].unproved
    assert not checked.statements[0].is_stale


def test_a_document_that_cannot_be_searched_needs_acceptance(world: World) -> None:
    world.failure = Answer.failed("time_limit", "It takes too long")
    put = world.put()
    assert (put.extraction.status, put.is_in_use) == ("doubtful", False)
    codes = {each["code"] for each in put.extraction.raw_data["issues"]}
    assert "document_not_searched" in codes
    assert world.put(accept_doubtful=True).is_in_use
    assert world.figure() == (Decimal(48211), False)


def test_a_worker_that_is_killed_is_no_reason_to_keep_less(world: World) -> None:
    world.failure = Answer.failed("killed", "The process was killed")
    with pytest.raises(UnavailableError):
        world.put()
    assert world.readers() == [("test/1", True)]


def test_a_reading_of_another_file_is_refused(world: World) -> None:
    def of_another(stated: Statement) -> None:
        stated.source.sha256 = "0" * 64

    with pytest.raises(RefusedError, match=r"source\.sha256"):
        world.put(of_another)


def test_a_reading_of_a_filing_that_the_document_has_not_is_refused(world: World) -> None:
    def of_another(stated: Statement) -> None:
        stated.source.accession = "0000320193-23-000106"

    with pytest.raises(RefusedError, match=r"source\.accession"):
        world.put(of_another)


def test_a_document_that_is_removed_meanwhile_gets_no_reading(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove(storage: Storage, asked: elsewhere.Asked, limits: Limits) -> Statement:
        del storage, limits
        with world.sessions.begin() as session:
            session.delete(session.get_one(Document, world.document.id))
        return asked.stated

    monkeypatch.setattr(elsewhere, "prove", remove)
    with pytest.raises(NotFoundError):
        world.put()


def test_form_and_day_of_filing_are_those_of_the_document(world: World) -> None:
    def claim(stated: Statement) -> None:
        stated.source.form = "10-K/A"

    put = world.put(claim)
    assert put.extraction.raw_data["source"].get("form") is None
    with world.sessions() as session:
        assert session.scalars(
            select(Extraction.reader).where(Extraction.method == "manual")
        ).all() == ["ada"]
