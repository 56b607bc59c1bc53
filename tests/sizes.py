"""How much a run takes at once, for the time of a test: by small sizes a few documents are many pages and queries."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Self

from shared import documents, retirement, reviser, stretches
from tests.simulation.substitution import Substitute, substituted


@dataclass(frozen=True)
class Sizes:
    """The sizes that are constants of the product, but for the first."""

    page: int
    """Documents worked on together, and appended together: the setting PAGE_SIZE."""
    query: int
    """Documents or names of one query."""
    tried: int
    """Names read before it is known whether reading names pays."""
    portion: int
    """Documents looked up, revised or retired at once."""

    @property
    def substitutes(self) -> tuple[Substitute, ...]:
        """What the constants shall be."""
        return (
            (documents, "PAGE", self.query),
            (stretches, "PAGE", self.query),
            (stretches, "_NAMES", self.query),
            (stretches, "_TRIED", self.tried),
            (documents, "MAX_WHOLE", self.portion),
            (reviser, "MAX_WAITING", self.portion),
            (retirement, "MAX_BATCH", self.portion),
        )

    def in_force(self) -> AbstractContextManager[None]:
        """Let the constants of this process be these for a while."""
        return substituted(self.substitutes)

    def __str__(self) -> str:
        """Write them as `read` takes them."""
        return f"{self.page} {self.query} {self.tried} {self.portion}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `str` wrote, for a process that is told by its environment."""
        return cls(*map(int, text.split()))
