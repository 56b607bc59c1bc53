"""What came of the mutants of a group."""

from collections import Counter
from collections.abc import Mapping, Sequence

from tests.mutation.equivalents import as_listed, known
from tests.mutation.mutant import Mutant

_KILLED = {"killed", "timeout"}
_WORDS = {
    "killed": "killed",
    "timeout": "ended by their time limit",
    "survived": "survived",
    "no tests": "reached by no test",
    "equivalent": "equivalent",
    "misjudged": "listed as equivalent and yet killed",
}


class Score:
    """Mutants and their outcomes. A mutant that is listed as equivalent counts for nothing, unless a test kills it."""

    def __init__(self, mutants: Sequence[Mutant], found: Mapping[str, str]) -> None:
        """Take outcomes as the trial found them."""
        listed = known()
        self._outcomes = [(one, _judged(found[one.name], equal=as_listed(one) in listed)) for one in mutants]
        self._counts = Counter(outcome for _, outcome in self._outcomes)

    @property
    def share(self) -> float:
        """How many are killed, of those that are not equivalent."""
        counted = self._counts.total() - self._counts["equivalent"]
        return (self._counts.total() - sum(self._counts[one] for one in _ALIVE)) / counted if counted else 1.0

    @property
    def survivors(self) -> str:
        """What nobody noticed, and what somebody misjudged, for a person to look at."""
        shown = ((mutant, outcome) for mutant, outcome in self._outcomes if outcome not in _SETTLED)
        return "".join(f"{_WORDS[outcome]}: {mutant.function}\n{mutant.change}\n\n" for mutant, outcome in shown)

    def __str__(self) -> str:
        """Say it in one line."""
        said = ", ".join(f"{self._counts[outcome]} {words}" for outcome, words in _WORDS.items())
        return f"{said}; {self.share:.1%} of those that are not equivalent are killed"


_ALIVE = ("survived", "no tests", "equivalent")
_SETTLED = {"killed", "timeout", "equivalent"}


def _judged(outcome: str, *, equal: bool) -> str:
    if not equal:
        return outcome
    return "misjudged" if outcome in _KILLED else "equivalent"
