"""The database: its URL, its models, and the settings of its migrations."""
