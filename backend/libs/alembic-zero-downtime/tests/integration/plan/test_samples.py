"""The work for each row is tried on rows like those of the target, and leaves nothing behind."""

import pytest

from alembic_zero_downtime.plan.effect import Effect
from support.planning import Planner

ROWS = 20_000_000
CONCURRENTLY = (
    "with op.get_context().autocommit_block():\n"
    '    op.execute("CREATE INDEX CONCURRENTLY ix ON documents (url) WHERE fiscal_year < 2003")'
)


def effect_of(lines: str, planner: Planner) -> Effect:
    *_, assessment = planner.assess(lines)
    (effect,) = assessment.statement.effects
    return effect


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE documents ADD CHECK (url ~ '^https://[a-z.]+/')",
        "ALTER TABLE documents ADD COLUMN probe uuid DEFAULT gen_random_uuid()",
        "ALTER TABLE documents ADD COLUMN probe text GENERATED ALWAYS AS (md5(url)) STORED",
        "ALTER TABLE other.readings ALTER id TYPE text",
        "ALTER TABLE other.readings ALTER id TYPE text USING md5(id::text)",
        "UPDATE documents SET url = regexp_replace(url, '[aeiou]', '-', 'g')",
    ],
)
def test_expressions_take_their_time(statement: str, planner: Planner) -> None:
    effect = effect_of(f'op.execute("{statement}")', planner)
    assert 1e-9 < effect.expression_seconds < 1e-3


def test_validated_check_takes_its_time(planner: Planner) -> None:
    check = "CHECK (md5(url) <> url AND md5(url || 'x') <> url)"
    effect = effect_of(
        f'op.execute("ALTER TABLE documents ADD CONSTRAINT probe {check} NOT VALID")\n'
        'op.execute("ALTER TABLE documents VALIDATE CONSTRAINT probe")',
        planner,
    )
    assert effect.expression_seconds > 1e-9


def test_index_builds_differ_by_their_method(planner: Planner) -> None:
    seconds = []
    for columns in ("brin (id)", "btree (url)", "gin (to_tsvector('simple', url))"):
        effect = effect_of(f'op.execute("CREATE INDEX ON documents USING {columns}")', planner)
        (build,) = effect.builds
        assert build.rows == ROWS
        assert build.row_seconds is not None
        seconds.append(build.row_seconds)
    assert seconds == sorted(seconds)


def test_partial_index_outside_a_transaction_has_its_rows(planner: Planner) -> None:
    (build,) = effect_of(CONCURRENTLY, planner).builds
    assert 0.2 * ROWS < build.rows < 0.4 * ROWS
    assert build.row_seconds


def test_foreign_key_costs_what_its_query_costs(planner: Planner) -> None:
    (assessment,) = planner.assess(
        'op.execute("ALTER TABLE extractions ADD FOREIGN KEY (id) REFERENCES documents (id)")'
    )
    assert (assessment.statement.cost or 0) > ROWS * 0.01


def test_sample_is_undone(planner: Planner) -> None:
    *_, last = planner.trace(
        'op.create_index("ix", "documents", ["url"])\n'
        'tables = sa.inspect(op.get_bind()).get_table_names()\nassert "documents" in tables\n'
        'assert "sample_of_the_plan" not in tables',
        CONCURRENTLY.replace("ix ON", "ix_probe ON"),
        'assert "sample_of_the_plan" not in sa.inspect(op.get_bind()).get_table_names()',
    )
    assert last.statements == []
