"""Hypothesis strategies: files of each kind that follow its grammar and nothing else."""

import json
import re
from typing import Any

from hypothesis import strategies as st

from tests.filings.damaged import ixbrl_figure, write_pdf
from tests.filings.samples import SAMPLES
from tests.filings.xbrl import make_xbrl
from tests.fuzz import small
from tests.fuzz.mutations import zipped

_CONCEPTS = st.sampled_from(
    [each[1] for each in small.FIGURES] + ["Unknown", "EarningsPerShareBasic"]
)
_WORDS = st.sampled_from(
    [
        *("Consolidated income statement", "Consolidated balance sheet", "Cash flow statement"),
        *("Revenue", "Total assets", "Profit for the year", "Note", "2022", "2021", "EUR million"),
        *("1,234", "(1,234)", "-", "12.5%", "1 234", "€", "9" * 30, "(", "\\", "Total"),
    ]
)
_NUMBERS = st.one_of(
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.sampled_from(["NaN", "1e400", "-0", "", "1,5", "0x10", "٣", None, True]),
    st.text(max_size=10),
)
_DATES = st.one_of(
    st.dates().map(lambda day: day.isoformat()),
    st.sampled_from(
        ["2022-12-31", "2021-12-31", "2022-01-01T00:00:00", "0001-01-01", "9999-12-31T00:00:00"]
    ),
    st.text(max_size=12),
)
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, _DATES, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def _mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 5).flatmap(lambda drawn: odd if drawn == 0 else usual)


@st.composite
def xbrl_json(draw: st.DrawFn) -> bytes:
    """Draw xBRL-JSON with facts of any value, period and dimension."""
    facts = {}
    for number in range(draw(st.integers(0, 12))):
        period = draw(st.one_of(_DATES, st.tuples(_DATES, _DATES).map("/".join)))
        dimensions: dict[str, Any] = {
            "concept": draw(_CONCEPTS.map(lambda name: f"ifrs-full:{name}")),
            "entity": "scheme:1",
            "period": period,
            "unit": draw(st.sampled_from(["iso4217:EUR", "xbrli:pure", "a/b/c", ""])),
        }
        for key in draw(st.lists(st.sampled_from([*dimensions, "ifrs-full:SomeAxis"]), max_size=1)):
            dimensions[key] = draw(_VALUES)
        value = draw(_mostly(_NUMBERS, _VALUES))
        facts[f"f{number}"] = {"value": value, "decimals": draw(_VALUES), "dimensions": dimensions}
    document = {
        "documentInfo": {"documentType": "https://xbrl.org/2021/xbrl-json", "namespaces": {}},
        "facts": draw(_mostly(st.just(facts), _VALUES)),
    }
    return json.dumps(document).encode()


@st.composite
def companyfacts(draw: st.DrawFn) -> bytes:
    """Draw companyfacts with entries of any value and period."""
    concepts = {}
    for _ in range(draw(st.integers(0, 8))):
        entries = []
        for _ in range(draw(st.integers(0, 3))):
            entry: dict[str, Any] = {
                "start": draw(_DATES),
                "end": draw(_DATES),
                "val": draw(_NUMBERS),
                "accn": "0000000001-23-000001",
                "fy": 2022,
                "fp": "FY",
                "form": "10-K",
                "filed": draw(_DATES),
            }
            for key in draw(st.lists(st.sampled_from(sorted(entry)), max_size=2)):
                entry[key] = draw(_VALUES)
            entries.append(entry)
        unit = draw(st.sampled_from(["USD", "EUR", "USD/shares", "shares", "", "pure"]))
        units = draw(_mostly(st.just({unit: entries}), _VALUES))
        concepts[draw(_CONCEPTS)] = {"label": draw(_VALUES), "units": units}
    facts = draw(_mostly(st.just({"us-gaap": concepts}), _VALUES))
    return json.dumps({"cik": draw(_VALUES), "entityName": "x", "facts": facts}).encode()


