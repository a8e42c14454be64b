"""Check a revision's source code: its docstring, imports, number and down_revision."""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from alembic_zero_downtime.lint.finding import Finding
from alembic_zero_downtime.lint.rules import RULES
from alembic_zero_downtime.revisions.files import RevisionFile, heads_of
from alembic_zero_downtime.revisions.head_file import HEAD_FILE

# Installed with every version of the application, and stable enough for old revisions.
ALLOWED_PACKAGES = {"alembic", "sqlalchemy"}
LABELS = ("Revision ID:", "Revises:", "Create Date:")


def check_source(path: Path) -> Iterator[Finding]:
    """Yield the findings in a revision's source code.

    Raises:
        SyntaxError: The file is not valid Python.
    """
    tree = ast.parse(path.read_bytes())
    yield from _check_imports(path, tree)
    yield from _check_connection(path, tree)


def check_numbering(files: Sequence[RevisionFile]) -> Iterator[Finding]:
    """Yield the revisions whose id, file name or down_revision does not match their position."""
    rule = RULES["numbering"]
    for position, file in enumerate(sorted(files, key=lambda file: file.path.stem), 1):
        number = f"{position:03d}"
        if file.revision != number:
            message = f"its id is {file.revision}, and its position is {number}"
            yield Finding(file.path, _line_of(file.path, "revision"), rule, message)
        if not file.path.stem.startswith(f"{file.revision}_"):
            message = f"the file name does not begin with {file.revision}_"
            yield Finding(file.path, 1, rule, message)
        expected = (f"{position - 1:03d}",) if position > 1 else ()
        if file.down_revisions != expected:
            message = f"down_revision is {_join(file.down_revisions)} instead of {_join(expected)}"
            yield Finding(file.path, _line_of(file.path, "down_revision"), rule, message)


def check_head_file(versions: Path, files: Sequence[RevisionFile]) -> Iterator[Finding]:
    """Yield a finding if the head file does not name the heads."""
    path = versions / HEAD_FILE
    written = path.read_text(encoding="utf-8").split() if path.exists() else []
    heads = [file.path.stem for file in heads_of(files)]
    if written != heads:
        message = f"it names {_join(written)}, and the head is {_join(heads)}"
        yield Finding(path, 1, RULES["head-file"], message)


def _join(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _line_of(path: Path, variable: str) -> int:
    """Return the line that assigns a variable of the module."""
    for node in ast.parse(path.read_bytes()).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(each, ast.Name) and each.id == variable for each in targets):
            return node.lineno
    return 1


def _check_imports(path: Path, tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=module, level=level):
                modules = ["." * level + (module or "")]
            case _:
                continue
        for module in modules:
            package = module.partition(".")[0]
            if package not in sys.stdlib_module_names | ALLOWED_PACKAGES:
                yield Finding(path, node.lineno, RULES["imports-app"], f"it imports {module}")


def check_docstring(file: RevisionFile, template: Path) -> Iterator[Finding]:
    """Yield the defects of a revision's docstring.

    Args:
        file: the revision.
        template: script.py.mako; its placeholder text must be replaced in a revision.
    """
    rule = RULES["docstring"]
    docstring = ast.get_docstring(ast.parse(file.path.read_bytes()))
    if docstring is None:
        yield Finding(file.path, 1, rule, "it has no docstring")
        return
    first, *rest = docstring.splitlines()
    description = [line for line in rest if line.strip() and not line.startswith(LABELS)]
    placeholders = _template_lines(template)
    if not description and not re.search(r"[.:!?] \S", first):
        yield Finding(file.path, 1, rule, f"it has no description beyond {first!r}")
    if any(line in placeholders for line in description):
        yield Finding(file.path, 1, rule, "it still has the placeholder text of the template")
    for label, ids in (("Revision ID:", (file.revision,)), ("Revises:", file.down_revisions)):
        written = [line.removeprefix(label) for line in rest if line.startswith(label)]
        if [re.split(r"[,\s]+", line.strip()) for line in written] != [list(ids) or [""]]:
            message = f"'{label}' is not {_join(ids)}, as in the code"
            yield Finding(file.path, 1, rule, message)


def _template_lines(template: Path) -> set[str]:
    """Return the lines that the template writes into each new revision."""
    if not template.exists():
        return set()
    lines = re.split(r'"""|\n', template.read_text(encoding="utf-8"))
    return {line for line in lines if line.strip() and "${" not in line}


def _check_connection(path: Path, tree: ast.Module) -> Iterator[Finding]:
    """Yield each use of the connection: in offline mode there is none."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr="get_bind" | "connection" as name):
                message = f"it uses the connection (.{name})"
                yield Finding(path, node.lineno, RULES["offline-sql"], message)
