"""A company in which every text that a filing, a file name or a person sets is hostile."""

from typing import Final

from sqlalchemy import Engine, text

from app.pipeline.statement import Issue, SkippedLine, Statement
from tests.helpers.kept import keep_filings, two_reports

PLACES: Final = (
    *("name", "ticker", "exchange", "link", "label", "section", "note", "concept", "axis"),
    *("member", "printed", "element", "fact", "title", "form", "unit", "issue", "file", "reason"),
    *("person", "query"),
)
"""From where a text comes, as it is marked in it."""
BIDI: Final = "\u202e\u2066\u200f\u061c\u00ad"
ATTACK: Final = (
    "\"'></title></textarea></option></td></svg><script>alert(1)</script>"
    "<img src=x onerror=alert(1)><svg onload=alert(1)>{{7*7}}{%x%}<!--&lt;b&#62;"
)


def hostile(place: str) -> str:
    """Return a text that says from where it comes."""
    assert place in PLACES
    return f"javascript:alert(1)//\u2329{place}\u232a{BIDI}{ATTACK}"


def mark_of(place: str) -> str:
    """Return the part of a hostile text by which a page is known to show it."""
    return f"\u2329{place}\u232a"


def keep_hostile(engine: Engine) -> int:
    """Keep a company with two filings and a correction, all of them hostile; return its id."""
    company = keep_filings(engine, [_hostile_filing(each) for each in two_reports()])
    listing = {"ticker": hostile("ticker"), "exchange": hostile("exchange")}
    with engine.begin() as connection:
        connection.execute(
            text("""
                UPDATE companies
                   SET name = :name, primary_ticker = :ticker, ir_url = :link,
                       tickers = jsonb_build_array(
                           jsonb_build_object('ticker', cast(:ticker AS text),
                                              'exchange', cast(:exchange AS text)))
                 WHERE id = :company
            """),
            {"name": hostile("name"), "link": hostile("link"), "company": company, **listing},
        )
        connection.execute(
            text("UPDATE documents SET file_name = :file WHERE company_id = :company"),
            {"file": hostile("file"), "company": company},
        )
    return company


def make_hostile(engine: Engine) -> None:
    """Make the corrections hostile that services would not take so."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE corrections SET reason = :reason, created_by = :person"),
            {"reason": hostile("reason"), "person": hostile("person")},
        )


def _hostile_filing(statements: list[Statement]) -> list[Statement]:
    for statement in statements:
        statement.title = hostile("title")
        statement.source.kind, statement.source.form = "ixbrl", hostile("form")
        statement.issues = [Issue(code="made_up", message=hostile("issue"), page=1)]
        statement.skipped = [SkippedLine(text=hostile("issue"), reason="page_footer", page=1)]
        for row in statement.rows:
            row.label += hostile("label")
            row.section = [each + hostile("section") for each in row.section] or [
                hostile("section")
            ]
            row.note, row.concept = hostile("note"), f"x:{hostile('concept')}"
            row.axes = {hostile("axis"): hostile("member")}
            if row.unit:
                row.unit = hostile("unit")
            for cell in row.cells.values():
                cell.printed, cell.at = hostile("printed"), hostile("element")
                cell.fact = hostile("fact")
    return statements
