"""Run a function of a revision without a database, as often as it takes to see every branch.

Each run takes another branch of a condition on a stand-in.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter, signature
from pathlib import Path
from traceback import extract_tb
from typing import Any

from alembic_zero_downtime.lint.effects import EffectError, EffectGuard
from alembic_zero_downtime.lint.failure import Failure, Unseen
from alembic_zero_downtime.lint.offline_sql import (
    OfflineDatabase,
    RenderedStatement,
    Rendering,
    StatementRecorder,
)
from alembic_zero_downtime.lint.resumption import IS_RAISED, HandlerEntryError, Resumption
from alembic_zero_downtime.lint.stand_in import (
    MOST_STAND_INS,
    Decisions,
    EndlessLoopError,
    Place,
    StandIn,
    deciding,
)
from alembic_zero_downtime.lint.stand_in_database import NO_NAMES, Names

MOST_RUNS = 64
MOST_STATEMENTS = 20_000

Function = Callable[..., Any]


@dataclass
class Run:
    """One run of a function.

    Attributes:
        recorder: has recorded its statements.
        decisions: the outcomes of its conditions.
        error: that ended it.
        effects: that were refused.
    """

    recorder: StatementRecorder
    decisions: Decisions
    error: BaseException | None = None
    effects: list[EffectError] = field(default_factory=list)


@dataclass(frozen=True)
class Setting:
    """Where the functions of a revision run.

    Attributes:
        offline: stands in for the database.
        guard: refuses effects.
        path: the file of the revision.
        names: the tables and columns that it may reflect.
    """

    offline: OfflineDatabase
    guard: EffectGuard
    path: Path
    names: Names = NO_NAMES


def run_once(
    function: Function | None,
    setting: Setting,
    forced: dict[Place, bool] | None = None,
    *,
    otherwise: bool = True,
    most: int = MOST_STAND_INS,
) -> Run:
    """Run a function once; a missing one does nothing.

    Args:
        function: `upgrade` or `downgrade`.
        setting: where it runs.
        forced: the outcomes of conditions on stand-ins.
        otherwise: the outcome of the others.
        most: the stand-ins that it may make.
    """
    decisions = Decisions(forced, otherwise=otherwise, most=most)
    run = Run(setting.offline.start(setting.path, setting.names), decisions)
    first = len(setting.guard.refused)
    with deciding(run.decisions):
        try:
            if function is not None:
                given = setting.offline.run_arguments
                function(**_missing_arguments(function, given), **given)
        except (Exception, SystemExit, EndlessLoopError) as error:  # noqa: BLE001 a revision's code
            run.error = error
    if isinstance(run.error, EndlessLoopError):
        different = {each.key: each for each in run.recorder.statements}
        run.recorder.statements = list(different.values())
    run.effects = setting.guard.refused[first:]
    return run


def explore(function: Function | None, setting: Setting, resumption: Resumption) -> Rendering:
    """Run a rewritten function until each condition on a stand-in was true and false.

    Args:
        function: `upgrade` or `downgrade`.
        setting: where it runs.
        resumption: called by the function.
    """
    resumption.failures.clear()
    # Two runs suffice for conditions that do not depend on each other.
    runs = [run_once(function, setting, otherwise=each) for each in (True, False)]
    seen = {outcome for run in runs for outcome in run.decisions.first.items()}
    waiting = [each for run in runs for each in _alternatives(run)]
    number = sum(len(run.recorder.statements) for run in runs)
    unseen: list[Unseen] = []
    while waiting:
        place, outcome, forced = waiting.pop(0)
        if (place, outcome) in seen:
            continue
        if len(runs) >= MOST_RUNS or number >= MOST_STATEMENTS:
            limit = f"it has more than {len(runs)} combinations of conditions"
            unseen = [Unseen(_line_of(place, setting.path), limit)]
            break
        run = run_once(function, setting, {**forced, place: outcome})
        runs.append(run)
        number += len(run.recorder.statements)
        seen.update(run.decisions.first.items())
        seen.add((place, outcome))  # also if the run does not come there again
        waiting += _alternatives(run)
    return summarize(runs, resumption.failures, unseen)


def _alternatives(run: Run) -> Iterator[tuple[Place, bool, dict[Place, bool]]]:
    """Yield each condition with its other outcome, and the outcomes that lead to it."""
    before: dict[Place, bool] = {}
    for place, outcome in run.decisions.first.items():
        yield place, not outcome, dict(before)
        before[place] = outcome


def summarize(
    runs: Sequence[Run], failures: Sequence[Failure] = (), unseen: Sequence[Unseen] = ()
) -> Rendering:
    """Return the SQL of all runs of a function.

    Args:
        runs: each with other outcomes of conditions.
        failures: after which the runs went on.
        unseen: the code that they have not reached.
    """
    path = runs[0].recorder.path
    found = [*failures, *(find_failure(each, path) for run in runs for each in run.effects)]
    missing = list(unseen)
    refusals: list[Failure] = []
    for error in (run.error for run in runs):
        if error is None:
            continue
        failure = find_failure(error, path)
        if isinstance(error, EndlessLoopError):
            missing.append(Unseen(failure.line, str(error)))
        elif is_raised(error, path):
            refusals.append(failure)
        else:
            missing.append(Unseen(failure.line, "an error ends the function here"))
            found += [] if isinstance(error, EffectError) else [failure]
    paths = tuple(tuple(run.recorder.statements) for run in runs)
    lines = [line for run in runs for line in run.recorder.autocommit_lines]
    return Rendering(
        tuple(merge_paths(paths)),
        tuple(dict.fromkeys(lines)),
        paths,
        tuple({(each.line, str(each.error)): each for each in found}.values()),
        refusals[0] if len(refusals) == len(runs) else None,
        tuple(dict.fromkeys(missing)),
    )


def is_raised(error: BaseException, path: Path) -> bool:
    """Whether a revision raises an error with `raise`, so that it ends on purpose."""
    if isinstance(error, HandlerEntryError | SystemExit) or hasattr(error, IS_RAISED):
        return True
    frames = extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    return bool(last and last.filename == str(path) and (last.line or "").startswith("raise"))


def find_failure(error: BaseException, path: Path) -> Failure:
    """Return an error with the line of the revision that it comes from."""
    frames = error.frames if isinstance(error, EffectError) else extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if frame.filename == str(path)]
    return Failure((own[-1] if own else None) or 1, error)


def merge_paths(paths: Sequence[Sequence[RenderedStatement]]) -> list[RenderedStatement]:
    """Return the statements of all paths, those of a branch before the ones that follow it."""
    merged = list(paths[0]) if paths else []
    for path in paths[1:]:
        position = 0
        known = [each.key for each in merged]
        for rendered in path:
            identity = rendered.key
            if identity in known[position:]:
                position = known.index(identity, position) + 1
            elif identity not in known:
                merged.insert(position, rendered)
                known.insert(position, identity)
                position += 1
    return merged


def _missing_arguments(function: Function, given: Mapping[str, Any]) -> dict[str, StandIn]:
    """Return stand-ins for the arguments that a function needs and the project does not give."""
    return {
        name: StandIn()
        for name, each in signature(function).parameters.items()
        if name not in given
        and each.default is Parameter.empty
        and each.kind in {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}
    }


def _line_of(place: Place, path: Path) -> int:
    """Return the line of a condition."""
    return next((line for file, line, _ in place if file == str(path)), 1)
