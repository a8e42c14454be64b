"""PostgreSQL's programs for an account that may not be able to reach them."""

import re
import shutil
import subprocess
from pathlib import Path

from alembic_zero_downtime.embedded.account import Account
from alembic_zero_downtime.embedded.binaries import SETTING, WHEEL, ProgramsError, find_program

SHELL_CHARACTERS = re.compile(r'[$`"\\]')


def can_access(account: Account, path: Path) -> bool:
    """Whether the account can execute a program, or search a folder."""
    if account.uid is None:
        return True
    test = ("test", "-x", path)
    return subprocess.run(test, check=False, cwd="/", **account.credentials).returncode == 0


def find_program_for(
    account: Account, name: str, folder: Path, programs: Path | None = None
) -> Path:
    """Return the path of a program, of a copy in `folder` if the account cannot run the original.

    It cannot if a folder above is closed to it. A path with one of `SHELL_CHARACTERS` cannot be
    used either: initdb passes its own path to the shell within double quotes.

    Args:
        account: runs the program.
        name: of the program.
        folder: for a copy of the wheel's programs.
        programs: the folder of other programs than the wheel's; these are not copied.

    Raises:
        ProgramsError: The account cannot run one of `programs`.
    """
    if programs is not None:
        return _find_installed(account, programs / name)
    program = find_program(name)
    if can_access(account, program) and not SHELL_CHARACTERS.search(str(program)):
        return program
    packages = program.parents[3]
    for part in (Path(WHEEL, "pginstall"), Path(f"{WHEEL}.libs")):
        if (packages / part).exists():
            _copy_readable(packages / part, folder / part)
    return folder / program.relative_to(packages)


def _find_installed(account: Account, program: Path) -> Path:
    if SHELL_CHARACTERS.search(str(program)):
        raise ProgramsError(f"{SETTING}: the path {program} has a character with a meaning for sh")
    if not can_access(account, program):
        raise ProgramsError(
            f"{SETTING}: the account that runs the server (uid {account.uid}) cannot run "
            f"{program}: each folder above it has to be open to all users"
        )
    return program


def _copy_readable(source: Path, target: Path) -> None:
    """Copy a folder, except the header files, so that all accounts can read and execute it."""
    target.parent.mkdir(mode=0o755, exist_ok=True)
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
