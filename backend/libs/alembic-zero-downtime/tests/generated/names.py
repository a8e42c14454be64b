"""Names of 1 to 80 bytes, of every kind that PostgreSQL takes."""

from hypothesis import strategies as st

PLAIN = [
    "company",
    "report",
    "amount",
    "code",
    "title",
    "sector",
    "year",
    "state",
    "note",
    "value",
    "label",
    "owner",
    "ticker",
    "source",
    "part",
    "region",
    "kind",
    "price",
    "unit",
    "entry",
]
RESERVED = ["user", "order", "group", "table", "select", "end", "check", "default", "primary"]
# Neither a dot, which SQLAlchemy takes for the end of a schema, nor a comma, at which it splits
# the columns of a foreign key.
ODD = [
    "100%",
    "a%sb",
    "%(name)s",
    "a:b",
    ":name",
    "it's",
    'say "hi"',
    "two words",
    "Straße",
    "naïve",
    "売上高",
    "Ärger%",
    "UPPER",
    "mixedCase",
    "1st",
    "a-b",
    "a$b",
    "{x}",
    "back\\slash",
    "x",
    "(y)",
    "#hash",
    "--dash",
    "/*c*/",
    "$$",
]


LONG = ("long" * 20, "lang_é" * 12, "長い" * 14)


@st.composite
def names(draw: st.DrawFn, longest: int) -> str:
    """Draw a name; most are plain, so that one odd name does not hide other faults.

    Args:
        draw: draws from a strategy.
        longest: in bytes.
    """
    form = draw(st.sampled_from(["plain"] * 6 + ["reserved", "long", "odd", "odd"]))
    if form == "reserved":
        return draw(st.sampled_from(RESERVED))
    if form == "odd":
        return _cut(draw(st.sampled_from(ODD)), longest)
    words = draw(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=2))
    if form == "plain":
        return "_".join(words)
    length = draw(st.integers(min(40, longest), longest))
    return _cut(f"{words[0]}_{draw(st.sampled_from(LONG))}", length)


def _cut(name: str, length: int) -> str:
    return name.encode()[:length].decode(errors="ignore")
