"""Another project has the library: the README's commands, in an empty virtual environment."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, inspect

from support.shell import LIBRARY, as_text

README = (LIBRARY / "README.md").read_text(encoding="utf-8")
LONGEST_ENV = 10  # lines
MODELS = """
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""
MORE = """
    email: Mapped[str | None] = mapped_column(index=True)
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


class OtherProject:
    """A folder with a virtual environment, in which a person types commands."""

    def __init__(self, folder: Path, url: URL) -> None:
        self.folder = folder
        self.address = as_text(url)
        bin_folder = folder / ".venv" / "bin"
        # PIP_* and proxies are how this machine reaches the package index.
        kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        self.environment = {**kept, "HOME": os.environ.get("HOME", str(folder)), "NO_COLOR": "1"}
        self.environment["PATH"] = f"{bin_folder}:/usr/local/bin:/usr/bin:/bin"

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            shlex.split(command),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def do(self, command: str) -> str:
        done = self.run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def name_database(self) -> None:
        ini = self.folder / "alembic.ini"
        address = self.address.replace("%", "%%").replace("\\", "\\\\")
        text = ini.read_text(encoding="utf-8")
        ini.write_text(re.sub(r"(?m)^sqlalchemy\.url = .*$", f"sqlalchemy.url = {address}", text))

    def written(self) -> list[Path]:
        return sorted((self.folder / "alembic" / "versions").glob("*.py"))


@pytest.fixture
def other(tmp_path: Path, empty_database: URL) -> OtherProject:
    """Return a new project as the README's first block makes it."""
    project = OtherProject(tmp_path, empty_database)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / ".venv")], check=True)
    ignored = shutil.ignore_patterns("tests", "__pycache__")
    shutil.copytree(LIBRARY, tmp_path / "libs" / LIBRARY.name, ignore=ignored)
    for command in blocks("sh")[0].splitlines():
        project.do(command)
    return project


def test_another_project_uses_it_as_the_readme_says(other: OtherProject, empty: Engine) -> None:
    (env,) = blocks("python")
    assert len(env.splitlines()) <= LONGEST_ENV
    (other.folder / "alembic" / "env.py").write_text(env, encoding="utf-8")
    (other.folder / "models.py").write_text(MODELS, encoding="utf-8")
    other.name_database()

    create, upgrade, downgrade = blocks("sh")[1].splitlines()
    other.do(create)
    (first,) = other.written()
    assert re.match(r"[0-9a-f]{12}_create_tables\.py", first.name), "Alembic's own hash ids"
    other.do(upgrade)
    assert set(inspect(empty).get_table_names()) == {
        "authors",
        "alembic_version",
        "migration_ledger",
    }
    other.do(downgrade)
    assert not inspect(empty).has_table("authors")
    other.do(upgrade)

    # An online index is a revision of its own, behind the one that adds the column.
    (other.folder / "models.py").write_text(MODELS + MORE, encoding="utf-8")
    other.do('alembic revision --autogenerate -m "add email"')
    added = [path for path in other.written() if path != first]
    assert len(added) == 2
    assert "op.create_index_online" in "".join(path.read_text() for path in added)

    lint, plan, check = blocks("sh")[2].splitlines()
    assert "2 pending revisions: short lock" in other.do(plan)
    said = other.run(lint)
    assert said.returncode in (0, 11), said.stderr
    assert "Traceback" not in said.stderr
    other.do(upgrade)
    assert [each["name"] for each in inspect(empty).get_indexes("authors")] == ["ix_authors_email"]
    assert "agree" in other.do(check)


def test_messages_of_another_project_name_its_own_commands(
    other: OtherProject, empty: Engine
) -> None:
    (env,) = blocks("python")
    (other.folder / "alembic" / "env.py").write_text(env, encoding="utf-8")
    (other.folder / "models.py").write_text(MODELS, encoding="utf-8")
    other.name_database()
    other.do('alembic revision --autogenerate -m "create tables"')
    done = other.run("alembic-zero-downtime info")
    assert done.returncode == 7, "empty"
    assert "run alembic upgrade head" in done.stderr
    assert "make " not in done.stdout + done.stderr
    assert not inspect(empty).get_table_names()
