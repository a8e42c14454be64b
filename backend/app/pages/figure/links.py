"""Addresses that a page about a figure leads to; the options of the statement are kept in each."""

from dataclasses import dataclass

from app.pages import addresses
from app.pages.statement.options import Options
from app.pipeline.statement import StatementName


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses for one statement of a company.

    Attributes:
        options: How the statement is shown, from which the figure was asked for.
    """

    company: int
    statement: StatementName
    options: Options

    def figure(self, line: str, year: str) -> str:
        """Return the address of the page of a figure."""
        return addresses.figure(self.company, self.statement, self._query(line, year))

    def original(self, line: str, year: str) -> str:
        """Return the address of a figure as it was first reported."""
        there = Links(self.company, self.statement, self.options.but(view="original"))
        return there.figure(line, year)

    def picture(self, line: str, year: str, part: str, document: int | None = None) -> str:
        """Return the address of a picture of the place of a figure.

        Args:
            line: Id of the row.
            year: Key of the period.
            part: `page` or `detail`.
            document: Of another filing that states the figure.
        """
        query = {"line": line, "year": year, **self.options.figure, "part": part}
        if document is not None:
            query["document"] = str(document)
        return addresses.picture(self.company, self.statement, query)

    def why(self, line: str, year: str) -> str:
        """Return the address of the same for programs."""
        query = {"line": line, "year": year, **self.options.figure}
        return addresses.why(self.company, self.statement, query)

    def table(self) -> str:
        """Return the address of the statement."""
        return addresses.statement(self.company, self.statement, self.options.query)

    def elsewhere(self, statement: StatementName) -> str:
        """Return the address of another statement."""
        return addresses.statement(self.company, statement, self.options.query)

    def _query(self, line: str, year: str) -> dict[str, str | None]:
        return {"line": line, "year": year, **self.options.query}
