"""Name the head in a tracked file, so that git sees a conflict where two revisions follow one.

The revisions' files are read without being run: of two with one number, Alembic would load one.
"""

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory, write_hooks
from alembic.util import CommandError

from app.db.migrations.failure import describe_error

HEAD_FILE = "head.txt"


@dataclass(frozen=True)
class RevisionFile:
    """A revision's file and its place among the others.

    Attributes:
        path: the file.
        revision: its id.
        follows: the ids before it: none for the first one, several for a merge.
    """

    path: Path
    revision: str
    follows: tuple[str, ...]


def require_one_line(scripts: ScriptDirectory) -> None:
    """Refuse revisions that cannot be loaded, or of which Alembic would take either of two.

    Raises:
        CommandError: There are such, as in the middle of a merge.
    """
    versions = Path(scripts.versions)
    try:
        loaded = len(list(scripts.walk_revisions()))
    except Exception as error:
        _require_distinct_numbers(read_revision_files(versions))
        raise CommandError(f"the revisions cannot be loaded: {describe_error(error)}") from error
    if loaded != len(list_files(versions)):
        _require_distinct_numbers(read_revision_files(versions))


def _require_distinct_numbers(files: list[RevisionFile]) -> None:
    numbers = Counter(file.revision for file in files)
    if several := [number for number, count in numbers.items() if count > 1]:
        raise CommandError(f"two revisions have the number {min(several)}: make migrate-renumber")


@write_hooks.register("head")
def update_head_file(revision_file: str, _: object) -> None:
    """Keep the head file true: `alembic revision` and `alembic merge` call this (alembic.ini)."""
    write_head_file(Path(revision_file).parent)


def write_head_file(versions: Path) -> None:
    """Write the file names of the heads, one a line, without `.py`.

    Raises:
        CommandError: A file is no revision.
    """
    files = read_revision_files(versions)
    lines = [f"{file.path.stem}\n" for file in heads_of(files)]
    (versions / HEAD_FILE).write_text("".join(lines), encoding="utf-8")


def heads_of(files: Sequence[RevisionFile]) -> list[RevisionFile]:
    """Return those of `files` that no other one follows, in the order of their names."""
    followed = {revision for file in files for revision in file.follows}
    return sorted((f for f in files if f.revision not in followed), key=lambda file: file.path.stem)


def read_revision_files(versions: Path) -> list[RevisionFile]:
    """Return all revisions in the folder, in the order of their names.

    Raises:
        CommandError: A file is no revision.
    """
    return [read_revision(path, path.read_bytes()) for path in list_files(versions)]


def list_files(versions: Path) -> list[Path]:
    """Return the paths of the revisions in the folder, sorted; nothing is read."""
    return sorted(versions.glob("[!._]*.py"))  # an editor's lock begins with a dot


def read_revision(path: Path, source: bytes) -> RevisionFile:
    """Return what `source` says, which is or will be in `path`.

    Raises:
        CommandError: It is no revision.
    """
    try:
        variables = read_variables(source)
        (revision,) = _ids(variables["revision"])
        follows = _ids(variables["down_revision"])
    except SyntaxError as error:
        raise CommandError(
            f"{path.name} is no Python in line {error.lineno}: if git marked a conflict in it, "
            "settle that first"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise CommandError(
            f"{path.name} does not set revision and down_revision to plain strings: mend it first"
        ) from error
    return RevisionFile(path, revision, follows)


def read_variables(source: bytes) -> dict[str, ast.expr]:
    """Return what is assigned at the top level of a module, by name.

    Raises:
        SyntaxError: It is no Python.
    """
    variables: dict[str, ast.expr] = {}
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                variables[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                variables[name] = value
    return variables


def _ids(value: ast.expr) -> tuple[str, ...]:
    match ast.literal_eval(value):
        case None:
            return ()
        case str(one):
            return (one,)
        case several:
            return tuple(several)
