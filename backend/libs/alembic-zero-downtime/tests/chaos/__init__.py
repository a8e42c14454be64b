"""Run migrations under the conditions of production: `python -m chaos`."""
