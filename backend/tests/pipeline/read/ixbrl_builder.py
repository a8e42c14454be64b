"""Small Inline XBRL documents for tests of the reader, one piece of XHTML at a time."""

from collections.abc import Mapping, Sequence
from html import escape

NAMESPACES: Mapping[str, str] = {
    "": "http://www.w3.org/1999/xhtml",
    "ix": "http://www.xbrl.org/2013/inlineXBRL",
    "ixt": "http://www.xbrl.org/inlineXBRL/transformation/2022-02-16",
    "ixt-sec": "http://www.sec.gov/inlineXBRL/transformation/2015-08-31",
    "xbrli": "http://www.xbrl.org/2003/instance",
    "xbrldi": "http://xbrl.org/2006/xbrldi",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "iso4217": "http://www.xbrl.org/2003/iso4217",
    "us-gaap": "http://fasb.org/us-gaap/2022",
    "dei": "http://xbrl.sec.gov/dei/2022",
    "ifrs-full": "https://xbrl.ifrs.org/taxonomy/2022-03-24/ifrs-full",
    "core": "http://xbrl.frc.org.uk/fr/2022-01-01/core",
    "bus": "http://xbrl.frc.org.uk/cd/2022-01-01/business",
    "ext": "http://www.example.com/2022",
}
PERIODS: Mapping[str, tuple[str | None, str]] = {
    "d22": ("2022-01-01", "2022-12-31"),
    "d21": ("2021-01-01", "2021-12-31"),
    "q22": ("2022-10-01", "2022-12-31"),
    "i22": (None, "2022-12-31"),
    "i21": (None, "2021-12-31"),
    "i20": (None, "2020-12-31"),
}
Member = tuple[str, str, str]
"""Id of a context without dimensions, dimension and member; `d22/ext:A` is its id."""


def context(name: str, period: tuple[str | None, str], axis: str = "", member: str = "") -> str:
    """Return a context of one entity."""
    start, end = period
    dates = (
        f"<xbrli:startDate>{start}</xbrli:startDate><xbrli:endDate>{end}</xbrli:endDate>"
        if start
        else f"<xbrli:instant>{end}</xbrli:instant>"
    )
    segment = (
        f'<xbrli:segment><xbrldi:explicitMember dimension="{axis}">{member}'
        "</xbrldi:explicitMember></xbrli:segment>"
        if axis
        else ""
    )
    return (
        f'<xbrli:context id="{name}"><xbrli:entity><xbrli:identifier '
        f'scheme="http://standards.iso.org/iso/17442">EXAMPLELEI0000000042</xbrli:identifier>'
        f"{segment}</xbrli:entity><xbrli:period>{dates}</xbrli:period></xbrli:context>"
    )


def _units() -> str:
    measures = {"EUR": "iso4217:EUR", "USD": "iso4217:USD", "GBP": "iso4217:GBP"}
    measures |= {"shares": "xbrli:shares", "pure": "xbrli:pure"}
    simple = "".join(
        f'<xbrli:unit id="{name}"><xbrli:measure>{measure}</xbrli:measure></xbrli:unit>'
        for name, measure in measures.items()
    )
    per_share = (
        '<xbrli:unit id="EPS"><xbrli:divide><xbrli:unitNumerator><xbrli:measure>iso4217:EUR'
        "</xbrli:measure></xbrli:unitNumerator><xbrli:unitDenominator><xbrli:measure>xbrli:shares"
        "</xbrli:measure></xbrli:unitDenominator></xbrli:divide></xbrli:unit>"
    )
    return simple + per_share


def document(
    *body: str,
    hidden: str = "",
    members: Sequence[Member] = (),
    periods: Mapping[str, tuple[str | None, str]] = PERIODS,
    namespaces: Mapping[str, str] = NAMESPACES,
    style: str = "",
    language: str = "en",
) -> bytes:
    """Return a document with the contexts of two years and the usual units."""
    declared = " ".join(
        f'xmlns{":" if prefix else ""}{prefix}="{uri}"' for prefix, uri in namespaces.items()
    )
    contexts = "".join(context(name, period) for name, period in periods.items())
    contexts += "".join(
        context(f"{base}/{member}".replace(":", "_").replace("/", "."), periods[base], axis, member)
        for base, axis, member in members
    )
    return (
        f'<html {declared} xml:lang="{language}"><head><title>x</title><style>{style}</style>'
        f'</head><body><div style="display:none"><ix:header><ix:hidden>{hidden}</ix:hidden>'
        f"<ix:resources>{contexts}{_units()}</ix:resources></ix:header></div>"
        f"{''.join(body)}</body></html>"
    ).encode()


