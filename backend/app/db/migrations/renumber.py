"""Move the revisions of this branch behind those of the branch that all share.

Where two branches each add a revision, both have one number, and of the two Alembic loads one. So
the files are read and rewritten as text, and git tells which are this branch's own.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic.util import CommandError

from app.db.migrations.git import ask_git
from app.db.migrations.headfile import (
    RevisionFile,
    heads_of,
    read_revision,
    read_revision_files,
    read_variables,
    write_head_file,
)

SHARED_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
# While git has these, it is putting this branch's commits onto another one, and HEAD is that one.
PICKING = ("rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD")
LITERAL = re.compile(rb"([\"']).*?\1|None")


@dataclass(frozen=True)
class Move:
    """A file that gets another place.

    Attributes:
        old: where it is.
        new: where it will be; the same where it only comes to follow another revision.
        source: what it will say.
    """

    old: Path
    new: Path
    source: bytes

    def __str__(self) -> str:
        """Name both places."""
        return f"{self.old.stem} -> {self.new.stem}"


def renumber(versions: Path, onto: str | None = None, own: Sequence[str] = ()) -> list[Move]:
    """Make one line of the revisions again, and the head file true; return what was moved.

    After an interruption, another run does the rest.

    Args:
        versions: the folder of the revisions.
        onto: the branch that all share; by default the first that can tell.
        own: the files to move, in their order; by default those that `onto` does not have.

    Raises:
        CommandError: It is not clear what to move where, and nothing was changed.
    """
    files = read_revision_files(versions)
    moves = [] if is_line(files) else plan(*split(versions, files, onto, own))
    for move in moves:  # no line until the last text is there: another run sees that and goes on
        move.old.rename(move.new)
        draft = move.new.with_suffix(".draft")
        draft.write_bytes(move.source)
        draft.replace(move.new)
    write_head_file(versions)
    return sorted(moves, key=lambda move: move.new)


def is_line(files: Sequence[RevisionFile]) -> bool:
    """Whether the revisions follow one another from a first to a last, each with its own id."""
    following = {file.follows: file.revision for file in files}
    length, last = 0, following.pop((), None)
    while last is not None:
        length, last = length + 1, following.pop((last,), None)
    return length == len(files) == len({file.revision for file in files})


def split(
    versions: Path, files: Sequence[RevisionFile], onto: str | None, own: Sequence[str]
) -> tuple[list[RevisionFile], list[RevisionFile]]:
    """Return the revisions that stay, and those to be moved in their order.

    Raises:
        CommandError: It is not clear which is which.
    """
    for file in files:
        if not file.revision.isdecimal():
            raise CommandError(
                f"{file.path.name} has the id {file.revision!r}, and only numbers can be moved: "
                "give it the next number by hand"
            )
    if own:
        return _split_by_names(files, own)
    branches = (onto,) if onto else _list_branches(versions)
    for branch in branches:
        listing = ask_git(versions, "ls-tree", "-z", "--name-only", branch) or ""
        names = listing.split("\0")
        shared = [file for file in files if file.path.name in names]
        rest = [file for file in files if file not in shared]
        if shared and is_line(shared) and len({file.revision for file in rest}) == len(rest):
            return shared, sorted(rest, key=lambda file: int(file.revision))
    doubtful = _list_doubtful(files)
    raise CommandError(
        f"cannot tell which of {', '.join(doubtful)} to move: git knows no branch that has one "
        f"without the other (asked: {', '.join(branches)}). Name the file to move, "
        f"REV={doubtful[-1]}, or the branch that all share, ONTO=origin/main"
    )


def plan(shared: Sequence[RevisionFile], own: Sequence[RevisionFile]) -> list[Move]:
    """Return the moves that put `own` behind `shared`, in the order to make them in.

    None takes a name or a number that another one has still: up goes the newest first, down the
    oldest. So the files stay in their order wherever this is interrupted.

    Raises:
        CommandError: A file cannot be moved.
    """
    up: list[Move] = []
    down: list[Move] = []
    before = heads_of(shared)[0].revision
    for number, file in enumerate(own, max(int(each.revision) for each in shared) + 1):
        old = file.path.read_bytes()
        revision = f"{number:03d}"
        path = file.path.with_name(re.sub(r"^\d*_?", f"{revision}_", file.path.name))
        move = Move(file.path, path, rewrite(file.path, old, revision, before))
        if path.exists() and path not in {each.path for each in own}:
            raise CommandError(f"cannot move {move}: that file is there already, rename it first")
        if (path, move.source) != (file.path, old):
            (up if number > int(file.revision) else down).append(move)
        before = revision
    return [*reversed(up), *down]


def rewrite(path: Path, source: bytes, revision: str, follows: str) -> bytes:
    """Return `source` with another id and another revision before it, and no other change.

    Raises:
        CommandError: The file is written in an unusual way.
    """
    variables = read_variables(source)
    if "depends_on" in variables and ast.unparse(variables["depends_on"]) != "None":
        raise CommandError(f"cannot move {path.stem}: it depends on a number, move it by hand")
    values = ((variables["revision"], revision), (variables["down_revision"], follows))
    places = sorted(((_offset(source, node), value) for node, value in values), reverse=True)
    for start, value in places:  # from the end on, so that the other offset stays true
        source = source[:start] + LITERAL.sub(f'"{value}"'.encode(), source[start:], count=1)
    preamble, code = source[:start], source[start:]
    for label, value in (("Revision ID:", revision), ("Revises:", follows)):
        line = rf"(?m)^{label}[^\r\n]*".encode()
        preamble = re.sub(line, f"{label} {value}".encode(), preamble)
    written = read_revision(path, preamble + code)
    if (written.revision, written.follows) != (revision, (follows,)):
        raise CommandError(f"cannot move {path.stem}: it is no plain revision, move it by hand")
    return preamble + code


def _offset(source: bytes, node: ast.expr) -> int:
    """Return where `node` begins, in bytes."""
    return len(b"".join(source.splitlines(keepends=True)[: node.lineno - 1])) + node.col_offset


def _split_by_names(
    files: Sequence[RevisionFile], names: Sequence[str]
) -> tuple[list[RevisionFile], list[RevisionFile]]:
    known = {file.path.stem: file for file in files}
    stems = list(dict.fromkeys(Path(name).stem for name in names))
    unknown = ", ".join(stem for stem in stems if stem not in known)
    if unknown:
        doubtful = ", ".join(_list_doubtful(files))
        raise CommandError(f"there is no revision {unknown}: choose from {doubtful}")
    shared = [file for file in files if file.path.stem not in stems]
    if not shared or not is_line(shared):
        raise CommandError(
            f"without {', '.join(stems)} the others are no line yet: name every file to move, "
            'in their order (REV="003_add_sector 004_fill_sector")'
        )
    return shared, [known[stem] for stem in stems]


def _list_doubtful(files: Sequence[RevisionFile]) -> list[str]:
    """Return the names of those that have one number, or else of those that nothing follows."""
    numbers = [file.revision for file in files]
    twice = [file for file in files if numbers.count(file.revision) > 1]
    return [file.path.stem for file in twice or heads_of(files) or files]


def _list_branches(versions: Path) -> tuple[str, ...]:
    """Return where to look for what all share, the best answer first."""
    options = [word for name in PICKING for word in ("--git-path", name)]
    paths = (ask_git(versions, "rev-parse", *options) or "").splitlines()
    is_picking = any((versions / path).exists() for path in paths)
    return ("HEAD", *SHARED_BRANCHES) if is_picking else SHARED_BRANCHES
