"""Count the results of kills."""

from collections import Counter

from sqlalchemy import URL, text

from chaos.outcome import Figure
from chaos.upgrade import Upgrade, read_revision
from support.databases import connected

INVALID_INDEXES = text("SELECT count(*) FROM pg_index WHERE NOT indisvalid")


class Damage:
    """The revisions at which upgrades were killed, and the invalid indexes that were left."""

    def __init__(self, upgrade: Upgrade) -> None:
        self._upgrade = upgrade
        self._revisions = Counter(dict.fromkeys(upgrade.durations, 0))
        self._invalid_indexes = 0

    @property
    def kills(self) -> int:
        """The number of kills that hit a running upgrade."""
        return self._revisions.total()

    def record(self, url: URL) -> None:
        """Read a database after a kill."""
        with connected(url) as connection:
            self._revisions[read_revision(connection)] += 1
            self._invalid_indexes += connection.scalar(INVALID_INDEXES) or 0

    def check_spread(self) -> list[str]:
        """Return a failure if few revisions were hit: that would prove little."""
        hit = sum(number > 0 for number in self._revisions.values())
        enough = min(len(self._revisions), self.kills) // 3
        return [] if hit >= enough else [f"the kills hit {hit} revisions: {dict(self._revisions)}"]

    def figures(self) -> dict[str, Figure]:
        """Return the counts."""
        return {
            "kills": self.kills,
            "an undisturbed upgrade": f"{sum(self._upgrade.durations.values()):.2f} s",
            "invalid indexes left behind": self._invalid_indexes,
            "revision of the database": dict(self._revisions),
        }
