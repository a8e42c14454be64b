"""The words over and around a statement: dates, units, notes, in each language of the layouts."""

import datetime as dt

from app.pipeline.statement import StatementName
from tests.filings.layout import Layout
from tests.filings.truth import TruePeriod

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}
_NAMES = {
    "EUR": {"en": "euros", "de": "Euro", "fr": "euros", "nl": "euro's"},
    "GBP": {"en": "pounds sterling", "de": "Pfund Sterling", "fr": "livres", "nl": "ponden"},
    "USD": {"en": "U.S. dollars", "de": "US-Dollar", "fr": "dollars US", "nl": "US-dollars"},
    "CHF": {"en": "Swiss francs", "de": "Schweizer Franken", "fr": "francs suisses"}
    | {"nl": "Zwitserse franken"},
    "JPY": {"en": "Japanese yen", "de": "Yen", "fr": "yens", "nl": "yen"},
    "SEK": {"en": "Swedish kronor", "de": "Schwedische Kronen", "fr": "couronnes suédoises"}
    | {"nl": "Zweedse kronen"},
}
CURRENCIES = tuple(_NAMES)
_PERIOD = {
    "us": ("for the years ended {}", "as of {}", "Years ended", "As of"),
    "en": ("for the year ended {}", "at {}", "Year ended", "At"),
    "uk": ("for the year ended {}", "as at {}", "Year ended", "As at"),
    "de": ("für das Geschäftsjahr zum {}", "zum {}", "Geschäftsjahr zum", "Stand"),
    "fr": ("pour l'exercice clos le {}", "au {}", "Exercice clos le", "Au"),
    "nl": ("over het boekjaar eindigend op {}", "per {}", "Boekjaar eindigend op", "Per"),
}
NOTE = {"us": "Notes", "en": "Note", "uk": "Notes", "de": "Anhang", "fr": "Notes", "nl": "Noot"}
CONTINUED = {"en": "(continued)", "de": "(Fortsetzung)", "fr": "(suite)", "nl": "(vervolg)"}
RESTATED = {"en": "Restated", "de": "angepasst", "fr": "Retraité", "nl": "Aangepast"}
CHANGE = {"en": "Change %", "de": "Veränd. %", "fr": "Var. %", "nl": "Mutatie %"}


def symbol(currency: str) -> str:
    """Return the sign of a currency, or its code where it has none."""
    return _SYMBOLS.get(currency, currency)


def day_month(end: dt.date, layout: Layout) -> str:
    """Return a date's day and month as the layout's language prints them before the year."""
    month = _MONTHS[layout.language].split()[end.month - 1]
    if layout.variant == "us":
        return f"{month} {end.day},"
    return f"{end.day}. {month}" if layout.variant == "de" else f"{end.day} {month}"


def full_date(end: dt.date, layout: Layout) -> str:
    """Return a date in words."""
    return f"{day_month(end, layout)} {end.year}"


def period_phrase(statement: StatementName, periods: tuple[TruePeriod, ...], layout: Layout) -> str:
    """Return the words under a title that say which year it is about."""
    duration, instant, _, _ = _PERIOD[layout.variant]
    form = instant if statement == "balance_sheet" else duration
    newest = max(period.end for period in periods)
    if statement != "balance_sheet" and counts_weeks(layout):
        days = next(period.days for period in periods if period.end == newest) or 0
        return f"for the {days // 7} weeks ended {full_date(newest, layout)}"
    if layout.variant == "us":
        ends = sorted((period.end for period in periods), reverse=True)
        dates = [full_date(end, layout) for end in ends]
        return form.format(", ".join(dates[:-1]) + " and " + dates[-1])
    return form.format(full_date(newest, layout))


def spanner(statement: StatementName, layout: Layout) -> str:
    """Return the words that span all columns."""
    return _PERIOD[layout.variant][3 if statement == "balance_sheet" else 2]


