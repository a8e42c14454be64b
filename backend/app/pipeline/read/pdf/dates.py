"""Dates, years and lengths of periods as headings print them, in en, de, fr and nl."""

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS: dict[str, int] = {}
for _number, _names in enumerate(
    (
        "january jan januar janner jan. janvier janv janv. januari enero gennaio",
        "february feb februar feb. fevrier fevr fevr. februari febrero febbraio",
        "march mar marz mrz mrz. mar. mars maart mrt marzo maerz",
        "april apr apr. avril avr avr. abril aprile",
        "may mai mei mayo maggio",
        "june jun jun. juni juin junio giugno",
        "july jul jul. juli juillet juil juil. julio luglio",
        "august aug aug. aout augustus agosto",
        "september sep sep. sept sept. septembre septiembre settembre",
        "october oct oct. oktober okt okt. octobre octubre ottobre",
        "november nov nov. novembre noviembre",
        "december dec dec. dezember dez dez. decembre diciembre dicembre",
    ),
    start=1,
):
    _MONTHS.update(dict.fromkeys(_names.split(), _number))
_MONTH = "(" + "|".join(sorted(map(re.escape, _MONTHS), key=len, reverse=True)) + r")(?![a-z])\.?"
_YEAR = r"((?:19[789]\d|20[0-4]\d)(?!\d))"
_DAY = r"(3[01]|[12]\d|0?[1-9])"
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(r"(?<![\w.,/])" + pattern))
    for name, pattern in (
        ("ymd", _YEAR + r"-(0\d|1[0-2])-" + _DAY + r"(?!\d)"),
        ("dmy", _DAY + r"(?:st|nd|rd|th|er|\.|e)?[ -]?(?:of |de )?" + _MONTH + r",?[ -]?" + _YEAR),
        ("dmy", _DAY + r"-" + _MONTH + r"-(\d\d)(?!\d)"),
        ("mdy", _MONTH + r" ?" + _DAY + r"(?:st|nd|rd|th)?(?: ?,| ?\.)? ?" + _YEAR),
        ("numeric", r"(\d{1,2})([./-]) ?(\d{1,2})\2 ?((?:19|20)\d\d|\d\d)(?![\d.,/])"),
        ("months", r"(?:(?:1[0-2]|0?[1-9]) ?- ?)?(1[0-2]|0?[1-9])/((?:19|20)\d\d)(?![\d.,/])"),
        ("my", _MONTH + r"[ ,'-]{0,2}" + _YEAR),
        ("my", _MONTH + r"[-'](\d\d)(?!\d)"),
        ("md", _MONTH + r" ?" + _DAY + r"(?:st|nd|rd|th)?(?![\d/])"),
        ("dm", _DAY + r"(?:st|nd|rd|th|er|\.|e)?[ -]?(?:of |de )?" + _MONTH),
        ("dm_numeric", _DAY + r"\.(0?[1-9]|1[0-2])\.(?!\d)"),
        ("split", _YEAR + r" ?[/-] ?((?:20)?\d\d)(?!\d)"),
        ("fiscal", (
            r"(?:fiscal (?:year )?|fy ?|financial year |exercice |geschaftsjahr |"
            r"boekjaar )'?((?:19|20)\d\d|\d\d)(?!\d)"
        )),
        ("year", _YEAR.replace("(?!\\d)", r"(?![\d%])(?![.,]\d)")),
    )
)  # fmt: skip
# "30 September 30 September" are two days of September, and so is "September 30 September 30".
_STARTS_WITH_DAY = re.compile(
    rf"^(?:(?!{_MONTH}).)*?(?<![\d.,]){_DAY}(?:st|nd|rd|th|er|\.|e)?[ -]?(?:of |de )?{_MONTH}"
)
_DAY_FIRST = tuple(sorted(_PATTERNS, key=lambda each: each[0] in {"mdy", "md"}))
_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "eighteen": 18, "fifty-two": 52, "fifty two": 52,
    "fifty three": 53, "fifty-three": 53,
}  # fmt: skip
_COUNT = "(?<![a-z0-9])(" + "|".join([*_NUMBERS, r"\d{1,2}"]) + ")"
_WEEKS = re.compile(_COUNT + r"[- ]?(?:weeks?|wochen|weken|semaines)")
_MONTHS_LONG = re.compile(_COUNT + r"[- ]?(?:months?|monate|mois|maanden)")
_MONTH_SPAN = re.compile(rf"(?<![a-z]){_MONTH} ?(?:-|to|bis|a|tot) ?{_MONTH}")
_YEAR_LONG = re.compile(
    r"(?:fiscal |financial )?years?[- ](?:then )?(?:end|to|from)|full year|twelve months"
    r"|exercices? (?:clos|annuel)|geschaftsjahr|boekjaar|year(?:s)? ended|annee"
)
_NUMBERED = re.compile(r"(?<![\d./])(1[0-2]|[1-9]) ?- ?(1[0-2]|[1-9])/(?:19|20)\d\d")
_QUARTER = re.compile(
    r"quarters?(?: ended)?(?![a-z])|trimestre|quartal|kwartaal|(?<![a-z])q[1-4]\b"
)
_RANGE = re.compile(
    r"^[ ,]*(?:to|through|until|bis(?: zum)?|au|tot(?: en met)?|t/m|-|and ending)[ ]*$"
)
_YEAR_FIRST_DAYS = 7
_LAST_MONTH, _LAST_DAY = 12, 31


