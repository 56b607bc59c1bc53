"""Pages of hostile documents down the track, counted and held to the rules."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from shared.quarantine import Reject
from tests.hostile.documents import message, page
from tests.hostile.track import Outcome, Track
from tests.hostile.verdicts import broken

PAGE = 100
"""Documents drawn from one seed; those that got the same id are one."""


@dataclass
class Tally:
    """What became of documents."""

    documents: int = 0
    rows: int = 0
    not_due: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        for one in outcomes:
            self.documents += 1
            if isinstance(one.result, Reject):
                self.reasons[one.result.reason.value] += 1
            elif one.result is None:
                self.not_due += 1
            else:
                self.rows += 1


def outcomes(track: Track, seed: int) -> list[Outcome]:
    """One page."""
    job = track.loop.name
    return track.outcomes(message(job, *drawn) for drawn in page(job, seed, PAGE).items())


def fuzz(job: str, seeds: Iterable[int], tally: Tally) -> Iterator[str]:
    """Take the pages of some seeds down the track; yield every broken rule with the command that shows it again."""
    track = Track(job)
    for seed in seeds:
        try:
            found = outcomes(track, seed)
            sentences = list(broken(found, track.loop.row, track.loop.document))
        except Exception as error:
            error.add_note(replay(job, seed))
            raise
        tally.add(found)
        yield from (f"{sentence}\n  {replay(job, seed)}" for sentence in sentences)


def replay(job: str, seed: int) -> str:
    """The command that shows a page again."""
    return f".venv/bin/python -m tests.hostile {job} {seed}"
