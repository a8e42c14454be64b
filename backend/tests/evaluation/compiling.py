"""How right the statements over years are: of the given companies, and of generated ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.evaluation.commands import Times, measure
from tests.evaluation.companies import Shelf, is_facts, shelves
from tests.evaluation.compiled_cells import Placement, placement
from tests.evaluation.compiled_changes import Changes, changes
from tests.evaluation.compiled_facts import Beside, beside_facts
from tests.evaluation.compiled_fill import Fill, fill
from tests.evaluation.decades import DECADES, Decades, compile_decades
from tests.evaluation.evaluate import Result


@dataclass(slots=True)
class Compiling:
    """What was found of each company, by its name and which of its filings."""

    placements: dict[str, Placement] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    changes: dict[str, Changes] = field(default_factory=dict)
    beside: list[Beside] = field(default_factory=list)
    decades: Decades = field(default_factory=Decades)
    times: Times = field(default_factory=Times)

    @property
    def faults(self) -> list[str]:
        """All that differs, in one line each."""
        found = [
            line
            for each in self.placements.values()
            for line in (*each.merged, *each.lost, *each.wrong)
        ]
        found += [line for each in self.changes.values() for line in each.wrong]
        found += [f"not joined: {line}" for each in self.fills.values() for line in each.apart]
        found += [line for each in self.beside for line in each.different]
        return [*found, *self.decades.different]

    @property
    def explained(self) -> list[str]:
        """Figures that differ from companyfacts, since the filing tags another one so."""
        return [line for each in self.beside for line in each.otherwise]


def evaluate_compiling(
    results: Sequence[Result], *, is_timed: bool = False, decades: int = len(DECADES)
) -> Compiling:
    """Compile the filings of each company, and ten generated reports of others.

    Args:
        results: What was read.
        is_timed: Whether whole commands are run and timed, too.
        decades: How many of the made-up companies.
    """
    found = Compiling()
    for shelf in shelves(results):
        found.placements[shelf.name] = placement(shelf)
        found.fills[shelf.name] = fill(shelf)
        found.beside += beside_facts(shelf, results)
        if _is_companyfacts(shelf):
            found.changes[shelf.name] = changes(shelf)
    found.decades = compile_decades(DECADES[:decades])
    if is_timed:
        found.times = measure(results)
    return found


def _is_companyfacts(shelf: Shelf) -> bool:
    return all(is_facts(each) and each.given.kind == "companyfacts" for each in shelf.results)
