"""Say what a plan found: as a table for people, as Markdown for a pull request, as JSON."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console, Group
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from app.db.impact.effect import Effect, Kind, Work
from app.db.impact.plan import Plan, RevisionPlan
from app.db.impact.verdict import PAGE, Judgement, Verdict, in_words

COLUMNS = ("Statement", "Table", "Lock", "Who waits", "Work", "Takes", "Verdict")
LONGEST_STATEMENT = 72
STYLES = {Verdict.SAFE: "green", Verdict.SHORT_LOCK: "yellow", Verdict.DANGEROUS: "bold red"}
MANY_DEAD = 0.1  # of all rows


def print_plan(plan: Plan, console: Console) -> None:
    """Print the plan for people."""
    for line in facts(plan):
        console.print(line, soft_wrap=True)
    for revision in plan.revisions:
        table = Table(*COLUMNS)
        for statement in revision.statements:
            for *cells, verdict in _rows(statement):
                table.add_row(*cells, Text(verdict, STYLES.get(statement.verdict, "")))
        heading = Text(f"\n{_heading(revision)}", style="bold")
        console.print(Group(heading, table) if revision.statements else heading)
        for line in _remarks(revision):
            console.print(f"  {line}", soft_wrap=True)
    console.print(f"\n{_conclusion(plan)}", soft_wrap=True)


def as_markdown(plan: Plan) -> str:
    """Return the plan as it is pasted into a pull request."""
    lines = [f"## Migration plan: {plan.verdict}", ""]
    lines += [f"- {_escaped(line)}" for line in facts(plan)]
    for revision in plan.revisions:
        lines += ["", f"### {_escaped(_heading(revision))}", ""]
        if revision.statements:
            lines += [_row(*COLUMNS), _row(*["---"] * len(COLUMNS))]
        for statement in revision.statements:
            for words, *cells in _rows(statement):
                code = f"`{words.replace('`', chr(39))}`" if words else ""
                lines.append(_row(code.replace("|", "\\|"), *map(_escaped, cells)))
        remarks = [f"- {_escaped(line)}" for line in _remarks(revision)]
        lines += ["", *remarks] if remarks else []
    return "\n".join([*lines, "", _escaped(_conclusion(plan)), ""])


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the plan for a script (docs/database/plan.md names every field)."""
    target, rates = plan.target, plan.rates
    return {
        "verdict": plan.verdict,
        "database": plan.database.masked,
        "current": plan.state.current,
        "server_version": target.version,
        "longest_transaction_seconds": target.longest.seconds if target.longest else None,
        "prepared_transactions": target.prepared,
        "replicas": [vars(each) for each in target.replicas],
        "rates": vars(rates) if rates else None,
        "revisions": [
            {
                "revision": each.revision,
                "title": each.title,
                "verdict": each.verdict,
                "seconds": round(each.seconds, 3),
                "exceptions": [vars(allowed) for allowed in each.exceptions],
                "statements": [_statement_as_json(judgement) for judgement in each.statements],
            }
            for each in plan.revisions
        ],
    }


def facts(plan: Plan) -> Iterator[str]:
    """Yield what holds for all revisions: the target, and what the estimates are worth."""
    target, rates = plan.target, plan.rates
    yield f"Database: {plan.database}, at {plan.state}"
    if not target.sees_all:
        yield "Open transactions of other roles are hidden from this role (pg_read_all_stats)"
    if target.longest and target.longest.seconds >= 1:
        yield (
            f"Longest open transaction: {in_words(target.longest.seconds)}, {target.longest}: a "
            "lock on a table that it has used has to wait for it"
        )
    if target.prepared:
        yield f"Prepared transactions, which hold their locks: {', '.join(target.prepared)}"
    for replica in target.replicas:
        lag = replica.lag_bytes
        words = "its lag is hidden from this role" if lag is None else f"{decimal(lag)} behind"
        yield f"Replica {replica.name} ({replica.state}): {words}"
    if plan.copy and not target.version.startswith(f"{plan.copy.version}."):
        yield (
            f"The server is PostgreSQL {target.version}, and the copy {plan.copy.version}: what "
            "they do differently is not seen"
        )
    if rates:
        scan, rewrite, index = map(decimal, (int(rates.scan), int(rates.rewrite), int(rates.index)))
        yield (
            f"Estimates are by the rates of this machine: reads {scan}/s, rewrites {rewrite}/s, "
            f"builds an index over {index}/s, changes {rates.write:,.0f} rows/s"
        )


