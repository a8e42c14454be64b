"""Show that a migration survives what production does to it: `python -m tests.chaos`."""
