"""What is to be reached by compiling, beside what was."""

from collections.abc import Sequence
from statistics import median

from tests.evaluation.compiled_changes import rounding_as_restatement
from tests.evaluation.compiled_facts import Beside
from tests.evaluation.compiling import Compiling
from tests.evaluation.goal import Goal, share


def compiling_goals(found: Compiling) -> list[Goal]:
    """Return the goals with what was measured."""
    return [
        *_placed(found),
        *_changes(found),
        _fill(found),
        *[_beside(each.view, [each]) for each in _by_view(found.beside)],
        _decades(found),
        *_times(found),
    ]


def _placed(found: Compiling) -> list[Goal]:
    placed = list(found.placements.values())
    lines, stated = sum(each.lines for each in placed), sum(each.stated for each in placed)
    unplaced = sum(each.unplaced.total() for each in placed)
    left_out = sum(each.left_out for each in placed)
    unmeasured = None if lines else 0

    def goal(key: str, name: str, measured: int, detail: str) -> Goal:
        figure = None if unmeasured == 0 else measured
        return Goal(key, name, figure, at_most=0, detail=detail)

    return [
        goal(
            "compiled-merged",
            "compiled: two lines of one report merged",
            sum(len(each.merged) for each in placed),
            f"of {lines} lines",
        ),
        goal(
            "compiled-lost",
            "compiled: lines lost",
            sum(len(each.lost) for each in placed),
            f"of {lines}; {unplaced} listed as unplaced, {left_out} figures left out and named",
        ),
        goal(
            "compiled-wrong",
            "compiled: wrong year, filing or figure of a cell",
            sum(len(each.wrong) for each in placed),
            f"of {stated} figures, history included",
        ),
    ]


def _changes(found: Compiling) -> list[Goal]:
    told = list(found.changes.values())
    rounded = sum(each.of("rounding")[1] for each in told)
    goals = [
        Goal(
            "compiled-rounding",
            "companyfacts: rounding shown as restatement",
            rounding_as_restatement(told) if told else None,
            at_most=0,
            detail=f"of {rounded} changed by rounding",
        )
    ]
    for kind, name in (("split", "splits"), ("sign", "sign flips")):
        recognised = sum(each.of(kind)[0] for each in told)
        whole = sum(each.of(kind)[1] for each in told)
        detail = f"{recognised} of {whole}"
        goals.append(
            Goal(
                f"compiled-{kind}",
                f"companyfacts: {name} recognised",
                share(recognised, whole),
                100,
                unit="%",
                detail=detail,
            )
        )
    return goals


def _fill(found: Compiling) -> Goal:
    joined = sum(each.joined for each in found.fills.values())
    whole = joined + sum(len(each.apart) for each in found.fills.values())
    name = "compiled: lines of two overlapping reports joined"
    detail = f"{joined} of {whole}"
    return Goal("compiled-fill", name, share(joined, whole), 97, unit="%", detail=detail)


def _by_view(found: Sequence[Beside]) -> list[Beside]:
    views: dict[str, Beside] = {}
    for each in found:
        whole = views.setdefault(each.view, Beside(each.view))
        whole.compared += each.compared
        whole.without += each.without
        whole.different += each.different
        whole.otherwise += each.otherwise
    return [views.get("latest") or Beside("latest"), views.get("original") or Beside("original")]


def _beside(view: str, found: Sequence[Beside]) -> Goal:
    otherwise = sum(len(each.otherwise) for each in found)
    whole = sum(each.compared for each in found) - otherwise
    right = whole - sum(len(each.different) for each in found)
    detail = f"{right} of {whole}; of {otherwise} the filing tags another figure"
    name = f"compiled: figures as in companyfacts, {view}"
    return Goal(f"compiled-{view}", name, share(right, whole), 99.9, unit="%", detail=detail)


def _decades(found: Compiling) -> Goal:
    decades = found.decades
    changed = sum(number for kind, number in decades.changes.items() if kind != "none")
    return Goal(
        "compiled-decades",
        "ten generated reports: differences from the truth",
        len(decades.different) if decades.cells else None,
        at_most=0,
        detail=f"of {decades.cells} figures of both views; {changed} changes",
    )


def _times(found: Compiling) -> list[Goal]:
    times = found.times

    def goal(key: str, name: str, measured: float | None, most: float) -> Goal:
        seconds = times.seconds.get(key, [])
        processor = times.processor.get(key, [])
        detail = ", ".join(f"{each:.2f} s" for each in seconds)
        if processor:
            detail += f"; processors {median(processor):.2f} s"
        return Goal(f"time-commands-{key}", name, measured, at_most=most, detail=detail)

    given = f"time: fde add and table, {times.files} given PDFs"
    return [
        goal("given", given, times.given, 4),
        goal("generated", "time: fde add and table, 10 of 100 pages", times.generated, 6),
        goal("statements", "time: fde statements", times.statements, 0.6),
    ]
