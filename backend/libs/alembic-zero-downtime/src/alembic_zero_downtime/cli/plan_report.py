"""Render a plan: as tables, as Markdown for a pull request, as JSON."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console, Group
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from alembic_zero_downtime.plan.effect import Effect, Work, WorkKind
from alembic_zero_downtime.plan.plan import Plan, RevisionPlan
from alembic_zero_downtime.plan.risk import ACCEPTABLE_WAIT, Assessment, Risk, format_duration

COLUMNS = ("Statement", "Table", "Lock", "Blocks", "Work", "Takes", "Risk")
MAX_STATEMENT_LENGTH = 72
NOT_KNOWN = "not known"
STYLES = {
    Risk.SAFE: "green",
    Risk.SHORT_LOCK: "yellow",
    Risk.UNKNOWN: "magenta",
    Risk.DANGEROUS: "bold red",
}
SHOWN_DEAD_RATIO = 0.1  # of all rows; fewer dead rows are not shown


def print_plan(plan: Plan, console: Console) -> None:
    """Print the plan as tables."""
    for line in facts(plan):
        console.print(line, soft_wrap=True)
    for revision in plan.revisions:
        table = Table(*COLUMNS)
        for statement in revision.statements:
            for *cells, risk in _rows(statement):
                table.add_row(*cells, Text(risk, STYLES.get(statement.risk, "")))
        heading = Text(f"\n{_heading(revision)}", style="bold")
        console.print(Group(heading, table) if revision.statements else heading)
        for line in _notes(revision):
            console.print(f"  {line}", soft_wrap=True)
    console.print(f"\n{_summary(plan)}", soft_wrap=True)


def as_markdown(plan: Plan) -> str:
    """Return the plan as Markdown for a pull request."""
    lines = [f"## Migration plan: {plan.risk}", ""]
    lines += [f"- {_escaped(line)}" for line in facts(plan)]
    for revision in plan.revisions:
        lines += ["", f"### {_escaped(_heading(revision))}", ""]
        if revision.statements:
            lines += [_row(*COLUMNS), _row(*["---"] * len(COLUMNS))]
        for statement in revision.statements:
            for sql, *cells in _rows(statement):
                code = f"`{sql.replace('`', chr(39))}`" if sql else ""
                lines.append(_row(code.replace("|", "\\|"), *map(_escaped, cells)))
        notes = [f"- {_escaped(line)}" for line in _notes(revision)]
        lines += ["", *notes] if notes else []
    return "\n".join([*lines, "", _escaped(_summary(plan)), ""])


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the plan for JSON."""
    target, throughput = plan.target, plan.throughput
    longest = target.longest_transaction
    return {
        "risk": plan.risk,
        "database": plan.database.address.masked,
        "current": plan.state.current,
        "server_version": target.version,
        "longest_transaction_seconds": longest.seconds if longest else None,
        "prepared_transactions": target.prepared_transactions,
        "replicas": [vars(each) for each in target.replicas],
        "throughput": vars(throughput) if throughput else None,
        "not_copied": plan.copy.missing if plan.copy else [],
        "revisions": [
            {
                "revision": each.revision,
                "title": each.title,
                "risk": each.risk,
                "seconds": round(each.seconds, 3),
                "suppressions": [vars(suppression) for suppression in each.suppressions],
                "statements": [_statement_as_json(assessment) for assessment in each.statements],
            }
            for each in plan.revisions
        ],
    }


def facts(plan: Plan) -> Iterator[str]:
    """Yield the facts for all revisions: the target, and the basis of the estimates."""
    target, throughput = plan.target, plan.throughput
    yield f"Database: {plan.database}, at {plan.state}"
    if not target.sees_all:
        yield "Open transactions of other roles are hidden from this role (pg_read_all_stats)"
    longest, prepared = target.longest_transaction, target.prepared_transactions
    if longest and longest.seconds >= 1:
        yield (
            f"Longest open transaction: {format_duration(longest.seconds)}, {longest}: it blocks "
            "DDL on every table that it has used"
        )
    if prepared:
        yield f"Prepared transactions, which hold their locks: {', '.join(prepared)}"
    for replica in target.replicas:
        lag = replica.lag_bytes
        status = "its lag is hidden from this role" if lag is None else f"{decimal(lag)} behind"
        yield f"Replica {replica.name} ({replica.state}): {status}"
    if plan.copy and not target.version.startswith(f"{plan.copy.version}."):
        yield (
            f"The server is PostgreSQL {target.version}, and the copy {plan.copy.version}: "
            "differences between the two versions are not detected"
        )
    for each in plan.copy.missing if plan.copy else ():
        yield f"Not copied, so that its effects are not known: {each}"
    if throughput:
        scan, rewrite = (decimal(int(each)) for each in (throughput.scan, throughput.rewrite))
        yield (
            f"Estimates use the throughput of this machine: scans {scan}/s, rewrites {rewrite}/s, "
            f"builds an index over {throughput.text_index:,.0f} rows/s, "
            f"changes {throughput.write:,.0f} rows/s"
        )


