"""Compare a fault that is reproduced with its row."""

from collections.abc import Callable

import pytest
from alembic.config import main as alembic_main
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from support.faults.case import AFTER, BEFORE, FAULTY, PASSWORD, Case, add_revisions, take_snapshot
from support.faults.page import Row
from support.faults.registry import Fault
from support.project import HEAD, ProjectCopy
from support.shell import as_text
from support.snapshots import Snapshot

Undisturbed = dict[str, Snapshot]
Check = Callable[[Case, Undisturbed], None]


def read_undisturbed(url: URL, project: ProjectCopy) -> Undisturbed:
    """Upgrade a database at the head; return its content at each revision."""
    add_revisions(project)
    engine = create_engine(url, poolclass=NullPool)
    snapshots = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", as_text(url))
        for revision in (HEAD, *project.ids):
            alembic_main(argv=["-c", str(project.ini), "upgrade", revision])
            snapshots[revision] = take_snapshot(engine)
    return snapshots


def is_at(revision: str) -> Check:
    """Return the check that the database is as after an undisturbed upgrade to `revision`."""

    def check(case: Case, undisturbed: Undisturbed) -> None:
        assert take_snapshot(case.engine) == undisturbed[revision]

    return check


def is_unchanged(case: Case, _: Undisturbed) -> None:
    assert take_snapshot(case.engine) == case.before


def has_index(*, is_valid: bool) -> Check:
    """Return the check that the faulty revision has left its index and nothing else."""

    def check(case: Case, undisturbed: Undisturbed) -> None:
        found, without = take_snapshot(case.engine), undisturbed[BEFORE]
        added = {kind: set(found[kind]) - set(without[kind]) for kind in found}
        assert {kind for kind, names in added.items() if names} == {"indexes", "relations"}
        assert f"'ix_before_n', {is_valid}," in str(added["indexes"])

    return check


def has_one_row_more(case: Case, undisturbed: Undisturbed) -> None:
    found = take_snapshot(case.engine)
    assert found.pop("rows of after") == ["(1)"]
    assert found == {k: v for k, v in undisturbed[AFTER].items() if k != "rows of after"}


LEFT_BEHIND = {
    "nothing": is_unchanged,
    "the revisions before it": is_at(BEFORE),
    "the revisions before it, and what its autocommit block did": has_index(is_valid=True),
    "the revisions before it, and what it committed": has_index(is_valid=True),
    "the revisions before it, and an invalid index": has_index(is_valid=False),
    "the revision that ran": is_at(FAULTY),
    "what the other process did": is_at(FAULTY),
    "all revisions, applied": is_at(AFTER),
    "all revisions, applied, and what was written": has_one_row_more,
}


def check_row(row: Row, fault: Fault, case: Case, undisturbed: Undisturbed) -> None:
    """Reproduce the fault of a row; compare its message, and the result of its advice."""
    assert row.left in LEFT_BEHIND, f"no check for what is left behind: {row.left}"
    with fault(case) as done:
        repeat, output = case.repeat, done.stdout + done.stderr
        assert done.returncode == row.exit_code, output
        missing = row.missing_in(output)
        assert not missing, f"missing: {missing}, in:\n{output}"
        assert "Traceback" not in output
        assert PASSWORD not in output
        assert f":{case.engine.url.password}@" not in output
        LEFT_BEHIND[row.left](case, undisturbed)
    if row.is_repeated:
        again = repeat()
        assert again.returncode == 0, again.stderr
    is_at(AFTER)(case, undisturbed)
