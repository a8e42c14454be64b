"""The form of a company's name and identifiers: what was typed, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from pydantic import ValidationError

from app.schemas.companies import CompanyCreate, CompanyPatch, CompanyRead

PLAIN: Final = ("name", "lei", "cik", "ir_url", "fiscal_year_end")
"""Fields that are one text; the others are the listings."""
MOST_LISTINGS: Final = 20
"""That a form can have; a company with more is changed by the API."""
SPARE: Final = 2
"""Empty listings at the end, of which those that stay empty are left out."""
_WRONG: Final = {
    "name": "A name has 1 to 200 characters in one line.",
    "lei": "An LEI has 20 letters and digits; the last two are digits.",
    "cik": "A CIK has up to ten digits, and is not zero.",
    "ir_url": "An address begins with https:// or http://, and has no user or password.",
    "fiscal_year_end": "Month and day have the form 09-30.",
    "ticker": "A ticker has letters and digits, such as AAPL or BRK.B.",
    "exchange": "The name of an exchange has up to 50 characters in one line, without a colon.",
    "tickers": "The same ticker and exchange is there twice.",
}
"""What is said of a field that is wrong."""
_SLIP: Final = "The check digits of this LEI are wrong: there is a slip in it."


@dataclass(frozen=True, slots=True)
class Pair:
    """A listing as it was typed; the exchange of the first one may not be known."""

    ticker: str = ""
    exchange: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.ticker.strip() or self.exchange.strip())


@dataclass(frozen=True, slots=True)
class CompanyForm:
    """The form.

    Attributes:
        texts: By name, for each of `PLAIN`.
        pairs: The first one is that of the main ticker.
        wrong: Why a field cannot be taken, by its name: those of `PLAIN`, `tickers`, and
            `ticker-1`, `exchange-1` and so on for the listings.
        seen: The fingerprint of the company that the form was shown with; empty for a new one.
    """

    texts: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(PLAIN, ""))
    pairs: Sequence[Pair] = (Pair(),) * SPARE
    wrong: Mapping[str, str] = field(default_factory=dict)
    seen: str = ""

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> Self:
        """Return what a person typed."""
        pairs = [
            Pair(form.get(f"ticker-{number}", ""), form.get(f"exchange-{number}", ""))
            for number in range(1, MOST_LISTINGS + 1)
            if f"ticker-{number}" in form
        ]
        texts = {name: form.get(name, "") for name in PLAIN}
        return cls(texts, pairs, seen=form.get("seen", ""))

    @classmethod
    def of_company(cls, company: CompanyRead, seen: str) -> Self:
        """Return the form with what is known of a company."""
        listings = [Pair(each.ticker, each.exchange) for each in company.tickers]
        main = [each for each in listings if each.ticker == company.primary_ticker][:1]
        if company.primary_ticker and not main:
            main = [Pair(company.primary_ticker)]
        others = [each for each in listings if each not in main]
        pairs = [*main, *others, *([Pair()] * SPARE)]
        texts = {name: getattr(company, name) or "" for name in PLAIN}
        return cls(texts, pairs if len(pairs) <= MOST_LISTINGS else (), seen=seen)

    def values(self, before: Self | None = None) -> dict[str, Any]:
        """Return the columns of a new company, or those that change.

        Args:
            before: The form as it was shown; a field that a person did not touch is not checked,
                since filings may say what a form does not take.

        Raises:
            WrongError: A field cannot be taken.
        """
        texts = {
            name: text.strip() or None
            for name, text in self.texts.items()
            if before is None or text.strip() != before.texts[name].strip()
        }
        if "name" in texts:
            texts["name"] = self.texts["name"]
        if before is not None and (not self.pairs or _filled(self) == _filled(before)):
            return _checked(CompanyPatch, texts, None)
        return _checked(CompanyPatch if before else CompanyCreate, texts, _filled(self))


class WrongError(Exception):
    """A form that cannot be taken.

    Attributes:
        fields: Why, by name of the field.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(", ".join(fields))
        self.fields: Final = fields


def _filled(form: CompanyForm) -> list[tuple[int, Pair]]:
    """Return the listings in which something was typed, with their numbers from 1."""
    return [(number, each) for number, each in enumerate(form.pairs, 1) if not each.is_empty]


def _checked(
    model: type[CompanyCreate | CompanyPatch],
    texts: Mapping[str, str | None],
    pairs: Sequence[tuple[int, Pair]] | None,
) -> dict[str, Any]:
    """Return the columns that texts and listings give.

    Args:
        model: Checks them.
        texts: By column.
        pairs: None where the listings stay as they are.

    Raises:
        WrongError: A field cannot be taken.
    """
    given: dict[str, Any] = dict(texts)
    listed = [(number, each) for number, each in pairs or () if each.exchange.strip()]
    if pairs is not None:
        given["tickers"] = [{"ticker": e.ticker, "exchange": e.exchange} for _, e in listed]
        given["primary_ticker"] = pairs[0][1].ticker if pairs else None
    wrong = _incomplete(pairs or ())
    try:
        values = model.model_validate(given).model_dump(exclude_unset=True)
    except ValidationError as error:
        numbers = [number for number, _ in listed]
        raise WrongError(
            {**_wrong_fields(error, numbers, pairs[0][0] if pairs else 1), **wrong}
        ) from None
    if wrong:
        raise WrongError(wrong)
    return values


def _incomplete(pairs: Sequence[tuple[int, Pair]]) -> dict[str, str]:
    """Return what is missing in listings of which something was typed."""
    wrong = {
        f"ticker-{number}": "Give the ticker on this exchange."
        for number, each in pairs
        if not each.ticker.strip()
    }
    for number, each in pairs[1:]:
        if not each.exchange.strip():
            wrong[f"exchange-{number}"] = (
                "Give the exchange; only that of the first may be missing."
            )
    return wrong


def _wrong_fields(error: ValidationError, numbers: Sequence[int], main: int) -> dict[str, str]:
    """Return what is wrong by name of the field.

    Args:
        error: Of the whole company.
        numbers: Those of the listings in the form, from 1, in the order of the company's.
        main: Number of the listing with the main ticker.
    """
    wrong = {}
    for each in error.errors():
        name, *within = each["loc"]
        if name == "primary_ticker":
            wrong[f"ticker-{main}"] = _WRONG["ticker"]
        elif name == "tickers" and len(within) == 2:  # noqa: PLR2004 position and field
            position, part = within
            wrong[f"{part}-{numbers[int(position)]}"] = _WRONG[str(part)]
        elif name == "lei" and each["type"] == "value_error":
            wrong["lei"] = _SLIP
        else:
            wrong[str(name)] = _WRONG[str(name)]
    return wrong
