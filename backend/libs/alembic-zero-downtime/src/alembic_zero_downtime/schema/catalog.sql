-- Every definition of one schema, as PostgreSQL prints it: kind, table, name, part, definition.
-- One SELECT of the system catalogs (PostgreSQL manual, "System Catalogs") of version 15 and newer.
-- Parameters: schema (NULL for the current one), migration_tables (left out).
WITH own AS (
    SELECT oid, nspname FROM pg_namespace
     WHERE CASE WHEN :schema = 'pg_temp' THEN oid = pg_my_temp_schema()
                ELSE nspname = coalesce(:schema, current_schema()) END
), foreign_objects AS (  -- of extensions, and the functions that a range type creates
    SELECT classid, objid FROM pg_depend
     WHERE deptype = 'e' OR (deptype = 'i' AND classid = 'pg_proc'::regclass)
), relations AS (
    SELECT c.*, c.relname::text AS name,
           CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                          WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind
      FROM pg_class AS c JOIN own ON own.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relname <> ALL (:migration_tables)
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
), states (letter, clause) AS (
    VALUES ('D', 'DISABLE'), ('R', 'ENABLE REPLICA'), ('A', 'ENABLE ALWAYS')
)
,
-- Named objects. The sequences of the migration tables belong to identity columns.
objects (kind, "table", name, classid, objid, definition) AS (
    SELECT kind, NULL::text, name, 'pg_class'::regclass::oid, r.oid,
           CASE relkind WHEN 'p' THEN 'PARTITION BY ' || pg_get_partkeydef(r.oid)
                        WHEN 'f' THEN (SELECT format('SERVER %I', s.srvname)
                                         FROM pg_foreign_table AS f
                                         JOIN pg_foreign_server AS s ON s.oid = f.ftserver
                                        WHERE f.ftrelid = r.oid)
                        WHEN 'r' THEN '' ELSE btrim(pg_get_viewdef(r.oid), E' \n;') END
      FROM relations AS r
  UNION ALL
    SELECT 'constraint', r.name, c.conname::text, 'pg_constraint'::regclass, c.oid,
           pg_get_constraintdef(c.oid)
      FROM pg_constraint AS c JOIN relations AS r ON r.oid = c.conrelid
     WHERE c.contype NOT IN ('n', 't')  -- listed as a column's nullability, and as a trigger
       AND c.conparentid = 0
  UNION ALL
    SELECT kind, "table", name, 'pg_class'::regclass, indexrelid,
           pg_get_indexdef(indexrelid, 0, true)
      FROM indexes WHERE kind = 'index' AND NOT is_inherited
  UNION ALL
    SELECT 'trigger', r.name, t.tgname::text, 'pg_trigger'::regclass, t.oid,
           pg_get_triggerdef(t.oid, true)
      FROM pg_trigger AS t JOIN relations AS r ON r.oid = t.tgrelid
     WHERE NOT t.tgisinternal AND t.tgparentid = 0
  UNION ALL
    SELECT 'rule', r.name, w.rulename::text, 'pg_rewrite'::regclass, w.oid,
           pg_get_ruledef(w.oid, true)
      FROM pg_rewrite AS w JOIN relations AS r ON r.oid = w.ev_class
     WHERE w.rulename <> '_RETURN'  -- the definition of a view
  UNION ALL
    SELECT 'policy', r.name, p.polname::text, 'pg_policy'::regclass, p.oid,
           concat_ws(' ',
               'AS', CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
               'FOR', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
                                    WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
               'TO', (SELECT string_agg(name, ', ' ORDER BY name COLLATE "C")
                        FROM unnest(p.polroles) AS role,
                             LATERAL (SELECT CASE role WHEN 0 THEN 'PUBLIC'
                                      ELSE quote_ident(pg_get_userbyid(role)) END) AS n (name)),
               'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
               'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
      FROM pg_policy AS p JOIN relations AS r ON r.oid = p.polrelid
  UNION ALL
    SELECT 'statistics', r.name, s.stxname::text, 'pg_statistic_ext'::regclass, s.oid,
           substr(pg_get_statisticsobjdef(s.oid),
                  length(format('CREATE STATISTICS %I.%I ', own.nspname, s.stxname)) + 1)
      FROM pg_statistic_ext AS s
      JOIN own ON own.oid = s.stxnamespace
      JOIN relations AS r ON r.oid = s.stxrelid
  UNION ALL
    SELECT 'sequence', NULL, name, 'pg_class'::regclass, oid, format('AS %s %s', type, options)
      FROM sequences WHERE deptype IS DISTINCT FROM 'i'  -- not the sequence of an identity column
  UNION ALL
    SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
           NULL, format('%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid)),
           'pg_proc'::regclass, p.oid,
           CASE WHEN p.prokind <> 'a' THEN
               rtrim(substr(pg_get_functiondef(p.oid), length(format(
                   'CREATE OR REPLACE %s %I.',
                   CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, own.nspname
               )) + 1), E'\n')
           ELSE (SELECT concat_ws(', ',
                     'SFUNC = ' || a.aggtransfn::text,
                     'STYPE = ' || format_type(a.aggtranstype, NULL),
                     'FINALFUNC = ' || nullif(a.aggfinalfn::text, '-'),
                     'COMBINEFUNC = ' || nullif(a.aggcombinefn::text, '-'),
                     'INITCOND = ' || quote_literal(a.agginitval))
                   FROM pg_aggregate AS a WHERE a.aggfnoid = p.oid) END
      FROM pg_proc AS p JOIN own ON own.oid = p.pronamespace
  UNION ALL
    SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'type' END,
           NULL, t.typname::text, 'pg_type'::regclass, t.oid,
           CASE t.typtype
           WHEN 'e' THEN (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
                            FROM pg_enum WHERE enumtypid = t.oid)
           WHEN 'd' THEN concat_ws(' ',
                format_type(t.typbasetype, t.typtypmod),
                (SELECT 'COLLATE ' || t.typcollation::regcollation FROM pg_type AS base
                  WHERE base.oid = t.typbasetype AND base.typcollation <> t.typcollation))
           WHEN 'r' THEN (SELECT 'RANGE (SUBTYPE = ' || format_type(rngsubtype, NULL) || ')'
                            FROM pg_range WHERE rngtypid = t.oid)
           ELSE (SELECT '(' || string_agg(format('%I %s', attname,
                                                 format_type(atttypid, atttypmod)),
                                          ', ' ORDER BY attnum) || ')'
                   FROM pg_attribute
                  WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped) END
      FROM pg_type AS t JOIN own ON own.oid = t.typnamespace
     WHERE t.typtype IN ('e', 'd', 'r')
        OR EXISTS (SELECT FROM pg_class WHERE oid = t.typrelid AND relkind = 'c')
), named AS (
    SELECT kind, "table", name, classid, objid, coalesce(definition, '') AS definition
      FROM objects AS o
     WHERE NOT EXISTS (SELECT FROM foreign_objects AS e
                        WHERE e.classid = o.classid AND e.objid = o.objid)
)
,
-- The parts of named objects. A statistics target that is not set is NULL since PostgreSQL 17, and
-- -1 before. A NOT NULL is a named constraint since PostgreSQL 18; older versions do not have the
-- name, so it is a part of the column.
parts (kind, "table", name, part, definition) AS (
    SELECT r.kind, NULL, r.name, p.part, p.definition
      FROM relations AS r CROSS JOIN LATERAL (VALUES
           ('persistence', CASE r.relpersistence WHEN 'u' THEN 'UNLOGGED' END),
           ('row security', CASE WHEN r.relrowsecurity THEN 'enabled' END),
           ('row security of the owner', CASE WHEN r.relforcerowsecurity THEN 'forced' END),
           ('access method', (SELECT amname::text FROM pg_am
                               WHERE oid = r.relam AND amname <> 'heap')),
           ('replica identity', CASE r.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING'
               WHEN 'i' THEN (SELECT format('USING INDEX %I', name) FROM indexes
                               WHERE indrelid = r.oid AND indisreplident) END)
      ) AS p (part, definition) WHERE r.relkind IN ('r', 'p')
  UNION ALL
    SELECT r.kind, NULL, r.name,
           CASE WHEN r.relispartition THEN 'partition of ' ELSE 'inheritance from ' END
               || i.inhparent::regclass,
           coalesce(pg_get_expr(r.relpartbound, r.oid), 'INHERIT')
      FROM pg_inherits AS i JOIN relations AS r ON r.oid = i.inhrelid
  UNION ALL
    SELECT 'column', "table", a.name, p.part, p.definition
      FROM columns AS a
      JOIN pg_type AS t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      LEFT JOIN pg_constraint AS n
        ON n.conrelid = a.attrelid AND n.contype = 'n' AND n.conkey = ARRAY[a.attnum]
     CROSS JOIN LATERAL (VALUES
           (NULL, format_type(a.atttypid, a.atttypmod)),
           ('nullability', CASE WHEN a.attnotnull THEN 'NOT NULL' END),
           ('validity', CASE WHEN NOT n.convalidated THEN 'NOT VALID' END),
           ('collation', CASE WHEN a.attcollation <> t.typcollation
                              THEN a.attcollation::regcollation::text END),
           ('default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END),
           ('generation', CASE WHEN a.attgenerated <> '' THEN
               format('ALWAYS AS (%s) %s', pg_get_expr(d.adbin, d.adrelid),
                      CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END) END),
           ('identity', CASE WHEN a.attidentity <> '' THEN
               format('%s AS IDENTITY (%s)',
                      CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
                      (SELECT options FROM sequences
                        WHERE deptype = 'i' AND (refobjid, refobjsubid) = (a.attrelid, a.attnum)
                      )) END),
           ('storage', CASE WHEN a.attstorage <> t.typstorage THEN
               CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
                                 WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END),
           ('compression', CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END),
           ('statistics target', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text END)
     ) AS p (part, definition)
  UNION ALL
    SELECT o.kind, NULL, o.name, p.part, p.definition
      FROM named AS o
      JOIN pg_type AS t ON t.oid = o.objid AND o.kind = 'domain'
     CROSS JOIN LATERAL (
           SELECT 'default', pg_get_expr(t.typdefaultbin, 0)
           UNION ALL SELECT 'nullability', CASE WHEN t.typnotnull THEN 'NOT NULL' END
           UNION ALL SELECT 'constraint ' || quote_ident(conname), pg_get_constraintdef(oid)
             FROM pg_constraint WHERE contypid = t.oid AND contype = 'c'
     ) AS p (part, definition)
  UNION ALL
    SELECT kind, "table", name, 'validity', 'INVALID' FROM indexes WHERE NOT indisvalid
  UNION ALL
    SELECT r.kind, NULL, r.name, 'clustering', quote_ident(i.name)
      FROM indexes AS i JOIN relations AS r ON r.oid = i.indrelid WHERE i.indisclustered
  UNION ALL
    SELECT kind, "table", name, 'option ' || option_name, option_value
      FROM (SELECT kind, NULL AS "table", name, '' AS prefix, reloptions FROM relations
            UNION ALL
            SELECT r.kind, NULL, r.name, 'toast.', c.reloptions
              FROM relations AS r JOIN pg_class AS c ON c.oid = r.reltoastrelid
            UNION ALL
            SELECT 'column', "table", name, '', attoptions FROM columns
            UNION ALL  -- the definition of an index contains its options
            SELECT kind, "table", name, '', reloptions FROM indexes WHERE kind = 'constraint'
           ) AS o,
           LATERAL (SELECT prefix || option_name, option_value
                      FROM pg_options_to_table(o.reloptions)) AS l (option_name, option_value)
  UNION ALL
    SELECT 'trigger', r.name, t.tgname, 'state', s.clause
      FROM pg_trigger AS t
      JOIN relations AS r ON r.oid = t.tgrelid JOIN states AS s ON s.letter = t.tgenabled
     WHERE NOT t.tgisinternal AND t.tgparentid = 0
  UNION ALL
    SELECT DISTINCT 'constraint', r.name, c.conname::text,
           'triggers on ' || t.tgrelid::regclass, s.clause
      FROM pg_trigger AS t
      JOIN pg_constraint AS c ON c.oid = t.tgconstraint
      JOIN relations AS r ON r.oid = c.conrelid JOIN states AS s ON s.letter = t.tgenabled
     WHERE t.tgisinternal
  UNION ALL
    SELECT 'rule', r.name, w.rulename, 'state', s.clause
      FROM pg_rewrite AS w
      JOIN relations AS r ON r.oid = w.ev_class JOIN states AS s ON s.letter = w.ev_enabled
  UNION ALL
    SELECT 'sequence', NULL, s.name, 'owner', format('%I.%I', r.relname, a.attname)
      FROM sequences AS s
      JOIN pg_class AS r ON r.oid = s.refobjid
      JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = s.refobjsubid
     WHERE s.deptype = 'a'
  UNION ALL
    SELECT 'sequence', NULL, name, 'persistence', 'UNLOGGED'
      FROM sequences WHERE relpersistence = 'u' AND deptype IS DISTINCT FROM 'i'
  UNION ALL
    SELECT kind, "table", name, 'comment', d.description
      FROM (SELECT kind, "table", name, classid, objid, 0 FROM named
            UNION ALL
            SELECT 'column', "table", name, 'pg_class'::regclass, attrelid, attnum FROM columns
           ) AS o (kind, "table", name, classoid, objoid, objsubid)
      JOIN pg_description AS d USING (classoid, objoid, objsubid)
)
,
-- Without an ACL, functions and types have the default privileges of PUBLIC.
grants (kind, "table", name, part, definition) AS (
    SELECT kind, "table", name,
           CASE WHEN privilege_type = 'MAINTAIN' THEN 'maintenance grant' ELSE 'grant' END
               || CASE WHEN is_grantable THEN ' with grant option' ELSE '' END
               || ' to ' || CASE grantee WHEN 0 THEN 'PUBLIC'
                            ELSE quote_ident(pg_get_userbyid(grantee)) END,
           string_agg(DISTINCT privilege_type, ', ')
      FROM (SELECT o.kind, o."table", o.name, c.relowner, c.relacl
              FROM named AS o JOIN pg_class AS c ON c.oid = o.objid
             WHERE o.classid = 'pg_class'::regclass
            UNION ALL
            SELECT 'column', a."table", a.name, r.relowner, a.attacl
              FROM columns AS a JOIN relations AS r ON r.oid = a.attrelid
            UNION ALL
            SELECT o.kind, NULL, o.name, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
              FROM named AS o JOIN pg_proc AS p ON p.oid = o.objid
             WHERE o.classid = 'pg_proc'::regclass
            UNION ALL
            SELECT o.kind, NULL, o.name, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
              FROM named AS o JOIN pg_type AS t ON t.oid = o.objid
             WHERE o.classid = 'pg_type'::regclass
           ) AS held (kind, "table", name, owner, acl), LATERAL aclexplode(acl)
     WHERE grantee <> owner
     GROUP BY 1, 2, 3, 4
)
    SELECT e.kind, e."table", e.name, e.part, e.definition
      FROM (SELECT kind, "table", name, NULL AS part, definition FROM named
            UNION ALL SELECT * FROM parts WHERE definition IS NOT NULL
            UNION ALL SELECT * FROM grants) AS e
      LEFT JOIN columns AS c ON e.kind = 'column' AND c."table" = e."table" AND c.name = e.name
     ORDER BY e.kind, e."table", c.attnum, e.name, e.part
