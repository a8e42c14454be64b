"""Commands of `scripts/db_manager.py` on the product's data; the library provides the others."""
