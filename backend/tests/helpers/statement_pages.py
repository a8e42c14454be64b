"""Pages of statements as text: what stands in each place of the table, and what is said below."""

import hashlib
from typing import Any

from lxml import html
from sqlalchemy import text

from app.pages.heads import Head
from app.pages.statement.options import Options
from app.pages.statement.page import table_of
from app.pages.templates import render
from app.pipeline.compiled import Compiled, as_bytes
from app.services.company_heads import CompanyHead
from tests.helpers.shelf import Shelf

COMPANY = 7


class Shown:
    """A page.

    Attributes:
        document: The parsed HTML.
    """

    def __init__(self, content: str | bytes) -> None:
        self.content = content
        self.document = html.fromstring(content)

    @property
    def years(self) -> list[str]:
        """Return the names of the columns, without their days."""
        heads = self.document.xpath("//thead/tr/th[position() > 1 and not(@class = 'w')]")
        return [str(each.text) for each in heads]

    @property
    def rows(self) -> dict[str, list[str]]:
        """Return the figures with their marks by label; a label that comes again has a number."""
        found: dict[str, list[str]] = {}
        for row in self.document.xpath("//tbody/tr[th/@scope = 'row']"):
            (label,) = row.xpath("th//bdi")
            name = label.text_content()
            while name in found:
                name += "'"
            cells = row.xpath("td[not(@class = 'w')]")
            found[name] = ["".join(map(str, _texts(each))).strip() for each in cells]
        return found

    def row(self, label: str) -> list[str]:
        """Return the figures of a line."""
        return self.rows[label]

    @property
    def headings(self) -> list[str]:
        """Return the headings between the lines."""
        return [_text(each) for each in self.document.xpath("//tbody/tr/th[@scope = 'rowgroup']")]

    @property
    def legend(self) -> dict[str, str]:
        """Return the meaning of each mark."""
        return {
            _text(each.find("dt")): _text(each.find("dd"))
            for each in self.document.xpath("//dl/div")
        }

    @property
    def notices(self) -> list[str]:
        """Return what is said below."""
        return [_text(each) for each in self.document.xpath("//ul[@class = 'notices']/li")]

    @property
    def proof(self) -> str:
        """Return what is said of the proof."""
        return _text(self.document.xpath("//p[@class = 'proof']")[0])

    def details(self, label: str, column: int) -> list[str]:
        """Return what is said of a figure beside it."""
        (row,) = self.document.xpath("//tbody/tr[th//bdi = $label]", label=label)
        cell = row.xpath("td[not(@class = 'w')]")[column]
        return [_text(each) for each in cell.xpath(".//span[@popover]/span")]

    def links(self, name: str) -> dict[str, str]:
        """Return the addresses of a switch by their text."""
        found = self.document.xpath("//nav[@aria-label = $name]/a", name=name)
        return {_text(each): each.get("href") for each in found}

    def current(self, name: str) -> str:
        """Return what a switch is set to."""
        found = self.document.xpath("//nav[@aria-label = $name]/a[@aria-current]", name=name)
        (current,) = found
        return _text(current)


def _texts(cell: Any) -> list[str]:
    """Return the text of a figure and its marks, without what is said beside it."""
    return list(cell.xpath(".//text()[not(ancestor::span[@popover])]"))


def _text(element: Any) -> str:
    return " ".join(element.text_content().split())


def shown(compiled: Compiled, income: Compiled | None = None, /, **options: Any) -> Shown:
    """Return the page of a statement.

    Args:
        compiled: The statement.
        income: The income statement, where it is another one.
        options: How it is shown.
    """
    asked = Options(**options)
    table = table_of(COMPANY, compiled, asked, income)
    head = Head(head_of(compiled), compiled.statement, asked.query)
    return Shown(render("statement.html", root="", query="", head=head, table=table))


def head_of(compiled: Compiled) -> CompanyHead:
    """Return the head of a company with one statement."""
    return CompanyHead(
        id=COMPANY,
        name="Acme plc",
        ticker=None,
        listings=[],
        lei=None,
        cik=None,
        ir_url=None,
        fiscal_year_end=None,
        documents=1,
        corrections=0,
        compiled={compiled.statement: "0" * 64},
        version="",
    )


def keep_compiled(shelf: Shelf, company_id: int, compiled: Compiled, **changes: Any) -> None:
    """Keep a statement of a company, in place of the one that there is.

    Args:
        shelf: Whose database it is.
        company_id: The company.
        compiled: The statement.
        changes: Other values of columns, such as a digest of None.
    """
    content = as_bytes(compiled.as_json())
    values: dict[str, Any] = {
        "company": company_id,
        "name": compiled.statement,
        "data": content.decode(),
        "digest": hashlib.sha256(content).hexdigest(),
        **changes,
    }
    with shelf.sessions.begin() as session:
        session.execute(
            text(
                "DELETE FROM compiled_statements"
                " WHERE company_id = :company AND statement_type = :name"
            ),
            values,
        )
        session.execute(
            text(
                "INSERT INTO compiled_statements (company_id, statement_type, data, digest)"
                " VALUES (:company, :name, CAST(:data AS jsonb), :digest)"
            ),
            values,
        )
