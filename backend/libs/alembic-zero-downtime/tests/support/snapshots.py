"""Take a snapshot of a database, to compare it with another one or with itself later."""

from sqlalchemy import Connection, Engine, text

from alembic_zero_downtime.tables import BACKFILL_TABLE, LEDGER_TABLE

QUERIES = {
    "columns": """
        SELECT table_name, column_name,  -- in their order: numbers of dropped columns stay used
               rank() OVER (PARTITION BY table_name ORDER BY ordinal_position),
               data_type, is_nullable, column_default, is_identity, identity_generation
          FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype::text, convalidated,
               pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "indexes": """
        SELECT indrelid::regclass::text, indexrelid::regclass::text, indisvalid,
               pg_get_indexdef(indexrelid)
          FROM pg_index WHERE indrelid IN
               (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    """,
    "relations": """
        SELECT relname::text, relkind::text, relacl::text
          FROM pg_class WHERE relnamespace = 'public'::regnamespace
    """,
    "routines": """
        SELECT oid::regprocedure::text, pg_get_functiondef(oid)
          FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    """,
    "triggers": """
        SELECT tgrelid::regclass::text, pg_get_triggerdef(oid)
          FROM pg_trigger WHERE NOT tgisinternal
    """,
    "types": """
        SELECT typname::text, typtype::text FROM pg_type
         WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')
    """,
}

Snapshot = dict[str, list[str]]


def read_catalog(connection: Connection) -> Snapshot:
    """Return the objects of the public schema, sorted, including Alembic's own table."""
    return {
        kind: sorted(str(tuple(row)) for row in connection.execute(text(query)))
        for kind, query in QUERIES.items()
    }


def read_rows(connection: Connection) -> Snapshot:
    """Return every row of every table, sorted; those of the ledger vary with time and host."""
    tables = connection.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ).all()
    return {
        table: sorted(
            str(row) for row in connection.scalars(text(f'SELECT t::text FROM "{table}" AS t'))
        )
        for table in tables
        if table not in (LEDGER_TABLE, BACKFILL_TABLE)
    }


def take_snapshot(engine: Engine) -> tuple[Snapshot, Snapshot]:
    """Return the schema and the rows."""
    with engine.connect() as connection:
        return read_catalog(connection), read_rows(connection)
