"""Check that the scale of a statement fits the other statements of its filing."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.pipeline.statement import CheckResult, Issue, Statement
from app.pipeline.verify.lookup import money_rows, worth

_TAGGED = frozenset({"ixbrl", "xbrl", "xbrl_json", "companyfacts"})
_FAR = 300
"""Largest figures so many times apart are of different scales, if other scales bring them near."""


def check_scale(
    statement: Statement, others: Sequence[Statement], results: Mapping[str, CheckResult]
) -> tuple[CheckResult, list[Issue]]:
    """Return whether the scale is confirmed: by an equal figure elsewhere, or by the tags.

    Args:
        statement: Whose scale is checked.
        others: The other statements of the filing and entity.
        results: Of the ties, which compare figures in units of the currency.
    """
    if statement.scale is None:
        return "unknown", []
    for other in others:
        if other.scale is None or other.scale == statement.scale:
            continue
        apart = _ratio(_largest(statement), _largest(other))
        printed = _ratio(
            _largest(statement).scaleb(-statement.scale), _largest(other).scaleb(-other.scale)
        )
        if apart > _FAR > printed:
            message = (
                f"figures are read as 10^{statement.scale}, and those of the "
                f"{other.statement.replace('_', ' ')} as 10^{other.scale}"
            )
            return "fail", [Issue(code="scale_differs", message=message)]
    if statement.source.kind in _TAGGED or "pass" in {
        results.get("closing_cash"),
        results.get("net_income"),
    }:
        return "pass", []
    if any(
        other.scale == statement.scale and _ratio(_largest(statement), _largest(other)) < _FAR
        for other in others
    ):
        return "pass", []
    message = "no other statement confirms the scale of the figures"
    return "unknown", [Issue(code="scale_not_confirmed", message=message)]


def _largest(statement: Statement) -> Decimal:
    figures = (
        abs(worth(statement, row, period) or Decimal(0))
        for row in money_rows(statement)
        for period in row.cells
    )
    return max(figures, default=Decimal(0))


def _ratio(one: Decimal, other: Decimal) -> Decimal:
    """Return how many times the larger is the smaller; 1 where one is zero."""
    return max(one / other, other / one) if one and other else Decimal(1)
