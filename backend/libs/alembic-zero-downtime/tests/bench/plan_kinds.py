"""Histories of one kind of statement each, for the tables of `plan_histories`."""

from bench.plan_histories import execute

CONCURRENTLY = """
with op.get_context().autocommit_block():
    op.execute("CREATE INDEX CONCURRENTLY ix_day ON orders (date_trunc('day', created_at))")
    op.execute("REINDEX INDEX CONCURRENTLY ix_orders_customer_id")
    op.execute("VACUUM ANALYZE orders")
    op.execute("VACUUM FULL notes")
"""
SEED = """
op.create_table("products", sa.Column("id", sa.BigInteger(), primary_key=True),
    sa.Column("name", sa.Text(), nullable=False), sa.Column("price", sa.Numeric(12, 2)))
products = sa.table("products", sa.column("id"), sa.column("name"), sa.column("price"))
op.bulk_insert(products, [{"id": n, "name": f"Product {n}", "price": n} for n in range(2_000)])
op.execute("UPDATE products SET price = price * 2")
op.execute("CREATE INDEX ix_products ON products (name)")
"""
RAISE_PRICES = """
    CREATE FUNCTION raise_amounts(percent numeric) RETURNS void LANGUAGE sql AS $$
        UPDATE orders SET amount = amount * (1 + percent / 100)
    $$
"""
TOUCH = """
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN NEW.note := 'touched'; RETURN NEW; END
    $$
"""
LOG = """
    CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO log VALUES (NEW.id); RETURN NEW; END
    $$
"""
MOVE = """
    WITH gone AS (DELETE FROM orders WHERE created_at >= '2020-11-01' RETURNING *)
    INSERT INTO moved SELECT * FROM gone
"""
LATEST = """
    UPDATE customers SET name = name || latest.at::text
      FROM (SELECT customer_id, max(created_at) AS at FROM orders GROUP BY 1) AS latest
     WHERE latest.customer_id = customers.id
"""
DUPLICATES = """
    DELETE FROM notes USING (SELECT id, row_number() OVER (PARTITION BY left(note, 3) ORDER BY id)
        AS number FROM notes) AS numbered
     WHERE numbered.id = notes.id AND numbered.number > 100
"""
PARTITIONS = (
    """
    CREATE TABLE events (id bigint, created_at timestamp NOT NULL, note text)
        PARTITION BY RANGE (created_at)
    """,
    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2020-07-01')",
    "CREATE TABLE events_2 PARTITION OF events DEFAULT",
)

