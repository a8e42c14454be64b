"""All revisions whose findings are known, and the number that the lint finds."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from support.foreign import Foreign
from support.foreign_lookalikes import LOOKALIKES
from support.foreign_projects import BEHIND_PROJECTS
from support.foreign_reads import BEHIND_ROWS
from support.foreign_row_loops import ONE_BY_ONE
from support.foreign_schemas import BEHIND_SCHEMAS
from support.harmless_reads import BY_KEY, OF_FEW_ROWS, READS
from support.harmless_revisions import OF_UNUSED_OBJECTS
from support.lint_revisions import Linter, write
from support.unsafe import SAFE, UNSAFE

FOREIGN = [*BEHIND_ROWS, *BEHIND_SCHEMAS, *BEHIND_PROJECTS, *LOOKALIKES, *ONE_BY_ONE]
HARMLESS = [*OF_UNUSED_OBJECTS, *BY_KEY, *READS, *OF_FEW_ROWS]
CORPORA: dict[str, Sequence[Foreign]] = {
    "unsafe": [Foreign(each.name, each.upgrade, (str(each.lint),)) for each in UNSAFE],
    "safe": [Foreign(each.name, each.upgrade) for each in SAFE],
    "of other projects": FOREIGN,
    "of other projects, harmless": HARMLESS,
}
"""The revisions by their kind; the rules of each are those of its dangerous calls."""

USES_THE_CONNECTION = "it uses the connection"
NOT_ABOUT_SQL = {"downgrade", "imports-app", "offline-sql"}


class Count(NamedTuple):
    """What the lint finds in some revisions.

    Attributes:
        revisions: their number.
        unsafe: those with a dangerous call.
        flagged: those of them with one of its findings.
        calls: the dangerous calls, each of another rule in its revision.
        found: those that are found.
        falsely: the revisions without a dangerous call that have a finding.
    """

    revisions: int
    unsafe: int
    flagged: int
    calls: int
    found: int
    falsely: int


def write_foreign(foreign: Foreign) -> str:
    """Return the source of a revision."""
    head = f"from alembic import context\n{foreign.head}\n"
    return write(foreign.upgrade, foreign.downgrade, head)


def count(revisions: Sequence[Foreign]) -> Count:
    """Lint revisions, and count the findings about their SQL."""
    with TemporaryDirectory() as folder:
        linter = Linter(Path(folder))
        results = [(set(each.rules), _rules(linter, each)) for each in revisions]
    unsafe = [(rules, found & rules) for rules, found in results if rules]
    return Count(
        len(results),
        len(unsafe),
        sum(bool(found) for _, found in unsafe),
        sum(len(rules) for rules, _ in unsafe),
        sum(len(found) for _, found in unsafe),
        sum(bool(found) for rules, found in results if not rules),
    )


def _rules(linter: Linter, foreign: Foreign) -> set[str]:
    findings = linter.lint(write_foreign(foreign)).findings
    return {each.rule.name for each in findings} - NOT_ABOUT_SQL
