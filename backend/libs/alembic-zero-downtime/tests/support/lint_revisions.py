"""A folder with one revision, which tests lint."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from alembic_zero_downtime.lint.finding import Finding
from alembic_zero_downtime.lint.linter import lint
from alembic_zero_downtime.lint.report import Report
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from project.definition import FOLDER, PROJECT

TEMPLATE = FOLDER / "alembic" / "script.py.mako"
REFUSAL = "raise ValueError('the rows cannot be restored')"
REVISION = '''"""Add a probe.

Shows the findings of the lint.

Revision ID: 001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision: str = "001"
down_revision: str | None = None
{declarations}

def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''
UPGRADE = 17  # the line of its first statement, without declarations


class Linter:
    """A folder with one revision."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "alembic" / "versions" / "001_add_probe.py"
        self.path.parent.mkdir(parents=True)
        (folder / "alembic" / TEMPLATE.name).write_bytes(TEMPLATE.read_bytes())
        (self.path.parent / "head.txt").write_text("001_add_probe\n")

    def lint(self, source: str) -> Report:
        self.path.write_text(source, encoding="utf-8")
        scripts = ScriptDirectory(self.path.parent.parent)
        environment = MigrationEnvironment(PROJECT, Config(PROJECT.config_file), scripts)
        return lint(environment, everything=True)

    def find(
        self, upgrade: str, downgrade: str = REFUSAL, declarations: str = ""
    ) -> list[tuple[str, int]]:
        """Return the rule and the line of each finding in a revision with these functions."""
        report = self.lint(write(upgrade, downgrade, declarations))
        return in_short(report.findings)


def write(upgrade: str, downgrade: str = REFUSAL, declarations: str = "") -> str:
    """Return the source of a revision with these lines."""
    return REVISION.format(
        upgrade="\n    ".join(upgrade.splitlines()),
        downgrade="\n    ".join(downgrade.splitlines()),
        declarations=declarations,
    )


def in_short(findings: tuple[Finding, ...]) -> list[tuple[str, int]]:
    """Return the rule and the line of each finding."""
    return [(finding.rule.name, finding.line) for finding in findings]
