"""The benchmark of the API, on a few companies: what it asks for is answered."""

from pathlib import Path

import pytest

from tests.bench.api.__main__ import main
from tests.bench.api.queries import queries_of, with_parameters


@pytest.mark.slow
@pytest.mark.long
def test_each_request_is_answered_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ("--companies", "2", "--requests", "25", "--seconds", "0", "--growth", "20")
    main([*small, "--folder", str(tmp_path / "bench")])
    printed = capsys.readouterr().out
    assert "2 companies with ten years of three statements, made in" in printed
    assert "reached  one query for a statement (there are 1)" in printed
    assert "reached  every request is answered" in printed, printed
    main([*small, "--pages", "--folder", str(tmp_path / "bench")])
    assert "of an earlier run" in capsys.readouterr().out


def test_statements_that_begin_and_limit_transactions_are_no_queries() -> None:
    logged = ["BEGIN", "SELECT set_config('lock_timeout', '6s', true)", "SELECT 1", "COMMIT"]
    assert queries_of(logged) == ["SELECT 1"]


def test_a_logged_query_gets_parameters() -> None:
    query = "SELECT '%' FROM t WHERE company_id = 77 AND 770 > 1 AND s = 'balance_sheet'"
    assert with_parameters(query, 77, "balance_sheet") == (
        "SELECT '%%' FROM t WHERE company_id = %(company)s AND 770 > 1 AND s = %(statement)s"
    )
