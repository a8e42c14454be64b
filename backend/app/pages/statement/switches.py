"""Links that show a statement otherwise; each keeps the other options."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.pages import addresses
from app.pages.statement.bases import NAMES
from app.pages.statement.options import YEARS, Options
from app.pipeline.compile.view import UNKNOWN
from app.pipeline.compiled import Compiled
from app.pipeline.plain import plain
from app.pipeline.wording import framework_name

FILES: Final = {"xlsx": "XLSX", "csv": "CSV", "json": "JSON"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A link of a switch."""

    text: str
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """A group of links, of which one is current."""

    name: str
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Download:
    """A link to a file."""

    text: str
    href: str


def switches_of(
    company_id: int, compiled: Compiled, stored: Compiled, options: Options
) -> Iterator[Switch]:
    """Yield the switches of a statement.

    Args:
        company_id: Whose.
        compiled: As it is shown.
        stored: With all frameworks and currencies.
        options: How it is shown.
    """

    def switch(name: str, choices: Iterable[tuple[str, dict[str, Any]]]) -> Switch:
        made = [
            Choice(
                text,
                addresses.statement(company_id, stored.statement, options.but(**changes).query),
                options.but(**changes) == options,
            )
            for text, changes in choices
        ]
        return Switch(name, made)

    yield switch("Years", ((name.capitalize(), {"years": each}) for name, each in YEARS.items()))
    yield switch(
        "Figures",
        (("Latest", {"view": "latest"}), ("As first reported", {"view": "original"})),
    )
    yield switch(
        "Measure",
        (
            ("Amounts", {"show": "amounts"}),
            (f"% of {NAMES[stored.statement]}", {"show": "share"}),
            ("Growth", {"show": "growth"}),
        ),
    )
    yield switch(
        "Order", (("Newest first", {"order": "newest"}), ("Oldest first", {"order": "oldest"}))
    )
    groups = groups_of(stored)
    if len(groups) > 1:
        shown = identity_of(compiled)
        choices = [
            Choice(
                " · ".join(_names(group)),
                addresses.statement(
                    company_id, stored.statement, options.but(**query_of(group, stored)).query
                ),
                identity_of(group) == shown,
            )
            for group in groups
        ]
        yield Switch("Reported in", choices)


def downloads_of(company_id: int, compiled: Compiled, options: Options) -> list[Download]:
    """Return the links to files with the same years and figures."""
    return [
        Download(
            text,
            addresses.download(
                company_id, compiled.statement, {**options.download, "format": name}
            ),
        )
        for name, text in FILES.items()
    ]


def groups_of(stored: Compiled) -> list[Compiled]:
    """Return the frameworks and currencies that an address can name, the default first.

    Of a group and a parent company in the same, only the first can be named.
    """
    first: dict[tuple[str | None, str | None], Compiled] = {}
    for each in (stored, *stored.others):
        first.setdefault(identity_of(each)[:2], each)
    return list(first.values())


def query_of(group: Compiled, stored: Compiled) -> dict[str, str | None]:
    """Return the options that show a group; none for the default."""
    if group is stored:
        return {"framework": None, "currency": None}
    return {"framework": group.framework or UNKNOWN, "currency": group.currency or UNKNOWN}


def identity_of(group: Compiled) -> tuple[str | None, str | None, str | None]:
    """Return what sets a group apart from others of a statement."""
    return group.framework, group.currency, group.scope


def _names(group: Compiled) -> list[str]:
    framework = framework_name(group.framework) if group.framework else "framework not known"
    currency = plain(group.currency) if group.currency else "currency not known"
    return [framework, currency, *(["parent company"] if group.scope == "parent" else [])]


def name_of_group(group: Compiled) -> str:
    """Return a group in words, such as "IFRS in EUR"."""
    framework, currency, *rest = _names(group)
    return ", ".join([f"{framework} in {currency}", *rest])
