"""Ten reports of a made-up company, databases and storages to add them to, and what is kept."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from uuid import uuid4

from sqlalchemy import URL, text

from support.databases import connected, new_database
from tests.chaos.child import forking, run_fde, write_answers
from tests.filings.decade import Story, make_decade
from tests.filings.layout import Layout
from tests.helpers.shell import CLEAN_ENVIRONMENT, as_text, run

TICKER = "ACME"
LONGEST = 120  # seconds
# Rows without ids and times, in an order of their own.
CONTENT = {
    "companies": """
        SELECT to_jsonb(c) - '{id,created_at,updated_at}'::text[] FROM companies c""",
    "documents": """
        SELECT to_jsonb(d) - '{id,company_id,supersedes_id,created_at,updated_at}'::text[]
               || jsonb_build_object('company', c.name, 'supersedes', o.sha256)
          FROM documents d JOIN companies c ON c.id = d.company_id
          LEFT JOIN documents o ON o.id = d.supersedes_id""",
    "extractions": """
        SELECT to_jsonb(e) - '{id,document_id,duration,created_at}'::text[]
               || jsonb_build_object('document', d.sha256)
          FROM extractions e JOIN documents d ON d.id = e.document_id""",
    "compiled": """
        SELECT to_jsonb(s) - '{id,company_id,updated_at}'::text[]
               || jsonb_build_object('company', c.name)
          FROM compiled_statements s JOIN companies c ON c.id = s.company_id""",
}


@dataclass(frozen=True, slots=True)
class Shop:
    """A database, a storage, and the reports to add.

    Attributes:
        answers: What their readers say.
        temporary: For the temporary files of commands, which a kill leaves.
    """

    url: URL
    storage: Path
    reports: Path
    answers: Path
    temporary: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the environment of a command."""
        return {
            "DATABASE_URL": as_text(self.url),
            "STORAGE_URL": str(self.storage),
            "TMPDIR": str(self.temporary),
        }

    def command(self, *options: str) -> "Command":
        """Start to add all reports."""
        return Command(self, "add", "--create", TICKER, str(self.reports), *options)

    def finish(self, undisturbed: Mapping[str, Any]) -> list[str]:
        """Add all reports; return how the outcome differs from that of an undisturbed command."""
        with self.command() as command:
            ended = command.wait()
        if ended.code != 0:
            return [f"run again, it ended with exit code {ended.code}:\n{ended.output}"]
        content = self.content()
        return [
            f"{name} differ from those of an undisturbed command"
            for name, kept in undisturbed.items()
            if content[name] != kept
        ]

    def content(self) -> dict[str, Any]:
        """Return all that is kept, without ids and times: the same for the same filings."""
        with connected(self.url) as connection:
            kept: dict[str, Any] = {
                name: sorted(json.dumps(each, sort_keys=True) for each in connection.scalars(query))
                for name, query in ((name, text(query)) for name, query in CONTENT.items())
            }
        kept["files"] = sorted(
            str(each.relative_to(self.storage))
            for each in self.storage.rglob("*")
            if each.is_file()
        )
        return kept


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, negative for a signal, and all that it said."""

    code: int
    output: str


class Command:
    """An `fde` command in a process of its own, which does not outlive the block."""

    def __init__(self, shop: Shop, *arguments: str) -> None:
        self._log = shop.temporary / f"{uuid4().hex}.log"
        self._log.touch()  # it may be killed before it writes
        environment = {**CLEAN_ENVIRONMENT, **shop.environment}
        self._process = forking().Process(
            target=run_fde, args=(arguments, environment, self._log, shop.answers), daemon=True
        )
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._process.close()

    def ends_within(self, seconds: float) -> bool:
        """Wait up to `seconds` and tell whether it has ended."""
        self._process.join(seconds)
        return self._process.exitcode is not None

    def kill(self) -> None:
        """End it at once, as the kernel would."""
        self._process.kill()
        self._process.join()

    def wait(self) -> Ended:
        """Return how it ended; one that hangs is killed."""
        if not self.ends_within(LONGEST):
            self.kill()
        code = self._process.exitcode
        return Ended(code if code is not None else 1, self._log.read_text(encoding="utf-8"))


@contextmanager
def open_shops(server: URL, folder: Path) -> Iterator["Shops"]:
    """Write the reports and make a migrated database to copy, until the block ends."""
    reports = folder / "reports"
    reports.mkdir()
    story = Story(Layout(scale=6, shares=True), documents=tuple(range(10)), packages=(3,))
    for each in make_decade(7, story).reports:
        (reports / each.file).write_bytes(each.data)
    write_answers(reports, folder / "answers.json")
    with new_database(server) as template:
        done = run(
            *("python", "scripts/run_alembic.py", "upgrade", "head"),
            env={"DATABASE_URL": as_text(template)},
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        yield Shops(server, template, folder, reports)


class Shops:
    """Makes shops with the same reports."""

    def __init__(self, server: URL, template: URL, folder: Path, reports: Path) -> None:
        self._server = server
        self._template = template
        self._folder = folder
        self._reports = reports

    @contextmanager
    def new(self) -> Iterator[Shop]:
        """Open a shop with an empty storage and a migrated database."""
        with (
            TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as name,
            new_database(self._server, str(self._template.database)) as url,
        ):
            temporary = Path(name) / "tmp"
            temporary.mkdir()
            answers = self._folder / "answers.json"
            yield Shop(url, Path(name) / "storage", self._reports, answers, temporary)

    def measure(self) -> tuple[dict[str, Any], float]:
        """Add all reports undisturbed; return what is kept, and the seconds."""
        seconds = []
        for _ in range(2):  # at first nothing is in the cache of the disk
            with self.new() as shop:
                started = time.monotonic()
                with shop.command() as command:
                    ended = command.wait()
                seconds.append(time.monotonic() - started)
                if ended.code != 0:
                    raise RuntimeError(ended.output)
                content = shop.content()
        if len(content["documents"]) != len(os.listdir(self._reports)):  # noqa: PTH208
            raise RuntimeError(f"not every report was kept:\n{ended.output}")
        return content, min(seconds)
