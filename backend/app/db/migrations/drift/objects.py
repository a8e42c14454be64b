"""The part of the catalog's query that finds what has a name of its own."""

# Bookkeeping's own sequence is one of an identity column, and so is not listed either.
OBJECTS = """
objects (kind, "table", name, classid, objid, definition) AS (
    SELECT kind, NULL::text, name, 'pg_class'::regclass::oid, r.oid,
           CASE relkind WHEN 'p' THEN 'PARTITION BY ' || pg_get_partkeydef(r.oid)
                        WHEN 'f' THEN (SELECT format('SERVER %I', s.srvname)
                                         FROM pg_foreign_table AS f
                                         JOIN pg_foreign_server AS s ON s.oid = f.ftserver
                                        WHERE f.ftrelid = r.oid)
                        WHEN 'r' THEN '' ELSE btrim(pg_get_viewdef(r.oid), E' \\n;') END
      FROM relations AS r
  UNION ALL
    SELECT 'constraint', r.name, c.conname::text, 'pg_constraint'::regclass, c.oid,
           pg_get_constraintdef(c.oid)
      FROM pg_constraint AS c JOIN relations AS r ON r.oid = c.conrelid
     WHERE c.contype NOT IN ('n', 't')  -- a NOT NULL is its column's, and a trigger a trigger
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
     WHERE w.rulename <> '_RETURN'  -- what a view is made of
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
      FROM sequences WHERE deptype IS DISTINCT FROM 'i'  -- the others are an identity's
  UNION ALL
    SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
           NULL, format('%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid)),
           'pg_proc'::regclass, p.oid,
           CASE WHEN p.prokind <> 'a' THEN
               rtrim(substr(pg_get_functiondef(p.oid), length(format(
                   'CREATE OR REPLACE %s %I.',
                   CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, own.nspname
               )) + 1), E'\\n')
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
"""
