"""The statements of an iXBRL document: tables of the kinds that filing software makes."""

from decimal import Decimal

from tests.filings.inline import Child, Element, Writer, printed_parts
from tests.filings.instance import TrueFact, facts_of, row_scale
from tests.filings.layout import print_figure
from tests.filings.truth import TrueRow, TrueStatement
from tests.filings.words import NOTE, column_lines, column_unit, period_phrase, symbol, unit_caption

_RIGHT = "text-align:right;vertical-align:bottom"


class Tables:
    """Writes the rows of statements with one writer."""

    def __init__(self, writer: Writer, ids: dict[tuple[str, str, str], str]) -> None:
        self.writer, self.layout = writer, writer.layout
        self.ids = ids

    @staticmethod
    def facts(row: TrueRow, statement: TrueStatement) -> dict[int, TrueFact]:
        """Return the facts of a row by column."""
        return {} if row.kind == "heading" else dict(facts_of(row, statement))

    def figure(
        self, row: TrueRow, column: int, statement: TrueStatement, fact: TrueFact
    ) -> tuple[str, Child, str]:
        """Return what stands before a number, the number in its tag, and what follows."""
        value = row.values[column] or Decimal(0)
        places = 2 if row.kind == "per_share" else 0
        before, digits, after = printed_parts(print_figure(value, self.layout, places))
        known = self.ids.get((fact.concept, fact.context, fact.unit), fact.id)
        return before, self.writer.number(fact, known, digits, row_scale(row, statement)), after

    def heads(self, statement: TrueStatement) -> list[tuple[str, ...]]:
        """Return the lines over each column."""
        unit = (column_unit(self.layout),) if self.layout.unit_place == "column" else ()
        return [
            (*column_lines(statement.statement, period, self.layout), *unit)
            for period in statement.periods
        ]

    def title(self, statement: TrueStatement) -> list[Element]:
        """Return title, period and unit above a table."""
        html = self.writer.html
        phrase = period_phrase(statement.statement, statement.periods, self.layout)
        # A no-break space and a break within the title, as filing software leaves them.
        words = statement.title.split(" ")
        title = html("p", " ".join(words[:-1]) + "\u00a0" * (len(words) > 1) + words[-1])
        title.set("style", "font-weight:700")
        parts = [title, html("p", phrase)]
        if self.layout.unit_place != "column":
            parts.append(html("p", unit_caption(self.layout)))
        return parts

    def write(self, statement: TrueStatement) -> list[Element]:
        """Return the elements of a statement in the kind of tables that was asked for."""
        kind = self.writer.inline.tables
        if kind == "american":
            body = [self._american(statement)]
        elif kind == "divisions":
            body = self._divisions(statement)
        elif kind == "row_tables":
            body = self._row_tables(statement)
        else:
            body = [self._plain(statement)]
        return [*self.title(statement), *body]

    def _label(self, row: TrueRow) -> Element:
        label = self.writer.html("span", row.label)
        if row.kind in {"heading", "total"}:
            label.set("style", "font-weight:700")
        return label

    def _plain(self, statement: TrueStatement) -> Element:
        html = self.writer.html
        table = html("table")
        notes = self.layout.notes
        heads = self.heads(statement)
        note_head = [html("th", NOTE[self.layout.variant])] if notes else []
        cells = [html("th", *self._broken(lines), style=_RIGHT) for lines in heads]
        table.append(html("tr", html("th"), *note_head, *cells))
        for row in statement.rows:
            label = html("td", self._label(row), style=f"padding-left:{6 * row.level}pt")
            cells = [label]
            if notes:
                cells.append(html("td", row.note or ""))
            facts = self.facts(row, statement)
            for column in range(len(statement.periods)):
                cell = html("td", style=_RIGHT)
                if column in facts:
                    cell = html("td", *self.figure(row, column, statement, facts[column]))
                    cell.set("style", _RIGHT)
                cells.append(cell)
            table.append(html("tr", *cells))
        return table

    def _broken(self, lines: tuple[str, ...]) -> list[Child]:
        parts: list[Child] = [lines[0]]
        for line in lines[1:]:
            parts += [self.writer.html("br"), line]
        return parts

    def _american(self, statement: TrueStatement) -> Element:
        """Return a table with currency sign and closing parenthesis in cells of their own."""
        html = self.writer.html
        table = html("table")
        heads = self.heads(statement)
        for at in range(len(heads[0])):
            cells = [html("td", colspan="3")]
            for lines in heads:
                cells += [html("td", colspan="3"), html("td", lines[at], colspan="3")]
            table.append(html("tr", *cells))
        sign = symbol(statement.currency)
        for number, row in enumerate(statement.rows):
            style = f"padding:2px 1pt 2px {1 + 9 * row.level}pt;text-align:left"
            cells = [html("td", self._label(row), colspan="3", style=style)]
            facts = self.facts(row, statement)
            signed = row.kind in {"total", "per_share"} or number < 2
            for column in range(len(statement.periods)):
                cells.append(html("td", colspan="3"))
                if column not in facts:
                    cells.append(html("td", colspan="3"))
                    continue
                before, tagged, after = self.figure(row, column, statement, facts[column])
                if signed and row.kind != "shares":
                    cells.append(html("td", sign))
                    cells.append(html("td", before, tagged, style=_RIGHT))
                else:
                    cells.append(html("td", before, tagged, colspan="2", style=_RIGHT))
                cells.append(html("td", after))
            table.append(html("tr", *cells))
        return table

    def _divisions(self, statement: TrueStatement) -> list[Element]:
        """Return a row of divisions a line, whose cells are divisions of a fixed width."""
        html = self.writer.html
        width = "display:inline-block;width:80px;text-align:right"
        lines = [
            html(
                "div",
                html("div", "", style="display:inline-block;width:300px"),
                *(html("div", " ".join(head), style=width) for head in self.heads(statement)),
                class_="row",
            )
        ]
        for row in statement.rows:
            indent = f"display:inline-block;width:300px;padding-left:{6 * row.level}px"
            cells = [html("div", self._label(row), style=indent)]
            if self.layout.notes and row.kind != "heading":
                cells.append(html("div", row.note or "", style="display:inline-block;width:30px"))
            for column, fact in self.facts(row, statement).items():
                cells.append(html("div", *self.figure(row, column, statement, fact), style=width))
            lines.append(html("div", *cells, class_="row"))
        return lines

    def _row_tables(self, statement: TrueStatement) -> list[Element]:
        """Return a table for each line."""
        html = self.writer.html
        heads = [html("td", head, style=_RIGHT) for head in map(" ".join, self.heads(statement))]
        tables = [html("table", html("tr", html("td", ""), html("td", ""), *heads))]
        for row in statement.rows:
            cells = [html("td", self._label(row), style="width:40%")]
            if row.kind != "heading":
                cells.append(html("td", row.note or "", style=_RIGHT))
            for column, fact in self.facts(row, statement).items():
                parts = self.figure(row, column, statement, fact)
                cells += [html("td", *parts, style=_RIGHT), html("td", style="width:1%")]
            tables.append(html("table", html("tr", *cells), class_="row"))
        return tables
