"""Verify the statements of one filing: equations, ties between statements, and the status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.pipeline.statement import CheckResult, Equation, Issue, Row, Statement, StatementName
from app.pipeline.verify.across import check_closing_cash, check_net_income
from app.pipeline.verify.concepts import is_subtracted
from app.pipeline.verify.deductions import unstated_deductions
from app.pipeline.verify.equations import find_cut_off, find_equations, looks_cut
from app.pipeline.verify.failures import failed_sums
from app.pipeline.verify.lookup import members, money_rows, shared_periods
from app.pipeline.verify.rounding import is_slip
from app.pipeline.verify.scale import check_scale
from app.pipeline.verify.status import (
    UNPRINTED,
    check_identity,
    check_lines,
    count,
    proofs,
    unproved_issues,
)
from app.pipeline.verify.ties import Tie, check_balance, check_cash
from app.pipeline.verify.tolerance import CUT_OFF, EXACT, ROUNDED, Rounding

_SMALL_COMPANIES = frozenset({"frs-102", "frs-105"})
"""Frameworks by which a small company may file its balance sheet alone."""


@dataclass(slots=True)
class _Proof:
    """A statement while its checks are made."""

    statement: Statement
    equations: list[Equation]
    rounding: Rounding | None = None
    results: dict[str, CheckResult] = field(default_factory=dict)
    ties: list[Equation] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    others: list[Statement] = field(default_factory=list)

    def add(self, name: str, tie: Tie) -> None:
        """Keep the result of a check, with the equation that holds or the issues."""
        self.results[name] = tie.result
        self.ties += tie.equations
        self.issues += tie.issues


def verify(statements: Sequence[Statement]) -> list[Statement]:
    """Return the statements of one filing with equations, proved cells, checks and issues.

    What an earlier run has found is replaced; the issues of the reader are kept.
    """
    proofs_ = [_prove(each, EXACT if _states_cents(each) else None) for each in statements]
    for group in _groups(proofs_):
        _refuse_slips(proofs_, group)
        _allow_cut_off(proofs_, group)
    for proof in proofs_:
        _check_alone(proof)
    for proof in proofs_:
        _check_together(proof, proofs_)
    return [_finish(proof, proofs_) for proof in proofs_]


def _prove(statement: Statement, rounding: Rounding | None) -> _Proof:
    thorough = statement.source.kind != "companyfacts"
    subtracted = _subtracted(statement)
    rows = [_negative(row) if row.n in subtracted else row for row in statement.rows]
    equations = find_equations(rows, _keys(statement), rounding=rounding, thorough=thorough)
    if subtracted:
        equations = [_as_tagged(subtracted, each) for each in equations]
    return _Proof(statement, equations, rounding)


def _subtracted(statement: Statement) -> frozenset[int]:
    """Return the rows that sums subtract though no sign is printed: payments of facts alone."""
    unprinted = statement.source.kind in UNPRINTED
    if not unprinted or statement.statement != "cash_flow_statement":
        return frozenset()
    return frozenset(row.n for row in statement.rows if row.kind == "line" and is_subtracted(row))


def _negative(row: Row) -> Row:
    cells = {
        period: cell.model_copy(update={"v": -cell.v}) if cell.v else cell
        for period, cell in row.cells.items()
    }
    return row.model_copy(update={"cells": cells})


def _as_tagged(subtracted: frozenset[int], equation: Equation) -> Equation:
    """Return an equation that was found with negative payments with their tagged figures."""
    if equation.total is None:
        if len(subtracted & set(equation.rows)) != 1:
            return equation
        payment, total = sorted(equation.rows)
        return equation.model_copy(
            update={"kind": "sum", "rows": [], "total": total, "terms": [(-1, payment)]}
        )
    whole = -1 if equation.total in subtracted else 1
    terms = [
        (-whole * sign if row in subtracted else whole * sign, row) for sign, row in equation.terms
    ]
    diff = {period: whole * each for period, each in equation.diff.items()}
    return equation.model_copy(update={"terms": terms, "diff": diff})


def _keys(statement: Statement) -> list[str]:
    return [period.key for period in statement.periods]


def _states_cents(statement: Statement) -> bool:
    """Whether figures are exact: in whole units of a currency, with its cents."""
    return statement.scale == 0 and any(
        cell.v is not None and cell.v != cell.v.to_integral_value()
        for row, _, cell in statement.cells()
        if row.kind in {"line", "total"}
    )


def _refuse_slips(proofs_: list[_Proof], group: Sequence[int]) -> None:
    """Allow no rounding where only one figure of the whole filing would need it."""
    slip = is_slip([proofs_[number].equations for number in group])
    if slip is not None:
        proofs_[group[slip]] = _prove(proofs_[group[slip]].statement, EXACT)


def _allow_cut_off(proofs_: list[_Proof], group: Sequence[int]) -> None:
    """Take digits for cut off where all statements together say so, and one alone could not."""
    numbers = [
        number
        for number in group
        if proofs_[number].rounding is None
        and proofs_[number].statement.source.kind != "companyfacts"
    ]
    if all(_is_proved(proofs_[number]) for number in numbers):
        return
    statements = [proofs_[number].statement for number in numbers]
    found = [find_cut_off(each.rows, _keys(each)) for each in statements]
    if not looks_cut(evidence for _, evidence in found):
        return
    for number, (equations, _) in zip(numbers, found, strict=True):
        if len(proofs(equations)) > len(proofs(proofs_[number].equations)):
            proofs_[number] = _Proof(proofs_[number].statement, equations, CUT_OFF)


def _is_proved(proof: _Proof) -> bool:
    proved = {row for each in proof.equations for row in members(each)}
    return all(row.n in proved for row in money_rows(proof.statement))


def _groups(proofs_: Sequence[_Proof]) -> list[list[int]]:
    """Return the positions of the statements by the filing and the entity that they are of."""
    groups: dict[tuple[str | None, ...], list[int]] = {}
    for number, proof in enumerate(proofs_):
        statement = proof.statement
        key = (statement.source.accession, statement.scope, statement.currency)
        groups.setdefault(key, []).append(number)
    return list(groups.values())


def _check_alone(proof: _Proof) -> None:
    statement = proof.statement
    if statement.statement == "balance_sheet":
        proof.add("balance", check_balance(statement, proof.equations))
    if statement.statement == "cash_flow_statement":
        proof.add("cash", check_cash(statement, proof.equations))
    proof.results["lines"], issues = check_lines(statement)
    proof.issues += issues


def _check_together(proof: _Proof, proofs_: Sequence[_Proof]) -> None:
    """Make the ties of a cash flow statement, and those that miss their other statement."""
    statement = proof.statement
    others = {
        name: _other(proof, proofs_, name)
        for name in ("income_statement", "balance_sheet", "cash_flow_statement")
    }
    sheet, income, flow = (
        others["balance_sheet"], others["income_statement"], others["cash_flow_statement"],
    )  # fmt: skip
    if statement.statement == "cash_flow_statement":
        if sheet is not None:
            tie, _ = check_closing_cash(statement, proof.equations, sheet.statement)
            proof.add("closing_cash", tie)
        if income is not None:
            _, tie = check_net_income(income.statement, income.equations, statement)
            proof.add("net_income", tie)
    elif statement.statement == "balance_sheet" and flow is not None:
        _, tie = check_closing_cash(flow.statement, flow.equations, statement)
        proof.add("closing_cash", tie)
    elif statement.statement == "income_statement" and flow is not None:
        tie, _ = check_net_income(statement, proof.equations, flow.statement)
        proof.add("net_income", tie)
    for check, name in _NEEDED[statement.statement]:
        if check not in proof.results:
            proof.add(check, _missing(statement, name))
    proof.others = [
        each.statement for each in others.values() if each is not None and each is not proof
    ]
    proof.results["scale"], issues = check_scale(statement, proof.others, proof.results)
    proof.issues += issues


_NEEDED: dict[StatementName, tuple[tuple[str, StatementName], ...]] = {
    "income_statement": (("net_income", "cash_flow_statement"),),
    "balance_sheet": (("closing_cash", "cash_flow_statement"),),
    "cash_flow_statement": (
        ("closing_cash", "balance_sheet"),
        ("net_income", "income_statement"),
    ),
}
"""The ties of each statement, and what they compare it with."""


def _missing(statement: Statement, name: StatementName) -> Tie:
    """Return what a tie is whose other statement was not found.

    A small company's accounts may lack it, and tagged ones show that they do; of any other filing
    it is a statement that was not read.
    """
    if statement.framework in _SMALL_COMPANIES and statement.source.kind == "ixbrl":
        return Tie("not_applicable")
    message = f"there is no {name.replace('_', ' ')} of these periods to compare with"
    return Tie("unknown", issues=[Issue(code="statement_missing", message=message)])


def _other(proof: _Proof, proofs_: Sequence[_Proof], name: StatementName) -> _Proof | None:
    """Return the statement of a name that belongs to another one: same filing, entity, periods."""
    own = proof.statement
    if own.statement == name:
        return proof
    best, most = None, 0
    for each in proofs_:
        other = each.statement
        if (
            other.statement != name
            or other.source.accession != own.source.accession
            or (other.scope and own.scope and other.scope != own.scope)
            or (other.currency and own.currency and other.currency != own.currency)
        ):
            continue
        shared = len(shared_periods(own, other)) * 2 + (other.scope == own.scope)
        if shared > max(most, 1):
            best, most = each, shared
    return best


def _proved_row(row: Row, proved: Mapping[tuple[int, str], list[str]]) -> Row:
    """Return a row whose cells name the equations that prove them; itself if nothing changes."""
    changed = {
        period: cell.model_copy(update={"by": by})
        for period, cell in row.cells.items()
        if cell.by != (by := proved.get((row.n, period), []))
    }
    return row.model_copy(update={"cells": row.cells | changed}) if changed else row


def _has_rival(proof: _Proof, proofs_: Sequence[_Proof]) -> bool:
    """Whether the filing has a consolidated statement of the same name besides this one."""
    own = proof.statement
    return own.scope is None and any(
        other.scope == "consolidated"
        and (other.statement, other.source.accession) == (own.statement, own.source.accession)
        for other in (each.statement for each in proofs_)
    )


def _finish(proof: _Proof, proofs_: Sequence[_Proof]) -> Statement:
    """Return the statement with what was found out about it."""
    statement = proof.statement
    tied = "pass" in {
        proof.results.get("net_income"),
        proof.results.get("closing_cash"),
    } and not _has_rival(proof, proofs_)
    proof.results["identity"], issues = check_identity(statement, proof.others, tied=tied)
    equations = [*proof.equations, *proof.ties]
    failures: list[Issue] = []
    unproved: list[Issue] = []
    # Facts without a statement lack terms of nearly every sum: to name each row would say nothing.
    if statement.source.kind != "companyfacts":
        failures = failed_sums(statement, proof.equations, proof.rounding or ROUNDED)
        unproved = unproved_issues(statement, equations)
    proved = proofs(equations)
    rows = [_proved_row(row, proved) for row in statement.rows]
    done = statement.model_copy(update={"rows": rows, "equations": equations})
    checks = count(done, equations, proof.results)
    contradictions = sum(proof.results.get(each) == "fail" for each in ("balance", "cash"))
    done.checks = checks.model_copy(update={"failed": len(failures) + contradictions})
    deductions = unstated_deductions(statement, proof.equations)
    if (failures or deductions) and checks.status == "verified":
        done.checks.status = "partly"  # one period contradicts a sum, or a sign may be missing
    found = [*proof.issues, *issues, *failures, *deductions, *unproved]
    kept = [each for each in statement.issues if each not in found]
    done.issues = [*kept, *found]
    return done
