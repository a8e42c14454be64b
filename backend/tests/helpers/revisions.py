"""The revisions of this code, so that no test has to know which is the newest."""

from alembic_zero_downtime.history.state import list_revisions
from app.db.migrations import PROJECT

SCRIPTS = PROJECT.load_revisions()
REVISIONS = list_revisions(SCRIPTS)
IDS = [revision.revision for revision in REVISIONS]
HEAD = IDS[-1]
BEFORE_HEAD = IDS[-2]
NEXT, AFTER_NEXT = (f"{len(IDS) + n:03d}" for n in (1, 2))
AT_HEAD = f"{HEAD} (head)"
AT_NONE = f"no revision (empty, {len(IDS)} pending: {IDS[0]} to {IDS[-1]})"
ONE_BEHIND = f"{BEFORE_HEAD} (behind, 1 pending: {HEAD})"
