"""How a report prints its statements: every choice that real reports differ in."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Variant = Literal["us", "en", "uk", "de", "fr", "nl"]
UnitPlace = Literal["caption", "column", "header", "note"]
Heading = Literal["year", "date", "spanner", "title"]
Negative = Literal["parentheses", "hyphen", "en_dash", "minus", "minus_apart"]
Rounding = Literal["exact", "rounded", "truncated"]
Business = Literal["function", "nature", "bank"]
Order = Literal["rows", "columns", "reversed"]
Glyphs = Literal["strings", "glyphs", "gaps"]
NoteStyle = Literal["plain", "letters", "pairs", "decimals", "label"]
Comprehensive = Literal["none", "one", "below", "next_page"]

THIN_SPACE = "\u2009"
_MINUS = {"hyphen": "-", "en_dash": "\u2013", "minus": "\u2212", "minus_apart": "\u2013"}


@dataclass(frozen=True, slots=True)
class Layout:
    """A report's typography, order and company: the defaults are a plain IFRS report.

    Attributes:
        variant: Of labels and order: `us` (US GAAP), `uk` (FRS 102), else IFRS in that language.
        business: Costs by function or by nature; or a bank, whose balance sheet has no current
            parts. US and FRS 102 statements are by function.
        years: Columns of each statement; a US balance sheet has one less than three.
        notes: Whether the notes are named.
        note_style: In a column as 7, 14 a), "5, 7" or 2.1; or at the end of the label.
        thousands: Between groups of digits; the thin space is drawn as a gap.
        point: Before the decimals of figures per share.
        nil: Printed for zero; nothing stands there where it is empty.
        costs_positive: Whether costs stand without a minus sign.
        sign_apart: Whether the currency sign stands alone, left of first figures and totals.
        sign_joined: Whether it stands before the digits of those figures instead.
        unit_place: Where currency and scale are said.
        heading: Of the columns: the year alone, the date in two lines, a spanner over dates and
            years in three lines, or the years alone with the date within the title.
        numeric_dates: Whether column heads have dates such as 31.12.2022.
        restated: Whether the years before are marked as restated.
        sparse: Whether blocks have no headings, only their totals.
        indent: Points for each level.
        tight: Whether columns stand close together.
        totals_first: Whether totals of the balance sheet stand above their parts.
        unlabelled: Whether subtotals have no label.
        label_width: Points before a label is wrapped; None where it never is.
        number_line: Which line of a wrapped label has the figures.
        repeat_other: Whether small lines are all called "Other".
        margin: Whether text runs up the margin.
        running: Whether pages have running headers, footers and numbers.
        convenience: Whether a column translates the newest year into US dollars.
        change: Whether a column states the change in percent.
        parent: Whether the parent's statements follow.
        parent_first: Whether they come before those of the group.
        beside: Whether columns of the parent stand beside those of the group.
        inset: Whether parts stand in a column of their own, left of their totals.
        joint_venture: Whether a note has the balance sheet of a joint venture.
        spread: Whether two pages of the report are one page of the file.
        share_page: Whether income statement and balance sheet share a page.
        split_balance: Whether the balance sheet goes on at the next page.
        comprehensive: Other comprehensive income: none, in one statement, under the income
            statement with a title of its own, or on the next page.
        memo: Whether there are "of which" lines and supplemental disclosures.
        rounding: Of printed figures: with `exact`, sums close to the digit.
        leaders: Whether dots lead from labels to figures.
        marks: Whether raised numbers of footnotes stand behind some labels and figures.
        turned: Whether pages lie on their side in the file, and the viewer turns them upright.
        order: In which the file draws the texts of a page.
        glyphs: Whether the file draws whole strings, each glyph by itself, or words without the
            spaces between them.
        struck_twice: Whether bold text is drawn twice, a little apart, as old writers do.
        font: Of the page, as reportlab names it.
        relabelled: Labels that stand in place of the usual ones, by key of `labels.txt`.
        moved: Lines that stand right behind another one of their block: their key, and its key.
        opposite: Keys of lines whose sign is the other one than that of lines like them.
        left_out: Keys of lines that are not printed.
        pages: The least number of pages: prose and notes fill those that are left.
    """

    variant: Variant = "en"
    business: Business = "function"
    currency: str = "EUR"
    scale: int = 3
    years: int = 2
    ascending: bool = False
    notes: bool = True
    note_style: NoteStyle = "plain"
    thousands: str = ","
    point: str = "."
    negative: Negative = "parentheses"
    nil: str = "\u2014"
    costs_positive: bool = False
    sign_apart: bool = False
    sign_joined: bool = False
    unit_place: UnitPlace = "column"
    heading: Heading = "year"
    title: int = 0
    numeric_dates: bool = False
    restated: bool = False
    sparse: bool = False
    indent: float = 9.0
    tight: bool = False
    totals_first: bool = False
    unlabelled: bool = False
    label_width: float | None = None
    number_line: Literal["first", "last"] = "last"
    repeat_other: bool = False
    margin: bool = False
    running: bool = True
    convenience: bool = False
    change: bool = False
    parent: bool = False
    parent_first: bool = False
    beside: bool = False
    inset: bool = False
    joint_venture: bool = False
    summary: bool = False
    contents: bool = False
    quarterly: bool = False
    segments: bool = False
    equity_changes: bool = True
    scanned: bool = False
    spread: bool = False
    share_page: bool = False
    split_balance: bool = False
    weeks: bool = False
    comprehensive: Comprehensive = "none"
    noncontrolling: bool = False
    shares: bool = False
    memo: bool = False
    rounding: Rounding = "exact"
    leaders: bool = False
    marks: bool = False
    turned: bool = False
    order: Order = "rows"
    glyphs: Glyphs = "strings"
    struck_twice: bool = False
    font: Literal["Helvetica", "Times-Roman", "Vera"] = "Helvetica"
    relabelled: tuple[tuple[str, str], ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    opposite: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    pages: int = 0

    @property
    def language(self) -> str:
        """ISO 639-1 of the report."""
        return "en" if self.variant in {"us", "en", "uk"} else self.variant

    @property
    def titles(self) -> str:
        """The variant of its titles."""
        return "en" if self.variant == "uk" else self.variant

    @property
    def framework(self) -> str:
        """As the form names it."""
        return {"us": "us-gaap", "uk": "frs-102"}.get(self.variant, "ifrs")


def group_digits(digits: str, separator: str) -> str:
    """Return digits in groups of three from the right."""
    first = len(digits) % 3
    groups = [digits[:first]] if first else []
    groups += [digits[at : at + 3] for at in range(first, len(digits), 3)]
    return separator.join(groups)


def print_figure(value: Decimal, layout: Layout, places: int = 0) -> str:
    """Return a figure as the report prints it.

    With `minus_apart` a space stands between sign and digits.
    """
    if value == 0:
        return layout.nil
    whole, _, fraction = f"{abs(value):.{places}f}".partition(".")
    text = group_digits(whole, layout.thousands) + (layout.point + fraction if fraction else "")
    if value > 0:
        return text
    if layout.negative == "parentheses":
        return f"({text})"
    return _MINUS[layout.negative] + (" " if layout.negative == "minus_apart" else "") + text
