"""A checkout in a path with spaces is installed, and then moved."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.shell import BACKEND

LIBRARY = Path("libs", "alembic-zero-downtime", "src", "alembic_zero_downtime")
# Prints the folder of the library, and what its entry points load.
INSPECT = """
from importlib.metadata import entry_points
from pathlib import Path

import alembic_zero_downtime

print(Path(alembic_zero_downtime.__file__).parent)
for group in ("alembic.plugins", "sqlalchemy.dialects", "pytest11", "console_scripts"):
    for each in entry_points(group=group):
        if each.value.startswith("alembic_zero_downtime"):
            loaded = each.load() if group != "pytest11" else None  # pytest is not installed
            print(group, each.name, getattr(loaded, "__name__", None))

from alembic import op
from sqlalchemy import create_engine

print(op.create_index_online.__name__)
print(create_engine("postgresql+embedded:///n").dialect.name)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a user; PIP_* is how this machine reaches the package index."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    home = os.environ.get("HOME", str(tmp_path))
    return {**kept, "HOME": home, "PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHON": sys.executable}


def run(folder: Path, environment: dict[str, str], *command: str) -> str:
    """Run a command in a folder; return its standard output."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_a_moved_checkout_finds_its_library(tmp_path: Path, environment: dict[str, str]) -> None:
    first, backend = tmp_path / "a check out" / "backend", tmp_path / "moved to" / "backend"
    ignored = shutil.ignore_patterns(".*", "tests", "__pycache__")
    shutil.copytree(BACKEND, first, ignore=ignored)
    install = ("sh", "scripts/install.sh", "requirements/local.lock", ".venv/local.installed")
    run(first, environment, *install)
    first.parent.rename(backend.parent)

    python = ".venv/bin/python"
    assert "usage: " in run(backend, environment, python, "-m", "alembic", "--help")
    assert "usage: " in run(backend, environment, python, "-m", "alembic_zero_downtime", "--help")
    assert run(tmp_path, environment, str(backend / ".venv/bin/fde"), "--version") == "fde 0.1.0\n"
    assert run(backend, environment, python, "-c", INSPECT).splitlines() == [
        str(backend / LIBRARY),
        "alembic.plugins alembic.autogenerate.zero_downtime alembic_zero_downtime._plugin",
        "sqlalchemy.dialects postgresql.embedded EmbeddedDialect",
        "pytest11 alembic_zero_downtime None",
        "console_scripts alembic-zero-downtime main",
        "create_index_online",
        "postgresql",
    ]
    assert "install.sh" not in run(backend, environment, "make", "--dry-run", "migrate")
