"""Nine revisions after those of the test project, one of each kind of change of a busy database.

The scenarios copy them to `alembic/versions`, and replace HEAD in c01 by the project's head.
"""
