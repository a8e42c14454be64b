"""What pending revisions would do to a database, measured on a copy of its schema."""


class PlanError(Exception):
    """There is no plan; the message says why."""
