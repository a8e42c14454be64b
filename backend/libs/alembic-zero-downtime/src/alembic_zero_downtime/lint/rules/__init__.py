"""The lint rules: what a violation blocks or breaks, and the safe alternative.

A rule that squawk checks has squawk's name, so that squawk's documentation explains it too.
"""

from alembic_zero_downtime.lint.rules.locking import LOCKING_RULES
from alembic_zero_downtime.lint.rules.releases import RELEASE_RULES
from alembic_zero_downtime.lint.rules.source import SOURCE_RULES
from alembic_zero_downtime.lint.rules.statements import STATEMENT_RULES
from alembic_zero_downtime.lint.rules.words import WORD_RULES

SQUAWK_RULES = sorted([*LOCKING_RULES, *RELEASE_RULES, *WORD_RULES], key=lambda rule: rule.name)

RULES = {rule.name: rule for rule in (*SQUAWK_RULES, *STATEMENT_RULES, *SOURCE_RULES)}
"""All rules by name."""
