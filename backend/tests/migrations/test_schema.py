"""What the database guarantees by itself: values, keys, deletions, indexes."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

COMPANY = "INSERT INTO companies (name, ir_url, tickers) VALUES ({name}, {url}, {tickers})"
DIGEST = "f" * 64
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


def change(table: str, value: str) -> str:
    """Return an UPDATE of one row, e.g. of documents with `sha256 = 'x'`."""
    return f"UPDATE {table} SET {value} WHERE id = (SELECT min(id) FROM {table})"


def correction(**values: str) -> str:
    """Return an INSERT of a correction, with other values than the right ones."""
    row = {
        "company_id": "(SELECT min(id) FROM companies)",
        "document_sha256": f"'{DIGEST}'",
        "statement_type": "'balance_sheet'",
        "period_end": "date '2023-09-30'",
        "label": "'Other'",
        "value": "-110",
        "scale": "6",
        "reason": "'the page says so'",
        "created_by": "'a user'",
    } | values
    return f"INSERT INTO corrections ({', '.join(row)}) VALUES ({', '.join(row.values())})"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (company(name="NULL"), "name"),
        (company(name="''"), "ck_companies_name_not_blank"),
        (company(name="E' \\t\\n'"), "ck_companies_name_not_blank"),
        (company(name="'SAP SE'"), "uq_companies_name"),
        (company(url="' '"), "ck_companies_ir_url_not_blank"),
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
        (change("companies", "lei = '529900d6bf99lw9r2e68'"), "ck_companies_lei_is_iso_17442"),
        (change("companies", r"lei = E'529900D6BF99LW9R2E68\n'"), "ck_companies_lei_is_iso_17442"),
        (change("companies", "cik = '320193'"), "ck_companies_cik_has_ten_digits"),
        (change("companies", "fiscal_year_end = '13-01'"), "ck_companies_fiscal_year_end_is_month"),
        (change("companies", "fiscal_year_end = '9-30'"), "ck_companies_fiscal_year_end_is_month"),
        (change("documents", f"sha256 = upper('{DIGEST}')"), "ck_documents_sha256_is_digest"),
        (change("documents", "sha256 = ''"), "ck_documents_sha256_is_digest"),
        (change("documents", "file_name = ' '"), "ck_documents_file_name_not_blank"),
        (change("documents", "supersedes_id = id"), "ck_documents_supersedes_another"),
        (change("documents", "supersedes_id = -1"), "fk_documents_supersedes_id_documents"),
        (change("extractions", "method = 'ocr'"), "ck_extractions_method_known"),
        (change("extractions", "status = 'proved'"), "ck_extractions_status_known"),
        (change("extractions", "reader = ' '"), "ck_extractions_reader_not_blank"),
        (change("extractions", "reader = repeat('x', 101)"), "ck_extractions_reader_short"),
        (change("extractions", "accession = repeat('x', 101)"), "ck_extractions_accession_short"),
        (change("extractions", "doubtful_accepted = NULL"), "doubtful_accepted"),
        (change("compiled_statements", "digest = 'x'"), "ck_compiled_statements_digest_is_sha256"),
        (correction(statement_type="'notes'"), "ck_corrections_statement_type_known"),
        (correction(document_sha256="'x'"), "ck_corrections_document_sha256_is_digest"),
        (correction(section="'{}'"), "ck_corrections_section_is_array"),
        (correction(axes="'[]'"), "ck_corrections_axes_is_object"),
        (correction(occurrence="0"), "ck_corrections_occurrence_positive"),
        (correction(value="'NaN'"), "ck_corrections_value_is_finite"),
        (correction(value="'-Infinity'"), "ck_corrections_value_is_finite"),
        (correction(scale="21"), "ck_corrections_scale_plausible"),
        (correction(reason="' '"), "ck_corrections_reason_not_blank"),
        (correction(created_by="''"), "ck_corrections_created_by_not_blank"),
        (correction(company_id="-1"), "fk_corrections_company_id_companies"),
    ],
)
def test_database_refuses_wrong_values(statement: str, constraint: str, migrated: Engine) -> None:
    with migrated.connect() as connection:
        for row in (document(), extraction(), compiled(kind="'income_statement'")):
            connection.execute(text(row))
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


@pytest.mark.parametrize(
    "statement",
    [
        company(url="NULL"),
        change("companies", "lei = '529900D6BF99LW9R2E68', cik = '0000320193'"),
        change("companies", "fiscal_year_end = '02-29'"),
        change("documents", f"sha256 = '{DIGEST}', form = '10-K/A', supersedes_id = NULL"),
        change("documents", "file_name = repeat('long', 10000)"),
        *(
            change("extractions", f"method = '{method}', status = 'partly', reader = 'r/1'")
            for method in ("ixbrl", "xbrl", "xbrl_json", "companyfacts", "pdf", "llm", "manual")
        ),
        change("compiled_statements", f"digest = '{DIGEST}'"),
        correction(label="repeat(md5(random()::text), 1000)", section="""'["Assets"]'"""),
        correction(label="''", value="0.00000001", scale="-2", concept="'us-gaap:Assets'"),
    ],
)
def test_database_takes_right_values(statement: str, migrated: Engine) -> None:
    with migrated.connect() as connection:
        for row in (document(), extraction(), compiled()):
            connection.execute(text(row))
        assert connection.execute(text(statement)).rowcount == 1


@pytest.mark.parametrize(
    ("value", "constraint"),
    [
        ("lei = '529900D6BF99LW9R2E68'", "uq_companies_lei"),
        ("cik = '0000320193'", "uq_companies_cik"),
    ],
)
def test_an_identifier_names_one_company(value: str, constraint: str, migrated: Engine) -> None:
    with (
        migrated.connect() as connection,
        pytest.raises(IntegrityError, match=constraint),
    ):
        connection.execute(text(f"UPDATE companies SET {value}"))


def test_a_company_has_a_file_once_and_two_companies_may_have_it(migrated: Engine) -> None:
    with migrated.connect() as connection:
        for url in ("'a'", "'b'"):
            connection.execute(text(document(url=url)))
        connection.execute(
            text(
                "INSERT INTO documents (company_id, url, fiscal_year, document_type)"
                " SELECT max(id), 'c', 2024, 'other' FROM companies"
            )
        )
        one_each = f"UPDATE documents SET sha256 = '{DIGEST}' WHERE url <> 'b'"
        assert connection.execute(text(one_each)).rowcount == 2
        with pytest.raises(IntegrityError, match="uq_documents_company_id_sha256"):
            connection.execute(text(f"UPDATE documents SET sha256 = '{DIGEST}'"))


def test_a_reader_reads_a_statement_of_a_filing_once(migrated: Engine) -> None:
    read = text("UPDATE extractions SET reader = 'r/1', accession = :accession WHERE id = :id")
    with migrated.connect() as connection:
        connection.execute(text(document()))
        for _ in range(2):  # without a reader, as the release before wrote them
            connection.execute(text(extraction()))
        one, other = connection.scalars(text("SELECT id FROM extractions ORDER BY id"))
        connection.execute(read, {"id": one, "accession": None})
        connection.execute(read, {"id": other, "accession": "0000320193-23-000106"})
        with pytest.raises(IntegrityError, match="uq_extractions_reading"):
            connection.execute(read, {"id": other, "accession": None})


def test_a_cell_has_one_correction_that_is_not_withdrawn(migrated: Engine) -> None:
    with migrated.connect() as connection:
        connection.execute(text(correction()))
        connection.execute(text("UPDATE corrections SET withdrawn_at = now()"))
        others: list[dict[str, str]] = [
            {},
            {"occurrence": "2"},
            {"section": """'["Assets"]'"""},
            {"axes": """'{"a": "b"}'"""},
        ]
        for other in others:
            connection.execute(text(correction(**other)))
        with pytest.raises(IntegrityError, match="uq_corrections_cell"):
            connection.execute(text(correction(value="7")))


def test_an_amendment_stays_when_what_it_amends_is_deleted(migrated: Engine) -> None:
    with migrated.connect() as connection:
        for url in ("'a'", "'b'"):
            connection.execute(text(document(url=url)))
        connection.execute(
            text(
                "UPDATE documents SET supersedes_id = (SELECT min(id) FROM documents)"
                " WHERE url = 'b'"
            )
        )
        connection.execute(text("DELETE FROM documents WHERE url = 'a'"))
        assert connection.execute(text("SELECT url, supersedes_id FROM documents")).all() == [
            ("b", None)
        ]


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
        for statement in (document(), extraction(), compiled(), correction()):
            connection.execute(text(statement))
        connection.execute(text("DELETE FROM companies WHERE id = (SELECT min(id) FROM companies)"))
        for table in ("documents", "extractions", "compiled_statements", "corrections"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0


INDEXES = text("""
    SELECT i.indrelid::regclass::text AS table, c.relname AS name, am.amname,
           i.indpred IS NOT NULL AS partial,
           (SELECT array_agg(pg_get_indexdef(i.indexrelid, k.n, true) ORDER BY k.n)
              FROM generate_series(1, i.indnkeyatts) AS k (n)) AS columns
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
    assert len(keys) == 5
    for key in keys:
        assert any(
            index.table == key.table
            and index.columns[: len(key.columns)] == key.columns
            and not index.partial
            for index in indexes
        ), f"{key.table} {key.columns} has no index: a deletion of its parent reads it all"


def test_no_index_repeats_what_another_covers(migrated: Engine) -> None:
    with migrated.connect() as connection:
        indexes = connection.execute(INDEXES).all()
    for one in indexes:
        for other in indexes:
            is_repeated = (
                one.name != other.name
                and not other.partial
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
