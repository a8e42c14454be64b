"""Compare models, migrations and a database."""
