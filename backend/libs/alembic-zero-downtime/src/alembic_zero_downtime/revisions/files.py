"""Parse revision files without executing them: of two with the same id, Alembic loads only one."""

import ast
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory

from alembic_zero_downtime._alembic import revision_files
from alembic_zero_downtime.errors import MigrationError, describe_error
from alembic_zero_downtime.history.state import list_revisions
from alembic_zero_downtime.project import Project

CONFLICT_MARKER = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)


@dataclass(frozen=True)
class RevisionFile:
    """A revision file and its place in the history.

    Attributes:
        path: its path.
        revision: its id.
        down_revisions: the ids of its parents: none for the first one, several for a merge.
    """

    path: Path
    revision: str
    down_revisions: tuple[str, ...]


def require_distinct_ids(scripts: ScriptDirectory, project: Project) -> None:
    """Refuse duplicate revision ids, and revisions that cannot be loaded or have no upgrade().

    Raises:
        MigrationError: There are such revisions, e.g. during a merge.
    """
    paths = revision_files(scripts)
    try:
        loaded = list_revisions(scripts)
    except Exception as error:
        require_python(paths)
        _require_distinct_ids(paths, project)
        raise MigrationError(f"the revisions cannot be loaded: {describe_error(error)}") from error
    if len(loaded) != len(paths):
        require_python(paths)
        _require_distinct_ids(paths, project)
    for each in loaded:
        if not hasattr(each.module, "upgrade"):
            raise MigrationError(f"{Path(each.path).name} has no function upgrade(): add it")


def require_python(paths: Sequence[Path]) -> None:
    """Refuse a file that cannot be read, and a syntax error.

    Raises:
        MigrationError: There is such a file.
    """
    for path in paths:
        try:
            ast.parse(_read_source(path))
        except SyntaxError as error:
            raise MigrationError(_describe_syntax_error(path, error)) from error


def _read_source(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = "it is a broken link" if path.is_symlink() else error.strerror
        raise MigrationError(f"{path.name} cannot be read: {reason}") from error


def _describe_syntax_error(path: Path, error: SyntaxError) -> str:
    """Return the message of Python, and a hint if the file has git's conflict markers."""
    line = f", line {error.lineno}" if error.lineno else ""
    is_conflict = path.exists() and CONFLICT_MARKER.search(path.read_bytes())
    hint = "; git marked a conflict there: resolve it first" if is_conflict else ""
    return f"{path.name}{line}: {type(error).__name__}: {error.msg}{hint}"


def _require_distinct_ids(paths: Sequence[Path], project: Project) -> None:
    """Refuse duplicate ids; where ids are sequential, also a file that is not a revision."""
    files = []
    for path in paths:
        try:
            files.append(read_revision(path, _read_source(path)))
        except MigrationError:
            if project.sequential_ids:
                raise
    ids = Counter(file.revision for file in files)
    if duplicates := [revision for revision, count in ids.items() if count > 1]:
        duplicate = min(duplicates)
        if project.sequential_ids:
            raise MigrationError(
                f"two revisions have the id {duplicate}: {project.commands.renumber}"
            )
        names = " and ".join(file.path.name for file in files if file.revision == duplicate)
        raise MigrationError(f"two revisions have the id {duplicate}: {names}")


def heads_of(files: Sequence[RevisionFile]) -> list[RevisionFile]:
    """Return those of `files` that are no other file's down_revision, sorted by name."""
    parents = {revision for file in files for revision in file.down_revisions}
    return sorted((f for f in files if f.revision not in parents), key=lambda file: file.path.stem)


def read_revision_files(versions: Path) -> list[RevisionFile]:
    """Return all revisions in the folder, sorted by name.

    Raises:
        CommandError: A file is not a revision.
    """
    return [read_revision(path, _read_source(path)) for path in list_files(versions)]


def list_files(versions: Path) -> list[Path]:
    """Return the paths of the revisions in the folder, sorted, without reading the files."""
    # The name of an editor's lock begins with a dot.
    return sorted(path for path in versions.glob("[!._]*.py") if not path.is_dir())


def read_revision(path: Path, source: bytes) -> RevisionFile:
    """Parse `source`, the current or future content of `path`.

    Raises:
        CommandError: It is not a revision.
    """
    try:
        variables = read_variables(source)
        (revision,) = _ids(variables["revision"])
        down_revisions = _ids(variables["down_revision"])
    except SyntaxError as error:
        raise MigrationError(_describe_syntax_error(path, error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise MigrationError(
            f"{path.name} does not set revision and down_revision to plain strings: fix it first"
        ) from error
    return RevisionFile(path, revision, down_revisions)


def read_variables(source: bytes) -> dict[str, ast.expr]:
    """Return the values assigned at the top level of a module, by name.

    Raises:
        SyntaxError: It is not valid Python.
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
