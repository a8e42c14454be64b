"""Hypothesis strategies: companies, and layouts that go together as in real reports."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import strategies as st

from tests.filings.decade import Story
from tests.filings.inline import Inline, Nil, Tables
from tests.filings.layout import THIN_SPACE, Layout, Variant
from tests.filings.words import CURRENCIES

_VARIANTS: tuple[Variant, ...] = ("us", "en", "en", "uk", "de", "fr", "nl")
# Separators of groups and of decimals that occur together, by language.
_SEPARATORS = {
    "en": ((",", "."), (" ", "."), ("'", "."), ("\u2019", "."), (THIN_SPACE, ".")),
    "de": ((".", ","), ("\u2019", "."), (" ", ",")),
    "fr": ((" ", ","), (THIN_SPACE, ","), (".", ",")),
    "nl": ((".", ","),),
}
_TABLES: Mapping[str, tuple[Tables, ...]] = {
    "us": ("american", "plain"),
    "uk": ("plain", "divisions", "row_tables"),
}
seeds = st.integers(min_value=0, max_value=10_000)


# One layout of four has what is rare; a failing example shrinks to the usual.
_RARELY = st.integers(0, 3).map(lambda drawn: drawn == 3)
_USUALLY = st.integers(0, 3).map(lambda drawn: drawn < 3)


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """Return a layout; a failing one shrinks to the defaults."""
    variant: Variant = draw(st.sampled_from(_VARIANTS))
    language = variant if variant in _SEPARATORS else "en"
    thousands, point = draw(st.sampled_from(_SEPARATORS[language]))
    american = variant == "us"
    chosen = Layout(
        variant=variant,
        currency="USD" if american else draw(st.sampled_from(CURRENCIES)),
        scale=draw(st.sampled_from((3, 6, 0))),
        years=draw(st.sampled_from((2, 3))),
        ascending=draw(_RARELY),
        notes=draw(_RARELY if american else _USUALLY),
        thousands="," if american else thousands,
        point="." if american else point,
        negative=draw(
            st.sampled_from(("parentheses", "hyphen", "en_dash", "minus", "minus_apart"))
        ),
        nil=draw(st.sampled_from(("\u2014", "\u2013", "-", "0", ""))),
        costs_positive=draw(st.booleans()),
        sign_apart=draw(_USUALLY if american else _RARELY),
        unit_place=draw(
            st.sampled_from(("caption", "header") if american else ("column", "caption", "header"))
        ),
        heading=draw(st.sampled_from(("year", "date", "spanner", "title"))),
        title=draw(st.integers(0, 2)),
        font=draw(st.sampled_from(("Helvetica", "Times-Roman", "Vera"))),
        rounding=draw(st.sampled_from(("exact", "rounded", "truncated"))),
    )
    return _with_company(draw, chosen)


def _with_company(draw: st.DrawFn, layout: Layout) -> Layout:
    """Return the layout with what else is in the report, and how its pages are made up."""
    pages = draw(st.sampled_from(("plain", "plain", "spread", "share_page", "split_balance")))
    # Two statements on a page leave no room for labels of two lines.
    narrow = draw(st.sampled_from((None, None, 150.0, 190.0)))
    wrapped = None if pages == "share_page" else narrow
    small = layout.variant == "uk"
    parent = draw(_RARELY) and not small
    beside = draw(_RARELY) and layout.variant == "en" and layout.years == 2
    if beside and pages == "split_balance":
        pages = "plain"
    return replace(
        layout,
        business=draw(st.sampled_from(("function", "function", "nature", "bank")))
        if layout.variant not in {"us", "uk"}
        else "function",
        beside=beside,
        inset=draw(_RARELY) and small and layout.years == 2,
        unit_place="note" if draw(st.integers(0, 9)) == 9 else layout.unit_place,
        note_style=draw(
            st.sampled_from(("plain", "plain", "letters", "pairs", "decimals", "label"))
        ),
        sign_joined=draw(_RARELY) and not layout.sign_apart,
        numeric_dates=draw(_RARELY),
        restated=draw(_RARELY),
        sparse=draw(_RARELY),
        indent=draw(st.sampled_from((9.0, 9.0, 0.0))),
        tight=draw(_RARELY) and layout.font != "Vera" and not layout.weeks,
        totals_first=draw(_RARELY),
        unlabelled=draw(_RARELY),
        label_width=wrapped,
        number_line=draw(st.sampled_from(("last", "first"))),
        repeat_other=draw(_RARELY),
        margin=draw(_RARELY),
        running=draw(_USUALLY),
        convenience=draw(_RARELY) and layout.currency != "USD" and not beside,
        change=draw(_RARELY) and not beside,
        parent=parent,
        parent_first=parent and draw(st.booleans()),
        joint_venture=draw(_RARELY),
        summary=draw(_RARELY),
        contents=draw(_RARELY),
        quarterly=draw(_RARELY),
        segments=draw(_RARELY),
        equity_changes=draw(_USUALLY),
        spread=pages == "spread",
        share_page=pages == "share_page",
        split_balance=pages == "split_balance",
        # Where only the year is printed, the day on which an earlier year ended is not known.
        weeks=draw(_RARELY) and (layout.heading in {"date", "spanner"} or layout.variant == "us"),
        comprehensive=draw(st.sampled_from(("none", "none", "one", "below", "next_page"))),
        noncontrolling=draw(_RARELY) and not small,
        shares=draw(_RARELY),
        memo=draw(_RARELY),
        leaders=draw(_RARELY),
        turned=draw(st.integers(0, 9)) == 9,
        marks=draw(_RARELY),
        order=draw(st.sampled_from(("rows", "rows", "columns", "reversed"))),
        glyphs=draw(st.sampled_from(("strings", "strings", "glyphs", "gaps"))),
        struck_twice=draw(_RARELY),
    )


@st.composite
def inlines(draw: st.DrawFn, layout: Layout) -> Inline:
    """Return how a report in a layout is tagged."""
    tables = _TABLES.get(layout.variant, ("plain", "plain", "divisions"))
    nils: tuple[Nil, ...] = ("zero", "nil", "untagged")
    # Apostrophes between digits are only in the newest registry.
    apostrophes = layout.thousands in {"'", "\u2019"}
    return Inline(
        tables=draw(st.sampled_from(tables)),
        registry=5 if apostrophes else draw(st.sampled_from((4, 1, 2, 3, 5))),
        numbered=draw(_RARELY),
        nil=draw(st.sampled_from(nils)),
        nested=draw(_RARELY),
        hidden=draw(_USUALLY),
        blocks=draw(_RARELY),
        notes=draw(_USUALLY),
        exact=draw(_RARELY),
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Return a story of ten reports; a failing one shrinks to one in which nothing happens."""
    layout = replace(draw(layouts()), scanned=False, inset=False, beside=False)
    absent = draw(st.sampled_from(((), (1,), (4, 5), (7, 8), (2, 6, 7))))
    there = [age for age in range(10 + len(absent)) if age not in absent]
    # A year is restated by the report of the next one, which has to be there.
    followed = [age for age in there if age - 1 in there]
    ages = st.lists(st.sampled_from(there), max_size=4, unique=True).map(tuple)
    once = st.none() | st.sampled_from(there)
    restated, reclassified = draw(
        st.permutations(followed).map(lambda order: (order[:2], order[2:4]))
    )
    split = draw(once)
    return Story(
        layout=layout,
        absent=absent,
        three_years=draw(ages),
        packages=draw(ages),
        documents=draw(ages),
        other_scale=draw(ages),
        restated=tuple(restated) if draw(st.booleans()) else (),
        reclassified=tuple(reclassified) if draw(st.booleans()) else (),
        split=split,
        ratio=draw(st.sampled_from((2, 3, 4, 10))),
        renamed=draw(once),
        moved=draw(once),
        turned=draw(once),
        split_off=draw(once),
    )
