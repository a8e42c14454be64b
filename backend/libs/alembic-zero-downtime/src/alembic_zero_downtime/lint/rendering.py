"""Render the SQL of a revision without a database.

A revision is first run as it is. If it reads from the database, or fails, its code is rewritten
(`alembic_zero_downtime.lint.instrument`), and run until every branch was seen
(`alembic_zero_downtime.lint.exploration`).
"""

import ast
import builtins
import io
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from sqlalchemy import event

from alembic_zero_downtime.lint.effects import replaced, without_effects
from alembic_zero_downtime.lint.exploration import (
    Run,
    Setting,
    explore,
    find_failure,
    is_raised,
    run_once,
    summarize,
)
from alembic_zero_downtime.lint.failure import Failure
from alembic_zero_downtime.lint.instrument import NAME, find_names, instrument
from alembic_zero_downtime.lint.offline_sql import OfflineDatabase, Rendering, offline_database
from alembic_zero_downtime.lint.resumption import Resumption
from alembic_zero_downtime.lint.stand_in import (
    Decisions,
    EndlessLoopError,
    StandIn,
    deciding,
)
from alembic_zero_downtime.lint.stand_in_database import answer_session
from alembic_zero_downtime.migration_environment import MigrationEnvironment

# Words of code that a run does not show as a whole: it depends on the machine, or handles errors.
OPEN_ENDED = (b"environ", b"getenv", b"except")
ENOUGH_STAND_INS = 1_000
"""A run that does not branch is not gone on with, since it does not show all."""


@dataclass(frozen=True)
class RenderedRevision:
    """A revision without a database.

    Attributes:
        upgrade: the SQL of `upgrade`.
        downgrade: the SQL of `downgrade`.
        failures: the errors of its module, when it is loaded.
        is_declared: whether it declares if it is repeatable.
    """

    upgrade: Rendering
    downgrade: Rendering
    failures: tuple[Failure, ...]
    is_declared: bool


def render_revisions(
    environment: MigrationEnvironment, paths: Iterable[Path]
) -> dict[Path, RenderedRevision]:
    """Run `upgrade` and `downgrade` of revisions without a database.

    An effect outside of its SQL, such as a file that it writes, is refused, and is a failure.
    The output of a revision is written to standard error.

    Args:
        environment: of the revisions.
        paths: their files.

    Raises:
        SyntaxError: A file is not valid Python.
    """
    with offline_database(environment) as offline, _quietly():
        return {path: _render(path, offline) for path in paths}


def _render(path: Path, offline: OfflineDatabase) -> RenderedRevision:
    # This writes the compiled code beside the file, which the guard would refuse.
    code: Any = SourceFileLoader(path.stem, str(path)).get_code(path.stem)
    with without_effects() as guard:
        setting = Setting(offline, guard, path)
        return _render_as_written(code, setting) or _render_rewritten(setting)


def _render_as_written(code: CodeType, setting: Setting) -> RenderedRevision | None:
    """Run a revision as it is; return None if that does not show all of it."""
    path = setting.path
    module = _module(path)
    try:
        exec(code, vars(module))  # noqa: S102 as Alembic does
    except (Exception, SystemExit):  # noqa: BLE001 a revision's own code raises anything
        return None
    if setting.guard.refused or any(each in path.read_bytes() for each in OPEN_ENDED):
        return None
    renderings = []
    for name in ("upgrade", "downgrade"):
        run = run_once(getattr(module, name, None), setting, most=ENOUGH_STAND_INS)
        if not _is_complete(run, path):
            return None
        renderings.append(summarize([run]))
    upgrade, downgrade = renderings
    return RenderedRevision(upgrade, downgrade, (), hasattr(module, "repeatable"))


def _is_complete(run: Run, path: Path) -> bool:
    """Whether a run has shown all of a function."""
    if run.decisions.is_used or run.effects:
        return False
    return run.error is None or is_raised(run.error, path)


def _render_rewritten(setting: Setting) -> RenderedRevision:
    """Run a revision so that it goes on where it fails, and takes every branch."""
    path, guard = setting.path, setting.guard
    tree = ast.parse(path.read_bytes(), str(path))
    setting = replace(setting, names=find_names(tree))
    code = compile(instrument(tree), str(path), "exec")
    module, resumption = _module(path), Resumption(str(path), setting.offline.record)
    vars(module)[NAME] = resumption
    guard.refused.clear()
    failures = []
    with deciding(Decisions()):
        try:
            exec(code, vars(module))  # noqa: S102 as Alembic does
        except (Exception, SystemExit, EndlessLoopError) as error:  # noqa: BLE001 a revision's code
            failures.append(find_failure(error, path))
    failures += resumption.failures
    failures += [find_failure(each, path) for each in guard.refused]
    with _answering_sessions(), redirect_stdout(io.StringIO()):  # it was written before
        upgrade, downgrade = (
            explore(getattr(module, name, None), setting, resumption)
            for name in ("upgrade", "downgrade")
        )
    return RenderedRevision(upgrade, downgrade, tuple(failures), hasattr(module, "repeatable"))


def _module(path: Path) -> ModuleType:
    module = ModuleType(re.sub(r"\W", "_", path.name))  # as Alembic does
    module.__file__ = str(path)
    return module


@contextmanager
def _quietly() -> Iterator[None]:
    """Write the standard output to standard error, do not sleep, and do not ask."""
    with (
        redirect_stdout(sys.stderr),
        replaced(time, "sleep", value=lambda _: None),
        replaced(builtins, "input", value=lambda *_: StandIn()),
    ):
        yield


@contextmanager
def _answering_sessions() -> Iterator[None]:
    """Answer the statements of sessions, if a revision has imported SQLAlchemy's."""
    orm = sys.modules.get("sqlalchemy.orm")
    if orm is None:
        yield
        return
    event.listen(orm.Session, "do_orm_execute", answer_session)
    try:
        yield
    finally:
        event.remove(orm.Session, "do_orm_execute", answer_session)
