"""What a rule finds in a revision, and what there is to say about it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Rule:
    """Something that a revision should not do.

    Attributes:
        name: what an exception calls it.
        why: whom it hurts, as a sentence.
        fix: what to do instead.
    """

    name: str
    why: str
    fix: str


@dataclass(frozen=True)
class Finding:
    """A place where a revision does it.

    Attributes:
        path: the file.
        line: where in it.
        rule: what it breaks.
        what: what stands there, in a few words.
    """

    path: Path
    line: int
    rule: Rule
    what: str
