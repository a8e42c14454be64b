"""The steps of one migration command: computed once, with their progress."""

from collections.abc import Callable, Iterable

from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep

Step = RevisionStep | StampStep
StepsFunction = Callable[[tuple[str, ...], MigrationContext], Iterable[Step]]
"""The `fn` of Alembic's commands: returns the steps for the given heads and context."""


class MigrationSteps:
    """The steps from the current revisions of a database to the destination of a command.

    They are computed once: a retry of a relative command, such as `downgrade -1`, must not start
    again from the revision that the first attempt reached.

    Attributes:
        heads: the revisions of the database before the first step.
        pending: the steps still to run.
        done: the committed steps.
        destination: the revisions of the database after the last step.
    """

    def __init__(self, steps: Iterable[Step], heads: Iterable[str]) -> None:
        self.heads = set(heads)
        self.pending = list(steps)
        self.done: list[Step] = []
        self.destination = set(self.heads)
        for step in self.pending:
            self.destination -= set(step.from_revisions_no_deps)
            self.destination |= set(step.to_revisions_no_deps)

    def __bool__(self) -> bool:
        """Whether any step is pending."""
        return bool(self.pending)

    @property
    def has_downgrade(self) -> bool:
        """Whether a pending step reverts a revision; a stamp does not."""
        return any(isinstance(step, RevisionStep) and step.is_downgrade for step in self.pending)

    def restart(self, other: "MigrationSteps") -> None:
        """Take the steps of `other`, which lead from other heads to the same destination."""
        self.heads, self.pending = other.heads, other.pending

    def finish(self, step: Step) -> None:
        """Move a step whose transaction was committed from `pending` to `done`."""
        self.pending.remove(step)
        self.done.append(step)


def revision_of(step: Step) -> str:
    """Return the revision of a step; of a stamp, its destination."""
    if isinstance(step, RevisionStep):
        revision: str = step.revision.revision
        return revision
    return ", ".join(step.to_revisions_no_deps) or "base"
