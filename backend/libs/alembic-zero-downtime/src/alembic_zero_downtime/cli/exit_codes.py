"""The exit codes of the commands."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes; argparse itself uses 2, for wrong arguments."""

    OK = 0
    FAILED = 1
    BEHIND = 3
    AHEAD = 4
    DIVERGED = 5
    UNMANAGED = 6
    EMPTY = 7
    UNVERIFIED = 8
    DRIFTED = 9
    DANGEROUS = 10
    FLAGGED = 11
    INTERRUPTED = 130
    TERMINATED = 143


EXPLANATION = """exit codes:
  0    success
  1    failed or refused: database unreachable, wrong settings, server error
  2    wrong arguments
  3    behind: revisions are pending
  4    ahead: newer code has migrated the database
  5    diverged: code of another branch has migrated the database
  6    unmanaged: the database has tables that no migration created
  7    empty: the database has no tables yet
  8    verify: the applied revisions differ from this code
  9    check: models, migrations and database differ
  10   plan: a pending revision would hold a lock for long
  11   lint: unsafe change found
  130  interrupted by Ctrl-C
  143  interrupted by SIGTERM
"""
