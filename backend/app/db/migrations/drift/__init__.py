"""Hold two schemas against each other, in the words in which PostgreSQL prints them."""
