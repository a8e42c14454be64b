"""Move the revisions of this branch after those of the shared branch, with new sequential ids.

Where two branches each add a revision, both have the same id, and Alembic loads only one of them.
So the files are parsed and rewritten as text, and git shows which ones this branch has added.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic_zero_downtime._git import run_git
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.project import CommandNames, Project
from alembic_zero_downtime.revisions.files import (
    RevisionFile,
    heads_of,
    read_revision,
    read_revision_files,
    read_variables,
)
from alembic_zero_downtime.revisions.head_file import write_head_file

SHARED_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
# Present during a rebase or cherry-pick of this branch's commits, when HEAD is the other branch.
REBASE_FILES = ("rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD")
LITERAL = re.compile(rb"([\"']).*?\1|None")


@dataclass(frozen=True)
class Move:
    """A revision file that gets another id or down_revision.

    Attributes:
        old: its path.
        new: its new path; the same if only its down_revision changes.
        source: its new content.
    """

    old: Path
    new: Path
    source: bytes

    def __str__(self) -> str:
        """Return the old and the new name."""
        return f"{self.old.stem} -> {self.new.stem}"


def renumber(
    project: Project, versions: Path, onto: str | None = None, own: Sequence[str] = ()
) -> list[Move]:
    """Restore a linear history and update the head file; return the moves.

    After an interruption, another run completes the rest.

    Args:
        project: its revisions have sequential ids.
        versions: the folder of the revisions.
        onto: the shared branch; by default the first one that separates shared and own revisions.
        own: the files to move, in their order; by default those that `onto` does not have.

    Raises:
        CommandError: The moves are ambiguous or impossible, and nothing was changed.
    """
    if not project.sequential_ids:
        raise MigrationError("the ids of these revisions are not sequential: nothing to move")
    files = read_revision_files(versions)
    moves: list[Move] = []
    if not is_linear(files):
        moves = compute_moves(*split_shared_and_own(project.commands, versions, files, onto, own))
    for move in moves:  # not linear before the last write, so that another run resumes
        move.old.rename(move.new)
        draft = move.new.with_suffix(".draft")
        draft.write_bytes(move.source)
        draft.replace(move.new)
    if project.head_file:
        write_head_file(versions)
    return sorted(moves, key=lambda move: move.new)


def is_linear(files: Sequence[RevisionFile]) -> bool:
    """Whether the history is linear, from one first revision to one head, with distinct ids."""
    children = {file.down_revisions: file.revision for file in files}
    length, last = 0, children.pop((), None)
    while last is not None:
        length, last = length + 1, children.pop((last,), None)
    return length == len(files) == len({file.revision for file in files})


def split_shared_and_own(
    commands: CommandNames,
    versions: Path,
    files: Sequence[RevisionFile],
    onto: str | None,
    own: Sequence[str],
) -> tuple[list[RevisionFile], list[RevisionFile]]:
    """Return the shared revisions, which stay, and this branch's own, in the order to move them.

    Raises:
        CommandError: It is ambiguous which is which.
    """
    for file in files:
        if not file.revision.isdecimal():
            raise MigrationError(
                f"{file.path.name} has the id {file.revision!r}, and only sequential ids can be "
                "moved: assign the next one manually"
            )
    if own:
        return _split_by_names(commands, files, own)
    branches = (onto,) if onto else _list_branches(versions)
    for branch in branches:
        listing = run_git(versions, "ls-tree", "-z", "--name-only", branch) or ""
        names = listing.split("\0")
        shared = [file for file in files if file.path.name in names]
        rest = [file for file in files if file not in shared]
        if shared and is_linear(shared) and len({file.revision for file in rest}) == len(rest):
            return shared, sorted(rest, key=lambda file: int(file.revision))
    ambiguous = _list_ambiguous(files)
    raise MigrationError(
        f"cannot determine which of {', '.join(ambiguous)} to move: no branch has one without the "
        f"other (checked: {', '.join(branches)}). Name the file to move, "
        f"{commands.renumber_revision.format(ambiguous[-1])}, or the shared branch, "
        f"{commands.renumber_onto.format('origin/main')}"
    )


def compute_moves(shared: Sequence[RevisionFile], own: Sequence[RevisionFile]) -> list[Move]:
    """Return the moves that put `own` after `shared`, in the order of execution.

    No move takes a name or an id that another file still has: where ids increase, the newest file
    is moved first, otherwise the oldest. So an interruption leaves the files in order.

    Raises:
        CommandError: A file cannot be moved.
    """
    up: list[Move] = []
    down: list[Move] = []
    down_revision = heads_of(shared)[0].revision
    for number, file in enumerate(own, max(int(each.revision) for each in shared) + 1):
        old = file.path.read_bytes()
        revision = f"{number:03d}"
        path = file.path.with_name(re.sub(r"^\d*_?", f"{revision}_", file.path.name))
        move = Move(file.path, path, rewrite_source(file.path, old, revision, down_revision))
        if path.exists() and path not in {each.path for each in own}:
            raise MigrationError(f"cannot move {move}: that file already exists, rename it first")
        if (path, move.source) != (file.path, old):
            (up if number > int(file.revision) else down).append(move)
        down_revision = revision
    return [*reversed(up), *down]


def rewrite_source(path: Path, source: bytes, revision: str, down_revision: str) -> bytes:
    """Return `source` with another revision and down_revision, and no other change.

    Raises:
        CommandError: The file is not in the usual form.
    """
    variables = read_variables(source)
    if "depends_on" in variables and ast.unparse(variables["depends_on"]) != "None":
        raise MigrationError(f"cannot move {path.stem}: it sets depends_on, move it manually")
    values = ((variables["revision"], revision), (variables["down_revision"], down_revision))
    offsets = sorted(((_offset(source, node), value) for node, value in values), reverse=True)
    for start, value in offsets:  # backwards, so that the other offset stays valid
        source = source[:start] + LITERAL.sub(f'"{value}"'.encode(), source[start:], count=1)
    preamble, code = source[:start], source[start:]
    for label, value in (("Revision ID:", revision), ("Revises:", down_revision)):
        line = rf"(?m)^{label}[^\r\n]*".encode()
        preamble = re.sub(line, f"{label} {value}".encode(), preamble)
    written = read_revision(path, preamble + code)
    if (written.revision, written.down_revisions) != (revision, (down_revision,)):
        raise MigrationError(f"cannot move {path.stem}: not a plain revision, move it manually")
    return preamble + code


def _offset(source: bytes, node: ast.expr) -> int:
    """Return the offset of `node` in bytes."""
    return len(b"".join(source.splitlines(keepends=True)[: node.lineno - 1])) + node.col_offset


def _split_by_names(
    commands: CommandNames, files: Sequence[RevisionFile], names: Sequence[str]
) -> tuple[list[RevisionFile], list[RevisionFile]]:
    known = {file.path.stem: file for file in files}
    stems = list(dict.fromkeys(Path(name).stem for name in names))
    unknown = ", ".join(stem for stem in stems if stem not in known)
    if unknown:
        ambiguous = ", ".join(_list_ambiguous(files))
        raise MigrationError(f"there is no revision {unknown}: choose from {ambiguous}")
    shared = [file for file in files if file.path.stem not in stems]
    if not shared or not is_linear(shared):
        raise MigrationError(
            f"without {', '.join(stems)} the history is still not linear: name every file to "
            f"move, in their order ({commands.renumber_several})"
        )
    return shared, [known[stem] for stem in stems]


def _list_ambiguous(files: Sequence[RevisionFile]) -> list[str]:
    """Return the names of the files with duplicate ids, or else of the heads."""
    ids = [file.revision for file in files]
    duplicates = [file for file in files if ids.count(file.revision) > 1]
    return [file.path.stem for file in duplicates or heads_of(files) or files]


def _list_branches(versions: Path) -> tuple[str, ...]:
    """Return the branches that may have the shared revisions, in the order to check them."""
    options = [word for name in REBASE_FILES for word in ("--git-path", name)]
    paths = (run_git(versions, "rev-parse", *options) or "").splitlines()
    is_rebasing = any((versions / path).exists() for path in paths)
    return ("HEAD", *SHARED_BRANCHES) if is_rebasing else SHARED_BRANCHES
