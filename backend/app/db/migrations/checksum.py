"""Tell whether a revision's code has changed, whatever its comments and its formatting."""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

# What differs between versions of Python or says nothing about what the code does.
SKIPPED = {"ctx", "kind", "type_comment", "type_ignores", "type_params"}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def checksum_of(path: Path) -> str:
    """Return the SHA-256 of the file's code, 64 hexadecimal digits.

    Raises:
        SyntaxError: It is no Python.
    """
    return checksum(path.read_text(encoding="utf-8"))


def checksum(source: str) -> str:
    """Return the SHA-256 of what `source` does: its syntax tree without comments and docstrings.

    `ast.dump` is no basis for it: what it prints changes from one Python to the next.
    """
    words = "".join(_words(ast.parse(source)))
    return hashlib.sha256(words.encode()).hexdigest()


def _words(value: object) -> Iterator[str]:
    if isinstance(value, ast.AST):
        yield f"{type(value).__name__}("
        for name, field in ast.iter_fields(_undocumented(value)):
            if name not in SKIPPED and field not in (None, []):
                yield f"{name}="
                yield from _words(field)
        yield ")"
    elif isinstance(value, list):
        yield "["
        for each in value:
            yield from _words(each)
        yield "]"
    else:
        yield f"{value!r},"


def _undocumented(node: ast.AST) -> ast.AST:
    if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:]
    return node
