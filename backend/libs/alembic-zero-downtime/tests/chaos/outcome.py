"""Print the progress of a scenario, and its outcome."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Self

from rich.console import Console
from rich.table import Table

SHOWN_LINES = 40  # of the first failure
BAR = 40  # characters of the longest bar

Figure = float | str | Mapping[str, int]


@dataclass(frozen=True)
class Outcome:
    """The outcome of one scenario.

    Attributes:
        scenario: its name.
        seconds: how long it took.
        figures: counts and measurements; each number of a mapping is drawn as a bar.
        failures: what failed, each with the output of its command.
    """

    scenario: str
    seconds: float
    figures: Mapping[str, Figure]
    failures: Sequence[str]

    @property
    def has_passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures


class Progress:
    """Count steps on standard error: in one line on a terminal, else in a line per tenth."""

    def __init__(self, scenario: str, total: int) -> None:
        self._scenario = scenario
        self._total = total
        self._shown_tenths = -1
        self._is_terminal = sys.stderr.isatty()

    def __enter__(self) -> Self:
        self.show(0)
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_terminal:
            sys.stderr.write("\n")

    def show(self, done: int, failures: Sequence[str] = ()) -> None:
        """Show that `done` steps are done, and how many failed."""
        line = f"{self._scenario}: {done} of {self._total}"
        line += f", {len(failures)} failed" if failures else ""
        tenths = 10 * done // self._total
        if self._is_terminal:
            sys.stderr.write(f"\r\x1b[2K{line}")
        elif tenths > self._shown_tenths:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
        self._shown_tenths = tenths


def write_json(outcomes: Sequence[Outcome]) -> None:
    """Write everything, for scripts."""
    report = [{**asdict(each), "has_passed": each.has_passed} for each in outcomes]
    sys.stdout.write(f"{json.dumps(report, indent=2, ensure_ascii=False)}\n")


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Print the summary, the bars, and the first failure of each scenario."""
    width = None if sys.stdout.isatty() else 1000
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    summary = Table("Scenario", "Result", "Seconds", "Figures", show_lines=True)
    for each in outcomes:
        result = "passed" if each.has_passed else f"{len(each.failures)} failed"
        summary.add_row(each.scenario, result, f"{each.seconds:.1f}", _list_figures(each))
    console.print(summary)
    for each in outcomes:
        for name, figure in each.figures.items():
            if isinstance(figure, Mapping):
                console.print(f"\n{each.scenario}: {name}")
                console.print(_draw(figure))
    for each in outcomes:
        if not each.has_passed:
            first = "\n".join(each.failures[0].splitlines()[:SHOWN_LINES])
            console.print(f"\n{each.scenario}: the first failure\n{first}", soft_wrap=True)


def _list_figures(outcome: Outcome) -> str:
    return "\n".join(
        f"{name}: {figure}"
        for name, figure in outcome.figures.items()
        if not isinstance(figure, Mapping)
    )


def _draw(numbers: Mapping[str, int]) -> Table:
    bars = Table.grid(padding=(0, 2))
    longest = max(numbers.values(), default=0) or 1
    for name, number in numbers.items():
        bars.add_row(name, str(number), "█" * round(BAR * number / longest))
    return bars
