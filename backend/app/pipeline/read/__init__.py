"""Read a filing: a module for each kind of file."""