@st.composite
def ixbrl(draw: st.DrawFn) -> bytes:
    """Draw iXBRL with one or more facts of any text, scale and format."""
    text = draw(st.one_of(_WORDS, st.text(max_size=12))).replace("<", "").replace("&", "")
    attributes = {
        "scale": draw(st.one_of(st.integers(-400, 400).map(str), st.just("x"))),
        "format": draw(
            st.sampled_from(
                ["ixt:num-dot-decimal", "ixt:fixed-zero", "ixt:x", "", "ixt4:numwordsen"]
            )
        ),
        "sign": draw(st.sampled_from(["-", "", "x"])),
        "decimals": draw(st.sampled_from(["0", "INF", "-6", "x", "99999"])),
        "contextRef": draw(st.sampled_from(["c", "", "d"])),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(attributes))))
    kept = {name: attributes[name] for name in chosen - {"decimals", "contextRef"}}
    return ixbrl_figure(text, **kept)


@st.composite
def xbrl(draw: st.DrawFn) -> bytes:
    """Draw an XBRL folder whose presentation is any graph, with loops, over the concepts."""
    files = dict(make_xbrl(1, SAMPLES["ifrs"]).members)
    name = next(each for each in files if each.endswith("_pre.xml"))
    text = files[name].decode()
    places = sorted(set(re.findall(r'xlink:label="([^"]+)"', text)))
    arcs = draw(
        st.lists(st.tuples(st.sampled_from(places), st.sampled_from(places), _NUMBERS), max_size=12)
    )
    for start, end, order in arcs:
        written = "".join(each for each in str(order) if each.isprintable() and each not in '<&"')
        arc = (
            '<link:presentationArc xlink:type="arc" '
            'xlink:arcrole="http://www.xbrl.org/2003/arcrole/parent-child" '
            f'xlink:from="{start}" xlink:to="{end}" order="{written}"/>'
        )
        text = text.replace("</link:presentationLink>", f"{arc}</link:presentationLink>", 1)
    files[name] = text.encode(errors="replace")
    return zipped(files)


@st.composite
def packages(draw: st.DrawFn) -> bytes:
    """Draw a zip of files with any names."""
    contents = st.one_of(ixbrl(), xbrl_json(), st.binary(max_size=50))
    names = st.one_of(
        st.sampled_from(
            ["META-INF/reportPackage.json", "reports/a.xhtml", "a/reports/b.html", "c.xml", "../d"]
        ),
        st.text(min_size=1, max_size=8).filter(lambda name: "\x00" not in name),
    )
    files = draw(st.dictionaries(names, contents, max_size=4))
    return zipped({name: data for name, data in files.items() if name.isprintable()})


@st.composite
def pdf(draw: st.DrawFn) -> bytes:
    """Draw a PDF of one to three pages with words and figures anywhere."""
    objects = [b"", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for _ in range(draw(st.integers(1, 3))):
        parts = []
        for _ in range(draw(st.integers(0, 40))):
            word = draw(_mostly(_WORDS, st.text(max_size=8))).encode("cp1252", errors="replace")
            word = word.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
            x, y = draw(st.integers(0, 12)) * 50, draw(st.integers(0, 60)) * 14
            turned = draw(st.sampled_from([b"1 0 0 1", b"1 0 0 1", b"0 1 -1 0", b"0 0 0 0"]))
            size = draw(st.sampled_from([8, 10, 12, 0, 1000, -9]))
            parts.append(b"/F1 %d Tf %s %d %d Tm (%s) Tj" % (size, turned, x, y, word))
        content = b"BT " + b"\n".join(parts) + b" ET"
        number = len(objects) + 1
        objects.append(b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content))
        box = draw(
            st.sampled_from([b"[0 0 595 842]", b"[0 0 842 595]", b"[0 0 0 0]", b"[9 9 1 1]"])
        )
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox%s/Contents %d 0 R"
            b"/Resources<</Font<</F1 3 0 R>>>>>>" % (box, number)
        )
        kids.append(b"%d 0 R" % (number + 1))
    objects[0] = b"<</Type/Catalog/Pages 2 0 R>>"
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    return write_pdf(objects)


def anything() -> st.SearchStrategy[bytes]:
    """Return bytes with or without the signature of a known kind."""
    heads = st.sampled_from(
        [b"", b"%PDF-1.7\n", b"PK\3\4", b"{", b"<html ", b"<?xml ", b"\xef\xbb\xbf"]
    )
    return st.tuples(heads, st.binary(max_size=300)).map(b"".join)


STRATEGIES: dict[str, st.SearchStrategy[bytes]] = {
    "pdf": pdf(),
    "ixbrl": ixbrl(),
    "package": packages(),
    "xbrl": xbrl(),
    "xbrl_json": xbrl_json(),
    "companyfacts": companyfacts(),
    "any": anything(),
}
