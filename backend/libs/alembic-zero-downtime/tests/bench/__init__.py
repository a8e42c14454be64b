"""Benchmarks against plain Alembic and its plain operations, measured in the same run."""
