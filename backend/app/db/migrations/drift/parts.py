"""The part of the catalog's query that finds what is said about a named thing."""

# Since PostgreSQL 17 a statistics target that nobody has set is NULL, and before it -1. Since 18 a
# NOT NULL is a constraint with a name, which older versions cannot have: it is the column's.
PARTS = """
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
            UNION ALL  -- of the others the definition says it
            SELECT kind, "table", name, '', reloptions FROM indexes WHERE kind = 'constraint'
           ) AS o,
           LATERAL (SELECT prefix || option_name, option_value
                      FROM pg_options_to_table(o.reloptions)) AS l (option_name, option_value)
  UNION ALL
    SELECT 'trigger', r.name, t.tgname, 'state', s.words
      FROM pg_trigger AS t
      JOIN relations AS r ON r.oid = t.tgrelid JOIN states AS s ON s.letter = t.tgenabled
     WHERE NOT t.tgisinternal AND t.tgparentid = 0
  UNION ALL
    SELECT DISTINCT 'constraint', r.name, c.conname::text,
           'triggers on ' || t.tgrelid::regclass, s.words
      FROM pg_trigger AS t
      JOIN pg_constraint AS c ON c.oid = t.tgconstraint
      JOIN relations AS r ON r.oid = c.conrelid JOIN states AS s ON s.letter = t.tgenabled
     WHERE t.tgisinternal
  UNION ALL
    SELECT 'rule', r.name, w.rulename, 'state', s.words
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
"""

# Functions and types are everybody's as long as nobody has granted or revoked anything.
GRANTS = """
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
"""
