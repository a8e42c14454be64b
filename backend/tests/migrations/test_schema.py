"""What the database guarantees by itself: values, keys, deletions, indexes."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

COMPANY = "INSERT INTO companies (name, ir_url, tickers) VALUES ({name}, {url}, {tickers})"
DOCUMENT = (
    "INSERT INTO documents (company_id, url, fiscal_year, document_type)"
    " VALUES ((SELECT min(id) FROM companies), {url}, {year}, {type})"
)


def company(name: str = "'A'", url: str = "'u'", tickers: str = "'[]'") -> str:
    return COMPANY.format(name=name, url=url, tickers=tickers)


def document(url: str = "'u'", year: str = "2024", kind: str = "'annual_report'") -> str:
    return DOCUMENT.format(url=url, year=year, type=kind)


def extraction(kind: str = "'balance_sheet'", data: str = "'{}'") -> str:
    return (
        "INSERT INTO extractions (document_id, statement_type, raw_data)"
        f" VALUES ((SELECT min(id) FROM documents), {kind}, {data})"
    )


def compiled(kind: str = "'balance_sheet'", data: str = "'{}'") -> str:
    return (
        "INSERT INTO compiled_statements (company_id, statement_type, data)"
        f" VALUES ((SELECT min(id) FROM companies), {kind}, {data})"
    )


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (company(name="NULL"), "name"),
        (company(name="''"), "ck_companies_name_not_blank"),
        (company(name="E' \\t\\n'"), "ck_companies_name_not_blank"),
        (company(name="'SAP SE'"), "uq_companies_name"),
        (company(url="' '"), "ck_companies_ir_url_not_blank"),
        (company(url="NULL"), "ir_url"),
        (company(tickers="'{}'"), "ck_companies_tickers_"),
        (company(tickers="'[1]'"), "ck_companies_tickers_are_"),
        (company(tickers="""'[{"ticker" : "A"}]'"""), "ck_companies_tickers_are_"),
        (
            company(tickers="""'[[{"ticker" : "A", "exchange" : "B"}]]'"""),
            "ck_companies_tickers_are_",
        ),
        (
            company(tickers="""'[{"ticker" : "A", "exchange" : "B"}, {"ticker" : 1}]'"""),
            "ck_companies_tickers_are_",
        ),
        (document(url="''"), "ck_documents_url_not_blank"),
        (document(year="1899"), "ck_documents_fiscal_year_plausible"),
        (document(year="20240"), "ck_documents_fiscal_year_plausible"),
        (document(kind="'letter'"), "ck_documents_document_type_known"),
        (extraction(kind="'notes'"), "ck_extractions_statement_type_known"),
        (extraction(data="'[]'"), "ck_extractions_raw_data_is_object"),
        (compiled(kind="'notes'"), "ck_compiled_statements_statement_type_known"),
        (compiled(data="'1'"), "ck_compiled_statements_data_is_object"),
    ],
)
def test_database_refuses_wrong_values(statement: str, constraint: str, migrated: Engine) -> None:
    with migrated.connect() as connection:
        connection.execute(text(document()))
        with pytest.raises(IntegrityError, match=constraint):
            connection.execute(text(statement))


def test_database_takes_right_values_and_fills_in_the_rest(migrated: Engine) -> None:
    tickers = """'[{"ticker" : "A", "exchange" : "B", "since" : 1999}]'"""
    with migrated.connect() as connection:
        for statement in (company(tickers=tickers), document(), extraction(), compiled()):
            connection.execute(text(statement))
        row = connection.execute(text("SELECT * FROM companies WHERE name = 'A'")).one()
        now = connection.scalar(text("SELECT now()"))
    assert (row.primary_ticker, row.created_at) == (None, now)


def test_one_compiled_statement_per_company_and_type(migrated: Engine) -> None:
    with migrated.connect() as connection:
        connection.execute(text(compiled()))
        with pytest.raises(IntegrityError, match="uq_compiled_statements_company_id"):
            connection.execute(text(compiled()))


def test_keys_are_given_by_the_database_only(migrated: Engine) -> None:
    statement = "INSERT INTO companies (id, name, ir_url) VALUES (99, 'A', 'u')"
    with (
        migrated.connect() as connection,
        pytest.raises(ProgrammingError, match="ALWAYS"),
    ):
        connection.execute(text(statement))


def test_deleting_a_company_takes_all_that_hangs_on_it(migrated: Engine) -> None:
    with migrated.begin() as connection:
        for statement in (document(), extraction(), compiled()):
            connection.execute(text(statement))
        connection.execute(text("DELETE FROM companies WHERE id = (SELECT min(id) FROM companies)"))
        for table in ("documents", "extractions", "compiled_statements"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0


INDEXES = text("""
    SELECT i.indrelid::regclass::text AS table, c.relname AS name, i.indisprimary, am.amname,
           (SELECT array_agg(a.attname::text ORDER BY k.n)
              FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, n)
              JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum) AS columns
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
     WHERE c.relnamespace = 'public'::regnamespace
""")
FOREIGN_KEYS = text("""
    SELECT conrelid::regclass::text AS table,
           (SELECT array_agg(a.attname::text ORDER BY k.n)
              FROM unnest(conkey) WITH ORDINALITY AS k (attnum, n)
              JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.attnum) AS columns
      FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
""")


def test_every_foreign_key_begins_an_index(migrated: Engine) -> None:
    with migrated.connect() as connection:
        indexes = connection.execute(INDEXES).all()
        keys = connection.execute(FOREIGN_KEYS).all()
    assert len(keys) == 3
    for key in keys:
        assert any(
            index.table == key.table and index.columns[: len(key.columns)] == key.columns
            for index in indexes
        ), f"{key.table} {key.columns} has no index: a deletion of its parent reads it all"


def test_no_index_repeats_what_another_covers(migrated: Engine) -> None:
    with migrated.connect() as connection:
        indexes = connection.execute(INDEXES).all()
    for one in indexes:
        for other in indexes:
            is_repeated = (
                one.name != other.name
                and (one.table, one.amname) == (other.table, other.amname)
                and other.columns[: len(one.columns)] == one.columns
            )
            assert not is_repeated, f"{one.name} is covered by {other.name}"


def test_a_ticker_is_found_through_its_index(migrated: Engine) -> None:
    query = """EXPLAIN SELECT * FROM companies WHERE tickers @> '[{"ticker" : "AZN"}]'"""
    with migrated.connect() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(connection.scalars(text(query)))
    assert "ix_companies_tickers" in plan
