"""Benchmarks of this application: `python -m tests.bench.revisions`."""
