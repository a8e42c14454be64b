"""Measure the effects of pending revisions on a copy of a database's schema."""

from alembic_zero_downtime.errors import MigrationError


class PlanError(MigrationError):
    """The plan cannot be made; the message has the reason."""


class UnknownRevisionError(PlanError):
    """A revision cannot be run on the copy, although it may run on the target."""
