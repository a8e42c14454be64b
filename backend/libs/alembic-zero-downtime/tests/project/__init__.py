"""A project with two revisions, on which the library's tests run."""
