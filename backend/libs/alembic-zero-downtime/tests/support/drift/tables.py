"""Manual changes of tables, constraints and indexes."""

from support.drift.schema import case, changed, differs, extra, missing

CASES = [
    case(
        "CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
        '"user" text COLLATE "C" NOT NULL DEFAULT \'x\', report bigint REFERENCES '
        "reports CHECK (report > 0)); "
        "CREATE INDEX ON notes (report); "
        "COMMENT ON COLUMN notes.report IS 'it''s'; "
        "GRANT SELECT ON notes TO drift_reader; "
        "ALTER TABLE notes ALTER report SET STATISTICS 5",
        extra("table notes"),
    ),
    case(
        "CREATE TABLE counters (id serial, at date) PARTITION BY LIST (at)",
        extra("table counters"),
    ),
    case(
        "CREATE UNLOGGED TABLE scratch (id int)",
        extra("table scratch"),
    ),
    case(
        "ALTER TABLE reports SET UNLOGGED",
        differs("persistence of table reports", "UNLOGGED", None),
        differs("persistence of sequence reports_number_seq", "UNLOGGED", None),
    ),
    case(
        "ALTER TABLE reports SET (fillfactor = 70, toast.autovacuum_enabled = false)",
        differs("option fillfactor of table reports", "70", None),
        differs("option toast.autovacuum_enabled of table reports", "false", None),
    ),
    case(
        "ALTER TABLE reports ENABLE ROW LEVEL SECURITY",
        differs("row security of table reports", "enabled", None),
    ),
    case(
        "ALTER TABLE reports ENABLE ROW LEVEL SECURITY; "
        "ALTER TABLE reports FORCE ROW LEVEL SECURITY",
        differs("row security of table reports", "enabled", None),
        differs("row security of the owner of table reports", "forced", None),
    ),
    case(
        "ALTER TABLE reports REPLICA IDENTITY FULL",
        differs("replica identity of table reports", "FULL", None),
    ),
    case(
        "ALTER TABLE reports REPLICA IDENTITY USING INDEX uq_reports_title",
        differs("replica identity of table reports", "USING INDEX uq_reports_title", None),
    ),
    case(
        "ALTER TABLE reports CLUSTER ON ix_reports_title",
        differs("clustering of table reports", "ix_reports_title", None),
    ),
    case(
        "ALTER TABLE events DETACH PARTITION events_2024",
        differs(
            "partition of events of table events_2024",
            None,
            "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
        ),
    ),
    case(
        "CREATE TABLE late () INHERITS (reports)",
        extra("table late"),
    ),
    case(
        "CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') "
        "TO ('2026-01-01')",
        extra("table events_2025"),
    ),
    case(
        "COMMENT ON TABLE reports IS 'The publisher''s reports'",
        differs("comment on table reports", "'The publisher's reports'", "'Published reports'"),
    ),
    case(
        "COMMENT ON COLUMN reports.size IS NULL; COMMENT ON COLUMN reports.title IS 'shown'",
        differs("comment on column reports.size", None, "'in pages'"),
        differs("comment on column reports.title", "'shown'", None),
    ),
    case(
        "COMMENT ON INDEX ix_reports_size IS 'x'; "
        "COMMENT ON CONSTRAINT ck_reports_size ON reports IS 'y'; "
        "COMMENT ON FUNCTION twice IS 'z'; "
        "COMMENT ON TYPE mood IS 'm'; "
        "COMMENT ON TRIGGER touched ON reports IS 't'",
        differs("comment on enum mood", "'m'", None),
        differs("comment on constraint ck_reports_size of reports", "'y'", None),
        differs("comment on index ix_reports_size of reports", "'x'", None),
        differs("comment on trigger touched of reports", "'t'", None),
        differs("comment on function twice(number integer)", "'z'", None),
    ),
    case(
        "CREATE FOREIGN TABLE distant (id bigint NOT NULL) SERVER far",
        extra("foreign table distant"),
    ),
    case(
        "ALTER TABLE reports SET ACCESS METHOD pile",
        differs("access method of table reports", "pile", None),
    ),
    case(
        "ALTER TABLE reports DROP CONSTRAINT ck_reports_size, ADD CONSTRAINT "
        "ck_reports_size CHECK (size > 1)",
        differs(
            "constraint ck_reports_size of reports", "CHECK ((size > 1))", "CHECK ((size > 0))"
        ),
    ),
    case(
        "ALTER TABLE reports DROP CONSTRAINT ck_reports_size",
        missing("constraint ck_reports_size of reports"),
    ),
    case(
        "ALTER TABLE reports ADD CONSTRAINT ck_reports_odd CHECK (size % 2 = 1) NOT VALID",
        extra("constraint ck_reports_odd of reports"),
    ),
    case(
        "ALTER TABLE reports DROP CONSTRAINT fk_reports_parent, ADD CONSTRAINT "
        "fk_reports_parent FOREIGN KEY (parent) REFERENCES reports ON DELETE SET NULL",
        differs(
            "constraint fk_reports_parent of reports",
            "FOREIGN KEY (parent) REFERENCES reports(id) ON DELETE SET NULL",
            "FOREIGN KEY (parent) REFERENCES reports(id) ON DELETE CASCADE",
        ),
    ),
    case(
        "ALTER TABLE reports ALTER CONSTRAINT fk_reports_parent DEFERRABLE INITIALLY DEFERRED",
        differs(
            "constraint fk_reports_parent of reports",
            "FOREIGN KEY (parent) REFERENCES reports(id) ON DELETE CASCADE DEFERRABLE "
            "INITIALLY DEFERRED",
            "FOREIGN KEY (parent) REFERENCES reports(id) ON DELETE CASCADE",
        ),
    ),
    case(
        "ALTER TABLE reports DISABLE TRIGGER ALL",
        differs("triggers on reports of constraint fk_reports_parent of reports", "DISABLE", None),
        differs("state of trigger touched of reports", "DISABLE", None),
    ),
    case(
        "ALTER TABLE reports DROP CONSTRAINT uq_reports_title",
        missing("constraint uq_reports_title of reports"),
    ),
    case(
        "ALTER INDEX uq_reports_title SET (fillfactor = 60)",
        differs("option fillfactor of constraint uq_reports_title of reports", "60", None),
    ),
    case(
        "ALTER TABLE reports ADD CONSTRAINT ex_reports EXCLUDE (size WITH =)",
        extra("constraint ex_reports of reports"),
    ),
    case(
        "CREATE UNIQUE INDEX ix_reports_parent ON reports (parent DESC) INCLUDE (title)",
        extra("index ix_reports_parent of reports"),
    ),
    case(
        "DROP INDEX ix_reports_size",
        missing("index ix_reports_size of reports"),
    ),
    case(
        "DROP INDEX ix_reports_size; "
        "CREATE INDEX ix_reports_size ON reports (size) WHERE size > 20",
        differs(
            "index ix_reports_size of reports",
            "CREATE INDEX ix_reports_size ON reports USING btree (size) WHERE size > 20",
            "CREATE INDEX ix_reports_size ON reports USING btree (size) WHERE size > 10",
        ),
    ),
    case(
        "DROP INDEX ix_reports_title; "
        "CREATE INDEX ix_reports_title ON reports (lower(title) text_pattern_ops, mood)",
        differs(
            "index ix_reports_title of reports",
            "CREATE INDEX ix_reports_title ON reports USING btree (lower(title) "
            "text_pattern_ops, mood)",
            "CREATE INDEX ix_reports_title ON reports USING btree (lower(title), mood)",
        ),
    ),
    case(
        "DROP INDEX ix_titles_size",
        missing("index ix_titles_size of titles"),
    ),
    case(
        "DROP STATISTICS st_reports; "
        "CREATE STATISTICS st_reports (dependencies) ON mood, size FROM reports",
        differs(
            "statistics st_reports of reports",
            "(dependencies) ON mood, size FROM reports",
            "(ndistinct) ON mood, size FROM reports",
        ),
    ),
    case(
        "CREATE STATISTICS st_other ON (size * 2) FROM reports",
        extra("statistics st_other of reports"),
    ),
    case(
        'DROP TABLE "Odd ""name"',
        missing('table Odd "name'),
    ),
    case(
        'ALTER TABLE "Odd ""name" ALTER "Größe %" SET DEFAULT 5 % 3',
        differs('default of column Odd "name.Größe %', "(5 % 3)", None),
    ),
]
# Changes whose SQL cannot run in one transaction, or not in the order of the differences.
UNEXPLAINED = [
    case(
        "DROP TABLE reports CASCADE",
        missing("view large_reports"),
        missing("function newest()"),
        missing("table reports"),
        missing("materialized view titles"),
    ),
    case(
        "ALTER TABLE reports RENAME TO papers",
        changed("view large_reports"),
        changed("function newest()"),
        extra("table papers"),
        missing("table reports"),
        changed("materialized view titles"),
    ),
    case(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_reports_size'::regclass",
        differs("validity of index ix_reports_size of reports", "INVALID", None),
    ),
    case(
        "ALTER TYPE mood ADD VALUE 'fair' BEFORE 'bad'; ALTER TYPE mood ADD VALUE 'awful'",
        differs("enum mood", "'good', 'fair', 'bad', 'awful'", "'good', 'bad'"),
    ),
]
