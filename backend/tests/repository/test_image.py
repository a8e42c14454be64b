"""The image: what it installs, what it holds, and who runs it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.revisions import HEAD
from tests.helpers.shell import BACKEND

# Loads everything that the image runs, without the packages that it does not get.
RUN_AS_IN_THE_IMAGE = """
import importlib.metadata, re, runpy, sys

runtime = set(sys.argv[1:])
for module, names in importlib.metadata.packages_distributions().items():
    if not runtime & {re.sub("[-_.]+", "-", name).lower() for name in names}:
        sys.modules[module] = None  # importing it fails

import app.main, app.cli.reading, app.pipeline.draw.pages, app.services.tasks
import app.services.doctor, app.services.settings_in_force, fsspec.core
runpy.run_path("scripts/db_manager.py")
from alembic.config import main
main(["upgrade", "head", "--sql"])
"""

START_UP = "alembic upgrade head && uvicorn app.main:app --host 0.0.0.0 --port 8000"


def dockerfile_instructions() -> list[str]:
    text = (BACKEND / "Dockerfile").read_text(encoding="utf-8")
    without_comments = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    joined = re.sub(r"\s*\\\n\s*", " ", without_comments)
    return [line for line in joined.splitlines() if line]


def copied_into_image() -> list[str]:
    copies = [line.split()[1:] for line in dockerfile_instructions() if line.startswith("COPY ")]
    return [source for words in copies if "--from=build" not in words for source in words[:-1]]


def test_image_installs_only_the_runtime_lock_and_checks_its_hashes() -> None:
    installs = [line for line in dockerfile_instructions() if " install " in line]
    assert len(installs) == 2
    for option in ("--require-hashes", "--only-binary :all:", "--compile", "-r runtime.lock"):
        assert option in installs[0]
    for option in ("--no-deps", "--no-index", "--no-build-isolation", "--compile", "./library"):
        assert option in installs[1]
    assert "requirements/runtime.lock" in copied_into_image()
    assert not any("dev.lock" in line or "local.lock" in line for line in dockerfile_instructions())


def test_image_runs_as_an_ordinary_user_under_its_entry_point() -> None:
    instructions = dockerfile_instructions()
    last_stage = instructions[
        max(i for i, line in enumerate(instructions) if line.startswith("FROM ")) :
    ]
    users = [line.split()[1] for line in last_stage if line.startswith("USER ")]
    assert users[-1].isdecimal()
    assert int(users[-1]) > 0
    assert last_stage[-2:] == [
        'ENTRYPOINT ["python", "-m", "app.container.entrypoint"]',
        f'CMD ["sh", "-c", "{START_UP}"]',
    ]
    health = 'CMD ["python", "-m", "app.container.health", "http://127.0.0.1:8000/healthz"]'
    assert any(line.startswith("HEALTHCHECK ") and health in line for line in last_stage)
    assert not any(" pip " in line for line in last_stage)


def test_image_keeps_files_in_a_volume_that_only_its_user_can_read() -> None:
    instructions = dockerfile_instructions()
    user = next(line.split()[1] for line in instructions if line.startswith("USER "))
    folder = next(line.partition("=")[2] for line in instructions if "STORAGE_URL=" in line)
    assert f"VOLUME {folder}" in instructions
    made = f"RUN mkdir --mode=700 {folder} && chown {user}:{user} {folder}"
    assert instructions.index(made) < instructions.index(f"VOLUME {folder}")


def test_nothing_reaches_the_build_but_what_the_image_copies() -> None:
    rules = (BACKEND / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == set(copied_into_image())
    assert rules[-1] == "**/__pycache__"


def install_library(source: Path, target: Path) -> None:
    """Install the library from its folder, without an index and as the image does."""
    options = [
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--target",
        str(target),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, str(source)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_image_has_all_that_the_app_the_migrations_and_the_script_load(tmp_path: Path) -> None:
    for name in copied_into_image():
        source, target = BACKEND / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    lock = (tmp_path / "requirements" / "runtime.lock").read_text(encoding="utf-8")
    names = [*re.findall(r"^([\w.-]+)==", lock, re.MULTILINE), "alembic-zero-downtime"]
    packages = tmp_path / "site-packages"
    install_library(tmp_path / "libs" / "alembic-zero-downtime", packages)
    done = subprocess.run(
        [sys.executable, "-c", RUN_AS_IN_THE_IMAGE, *names],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={
            "PATH": os.defpath,
            "PYTHONDONTWRITEBYTECODE": "1",
            "DATABASE_URL": "postgresql://user@127.0.0.1/nowhere",
            "PYTHONPATH": str(packages),
        },
    )
    assert done.returncode == 0, done.stderr
    assert "CREATE TABLE companies" in done.stdout
    assert f"UPDATE alembic_version SET version_num='{HEAD}'" in done.stdout
