"""Read inputs of one reader after another, and collect what must not happen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.fuzz.corpus import Seed
from tests.fuzz.mutations import MUTATIONS
from tests.fuzz.oracle import contradictions
from tests.fuzz.pool import Outcome, Worker
from tests.fuzz.readers import Summary
from tests.fuzz.strategies import STRATEGIES

SHARES = {
    "pdf": 0.18,
    "ixbrl": 0.22,
    "package": 0.12,
    "xbrl": 0.14,
    "xbrl_json": 0.15,
    "companyfacts": 0.15,
    "any": 0.04,
}
"""Of all inputs, by reader."""
DRAWN = 0.25
"""Part of the inputs that Hypothesis draws; the others are damaged files."""
SECONDS = 20.0  # for one input
MEGABYTES = 2048
NOTED = 20  # inputs between two notes of progress


@dataclass(slots=True)
class Tally:
    """What became of the inputs of one reader.

    Attributes:
        faults: Description and file of each fault, one for each place in the code.
        verified: Inputs with a statement that is said to be proved.
    """

    reader: str
    inputs: int = 0
    read: int = 0
    refused: int = 0
    verified: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    slowest: float = 0.0
    seconds: float = 0.0


class Run:
    """The inputs of one reader.

    Args:
        worker: Reads them.
        random: Chooses files and damage.
        save: The folder into which the inputs with faults are written.
        progress: Is called now and then.
    """

    def __init__(
        self,
        reader: str,
        worker: Worker,
        random: Random,
        save: Path,
        progress: Callable[[Tally], None],
    ) -> None:
        self.reader, self.worker, self.random, self.save = reader, worker, random, save
        self.progress = progress
        self.tally = Tally(reader)
        self._sound: dict[str, Sequence[Summary]] = {}

    def damaged(self, seeds: Sequence[Seed], inputs: int) -> None:
        """Damage the files of this reader, and read them."""
        own = [each for each in seeds if self.reader in {each.reader, "any"}]
        others = [each.data for each in own]
        weights = [each.weight for each in own]
        for _ in range(inputs if own else 0):
            (seed,) = self.random.choices(own, weights)
            data = seed.data
            for _time in range(self.random.choice([1, 1, 1, 2, 3])):
                mutation = self.random.choice(MUTATIONS[self.reader])
                data = mutation(data, self.random, others)
            self.check(data, seed)

    def drawn(self, inputs: int) -> None:
        """Read what Hypothesis draws."""

        @seeded(self.random.getrandbits(32))
        @settings(
            max_examples=max(1, inputs),
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(STRATEGIES[self.reader])
        def check(data: bytes) -> None:
            self.check(data, None)

        if inputs:
            check()

    def check(self, data: bytes, seed: Seed | None) -> None:
        """Read one input and note what is wrong."""
        outcome = self.worker.read(self.reader, data)
        tally = self.tally
        tally.inputs += 1
        if tally.inputs % NOTED == 0:
            self.progress(tally)
        tally.seconds += outcome.seconds
        tally.slowest = max(tally.slowest, outcome.seconds)
        tally.refused += outcome.refused is not None
        if outcome.statements is not None:
            tally.read += 1
            tally.verified += any(each.status == "verified" for each in outcome.statements)
        name = seed.name if seed else "drawn"
        if outcome.fault:
            self._note(f"{outcome.fault} [{outcome.at}]", outcome.at or outcome.fault, name, data)
        elif outcome.statements and seed:
            for each in contradictions(self._sound_of(seed), outcome.statements)[:1]:
                self._note(f"verified against the sound file: {each}", f"{name} {each}", name, data)

    def _sound_of(self, seed: Seed) -> Sequence[Summary]:
        key = f"{seed.reader} {seed.name}"
        if key not in self._sound:
            outcome: Outcome = self.worker.read(seed.reader, seed.data)
            self._sound[key] = outcome.statements or ()
        return self._sound[key]

    def _note(self, fault: str, place: str, name: str, data: bytes) -> None:
        if place in self.tally.faults:
            self.tally.repeated += 1
            return
        self.save.mkdir(parents=True, exist_ok=True)
        file = self.save / f"{self.reader}-{len(self.tally.faults)}.input"
        file.write_bytes(data)
        self.tally.faults[place] = f"{fault}: {file} (from {name})"


def fuzz(
    reader: str,
    seeds: Sequence[Seed],
    inputs: int,
    seed: int,
    save: Path,
    progress: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Read inputs of one reader.

    Args:
        reader: A key of `SHARES`.
        seeds: Sound files.
        inputs: How many.
        seed: The same seed gives the same inputs.
        save: Where inputs with faults are written.
        progress: Is called now and then.
    """
    drawn = int(inputs * DRAWN)
    with Worker(SECONDS, MEGABYTES) as worker:
        random = Random(f"{seed} {reader}")  # noqa: S311 no secret
        run = Run(reader, worker, random, save, progress)
        run.drawn(drawn)
        run.damaged(seeds, inputs - drawn)
        progress(run.tally)
    return run.tally
