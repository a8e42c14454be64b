"""The given filings by company, and what the compiler makes of them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.entry import UNPRINTED
from app.pipeline.compile.readings import Reading
from app.pipeline.compiled import Compiled, Input
from app.pipeline.statement import Statement, StatementName
from tests.evaluation.evaluate import Result
from tests.evaluation.facts import entity_key
from tests.evaluation.truth import STATEMENTS

_SEVERAL = 2


@dataclass(frozen=True)
class Shelf:
    """Filings of one company that are compiled together.

    Attributes:
        name: Of the company, and which of its filings.
        results: One of each file.
    """

    name: str
    results: Sequence[Result]

    @cached_property
    def readings(self) -> list[Reading]:
        """What was read, as the compiler takes it."""
        return [
            Reading(each, digest(result), result.given.name)
            for result in self.results
            for each in result.reading.statements
        ]

    @cached_property
    def compiled(self) -> dict[StatementName, Compiled]:
        """The statements over years, of those that there are."""
        found = {name: compile_statement(name, self.readings) for name in STATEMENTS}
        return {name: each for name, each in found.items() if each is not None}

    def groups(self) -> Iterator["Group"]:
        """Yield each statement in each framework and currency."""
        for compiled in self.compiled.values():
            for each in (compiled, *compiled.others):
                yield Group(self, each)


@dataclass(frozen=True)
class Group:
    """One compiled statement in one framework and currency, with the statements it is made of."""

    shelf: Shelf
    compiled: Compiled
    statements: list[Statement] = field(init=False)

    def __post_init__(self) -> None:
        """Look the inputs up."""
        found = [self._statement(each) for each in self.compiled.inputs]
        object.__setattr__(self, "statements", found)

    def _statement(self, given: Input) -> Statement:
        return next(
            each.statement
            for each in self.shelf.readings
            if each.sha256 == given.sha256
            and each.statement.statement == self.compiled.statement
            and each.statement.source.accession == given.accession
        )

    @property
    def name(self) -> str:
        """What it is, for people."""
        each = self.compiled
        return f"{self.shelf.name} {each.statement} {each.framework} {each.currency}"

    @property
    def compiled_inputs(self) -> list[int]:
        """Positions of the inputs that give figures, the newest first."""
        inputs = enumerate(self.compiled.inputs)
        return [number for number, each in inputs if each.role == "compiled"]


def digest(result: Result) -> str:
    """Return a digest that stands for that of the file."""
    return hashlib.sha256(result.given.name.encode()).hexdigest()


def shelves(results: Sequence[Result]) -> list[Shelf]:
    """Return the filings by company: all, and where there are several kinds, parts of them.

    A company is told by the manifest, else by the name that the filing gives.
    """
    by_company: dict[str, list[Result]] = {}
    for each in results:
        name = company_of(each)
        if name and each.reading.statements:
            by_company.setdefault(entity_key(name), []).append(each)
    found: list[Shelf] = []
    for own in by_company.values():
        name = company_of(own[0])
        found.append(Shelf(name, own))
        printed = [each for each in own if not is_facts(each)]
        facts = [each for each in own if is_facts(each)]
        pdfs = [each for each in own if each.given.kind == "pdf"]
        parts = {"as printed": printed, "facts alone": facts, "PDF": pdfs}
        for what, part in parts.items():
            if part and len(part) < len(own) and (what == "facts alone" or len(part) >= _SEVERAL):
                found.append(Shelf(f"{name} ({what})", part))
    return found


def company_of(result: Result) -> str:
    """Return the name of the company, "" where it is not known."""
    filing = result.reading.filing
    return result.given.company or (filing.company.name if filing else None) or ""


def is_facts(result: Result) -> bool:
    """Whether a file holds facts without labels and order."""
    return result.given.kind in UNPRINTED
