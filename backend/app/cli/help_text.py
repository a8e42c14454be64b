"""The help of `fde`: commands by section, and arguments as they are typed."""

from typing import TYPE_CHECKING

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer._click.core import Context
    from typer._click.formatting import HelpFormatter


class Command(TyperCommand):
    """A command whose arguments are named in its usage as in its help.

    Typer writes `{COMPANY} {FILE...}...` and `FILE... <list[str]>`.
    """

    def collect_usage_pieces(self, ctx: "Context") -> list[str]:
        """Return the parts of the usage behind the name of the command."""
        pieces = ["[OPTIONS]"]
        for each in self.get_params(ctx):
            if each.param_type_name == "argument":
                name = _name(each)
                pieces.append(name if each.required or name.startswith("[") else f"[{name}]")
        return pieces

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write the arguments and the options."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for each in self.get_params(ctx):
            record = each.get_help_record(ctx)
            if record is None:
                continue
            if each.param_type_name == "argument":
                sections["Arguments"].append((_name(each), record[1]))
            else:
                sections["Options"].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Sections(TyperGroup):
    """The commands, each in the section of its `rich_help_panel`."""

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:  # noqa: ARG002
        """Write the commands in the order in which they were registered."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            title = getattr(command, "rich_help_panel", None) or "Commands"
            sections.setdefault(title, []).append(
                (name, command.get_short_help_str(formatter.width))
            )
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def _name(argument: object) -> str:
    """Return an argument as the help names it."""
    return str(getattr(argument, "metavar", None) or getattr(argument, "name", ""))
