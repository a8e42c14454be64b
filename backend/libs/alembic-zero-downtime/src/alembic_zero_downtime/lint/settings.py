"""Read the levels of rules from a section of alembic.ini.

    [alembic-zero-downtime:lint]
    prefer-text-field = off: the lengths are part of a published format
    one-table = warning: deploys stop the service
    ban-char-field = error

A rule that is switched off or lowered has to have a reason: the report shows it.
"""

from collections.abc import Iterator, Mapping
from configparser import InterpolationError
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from alembic.config import Config

from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.lint.finding import Rule, Severity
from alembic_zero_downtime.lint.rules import RULES
from alembic_zero_downtime.lint.rules.source import PROJECT_OPTIONS
from alembic_zero_downtime.lint.squawk import DISABLED, is_rule_of_squawk
from alembic_zero_downtime.project import Project

PREFIX = "alembic-zero-downtime"
SECTION = f"{PREFIX}:lint"
OFF = "off"
LEVELS = (OFF, *Severity)

ALWAYS_ON = {
    "dynamic-sql": "it names the SQL that the lint cannot see",
    "exception": "it checks the suppressions themselves",
    "syntax-error": "it names the statements that squawk cannot check",
    "unseen-code": "it names the code that the lint has not looked at",
}
"""Rules that cannot be switched off, and why."""


@dataclass(frozen=True)
class RuleSetting:
    """The level of a rule in a project.

    Attributes:
        rule: the rule's name.
        severity: of its findings; None if the rule is off.
        reason: given by the project.
    """

    rule: str
    severity: Severity | None
    reason: str | None = None


RuleSettings = Mapping[str, RuleSetting]


def severity_of(rule: Rule, settings: RuleSettings) -> Severity | None:
    """Return the severity of a rule in a project; None if it is off."""
    return settings[rule.name].severity if rule.name in settings else rule.severity


def read_rule_settings(config: Config, project: Project) -> RuleSettings:
    """Return the settings of rules by the rule's name.

    Args:
        config: the project's alembic.ini.
        project: whose options decide whether some rules are checked.

    Raises:
        MigrationError: A rule or a level does not exist, or a reason is missing; or the project
            does not check the rule.
    """
    parser = config.file_config
    file = Path(config.config_file_name or "alembic.ini").name
    for section in parser.sections():
        if _is_misspelt(section):
            raise MigrationError(f"{file}: there is no section [{section}], only [{SECTION}]")
    if not parser.has_section(SECTION):
        return {}
    try:
        written = dict(parser.items(SECTION))
    except InterpolationError:
        raise MigrationError(f"{file} [{SECTION}] has a single '%': write it as %%") from None
    settings: dict[str, RuleSetting] = {}
    for name, value in written.items():
        if name in parser.defaults():
            continue
        for problem in (*_find_problems(name, value), *_find_missing_options(name, value, project)):
            line = f"{name} = {' '.join(value.split())}"
            raise MigrationError(f"{file} [{SECTION}] {line}: {problem}")
        settings[name] = _read(name, value)
    return settings


def suggest_rules(name: str) -> str:
    """Return `: did you mean …?` with the rules of the most similar names, or nothing."""
    similar = get_close_matches(name, list(RULES), n=3)
    return f": did you mean {', or '.join(similar)}?" if similar else ""


def _is_misspelt(section: str) -> bool:
    return section.lower().replace("_", "-").startswith(PREFIX) and section != SECTION


def _split(value: str) -> tuple[str, str]:
    """Return the level and the reason."""
    level, _, reason = value.partition(":")
    return level.strip().lower(), " ".join(reason.split())


def _read(name: str, value: str) -> RuleSetting:
    level, reason = _split(value)
    return RuleSetting(name, None if level == OFF else Severity(level), reason or None)


def _find_problems(name: str, value: str) -> Iterator[str]:
    level, reason = _split(value)
    if name in DISABLED:
        yield f"the lint never runs this rule of squawk ({DISABLED[name]}): remove the line"
    if name not in RULES and not is_rule_of_squawk(name):
        yield f"there is no such rule{suggest_rules(name) or ': lint-rules.md lists all'}"
    if level not in LEVELS:
        yield f"the level is one of {', '.join(LEVELS)}, with a reason: {OFF}: <reason>"
    if level == OFF and name in ALWAYS_ON:
        yield f"this rule cannot be switched off, since {ALWAYS_ON[name]}: remove the line"
    if level != Severity.ERROR and not reason:
        yield f"a reason is missing: {level}: <reason>"


def _find_missing_options(name: str, value: str, project: Project) -> Iterator[str]:
    """Yield why a rule is not checked, although the project gives it a level."""
    level, _ = _split(value)
    option = PROJECT_OPTIONS.get(name)
    if option and level != OFF and not getattr(project, option):
        yield f"this rule is an option of the project in env.py: Project({option}=True)"
