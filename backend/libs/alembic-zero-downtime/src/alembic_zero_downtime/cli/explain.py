"""Explain a rule of the lint: `lint --explain RULE`."""

from collections.abc import Iterator
from textwrap import indent

from alembic_zero_downtime.lint.finding import Rule
from alembic_zero_downtime.lint.rules import RULES, SQUAWK_RULES
from alembic_zero_downtime.lint.rules.source import PROJECT_OPTIONS
from alembic_zero_downtime.lint.settings import ALWAYS_ON, OFF, SECTION, suggest_rules
from alembic_zero_downtime.lint.squawk import DISABLED
from alembic_zero_downtime.lint.suppressions import FORM

LABEL = 8  # characters
NOT_IN_A_REVISION = {"exception", "head-file", "numbering"}
"""Rules that no comment of a revision suppresses."""


def explain(name: str) -> str:
    """Return what a rule finds and why, with an example, and how to suppress it.

    Raises:
        ValueError: There is no such rule; the message names the most similar ones.
    """
    if name in DISABLED:
        raise ValueError(f"the lint never runs the rule {name} of squawk: {DISABLED[name]}")
    if name not in RULES:
        raise ValueError(f"there is no rule {name}{suggest_rules(name)}")
    rule = RULES[name]
    facts = {
        "Finds": rule.finds,
        "Why": rule.why,
        "Lock": f"{rule.lock}.",
        "Fix": f"{rule.fix}.",
        "Level": f"{rule.severity}, unless alembic.ini gives another one.",
    }
    if rule in SQUAWK_RULES:
        facts["More"] = "https://squawkhq.com/docs/rules"
    lines = [f"{label:{LABEL}}{text}" for label, text in facts.items()]
    blocks = [rule.name, "\n".join(lines)]
    blocks += [f"{label}:\n\n{indent(code, '    ')}" for label, code in _examples(rule)]
    return "\n\n".join([*blocks, *_ways_out(rule)]) + "\n"


def _examples(rule: Rule) -> list[tuple[str, str]]:
    return [("Wrong", rule.wrong), ("Right", rule.right)]


def _ways_out(rule: Rule) -> Iterator[str]:
    """Yield how to suppress a rule in a revision, and how to switch it off in a project."""
    if rule.name not in NOT_IN_A_REVISION:
        comment = FORM.replace("<rule>", rule.name)
        yield f"An intended change has a comment in the revision:\n\n    {comment}"
    if rule.name in ALWAYS_ON:
        yield f"It cannot be switched off in alembic.ini, since {ALWAYS_ON[rule.name]}."
    else:
        lines = f"[{SECTION}]\n{rule.name} = {OFF}: <reason>"
        yield f"Two lines of alembic.ini switch it off in a project:\n\n{indent(lines, '    ')}"
    if option := PROJECT_OPTIONS.get(rule.name):
        yield f"It is checked only in a project with Project({option}=True)."
