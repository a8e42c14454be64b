"""Connect to a database, read its size, back it up and empty it."""
