"""Manual changes of types, functions, triggers, views, sequences and privileges."""

from support.drift.schema import OPTIONS, case, changed, differs, extra, missing

CASES = [
    case(
        "ALTER TYPE mood RENAME VALUE 'bad' TO 'poor'",
        differs("enum mood", "'good', 'poor'", "'good', 'bad'"),
    ),
    case(
        "CREATE TYPE colour AS ENUM ('red', 'it''s')",
        extra("enum colour"),
    ),
    case(
        "ALTER DOMAIN percentage ADD CONSTRAINT at_most CHECK (VALUE <= 100); "
        "ALTER DOMAIN percentage SET DEFAULT 0",
        differs(
            "constraint at_most of domain percentage", "CHECK ((VALUE <= (100)::numeric))", None
        ),
        differs("default of domain percentage", "0", None),
    ),
    case(
        'CREATE DOMAIN word AS text COLLATE "C" NOT NULL',
        extra("domain word"),
    ),
    case(
        "ALTER TYPE span ADD ATTRIBUTE step integer",
        differs(
            "type span", "(low integer, high integer, step integer)", "(low integer, high integer)"
        ),
    ),
    case(
        "CREATE TYPE weeks AS RANGE (SUBTYPE = integer)",
        extra("type weeks"),
    ),
    case(
        "CREATE OR REPLACE FUNCTION twice(number integer) RETURNS integer LANGUAGE "
        "sql IMMUTABLE AS 'SELECT number + number'",
        changed("function twice(number integer)"),
    ),
    case(
        "CREATE FUNCTION twice(number numeric) RETURNS numeric LANGUAGE sql AS 'SELECT 2 * number'",
        extra("function twice(number numeric)"),
    ),
    case(
        "ALTER FUNCTION touch() SECURITY DEFINER SET search_path = public",
        changed("function touch()"),
    ),
    case(
        "REVOKE EXECUTE ON FUNCTION twice FROM PUBLIC; "
        "GRANT EXECUTE ON FUNCTION twice TO drift_reader",
        differs("grant to PUBLIC on function twice(number integer)", None, "EXECUTE"),
        differs("grant to drift_reader on function twice(number integer)", "EXECUTE", None),
    ),
    case(
        "DROP PROCEDURE tidy; DROP AGGREGATE total(integer)",
        missing("procedure tidy()"),
        missing("aggregate total(integer)"),
    ),
    case(
        "ALTER TABLE reports DISABLE TRIGGER touched",
        differs("state of trigger touched of reports", "DISABLE", None),
    ),
    case(
        "DROP TRIGGER touched ON reports",
        missing("trigger touched of reports"),
    ),
    case(
        "CREATE OR REPLACE TRIGGER touched BEFORE UPDATE ON reports FOR EACH ROW WHEN "
        "(old.size > 2) EXECUTE FUNCTION touch()",
        differs(
            "trigger touched of reports",
            "CREATE TRIGGER touched BEFORE UPDATE ON reports FOR EACH ROW WHEN (old.size "
            "> 2) EXECUTE FUNCTION touch()",
            "CREATE TRIGGER touched BEFORE UPDATE ON reports FOR EACH ROW WHEN (old.size "
            "> 1) EXECUTE FUNCTION touch()",
        ),
    ),
    case(
        "CREATE TRIGGER also AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch()",
        extra("trigger also of events"),
    ),
    case(
        "CREATE OR REPLACE RULE keep AS ON DELETE TO reports WHERE old.size = 8 DO INSTEAD NOTHING",
        changed("rule keep of reports"),
    ),
    case(
        "ALTER TABLE reports DISABLE RULE keep",
        differs("state of rule keep of reports", "DISABLE", None),
    ),
    case(
        "ALTER POLICY readable ON reports TO drift_reader USING (size < 10)",
        differs(
            "policy readable of reports",
            "AS PERMISSIVE FOR SELECT TO drift_reader USING ((size < 10))",
            "AS PERMISSIVE FOR SELECT TO PUBLIC USING ((size < 1000))",
        ),
    ),
    case(
        "CREATE POLICY writable ON reports AS RESTRICTIVE FOR UPDATE TO drift_writer, "
        "drift_reader USING (true) WITH CHECK (size < 5)",
        extra("policy writable of reports"),
    ),
    case(
        "CREATE OR REPLACE VIEW large_reports AS SELECT id, title FROM reports WHERE size > 200",
        changed("view large_reports"),
    ),
    case(
        "ALTER VIEW large_reports SET (security_barrier = true)",
        differs("option security_barrier of view large_reports", "true", None),
    ),
    case(
        "CREATE VIEW small_reports AS SELECT count(*) FROM reports WHERE size % 2 = 0",
        extra("view small_reports"),
    ),
    case(
        "DROP MATERIALIZED VIEW titles",
        missing("materialized view titles"),
    ),
    case(
        "ALTER SEQUENCE tickets INCREMENT BY 2 MAXVALUE 99 CYCLE",
        differs(
            "sequence tickets",
            "AS bigint INCREMENT BY 2 MINVALUE 1 MAXVALUE 99 START WITH 1 CACHE 1 CYCLE",
            f"AS bigint {OPTIONS}",
        ),
    ),
    case(
        "ALTER SEQUENCE tickets OWNED BY reports.size",
        differs("owner of sequence tickets", "reports.size", None),
    ),
    case(
        "ALTER SEQUENCE reports_number_seq OWNED BY NONE",
        differs("owner of sequence reports_number_seq", None, "reports.number"),
    ),
    case(
        "CREATE SEQUENCE more AS smallint; DROP SEQUENCE tickets",
        extra("sequence more"),
        missing("sequence tickets"),
    ),
    case(
        "REVOKE INSERT ON reports FROM drift_reader; "
        "GRANT SELECT, DELETE ON reports TO drift_writer",
        differs("grant to drift_reader on table reports", "SELECT", "INSERT, SELECT"),
        differs("grant to drift_writer on table reports", "DELETE, SELECT", None),
    ),
    case(
        "GRANT SELECT ON reports TO PUBLIC",
        differs("grant to PUBLIC on table reports", "SELECT", None),
    ),
    case(
        "GRANT SELECT ON reports TO drift_writer WITH GRANT OPTION",
        differs("grant with grant option to drift_writer on table reports", "SELECT", None),
    ),
    case(
        "GRANT UPDATE (title, size) ON reports TO drift_writer; "
        "REVOKE SELECT (id) ON events FROM drift_reader",
        differs("grant to drift_reader on column events.id", None, "SELECT"),
        differs("grant to drift_writer on column reports.size", "UPDATE", None),
        differs("grant to drift_writer on column reports.title", "UPDATE", None),
    ),
    case(
        "GRANT USAGE ON SEQUENCE tickets TO drift_reader; "
        "REVOKE USAGE ON TYPE mood FROM PUBLIC; "
        "GRANT SELECT ON large_reports, titles TO drift_reader",
        differs("grant to drift_reader on view large_reports", "SELECT", None),
        differs("grant to PUBLIC on enum mood", None, "USAGE"),
        differs("grant to drift_reader on sequence tickets", "USAGE", None),
        differs("grant to drift_reader on materialized view titles", "SELECT", None),
    ),
]
