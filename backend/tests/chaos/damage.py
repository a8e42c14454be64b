"""Count what kills have left behind."""

from collections import Counter

from sqlalchemy import URL, text

from tests.chaos.harness import connected
from tests.chaos.outcome import Figure
from tests.chaos.upgrade import Upgrade, read_revision

INVALID_INDEXES = text("SELECT count(*) FROM pg_index WHERE NOT indisvalid")


class Damage:
    """Where an upgrade was when it was killed, over many kills."""

    def __init__(self, upgrade: Upgrade) -> None:
        self._upgrade = upgrade
        self._stood = Counter(dict.fromkeys(upgrade.durations, 0))
        self._invalid_indexes = 0

    @property
    def kills(self) -> int:
        """How many have hit."""
        return self._stood.total()

    def note(self, url: URL) -> None:
        """Look at a database after a kill."""
        with connected(url) as connection:
            self._stood[read_revision(connection)] += 1
            self._invalid_indexes += connection.scalar(INVALID_INDEXES) or 0

    def check_spread(self) -> list[str]:
        """Return a failure where most of the upgrade was never hit: that would show little."""
        hit = sum(number > 0 for number in self._stood.values())
        enough = min(len(self._stood), self.kills) // 2
        return [] if hit >= enough else [f"the kills hit {hit} places: {dict(self._stood)}"]

    def figures(self) -> dict[str, Figure]:
        """Return what was counted."""
        return {
            "kills": self.kills,
            "one undisturbed": f"{sum(self._upgrade.durations.values()):.2f} s",
            "invalid indexes left behind": self._invalid_indexes,
            "where the database stood": dict(self._stood),
        }
