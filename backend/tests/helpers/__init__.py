"""What the tests share: commands as a person types them, and snapshots of a database."""
