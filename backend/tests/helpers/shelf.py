"""Files whose reading is typed in, and a storage and database to which they are added."""

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.orm import sessionmaker

from app.db.models import Correction
from app.pipeline.read.versions import READERS
from app.pipeline.statement import Checks, Company, Filing, SourceKind, Statement, Status
from app.services import adding
from app.services.adding import Adding, Options
from app.services.answer import Answer
from app.services.kept_filing import Kept
from app.services.limits import Limits
from app.services.reading import Request
from app.storage import Storage
from tests.helpers.accounts import (
    EARLIER_FLOW,
    EARLIER_INCOME,
    EARLIER_SHEET,
    a_year_earlier,
    flow,
    group,
    income,
    sheet,
)

NONE: Mapping[str, str] = MappingProxyType({})


class Shelf:
    """Files with typed readings. No process is started; the rest is as it is."""

    def __init__(
        self, database: Connection | Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # On a connection a commit releases a savepoint: all goes with the transaction around it.
        self.sessions = sessionmaker(database, join_transaction_mode="create_savepoint")
        self.storage = Storage(str(folder / "storage"))
        self.folder = folder
        self.read: list[str] = []
        self._answers: dict[str, Answer] = {}
        monkeypatch.setattr(adding, "read_files", self._read_files)

    def file(
        self,
        name: str,
        *,
        age: int = 0,
        company: str | None = "Acme plc",
        kind: SourceKind = "pdf",
        statements: Sequence[Statement] | None = None,
        status: Status = "verified",
        form: str | None = None,
        filed: date | None = None,
        identifiers: Mapping[str, str] = NONE,
    ) -> str:
        """Write a report for 2023, or of age 1 for 2022; return its path."""
        if statements is None:
            earlier = [income(EARLIER_INCOME), sheet(EARLIER_SHEET), flow(EARLIER_FLOW)]
            statements = a_year_earlier(earlier) if age else group()
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"%PDF-{name}".encode(errors="surrogateescape"))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        for each in statements:
            each.source.kind, each.source.reader = kind, READERS.get(kind, f"{kind}/1")
            each.source.sha256, each.source.form, each.source.filed = digest, form, filed
            each.checks = Checks(cells=8, checkable=8, verified=4, status=status)
        filing = Filing(
            kind=kind,
            company=Company(name=company, identifiers=dict(identifiers)),
            statements=list(statements),
        )
        self._answers[str(path)] = Answer(kind=kind, filing=filing, seconds=0.5)
        return str(path)

    def answer(self, path: str, answer: Answer) -> None:
        """Let the reader give another answer for a file."""
        self._answers[path] = answer

    def add(self, reference: str, *files: str, **options: Any) -> list[Kept]:
        """Add files to a company; return what became of each."""
        use = Adding(self.sessions, self.storage, reference, replace(Options(), **options))
        return list(use.run(files))

    def compile(self, reference: str) -> None:
        """Compile the statements of a company."""
        use = Adding(self.sessions, self.storage, reference, Options())
        list(use.run([]))
        use.compile()

    def rows(self, query: str, **values: Any) -> Sequence[Row[Any]]:
        """Return the rows of a query."""
        with self.sessions() as session:
            return session.execute(text(query), values).all()

    def one(self, query: str, **values: Any) -> Any:
        """Return the value of a query."""
        (row,) = self.rows(query, **values)
        return row[0]

    def company(self, name: str = "Acme plc", **columns: Any) -> int:
        """Make a company; return its id."""
        from app.db.models import Company as Model  # noqa: PLC0415 beside that of the form

        with self.sessions.begin() as session:
            made = Model(name=name, **columns)
            session.add(made)
            session.flush()
            return made.id

    def correct(self, company: int, sha256: str) -> None:
        """Keep a correction of the revenue in a file."""
        correction = Correction(
            company_id=company,
            document_sha256=sha256,
            statement_type="income_statement",
            period_end=date(2023, 12, 31),
            label="Revenue",
            value=1,
            scale=6,
            reason="misread",
            created_by="me",
        )
        with self.sessions.begin() as session:
            session.add(correction)

    def _read_files(
        self,
        requests: Sequence[Request],
        _: Limits,
        __: int,
        note: Callable[[int], None],
        *_stop: object,
    ) -> Generator[Answer]:
        for number, each in enumerate(requests):
            note(number)
            self.read.append(each.path.name)
            yield self._answers[str(each.path)]
