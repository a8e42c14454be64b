"""The lexer splits scripts into statements and separates code from comments and strings."""

import pytest

from alembic_zero_downtime.sql import (
    Statement,
    StatementKind,
    changed_settings,
    identifier_parts,
    identifiers_in_parentheses,
    list_after,
    split_statements,
    string_literals,
    without_quoted,
)

HEADER = "CREATE FUNCTION f() RETURNS int LANGUAGE sql"
ATOMIC = f"""{HEADER} BEGIN ATOMIC
    UPDATE companies SET name = 'x';
    SELECT CASE WHEN true THEN 1 END;
END"""


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 -- COMMIT\n, 2", "SELECT 1 , 2"),
        ("SELECT 1 -- COMMIT", "SELECT 1"),
        ("SELECT /* COMMIT;\n */ 1", "SELECT 1"),
        ("SELECT /* a /* ' */ COMMIT; */ 1, 'b'", "SELECT 1,"),
        ("SELECT /**/ 1 /***/, 2 /* * / */", "SELECT 1 , 2"),
        ("SELECT 'COMMIT', 2", "SELECT , 2"),
        ("SELECT 'it''s', 2", "SELECT , 2"),
        (r"SELECT E'it\'s', e'\\', 2", "SELECT , , 2"),
        (r"SELECT '\', 'COMMIT'", "SELECT ,"),
        ("SELECT '-- no comment', 2", "SELECT , 2"),
        ("DO $$ BEGIN COMMIT; END $$", "DO"),
        ("DO $do$ BEGIN PERFORM $$COMMIT$$; END $do$ LANGUAGE plpgsql", "DO LANGUAGE plpgsql"),
        ("SELECT $1, $2", "SELECT $1, $2"),
        ('SELECT "COMMIT" FROM "a ""b"" c"', "SELECT FROM"),
        (ATOMIC, HEADER),
        (f"{ATOMIC}; COMMIT; {ATOMIC}", f"{HEADER} ; COMMIT; {HEADER}"),
        ("CREATE PROCEDURE p() BEGIN ATOMIC END; COMMIT", "CREATE PROCEDURE p() ; COMMIT"),
        ("create function f() return 1 begin atomic select 2; end", "create function f() return 1"),
        ("BEGIN; SELECT 1; END", "BEGIN; SELECT 1; END"),
        ("SELECT größe FROM t", "SELECT größe FROM t"),
        ("", ""),
    ],
)
def test_quoted_parts_and_bodies_are_left_out(sql: str, expected: str) -> None:
    assert " ".join(without_quoted(sql).split()) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("'good', 'bad'", ["'good'", "'bad'"]),
        ("'it''s', 'a, b', ''", ["'it''s'", "'a, b'", "''"]),
        (r"E'it\'s', '\'", [r"E'it\'s'", r"'\'"]),
        ("x = 'a' -- 'b'\n/* 'c' */", ["'a'"]),
        ("\"'a'\" = $$'b'$$", []),
        ("a, 1", []),
    ],
)
def test_string_literals_keep_their_quotes(sql: str, expected: list[str]) -> None:
    assert string_literals(sql) == expected


@pytest.mark.parametrize(
    ("qualified", "expected"),
    [
        ("reports.id", ["reports", "id"]),
        ('"a table".id', ["a table", "id"]),
        ('"a.b"."c d"', ["a.b", "c d"]),
        ('"Odd ""name"""."Größe %"', ['Odd "name"', "Größe %"]),
        ("reports", ["reports"]),
        ('schema_1."Table".column$2', ["schema_1", "Table", "column$2"]),
    ],
)
def test_identifiers_are_split_at_their_dots_and_unquoted(
    qualified: str, expected: list[str]
) -> None:
    assert identifier_parts(qualified) == expected


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("UNIQUE (a, b_2)", ["a", "b_2"]),
        ('FOREIGN KEY ("(y)", "a, b", "say ""hi""") REFERENCES c(id)', ["(y)", "a, b", 'say "hi"']),
        ("CHECK", []),
    ],
)
def test_identifiers_of_the_first_parentheses_are_unquoted(
    definition: str, expected: list[str]
) -> None:
    assert identifiers_in_parentheses(definition) == expected


def test_a_list_after_a_keyword_has_its_elements_as_text() -> None:
    index = 'CREATE INDEX "USING (" ON a USING gist (lower("b, (") COLLATE "C" x_ops, ((c)) DESC)'
    assert list_after("USING", index) == ['lower("b, (") COLLATE "C" x_ops', "((c)) DESC"]


def split(sql: str) -> list[str]:
    return [statement.text for statement in split_statements(sql)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT 1;\n\nSELECT 2;\n", ["SELECT 1", "SELECT 2"]),
        ("SELECT 'a;b'; SELECT \"c;d\"", ["SELECT 'a;b'", 'SELECT "c;d"']),
        ("-- a; b\nSELECT 1 /* c; d */; -- e", ["-- a; b\nSELECT 1 /* c; d */"]),
        ("DO $$ BEGIN a; b; END $$; SELECT 1", ["DO $$ BEGIN a; b; END $$", "SELECT 1"]),
        ("DO $a$ $$;$$; $b$;$b$ $a$; SELECT 1", ["DO $a$ $$;$$; $b$;$b$ $a$", "SELECT 1"]),
        (r"SELECT E'\';'; SELECT 1", [r"SELECT E'\';'", "SELECT 1"]),
        (";; -- only a comment\n;", []),
        ("", []),
    ],
)
def test_a_script_is_split_at_its_semicolons(sql: str, expected: list[str]) -> None:
    assert split(sql) == expected


