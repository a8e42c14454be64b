"""Name the head in a tracked file, so that two branches with new revisions conflict in git."""

from pathlib import Path

from alembic.script import write_hooks

from alembic_zero_downtime.revisions.files import heads_of, read_revision_files

HEAD_FILE = "head.txt"
"""The name of the file, which the write hook `head` updates."""


@write_hooks.register("head")
def update_head_file(revision_file: str, _: object) -> None:
    """Update the head file: `alembic revision` and `alembic merge` call this (alembic.ini)."""
    write_head_file(Path(revision_file).parent)


def write_head_file(versions: Path) -> None:
    """Write the file names of the heads, one per line, without `.py`.

    Raises:
        CommandError: A file is not a revision.
    """
    files = read_revision_files(versions)
    lines = [f"{file.path.stem}\n" for file in heads_of(files)]
    (versions / HEAD_FILE).write_text("".join(lines), encoding="utf-8")
