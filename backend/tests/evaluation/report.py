"""Print an evaluation: a line per statement, totals per group, and the goals."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.evaluation.compiling import Compiling
from tests.evaluation.evaluate import Evaluation, Result
from tests.evaluation.goal import Goal
from tests.evaluation.goals import judgements
from tests.evaluation.judgement import Judgement
from tests.evaluation.truth import STATEMENTS

_MOST_FAULTS = 12  # shown per statement


def print_report(
    console: Console,
    evaluation: Evaluation,
    compiling: Compiling,
    reached: Sequence[Goal],
    *,
    faults: bool,
) -> None:
    """Print all tables; with `faults` also each figure that is not right."""
    console.print(_statements(evaluation.results))
    if faults:
        for result in evaluation.results:
            for judged in result.judgements:
                _print_faults(console, judged)
    console.print(_totals(evaluation))
    console.print(_compiled(compiling))
    _print_differences(console, compiling)
    console.print(_goals(reached))
    _print_uncompared(console, evaluation)
    console.print(f"The fixed calculation took {evaluation.unit:.3f} s.")


def as_json(evaluation: Evaluation, compiling: Compiling, reached: Sequence[Goal]) -> str:
    """Return the whole evaluation as one JSON object."""
    written: dict[str, Any] = {
        "unit": evaluation.unit,
        "goals": [
            {
                "key": each.key,
                "name": each.name,
                "measured": each.measured,
                "at_least": each.at_least,
                "at_most": each.at_most,
                "missed": each.missed,
                "detail": each.detail,
            }
            for each in reached
        ],
        "filings": [_filing(each) for each in evaluation.results],
        "left": evaluation.left,
        "compiling": {"differences": compiling.faults, "explained": compiling.explained},
    }
    return json.dumps(written, ensure_ascii=False, indent=1)


def _filing(result: Result) -> dict[str, Any]:
    return {
        "file": result.given.name,
        "group": result.group,
        "truth": result.truth,
        "error": result.reading.error,
        "seconds": result.reading.seconds,
        "memory": result.reading.memory,
        "pages": result.pages,
        "checkable": result.checkable,
        "verified": result.verified,
        "statements": [
            {
                "name": each.file,
                "statement": each.statement,
                "found": each.found,
                "page": each.page,
                "status": each.status,
                "compared": each.compared,
                "verdicts": dict(each.verdicts),
                "extra": each.extra,
                "uncompared": each.uncompared,
                "moved": each.moved,
                "currency": each.currency,
                "faults": [
                    [
                        fault.verdict,
                        fault.label,
                        fault.column,
                        *_amounts(fault.expected, fault.found),
                    ]
                    for fault in each.faults
                ],
            }
            for each in result.judgements
        ],
    }


def _amounts(*values: object) -> list[str | None]:
    return [None if value is None else f"{value:f}" for value in values]


def _statements(results: Sequence[Result]) -> Table:
    table = Table(title="Statements", title_justify="left", box=None)
    for heading in ("file", "statement", "page", "status"):
        table.add_column(heading, no_wrap=True)
    for heading in ("proved", "compared", "right", "label", "wrong", "missing", "extra", "other"):
        table.add_column(heading, justify="right")
    for result in results:
        proved = f"{result.verified}/{result.checkable}"
        if result.reading.error:
            table.add_row(result.given.name, result.reading.error[:60])
        if not result.judgements:
            found = sorted({each.statement for each in result.reading.statements})
            status = " ".join(
                sorted({each.checks.status for each in result.reading.statements if each.checks})
            )
            table.add_row(result.given.name, f"{len(found)} statements", "?", status, proved)
        faulty = [each for each in result.judgements if each.faults or not each.found]
        if len(result.judgements) > len(STATEMENTS):  # companyfacts: many filings in a file
            right = [each for each in result.judgements if each not in faulty]
            if right:
                table.add_row(*_summed(result.given.name, right, proved))
        else:
            faulty = result.judgements
        for judged in faulty:
            table.add_row(*_cells(judged, proved))
            proved = ""
    return table


def _summed(name: str, judged: Sequence[Judgement], proved: str) -> list[str]:
    """Return the cells of a line for statements that are all right."""
    counts = Counter(each.status for each in judged)
    status = ", ".join(f"{count} {each}" for each, count in sorted(counts.items()))
    compared = str(sum(each.compared for each in judged))
    other = str(sum(each.uncompared for each in judged) or "")
    shown = [name, f"{len(judged)} statements", "ok", status, proved, compared, compared]
    return [*shown, "", "", "", "", other]


def _cells(judged: Judgement, proved: str) -> list[str]:
    wrong = " ".join(
        f"{judged.verdicts[each]} {each}"
        for each in ("wrong", "sign", "scale", "year")
        if judged.verdicts[each]
    )
    counts = [judged.verdicts["label"], wrong, judged.verdicts["missing"], judged.extra]
    page = "ok" if judged.page else "not found" if not judged.found else "WRONG"
    return [
        judged.file,
        judged.statement.removesuffix("_statement").replace("_", " "),
        page,
        judged.status if judged.currency else f"{judged.status}, currency wrong",
        proved,
        str(judged.compared),
        str(judged.verdicts["right"]),
        *(str(each or "") for each in counts),
        str(judged.uncompared or ""),
    ]


def _print_faults(console: Console, judged: Judgement) -> None:
    if not judged.faults:
        return
    console.print(f"{judged.file} {judged.statement}:", highlight=False)
    for fault in judged.faults[:_MOST_FAULTS]:
        expected, found = _amounts(fault.expected, fault.found)
        console.print(
            f"    {fault.verdict:8} {fault.label[:60]} [{fault.column}]: {expected}, read {found}",
            highlight=False,
            markup=False,
        )
    if len(judged.faults) > _MOST_FAULTS:
        console.print(f"    and {len(judged.faults) - _MOST_FAULTS} more")


def _totals(evaluation: Evaluation) -> Table:
    table = Table(title="In all", title_justify="left", box=None)
    table.add_column("kind")
    names = ("files", "unread", "statements", "right page", "verified", "compared", "right")
    for heading in (*names, "label", "wrong", "in verified", "missing", "extra", "proved"):
        table.add_column(heading, justify="right")
    for group in dict.fromkeys(each.group for each in evaluation.results):
        results = evaluation.of(group)
        judged = judgements(results)
        verified = sum(each.verified for each in results)
        table.add_row(
            group,
            str(len(results)),
            str(sum(each.reading.error is not None for each in results)),
            str(len(judged)),
            str(sum(each.page for each in judged)),
            str(sum(each.status == "verified" for each in judged)),
            str(sum(each.compared for each in judged)),
            str(sum(each.verdicts["right"] for each in judged)),
            str(sum(each.verdicts["label"] for each in judged)),
            str(sum(each.wrong for each in judged)),
            str(sum(each.wrong_in_verified for each in judged)),
            str(sum(each.verdicts["missing"] for each in judged)),
            str(sum(each.extra for each in judged)),
            f"{verified}/{sum(each.checkable for each in results)}",
        )
    return table


def _compiled(compiling: Compiling) -> Table:
    table = Table(title="Compiled", title_justify="left", box=None)
    table.add_column("company")
    names = ("figures", "with history", "lines", "unplaced", "left out", "merged", "lost")
    for heading in (*names, "wrong", "joined", "apart"):
        table.add_column(heading, justify="right")
    for name, each in compiling.placements.items():
        joined = compiling.fills[name]
        counts = (each.cells, each.stated, each.lines, each.unplaced.total(), each.left_out)
        faults = (len(each.merged), len(each.lost), len(each.wrong))
        numbers = (*counts, *faults, joined.joined, len(joined.apart))
        table.add_row(name, *(str(number or "") for number in numbers))
    return table


def _print_differences(console: Console, compiling: Compiling) -> None:
    """Print each difference of the compiled statements: there are few, and each has a reason."""
    for title, lines in (
        ("Differences", compiling.faults),
        ("The filing tags another figure so than it prints", compiling.explained),
    ):
        if lines:
            console.print(f"{title}:", highlight=False)
        for line in lines:
            console.print(f"    {line}", highlight=False, markup=False)


def _goals(reached: Sequence[Goal]) -> Table:
    table = Table(title="Goals", title_justify="left", box=None)
    table.add_column("figure")
    for heading in ("goal", "measured"):
        table.add_column(heading, justify="right")
    table.add_column("")
    table.add_column("of")
    for each in reached:
        goal = f"≥ {each.at_least:g}" if each.at_least is not None else f"≤ {each.at_most:g}"
        measured = "–" if each.measured is None else f"{each.measured:.2f}"  # noqa: RUF001
        state = "" if each.measured is None else "MISSED" if each.missed else "reached"
        unit = f" {each.unit}" if each.unit else ""
        table.add_row(each.name, goal + unit, measured, state, each.detail)
    return table


def _print_uncompared(console: Console, evaluation: Evaluation) -> None:
    without = [each.given.name for each in evaluation.results if each.truth is None]
    if without:
        console.print(f"Without a truth to compare with: {', '.join(without)}.", highlight=False)
    if evaluation.left:
        console.print(f"No filings: {', '.join(evaluation.left)}.", highlight=False)
