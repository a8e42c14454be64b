"""The examples of the pages about the API: commands, and what they print.

In what is printed, `…` stands for text that differs from run to run; in JSON, `"…"` is any value,
as the last item of an array any further items, and as a member any further members.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

ELLIPSIS: Final = "…"
_BLOCK: Final = re.compile(
    r"^(?P<indent> *)```(?P<language>bash|python)\n(?P<code>.*?)^ *```$"
    r"(?:\n\n *```(?P<kind>json|text)\n(?P<shown>.*?)^ *```$)?",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Example:
    """A block of code that is run.

    Attributes:
        kind: Of what is shown below it; None where nothing is.
        shown: What it prints.
    """

    language: str
    code: str
    kind: str | None
    shown: str


def examples(page: str) -> Iterator[Example]:
    """Yield the blocks of a page that ask the API: commands of curl, and programs in Python."""
    for match in _BLOCK.finditer(page):
        code, shown = (_outdented(match[each] or "", match["indent"]) for each in ("code", "shown"))
        if match["language"] == "python" or code.startswith("curl"):
            yield Example(match["language"], code, match["kind"], shown)


def is_shown(printed: str, example: Example) -> bool:
    """Whether an example shows what was printed."""
    if example.kind == "json":
        return is_same(json.loads(example.shown), json.loads(printed))
    lines, shown = (
        "\n".join(each.rstrip() for each in text.strip("\n").splitlines())
        for text in (printed, example.shown)
    )
    return _matches(shown, lines)


def is_same(shown: Any, printed: Any) -> bool:
    """Whether JSON that is shown stands for other JSON. Numbers are compared as they are read."""
    if isinstance(shown, str) and isinstance(printed, str):
        return _matches(shown, printed)
    if isinstance(shown, dict) and isinstance(printed, dict):
        is_part = ELLIPSIS in shown
        names = shown.keys() - {ELLIPSIS}
        if not (names <= printed.keys() and (is_part or names == printed.keys())):
            return False
        return all(is_same(shown[name], printed[name]) for name in names)
    if isinstance(shown, list) and isinstance(printed, list):
        is_part = bool(shown) and shown[-1] == ELLIPSIS
        items = shown[:-1] if is_part else shown
        if len(printed) < len(items) or (len(printed) > len(items) and not is_part):
            return False
        return all(map(is_same, items, printed[: len(items)]))
    return shown == ELLIPSIS or (type(shown) is type(printed) and shown == printed)


def _matches(shown: str, printed: str) -> bool:
    pattern = ".*?".join(re.escape(part) for part in shown.split(ELLIPSIS))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


def _outdented(text: str, indent: str) -> str:
    return "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True))