def _heading(revision: RevisionPlan) -> str:
    duration = format_duration(revision.seconds)
    if not revision.is_known:
        duration = f"at least {duration}" if revision.seconds >= ACCEPTABLE_WAIT else NOT_KNOWN
    return f"{revision.revision} {revision.title}: {revision.risk}, takes {duration}"


def _notes(revision: RevisionPlan) -> Iterator[str]:
    """Yield the hazards with their alternatives, and the author's suppressions."""
    reasons: dict[str, str] = {}
    for assessment in revision.statements:
        if reason := assessment.statement.unknown:
            reasons.setdefault(reason, assessment.statement.sql)
    for reason, sql in reasons.items():
        yield f"Not known: {_shortened(sql)}: {reason}"
    for statement in revision.statements:
        for hazard in statement.hazards:
            yield f"{hazard.reason}. Instead: {hazard.instead}"
    for suppression in revision.suppressions:
        yield f"Suppressed by its author: {suppression.rule}: {suppression.reason}"
    if not revision.statements:
        yield "It changes nothing"


def _summary(plan: Plan) -> str:
    if not plan.revisions:
        return "Nothing is pending"
    number = len(plan.revisions)
    summary = f"{number} pending revision{'s' * (number > 1)}: {plan.risk}"
    if plan.risk is not Risk.DANGEROUS:
        return summary
    return f"{summary}. Safe alternatives: the how-to pages of alembic-zero-downtime"


def _rows(assessment: Assessment) -> Iterator[tuple[str, ...]]:
    """Yield a row for each table that the statement affects, at least one."""
    seconds = assessment.known_seconds
    duration = NOT_KNOWN if seconds is None else format_duration(seconds)
    first = (_shortened(assessment.statement.sql), duration, str(assessment.risk))
    for effect in assessment.statement.effects or (None,):
        statement, duration, risk = first
        yield (statement, *(_cells(effect) if effect else ("", "", "", "")), duration, risk)
        first = ("", "", "")


def _shortened(sql: str) -> str:
    too_long = len(sql) > MAX_STATEMENT_LENGTH
    return f"{sql[: MAX_STATEMENT_LENGTH - 1]}…" if too_long else sql


def _cells(effect: Effect) -> tuple[str, str, str, str]:
    if effect.table.is_new:  # in use by no other session
        return effect.table.name, "", "nothing", _describe_all(effect)
    lock = f"{effect.held_lock}{', held before' * (effect.lock is not effect.held_lock)}"
    return effect.table.name, lock, effect.held_lock.blocks, _describe_all(effect)


def _describe_all(effect: Effect) -> str:
    return " and ".join(_describe(work, effect) for work in effect.work)


def _describe(work: Work, effect: Effect) -> str:
    rows = f"{'up to ' * work.is_limit}{work.rows:,} row{'s' * (work.rows != 1)}"
    if work.kind is WorkKind.LOOKUP:
        return f"{work.kind} {rows}, {work.count:,} times"
    if work.kind not in (WorkKind.REWRITE, WorkKind.INDEX, WorkKind.SCAN):
        return f"{work.kind} {rows}"
    table = effect.table
    size = decimal(table.size)
    if table.dead_rows > SHOWN_DEAD_RATIO * table.rows:
        size += f", {table.dead_rows:,} dead"
    if work.kind is WorkKind.INDEX:
        indexes = f"builds {work.count} index{'es' * (work.count > 1)}"
        has_size = any(each.kind is WorkKind.REWRITE for each in effect.work)  # of the rewrite
        return indexes if has_size else f"{indexes} over {rows} ({size})"
    return f"{work.kind} {rows} ({size})"


def _statement_as_json(assessment: Assessment) -> dict[str, Any]:
    seconds = assessment.known_seconds
    return {
        "sql": assessment.statement.sql,
        "risk": assessment.risk,
        "seconds": None if seconds is None else round(seconds, 3),
        "tables": [
            {
                "table": effect.table.name,
                "lock": str(effect.lock) if effect.lock else None,
                "held": str(effect.held_lock),
                "is_new": effect.table.is_new,
                "blocks": effect.held_lock.blocks,
                "work": [{**vars(work), "kind": work.kind.name.lower()} for work in effect.work],
                "rows": effect.table.rows,
                "dead_rows": effect.table.dead_rows,
                "bytes": effect.table.size,
            }
            for effect in assessment.statement.effects
        ],
        "hazards": [vars(hazard) for hazard in assessment.hazards],
        "unknown": assessment.statement.unknown,
    }


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Escape the characters that have a meaning in Markdown."""
    for character in "\\|*_<`[":
        text = text.replace(character, f"\\{character}")
    return text
