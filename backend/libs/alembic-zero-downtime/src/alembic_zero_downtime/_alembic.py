"""All private names of Alembic and SQLAlchemy that this library uses, for lack of public ones.

Tested with Alembic 1.20 and SQLAlchemy 2.1; `tests/unit/test_private_names.py` fails if one is
missing.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from configparser import DEFAULTSECT, ConfigParser
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from alembic.util import compat
from sqlalchemy import Column, Constraint, Index, MetaData
from sqlalchemy import Sequence as DatabaseSequence

if TYPE_CHECKING:  # the operations import this module while Alembic is imported (_plugin.py)
    from alembic.autogenerate.api import AutogenContext
    from alembic.runtime.migration import MigrationContext, RevisionStep
    from alembic.script import Script, ScriptDirectory


def escape_percent_signs() -> None:
    """Let alembic.ini be in a folder with `%` in its path: Alembic does not escape `%(here)s`."""
    read = compat.read_config_parser

    def read_escaped(
        file_config: ConfigParser, file_argument: list[str | os.PathLike[str]]
    ) -> list[str]:
        here = Path(file_argument[0]).absolute().parent.as_posix()
        if file_config.defaults().get("here") == here:
            file_config.set(DEFAULTSECT, "here", here.replace("%", "%%"))
        return read(file_config, file_argument)

    compat.read_config_parser = read_escaped


def write_values_of_connection(connection: Any, write: Callable[[Any, Any], None]) -> None:
    """Let the connection of `--sql` pass each statement with its values, which Alembic drops."""
    connection._execute_impl = write  # noqa: SLF001


def doubles_percent_signs(dialect: Any) -> bool:
    """Whether a dialect writes `%%` for `%`, as its driver requires."""
    return bool(dialect.identifier_preparer._double_percents)  # noqa: SLF001


@contextmanager
def nested_proxies() -> "Iterator[None]":
    """Let `alembic.context` and `alembic.op` refer to what they do now, when the block ends.

    Alembic does not nest them: at the end of an inner environment neither refers to anything.
    """
    from alembic import context, op  # noqa: PLC0415 see above

    outer = [getattr(module, "_proxy", None) for module in (context, op)]
    try:
        yield
    finally:
        for each in outer:
            if each is not None:
                each._install_proxy()  # noqa: SLF001


def replace_steps(migrations: "MigrationContext", steps: Callable[..., Iterable[Any]]) -> None:
    """Let `run_migrations` run these steps instead of those of the command."""
    migrations._migrations_fn = steps  # noqa: SLF001


def command_name(migrations: "MigrationContext") -> str | None:
    """Return the name of Alembic's command, e.g. `upgrade`, also if a program calls it."""
    fn = migrations.opts.get("fn")  # a local function of the command's own
    return fn.__qualname__.partition(".")[0] if fn else None


def is_in_external_transaction(migrations: "MigrationContext") -> bool:
    """Whether the caller began the transaction: then Alembic never commits it."""
    return bool(migrations._in_external_transaction)  # noqa: SLF001


def make_upgrade_steps(
    scripts: "ScriptDirectory", heads: Sequence[str], current: Sequence[str]
) -> "list[RevisionStep]":
    """Return the steps from the revisions `current` up to `heads`."""
    # Alembic declares its tuples of revisions as strings.
    make_steps: Callable[[Any, Any], list[RevisionStep]] = scripts._upgrade_revs  # noqa: SLF001
    needed = {
        each.revision
        for head in (heads if len(heads) > 1 else ())
        for each in scripts.iterate_revisions(head, "base", implicit_base=True)
        if each.revision != head
    }  # a head on which another branch depends
    return make_steps(tuple(each for each in heads if each not in needed), tuple(current))


def resetting_settings(migrations: "MigrationContext", reset: Callable[[], None]) -> None:
    """Let each revision of a context call `reset` before the version table is written."""
    find_steps: Any = migrations._migrations_fn  # noqa: SLF001

    def steps(*arguments: Any) -> Iterator[Any]:
        for step in find_steps(*arguments):
            run = step.migration_fn

            def run_and_reset(run: Any = run, **kw: Any) -> None:
                run(**kw)
                reset()

            step.migration_fn = run_and_reset
            yield step

    migrations._migrations_fn = steps  # noqa: SLF001


