"""`.venv/bin/fde` runs `python -m app` of the checkout that it is in, from any folder."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.shell import BACKEND, run
from tests.repository.test_image import dockerfile_instructions

# In place of the environment's Python: prints what it is called with.
PYTHON = """#!/bin/sh
printf '%s\\n' "$PYTHONPATH" "$@"
"""


@pytest.fixture(params=["checkout", "a check out", "x$HOME`id`", "-dash", "ünï'c\"öde"])
def backend(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return backend/ of a checkout in an awkward path, with the launcher in its environment."""
    backend = tmp_path / str(request.param) / "backend"
    programs = backend / ".venv" / "bin"
    programs.mkdir(parents=True)
    shutil.copy(BACKEND / "scripts" / "fde.sh", programs / "fde")
    (programs / "python").write_text(PYTHON, encoding="utf-8")
    for program in programs.iterdir():
        program.chmod(0o755)
    return backend


def called(*command: str | Path, cwd: Path, **env: str) -> list[str]:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={"PATH": os.defpath, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_it_runs_the_checkout_s_program_from_any_folder(backend: Path, tmp_path: Path) -> None:
    program = backend / ".venv" / "bin" / "fde"
    expected = [str(backend), "-P", "-m", "app", "read", "a file", ""]
    arguments = ("read", "a file", "")
    assert called(program, *arguments, cwd=tmp_path) == expected
    assert called("./.venv/bin/fde", *arguments, cwd=backend) == expected
    assert called("./fde", *arguments, cwd=program.parent) == expected
    path = f"{program.parent}:{os.defpath}"
    assert called("fde", *arguments, cwd=tmp_path, PATH=path) == expected


def test_it_is_found_through_links_and_after_a_move(backend: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "fde").symlink_to(backend / ".venv" / "bin" / "fde")
    (tmp_path / "fde").symlink_to("bin/fde")
    assert called("./fde", cwd=tmp_path, PYTHONPATH="more")[0] == f"{backend}:more"
    moved = backend.rename(tmp_path / "moved")
    assert called(moved / ".venv" / "bin" / "fde", cwd=tmp_path)[0] == str(moved)


def test_a_missing_environment_is_one_line(backend: Path) -> None:
    (backend / ".venv" / "bin" / "python").unlink()
    done = run(str(backend / ".venv" / "bin" / "fde"), "read")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.endswith(f"run make install in {backend}")


def test_a_module_in_the_user_s_folder_is_not_imported(tmp_path: Path) -> None:
    for name in ("app", "typer", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    env = {"PYTHONPATH": str(BACKEND)}
    done = run("python", "-P", "-m", "app", "--version", cwd=tmp_path, env=env)
    assert done.stdout == "fde 0.1.0\n", done


def test_the_image_has_the_command_in_its_path() -> None:
    (line,) = [each for each in dockerfile_instructions() if "/usr/local/bin/fde" in each]
    script = line.removeprefix("RUN ").partition(" > ")[0]
    assert run("sh", "-c", script).stdout.splitlines() == [
        "#!/bin/sh",
        'PYTHONPATH=/srv/backend exec /venv/bin/python -P -m app "$@"',
    ]
    assert "chmod 755 /usr/local/bin/fde" in line
