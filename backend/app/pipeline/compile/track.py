"""What is known of a line while older reports are compared with it."""

from dataclasses import dataclass, field

from app.pipeline.compile.items import Amount, Item
from app.pipeline.compile.lines import Evidence, Line

Tagged = tuple[str, frozenset[tuple[str, str]]]
"""The local name of a concept with its axes and members."""


@dataclass(slots=True, eq=False)
class Track:
    """A line with what is compared of all its rows.

    Attributes:
        items: Its rows, the newest first.
        names: The names of its rows.
        concepts: Concepts with their axes.
        anchors: Standard concepts that its concepts are anchored to.
        amounts: By key of the period, what its rows state, the nearest in time first.
        reports: Of those figures.
        above: The headings above, outermost first.
    """

    line: Line = field(default_factory=Line)
    items: list[Item] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    concepts: set[Tagged] = field(default_factory=set)
    anchors: set[str] = field(default_factory=set)
    amounts: dict[str, list[Amount]] = field(default_factory=dict)
    reports: dict[str, list[int]] = field(default_factory=dict)
    above: list["Track"] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Return its label as the sections of the rows below have it."""
        return self.line.newest.label.rstrip(": ")

    @property
    def tags(self) -> set[str]:
        """Return the concepts of its rows and those they are anchored to."""
        return {concept for concept, _ in self.concepts} | self.anchors

    @classmethod
    def of(cls, item: Item) -> "Track":
        """Return a line that begins with a row."""
        track = cls()
        track.add(item, "new")
        return track

    @property
    def latest(self) -> Item:
        """Return the row of the oldest report so far, which is the nearest to the next one."""
        return self.items[-1]

    def add(self, item: Item, evidence: Evidence) -> None:
        """Add the row of an older report."""
        if item.number in self.line.rows:
            raise ValueError(f"two rows of report {item.number} on one line")  # never by design
        self.line.rows[item.number] = item.row
        self.line.evidence[item.number] = evidence
        self.line.signs[item.number] = self._sign(item)
        self.items.append(item)
        self.names.add(item.name)
        if item.concept:
            self.concepts.add((item.concept, item.axes))
        if item.anchor:
            self.anchors.add(item.anchor)
        for column, amount in item.amounts.items():
            self.amounts.setdefault(column, []).insert(0, amount)
            self.reports.setdefault(column, []).insert(0, item.number)

    def meets(self, other: "Track") -> bool:
        """Whether two lines cannot be one: a report has both, or they state other figures."""
        if self.line.rows.keys() & other.line.rows.keys():
            return True
        worths = {column: {each.worth for each in own} for column, own in self.amounts.items()}
        return any(
            column in worths and worths[column].isdisjoint(each.worth for each in stated)
            for column, stated in other.amounts.items()
        )

    def absorb(self, other: "Track", evidence: Evidence) -> None:
        """Take the rows of another line, which a row of this one shows to be the same.

        Args:
            other: It has no report in common with this line.
            evidence: Replaces that the later of the two is a new line.
        """
        decided = {**self.line.evidence, **other.line.evidence}
        items = sorted([*self.items, *other.items], key=lambda each: each.number)
        if items[0].number in other.line.rows:
            self.above, self.line.section = other.above, other.line.section
        for kept in (self.line.rows, self.line.evidence, self.line.signs):
            kept.clear()
        self.items, self.names, self.concepts, self.anchors = [], set(), set(), set()
        self.amounts, self.reports = {}, {}
        for number, item in enumerate(items):
            why = decided[item.number]
            self.add(item, evidence if number and why == "new" else why)

    def _sign(self, item: Item) -> int:
        """Return -1 if a row has the other sign than the line in most years that both state."""
        votes = 0
        for column, amount in item.amounts.items():
            for stated, number in zip(
                self.amounts.get(column, ()), self.reports.get(column, ()), strict=True
            ):
                if amount.digits and abs(stated.worth) == abs(amount.worth):
                    votes += self.line.signs[number] * (1 if stated.worth == amount.worth else -1)
                    break
        return -1 if votes < 0 else 1
