"""The migration state and the ledger of a database, and their comparison with the code."""
