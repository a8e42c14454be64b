"""Hold the steps of a command, worked out once, and how far they are done."""

from collections.abc import Callable, Iterable

from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep

Step = RevisionStep | StampStep
Work = Callable[[tuple[str, ...], MigrationContext], Iterable[Step]]
"""What Alembic's command passes to its environment as `fn`: heads and context to steps."""


class Plan:
    """The steps that lead a database from its revisions to where a command wants it.

    They are worked out once. A command that is relative to where the database stands, such as
    `downgrade -1`, must not go one further because its first attempt had come half of the way.
    """

    def __init__(self, steps: Iterable[Step], heads: Iterable[str]) -> None:
        self.steps = list(steps)
        self.done: list[Step] = []
        self.destination = set(heads)
        for step in self.steps:
            self.destination -= set(step.from_revisions_no_deps)
            self.destination |= set(step.to_revisions_no_deps)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)

    @property
    def takes_back(self) -> bool:
        """Whether a revision is reverted, and not only stamped as if it were."""
        return any(isinstance(step, RevisionStep) and step.is_downgrade for step in self.steps)

    def finish(self, step: Step) -> None:
        """Note that the transaction of the first step has been committed."""
        self.steps.remove(step)
        self.done.append(step)


def name_of(step: Step) -> str:
    """Return the revision that the step is about."""
    if isinstance(step, RevisionStep):
        revision: str = step.revision.revision
        return revision
    return ", ".join(step.to_revisions_no_deps) or "base"