def _heading(revision: RevisionPlan) -> str:
    took = in_words(revision.seconds)
    return f"{revision.revision} {revision.title}: {revision.verdict}, takes {took}"


def _remarks(revision: RevisionPlan) -> Iterator[str]:
    """Yield what is dangerous and how to do it instead, and what the author has allowed."""
    for statement in revision.statements:
        for finding in statement.findings:
            yield f"{finding.reason}. Instead: {finding.instead}"
    for allowed in revision.exceptions:
        yield f"Allowed by its author: {allowed.rule}: {allowed.reason}"
    if not revision.statements:
        yield "It changes nothing"


def _conclusion(plan: Plan) -> str:
    if not plan.revisions:
        return "Nothing is pending"
    number = len(plan.revisions)
    words = f"{number} pending revision{'s' * (number > 1)}: {plan.verdict}"
    return f"{words}. How to do it instead: {PAGE}" if plan.verdict is Verdict.DANGEROUS else words


def _rows(judgement: Judgement) -> Iterator[tuple[str, ...]]:
    """Yield a row for each table that the statement touches, at least one."""
    words = judgement.statement.sql
    if len(words) > LONGEST_STATEMENT:
        words = f"{words[: LONGEST_STATEMENT - 1]}…"
    first = (words, in_words(judgement.seconds), str(judgement.verdict))
    for effect in judgement.statement.effects or (None,):
        statement, takes, verdict = first
        yield (statement, *(_cells(effect) if effect else ("", "", "", "")), takes, verdict)
        first = ("", "", "")


def _cells(effect: Effect) -> tuple[str, str, str, str]:
    lock = f"{effect.held}{', held before' * (effect.lock is not effect.held)}"
    work = " and ".join(_describe(work, effect) for work in effect.work)
    return effect.table.name, lock, effect.held.blocks, work


def _describe(work: Work, effect: Effect) -> str:
    rows = f"{'up to ' * work.is_limit}{work.rows:,} row{'s' * (work.rows != 1)}"
    if work.kind in (Kind.CHANGE, Kind.ADD, Kind.EMPTY, Kind.DROP):
        return f"{work.kind} {rows}"
    table = effect.table
    size = decimal(table.size)
    if table.dead_rows > MANY_DEAD * table.rows:
        size += f", {table.dead_rows:,} dead"
    if work.kind is Kind.INDEX:
        indexes = f"builds {work.count} index{'es' * (work.count > 1)}"
        is_said = any(each.kind is Kind.REWRITE for each in effect.work)
        return indexes if is_said else f"{indexes} over {rows} ({size})"
    return f"{work.kind} {rows} ({size})"


def _statement_as_json(judgement: Judgement) -> dict[str, Any]:
    return {
        "sql": judgement.statement.sql,
        "verdict": judgement.verdict,
        "seconds": round(judgement.seconds, 3),
        "tables": [
            {
                "table": effect.table.name,
                "lock": str(effect.lock) if effect.lock else None,
                "held": str(effect.held),
                "blocks": effect.held.blocks,
                "work": [{**vars(work), "kind": work.kind.name.lower()} for work in effect.work],
                "rows": effect.table.rows,
                "dead_rows": effect.table.dead_rows,
                "bytes": effect.table.size,
            }
            for effect in judgement.statement.effects
        ],
        "findings": [vars(finding) for finding in judgement.findings],
    }


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(words: str) -> str:
    """Return text in which nothing means anything to Markdown, and no line ends a table."""
    for mark in "\\|*_<`[":
        words = words.replace(mark, f"\\{mark}")
    return words