def counts_weeks(layout: Layout) -> bool:
    """Return whether periods are named by their weeks; US reports with a spanner say "years"."""
    spanned = layout.variant == "us" and layout.heading == "spanner"
    return layout.weeks and layout.language == "en" and not spanned


def column_lines(statement: StatementName, period: TruePeriod, layout: Layout) -> tuple[str, ...]:
    """Return the lines above a column, without its unit.

    The year alone is that of the date, also where the fiscal year is another.
    """
    if layout.heading in {"year", "title"}:
        return (str(period.end.year),)
    lines: tuple[str, ...] = (day_month(period.end, layout), str(period.end.year))
    if layout.numeric_dates and layout.variant != "us":
        lines = (period.end.strftime("%d.%m.%Y" if layout.variant == "de" else "%d/%m/%Y"),)
    weeks = statement != "balance_sheet" and counts_weeks(layout)
    return ((f"{(period.days or 0) // 7} weeks ended"), *lines) if weeks else lines


def column_unit(layout: Layout) -> str:
    """Return currency and scale as they stand above a column."""
    sign = symbol(layout.currency)
    code = layout.currency
    forms = {
        "de": (code, f"T{code}", f"Mio. {code}"),
        "fr": (sign, f"k{sign}" if sign == "€" else f"{code} k", f"M{sign}"),
        "nl": (sign, f"x {sign} 1.000", f"{sign} mln"),
    }
    joined = sign if sign != code else f"{code} "
    english = (sign, f"{sign}\u2019000", f"{joined}m")
    return forms.get(layout.language, english)[layout.scale // 3]


def unit_caption(layout: Layout) -> str:
    """Return currency and scale in words."""
    name = _NAMES[layout.currency][layout.language]
    power = layout.scale // 3
    if layout.variant == "us":
        shares = " and number of shares, which are reflected in thousands" * (power > 0)
        exceptions = f"per share amounts{shares if layout.shares else ''}"
        plain = layout.currency == "USD" and layout.sign_apart
        unit = (
            ("In dollars", "In thousands", "In millions")[power]
            if plain
            else ("In {}", "In thousands of {}", "In millions of {}")[power].format(name)
        )
        return f"({unit}, except {exceptions})"
    words = {
        "en": (f"in {name}", f"in thousands of {name}", f"in millions of {name}"),
        "de": (f"in {layout.currency}", f"in Tausend {layout.currency}", f"in Millionen {name}"),
        "fr": (f"en {name}", f"en milliers de {name}", f"en millions de {name}"),
        "nl": (f"in {name}", f"in duizenden {name}", f"in miljoenen {name}"),
    }[layout.language][power]
    return words.replace("de euros", "d'euros")


def unit_sentence(layout: Layout) -> str:
    """Return the sentence of the notes that states currency and scale."""
    name = _NAMES[layout.currency][layout.language]
    power = layout.scale // 3
    rounding = {
        "en": ("whole unit", "nearest thousand", "nearest million"),
        "de": ("volle Einheiten", "volle Tausend", "volle Millionen"),
        "fr": ("à l'unité", "au millier", "au million"),
        "nl": ("hele eenheden", "duizenden", "miljoenen"),
    }[layout.language][power]
    caption = unit_caption(layout).strip("()").split(", except")[0].lower()
    caption = caption.replace("u.s.", "U.S.")
    return {
        "en": f"The consolidated financial statements are presented in {name}; all amounts are "
        f"stated {caption}, rounded to the {rounding}, unless otherwise indicated.",
        "de": f"Der Konzernabschluss wird in {name} aufgestellt; alle Beträge sind {caption} "
        f"angegeben und auf {rounding} gerundet, sofern nicht anders vermerkt.",
        "fr": f"Les états financiers consolidés sont présentés en {name}; sauf indication "
        f"contraire, les montants sont exprimés {caption}, arrondis {rounding} le plus proche.",
        "nl": f"De geconsolideerde jaarrekening is opgesteld in {name}; alle bedragen zijn "
        f"{caption}, afgerond op {rounding}, tenzij anders vermeld.",
    }[layout.language]
