"""Time `lint` against `alembic heads`, which loads the same revisions and checks none.

One new revision in a long history, and all revisions. The processes run alternately, since machines
are noisy: the median ratio counts, not the seconds. Before that, how many dangerous calls the lint
finds in revisions whose findings are known, and in how many harmless ones it finds any.
"""

import argparse
import compileall
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.table import Table

from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import stdout
from support.bare import bare
from support.lint_corpus import CORPORA, count
from support.project import ProjectCopy
from support.repository import GIT
from support.shell import CLEAN_ENVIRONMENT, run

REVISIONS, PAIRS = 549, 7
LIMITS = {"one new revision": 3.0, "all revisions": 12.0}
"""Of the ratios, by the name of the comparison."""

TABLE = """op.create_table("t{0}", sa.Column("id", sa.BigInteger(), sa.Identity()),
                sa.Column("name", sa.String(50)), sa.Column("t_id", sa.ForeignKey("t.id")))
op.create_index("ix_t{0}_name", "t{0}", ["name"])"""
READ = """rows = op.get_bind().execute(sa.text("SELECT id, a FROM t WHERE b = {0}")).fetchall()
for row in rows:
    if row.a is not None:
        op.execute(f"UPDATE t SET b = {{row.a}} WHERE id = {{row.id}}")"""
CHANGES = (
    ('op.add_column("t", sa.Column("c{0}", sa.Text()))', 'op.drop_column("t", "c{0}")'),
    ('op.create_index("ix_t_{0}", "t", ["a", "b"])', 'op.drop_index("ix_t_{0}", "t")'),
    ('op.execute("UPDATE t SET a = {0} WHERE b IS NULL")', 'op.execute("SELECT 1")'),
    (TABLE, 'op.drop_table("t{0}")'),
    (READ, 'raise ValueError("the values are lost")'),
)
"""The lines of `upgrade` and `downgrade` of revisions, with a place for a number."""


def main() -> int:
    """Measure, and print a line for each comparison; return 1 if a ratio is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m bench.lint", description=__doc__)
    parser.add_argument("--revisions", type=int, default=REVISIONS, help="default: %(default)s")
    parser.add_argument("--runs", type=int, default=PAIRS, help="pairs (default: %(default)s)")
    arguments = parser.parse_args()
    stdout().print(count_findings())
    table = Table("lint", "alembic heads", "lint: median", "best", "ratio", "limit")
    with tempfile.TemporaryDirectory(prefix="migration-bench-") as name:
        ini = write_history(Path(name), arguments.revisions)
        ratios = [
            add_row(table, name, ini, options, arguments.runs)
            for name, options in (("one new revision", []), ("all revisions", ["--all"]))
        ]
    stdout().print(table)
    return int(any(ratio > limit for ratio, limit in zip(ratios, LIMITS.values(), strict=True)))


def count_findings() -> Table:
    """Return a table of the findings in each kind of revisions."""
    table = Table("revisions", "number", "unsafe: flagged", "dangerous calls: found", "falsely")
    for name, revisions in CORPORA.items():
        each = count(revisions)
        table.add_row(
            name,
            str(each.revisions),
            f"{each.flagged} of {each.unsafe}",
            f"{each.found} of {each.calls}",
            f"{each.falsely} of {each.revisions - each.unsafe}",
        )
    return table


def write_history(folder: Path, size: int) -> Path:
    """Write a repository with a history whose last revision is new; return its alembic.ini."""
    project = bare(ProjectCopy(folder))
    while len(project.ids) < size:
        upgrade, downgrade = CHANGES[len(project.ids) % len(CHANGES)]
        number = len(project.ids)
        project.add(upgrade.format(number), downgrade.format(number))
    new = project.path_of(project.head)
    source = new.read_text(encoding="utf-8")
    new.unlink()
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all", "."],
        ["commit", "--quiet", "--message=All"],
    ):
        run("git", "-c", "commit.gpgsign=false", *command, cwd=folder, env=GIT).check_returncode()
    new.write_text(source, encoding="utf-8")
    compileall.compile_dir(project.versions, quiet=1)
    return project.ini


def add_row(table: Table, name: str, ini: Path, options: list[str], pairs: int) -> float:
    """Measure a comparison and add its row; return the median ratio."""
    lint = ["alembic_zero_downtime", "-c", str(ini), "lint", *options]
    heads = ["alembic", "-c", str(ini), "heads"]
    for command in (lint, heads):
        seconds(command)  # writes the bytecode
    runs = [(seconds(heads), seconds(lint)) for _ in range(pairs)]
    plain, own = zip(*runs, strict=True)
    ratio = statistics.median(lint / heads for heads, lint in runs)
    cells = [statistics.median(plain), statistics.median(own), min(own)]
    table.add_row(name, *(f"{cell:.2f} s" for cell in cells), f"{ratio:.2f}", f"{LIMITS[name]}")
    return ratio


def seconds(module: list[str]) -> float:
    """Return the seconds of one run of a module as a command."""
    command = [sys.executable, "-m", *module]
    started = time.perf_counter()
    done = subprocess.run(command, env=CLEAN_ENVIRONMENT, capture_output=True, check=False)
    if done.returncode not in {Exit.OK, Exit.FLAGGED}:
        raise SystemExit(done.stderr.decode())
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
