"""Checksums of revisions that ignore comments, docstrings and formatting."""

import ast
import hashlib
from collections.abc import Iterator
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
    serialized = "".join(_serialize(ast.parse(source)))
    return hashlib.sha256(serialized.encode()).hexdigest()


def _serialize(value: object) -> Iterator[str]:
    if isinstance(value, ast.AST):
        yield f"{type(value).__name__}("
        for name, field in ast.iter_fields(_without_docstring(value)):
            if name not in IGNORED_FIELDS and field not in (None, []):
                yield f"{name}="
                yield from _serialize(field)
        yield ")"
    elif isinstance(value, list):
        yield "["
        for each in value:
            yield from _serialize(each)
        yield "]"
    else:
        yield f"{value!r},"


def _without_docstring(node: ast.AST) -> ast.AST:
    if isinstance(node, WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:]
    return node