def find_script(scripts: "ScriptDirectory", revision: str) -> "Script":
    """Return a revision by its id, without Alembic's search for an abbreviation.

    Raises:
        CommandError: There is no such revision.
    """
    known: Any = scripts.revision_map._revision_map  # noqa: SLF001
    return known.get(revision) or scripts.get_revision(revision)


def parents_of(scripts: "ScriptDirectory", revision: str) -> tuple[str, ...]:
    """Return the revisions that a revision directly follows or depends on.

    Raises:
        CommandError: There is no such revision.
    """
    script: Any = find_script(scripts, revision)
    parents: tuple[str, ...] = script._normalized_down_revisions  # noqa: SLF001
    return parents


def version_locations(scripts: "ScriptDirectory") -> list[Path]:
    """Return the folders of the revisions; `ScriptDirectory.versions` returns only one."""
    return list(scripts._version_locations)  # noqa: SLF001


def revision_files(scripts: "ScriptDirectory") -> list[Path]:
    """Return the files that Alembic would load, including those that fail to load."""
    from alembic.script import Script  # noqa: PLC0415 see above

    folders = (folder for folder in version_locations(scripts) if folder.exists())
    paths = (path for folder in folders for path in Script._list_py_dir(scripts, folder))  # noqa: SLF001
    # Skip an editor's lock file, which begins with a dot, and __init__.py.
    files = (path for path in paths if not path.name.startswith((".", "_")) and not path.is_dir())
    return [path for path in files if path.suffix == ".py"]


def generate_drafts(
    revision_context: Any, directives: Sequence[Any], scripts: "ScriptDirectory"
) -> "list[Script]":
    """Write revisions into other folders, as `alembic revision` will write them.

    Args:
        revision_context: that of the command.
        directives: its new revisions.
        scripts: where the drafts are written; its folders contain those of the directives.
    """
    draft = copy(revision_context)
    draft.script_directory = scripts
    draft.generated_revisions = list(directives)
    for each in draft.generated_revisions:
        each._needs_render = True  # noqa: SLF001
    return [script for script in draft.generate_scripts() if script is not None]


def render_type(type_: Any, context: "AutogenContext") -> str:
    """Return a type as Python for a revision."""
    from alembic.autogenerate import render  # noqa: PLC0415 see above

    return str(render._repr_type(type_, context))  # noqa: SLF001


def render_exclude(constraint: Any, context: "AutogenContext") -> str:
    """Return an EXCLUDE constraint as Python for `op.create_table`, without operator classes."""
    from alembic.ddl import postgresql  # noqa: PLC0415 see above

    return postgresql._exclude_constraint(constraint, context, alter=False)  # noqa: SLF001


def postgresql_variant(type_: Any) -> Any:
    """Return the type that a type has on PostgreSQL by `with_variant`; None if there is none."""
    return type_._variant_mapping.get("postgresql")  # noqa: SLF001


def add_object_filter(context: "AutogenContext", include: Callable[..., bool]) -> None:
    """Add an `include_object` to those of an autogenerate run."""
    context._object_filters.append(include)  # noqa: SLF001


def copy_column(column: Column[Any]) -> Column[Any]:
    """Return a copy of a column, attached to no table."""
    return column._copy()  # noqa: SLF001


def keep_reverse(drop: ops.DropIndexOp, original: ops.DropIndexOp) -> None:
    """Copy the reverse operation, which has the index's columns, from `original` to `drop`."""
    drop._reverse = original._reverse  # noqa: SLF001


def format_constraint(preparer: Any, item: Constraint | Index) -> str | None:
    """Return the unquoted name of a constraint or an index in the database."""
    name: str | None = preparer.format_constraint(item, _alembic_quote=False)
    return name


def sequences_of(metadata: MetaData) -> list[DatabaseSequence]:
    """Return the sequences of a metadata that belong to no column."""
    return [each for each in metadata._sequences.values() if each.column is None]  # noqa: SLF001
