"""Histories for a table of many orders, in the style of applications."""

TABLES = (
    "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
    "INSERT INTO alembic_version VALUES ('001')",
    "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, country varchar(2))",
    """
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, state text NOT NULL,
        quantity int NOT NULL, amount numeric(12, 2), note varchar(80), data jsonb,
        created_at timestamp NOT NULL)
    """,
    "CREATE TABLE notes (id int PRIMARY KEY, note text)",
)
FILL_CUSTOMERS = """
    INSERT INTO customers SELECT n, 'Customer ' || n, (ARRAY['DE', 'FR', 'IT'])[1 + n % 3]
      FROM generate_series(1, :rows / 10) AS n
"""
FILL_ORDERS = """
    INSERT INTO orders
    SELECT n, 1 + n % (:rows / 10), CASE WHEN n % 100 = 0 THEN 'open' ELSE 'closed' END,
           n % 1000, n % 5000 / 7.0, md5(n::text),
           jsonb_build_object('channel', n % 5, 'tags', md5(n::text)),
           timestamp '2020-01-01' + n * interval '1 minute'
      FROM generate_series(1, :rows) AS n
"""
FILL = (
    "INSERT INTO notes SELECT n, md5(n::text) FROM generate_series(1, :rows) AS n",
    FILL_CUSTOMERS,
    FILL_ORDERS,
    "CREATE INDEX ix_orders_customer_id ON orders (customer_id)",
)


def execute(*statements: str) -> str:
    """Return the lines of a revision that executes these statements."""
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


KEY = (
    'op.add_column("orders", sa.Column("key", sa.Uuid(),'
    ' server_default=sa.text("gen_random_uuid()"), nullable=False))'
)
LOOP = """
bind = op.get_bind()
for row in bind.execute(sa.text("SELECT id FROM orders WHERE state = 'open' LIMIT 100")).all():
    bind.execute(sa.text("UPDATE orders SET note = 'x' WHERE id = :id"), {"id": row.id})
"""
BATCHES = """
bind = op.get_bind()
batch = '''UPDATE orders SET quantity = 0 WHERE id IN
    (SELECT id FROM orders WHERE state = 'open' AND quantity > 0 LIMIT 500)'''
while bind.execute(sa.text(batch)).rowcount:
    pass
"""

APPLICATIONS = {
    "backfill": [
        'op.add_column("notes", sa.Column("state", sa.Text()))',
        execute("UPDATE notes SET state = 'new' WHERE state IS NULL"),
        'op.alter_column("notes", "state", nullable=False)',
    ],
    "columns": [
        'op.add_column("orders", sa.Column("source", sa.Text()))',
        execute("UPDATE orders SET source = 'shop' WHERE source IS NULL"),
        'op.alter_column("orders", "source", nullable=False)',
        'op.add_column("orders", sa.Column("kind", sa.Integer(), server_default="1"))',
        execute("UPDATE orders SET kind = 2 WHERE kind = 1 AND state = 'open'"),
        'op.drop_column("orders", "source")',
    ],
    "rewrites": [
        KEY,
        'op.alter_column("orders", "quantity", type_=sa.BigInteger())',
        'op.alter_column("orders", "note", type_=sa.Text())',
        execute(
            "ALTER TABLE orders ALTER created_at TYPE timestamptz"
            " USING created_at AT TIME ZONE 'UTC'"
        ),
        execute("ALTER TABLE orders ADD number bigint GENERATED ALWAYS AS IDENTITY"),
        execute("ALTER TABLE orders ADD lower_note text GENERATED ALWAYS AS (lower(note)) STORED"),
    ],
    "indexes": [
        'op.create_index("ix_quantity", "orders", ["quantity"])',
        'op.create_index("ix_note", "orders", ["note"])',
        'op.create_index("ix_created", "orders", ["state", "created_at"])',
        execute("CREATE INDEX ix_lower ON orders (lower(note))"),
        execute("CREATE INDEX ix_open ON orders (created_at) WHERE state = 'open'"),
        execute("CREATE INDEX ix_data ON orders USING gin (data)"),
        'op.create_index("ix_unique", "orders", ["customer_id", "id"], unique=True)',
        'op.create_index_online("ix_online", "orders", ["amount"])',
        execute("REINDEX INDEX orders_pkey"),
    ],
    "constraints": [
        'op.create_foreign_key("fk_customer", "orders", "customers", ["customer_id"], ["id"])',
        'op.create_check_constraint("ck_quantity", "orders", "quantity >= 0")',
        'op.create_unique_constraint("uq_note", "orders", ["note"])',
        'op.create_check_constraint("ck_note", "orders", "note ~ \'^[0-9a-f]+$\'")',
        execute("ALTER TABLE orders ADD CONSTRAINT ck_late CHECK (amount >= 0) NOT VALID"),
        execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_late"),
        'op.alter_column("orders", "amount", nullable=False)',
    ],
    "changes": [
        execute("UPDATE orders SET quantity = quantity + 1 WHERE state = 'open'"),
        execute("UPDATE orders SET note = 'x' WHERE id = 4711"),
        execute("UPDATE orders SET amount = 0 WHERE created_at < '2020-02-01'"),
        execute("DELETE FROM orders WHERE id % 2 = 1 AND id < 100000"),
        execute("DELETE FROM orders WHERE created_at >= '2020-11-01'"),
        execute("UPDATE orders SET note = upper(note)"),
    ],
    "joins": [
        execute(
            "UPDATE orders SET note = customers.name FROM customers"
            " WHERE customers.id = orders.customer_id"
        ),
        execute(
            "UPDATE orders SET note = 'x' FROM customers"
            " WHERE customers.id = orders.customer_id AND customers.id < 500"
        ),
        execute(
            "DELETE FROM customers WHERE NOT EXISTS"
            " (SELECT FROM orders WHERE orders.customer_id = customers.id)"
        ),
        execute("SELECT count(*) FROM orders JOIN customers ON customers.id = orders.customer_id"),
        execute("SELECT max(amount), state FROM orders GROUP BY state"),
    ],
    "loops": [LOOP.strip(), BATCHES.strip()],
    "tables": [
        execute("CREATE TABLE archive AS SELECT * FROM orders WHERE state = 'closed'"),
        execute("CREATE INDEX ix_archive ON archive (customer_id)"),
        execute("ALTER TABLE archive ADD PRIMARY KEY (id)"),
        execute(
            "CREATE TABLE totals (customer_id bigint PRIMARY KEY REFERENCES customers,"
            " total numeric)"
        ),
        execute(
            "INSERT INTO totals SELECT customer_id, sum(amount) FROM orders GROUP BY customer_id"
        ),
        execute(
            "CREATE TABLE lines (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
            " order_id bigint NOT NULL REFERENCES orders, text text)",
            "CREATE INDEX ix_lines ON lines (order_id)",
        ),
        execute(
            "INSERT INTO lines (order_id, text) SELECT orders.id, customers.name FROM orders"
            " JOIN customers ON customers.id = orders.customer_id"
        ),
        execute("UPDATE lines SET text = 'y' WHERE text IS NOT NULL"),
        execute(
            "CREATE MATERIALIZED VIEW sums AS SELECT state, sum(amount) FROM orders GROUP BY 1"
        ),
        execute("DROP TABLE archive"),
    ],
}
"""The lines of the pending revisions, by the name of the history."""
