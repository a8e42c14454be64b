"""Benchmark of the API on 10,000 companies: `python -m tests.bench.api`."""
