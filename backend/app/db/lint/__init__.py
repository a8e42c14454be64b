"""Look for what hurts in new revisions, before a database sees them: `make migrate-lint`."""
