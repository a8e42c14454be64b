"""The query that lists what a schema is made of, as PostgreSQL prints it.

One SELECT reads the system catalogs (PostgreSQL manual, "System Catalogs") of version 15 and newer.
"""

from sqlalchemy import text

from app.db.migrations.drift.objects import OBJECTS
from app.db.migrations.drift.parts import GRANTS, PARTS

# The functions that print definitions leave a schema out where the search path finds the name.
# The schema goes first and the temporary one, which is otherwise searched first, behind it. They
# print constants as the session has it, which every database may set otherwise. A compiled query
# would be no faster, and the compilation would take longer than all else.
LOOK_FROM = text("""
    SELECT current_setting('server_version_num')::int / 10000 AS version,
           count(set_config(name, value, true))
      FROM (VALUES ('search_path', concat_ws(', ',
                        quote_ident(coalesce(:schema, current_schema())),
                        nullif(current_setting('search_path'), ''), 'pg_temp')),
                   ('TimeZone', 'UTC'), ('DateStyle', 'ISO'), ('IntervalStyle', 'postgres'),
                   ('extra_float_digits', '1'), ('bytea_output', 'hex'),
                   ('standard_conforming_strings', 'on'), ('quote_all_identifiers', 'off'),
                   ('jit', 'off')) AS wanted (name, value)
""")

RELATIONS = """
own AS (
    SELECT oid, nspname FROM pg_namespace
     WHERE CASE WHEN :schema = 'pg_temp' THEN oid = pg_my_temp_schema()
                ELSE nspname = coalesce(:schema, current_schema()) END
), foreign_objects AS (  -- an extension's, and the functions that come with a range type
    SELECT classid, objid FROM pg_depend
     WHERE deptype = 'e' OR (deptype = 'i' AND classid = 'pg_proc'::regclass)
), relations AS (
    SELECT c.*, c.relname::text AS name,
           CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                          WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind
      FROM pg_class AS c JOIN own ON own.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relname <> ALL (:bookkeeping)
       AND NOT EXISTS (SELECT FROM foreign_objects AS e
                        WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)
), columns AS (
    SELECT a.*, r.name AS "table", a.attname::text AS name
      FROM pg_attribute AS a JOIN relations AS r ON r.oid = a.attrelid
     WHERE a.attnum > 0 AND NOT a.attisdropped AND r.relkind IN ('r', 'p', 'f')
), indexes AS (
    SELECT i.*, r.name AS "table", c.relname::text AS name, c.reloptions,
           EXISTS (SELECT FROM pg_inherits WHERE inhrelid = i.indexrelid) AS is_inherited,
           CASE WHEN b.oid IS NULL THEN 'index' ELSE 'constraint' END AS kind
      FROM pg_index AS i
      JOIN relations AS r ON r.oid = i.indrelid
      JOIN pg_class AS c ON c.oid = i.indexrelid
      LEFT JOIN pg_constraint AS b
        ON b.conindid = i.indexrelid AND b.conrelid = i.indrelid AND b.contype IN ('p', 'u', 'x')
), sequences AS (
    SELECT c.oid, c.relname::text AS name, c.relpersistence, d.deptype, d.refobjid, d.refobjsubid,
           format('INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s %s',
                  s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
                  CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END) AS options,
           format_type(s.seqtypid, NULL) AS type
      FROM pg_sequence AS s
      JOIN pg_class AS c ON c.oid = s.seqrelid
      JOIN own ON own.oid = c.relnamespace
      LEFT JOIN pg_depend AS d
        ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
       AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
), states (letter, words) AS (
    VALUES ('D', 'DISABLE'), ('R', 'ENABLE REPLICA'), ('A', 'ENABLE ALWAYS')
)
"""

QUERY = text(
    f"WITH {RELATIONS}, {OBJECTS}, {PARTS}, {GRANTS}"  # noqa: S608 the pieces above
    """
    SELECT e.kind, e."table", e.name, e.part, e.definition
      FROM (SELECT kind, "table", name, NULL AS part, definition FROM named
            UNION ALL SELECT * FROM parts WHERE definition IS NOT NULL
            UNION ALL SELECT * FROM grants) AS e
      LEFT JOIN columns AS c ON e.kind = 'column' AND c."table" = e."table" AND c.name = e.name
     ORDER BY e.kind, e."table", c.attnum, e.name, e.part
    """
)
