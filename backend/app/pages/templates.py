"""Jinja2 with every text escaped and cleaned, and the filters that pages share."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from app import VERSION
from app.pages import addresses
from app.pages.assets import address_of
from app.pipeline.plain import plain
from app.pipeline.wording import framework_name, year_ranges
from app.services.values import write_value

DASH: Final = "\N{EN DASH}"
_TEN: Final = 100
"""Tenths from which a size has no decimal."""


@cache
def environment() -> Environment:
    """Return the environment; a name that a template does not know is an error."""
    made = Environment(
        loader=PackageLoader("app.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_cleaned,
        auto_reload=False,
    )
    made.globals.update(address=addresses, asset=address_of, version=VERSION)
    made.filters.update(
        day=day,
        framework=framework_name,
        count=count,
        file_size=file_size,
        printed=write_value,
        years=years,
    )
    return made


def render(template: str, **context: Any) -> str:
    """Return a page.

    Args:
        template: Name of the file in `templates`.
        context: Its variables; `root` is the path under which a proxy serves the application.
    """
    return environment().get_template(template).render(context)


def _cleaned(value: object) -> object:
    """Return text without characters that hide, or turn the direction of writing."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def day(value: date | datetime | None) -> str:
    """Return a day as people read it, such as 31 Dec 2023."""
    return f"{value.day} {value:%b} {value.year}" if value is not None else DASH


def years(numbers: Iterable[int]) -> str:
    """Return fiscal years in ascending order, with a dash for those between."""
    return year_ranges(numbers, to=DASH)


def count(number: int, one: str, several: str | None = None) -> str:
    """Return a number with its noun, such as "1 document" or "1,234 documents"."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def file_size(size: int) -> str:
    """Return a number of bytes as people read it, such as "1.4 MB"; rounded."""
    for unit, divisor in (("MB", 1024**2), ("KB", 1024)):
        if size >= divisor:
            tenths = (10 * size + divisor // 2) // divisor
            return (
                f"{tenths // 10:,}.{tenths % 10} {unit}"
                if tenths < _TEN
                else (f"{(size + divisor // 2) // divisor:,} {unit}")
            )
    return count(size, "byte")
