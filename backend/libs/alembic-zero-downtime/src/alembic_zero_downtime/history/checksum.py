"""Checksums of revisions that ignore comments, docstrings and formatting."""

import ast
import gc
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

# Fields that differ between Python versions or do not affect behaviour.
IGNORED_FIELDS = {"ctx", "kind", "type_comment", "type_ignores", "type_params"}
WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def checksum_of(path: Path) -> str:
    """Return the SHA-256 of the file's code, 64 hexadecimal digits.

    Raises:
        SyntaxError: The file is not valid Python.
    """
    return checksum(path.read_bytes())


def checksum(source: str | bytes) -> str:
    """Return the SHA-256 of the syntax tree of `source`, without comments and docstrings.

    Python reads the encoding from bytes: a byte order mark or a declaration.

    The output of `ast.dump` is not used: it differs between Python versions.
    """
    parts: list[str] = []
    was_enabled = gc.isenabled()
    gc.disable()  # a tree has no cycles, and its many nodes would start collections
    try:
        _serialize(ast.parse(source), parts.append)
    finally:
        if was_enabled:
            gc.enable()
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _serialize(value: object, write: Callable[[str], None]) -> None:
    """Write a node, a list or a constant; each step of an upgrade waits for this."""
    if isinstance(value, ast.AST):
        node = _without_docstring(value)
        opening, fields = _layout(type(node).__name__)
        write(opening)
        for name, label in fields:
            field = getattr(node, name, None)
            if field is not None and field != []:
                write(label)
                _serialize(field, write)
        write(")")
    elif isinstance(value, list):
        write("[")
        for each in value:
            _serialize(each, write)
        write("]")
    else:
        write(f"{value!r},")


@cache
def _layout(kind: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the beginning of a node's text, and the names and labels of its fields."""
    names = (name for name in getattr(ast, kind)._fields if name not in IGNORED_FIELDS)
    return f"{kind}(", tuple((name, f"{name}=") for name in names)


def _without_docstring(node: ast.AST) -> ast.AST:
    if isinstance(node, WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:]
    return node