KINDS = {
    "updates": [
        execute("UPDATE orders SET note = left(md5(note || id), 20) WHERE id <= 250000"),
        execute("UPDATE orders SET data = jsonb_set(data, '{source}', '\"shop\"')"),
        execute(
            "UPDATE orders SET note = (SELECT name FROM customers"
            " WHERE customers.id = orders.customer_id)"
        ),
        execute(LATEST),
        execute(
            "UPDATE orders SET state = 'late' WHERE customer_id IN"
            " (SELECT id FROM customers WHERE country = 'DE')"
        ),
        execute("UPDATE orders SET customer_id = 1 + customer_id % 1000 WHERE state = 'late'"),
        execute("UPDATE notes SET note = regexp_replace(note, '[aeiou]', '-', 'g')"),
        execute(
            "UPDATE orders SET quantity = CASE WHEN quantity > 500 THEN 2 ELSE 1 END"
            " WHERE quantity BETWEEN 250 AND 750"
        ),
    ],
    "indexed": [
        execute("CREATE INDEX ix_1 ON orders (state, created_at)"),
        execute("CREATE INDEX ix_2 ON orders (note)"),
        execute("CREATE INDEX ix_3 ON orders (amount)"),
        execute("UPDATE orders SET note = upper(note)"),
        execute(
            "INSERT INTO orders SELECT id + 10000000, customer_id, state, quantity, amount,"
            " note, data, created_at FROM orders WHERE id <= 100000"
        ),
        execute("DELETE FROM orders WHERE id > 10000000"),
    ],
    "deletes": [
        execute(
            "DELETE FROM orders WHERE customer_id IN"
            " (SELECT id FROM customers WHERE country = 'FR')"
        ),
        execute(
            "DELETE FROM orders USING customers"
            " WHERE customers.id = orders.customer_id AND customers.country = 'IT'"
        ),
        execute(DUPLICATES),
        execute("DELETE FROM notes WHERE id NOT IN (SELECT id FROM customers)"),
        execute("DELETE FROM orders"),
        execute("TRUNCATE notes"),
    ],
    "inserts": [
        execute(
            "INSERT INTO notes SELECT id + 1000000, note FROM orders WHERE quantity < 500"
            " ON CONFLICT (id) DO NOTHING"
        ),
        execute(
            "INSERT INTO notes SELECT id, note FROM orders"
            " ON CONFLICT (id) DO UPDATE SET note = EXCLUDED.note"
        ),
        execute("CREATE TABLE words (word text PRIMARY KEY, number int NOT NULL)"),
        execute("INSERT INTO words SELECT note, count(*) FROM notes GROUP BY note"),
        execute("CREATE TABLE months (customer_id bigint, month date, amount numeric)"),
        execute(
            "INSERT INTO months SELECT customer_id, date_trunc('month', created_at), sum(amount)"
            " FROM orders GROUP BY 1, 2"
        ),
        execute(
            "INSERT INTO customers SELECT n + 5000000, 'Guest ' || n, 'AT'"
            " FROM generate_series(1, 200000) AS n"
        ),
        execute("CREATE TABLE tags AS SELECT id, jsonb_object_keys(data) AS tag FROM orders"),
        SEED.strip(),
    ],
    "special_indexes": [
        execute("CREATE INDEX ix_day ON orders (date_trunc('day', created_at))"),
        execute("CREATE INDEX ix_channel ON orders ((data ->> 'channel'))"),
        execute("CREATE UNIQUE INDEX ix_lower ON orders (lower(note), id)"),
        execute("CREATE INDEX ix_closed ON orders (note) WHERE state = 'closed'"),
        execute("CREATE INDEX ix_many ON orders (quantity) WHERE quantity > 900"),
        execute("CREATE INDEX ix_words ON orders USING gin (to_tsvector('simple', note))"),
        execute("CREATE INDEX ix_paths ON orders USING gin (data jsonb_path_ops)"),
        execute("CREATE INDEX ix_hash ON orders USING hash (note)"),
        execute("CREATE INDEX ix_brin ON orders USING brin (created_at)"),
        execute("CREATE INDEX ix_range ON orders USING gist (tsrange(created_at, NULL))"),
        execute("CREATE INDEX ix_include ON orders (customer_id) INCLUDE (note, amount)"),
        execute("CREATE INDEX ix_desc ON orders (created_at DESC NULLS LAST, id)"),
        execute('CREATE INDEX ix_c ON orders (note COLLATE "C")'),
        execute("CREATE INDEX ix_json ON orders (data)"),
        execute("DROP INDEX ix_json"),
        execute("REINDEX TABLE orders"),
    ],
    "checks": [
        execute(
            "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id)"
            " REFERENCES customers NOT VALID"
        ),
        execute("ALTER TABLE orders VALIDATE CONSTRAINT fk"),
        execute("ALTER TABLE orders ADD CHECK (note IS NOT NULL)"),
        execute("ALTER TABLE orders ALTER note SET NOT NULL"),
        execute("ALTER TABLE orders ALTER data SET NOT NULL"),
        execute(
            "ALTER TABLE orders ADD CHECK (length(note) < 81 AND jsonb_typeof(data) = 'object')"
        ),
        execute("ALTER TABLE orders ADD CHECK (data ->> 'channel' IN ('0', '1', '2', '3', '4'))"),
        execute("ALTER TABLE orders ADD CHECK (md5(note) <> note)"),
        execute("ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES notes (id)"),
        execute("ALTER TABLE notes ADD UNIQUE (note)"),
    ],
    "types": [
        execute("ALTER TABLE orders ALTER note TYPE varchar(100)"),
        execute("ALTER TABLE orders ALTER note TYPE varchar(50)"),
        execute("ALTER TABLE orders ALTER quantity TYPE text"),
        execute("ALTER TABLE orders ALTER quantity TYPE int USING quantity::int"),
        execute("ALTER TABLE orders ALTER data TYPE json USING data::json"),
        execute("ALTER TABLE orders ALTER amount TYPE numeric(14, 4)"),
        execute("ALTER TABLE orders ALTER created_at TYPE date"),
        execute("CREATE TYPE order_state AS ENUM ('open', 'closed')"),
        execute("ALTER TABLE orders ALTER state TYPE order_state USING state::order_state"),
        execute("CREATE DOMAIN positive AS bigint CHECK (value > 0)"),
        execute("ALTER TABLE orders ALTER customer_id TYPE positive"),
        execute("ALTER TABLE notes ADD position positive"),
        execute("ALTER TABLE notes ADD rank positive DEFAULT 1"),
    ],
    "maintenance": [
        execute(
            "CREATE MATERIALIZED VIEW days AS SELECT date_trunc('day', created_at) AS day,"
            " sum(amount) FROM orders GROUP BY 1"
        ),
        execute("CREATE UNIQUE INDEX ix_days ON days (day)"),
        execute("REFRESH MATERIALIZED VIEW days"),
        execute("CREATE VIEW recent AS SELECT * FROM orders WHERE created_at > '2020-10-01'"),
        execute("CLUSTER orders USING ix_orders_customer_id"),
        execute("ANALYZE orders"),
        execute("ALTER TABLE orders SET UNLOGGED"),
        execute("ALTER TABLE orders SET (fillfactor = 80)"),
        CONCURRENTLY.strip(),
    ],
    "defaults": [
        execute("ALTER TABLE orders ADD drawn float8 NOT NULL DEFAULT random()"),
        execute("ALTER TABLE orders ADD at timestamptz NOT NULL DEFAULT clock_timestamp()"),
        execute("ALTER TABLE orders ADD since timestamptz NOT NULL DEFAULT now()"),
        execute("ALTER TABLE orders ADD hash text GENERATED ALWAYS AS (md5(note)) STORED"),
        execute("ALTER TABLE orders ADD total numeric GENERATED ALWAYS AS (amount * quantity)"),
        execute("ALTER TABLE notes ADD number serial"),
        execute("ALTER TABLE notes ADD key text NOT NULL DEFAULT md5(random()::text)"),
    ],
    "code": [
        execute("DO $$ BEGIN UPDATE orders SET quantity = 1 WHERE state = 'open'; END $$"),
        execute(
            "DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM customers LOOP"
            " UPDATE orders SET note = 'y' WHERE customer_id = r.id; END LOOP; END $$"
        ),
        execute(RAISE_PRICES),
        execute("SELECT raise_amounts(10)"),
        execute("CREATE TABLE moved (LIKE orders)"),
        execute(MOVE),
        execute(
            "WITH many AS (SELECT customer_id FROM orders GROUP BY 1 HAVING count(*) > 2)"
            " UPDATE customers SET name = 'Many' FROM many WHERE many.customer_id = customers.id"
        ),
    ],
    "triggers": [
        execute(TOUCH),
        execute(
            "CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch()"
        ),
        execute("UPDATE orders SET quantity = 0 WHERE id <= 200000"),
        execute("CREATE TABLE log (id bigint)", LOG),
        execute("CREATE TRIGGER log AFTER UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION log()"),
        execute("UPDATE notes SET note = 'x' WHERE id <= 50000"),
    ],
    "partitions": [
        execute(*PARTITIONS),
        execute("INSERT INTO events SELECT id, created_at, note FROM orders"),
        execute("CREATE INDEX ix_events ON events (id)"),
        execute("UPDATE events SET note = 'x' WHERE created_at < '2020-03-01'"),
        execute("ALTER TABLE events ADD kind text DEFAULT 'a'"),
        execute("ALTER TABLE events DETACH PARTITION events_1"),
        execute(
            "ALTER TABLE events ATTACH PARTITION events_1"
            " FOR VALUES FROM ('2020-01-01') TO ('2020-07-01')"
        ),
        execute("DROP TABLE events"),
    ],
}
"""The lines of the pending revisions, by the kind of their statements."""