def within(base: str, member: str) -> str:
    """Return the id of a context with a member."""
    return f"{base}.{member.replace(':', '_')}"


def tag(
    concept: str,
    period: str,
    text: str,
    *,
    scale: int | str | None = 3,
    sign: str = "",
    rule: str | None = "ixt:num-dot-decimal",
    unit: str = "EUR",
    more: str = "",
) -> str:
    """Return a tagged number; an em dash is tagged as zero."""
    if text == "\u2014" and rule == "ixt:num-dot-decimal":
        rule = "ixt:fixed-zero"
    attributes = f' scale="{scale}"' if scale is not None else ""
    attributes += f' sign="{sign}"' if sign else ""
    attributes += f' format="{rule}"' if rule else ""
    return (
        f'<ix:nonFraction name="{concept}" contextRef="{period}" unitRef="{unit}" '
        f'decimals="0"{attributes} {more}>{escape(text)}</ix:nonFraction>'
    )


def text_tag(concept: str, text: str, period: str = "d22") -> str:
    """Return a tagged text."""
    return f'<ix:nonNumeric name="{concept}" contextRef="{period}">{text}</ix:nonNumeric>'


def line(
    label: str,
    concept: str = "",
    *texts: str,
    periods: Sequence[str] = ("d22", "d21"),
    before: Sequence[str] = (),
    **options: str | int | None,
) -> str:
    """Return a row of a table: label, other cells, and a figure for each period.

    A text in parentheses is tagged without them.
    """
    cells = [f"<td>{label}</td>", *(f"<td>{each}</td>" for each in before)]
    for period, text in zip(periods, texts, strict=False):
        bare = text.strip("()-")
        start, _, end = text.partition(bare)
        tagged = tag(concept, period, bare, **options) if concept else bare  # type: ignore[arg-type]
        cells.append(f"<td>{start}{tagged}{end}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def table(*rows: str) -> str:
    """Return a table of rows."""
    return f"<table>{''.join(rows)}</table>"


def heads(*texts: str) -> str:
    """Return a header row; its first cell is empty."""
    return f"<tr><td></td>{''.join(f'<td>{text}</td>' for text in texts)}</tr>"


BALANCE_ROWS = (
    heads("2022", "2021"),
    line("Cash", "ifrs-full:CashAndCashEquivalents", "40", "30", periods=("i22", "i21")),
    line("Inventories", "ifrs-full:Inventories", "60", "50", periods=("i22", "i21")),
    line("Total assets", "ifrs-full:Assets", "100", "80", periods=("i22", "i21")),
    line("Equity", "ifrs-full:Equity", "70", "60", periods=("i22", "i21")),
    line("Liabilities", "ifrs-full:Liabilities", "30", "20", periods=("i22", "i21")),
    line("Total", "ifrs-full:EquityAndLiabilities", "100", "80", periods=("i22", "i21")),
)
INCOME_ROWS = (
    heads("2022", "2021"),
    line("Revenue", "ifrs-full:Revenue", "500", "450"),
    line("Cost of sales", "ifrs-full:CostOfSales", "(300)", "(280)"),
    line("Gross profit", "ifrs-full:GrossProfit", "200", "170"),
    line("Tax", "ifrs-full:IncomeTaxExpenseContinuingOperations", "(50)", "(40)"),
    line("Profit", "ifrs-full:ProfitLoss", "150", "130"),
)
CASH_ROWS = (
    heads("2022", "2021"),
    line("Operating", "ifrs-full:CashFlowsFromUsedInOperatingActivities", "30", "20"),
    line("Investing", "ifrs-full:CashFlowsFromUsedInInvestingActivities", "(15)", "(12)"),
    line("Financing", "ifrs-full:CashFlowsFromUsedInFinancingActivities", "(5)", "(3)"),
    line("Change", "ifrs-full:IncreaseDecreaseInCashAndCashEquivalents", "10", "5"),
    line("Opening", "ifrs-full:CashAndCashEquivalents", "30", "25", periods=("i21", "i20")),
    line("Closing", "ifrs-full:CashAndCashEquivalents", "40", "30", periods=("i22", "i21")),
)
