"""A world whose runs are heard."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any, Self

from shared.log import Log, Severity
from shared.parts import Parts
from shared.survey import Options
from tests.emulator.builders import orders, position
from tests.simulation.network import Fault
from tests.simulation.scripts import SOON
from tests.simulation.world import Ended, Errand, World, statuses

TRADES = Errand("trades", Options(as_of=datetime.fromisoformat(SOON)))


@dataclass
class Heard(Log):
    """Keeps what is said: message, severity and fields."""

    said: list[tuple[str, Severity, dict[str, Any]]] = field(default_factory=list)

    def labelled(self, **_: str) -> "Heard":
        return self

    def event(self, message: str, severity: Severity = Severity.INFO, **fields: Any) -> None:
        self.said.append((message, severity, fields))


class Listening(World):
    """A world whose runs are heard."""

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        """Run with other settings than a world usually has, by the names of their fields."""
        super().__init__(0)
        self.heard = Heard()
        self.become(**(settings or {}))

    def parts(self) -> Parts:
        return replace(super().parts(), log=self.heard)

    def become(self, **settings: Any) -> None:
        """Run with other settings from now on."""
        self._settings = self._settings.model_copy(update=settings)

    def told(self, message: str) -> list[tuple[Severity, dict[str, Any]]]:
        return [(severity, fields) for said, severity, fields in self.heard.said if said == message]

    def one(self, errand: Errand = TRADES) -> Ended:
        """Run once, a second later, so that no two revisions are of one moment."""
        self.time.sleep(1)
        (ended,) = self.run(errand)
        return ended

    @classmethod
    def dying_everywhere(cls, begin: Callable[[], Self], fault: Fault) -> Iterator[Self]:
        """Begin again and again, each time with a run of trades that is killed one call later, until none is left."""
        for place in count():
            world = begin()
            if statuses(world.run(Errand(TRADES.job, faults={place: fault}))) != ["KILLED"]:
                return
            yield world

    @property
    def rows(self) -> list[dict[str, Any]]:
        return sorted(self.dataset.rows("fact_trades"), key=lambda row: str(row["trade_id"]))

    @classmethod
    def of_three_trades(cls, **settings: Any) -> "Listening":
        """Begin with three trades to archive."""
        world = cls(settings)
        world.venue.record([order for number in (1, 2, 3) for order in orders(number)], [])
        for number in (1, 2, 3):
            world.put("live_positions", f"position-{number:04}", position(number))
        return world
