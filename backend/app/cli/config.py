"""`fde config`: the settings in force, and where each is set."""

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

import typer

from app.cli.exit_codes import Exit

if TYPE_CHECKING:
    from app.services.settings_in_force import Setting

EXAMPLES: Final = """\b
Examples:
  fde config            which database, storage, limits, and who may write
  fde config --json     the same for a script
The settings of migrations: make db-config.
"""
UNITS: Final = {
    "API_UPLOAD_MEGABYTES": "MB",
    "FDE_TIMEOUT": "seconds",
    "FDE_MEMORY": "MB",
    "FDE_MAX_SIZE": "MB",
}
SECONDS: Final = "_SECONDS"
NAMED: Final = re.compile(r"[A-Z_]+: ")  # a problem that names its setting


def config(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False
) -> Callable[[], int]:
    """Show each setting in force and where it is set, without passwords."""

    def run() -> int:
        from app.services.settings_in_force import read_settings  # noqa: PLC0415 it is slow

        return _show(list(read_settings()), as_json=as_json)

    return run


def _show(settings: "list[Setting]", *, as_json: bool) -> int:
    from app.cli.table import Column, render, width_of_output  # noqa: PLC0415
    from app.cli.text import plain  # noqa: PLC0415
    from app.pipeline.json_text import json_line  # noqa: PLC0415

    if as_json:
        sys.stdout.write(json_line({"settings": [_as_json(each) for each in settings]}))
    else:
        columns = [Column("Setting"), Column("Value"), Column("Source")]
        rows = [(each.name, _value(each), each.source) for each in settings]
        sys.stdout.write(render(columns, rows, width_of_output()))
    wrong = [each for each in settings if each.problem]
    for problem in dict.fromkeys(map(_problem, wrong)):  # one setting may spoil the others
        sys.stderr.write(f"fde: {plain(problem)}\n")
    if any(not each.name.startswith("FDE_") for each in wrong):
        return Exit.DATABASE
    return Exit.USAGE if wrong else Exit.OK


def _problem(setting: "Setting") -> str:
    """Return what is wrong, with the name of the setting that is."""
    problem = setting.problem or ""
    return problem if NAMED.match(problem) else f"{setting.name}: {problem}"


def _value(setting: "Setting") -> str:
    if setting.problem:
        return "invalid"
    if setting.value is None:
        return "not set"
    unit = "seconds" if setting.name.endswith(SECONDS) else UNITS.get(setting.name)
    return f"{setting.value} {unit}" if unit else setting.value


def _as_json(setting: "Setting") -> dict[str, str | None]:
    return {
        "name": setting.name,
        "value": setting.value,
        "source": setting.source,
        "problem": setting.problem,
    }
