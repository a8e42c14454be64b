"""Let `alembic revision --autogenerate` fail, after it has written what it can."""

import sys
from collections.abc import Sequence
from typing import Any

from alembic.operations.ops import MigrationScript

from alembic_zero_downtime.autogenerate.change import LEFT_OUT
from alembic_zero_downtime.errors import MigrationError

FAILED = 255  # as Alembic's own failures


class LeftOutModels(MigrationScript):
    """Stands after the new revisions, and fails when Alembic asks for its id."""

    def __init__(self, reasons: Sequence[str], *, is_command_line: bool) -> None:
        self._reasons = reasons
        self._is_command_line = is_command_line

    @property
    def rev_id(self) -> str:  # type: ignore[override]
        """Fail.

        Raises:
            MigrationError: Always, to a calling program.
            SystemExit: Always, on the command line.
        """
        message = f"not everything was compared: {'; '.join(self._reasons)}"
        if not self._is_command_line:
            raise MigrationError(message)
        sys.stderr.write(f"FAILED: {message}\n")
        raise SystemExit(FAILED)


def fail_after_writing(migrations: Any, *, is_command_line: bool) -> None:
    """Let the command fail in the end if a model was left out.

    Args:
        migrations: the migration context of the command, with the new revisions.
        is_command_line: whether it is Alembic's command line.
    """
    if reasons := migrations.opts.get(LEFT_OUT):
        script = LeftOutModels(reasons, is_command_line=is_command_line)
        migrations.opts["revision_context"].generated_revisions.append(script)
