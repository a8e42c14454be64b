"""The database: its address, models, migrations, and an embedded server for development."""
