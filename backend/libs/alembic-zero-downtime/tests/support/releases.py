"""The code of a release of an application, which reads and writes rows."""

from typing import Self

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.pool import NullPool

from support.recipes import Block


class Rows:
    """The rows that the releases have written.

    Attributes:
        values: the value last written to each row, by its key.
    """

    def __init__(self, url: URL) -> None:
        self.values: dict[str, str] = {}
        self.engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def query(self, sql: str) -> None:
        with self.engine.connect() as connection:
            connection.execute(text(sql))


class Release:
    """The code of a release: it inserts a row, updates one and reads one.

    All running releases update all rows, so that each reads the values of the other one.
    """

    def __init__(self, block: Block, rows: Rows) -> None:
        self.name = block.role
        statements = block.code.strip().rstrip(";").split(";\n")
        self._insert, self._update, self._select = map(text, statements)
        self._rows = rows

    def insert_many(self, number: int) -> Self:
        rows = [self._new_row(n) for n in range(number)]
        with self._rows.engine.connect() as connection:
            connection.execute(self._insert, rows)
        self._rows.values.update({row["key"]: row["value"] for row in rows})
        return self

    def work(self, connection: Connection, number: int) -> None:
        """Insert a row and update another one, each in its own transaction, and read both."""
        values = self._rows.values
        new = self._new_row(len(values))
        key = list(values)[number * 7919 % len(values)]
        changed = {"key": key, "value": str(1900 + (number + 1) % 200)}
        for statement, row in ((self._insert, new), (self._update, changed)):
            connection.execute(statement, row)
            values[row["key"]] = row["value"]
            assert self._read(connection, row["key"]) == row["value"], self.name

    def reads_all(self) -> bool:
        """Whether it reads all values as they were written."""
        values = self._rows.values
        with self._rows.engine.connect() as connection:
            return {key: self._read(connection, key) for key in values} == values

    def _read(self, connection: Connection, key: str) -> str:
        return str(connection.scalar(self._select, {"key": key}))

    def _new_row(self, number: int) -> dict[str, str]:
        key = f"https://example.com/{self.name.replace(' ', '-')}/{number}"
        return {"key": key, "value": str(1900 + number % 200)}
