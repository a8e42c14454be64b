"""The rows of docs/migrations/troubleshooting.md."""

import re
from dataclasses import dataclass

from support.docs import DOCS

PAGE = DOCS / "troubleshooting.md"
HEADINGS = ("fault", "---")
EXIT_CODE = re.compile(r"exit code (\d+)")
FAILED = 255  # Alembic's, where a row names no other one
MESSAGE = re.compile(r"`([^`]+)`")
REPEAT = "the same command"


@dataclass(frozen=True)
class Row:
    """The description of one fault."""

    fault: str
    message: str
    left: str
    advice: str

    @property
    def exit_code(self) -> int:
        named = EXIT_CODE.search(self.message)
        return int(named[1]) if named else FAILED

    @property
    def is_repeated(self) -> bool:
        """Whether the advice ends with running the command again."""
        return REPEAT in self.advice

    def missing_in(self, output: str) -> list[str]:
        """Return the messages that are no line of `output`; `…` stands for any text."""
        patterns = {
            message: ".*".join(map(re.escape, message.split("…")))
            for message in MESSAGE.findall(self.message)
        }
        assert patterns, f"the row quotes no message: {self.fault}"
        lines = output.splitlines()
        return [
            message
            for message, pattern in patterns.items()
            if not any(re.fullmatch(pattern, line) for line in lines)
        ]


def read_rows() -> list[Row]:
    """Return the rows of all tables of the page; none if the page is not here."""
    if not PAGE.is_file():
        return []
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [Row(*line.strip("| ").split(" | ")) for line in lines if line.startswith("|")]
    return [row for row in rows if row.fault not in HEADINGS]
