"""A small trading world as a value: what its engine writes on each day, drawn from a seed. It touches no store."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from random import Random
from typing import Any

from tests.emulator.builders import KEYS, START, Fields, live_signal, position, rejected_signal, strategy
from tests.emulator.fees import exit_price
from tests.faults.oracle import AS_OF

SIZE = 5
"""Documents of each collection, at most."""
LACKING = {"entry_fill_price": None, "exit_fill_price": None}


class State(Enum):
    """How a document stands."""

    LIVES = "open, waiting, or too young"
    ENDED = "closed, expired, or old enough"
    LACKS = "ended, without what the broker knows"
    SPOILT = "ended, and broken"
    GONE = "deleted"


@dataclass(frozen=True)
class Kind:
    """What the documents of a collection look like."""

    document: Callable[..., Fields]
    lives: Fields
    spoilt: tuple[tuple[Fields, str], ...]
    """What is wrong, and the reason for which it must be refused."""
    edited: Callable[[int], Fields]


KINDS: Mapping[str, Kind] = {
    "live_positions": Kind(
        lambda number, **changes: position(number, **{"exit_fill_price": exit_price(number), **changes}),
        {"status": "OPEN", "exit_time": None},
        (
            ({"qty": "NaN"}, "NOT_FINITE"),
            ({"symbol": None}, "MISSING_FIELD"),
            ({"exit_time": "2021-09-02T00:00:00"}, "NAIVE_TIME"),
            ({"exit_time": START - timedelta(days=1)}, "EXIT_BEFORE_ENTRY"),
            ({"exit_order_id": "00000000-0000-4000-8000-999999999999"}, "BROKER_ORDER_MISSING"),
        ),
        lambda edition: (
            {"exit_reason": f"edition {edition}"}
            | ({"exit_time": START + timedelta(days=edition)} if edition % 3 == 0 else {})
        ),
    ),
    "rejected_signals": Kind(
        rejected_signal,
        {"created_at": AS_OF - timedelta(days=5, hours=12)},
        (({"entry_price": "NaN"}, "NOT_FINITE"), ({"created_at": None}, "MISSING_FIELD")),
        lambda edition: {"rejection_reason": f"edition {edition}"},
    ),
    "live_signals": Kind(
        live_signal,
        {"status": "WAITING"},
        (({"valid_until": None}, "MISSING_FIELD"), ({"side": "UP"}, "UNKNOWN_ENUM")),
        lambda edition: {"pattern_name": f"edition {edition}"},
    ),
    "dim_strategies": Kind(
        strategy,
        {"active": False},
        (({"active": None}, "MISSING_FIELD"), ({"assets": "BTC/USD"}, "BAD_TYPE")),
        lambda edition: {"risk_params": {"max_loss_usd": edition}},
    ),
}


@dataclass(frozen=True)
class Write:
    """One write of the engine."""

    path: str
    fields: Fields | None
    """None deletes."""
    reason: str | None
    """For what the document must be refused from now on."""


@dataclass
class Universe:
    """The documents as the engine knows them."""

    random: Random
    collections: tuple[str, ...]
    _states: dict[tuple[str, int], State] = field(default_factory=dict)
    _edition: int = 0

    def live(self, times: int) -> tuple[Write, ...]:
        """Let a few things happen."""
        return tuple({write.path: write for write in map(self._happen, range(times))}.values())

    def _happen(self, _turn: int) -> Write:
        collection = self.random.choice(self.collections)
        number = self.random.randint(1, SIZE)
        states = [state for state in State if state is not State.LACKS or collection == "live_positions"]
        state = self._states[collection, number] = self.random.choices(states, [_LIKELY[state] for state in states])[0]
        self._edition += 1
        return written(collection, number, state, self._edition)


_LIKELY = {State.LIVES: 2, State.ENDED: 6, State.LACKS: 2, State.SPOILT: 2, State.GONE: 1}


def written(collection: str, number: int, state: State, edition: int) -> Write:
    """What the engine writes when a document comes to a state."""
    kind = KINDS[collection]
    key = kind.document(number)[KEYS[collection]]
    changes: dict[str, Any] = kind.edited(edition)
    reason = None
    if state is State.GONE:
        return Write(f"{collection}/{key}", None, None)
    if state is State.LIVES:
        changes |= kind.lives
    if state is State.LACKS:
        changes |= LACKING
    if state is State.SPOILT:
        wrong, reason = kind.spoilt[edition % len(kind.spoilt)]
        changes |= wrong
    return Write(f"{collection}/{key}", kind.document(number, **changes), reason)


def refused(writes: Iterator[Write]) -> dict[str, str]:
    """Path and reason of everything that is broken after some writes."""
    newest = {write.path: write.reason for write in writes}
    return {path: reason for path, reason in newest.items() if reason}