def only(sql: str) -> Statement:
    (statement,) = split_statements(sql)
    return statement


def test_the_words_of_a_statement_have_no_quotes_and_no_comments() -> None:
    statement = only(
        "ALTER  TABLE \"My Table\"\n ADD note text -- remark\n DEFAULT 'a b' /* x */ ; "
    )
    assert statement.words == "ALTER TABLE My_Table ADD note text DEFAULT ''"
    assert statement.matches("add NOTE text")
    assert not statement.matches("remark")
    assert (
        str(statement) == "ALTER TABLE \"My Table\" ADD note text -- remark DEFAULT 'a b' /* x */"
    )


def test_a_dollar_quoted_body_is_kept_aside() -> None:
    statement = only("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $f$ SELECT $$1$$; $f$")
    assert statement.words.endswith("AS $$")
    assert statement.bodies == (" SELECT $$1$$; ",)


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("CREATE TABLE IF NOT EXISTS public.Notes (id int)", "notes"),
        ('ALTER TABLE ONLY "Notes" DROP note', "notes"),
        ("CREATE UNIQUE INDEX CONCURRENTLY ix ON ONLY notes (id)", "notes"),
        ("DROP TABLE IF EXISTS notes", "notes"),
        ("TRUNCATE TABLE ONLY notes", "notes"),
        ("LOCK notes", "notes"),
        ("WITH a AS (SELECT 1) INSERT INTO notes SELECT * FROM a", "notes"),
        ("DELETE FROM ONLY notes", "notes"),
        ("UPDATE notes SET id = 1", "notes"),
        ("SELECT 'DELETE FROM notes'", None),
        ("DROP INDEX ix", None),
    ],
)
def test_the_table_of_a_statement(sql: str, table: str | None) -> None:
    statement = only(sql)
    assert statement.table == table
    assert statement.new_table == (table if sql.startswith("CREATE TABLE") else None)


BLOCK = """DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM notes) THEN
        {}
    END IF;
END $$"""


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("ALTER TABLE notes ADD note text", StatementKind.SCHEMA),
        ("CREATE TRIGGER t AFTER UPDATE ON notes EXECUTE FUNCTION f()", StatementKind.SCHEMA),
        ("COMMENT ON TABLE notes IS 'DELETE FROM notes'", StatementKind.SCHEMA),
        ("UPDATE notes SET id = 1", StatementKind.DATA),
        ("TRUNCATE notes", StatementKind.DATA),
        ("WITH old AS (DELETE FROM notes RETURNING *) SELECT * FROM old", StatementKind.DATA),
        ("SELECT * FROM notes FOR UPDATE", StatementKind.NOTHING),
        ("SET lock_timeout = '1s'", StatementKind.NOTHING),
        (BLOCK.format("ALTER TABLE notes ADD note text;"), StatementKind.SCHEMA),
        (BLOCK.format("DELETE FROM notes; DROP TABLE notes;"), StatementKind.DATA),
        (BLOCK.format("EXECUTE $q$DELETE FROM notes$q$;"), StatementKind.DATA),
        (BLOCK.format("PERFORM 1;"), StatementKind.NOTHING),
    ],
)
def test_the_kind_of_a_statement(sql: str, kind: StatementKind) -> None:
    assert only(sql).kind is kind


def test_the_statements_of_a_block_have_no_control_structures() -> None:
    block = only(BLOCK.format("DELETE FROM notes; EXECUTE $q$DROP TABLE notes$q$;"))
    assert [str(each) for each in block.nested][:3] == [
        "DELETE FROM notes",
        "EXECUTE $q$DROP TABLE notes$q$",
        "DROP TABLE notes",
    ]
    assert only("CREATE FUNCTION f() AS $$ DELETE FROM notes $$").nested == ()


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("SET lock_timeout = '7s'; set Search_Path TO a", ["lock_timeout", "Search_Path"]),
        ("SET SESSION datestyle TO german; SET my.option='x'", ["datestyle", "my.option"]),
        ("SET ROLE a; SET SESSION AUTHORIZATION b", ["ROLE", "SESSION AUTHORIZATION"]),
        ("SET TIME ZONE 'UTC'", ["TIME ZONE"]),
        ("SELECT pg_catalog.set_config('search_path', '', false)", ["search_path"]),
        ("SELECT set_config('search_path', '', true); SET LOCAL lock_timeout = 1", []),
        ("SET TRANSACTION READ ONLY; SET CONSTRAINTS ALL DEFERRED", []),
        ("UPDATE t SET a = 1; ALTER TABLE t ALTER a SET DEFAULT 1", []),
        ("SELECT 'SET a = 1'; -- SET b = 2", []),
    ],
)
def test_settings_of_a_script_are_found(script: str, names: list[str]) -> None:
    assert changed_settings(script) == names
