"""Look at a revision's file: its docstring, what it imports, its number and its place."""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.db.lint.finding import Finding
from app.db.lint.rules import RULES
from app.db.migrations.headfile import HEAD_FILE, RevisionFile, heads_of

# What is installed with every version of this code and changes slowly enough.
ALLOWED_PACKAGES = {"alembic", "sqlalchemy"}
TEMPLATE = "script.py.mako"
LABELS = ("Revision ID:", "Revises:", "Create Date:")


def inspect(file: RevisionFile) -> Iterator[Finding]:
    """Yield what is found in a revision's own code.

    Raises:
        SyntaxError: It is no Python.
    """
    tree = ast.parse(file.path.read_bytes())
    yield from _inspect_imports(file.path, tree)
    yield from _inspect_docstring(file, tree)
    yield from _inspect_reads(file.path, tree)


def inspect_line(files: Sequence[RevisionFile]) -> Iterator[Finding]:
    """Yield the revisions whose number is not their place in the line of all of them."""
    rule = RULES["numbering"]
    for place, file in enumerate(sorted(files, key=lambda file: file.path.stem), 1):
        number = f"{place:03d}"
        if file.revision != number:
            what = f"it has the number {file.revision}, and its place is {number}"
            yield Finding(file.path, _line_of(file.path, "revision"), rule, what)
        if not file.path.stem.startswith(f"{file.revision}_"):
            what = f"the file's name does not begin with {file.revision}_"
            yield Finding(file.path, 1, rule, what)
        before = (f"{place - 1:03d}",) if place > 1 else ()
        if file.follows != before:
            what = f"it follows {_say(file.follows)}, and not {_say(before)}"
            yield Finding(file.path, _line_of(file.path, "down_revision"), rule, what)


def inspect_head_file(versions: Path, files: Sequence[RevisionFile]) -> Iterator[Finding]:
    """Yield that the head file does not name the heads."""
    path = versions / HEAD_FILE
    written = path.read_text(encoding="utf-8").split() if path.exists() else []
    heads = [file.path.stem for file in heads_of(files)]
    if written != heads:
        what = f"it names {_say(written)}, and the newest is {_say(heads)}"
        yield Finding(path, 1, RULES["head-file"], what)


def _say(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _line_of(path: Path, variable: str) -> int:
    """Return where a variable of the module is set."""
    for node in ast.parse(path.read_bytes()).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(each, ast.Name) and each.id == variable for each in targets):
            return node.lineno
    return 1


def _inspect_imports(path: Path, tree: ast.Module) -> Iterator[Finding]:
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


def _inspect_docstring(file: RevisionFile, tree: ast.Module) -> Iterator[Finding]:
    rule = RULES["docstring"]
    docstring = ast.get_docstring(tree)
    if docstring is None:
        yield Finding(file.path, 1, rule, "it has no docstring")
        return
    first, *rest = docstring.splitlines()
    words = [line for line in rest if line.strip() and not line.startswith(LABELS)]
    boilerplate = _template_lines(file.path.parent.parent / TEMPLATE)
    if not words and not re.search(r"[.:!?] \S", first):
        yield Finding(file.path, 1, rule, f"it says no more than {first!r}")
    if any(line in boilerplate for line in words):
        yield Finding(file.path, 1, rule, "it still says what the template says")
    for label, ids in (("Revision ID:", (file.revision,)), ("Revises:", file.follows)):
        written = [line.removeprefix(label) for line in rest if line.startswith(label)]
        if [re.split(r"[,\s]+", line.strip()) for line in written] != [list(ids) or [""]]:
            what = f"'{label}' does not say {_say(ids)}, as the code does"
            yield Finding(file.path, 1, rule, what)


def _template_lines(template: Path) -> set[str]:
    """Return what stands in each new revision, line by line."""
    if not template.exists():
        return set()
    lines = re.split(r'"""|\n', template.read_text(encoding="utf-8"))
    return {line for line in lines if line.strip() and "${" not in line}


def _inspect_reads(path: Path, tree: ast.Module) -> Iterator[Finding]:
    """Yield where the revision asks for the connection: offline there is none."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr="get_bind" | "connection" as name):
                what = f"it takes the connection (.{name})"
                yield Finding(path, node.lineno, RULES["offline-sql"], what)
