"""`fde doctor`: examine the database and the storage of files."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

import typer

from app.cli.exit_codes import Exit

if TYPE_CHECKING:
    from app.services.diagnosis import Check

EXAMPLES: Final = """\b
Examples:
  fde doctor          is all well, and if not, what to do
  fde doctor --deep   also reads each stored file and compares its digest
\b
Exit codes:
  0    all is well
  1    something is missing, damaged, left over or stale
  4    the database, its schema or the storage of files cannot be used
"""
SHOWN: Final = 10
"""Items of a check that are listed; --json has all."""
COLOURS: Final = {"ok": "green", "warning": "yellow", "fault": "red"}


def doctor(
    *,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read each stored file, and compare its digest.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> Callable[[], int]:
    """Check the database, its schema, the storage of files, and that each fits the others."""
    return lambda: _examine(deep=deep, as_json=as_json)


def _examine(*, deep: bool, as_json: bool) -> int:
    from app.pipeline.json_text import json_line  # noqa: PLC0415 `--help` imports nothing slow
    from app.services.doctor import examine  # noqa: PLC0415

    checks: list[Check] = []
    for check in examine(deep=deep):
        checks.append(check)
        if not as_json:
            sys.stdout.write(_lines(check))
            sys.stdout.flush()
    if as_json:
        sys.stdout.write(json_line({"checks": [_as_json(each) for each in checks]}))
    return exit_code_of(checks)


def exit_code_of(checks: "list[Check]") -> Exit:
    """Return the exit code: the worst of the checks."""
    from app.services.diagnosis import UNUSABLE, Level  # noqa: PLC0415

    if any(each.level is Level.FAULT and each.area in UNUSABLE for each in checks):
        return Exit.DATABASE
    return Exit.OK if all(each.level is Level.OK for each in checks) else Exit.DOUBTFUL


def _lines(check: "Check") -> str:
    from app.cli.colours import painter  # noqa: PLC0415
    from app.cli.text import plain  # noqa: PLC0415

    level = painter(sys.stdout)(f"{check.level:<8}", COLOURS[check.level])
    fix = f": {check.fix}" if check.fix else ""
    lines = [f"{level} {check.area}: {plain(check.message)}{plain(fix)}"]
    lines += [f"           {plain(each)}" for each in check.items[:SHOWN]]
    if len(check.items) > SHOWN:
        lines.append(f"           and {len(check.items) - SHOWN:,} more (--json lists all)")
    return "".join(f"{line}\n" for line in lines)


def _as_json(check: "Check") -> dict[str, object]:
    return {
        "area": check.area,
        "level": str(check.level),
        "message": check.message,
        "fix": check.fix or None,
        "items": list(check.items),
    }
