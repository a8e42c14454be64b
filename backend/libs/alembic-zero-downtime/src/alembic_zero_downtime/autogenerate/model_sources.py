"""Python files that are parsed, and neither imported nor run, to find models in them."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

STATEMENT_BODIES = ("body", "orelse", "handlers", "finalbody")
# Parsing takes far longer than a search for the lines that may define a model.
WORD = re.compile(r"\w+")
TABLE = re.compile(r"\bTable\s*\(")
CLASS = re.compile(r"^[ \t]*class\s+(\w+)\s*\(([^)]*)\)", re.MULTILINE)
DECORATOR = re.compile(r"^[ \t]*@(.+)", re.MULTILINE)
OTHER_NAME = re.compile(
    r"(?P<old>\w+)\s+as\s+(?P<new>\w+)|^(?P<name>\w+)\b[^=\n]*=(?P<value>.+)", re.MULTILINE
)
OWN_METADATA = re.compile(r"^[ \t]+metadata\b.*=", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """A file that is not imported."""

    module: str
    path: Path

    @property
    def package(self) -> str:
        """The package that its relative imports start from."""
        is_package = self.path.name == "__init__.py"
        return self.module if is_package else self.module.rpartition(".")[0]

    @cached_property
    def text(self) -> str:
        """The content; empty if it cannot be read."""
        try:
            return self.path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """The statements that an import would run, without those in functions."""
        try:
            tree = ast.parse(self.text)
        except (SyntaxError, ValueError):
            return []
        return list(_flatten(tree.body))

    @cached_property
    def definitions(self) -> dict[str, ast.ClassDef | ast.expr | tuple[str, str | None]]:
        """By name: a class, an assigned expression, or a module and a name that are imported."""
        found: dict[str, ast.ClassDef | ast.expr | tuple[str, str | None]] = {}
        for node in self.statements:
            match node:
                case ast.ClassDef(name=name):
                    found[name] = node
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    found[name] = value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    found[name] = value
                case ast.Import(names=names):
                    for each in names:
                        name = each.asname or each.name.partition(".")[0]
                        found[name] = (each.name if each.asname else name, None)
                case ast.ImportFrom(names=names):
                    module = self._absolute(node)
                    found |= {each.asname or each.name: (module, each.name) for each in names}
        return found

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.package.split(".")
        return ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])


def choose_sources(sources: Iterable[Source], known: set[str]) -> list[Source]:
    """Return the sources that may define a model, by the words in their lines.

    A class or a name that is made of a known one is known too, in all sources.
    """
    lines = [(new, words) for each in sources for new, words in _made_of(each.text)]
    while found := {new for new, words in lines if words & known} - known:
        known = known | found
    return [each for each in sources if _may_define(each.text, known)]


def _made_of(text: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each class or name that a text defines, with the words of its definition."""
    has_own = OWN_METADATA.search(text) is not None
    for match in CLASS.finditer(text):
        yield match[1], {*WORD.findall(match[2]), *(["metadata"] if has_own else [])}
    for match in OTHER_NAME.finditer(text):
        if match["old"]:
            yield match["new"], {match["old"]}
        else:
            yield match["name"], set(WORD.findall(match["value"]))


def _may_define(text: str, known: set[str]) -> bool:
    lines = [match[2] for match in CLASS.finditer(text)]
    lines += [match[1] for match in DECORATOR.finditer(text)]
    return bool(TABLE.search(text)) or any(known & set(WORD.findall(each)) for each in lines)


def _flatten(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, and those in `if`, `try` and `with`; not those for type checkers."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.ClassDef):
            yield node
            continue
        inner = [each for name in STATEMENT_BODIES for each in getattr(node, name, ())]
        if not inner:
            yield node
        elif not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield from _flatten(
                child
                for each in inner
                for child in (each.body if isinstance(each, ast.ExceptHandler) else [each])
            )
