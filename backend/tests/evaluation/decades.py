"""Ten related reports of made-up companies, compiled and compared with their truth."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.readings import Reading
from app.pipeline.compile.view import view_of
from app.pipeline.compiled import Compiled
from tests.evaluation.truth import STATEMENTS
from tests.filings.decade import DEMO, DEMO_SEED, Decade, Story, eventful, make_decade
from tests.filings.decade_check import differences, keys_of
from tests.filings.decade_readings import read_decade
from tests.filings.decade_truth import true_lines
from tests.filings.samples import SAMPLES

DECADES: Sequence[tuple[str, int, Story]] = (
    ("demo", DEMO_SEED, DEMO),
    *(
        (name, seed, eventful(SAMPLES[name]))
        for name, seed in (
            ("american", 11),
            ("ifrs", 12),
            ("german", 13),
            ("french", 14),
            ("british", 15),
        )
    ),
)


@dataclass(slots=True)
class Decades:
    """What was compared.

    Attributes:
        cells: Figures of both views.
        changes: How many figures changed, by the kind of change.
        different: In one line each, what differs from the truth.
    """

    cells: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)


def compile_decades(decades: Sequence[tuple[str, int, Story]] = DECADES) -> Decades:
    """Write, read and compile the reports of each story, and compare every figure."""
    found = Decades()
    for name, seed, story in decades:
        decade = make_decade(seed, story)
        with TemporaryDirectory(prefix="decade-") as folder:
            readings = read_decade(decade, Path(folder))
        _compare(found, f"{name} {seed}", decade, readings)
    return found


def _compare(found: Decades, name: str, decade: Decade, readings: Sequence[Reading]) -> None:
    keys = keys_of(decade, readings)
    for statement in STATEMENTS:
        compiled = compile_statement(statement, readings)
        if compiled is None:
            found.different.append(f"{name} {statement}: nothing was compiled")
            continue
        for line in true_lines(decade, statement):
            found.cells += 2 * len(line.cells)
            found.changes.update(said.change for cell in line.cells.values() for said in cell.said)
        told = [*differences(decade, compiled, keys), *_of_original(decade, compiled)]
        found.different += [f"{name} {statement}: {each}" for each in told]


def _of_original(decade: Decade, compiled: Compiled) -> list[str]:
    """Return where the figures as first reported differ from the truth."""
    shown = view_of(compiled, years=None, view="original")
    rows = {each.label: each for each in shown.rows if _only(shown, each.label)}
    found = []
    for line in true_lines(decade, compiled.statement):
        row = rows.get(line.label)
        for year, true in line.cells.items() if row else ():
            cell = row.cells.get(str(year)) if row else None
            own = next((s for s in true.said if _is_own(decade, s.report, year)), true.original)
            scale = shown.scale if row and row.scale is None else row.scale if row else 0
            worth = abs(cell.v).scaleb(scale or 0) if cell and cell.v is not None else None
            if worth != abs(own.worth):
                found.append(f"original {line.key} {year}: {own.worth} is {worth}")
    return found


def _is_own(decade: Decade, report: int, year: int) -> bool:
    return decade.reports[report].fiscal_year == year


def _only(shown: Compiled, label: str) -> bool:
    return sum(each.label == label for each in shown.rows) == 1
