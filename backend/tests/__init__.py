"""Tests against a real PostgreSQL: an embedded one, or the server that TEST_DATABASE_URL names."""
