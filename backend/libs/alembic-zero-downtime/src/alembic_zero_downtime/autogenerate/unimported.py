"""Find models that are not imported: files that would define tables on the same metadata.

Autogenerate sees only the models that the project imports. The files beside them are parsed, and
neither imported nor run.
"""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from sqlalchemy import MetaData

from alembic_zero_downtime.autogenerate.model_sources import Source, choose_sources

TESTS = ("test", "tests", "conftest")
INSTALLED = ("site-packages", "dist-packages")


@dataclass(frozen=True)
class UnimportedModels:
    """A file with models that is not imported.

    Attributes:
        path: the file.
        module: its name, such as `app.models.invoice`.
        models: the classes and tables that it defines.
        place: the file of the nearest imported package, where the import belongs; None if the
            file is in no package.
    """

    path: Path
    module: str
    models: tuple[str, ...]
    place: Path | None

    def __str__(self) -> str:
        """Return a sentence with what to do."""
        where = f"in {_shown(self.place)}" if self.place else "where the other models are imported"
        return (
            f"{_shown(self.path)} defines {', '.join(self.models)}, and is not imported with the "
            f"models: import {self.module} {where}, if it is one of them"
        )


def find_unimported(metadata: MetaData) -> list[UnimportedModels]:
    """Return the files beside the imported models that define further tables on the metadata."""
    imported = [each for each in list(sys.modules.values()) if isinstance(each, ModuleType)]
    files = {Path(file).resolve() for each in imported if (file := _file_of(each))}
    owners = [each for each in imported if _file_of(each) and _has_models(each, metadata)]
    sources = {
        name: Source(name, path)
        for name, path in _candidates(owners)
        if path.resolve() not in files and name not in sys.modules
    }
    finder = _Finder(metadata, sources)
    chosen = choose_sources(sources.values(), _known_names(owners, metadata))
    found = {each.module: models for each in chosen if (models := finder.models_of(each.module))}
    return [
        UnimportedModels(sources[name].path, name, models, _importing_package(name))
        for name, models in sorted(found.items())
    ]


class _Finder:
    """Finds what belongs to a metadata in sources that refer to each other."""

    def __init__(self, metadata: MetaData, sources: dict[str, Source]) -> None:
        self._metadata = metadata
        self._sources = sources
        self._resolving: set[tuple[str, str]] = set()

    def models_of(self, module: str) -> tuple[str, ...]:
        """Return the models that a module defines."""
        source, found = self._sources[module], list[str]()
        for node in source.statements:
            if isinstance(node, ast.ClassDef):
                if self._is_model(source, node):
                    found.append(node.name)
                continue
            found += [
                f"table {_table_name(call)}"
                for call in ast.walk(node)
                if isinstance(call, ast.Call) and self._is_table(source, call)
            ]
        return tuple(found)

    def _is_model(self, source: Source, node: ast.ClassDef) -> bool:
        """Whether a class is mapped: it has a base, or a decorator, of the metadata."""
        if any(
            isinstance(each, ast.Constant) and each.value is True
            for each in _assigned(node, "__abstract__")
        ):
            return False
        decorators = (
            each.func if isinstance(each, ast.Call) else each for each in node.decorator_list
        )
        if any(
            isinstance(each, ast.Attribute) and self._belongs(self._resolve(source, each.value))
            for each in decorators
        ):
            return True
        bases = [self._resolve(source, each) for each in node.bases]
        if not any(self._belongs(each) for each in bases):
            return False
        # A class of SQLModel is a table only with `table=True`.
        keywords = {each.arg: each.value for each in node.keywords}
        needs_flag = any(hasattr(each, "model_fields") for each in bases)
        flag = keywords.get("table")
        return not needs_flag or (isinstance(flag, ast.Constant) and flag.value is True)

    def _is_table(self, source: Source, call: ast.Call) -> bool:
        name = (
            call.func.attr
            if isinstance(call.func, ast.Attribute)
            else getattr(call.func, "id", None)
        )
        if name != "Table":
            return False
        given = [each.value for each in call.keywords if each.arg == "metadata"]
        return any(
            self._resolve(source, each) is self._metadata for each in [*call.args[1:2], *given]
        )

    def _base_of(self, source: Source, values: Iterable[ast.expr]) -> SimpleNamespace | None:
        """Return a stand-in for a base class, if one of its values is the metadata."""
        is_own = any(self._resolve(source, each) is self._metadata for each in values)
        return SimpleNamespace(metadata=self._metadata) if is_own else None

    def _belongs(self, value: object) -> bool:
        """Whether a value is the base class or the registry of the metadata."""
        return _attribute(value, "metadata") is self._metadata

    def _resolve(self, source: Source, node: ast.expr) -> Any:
        """Return the object that an expression refers to; None if that is not known."""
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr="generate_base")):
                return self._resolve(source, value)
            case ast.Call(keywords=keywords):  # a registry, or declarative_base(metadata=…)
                given = [each.value for each in keywords if each.arg == "metadata"]
                return self._base_of(source, given)
            case ast.Name(id=name):
                return self._resolve_name(source.module, name)
            case ast.Attribute(value=value, attr=name):
                owner = self._resolve(source, value)
                if isinstance(owner, ModuleType):
                    return self._resolve_name(owner.__name__, name)
                return _attribute(owner, name)
            case _:
                return None

    def _resolve_name(self, module: str, name: str) -> Any:
        """Return the object with a name in a module, imported or not."""
        if (source := self._sources.get(module)) is None:
            loaded = sys.modules.get(module)
            found = vars(loaded).get(name) if loaded else None
            return found or sys.modules.get(f"{module}.{name}")
        if (module, name) in self._resolving:
            return None
        self._resolving.add((module, name))
        try:
            return self._resolve_definition(source, name)
        finally:
            self._resolving.discard((module, name))

    def _resolve_definition(self, source: Source, name: str) -> Any:
        match source.definitions.get(name):
            case ast.ClassDef() as node:  # stands for its first base of the metadata
                bases = (self._resolve(source, each) for each in node.bases)
                found = next((each for each in bases if self._belongs(each)), None)
                return found or self._base_of(source, _assigned(node, "metadata"))
            case ast.expr() as value:
                return self._resolve(source, value)
            case (str() as module, None):
                return sys.modules.get(module)
            case (str() as module, str() as imported):
                return self._resolve_name(module, imported)
        starred = source.definitions.get("*")
        return self._resolve_name(str(starred[0]), name) if isinstance(starred, tuple) else None