@dataclass(frozen=True, slots=True)
class Stamp:
    """A date, or the part of one that is printed.

    Attributes:
        start: Where it starts in the text, in characters; `stop` where it ends.
        fiscal: Whether the year is one that the filing names, such as FY22 or fiscal 2022.
        opens: Whether it is the first day of a printed range.
    """

    start: int
    stop: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    fiscal: bool = False
    opens: bool = False

    @property
    def date(self) -> date | None:
        """Return the day, None where a part is missing or there is no such day."""
        return day_of(self.year, self.month, self.day)


@dataclass(frozen=True, slots=True)
class Length:
    """How long a period is: in weeks or in months, whichever is printed."""

    weeks: int | None = None
    months: int | None = None


def day_of(year: int | None, month: int | None, day: int | None) -> date | None:
    """Return a date, None where a part is missing; 29 February becomes the month's last day."""
    if year is None or month is None or day is None:
        return None
    last = calendar.monthrange(year, month)[1]
    if day > last and not (month == 2 and day == 29):  # noqa: PLR2004  # a leap year's end
        return None
    return date(year, month, min(day, last))


def _century(text: str) -> int:
    return int(text) if len(text) > 2 else 2000 + int(text)  # noqa: PLR2004


def _parts(name: str, one: Sequence[str]) -> tuple[int | None, int | None, int | None] | None:
    """Return year, month and day of what a pattern found; None where it is no date."""
    match name:
        case "ymd":
            found = int(one[0]), int(one[1]), int(one[2])
        case "dmy":
            found = _century(one[2]), _MONTHS[one[1]], int(one[0])
        case "mdy":
            found = int(one[2]), _MONTHS[one[0]], int(one[1])
        case "numeric":
            return _numeric(*one)
        case "my" | "months":
            year, month = _century(one[1]), int(one[0]) if name == "months" else _MONTHS[one[0]]
            found = year, month, calendar.monthrange(year, month)[1]
        case _:
            return _incomplete(name, one)
    return found


def _incomplete(name: str, one: Sequence[str]) -> tuple[int | None, int | None, int | None] | None:
    """Return the parts of a date without year, or of a year without date."""
    match name:
        case "md":
            return None, _MONTHS[one[0]], int(one[1])
        case "dm":
            return None, _MONTHS[one[1]], int(one[0])
        case "dm_numeric":
            return None, int(one[1]), int(one[0])
        case "split":
            first, second = int(one[0]), int(one[1])
            follows = second in {first + 1, (first + 1) % 100}
            return (first + 1, None, None) if follows else None
        case _:
            return _century(one[0]), None, None


