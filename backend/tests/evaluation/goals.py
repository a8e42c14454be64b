"""What is to be reached, beside what was."""

from collections.abc import Callable, Sequence
from statistics import median

from tests.evaluation.evaluate import Evaluation, Group, Result
from tests.evaluation.goal import Goal, share
from tests.evaluation.judgement import Judgement

_SMALL = 300_000  # bytes: an iXBRL document below is no 10-K


def goals(evaluation: Evaluation) -> list[Goal]:
    """Return all goals with what was measured."""
    ten_k = judgements(evaluation.of("10-K PDF"))
    other = judgements(evaluation.of("other PDF"))
    inline = judgements(evaluation.of("iXBRL"))
    folders = judgements(evaluation.of("XBRL folder", "xBRL-JSON"))
    return [
        _right("10-k-figures", "10-K PDF: figures right", ten_k, 99.9),
        _silent("10-k-wrong", "10-K PDF: wrong in a verified statement", ten_k),
        _pages("10-k-pages", "10-K PDF: statements on the right pages", ten_k),
        _pages("other-pages", "IFRS and other PDF: statements on the right pages", other),
        _right("other-figures", "IFRS and other PDF: figures right", other, 99.5),
        _silent("other-wrong", "IFRS and other PDF: wrong in a verified statement", other),
        _proved("10-k-proved", "10-K PDF: figures proved", evaluation.of("10-K PDF"), 95),
        _proved("other-proved", "IFRS and other PDF: proved", evaluation.of("other PDF"), 92),
        _found("ixbrl-found", "iXBRL: statements found", inline),
        _right("ixbrl-figures", "iXBRL: figure is the fact, printed sign", inline, 100),
        _found("xbrl-found", "XBRL folder, xBRL-JSON: statements found", folders),
        _right("xbrl-figures", "XBRL folder, xBRL-JSON: figures, labels, signs", folders, 100),
        _order("xbrl-order", "XBRL folder, xBRL-JSON: rows out of order", folders),
        _right(
            "companyfacts-figures",
            "companyfacts: figure is the fact",
            judgements(evaluation.of("companyfacts")),
            100,
        ),
        *_seeded(evaluation),
        *_times(evaluation),
        _memory(evaluation),
    ]


def judgements(results: Sequence[Result]) -> list[Judgement]:
    """Return the judgements of filings."""
    return [each for result in results for each in result.judgements]


def _right(key: str, name: str, judged: Sequence[Judgement], at_least: float) -> Goal:
    compared = sum(each.compared for each in judged)
    right = sum(each.verdicts["right"] for each in judged)
    detail = f"{right} of {compared}"
    return Goal(key, name, share(right, compared), at_least, unit="%", detail=detail)


def _silent(key: str, name: str, judged: Sequence[Judgement]) -> Goal:
    wrong = sum(each.wrong_in_verified for each in judged)
    verified = sum(each.status == "verified" for each in judged)
    detail = f"in {verified} verified of {len(judged)}"
    return Goal(key, name, wrong if judged else None, at_most=0, detail=detail)


def _pages(key: str, name: str, judged: Sequence[Judgement]) -> Goal:
    right = sum(each.page for each in judged)
    detail = f"{right} of {len(judged)}"
    return Goal(key, name, share(right, len(judged)), 100, unit="%", detail=detail)


def _found(key: str, name: str, judged: Sequence[Judgement]) -> Goal:
    found = sum(each.found for each in judged)
    detail = f"{found} of {len(judged)}"
    return Goal(key, name, share(found, len(judged)), 100, unit="%", detail=detail)


def _order(key: str, name: str, judged: Sequence[Judgement]) -> Goal:
    moved = sum(each.moved for each in judged)
    return Goal(key, name, moved if judged else None, at_most=0)


def _proved(key: str, name: str, results: Sequence[Result], at_least: float) -> Goal:
    checkable = sum(each.checkable for each in results)
    verified = sum(each.verified for each in results)
    detail = f"{verified} of {checkable}"
    return Goal(key, name, share(verified, checkable), at_least, unit="%", detail=detail)


def _seeded(evaluation: Evaluation) -> list[Goal]:
    """Return how many seeded faults are noticed with the neighbouring report."""
    return [
        Goal(
            f"seeded-{kind.replace(' ', '-')}",
            f"seeded faults: {kind}, with the neighbour",
            share(sum(noticed.together), len(noticed.together)),
            99,
            unit="%",
            detail=f"{sum(noticed.together)} of {len(noticed.together)}; "
            f"alone {sum(noticed.alone)} of {len(noticed.alone)}",
        )
        for kind, noticed in evaluation.noticed.items()
    ]


def _times(evaluation: Evaluation) -> list[Goal]:
    def ratio(
        key: str,
        name: str,
        most: float,
        groups: Sequence[Group],
        of: Callable[[Result], float | None],
    ) -> Goal:
        taken = [
            seconds / evaluation.unit
            for each in evaluation.of(*groups)
            if each.reading.error is None and (seconds := of(each)) is not None
        ]
        detail = f"{min(taken):.2f} to {max(taken):.2f}, {len(taken)} files" if taken else ""
        return Goal(key, name, median(taken) if taken else None, at_most=most, detail=detail)

    def per_hundred_pages(each: Result) -> float | None:
        return 100 * each.reading.seconds / each.pages if each.pages else None

    def of_large(each: Result) -> float | None:
        return each.reading.seconds if each.size > _SMALL else None

    def whole(each: Result) -> float | None:
        return each.reading.seconds

    pdfs: tuple[Group, ...] = ("10-K PDF", "other PDF")
    return [
        ratio("time-pdf", "time: PDF, per 100 pages", 1.0, pdfs, per_hundred_pages),
        ratio("time-ixbrl", "time: iXBRL of a 10-K", 0.3, ["iXBRL"], of_large),
        ratio("time-companyfacts", "time: companyfacts", 0.1, ["companyfacts"], whole),
    ]


def _memory(evaluation: Evaluation) -> Goal:
    used = {each.reading.memory: each.given.name for each in evaluation.results}
    most = max(used, default=None)
    detail = used[most] if most is not None else ""
    return Goal("memory", "memory of a process", most, at_most=150, unit="MB", detail=detail)
