"""What the parts of one check share: where it works, what it has sent, what ran, and what can be relied on so far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jobs.check.hops import Hops
from schemas.run_record import RunRecord
from shared.parts import Parts

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Sent:
    """One document as Firestore took it."""

    path: str
    fields: Fields
    revision: datetime
    """Its update time."""


@dataclass
class Trip:
    """One check, in the corner that `parts` are connected to."""

    check_id: str
    parts: Parts
    stopwatch: Callable[[], float]
    """Seconds since some moment, never falling."""
    sent: dict[str, Sent] = field(default_factory=dict)
    """By what they are: strategy, past, present, broken, rejected, expired."""
    records: dict[str, RunRecord] = field(default_factory=dict)
    """Of the jobs that ran, by name."""
    sound: set[str] = field(default_factory=set)
    """Tables that hold what they must: views of others can be held to nothing."""

    def __post_init__(self) -> None:
        self.hops = Hops(self.stopwatch, self.parts.settings.redacted)

    @property
    def has_keys(self) -> bool:
        """Whether every account of the broker has its keys, without which no job that asks the broker can run."""
        return all(one.api_key and one.secret_key for one in self.parts.settings.accounts)
