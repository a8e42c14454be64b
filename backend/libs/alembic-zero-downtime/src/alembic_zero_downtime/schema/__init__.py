"""Compare two schemas by the definitions that PostgreSQL prints."""
