"""What each filing states of a figure: its history, and second readings of the same filing."""

from dataclasses import dataclass

from app.pages import addresses
from app.pages.figure.links import Links
from app.pages.figure.signs import MINUS
from app.pipeline.wording import KINDS
from app.services.figure_places import pages_again
from app.services.origin_form import OfFiling, Origin, StatedBy
from app.services.values import write_value
from app.services.why import Traced


@dataclass(frozen=True, slots=True)
class Filing:
    """A filing.

    Attributes:
        of: Its form and fiscal year, such as "10-K, fiscal year 2023", and accession number.
        kind: In words.
        document: The address of the page of its document, and of its file in `download`; None where
            the document was removed.
        short: The first characters of its SHA-256.
    """

    of: str
    name: str
    kind: str
    document: str | None
    download: str | None
    short: str
    data: OfFiling


@dataclass(frozen=True, slots=True)
class Stated:
    """A figure as one filing states it.

    Attributes:
        picture: The address of the picture of its page, where it has one.
    """

    filing: Filing
    figure: str
    page: int | None
    printed: str | None
    label: str
    words: str
    is_shown: bool
    picture: str | None


@dataclass(frozen=True, slots=True)
class Again:
    """A second reading of a filing.

    Attributes:
        words: What it states of the figure, and how far it agrees in all.
        differs: Whether it states another figure.
        page: On which it states the figure, with its picture.
    """

    filing: Filing
    words: str
    differs: bool
    page: int | None
    picture: str | None


def filing_of(data: OfFiling) -> Filing:
    """Return a filing in words."""
    year = f"fiscal year {data.fiscal_year}" if data.fiscal_year else None
    of = ", ".join(each for each in (data.form, year, data.accession) if each)
    return Filing(
        of=of[:1].upper() + of[1:],
        name=data.file or "name of the file not known",
        kind=KINDS[data.kind],
        document=addresses.document(data.document) if data.document else None,
        download=addresses.file(data.document) if data.document else None,
        short=data.sha256[:12],
        data=data,
    )


def history_of(traced: Traced, links: Links) -> tuple[Stated, ...]:
    """Return what each filing states, the oldest first."""
    return tuple(_stated(each, traced.origin, links) for each in traced.origin.history)


def _stated(stated: StatedBy, origin: Origin, links: Links) -> Stated:
    page = stated.at[0] if isinstance(stated.at, tuple) else stated.page
    document = stated.filing.document
    picture = None
    if page is not None and document is not None:
        of = None if stated.shown else document
        picture = links.picture(origin.line, origin.period, "page", of)
    return Stated(
        filing=filing_of(stated.filing),
        figure=write_value(stated.v),
        page=page,
        printed=stated.printed,
        label=stated.label,
        words=stated.in_words.replace("(-", f"({MINUS}"),
        is_shown=stated.shown,
        picture=picture,
    )


def readings_of(traced: Traced, links: Links) -> tuple[Again, ...]:
    """Return the second readings of the filings that state a figure."""
    origin, pages = traced.origin, pages_again(traced)
    found = []
    for each in origin.second_readings:
        if each.agrees is None:
            words = "this line is not found in it"
        else:
            same = "the same" if each.agrees else "which is another"
            words = f"{write_value(each.v)}, {same}"
        compared = f"{each.equal:,} figures of the statement agree, {each.different:,} do not"
        document = each.filing.document
        page = None if each.agrees is None or document is None else pages.get(document)
        picture = links.picture(origin.line, origin.period, "page", document) if page else None
        filing = filing_of(each.filing)
        found.append(Again(filing, f"{words} · {compared}", each.agrees is False, page, picture))
    return tuple(found)
