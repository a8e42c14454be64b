"""Nine revisions after the project's own, one of each kind that a busy database is changed with.

The scenarios copy them behind `alembic/versions` and put the project's head in c01.
"""