def _candidates(owners: Iterable[ModuleType]) -> Iterator[tuple[str, Path]]:
    """Yield the name and path of each file in the packages of these modules, or beside them."""
    for top in sorted({each.__name__.partition(".")[0] for each in owners}):
        module = sys.modules.get(top)
        for folder in map(Path, getattr(module, "__path__", ())):
            yield from _walk(folder, (top,))
        if module is not None and not hasattr(module, "__path__") and (file := _file_of(module)):
            for path in sorted(Path(file).parent.glob("*.py")):
                yield path.stem, path
            for path in sorted(Path(file).parent.glob("*/__init__.py")):
                if path.parent.name not in TESTS:
                    yield from _walk(path.parent, (path.parent.name,))


def _walk(folder: Path, names: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.iterdir()):
        if path.suffix == ".py":
            parts = names if path.stem == "__init__" else (*names, path.stem)
            yield ".".join(parts), path
        elif path.is_dir() and path.name.isidentifier() and path.name not in TESTS:
            yield from _walk(path, (*names, path.name))


def _has_models(module: ModuleType, metadata: MetaData) -> bool:
    """Whether a module defines the metadata, a class of it, or a table."""
    if module.__name__.partition(".")[0] in sys.stdlib_module_names or module.__name__.rpartition(
        "."
    )[2].startswith(TESTS):
        return False
    return any(
        value is metadata
        or (
            _attribute(value, "metadata") is metadata
            and (not isinstance(value, type) or value.__module__ == module.__name__)
        )
        for value in list(vars(module).values())
    )


def _known_names(owners: Iterable[ModuleType], metadata: MetaData) -> set[str]:
    """Return the names of the metadata, its base classes, its models and its registry."""
    return {"metadata"} | {
        name
        for owner in owners
        for name, value in list(vars(owner).items())
        if value is metadata or _attribute(value, "metadata") is metadata
    }


def _importing_package(module: str) -> Path | None:
    """Return the `__init__.py` of the nearest package of a module that is imported."""
    while module := module.rpartition(".")[0]:
        if (found := sys.modules.get(module)) and (file := _file_of(found)):
            return Path(file)
    return None


def _file_of(module: ModuleType) -> str | None:
    file = vars(module).get("__file__")
    is_own = isinstance(file, str) and not any(each in file for each in INSTALLED)
    return file if is_own else None


def _attribute(value: object, name: str) -> object:
    """Return an attribute without running code, such as a property or `__getattr__`."""
    return inspect.getattr_static(value, name, None)


def _assigned(node: ast.ClassDef, name: str) -> list[ast.expr]:
    """Return the values that the body of a class assigns to a name."""
    found: list[ast.expr] = []
    for each in node.body:
        match each:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                found.append(value)
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if (
                target == name
            ):
                found.append(value)
    return found


def _table_name(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    return str(first.value) if isinstance(first, ast.Constant) else "of a computed name"


def _shown(path: Path) -> str:
    """Return a path relative to the current folder, if it is inside."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