def _numeric(
    first: str, between: str, second: str, year: str
) -> tuple[int | None, int | None, int | None] | None:
    """Return the parts of 31.12.2022 or 12/31/2022; None where day and month are not told."""
    day, month = int(first), int(second)
    if month > _LAST_MONTH >= day:
        day, month = month, day
    elif between == "/" and day <= _LAST_MONTH and day != month:
        return None
    if not (1 <= month <= _LAST_MONTH and 1 <= day <= _LAST_DAY):
        return None
    return _century(year), month, day


def find_stamps(folded: str) -> list[Stamp]:
    """Return the dates of a folded text in the order in which they stand."""
    found: list[Stamp] = []
    taken = [False] * len(folded)
    patterns = _DAY_FIRST if _STARTS_WITH_DAY.search(folded) else _PATTERNS
    for name, pattern in patterns:
        for match in pattern.finditer(folded):
            if any(taken[match.start() : match.end()]):
                continue
            parts = _parts(name, match.groups())
            if parts is not None:
                fiscal = name == "fiscal"
                found.append(Stamp(match.start(), match.end(), *parts, fiscal=fiscal))
                taken[match.start() : match.end()] = [True] * (match.end() - match.start())
    found.sort(key=lambda stamp: stamp.start)
    return list(_ranged(folded, found))


def _ranged(folded: str, stamps: list[Stamp]) -> Iterator[Stamp]:
    """Yield the stamps, those that open a range marked and given its year."""
    for index, stamp in enumerate(stamps):
        after = stamps[index + 1] if index + 1 < len(stamps) else None
        if (
            after is None or stamp.month is None or after.month is None
            or not _RANGE.match(folded[stamp.stop : after.start])
        ):  # fmt: skip
            yield stamp
            continue
        year = stamp.year
        if year is None and after.year is not None:
            earlier = (stamp.month, stamp.day or 1) <= (after.month, after.day or 1)
            year = after.year if earlier else after.year - 1
        yield Stamp(stamp.start, stamp.stop, year, stamp.month, stamp.day, opens=True)


def find_length(folded: str) -> Length | None:
    """Return how long the period is that a heading names; None where it does not say."""
    if weeks := _WEEKS.search(folded):
        return Length(weeks=_count(weeks.group(1)))
    if months := _MONTHS_LONG.search(folded):
        return Length(months=_count(months.group(1)))
    if span := _MONTH_SPAN.search(folded) or _NUMBERED.search(folded):
        first, last = (_MONTHS.get(each) or int(each) for each in span.groups())
        return Length(months=(last - first) % 12 + 1)
    if _YEAR_LONG.search(folded):
        return Length(months=12)
    if _QUARTER.search(folded):
        return Length(months=3)
    return None


def _count(text: str) -> int:
    return _NUMBERS[text] if text in _NUMBERS else int(text)


def month_end(day: date) -> bool:
    """Return whether a day is the last one of its month."""
    return (day + timedelta(days=1)).day == 1


def start_of(end: date, length: Length) -> date | None:
    """Return the first day of a period that ends on a day.

    Months are counted exactly only from the end of a month or for a whole year.
    """
    if length.weeks:
        return end - timedelta(days=7 * length.weeks - 1)
    if not length.months:
        return None
    first = end + timedelta(days=1)
    months = first.year * 12 + first.month - 1 - length.months
    year, month = months // 12, months % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(first.day, last))


def fiscal_year(end: date) -> int:
    """Return the year of a period's end, minus one for ends on 1 to 7 January."""
    return end.year - 1 if end.month == 1 and end.day <= _YEAR_FIRST_DAYS else end.year
