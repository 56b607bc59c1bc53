"""The layout of a model state: one short byte string, which hashes fast and compares at once."""

from dataclasses import dataclass
from itertools import count
from typing import Final, TypeAlias

DUPLICATED: Final = 255
"""The revision of a row whose key is in the fact table twice."""

OVERWRITTEN: Final = 255
"""The run of a row whose run id another run wrote over."""


Move: TypeAlias = tuple[str, str, bytes]
"""What happens, to whom or by whom, and the state after it."""


class Phase:
    """What an attempt does next; plain integers because a state holds bytes."""

    IDLE, LOOK, SETTLE_FOUND, CLEAR_FOUND, READ, KNOW, APPEND, INTEND = range(8)
    BLIND_INTEND, IN_FLIGHT, LANDED, FINALIZE, CLEAR_EARLY, COMMIT, SETTLE = range(8, 15)
    REVISE, VERIFY, CLOSE, DONE = range(15, 19)


class Stream:
    """The life of a PENDING stream: DRAFT is not finalized, FORGOTTEN is committed yet answers "not found"."""

    NONE, DRAFT, OPEN, COMMITTED, FORGOTTEN, GONE = range(6)


class Plan:
    """A candidate in an attempt's plan: its revision, and after the anti-join what to do with it."""

    REVISION = 0x1F
    NEW = 0x40
    REVISED = 0x80


@dataclass(frozen=True, slots=True)
class Scenario:
    """The bounds of a search. Crashes, pauses, take-overs and repeated requests have none."""

    attempts: int = 2
    documents: int = 1
    events: int = 1
    """How often the hot side may create, edit or delete a document."""
    executions: tuple[int, ...] = ()
    """Which execution each attempt belongs to; empty: every attempt its own."""
    leases: tuple[int, ...] = ()
    """Which lease each attempt takes; empty: all the same one."""
    retries_in_process: bool = False
    """An attempt whose commit is unanswered may start again from step 3 with the fence it holds."""
    revises_first: bool = False
    """Older rows are revised before new ones are appended, as a run with very many does, and not after the commit."""


@dataclass(frozen=True, slots=True)
class DocumentAt:
    """Where the state keeps a source document and the row of the same key."""

    name: str
    live: int
    newest: int
    retired: int
    row: int
    run: int
    updates: int


@dataclass(frozen=True, slots=True)
class StreamAt:
    """Where the state keeps a stream; ``revisions`` has one place per document, 0 for a key it lacks."""

    name: str
    number: int
    status: int
    sent: int
    rows: int
    revisions: range


@dataclass(frozen=True, slots=True)
class AttemptAt:
    """Where the state keeps an attempt, its lease and the stream it may write."""

    name: str
    number: int
    execution: int
    fence: int
    intent: int
    stream: StreamAt
    phase: int
    token: int
    subject: int
    plan: range


class Layout:
    """Offsets into the state. One attempt more than the scenario has is kept for the oracle's clean run."""

    EVENTS: Final = 0

    def __init__(self, scenario: Scenario) -> None:
        place = count(1)
        numbers = range(1, scenario.attempts + 2)
        self.scenario = scenario
        self.documents = [
            DocumentAt(f"document {key + 1}", *(next(place) for _ in range(6))) for key in range(scenario.documents)
        ]
        leases = [(next(place), next(place)) for _ in {0, *scenario.leases}]
        self.streams = [self._stream(number, place) for number in numbers]
        self.attempts_start = next(place)
        place = count(self.attempts_start)
        self.attempts = [self._attempt(number, leases, place) for number in numbers]
        self.clean = self.attempts[-1]
        self.size = next(place)

    def _stream(self, number: int, place: "count[int]") -> StreamAt:
        return StreamAt(self._name(number), number, next(place), next(place), next(place), self._keys(place))

    def _attempt(self, number: int, leases: list[tuple[int, int]], place: "count[int]") -> AttemptAt:
        scenario, index = self.scenario, number - 1
        fence, intent = leases[scenario.leases[index] if index < len(scenario.leases) else 0]
        execution = scenario.executions[index] if index < len(scenario.executions) else number
        local = next(place), next(place), next(place), self._keys(place)
        return AttemptAt(self._name(number), number, execution, fence, intent, self.streams[index], *local)

    def _keys(self, place: "count[int]") -> range:
        offsets = [next(place) for _ in range(self.scenario.documents)]
        return range(offsets[0], offsets[-1] + 1)

    def _name(self, number: int) -> str:
        return "the clean run" if number > self.scenario.attempts else "ABCDE"[number - 1]
