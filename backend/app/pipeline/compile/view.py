"""Choose what is shown of a compiled statement: its framework and currency, years, and filings."""

from collections.abc import Sequence
from typing import Literal

from app.pipeline.compile.first_reported import as_first_reported
from app.pipeline.compile.years import of_newest_years
from app.pipeline.compiled import Compiled

View = Literal["latest", "original"]
"""Figures of the newest filing that states them, or as they were first reported."""
UNKNOWN = "unknown"
"""The name of a framework, or currency, that no filing says."""


class NoSuchGroupError(ValueError):
    """The statement was not compiled in that framework or currency; the message names those."""


def view_of(
    compiled: Compiled,
    *,
    years: int | None = 10,
    view: View = "latest",
    framework: str | None = None,
    currency: str | None = None,
) -> Compiled:
    """Return a part of a compiled statement, in the same form.

    Args:
        compiled: As it is stored, with `others`.
        years: How many fiscal years, from the newest on, of which those missing count too;
            all by default of None. Short and long periods between them are kept.
        view: Which filing gives the figures.
        framework: Such as `ifrs` or `US GAAP`, whatever its case and hyphens.
        currency: ISO 4217, whatever its case.

    Returns:
        The first group that fits; `others` are those others that fit too, cut alike.

    Raises:
        NoSuchGroupError: None fits.
    """
    groups = [
        each
        for each in [compiled, *compiled.others]
        if _fits(framework, each.framework) and _fits(currency, each.currency)
    ]
    if not groups:
        raise NoSuchGroupError(_what_there_is(compiled, framework, currency))
    chosen, *others = (_cut(each, years, view) for each in groups)
    return chosen.model_copy(update={"others": others})


def _cut(group: Compiled, years: int | None, view: View) -> Compiled:
    shown = of_newest_years(group, years)
    return as_first_reported(shown) if view == "original" else shown


def _fits(asked: str | None, known: str | None) -> bool:
    return asked is None or _simple(asked) == _simple(known or UNKNOWN)


def _simple(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _what_there_is(compiled: Compiled, framework: str | None, currency: str | None) -> str:
    """Return which groups there are, in one line."""
    asked = " in ".join(filter(None, [framework, currency]))
    statement = compiled.statement.replace("_", " ")
    groups = [_name_of(each) for each in [compiled, *compiled.others]]
    return f"no {statement} in {asked}: it was compiled in {_listed(groups)}"


def _name_of(group: Compiled) -> str:
    return f"{group.framework or UNKNOWN} ({group.currency or UNKNOWN})"


def _listed(names: Sequence[str]) -> str:
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last}" if first else last
