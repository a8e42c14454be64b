"""The three statements, as extractions and compiled statements name them."""

from sqlalchemy import CheckConstraint


def is_statement_type() -> CheckConstraint:
    """Return the CHECK that restricts a table's `statement_type` to the three."""
    return CheckConstraint(
        "statement_type IN ('income_statement', 'balance_sheet', 'cash_flow_statement')",
        name="statement_type_known",
    )
